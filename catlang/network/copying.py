"""Diagrams of networks written anew, with wires of their own.

What is free in the network of an instance is no wire of the diagram, and stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from catlang.diagram.diagram import Box, Diagram, Operation, Value, Wire, captured, everything
from catlang.network.network import Each
from catlang.network.recursion import FoldTree, Grow, GrowTree, Scan
from catlang.network.values import renamed


def fresh_names(value: Value, names: dict[Wire, Wire]) -> Value:
    """New wires for those of a value, noted as what stands for them."""
    if isinstance(value, Wire):
        if names.get(value) is value:
            return value
        made = names[value] = Wire(value.object, value.span)
        made.name = value.name
        return made
    return tuple(fresh_names(part, names) for part in value)


def copied(boxes: Iterable[Box], names: dict[Wire, Wire]) -> list[Box]:
    """Boxes with new wires for what they make; ``names`` says what stands for what they take, and grows."""
    made = []
    boxes = list(boxes)
    for box in boxes:
        for one in (box, *(held for inner in box.operation.inside().values() for _, held in everything(inner))):
            if one.instance is not None and one.instance.reparameterisation is not None:
                # What weights are computed from is known to the instance by its own wires.
                names.update((wire, wire) for wire in captured(one.instance.reparameterisation))
    for box in boxes:
        operation = _operation(box.operation, names)
        inputs = renamed(box.inputs, names)
        made.append(Box(operation, inputs, fresh_names(box.outputs, names), box.instance, box.span))
    return made


def _diagram(diagram: Diagram, names: dict[Wire, Wire]) -> Diagram:
    inner = dict(names)
    made = Diagram(diagram.name, fresh_names(diagram.inputs, inner), None, diagram.span)
    made.boxes = copied(diagram.boxes, inner)
    made.outputs = renamed(diagram.outputs, inner)
    return made


def _operation(operation: Operation, names: dict[Wire, Wire]) -> Operation:
    if isinstance(operation, Each):
        lengths = operation.lengths
        return Each(operation.size, _diagram(operation.body, names),
                    None if lengths is None else names.get(lengths, lengths))
    if isinstance(operation, Scan):
        return Scan(operation.size, operation.backwards, _diagram(operation.step, names))
    if isinstance(operation, Grow):
        return Grow(operation.bound, _diagram(operation.step, names))
    if isinstance(operation, FoldTree):
        branches = [_diagram(branch, names) for branch in operation.branches]
        return FoldTree(operation.functor, operation.shapes, branches)
    if isinstance(operation, GrowTree):
        return GrowTree(operation.functor, operation.shapes, operation.bound, operation.stop,
                        _diagram(operation.step, names))
    return operation
