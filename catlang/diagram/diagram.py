"""Diagrams: wires, boxes and instances.

A diagram is an open graph. Its input wires lie in four banks: *data*, and through its instances *weights*, *state* and
*noise* (a box whose signature has a weight bank takes it from its instance, and so on). Every wire has an object. A box
is an operation applied to wires: a primitive, an instance of another diagram, or a structured box that holds diagrams.
Copying is a wire used twice, dropping a wire used never; pairing and projecting are no boxes at all, since what a box
takes and gives is a *value*: a wire, or a tuple of values.

An :class:`Instance` is an identity: two boxes have the same weights iff they have the same instance. A diagram inside a
structured box may use wires of the diagrams around it; it has captured them.

>>> from catlang.objects.colour import array
>>> x, y = Wire(array(3)), Wire(array(4))
>>> object_of((x, (y, ())))
R[3] * (R[4] * 1)
>>> wires((x, (y, x))) == [x, y, x]
True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catlang.dims import Dim, Variable
from catlang.objects.colour import Object, Product, resolve
from catlang.objects.functor import Functor
from catlang.span import Span


class Wire:
    """A wire, with its object, the place in the source that made it, and what the source calls it, if it does."""

    __slots__ = ("object", "span", "name")

    def __init__(self, object: Object, span: Span | None = None) -> None:
        self.object = object
        self.span = span
        self.name: str | None = None


Value = Wire | tuple["Value", ...]


class Parts(tuple[Value, ...]):
    """A tuple of values whose parts have names."""

    names: tuple[str | None, ...]


def object_of(value: Value) -> Object:
    """The object of a value: of a tuple the product."""
    if isinstance(value, Wire):
        return value.object
    return Product(tuple(object_of(part) for part in value), getattr(value, "names", None))


def fresh(obj: Object, span: Span | None = None) -> Value:
    """New wires for an object: a tuple of them where it is known to be a product."""
    obj = resolve(obj)
    if isinstance(obj, Product):
        parts = Parts(fresh(item, span) for item in obj.items)
        parts.names = obj.names or ()
        return parts if obj.names else tuple(parts)
    return Wire(obj, span)


def wires(value: Value) -> list[Wire]:
    """The wires of a value, from left to right."""
    if isinstance(value, Wire):
        return [value]
    return [wire for part in value for wire in wires(part)]


def call(value: Value, name: str) -> None:
    """Gives the wires of a value the name of the variable that it is bound to; a wire keeps its first name."""
    if isinstance(value, Wire):
        value.name = value.name or name
    else:
        for place, part in enumerate(value):
            call(part, f"{name}_{place}")


class Operation:
    """What a box does. Subclasses say which diagrams they hold."""

    __slots__ = ()

    def inside(self) -> dict[str, Diagram]:
        return {}

    def around(self) -> tuple[Wire, ...]:
        """The wires that it uses besides its inputs, those of its diagrams aside."""
        return ()


class Use(Operation):
    """A definition (a primitive, a morphism) at arguments: sizes, objects, runs and constants by the generics' names;
    ``bodies`` are the diagrams given for its morphism parameters."""

    __slots__ = ("definition", "arguments", "bodies")

    def __init__(self, definition: Any, arguments: dict[str, Any], bodies: dict[str, Diagram]) -> None:
        self.definition = definition
        self.arguments = arguments
        self.bodies = bodies

    def inside(self) -> dict[str, Diagram]:
        return self.bodies


class Formal(Operation):
    """A use of a morphism parameter inside the definition that has it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Group(Operation):
    """Several boxes under one name: a labelled composite, a ``let``."""

    __slots__ = ("body",)

    def __init__(self, body: Diagram) -> None:
        self.body = body

    def inside(self) -> dict[str, Diagram]:
        return {"body": self.body}


class Repeat(Operation):
    """``f^n``: n copies one after the other, each with weights of its own (of one, where ``tied`` along copy)."""

    __slots__ = ("body", "count", "tied")

    def __init__(self, body: Diagram, count: Dim, tied: bool = False) -> None:
        self.body = body
        self.count = count
        self.tied = tied

    def inside(self) -> dict[str, Diagram]:
        return {"body": self.body}


class CaseOf(Operation):
    """``[f, g]``: which branch is taken the input says; ``f + g``, where what comes out is not one (``together``)."""

    __slots__ = ("branches", "together")

    def __init__(self, branches: list[Diagram], together: bool) -> None:
        self.branches = branches
        self.together = together

    def inside(self) -> dict[str, Diagram]:
        return {f"branch{number}": branch for number, branch in enumerate(self.branches)}


class FunctorMap(Operation):
    """``F(f)``: one diagram wherever the variable of a functor stands."""

    __slots__ = ("functor", "body")

    def __init__(self, functor: Functor, body: Diagram) -> None:
        self.functor = functor
        self.body = body

    def inside(self) -> dict[str, Diagram]:
        return {"body": self.body}


