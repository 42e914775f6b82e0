"""Machines run along lists, and the morphisms that are values by which they, and others, take what comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire
from catlang.network.deferred import Curried
from catlang.network.network import Each
from catlang.network.padding import size_of
from catlang.network.recursion import Scan
from catlang.network.schemes.lists import of_lists
from catlang.network.values import alike, with_front, without_front

if TYPE_CHECKING:
    from catlang.network.environment import Env
    from catlang.network.schemes import Schemes


def run(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    [body] = operation.bodies.values()
    span = box.span
    start, (lengths, elements) = value
    size = size_of(lengths)
    step = Diagram("step", (alike(start), without_front(elements)), None, span)
    state, element = step.inputs  # type: ignore[misc]
    found = schemes.inline(body, state, env, step)
    final = alike(start)
    if not operation.arguments.get("moore"):
        output, after = found.applied(element, step)
        step.outputs = (after, output)
        outputs = with_front(output, size)
        made.boxes.append(Box(Scan(size, False, step), (lengths, start, elements), (final, outputs), None, span))
        env.bind(box.outputs, ((lengths, outputs), final))
        return
    after = found[1].applied(element, step)
    step.outputs = (after, after)
    states = with_front(start, size)
    made.boxes.append(Box(Scan(size, False, step), (lengths, start, elements), (final, states), None, span))
    kept = of_lists(schemes, "cons", (start, (lengths, states)), made, span, size + 1, with_front(start, size + 1))
    lengths, states = kept  # type: ignore[misc]
    assert isinstance(lengths, Wire)
    # What a state puts out depends on it alone: all of them at once.
    read = Diagram("output", alike(start), None, span)
    read.outputs = schemes.inline(body, read.inputs, env, read)[0]
    outputs = with_front(read.outputs, size + 1)
    made.boxes.append(Box(Each(size + 1, read, lengths), states, outputs, None, span))
    env.bind(box.outputs, ((lengths, outputs), final))


def curry(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    [body] = operation.bodies.values()
    env.bind(box.outputs, Curried(lambda pair, into: schemes.inline(body, pair, env, into), value))


def uncurry(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    [body] = operation.bodies.values()
    first, second = value
    env.bind(box.outputs, schemes.inline(body, first, env, made).applied(second, made))


SCHEMES: dict[str, Callable[..., None]] = {"run": run, "curry": curry, "uncurry": uncurry}
