"""Causal grouped-query attention with rotary positions and a cache of keys and values."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

Cache = tuple[Tensor, Tensor]


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Rotary positions of `(batch, tokens, heads, width)`, its halves being the coordinates."""
    half = x.shape[-1] // 2
    frequency = 10000 ** (-torch.arange(half, dtype=x.dtype, device=x.device) / half)
    angle = (positions.to(x.dtype)[:, None] * frequency)[:, None, :]
    first, second = x.chunk(2, dim=-1)
    return torch.cat(
        [first * angle.cos() - second * angle.sin(), second * angle.cos() + first * angle.sin()], dim=-1
    )


class GroupedAttention(nn.Module):
    def __init__(self, d: int, groups: int, heads: int, width: int) -> None:
        super().__init__()
        self.groups, self.heads, self.width = groups, heads, width
        self.q_proj = nn.Linear(d, heads * width, bias=False)
        self.k_proj = nn.Linear(d, groups * width, bias=False)
        self.v_proj = nn.Linear(d, groups * width, bias=False)
        self.o_proj = nn.Linear(heads * width, d, bias=False)

    def forward(self, cache: Cache, x: Tensor) -> tuple[Cache, Tensor]:
        old_keys, old_values = cache
        past, new = old_keys.shape[1], x.shape[1]
        positions = torch.arange(past, past + new, device=x.device)
        q = rotate(self.q_proj(x).unflatten(-1, (self.heads, self.width)), positions)
        k = rotate(self.k_proj(x).unflatten(-1, (self.groups, self.width)), positions)
        v = self.v_proj(x).unflatten(-1, (self.groups, self.width))
        keys, values = torch.cat([old_keys, k], dim=1), torch.cat([old_values, v], dim=1)
        seen = torch.arange(past + new, device=x.device) <= positions[:, None]
        y = functional.scaled_dot_product_attention(
            q.transpose(1, 2), keys.transpose(1, 2), values.transpose(1, 2), seen, enable_gqa=True
        )
        return (keys, values), self.o_proj(y.transpose(1, 2).flatten(-2))


def build(d: int, g: int, r: int, half: int, **_: int) -> nn.Module:
    return GroupedAttention(d, g, g * r, 2 * half)
