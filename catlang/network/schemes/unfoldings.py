"""Unfoldings: a state that goes on, for so many steps or as many as it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire
from catlang.dims import Dim
from catlang.network.deferred import Unfolded
from catlang.network.recursion import Grow, GrowTree, Scan
from catlang.network.values import alike, with_front
from catlang.objects.colour import UNIT, Finite, Product, Sum, resolve
from catlang.objects.functor import Fixed, Recursive, element_of
from catlang.objects.shapes import shapes
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.network.environment import Env
    from catlang.network.schemes import Schemes


def unfold(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    [body] = operation.bodies.values()
    whole = Unfolded(body, value, schemes.functor(operation, env), env)
    bound = operation.arguments["bound"]
    found: Any = whole if bound is None else _taken(schemes, whole, env.substitution.dim(bound), made, box.span)
    env.bind(box.outputs, found)


def take(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    assert isinstance(value, Unfolded)
    found = _taken(schemes, value, env.substitution.dim(operation.arguments["bound"]), made, box.span)
    env.bind(box.outputs, found)


def _taken(schemes: Schemes, whole: Unfolded, bound: Dim, made: Diagram, span: Span) -> Value:
    """So many steps of an unfolding, or as many as it has."""
    body, functor = whole.body, whole.functor
    step = Diagram("step", alike(whole.state), None, span)
    given = schemes.inline(body, step.inputs, whole.env, step)
    shape = resolve(functor.body)
    if isinstance(shape, Product):
        place = shape.items.index(Recursive())
        rest = tuple(part for number, part in enumerate(given) if number != place)
        emitted: Value = rest[0] if len(rest) == 1 else rest
        step.inputs = (step.inputs, ())
        step.outputs = (given[place], emitted)
        outputs = with_front(emitted, bound)
        final = alike(whole.state)
        made.boxes.append(Box(Scan(bound, False, step), ((), whole.state, ()), (final, outputs), None, span))
        return outputs
    if element_of(Fixed("mu", functor)) is not None:
        tag, _, (emitted, state) = given
        step.outputs = (tag, emitted, state)
        lengths = Wire(Finite(bound + 1), span)
        outputs = with_front(emitted, bound)
        made.boxes.append(Box(Grow(bound, step), whole.state, (lengths, outputs), None, span))
        return (lengths, outputs)
    assert isinstance(shape, Sum)
    step.outputs = given
    grown = Wire(Fixed("mu", functor), span)
    kinds = shapes(functor)
    stop = shape.items.index(UNIT)
    made.boxes.append(Box(GrowTree(functor, kinds, bound, stop, step), whole.state, grown, None, span))
    return grown


SCHEMES: dict[str, Callable[..., None]] = {"unfold": unfold, "take": take}
