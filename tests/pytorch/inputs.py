"""Inputs for the networks of `networks.cat`."""

from __future__ import annotations

import torch
from torch import Tensor


def sentences(batch: int = 3, n: int = 6) -> tuple[Tensor, Tensor]:
    """What `encoder` takes; the mask shows the first token at least."""
    mask = torch.rand(batch, n) < 0.7
    mask[:, 0] = True
    return torch.randint(50, (batch, n)), mask
