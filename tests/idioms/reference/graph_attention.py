"""Two layers of graph attention on a dense graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class GraphAttention(nn.Module):
    def __init__(self, d: int, heads: int, k: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(d, heads * k, bias=False)
        self.listener = nn.Parameter(torch.randn(heads, k))
        self.speaker = nn.Parameter(torch.randn(heads, k))

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        z = self.project(x).unflatten(-1, (self.heads, -1))
        listener, speaker = (z * self.listener).sum(-1), (z * self.speaker).sum(-1)
        scores = functional.leaky_relu(listener[:, :, None] + speaker[:, None, :], 0.2)
        scores = scores.masked_fill(~edges[..., None], float("-inf"))
        return torch.einsum("bijh,bjhk->bihk", scores.softmax(dim=2), z).flatten(-2)


class Net(nn.Module):
    def __init__(self, d: int, heads: int, k: int, classes: int) -> None:
        super().__init__()
        self.first = GraphAttention(d, heads, k)
        self.second = GraphAttention(heads * k, 1, classes)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        return self.second(functional.elu(self.first(self.dropout(x), edges)), edges)


def build(d: int, h: int, k: int, classes: int, **_: int) -> nn.Module:
    return Net(d, h, k, classes)
