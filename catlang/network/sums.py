"""Values of sums whose constructor is known, so that a case of one takes its branch at once.

One algebra thereby gives a diagram for each of its constructors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.network.padding import shortest
from catlang.objects.colour import Finite, Object, Product, Sum
from catlang.objects.shapes import Both, Data, Shape, Summand
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.network.environment import Env


class Injected(tuple[Value, ...]):
    """A value of a sum whose summand, ``place``, is known: its tag and all its summands, as any value of a sum."""

    place: int

    def __new__(cls, parts: tuple[Value, ...], place: int) -> Injected:
        made = super().__new__(cls, parts)
        made.place = place
        return made


def injection(shape: Shape, whole: Object, parts: list[Any], made: Diagram, env: Env, span: Span) -> Any:
    """A value of ``F(X)`` that is this constructor at these parts; ``whole`` is ``F(X)``."""
    if isinstance(shape, Data):
        return parts.pop(0) if shape.parts() else ()
    if isinstance(shape, Both):
        assert isinstance(whole, Product)
        return tuple(injection(item, obj, parts, made, env, span)
                     for item, obj in zip(shape.items, whole.items, strict=True))
    if isinstance(shape, Summand):
        assert isinstance(whole, Sum)
        summand = injection(shape.shape, whole.items[shape.place], parts, made, env, span)
        return injected(shape.place, summand, whole, made, env, span)
    return parts.pop(0)


def injected(place: int, value: Any, whole: Sum, made: Diagram, env: Env, span: Span) -> Injected:
    """The tag, the value at its place, zeros at the others."""
    tag = Wire(Finite(len(whole.items)), span)
    made.boxes.append(Box(d.Literal(place), (), tag, None, span))
    summands = [value if number == place else zeros(shortest(env.new(item, span)), made, span)
                for number, item in enumerate(whole.items)]
    return Injected((tag, *summands), place)


def zeros(value: Value, made: Diagram, span: Span) -> Value:
    """A value, all of it zeros."""
    for wire in wires(value):
        made.boxes.append(Box(d.Literal(0), (), wire, None, span))
    return value
