"""Losses: one number for each element of the batch."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from catlang.meaning.exact.array import Array
from catlang.meaning.exact.row import Undefined, inexact, means

if TYPE_CHECKING:
    from catlang.network.functor import Site

inexact("a logarithm is transcendental", "cross_entropy", "kl_div")


@means("mse_loss")
def mse_loss(site: Site[Array], x: Array, y: Array) -> Array:
    if not x.entries:
        raise Undefined("mse_loss", "is a mean of nothing", site.span)
    squares = [(a - b) ** 2 for a, b in zip(x.entries, y.entries, strict=True)]
    return Array((), [Fraction(sum(squares)) / len(squares)])
