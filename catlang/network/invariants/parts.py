"""What there is in a network for checkers to go through, and how one says that some of it is wrong."""

from __future__ import annotations

from collections.abc import Iterator

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.network import Network, Sub
from catlang.span import Span

#: What is wrong, and where.
Wrong = tuple[str, Span | None]


def diagrams(network: Network) -> list[Diagram]:
    """The bodies of a network and the 2-cells of its instances, those in its loops too. A network that is only held has
    none: what its instances are for stands in the one that has the loop."""
    return [] if network.held else [*network.bodies, *_cells(network)]


def _cells(network: Network) -> Iterator[Diagram]:
    for instance in network.instances.values():
        if instance.reparameterisation is not None:
            yield instance.reparameterisation
        if isinstance(instance.operation, Sub) and instance.operation.network.held:
            yield from _cells(instance.operation.network)


def within(diagram: Diagram) -> Iterator[Diagram]:
    """A diagram, and all that its boxes hold."""
    yield diagram
    for box in diagram.boxes:
        for inner in box.operation.inside().values():
            yield from within(inner)


def boxes(network: Network) -> Iterator[Box]:
    for diagram in diagrams(network):
        for _, box in d.everything(diagram):
            yield box


def below(network: Network) -> list[Network]:
    """A network and all that it uses or holds, each once."""
    found: dict[Network, None] = {}
    todo = [network]
    while todo:
        one = todo.pop()
        if one not in found:
            found[one] = None
            todo += [operation.network for operation in (
                *(box.operation for box in boxes(one)), *(instance.operation for instance in one.instances.values()))
                if isinstance(operation, Sub)]
    return list(found)


def called(box: Box) -> str:
    operation = box.operation
    if isinstance(operation, d.Use):
        return f"`{operation.definition.name}`"
    return f"`{box.instance.name}`" if box.instance is not None else f"a {type(operation).__name__}"


def consumed(box: Box) -> list[Wire]:
    """The wires that a box takes: its inputs, and what is free in its network."""
    return [*wires(box.inputs), *box.operation.around()]
