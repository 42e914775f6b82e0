"""What nobody looks at goes: boxes without an effect whose results are not used, in the diagrams that loops hold.

A body that is put into a loop once for each constructor, or once for its output and once for its state, leaves boxes
whose results only the other one needs.
"""

from __future__ import annotations

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.network import Each, Sub
from catlang.network.recursion import Mask, Opened


def pruned(diagram: Diagram, everything: bool = False) -> None:
    """Drops from a diagram the unused boxes that specialisation itself has made, and all of them from those inside."""
    for box in diagram.boxes:
        if not isinstance(box.operation, Each) or everything:
            for inner in box.operation.inside().values():
                pruned(inner, True)
        else:
            pruned(box.operation.body, False)
    used: set[Wire] = set(wires(diagram.outputs))
    kept: list[Box] = []
    for box in reversed(diagram.boxes):
        mine = isinstance(box.operation, Mask | Opened | d.Literal)
        if (everything or mine) and not _effect(box) and used.isdisjoint(wires(box.outputs)):
            continue
        kept.append(box)
        used.update(wires(box.inputs))
        used.update(box.operation.around())
        for inner in box.operation.inside().values():
            used.update(d.captured(inner))
    diagram.boxes = kept[::-1]


def _effect(box: Box) -> bool:
    """Whether a box, or one inside, draws noise or changes a state."""
    operation = box.operation
    if isinstance(operation, Sub):
        return True
    if isinstance(operation, d.Use) and (operation.definition.noise is not None or operation.definition.states):
        return True
    return any(_effect(one) for inner in operation.inside().values() for _, one in d.everything(inner))
