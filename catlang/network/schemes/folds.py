"""Folds: passes over trees, loops along lists, and scans, which keep what a loop went through."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire
from catlang.network.padding import size_of
from catlang.network.recursion import FoldTree, Scan
from catlang.network.schemes.lists import of_lists
from catlang.network.sums import injected, injection
from catlang.network.values import alike, with_front, without_front
from catlang.objects.colour import Object, Sum, power, resolve
from catlang.objects.functor import Fixed, apply, element_of, list_of
from catlang.objects.shapes import Child, Children, Data, Listed, Shape, shapes
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.network.environment import Env
    from catlang.network.schemes import Schemes


def fold(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    functor = schemes.functor(operation, env)
    if element_of(Fixed("mu", functor)) is not None:
        _along(schemes, box, operation, value, made, env, backwards=True, keep=False)
        return
    [body] = operation.bodies.values()
    kinds = shapes(functor)
    carrier = env.substitution.object(operation.arguments["X"])
    branches = []
    for shape in kinds:
        inner = Diagram("constructor", (), None, box.span)
        parts = [_part(part, carrier, env, box.span) for part in shape.parts()]
        inner.inputs = tuple(parts)
        given = injection(shape, resolve(apply(functor, carrier)), list(parts), inner, env, box.span)
        inner.outputs = schemes.inline(body, given, env, inner)
        branches.append(inner)
    outputs = env.new(carrier, box.span)
    made.boxes.append(Box(FoldTree(functor, kinds, branches), value, outputs, None, box.span))
    env.bind(box.outputs, outputs)


def foldl(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    _along(schemes, box, operation, value, made, env, backwards=False, keep=False)


def scan(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    _along(schemes, box, operation, value, made, env, backwards=True, keep=True)


def scanl(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    _along(schemes, box, operation, value, made, env, backwards=False, keep=True)


def _part(part: Shape, carrier: Object, env: Env, span: Span) -> Value:
    """New wires for a part of a constructor."""
    if isinstance(part, Data):
        return env.new(part.object, span)
    if isinstance(part, Child):
        return env.new(carrier, span)
    if isinstance(part, Children):
        return env.new(power(carrier, part.axes), span)
    assert isinstance(part, Listed)
    return env.new(list_of(carrier), span)


def _along(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env, backwards: bool,
           keep: bool) -> None:
    """A fold along a list, and what it went through, where that is to be kept."""
    [body] = operation.bodies.values()
    span = box.span
    lengths, elements = value
    size = size_of(lengths)
    whole = resolve(env.substitution.object(d.object_of(body.inputs)))
    assert isinstance(whole, Sum)
    start = schemes.inline(body, injected(0, (), whole, made, env, span), env, made)
    step = Diagram("step", (alike(start), without_front(elements)), None, span)
    state, element = step.inputs  # type: ignore[misc]
    pair = (element, state) if backwards else (state, element)
    after = schemes.inline(body, injected(1, pair, whole, step, env, span), env, step)
    step.outputs = (after, after if keep else ())
    final = alike(start)
    states = with_front(start, size) if keep else ()
    made.boxes.append(Box(Scan(size, backwards, step), (lengths, start, elements), (final, states), None, span))
    if not keep:
        env.bind(box.outputs, final)
        return
    if backwards:
        found = _ended(schemes, lengths, states, start, made, span)
    else:
        found = of_lists(schemes, "cons", (start, (lengths, states)), made, span, size + 1,
                         with_front(start, size + 1))
    env.bind(box.outputs, found)


def _ended(schemes: Schemes, lengths: Wire, states: Value, last: Value, made: Diagram, span: Span) -> Value:
    """A list with one element more behind all of its padding, which is that element as well."""
    size = size_of(lengths)
    return of_lists(schemes, "end", (last, (lengths, states)), made, span, size + 1, with_front(last, size + 1))


SCHEMES: dict[str, Callable[..., None]] = {"fold": fold, "foldl": foldl, "scan": scan, "scanl": scanl}
