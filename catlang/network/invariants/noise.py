"""Noise and state: whether a network is marked by what is drawn in it, and in which order it has them."""

from __future__ import annotations

from collections.abc import Iterator

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram
from catlang.network.invariants.parts import Wrong
from catlang.network.network import Network, Sub


def noise_known(network: Network) -> Iterator[Wrong]:
    operations = [instance.operation for instance in network.instances.values()] if network.held else [
        box.operation for body in network.bodies for _, box in d.everything(body)]
    found = any(map(_noisy, operations))
    if found != network.stochastic:
        yield f"it is {'not ' if found else ''}marked as stochastic", network.span


def _noisy(operation: d.Operation) -> bool:
    if isinstance(operation, Sub):
        return operation.network.stochastic
    return isinstance(operation, d.Use) and operation.definition.noisy


def effectful(box: Box) -> bool:
    """Whether a box draws noise or keeps a state."""
    return _noisy(box.operation) or (isinstance(box.operation, d.Use) and box.operation.definition.stateful)


def effects(network: Network, training: bool = True) -> list[str]:
    """The boxes with noise or state in the order in which they run, each by its address: no pass may change it."""
    found: list[str] = []

    def named(instance: d.Instance, prefix: str, names: dict[d.Instance, str]) -> str:
        if instance.within is not None:
            return f"{named(instance.within, prefix, names)}.{instance.name}"
        return names.get(instance, prefix + instance.name)

    def visit(diagram: Diagram, prefix: str, names: dict[d.Instance, str]) -> None:
        for box in diagram.boxes:
            operation = box.operation
            address = named(box.instance, prefix, names) if box.instance is not None else ""
            if isinstance(operation, Sub):
                inner = operation.network
                body = inner.diagram if training or inner.evaluation is None else inner.evaluation
                own = {instance: f"{address}.{name}" for name, instance in inner.instances.items()}
                visit(body, f"{address}.", {**names, **own})
            elif operation.inside():
                for held in operation.inside().values():
                    visit(held, prefix, names)
            elif effectful(box):
                assert isinstance(operation, d.Use)
                found.append(address or prefix + operation.definition.name)

    body = network.diagram if training or network.evaluation is None else network.evaluation
    visit(body, "", {instance: name for name, instance in network.instances.items()})
    return found
