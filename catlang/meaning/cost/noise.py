"""Noise is drawn entry by entry; in evaluation ``dropout`` does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.meaning.cost.row import costs, over_result

if TYPE_CHECKING:
    from catlang.dims import Dim
    from catlang.network.functor import Site


def _dropped(site: Site[Any]) -> Dim:
    return over_result(site) if site.training else 0


# A number is drawn, compared, and what is kept is scaled.
costs("dropout", pointwise=_dropped, arithmetic=lambda site: 3 * _dropped(site), view=lambda site: not site.training)
costs("normal", "uniform", "gumbel")
costs("bernoulli", arithmetic=lambda site: 2 * over_result(site))
