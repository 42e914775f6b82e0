"""Noise: whatever numbers are given for it. A zero of ``dropout`` is where its noise, uniform between 0 and 1, is below
its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.meaning.exact.row import means, rational

if TYPE_CHECKING:
    from catlang.meaning.exact.array import Array
    from catlang.network.functor import Site


@means("dropout")
def dropout(site: Site[Array], x: Array) -> Array:
    if not site.training:
        return x
    p = rational(site["p"], site)
    noise = site.noise()
    return type(x)(x.shape, [a / (1 - p) if u >= p else 0 for a, u in zip(x.entries, noise.entries, strict=True)])


@means("normal")
def normal(site: Site[Array]) -> Array:
    return site.noise()


@means("uniform")
def uniform(site: Site[Array]) -> Array:
    return site.noise()
