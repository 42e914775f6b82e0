"""The sizes of a network: each that is read is listed, or is told inside of one list or one node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catlang import dims
from catlang.diagram import diagram as d
from catlang.diagram.diagram import wires
from catlang.dims import Variable
from catlang.network.erasure import Padded
from catlang.network.invariants.parts import Wrong, boxes, called
from catlang.network.network import Each, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import Finite, Object, axes_of, base_of
from catlang.span import Span


def sizes_listed(network: Network) -> Iterator[Wrong]:
    known = set(network.sizes)
    if len(known) != len(network.sizes):
        yield "a size is listed twice", network.span
    if network.held:
        for instance in network.instances.values():
            if isinstance(instance.operation, Sub) and set(instance.operation.sizes) != set(
                    instance.operation.network.sizes):
                yield f"`{instance.name}` is not given just the sizes that it has", instance.span
    for box in boxes(network):
        # Names for sizes that a network gives itself: of one list, and of how many children a node has.
        own: set[Variable] = set()
        if isinstance(box.operation, Opened):
            own.add(box.operation.length)
        elif isinstance(box.operation, FoldTree):
            own.update(variable for branch in box.operation.branches for wire in wires(branch.inputs)
                       for size in _dims(wire.object) if isinstance(size, dims.Poly)
                       for variable in dims.variables(size) if isinstance(variable, Padded))
        for variable in own.intersection(network.sizes):
            yield f"the size `{variable.name}` is listed, and is told inside", box.span
        known.update(own)

    def look(values: Iterator[Any], span: Span | None) -> Iterator[Wrong]:
        for value in values:
            if isinstance(value, dims.Poly):
                for variable in dims.variables(value):
                    if variable not in known:
                        yield f"the size `{variable.name}` is not listed", span

    for wire in [*wires(network.diagram.inputs), *network.free]:
        yield from look(_dims(wire.object), network.span)
    for box in boxes(network):
        for wire in wires(box.outputs):
            yield from look(_dims(wire.object), box.span)
        operation = box.operation
        if isinstance(operation, Sub):
            yield from look(iter([*operation.sizes.values(), getattr(operation, "count", 0)]), box.span)
            if set(operation.sizes) != set(operation.network.sizes):
                yield f"{called(box)} is not given just the sizes that it has", box.span
        elif isinstance(operation, Each | Scan | OfLists | Mask | Opened):
            yield from look(iter([operation.size]), box.span)
        elif isinstance(operation, Grow | GrowTree):
            yield from look(iter([operation.bound]), box.span)
        elif isinstance(operation, d.Use):
            yield from look(iter(operation.arguments.values()), box.span)
        elif isinstance(operation, d.Shuffle):
            yield from look(iter(operation.sizes.values()), box.span)


def _dims(obj: Object) -> Iterator[Any]:
    yield from axes_of(obj)
    base = base_of(obj)
    if isinstance(base, Finite):
        yield base.size
