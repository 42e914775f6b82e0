"""Which of the four banks a box takes from besides data: weights, state, noise; of what lies inside of it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.diagram import diagram as d
from catlang.picture.graph import NOISE, STATE, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catlang.checker.entry import Definition
    from catlang.diagram.diagram import Box, Diagram, Instance


class Banks:
    """Remembers what it has found: a few lines that double one another hold very many boxes."""

    def __init__(self) -> None:
        self.known: dict[Definition, frozenset[str]] = {}

    def of(self, box: Box, formals: Mapping[str, Diagram], given: Callable[[Instance], bool]) -> frozenset[str]:
        """Of a box, where these diagrams stand for morphism parameters; weights that are ``given`` from around are
        none of its own."""
        operation = box.operation
        found: set[str] = set()
        if isinstance(operation, d.Use):
            definition = operation.definition
            if definition.primitive:
                # An extern may have each of them.
                found |= {bank for bank, has in ((WEIGHTS, definition.extern or any(
                    operation.arguments.get(name) is not False for name, _ in definition.weights)),
                    (STATE, definition.stateful), (NOISE, definition.noisy)) if has}
            else:
                found |= self._definition(definition)
        elif isinstance(operation, d.Formal) and operation.name in formals:
            found |= self._diagram(formals[operation.name], given)
        for body in operation.inside().values():
            found |= self._diagram(body, given)
        if box.instance is not None and given(box.instance):
            found.discard(WEIGHTS)
        return frozenset(found)

    def _definition(self, definition: Definition) -> frozenset[str]:
        if definition not in self.known:
            # What is being looked at adds nothing to itself.
            self.known[definition] = frozenset()
            assert definition.diagram is not None
            self.known[definition] = self._diagram(definition.diagram, lambda instance: False)
        return self.known[definition]

    def _diagram(self, diagram: Diagram, given: Callable[[Instance], bool]) -> frozenset[str]:
        return frozenset().union(*(self.of(box, {}, given) for box in diagram.boxes))
