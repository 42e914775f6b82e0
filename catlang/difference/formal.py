"""A combinator by itself: what it does to morphisms that nothing is known of.

For each of its morphism parameters stands a primitive of that name, with a weight, so that it is seen how many
instances of it there are and where each is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.checker.entry import Definition
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance
from catlang.network.environment import Env
from catlang.network.network import Network
from catlang.objects.colour import REAL, UNIT
from catlang.objects.substitution import Substitution
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.entry import Constant, Formal
    from catlang.dims import Dim, Variable


def stand_ins(definition: Definition, sizes: dict[Variable, Dim],
              constants: dict[Constant, Any]) -> dict[str, tuple[Diagram, Env]]:
    """Bodies for the morphism parameters of a definition, as a specialiser takes them."""
    around = Env(None, None, Network(definition.name, definition, definition.span), Substitution(dims=dict(sizes)),
                 constants, {})
    return {formal.name: (_stand_in(formal, place, definition), around)
            for place, formal in enumerate(definition.parameters) if formal.codomain is not None}


def _stand_in(formal: Formal, place: int, definition: Definition) -> Diagram:
    assert formal.codomain is not None
    primitive = Definition(f"parameter {place}", formal.span, tree.Primitive.__new__(tree.Primitive), definition.module)
    primitive.domain, primitive.codomain = UNIT, UNIT
    primitive.weights = [("weight", REAL)]
    primitive.state = "done"
    made = Diagram(formal.name, d.fresh(formal.domain, formal.span), None, formal.span)
    operation = d.Use(primitive, {}, {})
    instance = made.instances["given"] = Instance("given", operation, formal.span)
    outputs = d.fresh(formal.codomain, formal.span)
    made.boxes.append(Box(operation, made.inputs, outputs, instance, formal.span))
    made.outputs = outputs
    return made
