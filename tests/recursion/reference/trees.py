"""The networks of `trees.cat`, by hand: a recursive function of one tree, as Python has it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

Tree = Any      # a tuple of the number of a constructor and its parts


class ChildSum(nn.Module):
    """Tai, Socher and Manning (2015), equations 2 to 8."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.W, self.U = (nn.ModuleDict({gate: nn.Linear(width, h, bias) for gate in "ifou"})
                          for width, bias in ((m, True), (h, False)))
        self.h = h

    def forward(self, tree: Tree) -> tuple[Tensor, Tensor]:
        _, x, below = tree
        children = [self(child) for child in below]
        total = sum((h for h, _ in children), x.new_zeros(self.h))
        i, o = (torch.sigmoid(self.W[gate](x) + self.U[gate](total)) for gate in "io")
        c = i * torch.tanh(self.W["u"](x) + self.U["u"](total))
        for h, memory in children:
            c = c + torch.sigmoid(self.W["f"](x) + self.U["f"](h)) * memory
        return o * torch.tanh(c), c


class Binary(nn.Module):
    """The same authors' N-ary form with two children, data at the leaves."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.leaf, self.pair = nn.Linear(m, 3 * h), nn.Linear(2 * h, 5 * h)

    def forward(self, tree: Tree) -> tuple[Tensor, Tensor]:
        if tree[0] == 0:
            i, o, u = self.leaf(tree[1]).chunk(3)
            c = torch.sigmoid(i) * torch.tanh(u)
        else:
            (left, left_c), (right, right_c) = self(tree[1]), self(tree[2])
            i, o, u, f, g = self.pair(torch.cat((left, right))).chunk(5)
            c = torch.sigmoid(i) * torch.tanh(u) + torch.sigmoid(f) * left_c + torch.sigmoid(g) * right_c
        return torch.sigmoid(o) * torch.tanh(c), c


class Phrase(nn.Module):
    """Words, pairs and triples."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.word = nn.Embedding(7, h)
        self.weight, self.left, self.right = nn.Linear(2, h), nn.Linear(h, h, bias=False), nn.Linear(h, h, bias=False)
        self.triple = nn.Linear(3 * h, h)

    def forward(self, tree: Tree) -> Tensor:
        if tree[0] == 0:
            return self.word(torch.as_tensor(tree[1]))
        if tree[0] == 1:
            return torch.tanh(self.weight(tree[1]) + self.left(self(tree[2])) + self.right(self(tree[3])))
        return torch.sin(self.triple(torch.cat([self(child) for child in tree[1]])))


class PhraseFor(nn.Module):
    """The same for a vector from outside."""

    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.word, self.pair = nn.Embedding(7, h), nn.Linear(2, h)

    def forward(self, query: Tensor, tree: Tree) -> Tensor:
        if tree[0] == 0:
            return self.word(torch.as_tensor(tree[1]))
        if tree[0] == 1:
            return torch.tanh(query * self.pair(tree[1]) + self(query, tree[2]) - self(query, tree[3]))
        return torch.sin(query + torch.stack([self(query, child) for child in tree[1]]).amax(0))
