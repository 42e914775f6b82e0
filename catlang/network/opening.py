"""Lists as axes: in a block that opens lists their length is a size like any other.

What stands behind the end of each is told by a mask; ``masking`` leaves it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang import dims
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.dims import Dim, Variable
from catlang.network.padding import size_of
from catlang.network.recursion import Mask, Opened
from catlang.network.values import with_front, without_front
from catlang.objects.colour import BOOL, power

if TYPE_CHECKING:
    from catlang.network.environment import Env


class OpenLists:
    """The lists that one specialiser has opened."""

    def __init__(self) -> None:
        # Of each opened list its lengths, and which of its places are in it, with and without the first in any case.
        self.opened: dict[Variable, tuple[Wire, Wire, Wire]] = {}
        self.padded: dict[Variable, Dim] = {}
        # Lists of the same lengths, opened in the same diagram, are as long as each other.
        self.lists: dict[tuple[Wire, Diagram], Variable] = {}

    def listed(self, size: Dim) -> bool:
        """Whether the length of an opened list is in a size."""
        return bool(self.opened) and isinstance(size, dims.Poly) and any(
            variable in self.opened for variable in dims.variables(size))

    def lengths_of(self, size: Dim) -> Wire | None:
        """The lengths of the lists that an axis is of, if it is just theirs."""
        if self.listed(size):
            [first, *_] = dims.variables(size)
            if size == first.poly:
                return self.opened[first][0]
        return None

    def open(self, box: Box, operation: d.Open, made: Diagram, env: Env) -> None:
        """Lists become arrays along an axis whose size is their length."""
        lengths, elements = env.value(box.inputs)
        size = size_of(lengths)
        known = self.lists.get((lengths, made))
        length = known if known is not None else Variable(operation.size.name, 1)
        env.substitution.dims[operation.size] = length.poly
        found = with_front(without_front(elements), length.poly)
        for source, target in zip(wires(elements), wires(found), strict=True):
            made.boxes.append(Box(Opened(length, size), source, target, None, box.span))
        env.bind(box.outputs, found)
        if known is not None:
            return
        masks = []
        for safe in (False, True):
            mask = Wire(power(BOOL, (length.poly,)), box.span)
            mask.name = "mask"
            made.boxes.append(Box(Mask(length.poly, safe), lengths, mask, None, box.span))
            masks.append(mask)
        assert isinstance(lengths, Wire)
        self.opened[length] = (lengths, *masks)  # type: ignore[assignment]
        self.padded[length] = size
        self.lists[lengths, made] = length

    def close(self, box: Box, operation: d.Close, made: Diagram, env: Env) -> None:
        """Arrays along the axis of opened lists become lists again."""
        [length] = dims.variables(env.substitution.dim(operation.size.poly))
        lengths = self.opened[length][0]
        value = env.value(box.inputs)
        size = self.padded[length]
        found = with_front(without_front(value), size)
        for source, target in zip(wires(value), wires(found), strict=True):
            made.boxes.append(Box(Opened(length, size), source, target, None, box.span))
        env.bind(box.outputs, (lengths, found))
