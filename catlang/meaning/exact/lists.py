"""Lists: as many entries as they have are gone through, and what stands behind their end is not told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from catlang.diagram.diagram import Value, Wire
from catlang.meaning.exact.array import UNTOLD, Array, Shape
from catlang.meaning.exact.row import shape_of
from catlang.network.erasure import carrier
from catlang.objects.colour import Product, base_of, power
from catlang.objects.functor import element_of

if TYPE_CHECKING:
    from catlang.network.functor import Nested
    from catlang.objects.colour import Object


def along(rows: Sequence[Sequence[Array]], objects: Sequence[Object]) -> list[Array]:
    """Arrays of these objects, by what stands at the places of their first axis, from the first on."""
    made = []
    for number, obj in enumerate(objects):
        size, *rest = shape_of(obj)
        found = [row[number] for row in rows]
        made.append(Array.stacked(found + [untold(tuple(rest))] * (size - len(found)), tuple(rest)))
    return made


def untold(shape: Shape) -> Array:
    """What stands behind the end of a list."""
    return Array.build(shape, lambda place: UNTOLD)


def scanned(size: int, backwards: bool, lengths: Array | None, state: list[Array], elements: list[Array],
            step: Callable[[list[Array], list[Array]], tuple[list[Array], list[Array]]],
            emitted: list[Object]) -> list[Array]:
    """The state after a step for each entry, then what the steps emitted."""
    count = size if lengths is None else lengths[()]
    rows = [x.along() for x in elements]
    given: list[list[Array]] = [[] for _ in range(count)]
    for place in reversed(range(count)) if backwards else range(count):
        state, given[place] = step(state, [row[place] for row in rows])
    return [*state, *along(given, emitted)]


def grown(bound: int, state: list[Array], step: Callable[[list[Array]], tuple[Array, list[Array], list[Array]]],
          emitted: list[Object]) -> list[Array]:
    """How many steps there were, then what they emitted."""
    given: list[list[Array]] = []
    while len(given) < bound:
        tag, one, state = step(state)
        if tag[()] == 0:
            break
        given.append(one)
    return [Array((), [len(given)]), *along(given, emitted)]


def flat(value: Nested) -> list[Array]:
    return [value] if isinstance(value, Array) else [one for part in value for one in flat(part)]


def over(function: Callable[[Array], Array], value: Nested) -> Nested:
    return function(value) if isinstance(value, Array) else tuple(over(function, part) for part in value)


def hidden(obj: Object, value: Nested, entry: Any = UNTOLD) -> Nested:
    """A value of an object with nothing told of what stands behind the end of its lists, or an ``entry`` there; their
    axes have a place in any case, so that a maximum has something to go over."""
    obj = carrier(obj)
    if isinstance(value, Array):
        return value
    element = element_of(base_of(obj))
    if element is None:
        assert isinstance(obj, Product)
        return tuple(hidden(item, part, entry) for item, part in zip(obj.items, value, strict=True))
    lengths, elements = value
    rank = len(lengths.shape)

    def hide(x: Array) -> Array:
        def at(place: Shape) -> Any:
            count = lengths[place[:rank]]
            return entry if count is UNTOLD or place[rank] >= count else x[place]

        return Array.build((*x.shape[:rank], max(x.shape[rank], 1), *x.shape[rank + 1:]), at)

    # Of what size the axes are does not matter here.
    return lengths, hidden(power(element, (*lengths.shape, 0)), over(hide, elements), entry)


def told(obj: Object, value: Nested) -> bool:
    """Whether all of a value is, but for what stands behind the end of its lists."""
    return not any(entry is UNTOLD for x in flat(hidden(obj, value, 0)) for entry in x.entries)


def nested(value: Value, parts: Iterator[Array]) -> Nested:
    """Arrays in the shape of a value, one for each of its wires."""
    return next(parts) if isinstance(value, Wire) else tuple(nested(part, parts) for part in value)


def mask(size: int, safe: bool, lengths: Array) -> Array:
    count = max(lengths[()], 1) if safe else lengths[()]
    return Array((size,), [place < count for place in range(size)])


def of_lists(kind: str, size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    return _KINDS[kind](size, inputs, outputs)


def _entries(value: Nested) -> list[list[Array]]:
    """What a list has at each place that is its own: an array for each wire of an element."""
    lengths, elements = value
    columns = [x.along()[:lengths[()]] for x in flat(elements)]
    return [[column[place] for column in columns] for place in range(lengths[()])]


def _listed(rows: list[list[Array]], outputs: list[Object]) -> list[Array]:
    return [Array((), [len(rows)]), *along(rows, outputs[1:])]


def _cons(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    first, rest = inputs
    return _listed([flat(first), *_entries(rest)], outputs)


def _end(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    last, rest = inputs
    return _listed([*_entries(rest), flat(last)], outputs)


def _tail(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    return _listed(_entries(inputs)[1:], outputs)


def _but_last(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    return _listed(_entries(inputs)[:-1], outputs)


def _reverse(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    return _listed(_entries(inputs)[::-1], outputs)


def _zip(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    left, right = inputs
    return _listed([[*one, *other] for one, other in zip(_entries(left), _entries(right), strict=False)], outputs)


def _length(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    return [inputs]


def _full(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    return [Array((), [size])]


def _tag(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    return [inputs.map(int)]


def _fit(size: int, inputs: Nested, outputs: list[Object]) -> list[Array]:
    assert isinstance(inputs, Array)
    shape = shape_of(outputs[0])

    def at(place: Shape) -> Any:
        inside = all(one < axis for one, axis in zip(place, inputs.shape, strict=True))
        return inputs[place] if inside else UNTOLD

    return [Array.build(shape, at)]


_KINDS: dict[str, Callable[[int, Any, list[Object]], list[Array]]] = {
    "cons": _cons, "end": _end, "tail": _tail, "but_last": _but_last, "reverse": _reverse, "zip": _zip,
    "length": _length, "full": _full, "tag": _tag, "fit": _fit,
}
