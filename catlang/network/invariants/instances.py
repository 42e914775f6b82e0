"""Instances: whose they are, what they are of, what a network has of those around it, and what computes weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catlang.checker.arguments import arguments_as_substitution
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Wire, wires
from catlang.network.invariants.noise import effectful
from catlang.network.invariants.parts import Wrong, boxes, called, consumed, diagrams
from catlang.network.invariants.signature import alike
from catlang.network.network import Network, Sub
from catlang.objects.colour import Object


def instances_owned(network: Network) -> Iterator[Wrong]:
    around = {*network.instances.values(), *network.lent}
    for name, instance in network.instances.items():
        if name != instance.name or not name.isidentifier():
            yield f"the instance `{instance.name}` is listed as `{name}`", instance.span
        if (instance.within is not None) != network.held:
            yield f"the instance `{instance.name}` is held by another one than it says", instance.span
    taken = {entry.name for entry in network.frozen} & set(network.instances)
    for name in taken:
        yield f"an instance and a frozen weight are both called `{name}`", network.span
    for box in boxes(network):
        operation = box.operation
        learned = isinstance(operation, Sub | d.WeightOf) or (
            isinstance(operation, d.Use) and bool(operation.definition.weights or operation.definition.stateful))
        if learned and box.instance is None:
            yield f"{called(box)} has no instance", box.span
        if isinstance(operation, Sub) and operation.network.held:
            yield f"{called(box)} only holds instances, and is called", box.span
        if box.instance is not None and not _reached(box.instance, around):
            yield f"the instance `{box.instance.name}` belongs to another network", box.span


def _reached(instance: d.Instance, around: set[d.Instance]) -> bool:
    """Whether an instance is one of these, or is held by one; a view of what a network owns that is called as well."""
    if instance.within is None:
        return instance in around
    holder = instance.within.operation
    if not isinstance(holder, Sub):
        return False
    own = holder.network.instances.get(instance.name)
    known = own is instance if holder.network.held else own is not None
    return known and _reached(instance.within, around)


def one_operation(network: Network) -> Iterator[Wrong]:
    for box in boxes(network):
        operation, instance = box.operation, box.instance
        if instance is None:
            continue
        if isinstance(operation, Sub) and operation is not instance.operation:
            yield f"{called(box)} is an instance of another network", box.span
        if isinstance(operation, d.Use):
            other = instance.operation
            if not isinstance(other, d.Use) or other.definition is not operation.definition or not all(
                    map(alike, _weights(operation), _weights(other))):
                yield f"{called(box)} has the weights of something else", box.span


def _weights(operation: d.Use) -> list[Object]:
    put = arguments_as_substitution(operation)
    return [put.object(obj) for _, obj in [*operation.definition.weights, *operation.definition.states]]


def free_and_lent(network: Network) -> Iterator[Wrong]:
    if network.held:
        return
    made: set[Wire] = set()
    used: set[Wire] = set()
    lent: set[d.Instance] = set()
    frozen: set[Any] = set()
    everywhere = diagrams(network)
    for diagram in everywhere:
        made.update(wires(diagram.inputs))
        used.update(wires(diagram.outputs))
    for box in boxes(network):
        made.update(wires(box.outputs))
        used.update(consumed(box))
        for inner in box.operation.inside().values():
            made.update(wires(inner.inputs))
            used.update(wires(inner.outputs))
        if box.instance is not None:
            lent.add(box.instance.root)
        if isinstance(box.operation, Sub):
            lent.update(box.operation.network.lent)
            frozen.update(box.operation.network.frozen)
        if isinstance(box.operation, d.FrozenWeight):
            frozen.add(box.operation.entry)
    lent -= set(network.instances.values())
    for what, listed, found in (("free wires", network.free, used - made), ("instances lent", network.lent, lent),
                                ("frozen weights", network.frozen, frozen)):
        if len(set(listed)) != len(listed) or set(listed) != found:
            yield f"it lists {len(listed)} {what}, and uses {len(found)}", network.span


def cells_deterministic(network: Network) -> Iterator[Wrong]:
    for instance in network.instances.values():
        cell, operation = instance.reparameterisation, instance.operation
        if cell is None:
            continue
        if not isinstance(operation, d.Use):
            yield f"`{instance.name}` has no weights of its own to compute", instance.span
            continue
        given = [wire.object for wire in wires(cell.outputs)]
        wanted = _weights(operation)[:len(operation.definition.weights)]
        if len(given) != len(wanted) or not all(map(alike, given, wanted)):
            yield f"what is computed for `{instance.name}` is not its weights", instance.span
        parts = instance.parts or ["base"]
        if len(set(parts)) != len(parts) or len(parts) != len(wires(cell.inputs)):
            yield f"the weights that `{instance.name}` is computed from are not named one by one", instance.span
        for _, box in d.everything(cell):
            if effectful(box):
                yield f"the weights of `{instance.name}` depend on noise or state", box.span
