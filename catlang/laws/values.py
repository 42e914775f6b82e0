"""When two values are one: of a sum only the summand that the tag names counts, of a list what is before its end."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catlang.diagram.diagram import Value, wires
from catlang.meaning.exact import lists
from catlang.meaning.exact.array import UNTOLD, Array
from catlang.network.erasure import carrier
from catlang.objects.colour import Object, ObjectVariable, Product, Sum, axes_of, base_of, power
from catlang.objects.functor import element_of

if TYPE_CHECKING:
    from catlang.network.network import Network


def hidden(network: Network, inputs: Sequence[Array]) -> Sequence[Array]:
    """The inputs of a network, with nothing told of what is behind the end of a list."""
    takes = network.takes
    if takes is None or not fits(takes, network.diagram.inputs):
        return inputs
    return lists.flat(lists.hidden(takes, lists.nested(network.diagram.inputs, iter(inputs))))


def told(network: Network, made: Sequence[Array]) -> Any:
    """What a network gives, as tuples of what counts: arrays, and numbers such as tags and the lengths of lists."""
    gives = network.gives
    if gives is None or not fits(gives, network.diagram.outputs):
        return tuple(made)
    return _told(gives, lists.nested(network.diagram.outputs, iter(made)))


def fits(obj: Object, value: Value) -> bool:
    """Whether arrays are those of an object: something generic may have been put into a network, or parameters of it
    come in beside what it takes."""
    return arity(obj) == len(wires(value))


def arity(obj: Object) -> int | None:
    """How many arrays an object is; None where it is generic."""
    base = base_of(carrier(obj))
    if isinstance(base, ObjectVariable):
        return None
    element = element_of(base)
    parts = base.items if isinstance(base, Product) else () if element is None else (element,)
    if not isinstance(base, Product) and element is None:
        return 1
    counts = [arity(part) for part in parts]
    known = [count for count in counts if count is not None]
    return sum(known) + (element is not None) if len(known) == len(counts) else None


def _told(obj: Object, value: Any) -> Any:
    base = carrier(base_of(obj)) if not isinstance(base_of(obj), Sum) else base_of(obj)
    axes = axes_of(obj)
    if isinstance(value, Array):
        return value
    if axes:
        [size] = {x.shape[0] for x in lists.flat(value)} or {0}
        inner = power(base_of(obj), axes[1:])
        return tuple(_told(inner, _row(value, place)) for place in range(size))
    if base is not base_of(obj) and not isinstance(base, Sum):
        return _told(base, value)
    if isinstance(base, Sum):
        tag, *summands = value
        return tag[()], _told(base.items[tag[()]], summands[tag[()]])
    element = element_of(base)
    if element is not None:
        lengths, elements = value
        return lengths[()], tuple(_told(element, _row(elements, place)) for place in range(lengths[()]))
    assert isinstance(base, Product), base
    return tuple(_told(item, part) for item, part in zip(base.items, value, strict=True))


def _row(value: Any, place: int) -> Any:
    return lists.over(lambda x: x.along()[place], value)


def apart(left: Any, right: Any) -> tuple[Fraction | None, int]:
    """How far two values are from one another, relative to how large they are, and at how many entries they were
    compared; no distance where they are of different kinds. Untold entries are whatever they are.

    >>> apart((Array.of([1, 2]), 3), (Array.of([1, 4]), 3))
    (Fraction(1, 2), 3)
    >>> apart(Array.of([UNTOLD]), Array.of([4])), apart(Array((0,), []), Array((0,), []))
    ((Fraction(0, 1), 0), (Fraction(0, 1), 0))
    """
    if isinstance(left, Array) and isinstance(right, Array):
        if left.shape != right.shape:
            return None, 1
        left, right = tuple(left.entries), tuple(right.entries)
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            return None, 1
        most, compared = Fraction(0), 0
        for one, other in zip(left, right, strict=True):
            found, here = apart(one, other)
            if found is None:
                return None, 1
            most, compared = max(most, found), compared + here
        return most, compared
    if isinstance(left, tuple | Array) or isinstance(right, tuple | Array):
        return None, 1
    if left is UNTOLD or right is UNTOLD:
        return Fraction(0), 0
    if left == right:
        return Fraction(0), 1
    if isinstance(left, bool) or isinstance(right, bool) or isinstance(left, float) or isinstance(right, float):
        return None, 1
    return Fraction(abs(left - right)) / max(abs(left), abs(right)), 1
