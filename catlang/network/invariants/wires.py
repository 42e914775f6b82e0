"""What flows in a network: every wire is made once, before it is used, and holds an array.

A box is one of the operations of networks, since those of other diagrams are what specialisation takes away.
"""

from __future__ import annotations

from collections.abc import Iterator

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, Value, Wire, wires
from catlang.network.invariants.parts import Wrong, boxes, called, consumed, diagrams, within
from catlang.network.network import Choose, Each, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import BOOL, REAL, Finite, Object, Run, axes_of, base_of
from catlang.objects.functor import Fixed, element_of
from catlang.span import Span

#: The operations of networks; the others of diagrams are gone.
KINDS = (d.Use, d.Literal, d.FrozenWeight, d.WeightOf, d.Shuffle, Sub, Each, Choose, Scan, Grow, FoldTree, GrowTree,
         OfLists, Mask, Opened)


def first_order(network: Network) -> Iterator[Wrong]:
    for box in boxes(network):
        operation = box.operation
        if not isinstance(operation, KINDS):
            yield f"a {type(operation).__name__} is left", box.span
        elif isinstance(operation, d.Use) and (not operation.definition.primitive or operation.bodies):
            yield f"{called(box)} is no primitive, or holds diagrams", box.span


def made_once(network: Network) -> Iterator[Wrong]:
    seen: set[Wire] = set(network.free)

    def make(value: Value, span: Span | None) -> Iterator[Wrong]:
        for wire in wires(value):
            if wire in seen:
                yield f"a wire {wire.object} is made twice", span
            seen.add(wire)

    def visit(diagram: Diagram) -> Iterator[Wrong]:
        yield from make(diagram.inputs, diagram.span)
        for box in diagram.boxes:
            for inner in box.operation.inside().values():
                yield from visit(inner)
            yield from make(box.outputs, box.span)

    for diagram in diagrams(network):
        yield from visit(diagram)


def used_where_known(network: Network) -> Iterator[Wrong]:
    def visit(diagram: Diagram, known: set[Wire]) -> Iterator[Wrong]:
        known = known | set(wires(diagram.inputs))
        for box in diagram.boxes:
            for wire in consumed(box):
                if wire not in known:
                    yield f"a wire {wire.object} goes into {called(box)} before it is made", box.span
            for inner in box.operation.inside().values():
                yield from visit(inner, known)
            known.update(wires(box.outputs))
        for wire in wires(diagram.outputs):
            if wire not in known:
                yield f"a wire {wire.object} comes out of `{diagram.name}` and from nowhere", diagram.span

    inside: set[Wire] = set()
    for body in network.bodies:
        yield from visit(body, set(network.free))
        for diagram in within(body):
            inside.update(wires(diagram.inputs), *(wires(box.outputs) for box in diagram.boxes))
    for cell in diagrams(network)[len(network.bodies):]:
        yield from visit(cell, inside | set(network.free))


def arrays(network: Network) -> Iterator[Wrong]:
    def look(value: Value, span: Span | None) -> Iterator[Wrong]:
        for wire in wires(value):
            obj, base = wire.object, base_of(wire.object)
            if not (base is REAL or base is BOOL or isinstance(base, Finite) or _is_tree(obj)) or any(
                    isinstance(axis, Run) for axis in axes_of(obj)):
                yield f"{obj} is no array", span

    for diagram in diagrams(network):
        for one in within(diagram):
            yield from look(one.inputs, one.span)
            for box in one.boxes:
                yield from look(box.outputs, box.span)


def _is_tree(obj: Object) -> bool:
    """Whether an object is one of trees: a list is its length and its elements, and those of ``nu F`` are no data."""
    return isinstance(obj, Fixed) and obj.kind == "mu" and element_of(obj) is None
