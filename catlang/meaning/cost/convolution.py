"""Convolution: each entry of the result (of the input where it is transposed) meets each weight of its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.dims import floor_quotient
from catlang.meaning.cost.row import costs, entries, matrices, over_result

if TYPE_CHECKING:
    from catlang.dims import Dim
    from catlang.network.functor import Site


def _window(site: Site[Any]) -> Dim:
    return site["k"] * (site["l"] if "l" in site.operation.arguments else 1)


def _bias(site: Site[Any]) -> Dim:
    return 0 if site["bias"] is False else entries(site.outputs[0])


def _pooled(site: Site[Any]) -> Dim:
    """A pool looks at its whole window for each entry of the result."""
    return entries(site.outputs[0]) * site["k"] ** (2 if "w" in site.operation.arguments else 1)


def _between(site: Site[Any]) -> Dim:
    """An entry between two others is their weighted sum, one between four that of four."""
    mode = site["mode"]
    return over_result(site) * (3 if mode == "linear" else 7 if mode == "bilinear" else 0)


matrices("conv1d", "conv2d", flops=lambda site: 2 * entries(site.outputs[0]) * floor_quotient(site["c"], site["groups"])
         * _window(site), arithmetic=_bias)
matrices("conv_transpose1d", "conv_transpose2d", flops=lambda site: 2 * entries(site.given[0])
         * floor_quotient(site["e"], site["groups"]) * _window(site), arithmetic=_bias)
costs("max_pool1d", "max_pool2d", pointwise=_pooled)
costs("avg_pool1d", "avg_pool2d", pointwise=_pooled, arithmetic=lambda site: _pooled(site) + over_result(site))
costs("upsample1d", "upsample2d", arithmetic=_between)
