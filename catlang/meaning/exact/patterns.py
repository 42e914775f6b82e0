"""Axis patterns: entry by entry, by what the names in them say."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact.array import UNTOLD, Array, count, places, position
from catlang.meaning.exact.row import Undefined

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.diagram.diagram import Shuffle


def moved(operation: Shuffle, sizes: dict[str, int], inputs: list[Array], shape: tuple[int, ...]) -> Array:
    """What a pattern makes of its inputs: for each place of the result everything whose names agree with it, joined."""
    sizes = dict(sizes)
    sources = [_named(side, sizes, f"{number}.") for number, side in enumerate(operation.sources)]
    target = _named(operation.target, sizes, "to.")
    names = list(dict.fromkeys(name for side in [*sources, target] for name in _flat(side)))
    found: list[list[Any]] = [[] for _ in range(count(shape))]
    for values in places(tuple(sizes[name] for name in names)):
        at = dict(zip(names, values, strict=True))
        entry: Any = 1
        if operation.kind == "contract":
            for side, x in zip(sources, inputs, strict=True):
                entry *= x[_place(side, at, sizes)]
        else:
            entry = inputs[0][_place(sources[0], at, sizes)]
        found[position(shape, _place(target, at, sizes))].append(entry)
    join = WAYS[operation.how or ""] if operation.kind == "reduce" else sum if operation.kind == "contract" else _only
    return Array(shape, [UNTOLD if any(entry is UNTOLD for entry in entries) else join(entries) for entries in found])


def _only(entries: list[Any]) -> Any:
    [entry] = entries
    return entry


def _mean(entries: list[Any]) -> Any:
    if not entries:
        raise Undefined("mean", "is of nothing", None)
    return Fraction(sum(entries)) / len(entries)


def _product(entries: list[Any]) -> Any:
    total: Any = 1
    for entry in entries:
        total *= entry
    return total


WAYS: dict[str, Callable[[list[Any]], Any]] = {
    "sum": sum, "mean": _mean, "max": max, "min": min, "prod": _product, "any": any, "all": all}


def _named(side: Any, sizes: dict[str, int], prefix: str) -> Any:
    """A side whose numbers have names of their own."""
    found: list[Any] = []
    for place, item in enumerate(side):
        if isinstance(item, tuple):
            found.append(tuple(_named(item, sizes, f"{prefix}{place}.")))
        elif isinstance(item, int):
            name = f"{prefix}{place}"
            sizes[name] = item
            found.append(name)
        else:
            found.append(item)
    return found


def _flat(side: Any) -> list[str]:
    return [name for item in side for name in (_flat(item) if isinstance(item, tuple) else [item])]


def _place(side: Any, at: dict[str, int], sizes: dict[str, int]) -> tuple[int, ...]:
    """The place on a side at these values of the names; in a group the last varies fastest."""
    found: list[int] = []
    for item in side:
        if isinstance(item, tuple):
            names = _flat(item)
            found.append(position(tuple(sizes[name] for name in names), tuple(at[name] for name in names)))
        else:
            found.append(at[item])
    return tuple(found)
