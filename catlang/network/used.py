"""What is used in a diagram, however deep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catlang.checker.entry import Definition
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box
from catlang.network.network import Network, Sub


def used(boxes: Iterable[Box]) -> Iterator[Definition | Network]:
    """The primitives that some boxes use, themselves or inside, and the networks, each of these looked through once."""
    waiting, seen = list(boxes), set[Network]()
    while waiting:
        operation = waiting.pop().operation
        if isinstance(operation, Sub):
            if operation.network not in seen:
                seen.add(operation.network)
                yield operation.network
                waiting += (box for body in operation.network.bodies for box in body.boxes)
        elif isinstance(operation, d.Use):
            yield operation.definition
        else:
            waiting += (box for inner in operation.inside().values() for box in inner.boxes)
