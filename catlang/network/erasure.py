"""What is left of objects, wiring and patterns once everything is an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from catlang import dims
from catlang.checker.entry import (
    DimEntry,
)
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Value
from catlang.dims import Variable
from catlang.objects.colour import (
    REAL,
    Finite,
    Nominal,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    power,
    resolve,
)
from catlang.objects.functor import Exponential, Fixed, element_of
from catlang.objects.substitution import Substitution

#: What a piece of wiring makes of its input; a copy is a wire used twice, a drop one used never.
WIRING: dict[str, Callable[[Value], Value]] = {
    "id": lambda value: value,
    "copy": lambda value: (value, value),
    "drop": lambda value: (),
    "swap": lambda value: (value[1], value[0]),  # type: ignore[index]
    "fst": lambda value: value[0],  # type: ignore[index]
    "snd": lambda value: value[1],  # type: ignore[index]
}

#: Into which summand of two a value goes.
INJECTIONS = {"inl": 0, "inr": 1}


class Padded(Variable):
    """The size to which lists are padded: no part of their object, each array of lists has its own."""

    __slots__ = ()


def carrier(obj: Object) -> Object:
    """What carries an object: of a nominal colour its carrier, of a sum its tag beside all its summands."""
    obj = resolve(obj)
    if isinstance(obj, Nominal):
        return carrier(_carried(obj))
    if isinstance(obj, Power):
        return power(carrier(obj.base), obj.axes)
    if isinstance(obj, Sum):
        return Product((Finite(len(obj.items)), *obj.items))
    return obj


def _carried(obj: Nominal) -> Object:
    substitution = Substitution()
    for entry, part in zip([*obj.declaration.generics, *obj.declaration.closed], obj.arguments, strict=True):
        if isinstance(entry, DimEntry):
            [rigid] = dims.variables(entry.value)
            substitution.dims[rigid] = part
        else:
            substitution.objects[entry.variable] = part
    return substitution.object(obj.declaration.body)


def erase(obj: Object) -> Object:
    """Nominal colours become their carriers, a sum its tag beside all its summands, a list its length beside its
    elements along an axis."""
    if (element := element_of(obj) if isinstance(obj, Fixed) else None) is not None:
        size = Padded("length", 1)
        return Product((Finite(size.poly + 1), power(erase(element), (size.poly,))))
    if isinstance(obj, Nominal):
        return erase(_carried(obj))
    if isinstance(obj, Power):
        return power(erase(obj.base), obj.axes)
    if isinstance(obj, Product):
        return Product(tuple(erase(item) for item in obj.items), obj.names)
    if isinstance(obj, Sum):
        return Product((Finite(len(obj.items)), *(erase(item) for item in obj.items)))
    return obj


def spread(operation: d.Shuffle, sizes: dict[str, Any]) -> d.Shuffle:
    """A pattern with its runs written out as the axes they turned out to be."""
    runs = {name: size for name, size in sizes.items() if isinstance(size, tuple)}
    if not runs:
        return d.Shuffle(operation.kind, operation.how, operation.sources, operation.target, sizes)
    plain = {name: size for name, size in sizes.items() if name not in runs}
    for name, axes in runs.items():
        for place, size in enumerate(axes):
            plain[f"{name}_{place}"] = size

    def row(items: Any) -> list[Any]:
        found: list[Any] = []
        for item in items:
            if isinstance(item, tuple):
                found.append(tuple(row(item)))
            elif isinstance(item, str) and item.endswith("..."):
                found += [f"{item[:-3]}_{place}" for place in range(len(runs[item[:-3]]))]
            else:
                found.append(item)
        return found

    sources = [row(side) for side in operation.sources]
    return d.Shuffle(operation.kind, operation.how, sources, row(operation.target), plain)


def inside(operation: d.Shuffle, axes: Sequence[Any]) -> d.Shuffle:
    """A pattern on one of the arrays that an element is made of: what ``axes`` it has beyond the pattern's stay."""
    [source] = operation.sources
    own = {f"inner.{place}": size for place, size in enumerate(axes[len(source):])}
    if not own:
        return operation
    return d.Shuffle(operation.kind, operation.how, [[*source, *own]], [*operation.target, *own],
                     {**operation.sizes, **own})


def grounded(obj: Object) -> Object:
    """What nothing determined is an array without axes: it can only be something that is never looked at."""
    if isinstance(obj, ObjectVariable):
        return REAL if obj.flexible else obj
    if isinstance(obj, Power):
        axes = tuple(axis for axis in obj.axes if not (isinstance(axis, Run) and axis.flexible))
        return power(grounded(obj.base), axes)
    if isinstance(obj, Product):
        return Product(tuple(grounded(item) for item in obj.items), obj.names)
    if isinstance(obj, Sum):
        return Sum(tuple(grounded(item) for item in obj.items))
    if isinstance(obj, Fixed | Exponential):
        return obj.mapped(lambda part: grounded(part) if isinstance(part, Object) else part)
    return obj
