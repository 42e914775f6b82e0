"""A feed-forward layer with frozen weights and low-rank adapters."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class LoRA(nn.Module):
    def __init__(self, m: int, n: int, rank: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(n, m) / m**0.5, requires_grad=False)
        # Training starts with one of them at zero; they are compared where both matter.
        self.U = nn.Parameter(torch.randn(n, rank))
        self.V = nn.Parameter(torch.randn(rank, m))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight) + functional.linear(functional.linear(x, self.V), self.U)


def build(d: int, hidden: int, r: int) -> nn.Module:
    return nn.Sequential(LoRA(d, hidden, r), nn.GELU(), LoRA(hidden, d, r))