class Open(Operation):
    """A list as an axis of a length of its own, ``size``: ``List(A)`` is the sum of ``A^n`` over all ``n``."""

    __slots__ = ("size",)

    def __init__(self, size: Variable) -> None:
        self.size = size


class Close(Operation):
    """What has the length of an opened list for an axis, as a list again."""

    __slots__ = ("size",)

    def __init__(self, size: Variable) -> None:
        self.size = size


class Literal(Operation):
    """A number, as an array of any shape."""

    __slots__ = ("value",)

    def __init__(self, value: int | float) -> None:
        self.value = value


class FrozenWeight(Operation):
    """A ``frozen`` weight of a file as a value; its instance is the same wherever it is named."""

    __slots__ = ("entry",)

    def __init__(self, entry: Any) -> None:
        self.entry = entry


class WeightOf(Operation):
    """A part of an instance's weights as a value."""

    __slots__ = ("part",)

    def __init__(self, part: str) -> None:
        self.part = part


class Shuffle(Operation):
    """``rearrange``, ``repeat``, ``contract`` or ``reduce`` by named axes.

    ``sources`` and ``target`` are rows of axes, a group of axes a tuple; ``sizes`` gives every name its size.
    """

    __slots__ = ("kind", "how", "sources", "target", "sizes")

    def __init__(self, kind: str, how: str | None, sources: list[Any], target: Any, sizes: dict[str, Any]) -> None:
        self.kind = kind
        self.how = how
        self.sources = sources
        self.target = target
        self.sizes = sizes


class Convert(Operation):
    """Into a nominal colour, or out of it: nothing happens but the change of name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Split(Operation):
    """A wire whose object turned out to be a product, taken apart; gone once a diagram is specialised."""

    __slots__ = ()


class Instance:
    """An identity that owns weights, state or instances of its own; its name is unique in its scope.

    ``reparameterisation`` is the 2-cell along which its weights are computed, from parts of the names ``parts``; a
    ``tied`` one is reparameterised along copy. ``initialisers`` say how weights begin.
    """

    __slots__ = ("name", "operation", "span", "initialisers", "reparameterisation", "parts", "tied", "given", "within")

    def __init__(self, name: str, operation: Operation, span: Span | None) -> None:
        self.name = name
        self.operation = operation
        self.span = span
        self.initialisers: list[Any] = []
        self.reparameterisation: Diagram | None = None
        self.parts: list[str] = []
        self.tied = False
        # The syntax of the morphism arguments it was made with: an instance has one set of them.
        self.given: Any = None
        # The instance that holds it, where the diagram of that was put where it is used.
        self.within: Instance | None = None

    @property
    def root(self) -> Instance:
        """The instance that holds all around it."""
        return self if self.within is None else self.within.root


class Box:
    """An operation applied: wires in, wires out, the instance it takes its weights from, its place."""

    __slots__ = ("operation", "inputs", "outputs", "instance", "span")

    def __init__(self, operation: Operation, inputs: Value, outputs: Value, instance: Instance | None,
                 span: Span) -> None:
        self.operation = operation
        self.inputs = inputs
        self.outputs = outputs
        self.instance = instance
        self.span = span


class Diagram:
    """Boxes in an order in which each follows what it takes; ``scope`` is the diagram that owns the instances in it
    (itself, or for a transparent one, such as the body of ``each``, the one around it)."""

    __slots__ = ("name", "inputs", "outputs", "boxes", "instances", "scope", "span", "parent")

    def __init__(self, name: str, inputs: Value, scope: Diagram | None, span: Span | None,
                 parent: Diagram | None = None) -> None:
        self.name = name
        self.inputs = inputs
        self.outputs: Value = ()
        self.boxes: list[Box] = []
        self.instances: dict[str, Instance] = {}
        self.scope: Diagram = scope if scope is not None else self
        self.span = span
        self.parent = parent

    @property
    def domain(self) -> Object:
        return object_of(self.inputs)

    @property
    def codomain(self) -> Object:
        return object_of(self.outputs)


def everything(diagram: Diagram) -> Iterator[tuple[Diagram, Box]]:
    """Every box in the diagram and in those its boxes hold, with the diagram it lies in."""
    for box in diagram.boxes:
        yield diagram, box
        for inner in box.operation.inside().values():
            yield from everything(inner)


def captured(diagram: Diagram) -> list[Wire]:
    """The wires of surrounding diagrams that this one uses, in the order of their first use."""
    known = set(wires(diagram.inputs))
    found: dict[Wire, None] = {}

    def look(value: Value) -> None:
        for wire in wires(value):
            if wire not in known:
                found.setdefault(wire)

    for box in diagram.boxes:
        look(box.inputs)
        look(box.operation.around())
        for inner in box.operation.inside().values():
            for wire in captured(inner):
                if wire not in known:
                    found.setdefault(wire)
        known.update(wires(box.outputs))
    look(diagram.outputs)
    return list(found)
