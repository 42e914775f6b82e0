"""Losses go over every entry, where they do not just pick one.

The operations are those of their usual formulas: the mean of ``(x - y)^2``, say, is a difference, a square and a sum an
entry, and one division.
"""

from catlang.meaning.cost.row import costs, over_input

costs("cross_entropy", pointwise=over_input, arithmetic=lambda site: 5 * over_input(site) + 2)
costs("bce_with_logits", pointwise=over_input, arithmetic=lambda site: 9 * over_input(site) + 1)
costs("mse_loss", "l1_loss", pointwise=over_input, arithmetic=lambda site: 3 * over_input(site) + 1)
costs("huber_loss", pointwise=over_input, arithmetic=lambda site: 5 * over_input(site) + 1)
costs("kl_div", pointwise=over_input, arithmetic=lambda site: 4 * over_input(site))
costs("nll_loss")
