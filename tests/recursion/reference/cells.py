"""The cells of `cells.cat`, by hand: each takes a state, a tuple of tensors, and an input."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Peephole(nn.Module):
    """Gers and Schmidhuber, 2000."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.x = nn.Linear(m, 4 * h)
        self.h = nn.Linear(h, 4 * h, bias=False)
        self.peep_i, self.peep_f, self.peep_o = (nn.Parameter(torch.randn(h)) for _ in range(3))

    def forward(self, state: tuple[Tensor, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        h, c = state
        i, f, g, o = (self.x(x) + self.h(h)).chunk(4, -1)
        i = torch.sigmoid(i + self.peep_i * c)
        f = torch.sigmoid(f + self.peep_f * c)
        c = f * c + i * torch.tanh(g)
        o = torch.sigmoid(o + self.peep_o * c)
        return o * torch.tanh(c), c


class Normed(nn.Module):
    """Ba et al., 2016."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.x = nn.Linear(m, 4 * h, bias=False)
        self.h = nn.Linear(h, 4 * h, bias=False)
        self.x_norm = nn.LayerNorm(4 * h)
        self.h_norm = nn.LayerNorm(4 * h)
        self.c_norm = nn.LayerNorm(h)

    def forward(self, state: tuple[Tensor, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        h, c = state
        i, f, g, o = (self.x_norm(self.x(x)) + self.h_norm(self.h(h))).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.c_norm(c)), c


class Diagonal(nn.Module):
    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.a = nn.Parameter(2 * torch.rand(h) - 1)

    def forward(self, state: tuple[Tensor], b: Tensor) -> tuple[Tensor]:
        return (self.a * state[0] + b,)


class Gated(nn.Module):
    """The coefficients are given, between -1 and 1."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()

    def forward(self, state: tuple[Tensor], x: tuple[Tensor, Tensor]) -> tuple[Tensor]:
        a, b = x
        return (a * state[0] + b,)


class Selective(nn.Module):
    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.a = nn.Linear(m, h)
        self.b = nn.Linear(m, h)

    def forward(self, state: tuple[Tensor], x: Tensor) -> tuple[Tensor]:
        return (torch.sigmoid(self.a(x)) * state[0] + self.b(x),)


class Turning(nn.Module):
    """Complex numbers, as PyTorch has them."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        a = torch.polar(torch.rand(h), 6 * torch.rand(h))
        self.re, self.im = nn.Parameter(a.real.clone()), nn.Parameter(a.imag.clone())

    def forward(self, state: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        z = torch.complex(self.re, self.im) * torch.complex(*state) + torch.complex(*b)
        return z.real, z.imag


class Dense(nn.Module):
    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.a = nn.Linear(h, h, bias=False)
        with torch.no_grad():
            # So that the states do not grow.
            self.a.weight.copy_(torch.linalg.qr(torch.randn(h, h)).Q * 0.99)

    def forward(self, state: tuple[Tensor], b: Tensor) -> tuple[Tensor]:
        return (self.a(state[0]) + b,)
