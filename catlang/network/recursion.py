"""The operations of networks that recurse: along lists, and over trees.

A list is an axis, padded to a common length, beside how many entries of it there are. A value of any other ``mu F`` is
one wire. What a step or a constructor does is a diagram that may use wires and instances of those around it.
"""

from __future__ import annotations

from typing import Any

from catlang.diagram.diagram import Diagram, Operation
from catlang.dims import Dim, Variable
from catlang.objects.functor import Functor
from catlang.objects.shapes import Shape


class Scan(Operation):
    """``step`` taken along an axis, from its front or (``backwards``) from its back, by a state.

    Takes ``(lengths, state, elements)``; ``lengths`` is no wire where all entries are meant. ``step`` takes
    ``(state, elements)`` without the axis, and gives ``(state, emitted)``. Gives the last ``(state, emitted)``, the
    latter along the axis. Past the length of a list the state stays what it was, and what is emitted is anything
    finite. A compiler may have written down how gradients go back along it (``reverse``).
    """

    __slots__ = ("size", "backwards", "step", "reverse")

    def __init__(self, size: Dim, backwards: bool, step: Diagram) -> None:
        self.size = size
        self.backwards = backwards
        self.step = step
        self.reverse: Any = None

    def inside(self) -> dict[str, Diagram]:
        return {"step": self.step}


class Grow(Operation):
    """A list unfolded: ``step`` taken from a state until it says so, at most ``bound`` times.

    Takes the state. ``step`` gives ``(tag, emitted, state)``, tag 0 where the list ends. Gives ``(lengths, emitted)``.
    """

    __slots__ = ("bound", "step")

    def __init__(self, bound: Dim, step: Diagram) -> None:
        self.bound = bound
        self.step = step

    def inside(self) -> dict[str, Diagram]:
        return {"step": self.step}


class FoldTree(Operation):
    """A fold of ``mu F``: for each constructor of ``F`` a diagram from its parts to the state."""

    __slots__ = ("functor", "shapes", "branches")

    def __init__(self, functor: Functor, shapes: list[Shape], branches: list[Diagram]) -> None:
        self.functor = functor
        self.shapes = shapes
        self.branches = branches

    def inside(self) -> dict[str, Diagram]:
        return {f"constructor{place}": branch for place, branch in enumerate(self.branches)}


class GrowTree(Operation):
    """A value of ``mu F`` unfolded, to a depth of at most ``bound``, where the constructor ``stop`` stands.

    Takes the state. ``step`` gives ``(tag, parts of every constructor)``, states at the places of recursion.
    """

    __slots__ = ("functor", "shapes", "bound", "stop", "step")

    def __init__(self, functor: Functor, shapes: list[Shape], bound: Dim, stop: int, step: Diagram) -> None:
        self.functor = functor
        self.shapes = shapes
        self.bound = bound
        self.stop = stop
        self.step = step

    def inside(self) -> dict[str, Diagram]:
        return {"step": self.step}


class OfLists(Operation):
    """What is done to lists without looking at their elements; ``kind`` says what, ``size`` a size that it needs.

    ``cons``, ``end`` (an element behind), ``tail``, ``but_last``, ``reverse``, ``zip``, ``length``, ``full`` (the
    lengths of lists of ``size``), ``tag`` (of a truth value), ``fit`` (an array with its axis ``place`` padded to a
    ``size``)."""

    __slots__ = ("kind", "size", "place")

    def __init__(self, kind: str, size: Dim = 0, place: int = 0) -> None:
        self.kind = kind
        self.size = size
        self.place = place


class Mask(Operation):
    """Of each place along an axis of ``size``, whether it is in the list; ``safe`` says so of the first in any case."""

    __slots__ = ("size", "safe")

    def __init__(self, size: Dim, safe: bool) -> None:
        self.size = size
        self.safe = safe


class Opened(Operation):
    """The same array, its padded axis of ``size`` under the name ``length``, which is that of one list alone."""

    __slots__ = ("length", "size")

    def __init__(self, length: Variable, size: Dim) -> None:
        self.length = length
        self.size = size
