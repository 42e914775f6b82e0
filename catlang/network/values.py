"""Values made of values: with other wires, of other objects, with an axis more or less in front."""

from __future__ import annotations

from collections.abc import Callable

from catlang.diagram.diagram import Value, Wire
from catlang.dims import Dim
from catlang.objects.colour import Object, Power, axes_of, power


def renamed(value: Value, names: dict[Wire, Wire]) -> Value:
    """A value with other wires put for some."""
    if isinstance(value, Wire):
        return names.get(value, value)
    return tuple(renamed(part, names) for part in value)


def changed(value: Value, change: Callable[[Object], Object]) -> Value:
    """New wires for a value, of other objects."""
    if isinstance(value, Wire):
        made = Wire(change(value.object), value.span)
        made.name = value.name
        return made
    return tuple(changed(part, change) for part in value)


def alike(value: Value) -> Value:
    """New wires of the objects of a value."""
    return changed(value, lambda obj: obj)


def with_front(value: Value, size: Dim) -> Value:
    """New wires with one axis more in front."""
    return changed(value, lambda obj: power(obj, (size,)))


def without_front(value: Value) -> Value:
    """New wires without the first axis."""
    def change(obj: Object) -> Object:
        assert isinstance(obj, Power)
        return power(obj.base, axes_of(obj)[1:])

    return changed(value, change)
