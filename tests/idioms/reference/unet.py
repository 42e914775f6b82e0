"""A U-Net with two levels, skips by concatenation and a sinusoidal embedding of time."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class TimeEmbedding(nn.Module):
    def __init__(self, half: int) -> None:
        super().__init__()
        self.half = half
        self.inner = nn.Linear(2 * half, 8 * half)
        self.outer = nn.Linear(8 * half, 2 * half)

    def forward(self, t: Tensor) -> Tensor:
        steps = torch.arange(self.half, dtype=t.dtype, device=t.device)
        angle = t[..., None] * torch.exp(-math.log(10000) / self.half * steps)
        return self.outer(functional.silu(self.inner(torch.cat([angle.sin(), angle.cos()], dim=-1))))


class ConvNorm(nn.Module):
    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out, 3, padding=1)
        self.norm = nn.GroupNorm(4, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        return functional.silu(self.norm(self.conv(x)))


class Block(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, time: int) -> None:
        super().__init__()
        self.before = ConvNorm(channels_in, channels_out)
        self.moment = nn.Linear(time, channels_out)
        self.after = ConvNorm(channels_out, channels_out)
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        y = self.before(x) + self.moment(time)[..., None, None]
        return self.after(y) + self.shortcut(x)


class UNet(nn.Module):
    def __init__(self, c: int, width: int, half: int, depth: int = 2) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(depth + 1)]
        time = 2 * half
        self.time = TimeEmbedding(half)
        self.stem = nn.Conv2d(c, width, 3, padding=1)
        self.down = nn.ModuleList(Block(w, w, time) for w in widths[:-1])
        self.widen = nn.ModuleList(nn.Conv2d(w, 2 * w, 3, padding=1) for w in widths[:-1])
        self.bottom = Block(widths[-1], widths[-1], time)
        self.up = nn.ModuleList(Block(3 * w, w, time) for w in widths[:-1])
        self.head = nn.Conv2d(width, c, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        time = self.time(t)
        x = self.stem(x)
        skips = []
        for down, widen in zip(self.down, self.widen, strict=True):
            x = down(x, time)
            skips.append(x)
            x = widen(functional.max_pool2d(x, 2))
        x = self.bottom(x, time)
        for up, skip in zip(reversed(self.up), reversed(skips), strict=True):
            x = up(torch.cat([skip, functional.interpolate(x, scale_factor=2, mode="nearest")], dim=1), time)
        return self.head(x)


def build(c: int, width: int, half: int, **_: int) -> nn.Module:
    return UNet(c, width, half)
