"""Losses go over every entry."""

from catlang.meaning.cost.row import costs, over_input

costs("cross_entropy", "mse_loss", "kl_div", pointwise=over_input)
