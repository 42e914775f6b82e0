"""Signatures: what the boxes of a network take and give, held against what their operations say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from catlang.checker.arguments import arguments_as_substitution
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Value, Wire, wires
from catlang.dims import Dim
from catlang.network.erasure import Padded, erase
from catlang.network.invariants.parts import Wrong, boxes, called
from catlang.network.network import Choose, Each, Family, Loop, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import BOOL, REAL, Finite, Object, axes_of, base_of, leaves, power
from catlang.objects.functor import Fixed
from catlang.objects.shapes import Both, Child, Children, Data, Listed, Shape, Summand
from catlang.objects.substitution import Substitution

#: Of what a box takes or gives: how that is told, what is there, and what should be.
Expected = Iterator[tuple[str, Value, list[Object]]]


def signatures(network: Network) -> Iterator[Wrong]:
    for box in boxes(network):
        for what, value, wanted in expected(box):
            given = [wire.object for wire in wires(value)]
            if len(given) != len(wanted) or not all(map(alike, given, wanted)):
                shown = " * ".join(map(str, given)), " * ".join(map(str, wanted))
                yield f"{called(box)} {what} {shown[0]}, and its signature says {shown[1]}", box.span
    first = network.diagram
    for body in network.bodies[1:]:
        for one, other in ((first.inputs, body.inputs), (first.outputs, body.outputs)):
            left, right = [wire.object for wire in wires(one)], [wire.object for wire in wires(other)]
            if len(left) != len(right) or not all(map(alike, left, right)):
                yield "its two bodies differ in what they take or give", network.span


def alike(left: Object, right: Object) -> bool:
    """Whether two objects have one base and as many axes, and no size is another for sure: that two symbolic sizes are
    equal may follow from a ``where``."""
    one, other = base_of(left), base_of(right)
    if type(one) is not type(other) or len(axes_of(left)) != len(axes_of(right)):
        return False
    differences = [a - b for a, b in zip(axes_of(left), axes_of(right), strict=True)]  # type: ignore[operator]
    if isinstance(one, Fixed) and one != other:
        return False
    if isinstance(one, Finite) and isinstance(other, Finite):
        differences.append(one.size - other.size)
    return not any(isinstance(difference, int) and difference != 0 for difference in differences)


def expected(box: Box) -> Expected:
    """What a box should take and give."""
    operation = box.operation
    if isinstance(operation, d.Use):
        substitution = arguments_as_substitution(operation)
        yield "takes", box.inputs, leaves(erase(substitution.object(operation.definition.domain)))
        yield "gives", box.outputs, leaves(erase(substitution.object(operation.definition.codomain)))
    elif isinstance(operation, Each):
        body = operation.body
        yield "takes", box.inputs, [power(wire.object, (operation.size,)) for wire in wires(body.inputs)]
        yield "gives", box.outputs, [power(wire.object, (operation.size,)) for wire in wires(body.outputs)]
        if operation.lengths is not None:
            yield "counts by", operation.lengths, [_lengths(operation.lengths)]
    elif isinstance(operation, Sub):
        put = Substitution(dims=dict(operation.sizes))
        inner = operation.network.diagram
        takes = [put.object(wire.object) for wire in wires(inner.inputs)]
        gives = [put.object(wire.object) for wire in wires(inner.outputs)]
        yield "takes", box.inputs, [Finite(operation.count), *takes] if isinstance(operation, Family) else takes
        yield "gives", box.outputs, gives
        if isinstance(operation, Loop):
            yield "takes", box.inputs, gives
    elif isinstance(operation, Choose):
        tag, *values = wires(box.inputs)
        axes = axes_of(tag.object)
        yield "chooses by", tag, [power(Finite(len(values)), axes)]
        yield "gives", box.outputs, [values[0].object]
        yield "chooses among", tuple(values), [wire.object for wire in wires(box.outputs)] * len(values)
    elif isinstance(operation, d.Shuffle):
        sides = [*operation.sources, operation.target]
        for what, value, side in zip(["takes"] * len(operation.sources) + ["gives"],
                                     [*wires(box.inputs), box.outputs], sides, strict=True):
            [wire] = wires(value)
            yield what, value, [power(base_of(wire.object), tuple(_axis(item, operation) for item in side))]
    elif type(operation) in _RECURSION:
        yield from _RECURSION[type(operation)](box, operation)
    else:
        yield "takes", box.inputs, []


def _axis(item: Any, operation: d.Shuffle) -> Dim:
    if isinstance(item, tuple):
        total: Dim = 1
        for part in item:
            total = total * _axis(part, operation)
        return total
    return item if isinstance(item, int) else operation.sizes[item]


# -------------------------------------------------------------------- recursion


def _objects(value: Value) -> list[Object]:
    return [wire.object for wire in wires(value)]


def _along(value: Value, size: Dim) -> list[Object]:
    return [power(obj, (size,)) for obj in _objects(value)]


def _scan(box: Box, operation: Scan) -> Expected:
    lengths, _, _ = box.inputs  # type: ignore[misc]
    state, entries = operation.step.inputs  # type: ignore[misc]
    after, emitted = operation.step.outputs  # type: ignore[misc]
    counted: list[Object] = [Finite(operation.size + 1)] if wires(lengths) else []
    yield "takes", box.inputs, [*counted, *_objects(state), *_along(entries, operation.size)]
    yield "goes on with", after, _objects(state)
    yield "gives", box.outputs, [*_objects(state), *_along(emitted, operation.size)]


def _grow(box: Box, operation: Grow) -> Expected:
    tag, emitted, after = operation.step.outputs  # type: ignore[misc]
    yield "takes", box.inputs, _objects(operation.step.inputs)
    yield "stops by", tag, [Finite(2)]
    yield "goes on with", after, _objects(operation.step.inputs)
    yield "gives", box.outputs, [Finite(operation.bound + 1), *_along(emitted, operation.bound)]


def _fold_tree(box: Box, operation: FoldTree) -> Expected:
    yield "takes", box.inputs, [Fixed("mu", operation.functor)]
    for shape, branch in zip(operation.shapes, operation.branches, strict=True):
        assert isinstance(branch.inputs, tuple)
        for part, value in zip(shape.parts(), branch.inputs, strict=True):
            yield "hands on", value, _part(part, _objects(box.outputs))
        yield "gives", branch.outputs, _objects(box.outputs)


def _grow_tree(box: Box, operation: GrowTree) -> Expected:
    state = _objects(operation.step.inputs)
    yield "takes", box.inputs, state
    for shape in operation.shapes:
        yield from _constructor(shape, operation.step.outputs, state)
    yield "gives", box.outputs, [Fixed("mu", operation.functor)]


def _part(part: Shape, state: list[Object]) -> list[Object]:
    """What stands for a part of a constructor where states stand for trees."""
    if isinstance(part, Data):
        return leaves(erase(part.object))
    if isinstance(part, Child):
        return state
    if isinstance(part, Children):
        return [power(obj, part.axes) for obj in state]
    assert isinstance(part, Listed)
    size = Padded("length", 1).poly
    return [Finite(size + 1), *(power(obj, (size,)) for obj in state)]


def _constructor(shape: Shape, value: Value, state: list[Object]) -> Expected:
    """The part of a step's output that says what this constructor would be made of."""
    if isinstance(shape, Summand):
        tag, *summands = value if isinstance(value, tuple) else (value,)
        yield "chooses by", tag, [Finite(len(shape.sum.items))]
        if shape.place < len(summands):
            yield from _constructor(shape.shape, summands[shape.place], state)
    elif isinstance(shape, Both) and isinstance(value, tuple):
        for item, part in zip(shape.items, value, strict=True):
            yield from _constructor(item, part, state)
    elif shape.parts():
        yield "hands on", value, _part(shape, state)


