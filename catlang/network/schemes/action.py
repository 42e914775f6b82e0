"""Endofunctors on morphisms: what ``F(f)`` is, by the shape of ``F``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram
from catlang.network.deferred import After
from catlang.network.network import Each
from catlang.network.schemes.lists import mapped
from catlang.network.sums import Injected
from catlang.network.values import with_front, without_front
from catlang.objects.colour import Object, Power, Product, Sum, resolve
from catlang.objects.functor import Exponential, Functor, Recursive, element_of, element_speaks, solved
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.network.environment import Env
    from catlang.network.schemes import Schemes


def act(schemes: Schemes, box: Box, operation: d.FunctorMap, made: Diagram, env: Env) -> None:
    found = solved(env.substitution.functor(operation.functor))
    assert isinstance(found, Functor)

    def on(body: Object, value: Any, into: Diagram) -> Any:
        if not element_speaks(body):
            return value
        if body == Recursive():
            return schemes.inline(operation.body, value, env, into)
        if isinstance(body, Product):
            return tuple(on(item, part, into) for item, part in zip(body.items, value, strict=True))
        if isinstance(body, Sum):
            tag, *summands = value
            parts = [on(item, part, into) if getattr(value, "place", place) == place else part
                     for place, (item, part) in enumerate(zip(body.items, summands, strict=True))]
            return Injected((tag, *parts), value.place) if isinstance(value, Injected) else (tag, *parts)
        if isinstance(body, Power):
            return _each(body.axes, value, lambda one, inner: on(body.base, one, inner), into, env, box.span)
        if isinstance(body, Exponential):
            return After(value, lambda one, inner: on(body.base, one, inner))
        element = element_of(body)
        assert element is not None, f"{body} is no functor that acts"
        return mapped(value, lambda one, inner: on(element, one, inner), into, box.span)

    env.bind(box.outputs, on(resolve(found.body), env.value(box.inputs), made))


def _each(axes: Any, value: Any, f: Callable[[Any, Diagram], Any], made: Diagram, env: Env, span: Span) -> Any:
    if not axes:
        return f(value, made)
    size = env.substitution.dim(axes[0])
    inner = Diagram("element", without_front(value), None, span)
    inner.outputs = _each(axes[1:], inner.inputs, f, inner, env, span)
    outputs = with_front(inner.outputs, size)
    made.boxes.append(Box(Each(size, inner), value, outputs, None, span))
    return outputs
