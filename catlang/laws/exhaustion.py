"""Laws about finitely many values: all of them are tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from catlang.diagram.diagram import FrozenWeight, Use, WeightOf, everything, wires
from catlang.laws.search import Point, Search, Unevaluated
from catlang.laws.sides import Law
from catlang.laws.verdict import Proved, Verdict
from catlang.meaning.entries import work
from catlang.meaning.entries.work import TooLarge
from catlang.meaning.exact import Undefined
from catlang.meaning.exact.array import Array, count
from catlang.meaning.exact.row import shape_of
from catlang.network.functor import Meaningless
from catlang.network.network import Network, Sub
from catlang.objects.colour import BOOL, Finite, Object, base_of

#: So many cases are tried, with so much work; the first ones tell whether that will be enough.
MOST_CASES = 4096
WORK = 250_000
FIRST = 16


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
    found = _counted(objects)
    return None if found is None else _cases(found[1])


def _counted(objects: list[Object]) -> tuple[int, list[tuple[tuple[int, ...], list[Any]]]] | None:
    """How many there are, and of each its shape and what its entries may be."""
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
    return total, rows


def _cases(rows: list[tuple[tuple[int, ...], list[Any]]]) -> Iterator[list[Array]]:
    for entries in product(*(values for shape, values in rows for _ in range(count(shape)))):
        found, at = [], 0
        for shape, _ in rows:
            found.append(Array(shape, list(entries[at:at + count(shape)])))
            at += count(shape)
        yield found


def weighted(network: Network) -> bool:
    """Whether there are weights, learned or frozen, or a state in a network: of these there is no end."""
    waiting, seen = [network], {network}
    while waiting:
        one = waiting.pop()
        if one.frozen:
            return True
        for _, box in (found for body in one.bodies for found in everything(body)):
            operation = box.operation
            if isinstance(operation, FrozenWeight | WeightOf) or isinstance(operation, Use) and (
                    operation.definition.weights or operation.definition.stateful):
                return True
            if isinstance(operation, Sub) and operation.network not in seen:
                # However often a network is used, it is looked at once.
                seen.add(operation.network)
                waiting.append(operation.network)
    return False


def exhausted(law: Law) -> Verdict | None:
    """Proved, or Refuted, by all values of the inputs; None where these are too many, where real numbers or weights
    come in, or where the sides have no value at any of them."""
    if law.sizes or weighted(law.left) or weighted(law.right):
        return None
    found = _counted([wire.object for wire in wires(law.left.diagram.inputs)])
    if found is None:
        return None
    total, rows = found
    search, compared = Search(law, rounded=False), 0
    try:
        with work.within(WORK) as left:
            for number, inputs in enumerate(_cases(rows)):
                if number == FIRST and (WORK - left.left) * total > WORK * FIRST:
                    return None
                point = Point({}, inputs, 0)
                try:
                    refuted = search.refutes(point)
                except Unevaluated:
                    return None
                except Undefined:
                    refuted = False
                else:
                    compared += search.compared
                if point.weights:
                    return None
                if refuted:
                    break
            else:
                return Proved("exhaustion") if compared else None
    except (Meaningless, TooLarge, RecursionError):
        return None
    return search.refuted(point)
