"""Attention: the scores, and the values weighed by them. What a causal mask hides is counted, as PyTorch counts it.

Beside the products each score is scaled, is masked where there is a mask, and is an entry of a softmax.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.meaning.cost.row import matrices

if TYPE_CHECKING:
    from catlang.dims import Dim
    from catlang.network.functor import Site


def _products(site: Site[Any]) -> Dim:
    return 2 * site["q"] * site["s"] * (site["k"] + site["v"])


def _scores(site: Site[Any]) -> Dim:
    return site["q"] * site["s"]


matrices("attend", flops=_products, pointwise=_scores, arithmetic=lambda site: 6 * _scores(site))
matrices("masked_attend", flops=_products, pointwise=_scores, arithmetic=lambda site: 7 * _scores(site))
