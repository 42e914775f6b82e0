"""What stands for what while a diagram is read: strands for its wires, arguments for its generics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Wire
from catlang.objects.colour import Object, Product, resolve
from catlang.picture.graph import Strand, Value, strands
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.diagram.diagram import Diagram, Instance
    from catlang.objects.substitution import Substitution
    from catlang.picture.spelling import Spelling


class Closure:
    """A diagram given for a morphism parameter, where it was given, and the strands from there that it uses."""

    __slots__ = ("captured", "diagram", "env")

    def __init__(self, diagram: Diagram, env: Env, captured: list[Strand]) -> None:
        self.diagram = diagram
        self.env = env
        self.captured = captured


class Env:
    """What stands for what in a diagram that is read; looked up here first, then further out."""

    def __init__(self, outer: Env | None, spelling: Spelling, substitution: Substitution,
                 formals: Mapping[str, Closure], address: str) -> None:
        self.outer = outer
        self.spelling = spelling
        self.substitution = substitution
        self.formals = formals
        self.address = address
        self.values: dict[Wire, Value] = {}
        self.weights: dict[Instance, list[tuple[str, Strand]]] = {}

    def inner(self, address: str | None = None) -> Env:
        return Env(self, self.spelling, self.substitution, self.formals, self.address if address is None else address)

    def value(self, value: d.Value) -> Value:
        if not isinstance(value, Wire):
            return tuple(self.value(part) for part in value)
        env: Env | None = self
        while env is not None:
            found = env.values.get(value)
            if found is not None:
                return found
            env = env.outer
        raise AssertionError("a wire from nowhere")

    def given(self, instance: Instance) -> list[tuple[str, Strand]] | None:
        """The strands of an instance's weights, where they are drawn."""
        env: Env | None = self
        while env is not None:
            found = env.weights.get(instance)
            if found is not None:
                return found
            env = env.outer
        return None

    def object(self, obj: Object) -> Object:
        return resolve(self.substitution.object(obj))

    def bind(self, value: d.Value, found: Value) -> None:
        """Says what the wires of a diagram stand for."""
        if isinstance(value, Wire):
            self.values[value] = found
            if value.name is not None:
                _call(found, value.name)
        else:
            assert not isinstance(found, Strand)
            for part, other in zip(value, found, strict=True):
                self.bind(part, other)

    def fresh(self, value: d.Value) -> list[Strand]:
        """New strands for a value, which its wires stand for from now on."""
        if isinstance(value, Wire):
            self.values[value] = made = self._new(self.object(value.object), value.name)
            return strands(made)
        names = getattr(value, "names", None) or (None,) * len(value)
        found: list[Strand] = []
        for part, name in zip(value, names, strict=True):
            new = self.fresh(part)
            if name is not None and len(new) == 1:
                new[0].name = new[0].name or visible(name)
            found += new
        return found

    def _new(self, obj: Object, name: str | None) -> Value:
        if isinstance(obj, Product):
            names = obj.names or (None,) * len(obj.items)
            return tuple(self._new(item, part or (name and f"{name}_{place}"))
                         for place, (item, part) in enumerate(zip(obj.items, names, strict=True)))
        return Strand(obj, self.spelling.of(obj), name and visible(name))


def _call(value: Value, name: str) -> None:
    """Names the strands of a value by the variable that it is bound to; a strand keeps its first name."""
    if isinstance(value, Strand):
        value.name = value.name or visible(name)
    else:
        for place, part in enumerate(value):
            _call(part, f"{name}_{place}")
