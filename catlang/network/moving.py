"""Lists in arrays: what moves whole elements leaves their lists padded as they are.

How far a list is padded is no part of its object, so what a primitive says of its outputs does not tell it: each array
that comes out has it of the array that it is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang import dims
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.dims import Dim
from catlang.network.erasure import Padded
from catlang.network.recursion import OfLists
from catlang.objects.colour import Finite, Run, axes_of, base_of, power

if TYPE_CHECKING:
    from catlang.span import Span


def of_lists(wire: Wire) -> bool:
    """Whether an array has elements of lists in it, or is one of their lengths."""
    base = base_of(wire.object)
    sizes = [*axes_of(wire.object), *([base.size] if isinstance(base, Finite) else [])]
    return any(isinstance(variable, Padded) for size in sizes if isinstance(size, dims.Poly)
               for variable in dims.variables(size))


def padded_as(target: Wire, sources: list[Wire], own: int) -> Wire:
    """An output of whose axes the first are its ``own``, the others and the lengths as those of the inputs."""
    source = sources[0]
    inner = len(axes_of(target.object)) - own
    behind = axes_of(source.object)[len(axes_of(source.object)) - inner:]
    bases = [base_of(one.object) for one in sources]
    sizes = {base.size for base in bases if isinstance(base, Finite)}
    base = bases[0] if len(sizes) < 2 else Finite(sum(sizes, 1 - len(sizes)))
    made = Wire(power(base, (*axes_of(target.object)[:own], *behind)), target.span)
    made.name = target.name
    return made


def moved(element: Value, given: Value, outputs: Value, made: Diagram, span: Span) -> tuple[Value, Value]:
    """The inputs and outputs of what moves whole elements about, where these are made of arrays like ``element``'s.

    Elements come first among the inputs; where all of them are elements, they are of several arrays that become one,
    whose lists are padded alike before."""
    parts, inputs = wires(element), wires(given)
    ranks = [len(axes_of(part.object)) for part in parts]
    count, both = len(parts), False
    if len(inputs) > count and len(inputs) % count == 0 and all(
            len(axes_of(inputs[count + place].object)) == len(axes_of(inputs[place].object)) for place in range(count)):
        inputs = [*inputs]
        for place, rank in enumerate(ranks):
            inputs[place], inputs[count + place] = alike(inputs[place], inputs[count + place], rank, made, span)
        both = True
    found = [padded_as(target, inputs[number % count::count] if both else [inputs[number % count]],
                       len(axes_of(target.object)) - ranks[number % count])
             if of_lists(target) else target for number, target in enumerate(wires(outputs))]
    return regrouped(given, inputs), regrouped(outputs, found)


def alike(one: Wire, other: Wire, inner: int, made: Diagram, span: Span) -> tuple[Wire, Wire]:
    """Two arrays whose lists are padded differently, all padded alike; ``inner`` axes of them are those of lists."""
    pair = [one, other]
    for place in range(inner):
        places = [len(axes_of(wire.object)) - inner + place for wire in pair]
        sizes = [axes_of(wire.object)[at] for wire, at in zip(pair, places, strict=True)]
        plain = [size for size in sizes if not isinstance(size, Run)]
        if sizes[0] != sizes[1] and len(plain) == 2:
            pair = [_wider(wire, at, plain[0] + plain[1], made, span) for wire, at in zip(pair, places, strict=True)]
    return pair[0], pair[1]


def _wider(wire: Wire, place: int, size: Dim, made: Diagram, span: Span) -> Wire:
    axes = list(axes_of(wire.object))
    axes[place] = size
    found = Wire(power(base_of(wire.object), axes), span)
    made.boxes.append(Box(OfLists("fit", size, place), wire, found, None, span))
    return found


def regrouped(value: Value, parts: list[Wire]) -> Value:
    """Wires in the shape of a value."""
    row = iter(parts)

    def made(inner: Value) -> Value:
        return next(row) if isinstance(inner, Wire) else tuple(made(part) for part in inner)

    return made(value)
