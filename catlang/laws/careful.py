"""Exact evaluation of what nobody vouches for: everything is counted, weights are whatever is given when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catlang.checker.formula import Formula
from catlang.laws.constants import evaluated, long, rounded_in
from catlang.laws.values import hidden
from catlang.meaning.entries import work
from catlang.meaning.entries.work import TooLarge
from catlang.meaning.exact import Exact, Inexact, Undefined
from catlang.meaning.exact.array import UNTOLD, Array, count
from catlang.meaning.exact.row import Meaning, shape_of
from catlang.network.functor import Meaningless, Site, interpret

if TYPE_CHECKING:
    from catlang.diagram.diagram import Box, Shuffle
    from catlang.dims import Dim, Variable
    from catlang.network.network import Network
    from catlang.network.recursion import OfLists
    from catlang.objects.colour import Object

#: An array has at most so many entries, a number so many bits, an exponent this size.
MOST_ENTRIES = 4096
MOST_BITS = 2048
MOST_EXPONENT = 64
#: What a box costs, whatever it does.
A_BOX = 20

#: How a weight is found by its address.
Weights = Callable[[str, "Object"], Array]

#: Where each entry of what comes out may be made of all that goes in.
HEAVY = {"matmul", "linear", "affine", "bilinear", "conv1d", "conv2d", "conv_transpose1d", "conv_transpose2d",
         "max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d", "upsample1d", "upsample2d", "scatter", "cumsum",
         "cumprod", "sort", "topk", "attend"}


class Noisy(Meaningless):
    """What is drawn differs from one time to the next: nothing is equal to it."""


def _noisy(site: Site[Array]) -> Any:
    raise Noisy(site.name, "draws noise", site.span)


def _power(site: Site[Array]) -> Any:
    exponents = site.inputs[1]
    for exponent in exponents.entries:
        if exponent is not UNTOLD and abs(exponent) > MOST_EXPONENT:
            raise TooLarge("an exponent is too large")
    return Exact.rows["pow"](site)


#: Rows that count, or refuse, before they do what they do.
COUNTED: dict[str, Meaning] = {"pow": _power, **dict.fromkeys(
    ["dropout", "normal", "uniform", "gumbel", "bernoulli"], _noisy)}


class Careful(Exact):
    """The functor to exact arrays, at most so many steps of it."""

    rows = Exact.rows | COUNTED

    def __init__(self, weights: Weights) -> None:
        self.weights = weights

    #: To how many digits a constant is known; a root that is no rational number is not asked for.
    digits = 20

    def constants(self, site: Site[Array]) -> None:
        """Formulas among the constants, exactly; Inexact where that cannot be."""
        for name, value in site.operation.arguments.items():
            if not isinstance(value, Formula):
                self.allow(long(value), site)
                continue
            found = evaluated(value, site.frame.sizes.dim, self.digits)
            if found is None:
                raise Undefined(site.name, f"has no value for `{name}`", site.span)
            self.allow(rounded_in(value) or found.denominator.bit_length() > 64, site)
            site.arguments[name] = found

    def allow(self, rounded: bool, site: Site[Array]) -> None:
        """Whether a constant may be one that is rounded."""
        if rounded:
            raise Inexact(site.name, "has a constant that is no rational number", site.span)

    def primitive(self, site: Site[Array]) -> Sequence[Array]:
        self.constants(site)
        outputs = sum(sized(obj) for obj in site.outputs)
        inputs = sum(len(x.entries) for x in site.inputs)
        if site.name in HEAVY:
            inputs += sum(len(site.weight(name).entries) for name, _ in site.operation.definition.weights
                          if name not in site.operation.arguments or site[name])
            work.spend(outputs * inputs)
        work.spend(A_BOX + outputs + inputs)
        made = super().primitive(site)
        for x in made:
            for entry in x.entries:
                if large(entry):
                    raise TooLarge("a number has too many digits")
        return made

    def missing(self, site: Site[Array]) -> Sequence[Array]:
        if not site.operation.definition.module.is_prelude:
            raise Meaningless(site.name, "is a primitive of which nothing is known", site.span)
        return super().missing(site)

    def literal(self, number: int | float, obj: Object) -> Array:
        work.spend(A_BOX + sized(obj))
        if long(number):
            raise Inexact(str(number), "is a rounded number", None)
        return super().literal(number, obj)

    def weight(self, address: str, obj: Object, given: Mapping[str, Array]) -> Array:
        sized(obj)
        return self.weights(address, obj)

    def sub(self, box: Box, address: str, inputs: list[Array],
            body: Callable[[list[Array]], list[Array]]) -> list[Array]:
        work.spend(A_BOX)
        if box.operation.network.evaluation is not None:  # type: ignore[attr-defined]
            raise Meaningless(box.operation.network.name, "is another network in evaluation",  # type: ignore[attr-defined]
                              box.span)
        return body(inputs)

    def each(self, size: Dim, inputs: list[Array], body: Callable[[list[Array]], list[Array]],
             outputs: list[Object], lengths: Array | None = None) -> list[Array]:
        work.spend(A_BOX + sum(sized(obj) for obj in outputs))

        def counted(given: list[Array]) -> list[Array]:
            work.spend(A_BOX)
            return body(given)

        return super().each(size, inputs, counted, outputs, lengths)

    def choose(self, tag: Array, values: list[Array], obj: Object) -> Array:
        work.spend(A_BOX + sized(obj))
        return super().choose(tag, values, obj)

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Array], obj: Object) -> Array:
        total = sized(obj)
        for size in sizes.values():
            total *= max(size, 1)  # type: ignore[type-var,assignment]
        work.spend(A_BOX + total)
        return super().shuffle(operation, sizes, inputs, obj)

    def scan(self, size: Dim, backwards: bool, lengths: Array | None, state: list[Array], elements: list[Array],
             step: Callable[[list[Array], list[Array]], tuple[list[Array], list[Array]]],
             emitted: list[Object]) -> list[Array]:
        work.spend(A_BOX + sum(sized(obj) for obj in emitted))

        def counted(given: list[Array], entries: list[Array]) -> tuple[list[Array], list[Array]]:
            work.spend(A_BOX)
            return step(given, entries)

        return super().scan(size, backwards, lengths, state, elements, counted, emitted)

    def grow(self, bound: Dim, state: list[Array],
             step: Callable[[list[Array]], tuple[Array, list[Array], list[Array]]],
             emitted: list[Object]) -> list[Array]:
        work.spend(A_BOX + sum(sized(obj) for obj in emitted))

        def counted(given: list[Array]) -> tuple[Array, list[Array], list[Array]]:
            work.spend(A_BOX)
            return step(given)

        return super().grow(bound, state, counted, emitted)

    def of_lists(self, operation: OfLists, size: Dim, inputs: Any, outputs: list[Object]) -> list[Array]:
        work.spend(A_BOX + sum(sized(obj) for obj in outputs))
        return super().of_lists(operation, size, inputs, outputs)

    def loop(self, count: Dim, inputs: list[Array], step: Callable[[int, list[Array]], list[Array]]) -> list[Array]:
        if not isinstance(count, int):
            raise ValueError(f"the number of steps, {count}, has no value")
        return super().loop(count, inputs, step)


def sized(obj: Object) -> int:
    """How many entries an array has; TooLarge where these are too many."""
    number = count(shape_of(obj))
    if number > MOST_ENTRIES:
        raise TooLarge("an array has too many entries")
    return number


def large(entry: Any) -> bool:
    """Whether a number has too many digits to go on with."""
    if isinstance(entry, Fraction):
        return entry.numerator.bit_length() + entry.denominator.bit_length() > MOST_BITS
    return isinstance(entry, int) and entry.bit_length() > MOST_BITS


def outputs(functor: Exact, network: Network, inputs: Sequence[Array], sizes: Mapping[Variable, Dim]) -> list[Array]:
    """What a network gives, from left to right; nothing behind the end of a list is told it."""
    if network.evaluation is not None:
        raise Meaningless(network.name, "is another network in evaluation", None)
    return interpret(network, functor, hidden(network, inputs), sizes=sizes)


__all__ = ["Careful", "Inexact", "Noisy", "Weights", "large", "outputs", "sized"]
