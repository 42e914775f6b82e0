"""Noise is drawn entry by entry; in evaluation ``dropout`` does nothing."""

from catlang.meaning.cost.row import costs, over_result

costs("dropout", pointwise=lambda site: over_result(site) if site.training else 0, view=lambda site: not site.training)
costs("normal", "uniform", "gumbel", "bernoulli")
