"""Normal forms, entry by entry: a network as a function of the entries of its inputs and of its weights.

What stands on a wire is an array as a function of its indices: variables, and a normal form in them (see ``form``).
Sizes may stay symbolic: an axis is gone through by an index, whatever its size.

**Equal normal forms are equal functions**, over all real inputs, weights and sizes for which both sides are defined.
Networks whose normal forms differ may be equal none the less. What draws noise or keeps a state has no normal form, and
neither has what goes along an axis of symbolic length step by step.

>>> from catlang.checking import check_source
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> text = '''dim n
... morphism f : R[n, n] * R[n, n] * R[n, n] -> R[n, n] = (x, y, z) |-> matmul(matmul(x, y), z)
... morphism g : R[n, n] * R[n, n] * R[n, n] -> R[n, n] = (x, y, z) |-> matmul(x, matmul(y, z))
... morphism h : R[n] -> R[n] = bernoulli >> indicator'''
>>> scope = check_source(Source("m.cat", None, text)).scope
>>> f, g, h = (Specialiser({}, {}).definition(scope.names[name]) for name in "fgh")
>>> [one], [other] = normal_forms(f), normal_forms(g)
>>> same_entries(one, other)
True
>>> normal_forms(h)
Traceback (most recent call last):
    ...
catlang.meaning.entries.row.NoForm: `bernoulli` has no normal form: it draws noise
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from catlang.diagram.diagram import wires
from catlang.meaning.entries import (  # noqa: F401 - importing declares the rows
    arithmetic,
    axes,
    index,
    indices,
    learned,
    others,
    work,
)
from catlang.meaning.entries.call import called
from catlang.meaning.entries.entry import same
from catlang.meaning.entries.form import ZERO, Form, number, size
from catlang.meaning.entries.index import Index
from catlang.meaning.entries.most import agree
from catlang.meaning.entries.patterns import moved
from catlang.meaning.entries.row import FORMLESS, ROWS, Entries, NoForm, Nothing, base, given, whole
from catlang.meaning.entries.row import axes as axes_of
from catlang.meaning.entries.work import TooLarge
from catlang.meaning.exact.array import count, places
from catlang.meaning.exact.row import rational
from catlang.network.functor import Functor, Meaningless, Site, interpret
from catlang.objects.substitution import Substitution

if TYPE_CHECKING:
    from catlang.checker.entry import Definition
    from catlang.diagram.diagram import Box, Instance, Shuffle
    from catlang.dims import Dim, Variable
    from catlang.network.functor import Constructor, Frame, Nested
    from catlang.network.network import Network
    from catlang.network.recursion import Mask, OfLists
    from catlang.objects.colour import Object
    from catlang.objects.shapes import Shape

#: So much work is done for one network, or for holding two against each other; what a box costs of it.
MOST_WORK = 200_000
A_BOX = 24
#: A loop is written out where it goes along so many places at most, arrays are compared place by place where there are
#: so many.
MOST_STEPS = 12
MOST_PLACES = 64


class NormalForms(Functor[Entries]):
    """The functor to normal forms. What has none stands on its wire all the same, as nobody may ask for it."""

    rows = ROWS

    def __init__(self) -> None:
        # The object of each weight: at one address there is one weight.
        self.weights: dict[str, Object] = {}
        # Primitives of the user, numbered: in two files there may be two of one name.
        self.own: dict[Definition, int] = {}

    def primitive(self, site: Site[Entries]) -> Sequence[Entries]:
        work.spend(A_BOX)
        for x in site.inputs:
            if isinstance(x, Nothing):
                return [x] * len(site.outputs)
        try:
            return super().primitive(site)
        except NoForm as refused:
            return _nothing(site.outputs, f"`{site.name}` has no normal form here: {refused.why}")
        except Meaningless as refused:
            return _nothing(site.outputs, str(refused))

    def missing(self, site: Site[Entries]) -> Sequence[Entries]:
        definition = site.operation.definition
        if not definition.module.is_prelude and not (
                definition.noisy or definition.stateful or definition.extern or site.operation.bodies):
            # Of a primitive of the user nothing is known but that it gives the same for the same.
            number = self.own.setdefault(definition, len(self.own))
            return called(site, f"{site.name}#{number}")
        why = FORMLESS.get(site.name)
        return _nothing(site.outputs, f"`{site.name}` has no normal form" + (f": {why}" if why else ""))

    def literal(self, number_: int | float, obj: Object) -> Entries:
        if not isfinite(number_):
            return Nothing("an infinite number has no normal form")
        return Entries(axes_of(obj), number(rational(number_)))

    def weight(self, address: str, obj: Object, given_: Mapping[str, Entries]) -> Entries:
        if self.weights.setdefault(address, obj) != obj:
            raise NoForm(f"the weight `{address}` is of two shapes")
        return given_[address] if address in given_ else given(address, obj)

    def computed(self, frame: Frame[Entries], instance: Instance, inputs: list[Entries],
                 body: Callable[[list[Entries]], list[Entries]]) -> list[Entries]:
        found = body(inputs)
        for x in found:
            if isinstance(x, Nothing):
                raise NoForm(x.why)
        return found

    def sub(self, box: Box, address: str, inputs: list[Entries],
            body: Callable[[list[Entries]], list[Entries]]) -> list[Entries]:
        work.spend(A_BOX)
        if box.operation.network.evaluation is not None:  # type: ignore[attr-defined]
            return _nothing(wires(box.outputs), "what is another network in evaluation has no normal form")
        return body(inputs)

    def each(self, size: Dim, inputs: list[Entries], body: Callable[[list[Entries]], list[Entries]],
             outputs: list[Object], lengths: Entries | None = None) -> list[Entries]:
        if lengths is not None:
            return _nothing(outputs, "`each` along a list has no normal form")
        along = index.fresh(size)
        at = index.plain(along)
        slices = [x if isinstance(x, Nothing) else Entries(x.indices[1:], x[(at, *x.indices[1:])]) for x in inputs]
        return [x if isinstance(x, Nothing) else Entries((along, *x.indices), x.form) for x in body(slices)]

    def loop(self, count: Dim, inputs: list[Entries],
             step: Callable[[int, list[Entries]], list[Entries]]) -> list[Entries]:
        if not isinstance(count, int):
            return [Nothing(f"`{count}` steps have no normal form") for _ in inputs]
        return super().loop(count, inputs, step)

    def family(self, count: Dim, index: Entries, inputs: list[Entries],
               member: Callable[[int, list[Entries]], list[Entries]], outputs: list[Object]) -> list[Entries]:
        chosen = None if isinstance(index, Nothing) else index.form.constant
        if chosen is None:
            return _nothing(outputs, "`family` has no normal form but for a known index")
        return member(int(chosen), inputs)

    def choose(self, tag: Entries, values: list[Entries], obj: Object) -> Entries:
        for x in (tag, *values):
            if isinstance(x, Nothing):
                return x
        at = values[0].indices
        which = tag[at[:len(tag.indices)]]
        if which.constant is not None:
            return Entries(at, values[int(which.constant)][at])
        if len(values) != 2:
            return Nothing("a choice among more than two has no normal form")
        first, second = values[0].form, values[1][at]
        return Entries(at, first + which * (second - first))

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Entries], obj: Object) -> Entries:
        for x in inputs:
            if isinstance(x, Nothing):
                return x
        try:
            return moved(operation, sizes, inputs, axes_of(obj))
        except NoForm as refused:
            return Nothing(f"`{operation.kind}` has no normal form here: {refused.why}")

    # ---------------------------------------------------------------- recursion

    def scan(self, size: Dim, backwards: bool, lengths: Entries | None, state: list[Entries], elements: list[Entries],
             step: Callable[[list[Entries], list[Entries]], tuple[list[Entries], list[Entries]]],
             emitted: list[Object]) -> list[Entries]:
        if lengths is not None or not isinstance(size, int) or size > MOST_STEPS:
            return [Nothing("a loop along a list or an axis has no normal form")] * (len(state) + len(emitted))
        given: list[list[Entries]] = [[] for _ in range(size)]
        for place in reversed(range(size)) if backwards else range(size):
            rows = [x if isinstance(x, Nothing) else Entries(x.indices[1:], x[(place, *x.indices[1:])])
                    for x in elements]
            state, given[place] = step(state, rows)
        return [*state, *(_stacked(size, list(rows)) for rows in zip(*given, strict=True))] if given else [
            *state, *_nothing(emitted, "a loop along nothing has no normal form")]

    def grow(self, bound: Dim, state: list[Entries],
             step: Callable[[list[Entries]], tuple[Entries, list[Entries], list[Entries]]],
             emitted: list[Object]) -> list[Entries]:
        return [Nothing("an unfolded list has no normal form")] * (1 + len(emitted))

    def fold_tree(self, tree: Entries, constructors: list[list[Shape]],
                  branches: list[Callable[[list[Entries]], list[Entries]]], outputs: list[Object]) -> list[Entries]:
        return _nothing(outputs, "a fold of a tree has no normal form")

    def grow_tree(self, bound: Dim, stop: int, constructors: list[list[Shape]], state: list[Entries],
                  step: Callable[[list[Entries]], list[Constructor[Entries]]]) -> Entries:
        return Nothing("a tree has no normal form")

    def of_lists(self, operation: OfLists, size: Dim, inputs: Nested, outputs: list[Object]) -> list[Entries]:
        # The number of a truth value is what it is here.
        if operation.kind == "tag":
            return [inputs]
        return _nothing(outputs, "a list has no normal form")

    def mask(self, operation: Mask, size: Dim, lengths: Entries) -> Entries:
        return Nothing("a list has no normal form")


def _stacked(size: int, rows: Sequence[Entries]) -> Entries:
    """Arrays along a new axis in front."""
    for x in rows:
        if isinstance(x, Nothing):
            return x
    along, at = index.fresh(size), rows[0].indices
    form = ZERO
    for place, x in enumerate(rows):
        form = form + same(index.plain(along), place) * x[at]
    return Entries((along, *at), form)


def _nothing(outputs: Sequence[Any], why: str) -> list[Entries]:
    return [Nothing(why) for _ in outputs]


def normal_forms(network: Network, sizes: Mapping[Variable, Dim] | None = None,
                 inputs: Sequence[Entries] | None = None, functor: NormalForms | None = None) -> list[Entries]:
    """The normal forms of a network's outputs, from left to right; entries of the input on the wire number ``k`` are
    called ``in:k``, those of a weight by its address. NoForm where there are none, TooLarge where they are too large.
    Networks that are to be held against each other have one ``functor``, and so the same weights.
    """
    if network.evaluation is not None:
        raise NoForm("what is another network in evaluation has no normal form")
    with work.within(MOST_WORK):
        if inputs is None:
            known = Substitution(dims=dict(sizes or {}))
            inputs = [given(f"in:{place}", known.object(wire.object))
                      for place, wire in enumerate(wires(network.diagram.inputs))]
        return asked(interpret(network, functor or NormalForms(), inputs, sizes=sizes))


def asked(values: Sequence[Entries]) -> list[Entries]:
    """Values that are asked for; NoForm where one has no normal form."""
    for value in values:
        if isinstance(value, Nothing):
            raise NoForm(value.why)
    return list(values)


def same_entries(left: Entries, right: Entries) -> bool:
    """Whether two arrays evidently have the same entries; TooLarge where that takes too much work."""
    if [var.size for var in left.indices] != [var.size for var in right.indices]:
        return False
    if agree(left.form, right[left.indices]):
        return True
    # Along an axis of known size there may be a different form at each place.
    known = [var for var in left.indices if isinstance(var.size, int)]
    shape = tuple(whole(var.size, "an axis") for var in known)
    if not known or count(shape) > MOST_PLACES:
        return False

    def at(place: tuple[int, ...]) -> tuple[Index, ...]:
        numbers = dict(zip(known, place, strict=True))
        return tuple(numbers.get(var, var) for var in left.indices)

    return all(agree(left[at(place)], right[at(place)]) for place in places(shape))


__all__ = ["FORMLESS", "MOST_WORK", "ROWS", "ZERO", "Entries", "Form", "NoForm", "NormalForms", "Nothing", "TooLarge",
           "asked", "base", "given", "normal_forms", "same_entries", "size"]
