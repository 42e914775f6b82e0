"""Convolution: each entry of the result (of the input where it is transposed) meets each weight of its group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.dims import floor_quotient
from catlang.meaning.cost.row import costs, entries, matrices

if TYPE_CHECKING:
    from catlang.dims import Dim
    from catlang.network.functor import Site


def _window(site: Site[Any]) -> Dim:
    return site["k"] * (site["l"] if "l" in site.operation.arguments else 1)


matrices("conv1d", "conv2d", flops=lambda site: 2 * entries(site.outputs[0]) * floor_quotient(site["c"], site["groups"])
         * _window(site))
matrices("conv_transpose1d", "conv_transpose2d", flops=lambda site: 2 * entries(site.given[0])
         * floor_quotient(site["e"], site["groups"]) * _window(site))
# A pool looks at its whole window for each entry of the result.
costs("max_pool1d", "avg_pool1d", pointwise=lambda site: entries(site.outputs[0]) * site["k"])
costs("max_pool2d", "avg_pool2d", pointwise=lambda site: entries(site.outputs[0]) * site["k"] ** 2)
costs("upsample1d", "upsample2d")
