"""What stands for what while a diagram is specialised."""

from __future__ import annotations

from typing import Any

from catlang.checker.entry import Constant
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, Instance, Value, Wire
from catlang.network.deferred import Deferred
from catlang.network.erasure import erase, grounded
from catlang.network.network import Network
from catlang.objects.colour import Object
from catlang.objects.substitution import Substitution
from catlang.span import Span


class Env:
    """What stands for what while a diagram is specialised; looked up here first, then further out."""

    def __init__(self, outer: Env | None, scope: Diagram | None, network: Network, substitution: Substitution,
                 constants: dict[Constant, Any], formals: dict[str, tuple[Diagram, Env]]) -> None:
        self.outer = outer
        self.scope = scope
        self.network = network
        self.substitution = substitution
        self.constants = constants
        self.formals = formals
        self.wires: dict[Wire, Any] = {}
        self.instances: dict[Instance, Instance] = {}
        # In a step of a loop everything lies open; ``within`` is the instance that holds the instances met here.
        self.inlining: bool = outer.inlining if outer is not None else False
        self.within: Instance | None = None

    def value(self, value: Value) -> Any:
        """What stands for a value."""
        if not isinstance(value, Wire):
            return tuple(self.value(part) for part in value)
        env: Env | None = self
        while env is not None:
            found = env.wires.get(value)
            if found is not None:
                return found
            env = env.outer
        raise AssertionError("a wire from nowhere")

    def instance(self, instance: Instance) -> Instance | None:
        """What stands for an instance, if it has been met."""
        env: Env | None = self
        while env is not None:
            found = env.instances.get(instance)
            if found is not None:
                return found
            env = env.outer
        return None

    def bind(self, value: Value, found: Any) -> None:
        """Says what the wires of the generic diagram stand for."""
        if isinstance(value, Wire):
            self.wires[value] = found
            if value.name is not None and not isinstance(found, Deferred):
                d.call(found, value.name)
        else:
            for part, other in zip(value, found, strict=True):
                self.bind(part, other)

    def object(self, obj: Object) -> Object:
        """What stands for an object: arrays, in products."""
        return erase(grounded(self.substitution.object(obj)))

    def new(self, obj: Object, span: Span | None) -> Value:
        """New wires for an object of the generic diagram."""
        return d.fresh(self.object(obj), span)

    def inputs(self, value: Value) -> Value:
        """New wires for those of a generic diagram, which stand for them."""
        if isinstance(value, Wire):
            made = self.new(value.object, value.span)
            if value.name is not None:
                d.call(made, value.name)
            self.wires[value] = made
            return made
        return tuple(self.inputs(part) for part in value)
