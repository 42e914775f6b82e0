"""Two inputs through one encoder, and the distance of its answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Siamese(nn.Module):
    def __init__(self, d: int, hidden: int, code: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(d, hidden), nn.Tanh(), nn.Dropout(0.2), nn.Linear(hidden, code)
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        a, b = self.encoder(x), self.encoder(y)
        return ((a - b).pow(2).sum(dim=-1) + 1e-6).sqrt()


class Contrastive(nn.Module):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor, y: Tensor, same: Tensor) -> Tensor:
        far = self.net(x, y)
        return torch.where(same, far.pow(2), (1 - far).clamp(min=0).pow(2))


def build(d: int, hidden: int, code: int) -> nn.Module:
    return Siamese(d, hidden, code)


def build_loss(**sizes: int) -> nn.Module:
    return Contrastive(build(**sizes))
