"""Trees: what stands on their wires is an array of one entry, the tree.

A tree is a tuple, the number of its constructor and then its parts: a datum is an array, or a tuple of them; a tree is
a tree; several, in an array or a list, are a tuple of trees.

>>> from catlang.meaning.exact.array import Array
>>> leaf = (0, Array.of(2))
>>> Array((), [(1, leaf, (1, leaf, leaf))]).shape
()
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact.array import Array, count
from catlang.meaning.exact.lists import flat, untold
from catlang.meaning.exact.row import shape_of
from catlang.objects.shapes import Child, Children, Data, Listed, Shape

if TYPE_CHECKING:
    from catlang.network.functor import Constructor, Nested
    from catlang.objects.colour import Object

Tree = tuple[Any, ...]


def folded(tree: Tree, constructors: list[list[Shape]], branches: list[Callable[[list[Array]], list[Array]]],
           outputs: list[Object]) -> list[Array]:
    """The state at a tree, from those at its children."""
    shapes = [shape_of(obj) for obj in outputs]

    def together(states: list[list[Array]]) -> list[Array]:
        return [Array.stacked([state[number] for state in states], shape) for number, shape in enumerate(shapes)]

    def state(node: Tree) -> list[Array]:
        number, *parts = node
        given: list[Array] = []
        for kind, part in zip(constructors[number], parts, strict=True):
            if isinstance(kind, Data):
                given += flat(part)
            elif isinstance(kind, Child):
                given += state(part)
            elif isinstance(kind, Children):
                axes: tuple[int, ...] = kind.axes  # type: ignore[assignment]
                assert len(part) == count(axes), f"{len(part)} children where there are {count(axes)}"
                given += [x.reshaped(*axes, *x.shape[1:]) for x in together([state(child) for child in part])]
            else:
                assert isinstance(kind, Listed)
                # An axis of lists has a place in any case.
                rows = [state(child) for child in part] or [[untold(shape) for shape in shapes]]
                given += [Array((), [len(part)]), *together(rows)]
        return branches[number](given)

    return state(tree)


def grown(bound: int, stop: int, constructors: list[list[Shape]], state: list[Array],
          step: Callable[[list[Array]], list[Constructor[Array]]]) -> Tree:
    """A tree; below ``bound`` levels of it all are ``stop``."""
    if bound == 0:
        return (stop,)
    found = step(state)
    [number] = [number for number, one in enumerate(found)
                if all(tag[()] == place for tag, place in zip(one.tags, one.places, strict=True))]

    def below(states: list[Array]) -> Tree:
        return grown(bound - 1, stop, constructors, states, step)

    def made(kind: Shape, part: Nested) -> Any:
        if isinstance(kind, Data):
            return part
        if isinstance(kind, Child):
            return below(flat(part))
        if isinstance(kind, Children):
            axes: tuple[int, ...] = kind.axes  # type: ignore[assignment]
            states = [x.reshaped(count(axes), *x.shape[len(axes):]).along() for x in flat(part)]
            return tuple(below([x[place] for x in states]) for place in range(count(axes)))
        lengths, rows = part
        states = [x.along() for x in flat(rows)]
        return tuple(below([x[place] for x in states]) for place in range(lengths[()]))

    return (number, *map(made, constructors[number], found[number].parts))
