"""Learned maps: weights are entries of which nothing is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.meaning.entries import index
from catlang.meaning.entries.call import called
from catlang.meaning.entries.form import summed
from catlang.meaning.entries.indices import index_of
from catlang.meaning.entries.row import Entries, means

if TYPE_CHECKING:
    from catlang.network.functor import Site


@means("linear")
def linear(site: Site[Entries], x: Entries) -> Entries:
    weight = site.weight("weight")
    row, column = weight.indices
    return Entries((row,), summed(column, weight.form * x[(column,)]))


@means("affine")
def affine(site: Site[Entries], x: Entries) -> Entries:
    made, bias = linear(site, x), site.weight("bias")
    return Entries(made.indices, made.form + bias[made.indices])


@means("embedding")
def embedding(site: Site[Entries], x: Entries) -> Entries:
    place = index_of(x.form)
    if place is None:
        return called(site)[0]
    weight = site.weight("weight")
    column = index.fresh(weight.indices[1].size)
    return Entries((column,), weight[(place, column)])


@means("bilinear")
def bilinear(site: Site[Entries], x: Entries, y: Entries) -> Entries:
    weight, bias = site.weight("weight"), site.weight("bias")
    row, left, right = weight.indices
    return Entries((row,), summed(left, summed(right, weight.form * x[(left,)] * y[(right,)])) + bias[(row,)])


@means("parameter")
def parameter(site: Site[Entries]) -> Entries:
    return site.weight("weight")
