"""Normalisation goes over every entry.

An entry is added to a mean, less the mean, squared, added to a variance, divided by a deviation, multiplied by a weight
and added to a bias; of each mean and deviation there are a few operations more. In evaluation ``batch_norm`` knows
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.meaning.cost.row import costs, over_result

if TYPE_CHECKING:
    from catlang.dims import Dim
    from catlang.network.functor import Site


def _batch(site: Site[Any]) -> Dim:
    return (7 if site.training else 4) * over_result(site) + (4 if site.training else 2) * site["c"]


costs("layer_norm", arithmetic=lambda site: 7 * over_result(site) + 4)
costs("rms_norm", arithmetic=lambda site: 4 * over_result(site) + 3)
costs("group_norm", arithmetic=lambda site: 7 * over_result(site) + 4 * site["groups"])
costs("batch_norm", arithmetic=_batch)
