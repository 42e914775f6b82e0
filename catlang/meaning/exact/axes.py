"""What acts along the first axis of its own object, and what moves entries about."""

from __future__ import annotations

from operator import add, mul
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact.array import UNTOLD, Array
from catlang.meaning.exact.convolution import PADDING
from catlang.meaning.exact.row import Undefined, inexact, means, rational

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.network.functor import Site

inexact("it is transcendental", "softmax", "log_softmax", "logsumexp")


def _falling(x: Array) -> list[int]:
    """The indices of a row from its largest entry to its least, the first of equals first."""
    return _rising(x.map(lambda entry: -entry))


def _rising(x: Array) -> list[int]:
    """The indices of a row from its least entry to its largest, the first of equals first."""
    entries = x.entries
    if all(entry is UNTOLD or isinstance(entry, float) for entry in entries):
        # Of an empty list: whatever stands at its first place is something between infinities.
        entries = [0 if entry is UNTOLD else entry for entry in entries]
    return sorted(range(x.shape[0]), key=entries.__getitem__)


def _running(x: Array, operator: Callable[[Any, Any], Any]) -> Array:
    rest, rows, total = x.shape[1:], [], None
    for row in x.along():
        total = row.entries if total is None else list(map(operator, total, row.entries))
        rows.append(Array(rest, total))
    return Array.stacked(rows, rest)


@means("cumsum")
def cumsum(site: Site[Array], x: Array) -> Array:
    return _running(x, add)


@means("cumprod")
def cumprod(site: Site[Array], x: Array) -> Array:
    return _running(x, mul)


@means("argmax")
def argmax(site: Site[Array], x: Array) -> Array:
    return Array((), [_falling(x)[0]])


@means("argmin")
def argmin(site: Site[Array], x: Array) -> Array:
    return Array((), [_rising(x)[0]])


@means("sort")
def sort(site: Site[Array], x: Array) -> tuple[Array, Array]:
    order = _rising(x)
    return Array(x.shape, [x.entries[place] for place in order]), Array(x.shape, order)


@means("topk")
def topk(site: Site[Array], x: Array) -> tuple[Array, Array]:
    best = _falling(x)[:site["k"]]
    return Array((len(best),), [x.entries[place] for place in best]), Array((len(best),), best)


@means("concat")
def concat(site: Site[Array], x: Array, y: Array) -> Array:
    return Array((x.shape[0] + y.shape[0], *x.shape[1:]), x.entries + y.entries)


@means("split")
def split(site: Site[Array], x: Array) -> tuple[Array, Array]:
    rows, first = x.along(), site["n"]
    return Array.stacked(rows[:first], x.shape[1:]), Array.stacked(rows[first:], x.shape[1:])


@means("slice")
def slice_(site: Site[Array], x: Array) -> Array:
    return Array.stacked(x.along()[site["start"]:site["stop"]], x.shape[1:])


@means("pad")
def pad(site: Site[Array], x: Array) -> Array:
    rest = x.shape[1:]
    value = rational(site["value"], site)
    rows, constant = x.along(), Array.build(rest, lambda place: value)
    find = PADDING["zeros" if site["mode"] == "constant" else site["mode"]]
    size = len(rows)
    found = [find(place, size) for place in range(-site["left"], size + site["right"])]
    if any(place is not None and not 0 <= place < size for place in found):
        raise Undefined("pad", "reaches over more than there is", site.span)
    return Array.stacked([constant if place is None else rows[place] for place in found], rest)


@means("roll")
def roll(site: Site[Array], x: Array) -> Array:
    rows = x.along()
    return Array.stacked([rows[(place - site["shift"]) % len(rows)] for place in range(len(rows))], x.shape[1:])


@means("flip")
def flip(site: Site[Array], x: Array) -> Array:
    return Array.stacked(x.along()[::-1], x.shape[1:])


@means("gather")
def gather(site: Site[Array], x: Array, index: Array) -> Array:
    rows = x.along()
    untold = Array.build(x.shape[1:], lambda place: UNTOLD)
    return Array.stacked([untold if place is UNTOLD else rows[place] for place in index.entries], x.shape[1:])


@means("at")
def at(site: Site[Array], x: Array, index: Array) -> Array:
    return x.along()[index[()]]


@means("scatter")
def scatter(site: Site[Array], x: Array, index: Array, y: Array) -> Array:
    rows = [list(row.entries) for row in x.along()]
    for place, row in zip(index.entries, y.along(), strict=True):
        rows[place] = [a + b for a, b in zip(rows[place], row.entries, strict=True)]
    return Array(x.shape, [entry for row in rows for entry in row])


@means("matmul")
def matmul(site: Site[Array], x: Array, y: Array) -> Array:
    (n, k), m = x.shape, y.shape[1]
    return Array.build((n, m), lambda place: sum(x[place[0], j] * y[j, place[1]] for j in range(k)))


@means("transpose")
def transpose(site: Site[Array], x: Array) -> Array:
    n, m, *rest = x.shape
    return Array.build((m, n, *rest), lambda place: x[(place[1], place[0], *place[2:])])
