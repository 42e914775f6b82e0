"""Losses go over every entry, where they do not just pick one."""

from catlang.meaning.cost.row import costs, over_input

costs("cross_entropy", "bce_with_logits", "mse_loss", "l1_loss", "huber_loss", "kl_div", pointwise=over_input)
costs("nll_loss")
