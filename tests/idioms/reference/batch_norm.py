"""Batch norm on the channels of a signal, then on vectors, with another momentum."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Classifier(nn.Module):
    def __init__(self, c: int, wide: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(c, wide, 3, padding=1, bias=False)
        self.conv_norm = nn.BatchNorm1d(wide)
        self.inner = nn.Linear(wide, wide)
        self.norm = nn.BatchNorm1d(wide, momentum=0.3, eps=1e-3)
        self.outer = nn.Linear(wide, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.conv_norm(self.conv(x))).mean(dim=-1)
        return self.outer(functional.relu(self.norm(self.inner(x))))


def build(c: int, wide: int, classes: int, **_: int) -> nn.Module:
    return Classifier(c, wide, classes)
