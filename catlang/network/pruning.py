"""What nobody looks at goes: boxes without an effect whose results are not used, in the diagrams that loops hold.

A body that is put into a loop once for each constructor, or once for its output and once for its state, leaves boxes
whose results only the other one needs; a loop gives at every place what somebody may want of one place only. Boxes that
specialisation itself has made are dropped wherever they stand, and so are results of loops and of ``each``.
"""

from __future__ import annotations

from catlang import dims
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.dims import Variable
from catlang.network.network import Each, Sub
from catlang.network.recursion import Mask, OfLists, Opened, Scan


def pruned(diagram: Diagram, everything: bool = False) -> None:
    """Drops from a diagram the unused boxes that specialisation itself has made, and all of them from those inside."""
    used: set[Wire] = set(wires(diagram.outputs))
    kept: list[Box] = []
    masked: set[Variable] = set()
    for box in reversed(diagram.boxes):
        mine = isinstance(box.operation, Mask | OfLists | Opened | d.Literal)
        # What says how long an axis is, that of a mask behind it, is used by that.
        told = isinstance(box.operation, Opened) and box.operation.length in masked
        if (everything or mine or _made(box)) and not _effect(box) and not told and used.isdisjoint(
                wires(box.outputs)):
            continue
        if isinstance(box.operation, Mask):
            masked.update(dims.variables(box.operation.size))
        elif isinstance(box.operation, Opened):
            masked.discard(box.operation.length)
        if isinstance(box.operation, Scan):
            _scan(box, box.operation, used)
        for name, inner in box.operation.inside().items():
            pruned(inner, everything or not isinstance(box.operation, Each) and name != "body")
        if isinstance(box.operation, Each):
            _each(box, box.operation, used)
        kept.append(box)
        used.update(wires(box.inputs))
        used.update(box.operation.around())
        for inner in box.operation.inside().values():
            used.update(d.captured(inner))
        used.update(_for_weights(box))
    diagram.boxes = kept[::-1]


def _for_weights(box: Box) -> set[Wire]:
    """What the weights of a box and of those inside are computed from, besides weights."""
    inside = [one for inner in box.operation.inside().values() for _, one in d.everything(inner)]
    cells = [one.instance.reparameterisation for one in [box, *inside] if one.instance is not None]
    return {wire for cell in cells if cell is not None for wire in d.captured(cell)}


def _made(box: Box) -> bool:
    """Whether a loop was made for lists or machines; an ``each`` that somebody wrote stays, with its weights' boxes."""
    return isinstance(box.operation, Scan) or isinstance(box.operation, Each) and box.operation.lengths is not None


def _scan(box: Box, operation: Scan, used: set[Wire]) -> None:
    """Of what a loop gives at every place, what somebody uses."""
    final, given = box.outputs  # type: ignore[misc]
    after, emitted = operation.step.outputs  # type: ignore[misc]
    pairs = [(wire, array) for wire, array in zip(wires(emitted), wires(given), strict=True) if array in used]
    operation.step.outputs = (after, tuple(wire for wire, _ in pairs))
    box.outputs = (final, tuple(array for _, array in pairs))


def _each(box: Box, operation: Each, used: set[Wire]) -> None:
    """Of what goes into a body and comes out of it, what is used."""
    body = operation.body
    results = [(wire, array) for wire, array in zip(wires(body.outputs), wires(box.outputs), strict=True)
               if array in used]
    if len(results) != len(wires(body.outputs)):
        body.outputs, box.outputs = _tuples(results)
        pruned(body, True) if operation.lengths is not None else None
    inside = set(wires(body.outputs)).union(*(
        [*wires(one.inputs), *one.operation.around(),
         *(wire for inner in one.operation.inside().values() for wire in d.captured(inner))] for one in body.boxes))
    given = [(wire, array) for wire, array in zip(wires(body.inputs), wires(box.inputs), strict=True)
             if wire in inside]
    if len(given) != len(wires(body.inputs)):
        body.inputs, box.inputs = _tuples(given)


def _tuples(pairs: list[tuple[Wire, Wire]]) -> tuple[Value, Value]:
    return tuple(one for one, _ in pairs), tuple(other for _, other in pairs)


def _effect(box: Box) -> bool:
    """Whether a box, or one inside, draws noise or changes a state."""
    operation = box.operation
    if isinstance(operation, Sub):
        return True
    if isinstance(operation, d.Use) and (operation.definition.noisy or operation.definition.stateful):
        return True
    return any(_effect(one) for inner in operation.inside().values() for _, one in d.everything(inner))
