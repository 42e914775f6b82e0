"""Normalisation. Group and batch norm take exactly one batch axis in front."""

import ast
from typing import Any

from catlang.compiler.lowering.row import fill, lower, quote


def _batch_norm(site: Any) -> ast.expr:
    kind = {1: "nn.BatchNorm1d", 2: "nn.BatchNorm1d", 3: "nn.BatchNorm2d", 4: "nn.BatchNorm3d"}[site.rank]
    return fill(quote(f"{kind}(c, eps=eps, momentum=momentum)"), site.values)


lower("layer_norm", "module(x)", module="nn.LayerNorm(s, eps=eps)", functional="F.layer_norm(x, s, weight, bias, eps)")
lower("rms_norm", "module(x)", module="nn.RMSNorm(s, eps=eps)", functional="F.rms_norm(x, s, weight, eps)")
lower("group_norm", "over_batch(module, x, rank)", module="nn.GroupNorm(groups, c, eps=eps)")
lower("batch_norm", "over_batch(module, x, rank)", module=_batch_norm)
