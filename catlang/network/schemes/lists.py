"""What is done to lists as they are: an element more or fewer, another order, one morphism for all elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.dims import Dim
from catlang.network.network import Each
from catlang.network.padding import fitted, shortest, size_of
from catlang.network.recursion import OfLists
from catlang.network.sums import zeros
from catlang.network.values import renamed, with_front, without_front
from catlang.objects.colour import Finite, axes_of
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.network.environment import Env
    from catlang.network.schemes import Schemes


def along(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    [body] = operation.bodies.values()
    found = mapped(value, lambda element, inner: schemes.inline(body, element, env, inner), made, box.span)
    env.bind(box.outputs, found)


def mapped(value: Any, f: Callable[[Any, Diagram], Any], made: Diagram, span: Span) -> Value:
    """The list of what ``f`` makes of each element of a list."""
    lengths, elements = value
    inner = Diagram("element", without_front(elements), None, span)
    inner.outputs = f(inner.inputs, inner)
    size = size_of(lengths)
    outputs = with_front(inner.outputs, size)
    made.boxes.append(Box(Each(size, inner, lengths), elements, outputs, None, span))
    return (lengths, outputs)


def nil(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    found = zeros(shortest(env.new(d.object_of(box.outputs), box.span)), made, box.span)
    env.bind(box.outputs, found)


def reshape(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    """What gives a list of the elements that came in, in another order, more or fewer of them."""
    name = operation.definition.name
    undone = schemes.longer.get((_UNDOES.get(name), value[0])) if name in _UNDOES else None
    if undone is not None:
        # tail . cons = snd, and the same at the other end.
        env.bind(box.outputs, undone)
        return
    if name == "cons":
        value = _alike(value, made, box.span)
    lengths, elements = value[1] if name == "cons" else value[0] if name == "zip" else value
    size = size_of(lengths) + (name == "cons")
    outputs = with_front(without_front(elements), size)
    if name == "zip":
        outputs = (outputs, with_front(without_front(value[1][1]), size))
    env.bind(box.outputs, of_lists(schemes, name, value, made, box.span, size, outputs))


def _alike(value: Any, made: Diagram, span: Span) -> Any:
    """An element and a list, their own lists padded alike."""
    element, (lengths, elements) = value
    names: dict[Wire, Wire] = {}
    for one, other in zip(wires(element), wires(elements), strict=True):
        if axes_of(one.object) != axes_of(other.object)[1:]:
            names[one], names[other] = fitted([one, other], made, span, skip=1)
    return (renamed(element, names), (lengths, renamed(elements, names)))


def of_lists(schemes: Schemes, kind: str, value: Value, made: Diagram, span: Span, size: Dim, outputs: Value) -> Value:
    """The list that an operation on lists gives, of these elements, padded to this size."""
    if kind == "zip":
        (lengths, left), (others, right) = value  # type: ignore[misc]
        both, outputs = outputs, ()
        del lengths, others, left, right
        found = Wire(Finite(size + 1), span)
        made.boxes.append(Box(OfLists(kind), value, (found, both), None, span))
        return (found, both)
    found = Wire(Finite(size + 1), span)
    made.boxes.append(Box(OfLists(kind), value, (found, outputs), None, span))
    if kind in ("cons", "end"):
        schemes.longer[kind, found] = value[1]  # type: ignore[index]
    return (found, outputs)


def to_list(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    size = env.substitution.dim(operation.arguments["n"])
    lengths = Wire(Finite(size + 1), box.span)
    made.boxes.append(Box(OfLists("full", size), (), lengths, None, box.span))
    env.bind(box.outputs, (lengths, value))


def decide(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    truth, element = value
    tag = Wire(Finite(2), box.span)
    made.boxes.append(Box(OfLists("tag"), truth, tag, None, box.span))
    env.bind(box.outputs, (tag, element, element))


def length(schemes: Schemes, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
    outputs = env.new(d.object_of(box.outputs), box.span)
    made.boxes.append(Box(OfLists("length"), value[0], outputs, None, box.span))
    env.bind(box.outputs, outputs)


#: What takes away an element at the end at which another adds one.
_UNDOES = {"tail": "cons", "but_last": "end"}

SCHEMES: dict[str, Callable[..., None]] = {
    "map": along, "nil": nil, "to_list": to_list, "decide": decide, "length": length,
    **dict.fromkeys(("cons", "tail", "but_last", "reverse", "zip"), reshape),
}
