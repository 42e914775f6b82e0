"""Laws about finitely many values: all of them are tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from catlang.diagram.diagram import wires
from catlang.laws.search import Point, Search
from catlang.laws.sides import Law
from catlang.laws.verdict import Proved, Verdict
from catlang.meaning.entries import work
from catlang.meaning.entries.work import TooLarge
from catlang.meaning.exact import Undefined
from catlang.meaning.exact.array import Array, count
from catlang.meaning.exact.row import shape_of
from catlang.network.functor import Meaningless
from catlang.objects.colour import BOOL, Finite, Object, base_of

#: So many cases are tried, with so much work.
MOST_CASES = 4096
WORK = 400_000


def values(obj: Object) -> list[Any] | None:
    """What an entry may be, where these are finitely many."""
    base = base_of(obj)
    if base is BOOL:
        return [False, True]
    if isinstance(base, Finite) and isinstance(base.size, int):
        return list(range(base.size)) if base.size <= MOST_CASES else None
    return None


def cases(objects: list[Object]) -> Iterator[list[Array]] | None:
    """All arrays of some objects; None where these are not finitely many, or too many."""
    rows: list[tuple[tuple[int, ...], list[Any]]] = []
    total = 1
    for obj in objects:
        mine = values(obj)
        if mine is None:
            return None
        try:
            shape = shape_of(obj)
        except ValueError:
            return None
        places = count(shape)
        if places > MOST_CASES or (len(mine) > 1 and places > MOST_CASES.bit_length()):
            return None
        total *= len(mine) ** places
        if total > MOST_CASES:
            return None
        rows.append((shape, mine))
    return _cases(rows)


def _cases(rows: list[tuple[tuple[int, ...], list[Any]]]) -> Iterator[list[Array]]:
    for entries in product(*(values for shape, values in rows for _ in range(count(shape)))):
        found, at = [], 0
        for shape, _ in rows:
            found.append(Array(shape, list(entries[at:at + count(shape)])))
            at += count(shape)
        yield found


def exhausted(law: Law) -> Verdict | None:
    """Proved, or Refuted, by all values of the inputs; None where these are too many, or real numbers come in."""
    if law.sizes:
        return None
    found = cases([wire.object for wire in wires(law.left.diagram.inputs)])
    if found is None:
        return None
    search = Search(law, rounded=False)
    try:
        with work.within(WORK):
            for inputs in found:
                point = Point({}, inputs, 0)
                try:
                    refuted = search.refutes(point)
                except Undefined:
                    continue
                if point.weights:
                    # There are more weights than can be tried.
                    return None
                if refuted:
                    break
            else:
                return Proved("exhaustion")
    except (Meaningless, TooLarge, RecursionError):
        return None
    return search.refuted(point)
