"""Exact evaluation: a network on rational numbers, truth values and indices.

A wire is an array of exact entries; ``each`` runs its body for every entry of its axis, a family runs the member that
is chosen, a loop its steps, one after the other. Nothing is batched and nothing rounded: what PyTorch computes is held
against it. A primitive whose values are no rational numbers raises :class:`Inexact`.

A list is its length and its entries along an axis, which may be longer: what stands behind its end is ``UNTOLD``, and
it is an error of whoever made the network that anything depends on that. A tree is the one entry of an array (see
``trees``).

All sizes need values, but for those of the axes of lists, which the inputs tell.

>>> from fractions import Fraction
>>> from catlang.checking import check_source
>>> from catlang.network.functor import at_sizes
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> module = check_source(Source("m.cat", None, "dim n\\nmorphism f : R[n, 2] -> R[n, 1] = each(affine >> relu)"))
>>> network = Specialiser({}, {}).definition(module.scope.names["f"])
>>> weights = {"affine_0.weight": Array.of([[2, -1]]), "affine_0.bias": Array.of([Fraction(1, 2)])}
>>> evaluate(network, [Array.of([[1, 2], [3, 4]])], at_sizes(network, n=2), weights)
[Array.of([[Fraction(1, 2)], [Fraction(5, 2)]])]

A list of two numbers, padded to three places:

>>> text = "morphism f : List(R[]) -> List(R[]) * R[] = (tail, fold([zero, sub]))"
>>> network = Specialiser({}, {}).definition(check_source(Source("m.cat", None, text)).scope.names["f"])
>>> evaluate(network, [Array.of(2), Array.of([5, 3, 9])])
[Array.of(1), Array.of([3, UNTOLD, UNTOLD]), Array.of(2)]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.meaning.exact import (  # noqa: F401 - importing declares the rows
    arithmetic,
    attention,
    axes,
    constants,
    convolution,
    learned,
    lists,
    losses,
    noise,
    normalisation,
    trees,
)
from catlang.meaning.exact.array import UNTOLD, Array
from catlang.meaning.exact.patterns import moved
from catlang.meaning.exact.row import INEXACT, ROWS, Inexact, Undefined, rational, shape_of, valued
from catlang.network.erasure import Padded
from catlang.network.functor import Functor, Site, interpret
from catlang.objects.colour import BOOL, Finite, axes_of, base_of, power

if TYPE_CHECKING:
    from catlang.diagram.diagram import Shuffle
    from catlang.dims import Dim, Variable
    from catlang.network.functor import Constructor, Nested
    from catlang.network.network import Network
    from catlang.network.recursion import Mask, OfLists
    from catlang.objects.colour import Object
    from catlang.objects.shapes import Shape


class Exact(Functor[Array]):
    """The functor to exact arrays."""

    rows = ROWS

    def missing(self, site: Site[Array]) -> Sequence[Array]:
        why = INEXACT.get(site.name)
        raise Inexact(site.name, f"has no exact value: {why}" if why else "has no exact meaning", site.span)

    def literal(self, number: int | float, obj: Object) -> Array:
        entry: Any = bool(number) if base_of(obj) is BOOL else rational(number, infinite=True)
        return Array.build(shape_of(obj), lambda place: entry)

    def weight(self, address: str, obj: Object, given: Mapping[str, Array]) -> Array:
        found = super().weight(address, obj, given)
        if found.shape != shape_of(obj):
            raise ValueError(f"the weight `{address}` is of {obj}, given {found.shape}")
        return found

    def each(self, size: Dim, inputs: list[Array], body: Callable[[list[Array]], list[Array]],
             outputs: list[Object], lengths: Array | None = None) -> list[Array]:
        count = valued(size) if lengths is None else lengths[()]
        slices = [x.along() for x in inputs]
        return lists.along([body([rows[place] for rows in slices]) for place in range(count)], outputs)

    def family(self, count: Dim, index: Array, inputs: list[Array],
               member: Callable[[int, list[Array]], list[Array]], outputs: list[Object]) -> list[Array]:
        return member(index[()], inputs)

    def choose(self, tag: Array, values: list[Array], obj: Object) -> Array:
        """A tag with axes chooses at each of its places."""
        if not tag.shape:
            return lists.untold(shape_of(obj)) if tag[()] is UNTOLD else values[tag[()]]
        inner = power(base_of(obj), axes_of(obj)[1:])
        parts = [self.choose(one, list(given), inner) for one, *given in zip(
            tag.along(), *(value.along() for value in values), strict=True)]
        return Array.stacked(parts, values[0].shape[1:])

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Array], obj: Object) -> Array:
        return moved(operation, sizes, inputs, shape_of(obj))  # type: ignore[arg-type]

    # ---------------------------------------------------------------- recursion

    def told(self, obj: Object, value: Array) -> Mapping[Variable, Dim]:
        base = base_of(obj)
        found: dict[Variable, Dim] = {}
        if isinstance(base, Finite):
            # Lists of nothing but 1 are padded to the longest; of others an array, which comes behind, says more.
            found = {variable: max([1, *(entry for entry in value.entries if isinstance(entry, int))])
                     for variable in dims.variables(base.size)
                     if isinstance(variable, Padded) and base.size == variable.poly + 1}
        return {**found, **{variable: size for axis, size in zip(axes_of(obj), value.shape, strict=True)
                            if isinstance(axis, dims.Poly) for variable in dims.variables(axis)
                            if isinstance(variable, Padded) and axis == variable.poly}}

    def scan(self, size: Dim, backwards: bool, lengths: Array | None, state: list[Array], elements: list[Array],
             step: Callable[[list[Array], list[Array]], tuple[list[Array], list[Array]]],
             emitted: list[Object]) -> list[Array]:
        return lists.scanned(valued(size), backwards, lengths, state, elements, step, emitted)

    def grow(self, bound: Dim, state: list[Array],
             step: Callable[[list[Array]], tuple[Array, list[Array], list[Array]]],
             emitted: list[Object]) -> list[Array]:
        return lists.grown(valued(bound), state, step, emitted)

    def fold_tree(self, tree: Array, constructors: list[list[Shape]],
                  branches: list[Callable[[list[Array]], list[Array]]], outputs: list[Object]) -> list[Array]:
        return trees.folded(tree[()], constructors, branches, outputs)

    def grow_tree(self, bound: Dim, stop: int, constructors: list[list[Shape]], state: list[Array],
                  step: Callable[[list[Array]], list[Constructor[Array]]]) -> Array:
        return Array((), [trees.grown(valued(bound), stop, constructors, state, step)])

    def of_lists(self, operation: OfLists, size: Dim, inputs: Nested, outputs: list[Object]) -> list[Array]:
        return lists.of_lists(operation.kind, valued(size) if operation.kind == "full" else 0, inputs, outputs)

    def mask(self, operation: Mask, size: Dim, lengths: Array) -> Array:
        return lists.mask(valued(size), operation.safe, lengths)


def evaluate(network: Network, inputs: Sequence[Array], sizes: Mapping[Variable, Dim] | None = None,
             weights: Mapping[str, Array] | None = None, *, drawn: Callable[[Site[Array]], Array] | None = None,
             training: bool = False) -> list[Array]:
    """The exact values of a network's outputs, from left to right; ``drawn`` gives the noise of each site."""
    if network.takes is not None:
        inputs = lists.flat(lists.hidden(network.takes, lists.nested(network.diagram.inputs, iter(inputs))))
    made = interpret(network, Exact(), inputs, sizes=sizes, weights=weights, noise=drawn, training=training)
    if network.gives is not None:
        value = lists.nested(network.diagram.outputs, iter(made))
        assert lists.told(network.gives, value), "what comes out depends on what stands behind the end of a list"
    return made


__all__ = ["INEXACT", "ROWS", "UNTOLD", "Array", "Exact", "Inexact", "Undefined", "evaluate"]