def _of_lists(box: Box, operation: OfLists) -> Expected:
    """Lists of what elements they have, as many as there are before and after."""
    given: Any = box.inputs
    made: Any = box.outputs
    kind = operation.kind
    if kind == "fit":
        axes = list(axes_of(given.object))
        axes[operation.place] = operation.size
        yield "gives", made, [power(base_of(given.object), axes)]
        return
    if kind in ("length", "full", "tag"):
        if kind == "length":
            yield "counts by", given, [_lengths(given)]
        else:
            yield "takes", given, [BOOL] if kind == "tag" else []
        result: Object = Finite(operation.size + 1) if kind == "full" else Finite(2) if kind == "tag" else REAL
        yield "gives", made, [result]
        return
    sources = given if kind == "zip" else [given[1]] if kind in ("cons", "end") else [given]
    targets = made[1] if kind == "zip" else [made[1]]
    rest = _objects(given[0]) if kind in ("cons", "end") else None
    longer = 0 if rest is None else 1
    for (lengths, elements), target in zip(sources, targets, strict=True):
        yield "counts by", lengths, [_lengths(lengths)]
        size = _padded_size(lengths)
        element = [power(base_of(obj), axes_of(obj)[1:]) for obj in _objects(elements)]
        yield "takes a list of", elements, [power(obj, (size,)) for obj in element]
        if rest is not None:
            yield "takes besides", given[0], element
        # Of two lists the first says how long what comes out is padded.
        size = size if kind != "zip" else _padded_size(sources[0][0])
        yield "gives a list of", target, [power(obj, (size + longer,)) for obj in element]
        yield "counts by", made[0], [Finite(size + longer + 1)]


def _padded_size(lengths: Wire) -> Dim:
    """To how many entries the lists are padded that are so long."""
    return lengths.object.size - 1 if isinstance(lengths.object, Finite) else 0


def _lengths(lengths: Value) -> Object:
    """The object of what says how long a list is, which is told by nothing but itself."""
    return Finite(_padded_size(lengths) + 1) if isinstance(lengths, Wire) else Finite(1)


def _mask(box: Box, operation: Mask) -> Expected:
    yield "takes", box.inputs, [Finite(operation.size + 1)]
    yield "gives", box.outputs, [power(BOOL, (operation.size,))]


def _opened(box: Box, operation: Opened) -> Expected:
    """One of the two has the one name for its size in front, the other one the other."""
    for what, value in (("takes", box.inputs), ("gives", box.outputs)):
        [wire] = wires(value)
        front = axes_of(wire.object)[:1]
        size = operation.length.poly if front == (operation.length.poly,) else operation.size
        [other] = wires(box.outputs if what == "takes" else box.inputs)
        yield what, value, [power(base_of(other.object), (size, *axes_of(other.object)[1:]))]


_RECURSION: dict[type, Callable[..., Expected]] = {
    Scan: _scan, Grow: _grow, FoldTree: _fold_tree, GrowTree: _grow_tree, OfLists: _of_lists, Mask: _mask,
    Opened: _opened,
}
