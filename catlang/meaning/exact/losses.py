"""Losses: one number for each element of the batch."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact.array import Array
from catlang.meaning.exact.row import Undefined, inexact, means, rational

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.network.functor import Site

inexact("a logarithm is transcendental", "cross_entropy", "bce_with_logits", "kl_div")


def _mean(site: Site[Array], x: Array, y: Array, loss: Callable[[Any], Any]) -> Array:
    """The mean of what is lost by the distance at each entry."""
    if not x.entries:
        raise Undefined(site.name, "is a mean of nothing", site.span)
    lost = [loss(abs(a - b)) for a, b in zip(x.entries, y.entries, strict=True)]
    return Array((), [Fraction(sum(lost)) / len(lost)])


@means("nll_loss")
def nll_loss(site: Site[Array], x: Array, y: Array) -> Array:
    return Array((), [-x[y[()]]])


@means("mse_loss")
def mse_loss(site: Site[Array], x: Array, y: Array) -> Array:
    return _mean(site, x, y, lambda distance: distance**2)


@means("l1_loss")
def l1_loss(site: Site[Array], x: Array, y: Array) -> Array:
    return _mean(site, x, y, lambda distance: distance)


@means("huber_loss")
def huber_loss(site: Site[Array], x: Array, y: Array) -> Array:
    delta = rational(site["delta"], site)
    half = Fraction(1, 2)
    return _mean(site, x, y, lambda far: half * far**2 if far <= delta else delta * (far - half * delta))
