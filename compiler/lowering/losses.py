"""Losses: one number for each element of the batch."""

import ast
from typing import Any

from catlang.compiler.lowering.row import fill, lower, quote


def _mse(site: Any) -> ast.expr:
    rank = site.rank
    if rank == 0:
        return fill(quote("(x - y).square()"), site.values)
    return fill(quote("(x - y).square().mean(dim=every)"), site.values)


lower("cross_entropy", "-F.log_softmax(x, dim=-1).gather(-1, y.unsqueeze(-1)).squeeze(-1)", align="expand")
lower("mse_loss", _mse)
lower("kl_div", "(torch.xlogy(y, y) - y * x).sum(dim=-1)")
