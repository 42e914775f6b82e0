"""What acts along the first axis of its own object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.meaning.entries import functions as f
from catlang.meaning.entries import index
from catlang.meaning.entries.call import called
from catlang.meaning.entries.form import Form, summed
from catlang.meaning.entries.indices import index_of
from catlang.meaning.entries.row import Entries, means

if TYPE_CHECKING:
    from catlang.network.functor import Site


def _total(x: Entries) -> Form:
    """The sum of the exponentials along the first axis."""
    along = index.fresh(x.indices[0].size)
    return summed(along, f.exp(x[(along,)]))


@means("softmax")
def softmax(site: Site[Entries], x: Entries) -> Entries:
    return Entries(x.indices, f.exp(x.form) * f.reciprocal(_total(x)))


@means("log_softmax")
def log_softmax(site: Site[Entries], x: Entries) -> Entries:
    return Entries(x.indices, x.form - f.log(_total(x)))


@means("logsumexp")
def logsumexp(site: Site[Entries], x: Entries) -> Entries:
    return Entries((), f.log(_total(x)))


@means("flip")
def flip(site: Site[Entries], x: Entries) -> Entries:
    first, *rest = x.indices
    return Entries(x.indices, x[(index.flipped(first, first.size), *rest)])


@means("matmul")
def matmul(site: Site[Entries], x: Entries, y: Entries) -> Entries:
    # Of its own, as both may be one array.
    row, inner, column = index.fresh(x.indices[0].size), index.fresh(x.indices[1].size), index.fresh(y.indices[1].size)
    return Entries((row, column), summed(inner, x[(row, inner)] * y[(inner, column)]))


@means("transpose")
def transpose(site: Site[Entries], x: Entries) -> Entries:
    row, column, *rest = x.indices
    return Entries((column, row, *rest), x.form)


@means("gather")
def gather(site: Site[Entries], x: Entries, at: Entries) -> Entries:
    place = index_of(at.form)
    if place is None:
        return called(site)[0]
    rest = tuple(index.fresh(var.size) for var in x.indices[1:])
    return Entries((*at.indices, *rest), x[(place, *rest)])


@means("at")
def at(site: Site[Entries], x: Entries, at: Entries) -> Entries:
    place = index_of(at.form)
    if place is None:
        return called(site)[0]
    return Entries(x.indices[1:], x[(place, *x.indices[1:])])


for name in ["cumsum", "cumprod", "argmax", "argmin", "sort", "topk", "concat", "split", "slice", "pad", "roll",
             "scatter"]:
    means(name)(lambda site, *inputs: called(site))
