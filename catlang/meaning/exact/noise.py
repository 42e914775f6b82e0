"""Noise: whatever numbers are given for it. ``dropout`` has a zero, and ``bernoulli`` is true, where its noise, uniform
between 0 and 1, is below the probability."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from catlang.meaning.exact.array import lifted
from catlang.meaning.exact.row import at_each, means, rational

if TYPE_CHECKING:
    from catlang.meaning.exact.array import Array
    from catlang.network.functor import Site


@means("dropout")
def dropout(site: Site[Array], x: Array) -> Array:
    if not site.training:
        return x
    p = rational(site["p"], site)
    noise = site.noise()
    return at_each(lifted(lambda a, u: Fraction(a) / (1 - p) if u >= p else 0), x, noise)


@means("normal")
def normal(site: Site[Array]) -> Array:
    return site.noise()


@means("uniform")
def uniform(site: Site[Array]) -> Array:
    return site.noise()


@means("gumbel")
def gumbel(site: Site[Array]) -> Array:
    return site.noise()


@means("bernoulli")
def bernoulli(site: Site[Array], x: Array) -> Array:
    return at_each(lifted(lambda u, p: u < p), site.noise(), x)
