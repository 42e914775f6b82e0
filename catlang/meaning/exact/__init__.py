"""Exact evaluation: a network on rational numbers, truth values and indices.

A wire is an array of exact entries; ``each`` runs its body for every entry of its axis, a family runs the member that
is chosen, a loop its steps, one after the other. Nothing is batched and nothing rounded: what PyTorch computes is held
against it. A primitive whose values are no rational numbers raises :class:`Inexact`.

All sizes need values.

>>> from fractions import Fraction
>>> from catlang.checker.check import check_source
>>> from catlang.network.functor import at_sizes
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> module = check_source(Source("m.cat", None, "dim n\\nmorphism f : R[n, 2] -> R[n, 1] = each(affine >> relu)"))
>>> network = Specialiser({}, {}).definition(module.scope.names["f"])
>>> weights = {"affine_0.weight": Array.of([[2, -1]]), "affine_0.bias": Array.of([Fraction(1, 2)])}
>>> evaluate(network, [Array.of([[1, 2], [3, 4]])], at_sizes(network, n=2), weights)
[Array.of([[Fraction(1, 2)], [Fraction(5, 2)]])]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact import (  # noqa: F401 - importing declares the rows
    arithmetic,
    attention,
    axes,
    constants,
    convolution,
    learned,
    losses,
    noise,
    normalisation,
)
from catlang.meaning.exact.array import Array
from catlang.meaning.exact.patterns import moved
from catlang.meaning.exact.row import INEXACT, ROWS, Inexact, Undefined, rational, shape_of
from catlang.network.functor import Functor, Site, interpret
from catlang.objects.colour import BOOL, base_of

if TYPE_CHECKING:
    from catlang.diagram.diagram import Shuffle
    from catlang.dims import Dim, Variable
    from catlang.network.network import Network
    from catlang.objects.colour import Object


class Exact(Functor[Array]):
    """The functor to exact arrays."""

    rows = ROWS

    def missing(self, site: Site[Array]) -> Sequence[Array]:
        why = INEXACT.get(site.name)
        raise Inexact(site.name, f"has no exact value: {why}" if why else "has no exact meaning", site.span)

    def literal(self, number: int | float, obj: Object) -> Array:
        entry: Any = bool(number) if base_of(obj) is BOOL else rational(number)
        return Array.build(shape_of(obj), lambda place: entry)

    def weight(self, address: str, obj: Object, given: Mapping[str, Array]) -> Array:
        found = super().weight(address, obj, given)
        if found.shape != shape_of(obj):
            raise ValueError(f"the weight `{address}` is of {obj}, given {found.shape}")
        return found

    def each(self, size: Dim, inputs: list[Array], body: Callable[[list[Array]], list[Array]],
             outputs: list[Object]) -> list[Array]:
        assert isinstance(size, int), f"the size `{size}` has no value; give `sizes`"
        slices = [x.along() for x in inputs]
        made = [body([rows[place] for rows in slices]) for place in range(size)]
        return [Array.stacked([row[place] for row in made], shape_of(obj)[1:]) for place, obj in enumerate(outputs)]

    def family(self, count: Dim, index: Array, inputs: list[Array],
               member: Callable[[int, list[Array]], list[Array]], outputs: list[Object]) -> list[Array]:
        return member(index[()], inputs)

    def choose(self, tag: Array, values: list[Array], obj: Object) -> Array:
        """A tag with axes chooses at each of its places."""
        if not tag.shape:
            return values[tag[()]]
        parts = [self.choose(one, list(given), obj) for one, *given in zip(
            tag.along(), *(value.along() for value in values), strict=True)]
        return Array.stacked(parts, values[0].shape[1:])

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Array], obj: Object) -> Array:
        return moved(operation, sizes, inputs, shape_of(obj))  # type: ignore[arg-type]


def evaluate(network: Network, inputs: Sequence[Array], sizes: Mapping[Variable, Dim] | None = None,
             weights: Mapping[str, Array] | None = None, *, drawn: Callable[[Site[Array]], Array] | None = None,
             training: bool = False) -> list[Array]:
    """The exact values of a network's outputs, from left to right; ``drawn`` gives the noise of each site."""
    return interpret(network, Exact(), inputs, sizes=sizes, weights=weights, noise=drawn, training=training)


__all__ = ["INEXACT", "ROWS", "Array", "Exact", "Inexact", "Undefined", "evaluate"]
