"""Modules as a team has them already: what the specs beside this file name as externs."""

import torch
from torch import nn


class Encoder(nn.Module):
    def __init__(self, width=16, dropout=0.0):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(width, 2, 32, dropout, batch_first=True)

    def forward(self, x):
        return self.layer(x)


class Masked(nn.Module):
    def __init__(self, width, depth, eps=1e-5, scaled=True):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.norm = nn.LayerNorm(width, eps=eps)
        self.scaled = scaled

    def forward(self, x, *, mask):
        for layer in self.layers:
            x = x + layer(x)
        x = self.norm(x) * mask[..., None]
        return x / x.shape[-1] ** 0.5 if self.scaled else x


class Search(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.k = k

    def forward(self, x):
        values, places = x.topk(self.k)
        return {"scores": values, "places": places, "more": x}


class Pair(nn.Module):
    def forward(self, pair, scale):
        left, right = pair
        return right, (left * scale[:, None], left > 0)


class EvenOnly(nn.Module):
    def forward(self, x):
        if x.shape[1] % 2:
            raise ValueError("an even length is needed")
        return x


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(40, 8))

    def forward(self, x):
        return x + self.table[:x.shape[1]]


class LongOnly(nn.Module):
    """Right for all lengths that a glance would try."""

    def forward(self, x):
        return x[:, :29] if x.shape[1] > 29 else x


class DataDependent(nn.Module):
    def forward(self, x):
        return x * 2 if x.sum() > 0 else x


class Twice(nn.Module):
    def forward(self, x):
        return torch.cat([x, x], -1)


class Counter(nn.Module):
    def forward(self, x):
        return x.argmax(-1) + 1


class Doubles(nn.Module):
    def forward(self, x):
        return x > 0


class Several(nn.Module):
    def forward(self, x):
        return x, x


class Noisy(nn.Module):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5, self.training)


class Cell(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix = nn.Linear(2 * width, width)

    def forward(self, state, word):
        return torch.tanh(self.mix(torch.cat([state, word], -1)))


class Broken(nn.Module):
    def __init__(self, width):
        raise RuntimeError(f"no weights for {width}\nand more")


def narrow(width):
    return nn.Linear(width, width // 2)


def number():
    return 3


made = nn.Linear(4, 2)
