"""Repetitions that PyTorch's broadcasting does: ``repeat(c -> c h w)`` into an addition is ``x[..., None, None]``."""

from __future__ import annotations

from typing import Any

from catlang.compiler.emission.naming import Names
from catlang.compiler.lowering.row import row_of
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Wire, wires


def broadcast(names: Names, rows: dict[Any, Any]) -> set[Box]:
    """The repetitions whose new axes may stay of size 1: their only use is entry by entry, with something else that is
    of full size along each of them."""
    made: dict[Wire, Box] = {}
    literal: set[Wire] = set()
    for box in names.boxes:
        if isinstance(box.operation, d.Shuffle) and box.operation.kind == "repeat" and not any(
                isinstance(item, tuple) for item in box.operation.target):
            [output] = wires(box.outputs)
            if names.uses.get(output) == 1:
                made[output] = box
        elif isinstance(box.operation, d.Literal):
            literal.update(wires(box.outputs))
    found: set[Box] = set()
    for box in names.boxes:
        if not isinstance(box.operation, d.Use):
            continue
        row = row_of(rows, box.operation.definition)
        if row is None or not row.scalars:
            continue
        inputs = [names.root(wire) for wire in wires(box.inputs)]
        inputs = [wire for wire in inputs if wire not in literal]
        thin = [new_axes(made[wire].operation) if wire in made else frozenset() for wire in inputs]
        if thin and not frozenset.intersection(*thin):
            found.update(made[wire] for wire in inputs if wire in made)
    return found


def new_axes(shuffle: Any) -> frozenset[int]:
    """The places in a repetition's target that its source does not have, counted from the end."""
    source = {name for side in shuffle.sources for name in flat(side)}
    target = flat(shuffle.target)
    return frozenset(place - len(target) for place, name in enumerate(target)
                     if isinstance(name, int) or name not in source)


def flat(side: Any) -> list[Any]:
    """The axes of a row, those in groups too."""
    found: list[Any] = []
    for item in side:
        found += flat(item) if isinstance(item, tuple) else [item]
    return found
