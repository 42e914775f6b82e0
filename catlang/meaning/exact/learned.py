"""Learned maps: what they compute of their inputs and their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.meaning.exact.array import Array
from catlang.meaning.exact.row import means

if TYPE_CHECKING:
    from catlang.network.functor import Site


@means("linear")
def linear(site: Site[Array], x: Array) -> Array:
    weight = site.weight("weight")
    n, m = weight.shape
    return Array((n,), [sum(weight[i, j] * x[j] for j in range(m)) for i in range(n)])


@means("affine")
def affine(site: Site[Array], x: Array) -> Array:
    bias = site.weight("bias")
    return Array(bias.shape, [a + b for a, b in zip(linear(site, x).entries, bias.entries, strict=True)])


@means("embedding")
def embedding(site: Site[Array], x: Array) -> Array:
    return site.weight("weight").along()[x[()]]


@means("bilinear")
def bilinear(site: Site[Array], x: Array, y: Array) -> Array:
    weight, bias = site.weight("weight"), site.weight("bias")
    n, l, m = weight.shape  # noqa: E741 - the names of the signature
    return Array((n,), [bias[i] + sum(x[a] * weight[i, a, b] * y[b] for a in range(l) for b in range(m))
                        for i in range(n)])


@means("parameter")
def parameter(site: Site[Array]) -> Array:
    return site.weight("weight")
