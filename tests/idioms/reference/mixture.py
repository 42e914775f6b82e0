"""A mixture of experts: the best two of a token's experts answer, weighed by a softmax of their scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Expert(nn.Module):
    def __init__(self, d: int, hidden: int) -> None:
        super().__init__()
        self.up = nn.Linear(d, hidden)
        self.down = nn.Linear(hidden, d)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(functional.gelu(self.up(x)))


class Mixture(nn.Module):
    def __init__(self, d: int, hidden: int, experts: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(d)
        self.router = nn.Linear(d, experts, bias=False)
        self.experts = nn.ModuleList(Expert(d, hidden) for _ in range(experts))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.norm(x).reshape(-1, x.shape[-1])
        scores, chosen = self.router(tokens).topk(2, dim=-1)
        weights = scores.softmax(dim=-1)
        out = torch.zeros_like(tokens)
        for e, expert in enumerate(self.experts):
            row, place = (chosen == e).nonzero(as_tuple=True)
            out = out.index_add(0, row, weights[row, place, None] * expert(tokens[row]))
        return x + out.view_as(x)


def build(d: int, hidden: int, e: int, **_: int) -> nn.Module:
    return Mixture(d, hidden, e)
