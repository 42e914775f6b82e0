"""Axis patterns: an entry of what comes out is one of what goes in, a product of such, or a sum of these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catlang.dims import Dim
from catlang.meaning.entries import functions as f
from catlang.meaning.entries import index
from catlang.meaning.entries.form import ONE, ZERO, Form, size, summed
from catlang.meaning.entries.index import Index, Var
from catlang.meaning.entries.most import largest
from catlang.meaning.entries.row import Entries, NoForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.diagram.diagram import Shuffle

#: A product over an axis is written out where it has at most so many places.
MOST_PLACES = 8


def moved(operation: Shuffle, sizes: Mapping[str, Dim], inputs: Sequence[Entries], at: Sequence[Var]) -> Entries:
    """What a pattern makes of its inputs; ``at`` are the indices of what comes out."""
    known: dict[str, Index] = {}
    for item, var in zip(operation.target, at, strict=True):
        names = _flat(item)
        if len(set(names)) != len(names) or not known.keys().isdisjoint(names):
            raise NoForm("a pattern with one name twice behind the arrow")
        inner = tuple(_size(name, sizes) for name in names)
        for place, name in enumerate(names):
            if isinstance(name, str):
                known[name] = index.part(index.plain(var), inner, place)
    bound: list[Var] = []
    form = ONE
    for side, x in zip(operation.sources, inputs, strict=True):
        row: list[Index] = []
        for item in side:
            parts: list[tuple[Index, Dim]] = []
            for name in _flat(item):
                if isinstance(name, int) or name not in known:
                    var = index.fresh(_size(name, sizes))
                    if var.size == 1:
                        at_name: Index = 0
                    else:
                        at_name = var
                        bound.append(var)
                    if isinstance(name, str):
                        known[name] = at_name
                else:
                    at_name = known[name]
                parts.append((at_name, _size(name, sizes)))
            row.append(index.group(parts))
        form = form * x[row]
    if operation.kind == "contract":
        return Entries(at, _sum(form, bound))
    if operation.kind == "reduce":
        return Entries(at, WAYS[operation.how or ""](form, bound))
    if bound:
        raise NoForm("a pattern that leaves an axis out")
    return Entries(at, form)


def _flat(item: Any) -> list[str | int]:
    return [name for part in item for name in _flat(part)] if isinstance(item, tuple) else [item]


def _size(name: str | int, sizes: Mapping[str, Dim]) -> Dim:
    return name if isinstance(name, int) else sizes[name]


def _sum(form: Form, bound: Sequence[Var]) -> Form:
    for var in bound:
        form = summed(var, form)
    return form


def _mean(form: Form, bound: Sequence[Var]) -> Form:
    number: Dim = 1
    for var in bound:
        number = number * var.size
    return _sum(form, bound) * f.reciprocal(size(number))


def _least(form: Form, bound: Sequence[Var]) -> Form:
    return -largest([(bound, -form)])


def _product(form: Form, bound: Sequence[Var]) -> Form:
    for var in bound:
        if not isinstance(var.size, int) or var.size > MOST_PLACES:
            raise NoForm("a product along an axis")
        made = ONE
        for place in range(var.size):
            made = made * form.put({var: place})
        form = made
    return form


def _any(form: Form, bound: Sequence[Var]) -> Form:
    # Of nothing none is true.
    return largest([(bound, form), ((), ZERO)])


def _all(form: Form, bound: Sequence[Var]) -> Form:
    return ONE - _any(ONE - form, bound)


WAYS: dict[str, Callable[[Form, Sequence[Var]], Form]] = {
    "sum": _sum, "mean": _mean, "max": lambda form, bound: largest([(bound, form)]), "min": _least, "prod": _product,
    "any": _any, "all": _all}
