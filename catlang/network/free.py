"""What is free in a network: sizes, wires and instances of those around it."""

from __future__ import annotations

from typing import Any

from catlang import dims
from catlang.checker.formula import Formula
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, Instance, Wire, wires
from catlang.dims import Variable
from catlang.network.network import Each, Network, Sub
from catlang.objects.colour import Object, dims_of


def close(network: Network, mine: set[Variable]) -> None:
    """Finds what is free in a network: sizes, wires, instances; and whether there is noise in it."""
    sizes: dict[Variable, None] = {}
    free: dict[Wire, None] = {}
    lent: dict[Instance, None] = {}
    frozen: dict[Any, None] = {}
    owned = set(network.instances.values())

    def size(value: Any) -> None:
        if isinstance(value, dims.Poly):
            for variable in dims.variables(value):
                sizes.setdefault(variable)
        elif isinstance(value, Formula):
            for part in value.parts:
                size(part)
        elif isinstance(value, Object):
            for one in dims_of(value):
                size(one)
        elif isinstance(value, tuple):
            for one in value:
                size(one)

    def visit(diagram: Diagram, known: set[Wire]) -> None:
        known = known | set(wires(diagram.inputs))
        for wire in wires(diagram.inputs):
            size(wire.object)
        for box in diagram.boxes:
            operation = box.operation
            for wire in wires(box.inputs):
                if wire not in known:
                    free.setdefault(wire)
            for wire in wires(box.outputs):
                size(wire.object)
            if box.instance is not None and box.instance not in owned:
                lent.setdefault(box.instance)
            if isinstance(operation, d.FrozenWeight):
                frozen.setdefault(operation.entry)
            if isinstance(operation, d.Use):
                for value in operation.arguments.values():
                    size(value)
                network.stochastic |= operation.definition.noise is not None
            if isinstance(operation, d.Shuffle):
                for value in operation.sizes.values():
                    size(value)
            if isinstance(operation, Sub):
                for value in operation.sizes.values():
                    size(value)
                size(getattr(operation, "count", 0))
                for wire in operation.network.free:
                    if wire not in known:
                        free.setdefault(wire)
                for instance in operation.network.lent:
                    if instance not in owned:
                        lent.setdefault(instance)
                for entry in operation.network.frozen:
                    frozen.setdefault(entry)
                network.stochastic |= operation.network.stochastic
            if isinstance(operation, Each):
                size(operation.size)
            for inner in operation.inside().values():
                visit(inner, known)
            known |= set(wires(box.outputs))
        for wire in wires(diagram.outputs):
            if wire not in known:
                free.setdefault(wire)

    for body in network.bodies:
        visit(body, set())
    inside = {wire for body in network.bodies for wire in wires(body.inputs)}
    inside.update(wire for body in network.bodies for box in body.boxes for wire in wires(box.outputs))
    for instance in network.instances.values():
        if instance.reparameterisation is not None:
            visit(instance.reparameterisation, inside)
    for wire in free:
        size(wire.object)
    network.sizes = sorted(sizes, key=lambda variable: (variable not in mine, variable.name, variable.serial))
    network.free, network.lent, network.frozen = list(free), list(lent), list(frozen)
