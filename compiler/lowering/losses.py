"""Losses: one number for each element of the batch."""

import ast
from typing import Any

from catlang.compiler.lowering.row import fill, lower, quote


def _mean(code: str) -> Any:
    """The mean of what is computed at each entry."""

    def mean(site: Any) -> ast.expr:
        return fill(quote(f"{code}.mean(dim=every)" if site.rank else code), site.values)

    return mean


lower("cross_entropy", "-F.log_softmax(x, dim=-1).gather(-1, y.unsqueeze(-1)).squeeze(-1)", align="expand")
lower("nll_loss", "-x.gather(-1, y.unsqueeze(-1)).squeeze(-1)", align="expand")
lower("bce_with_logits", _mean("F.binary_cross_entropy_with_logits(x, y, reduction='none')"), align="expand")
lower("mse_loss", _mean("(x - y).square()"))
lower("l1_loss", _mean("(x - y).abs()"))
lower("huber_loss", _mean("F.huber_loss(x, y, reduction='none', delta=delta)"), align="expand")
lower("kl_div", "(torch.xlogy(y, y) - y * x).sum(dim=-1)")
