"""A fold behind an unfolding: one pass, in which nothing is built for the one to hand to the other.

By the law of hylomorphisms, ``unfold(c) >> fold(a)`` is the one morphism h with ``h = c >> F(h) >> a``: each layer is
taken apart and put together again where it comes up. From the left there is one loop; from the right, and for trees,
the layers are kept on the way down until they are needed on the way up.
"""

from __future__ import annotations

from catlang.compiler.derived.account import Account
from catlang.compiler.derived.hoisting import taken
from catlang.compiler.derived.operations import Hylo, HyloTree
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.recursion import FoldTree, Grow, GrowTree, Scan


def fused(diagram: Diagram, account: Account) -> None:
    """Puts together every unfolding of a diagram with the fold that alone takes what it makes."""
    uses: dict[Wire, int] = {}
    for box in diagram.boxes:
        for wire in taken(box):
            uses[wire] = uses.get(wire, 0) + 1
    for wire in wires(diagram.outputs):
        uses[wire] = uses.get(wire, 0) + 2
    grown = {wire: box for box in diagram.boxes if isinstance(box.operation, Grow | GrowTree)
             for wire in wires(box.outputs)}
    gone: set[Box] = set()
    made: dict[Box, Box] = {}
    for box in diagram.boxes:
        given = wires(box.inputs)
        source = grown.get(given[0]) if given else None
        if source is None or source in gone:
            continue
        if isinstance(box.operation, FoldTree) and isinstance(source.operation, GrowTree) and uses[given[0]] == 1:
            made[box] = Box(HyloTree(source.operation, box.operation), source.inputs, box.outputs, None, box.span)
        elif isinstance(box.operation, Scan) and isinstance(source.operation, Grow):
            found = _lists(box, box.operation, source, source.operation, uses)
            if found is None:
                continue
            made[box] = found
        else:
            continue
        gone.add(source)
        account.note(box.span, "a fold of what is unfolded, with nothing built in between",
                     "the law of hylomorphisms: unfold(c) >> fold(a) is the h with h = c >> F(h) >> a")
    diagram.boxes = [made.get(box, box) for box in diagram.boxes if box not in gone]


def _lists(box: Box, fold: Scan, source: Box, grow: Grow, uses: dict[Wire, int]) -> Box | None:
    lengths, start, elements = box.inputs  # type: ignore[misc]
    longer, arrays = source.outputs  # type: ignore[misc]
    _, emitted = fold.step.outputs  # type: ignore[misc]
    if lengths is not longer or wires(emitted) or uses[lengths] != 1:  # type: ignore[index]
        return None
    if any(uses[wire] != 1 or wire not in wires(arrays) for wire in wires(elements)):
        return None
    tag, given, state = grow.step.outputs  # type: ignore[misc]
    kept = [wires(given)[wires(arrays).index(wire)] for wire in wires(elements)]
    step = Diagram(grow.step.name, grow.step.inputs, None, grow.step.span)
    step.boxes, step.outputs = grow.step.boxes, (tag, tuple(kept), state)
    final, _ = box.outputs  # type: ignore[misc]
    return Box(Hylo(grow.bound, step, fold.step, fold.backwards), (source.inputs, start), final, None, box.span)
