"""A fold over trees, all of them together, is the recursion by hand over one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import catlang

from .parity import SIZES, Table, agree, compiled, every_precision, reference

pytestmark = pytest.mark.usefixtures("dtype")


def binary_tree(size: int, data: Callable[[], Any]) -> Any:
    """A random tree of so many leaves."""
    if size == 1:
        return 0, data()
    left = int(torch.randint(1, size, ()))
    return 1, binary_tree(left, data), binary_tree(size - left, data)


def rose_tree(size: int, data: Callable[[], Any]) -> Any:
    """A random tree of so many nodes."""
    below, rest = [], size - 1
    while rest:
        below.append(int(torch.randint(1, rest + 1, ())))
        rest -= below[-1]
    return 0, data(), [rose_tree(one, data) for one in below]


def phrase_tree(depth: int) -> Any:
    kind = int(torch.randint(3, ())) if depth else 0
    if kind == 0:
        return 0, int(torch.randint(7, ()))
    if kind == 1:
        return 1, torch.randn(2), phrase_tree(depth - 1), phrase_tree(depth - 1)
    return 2, tuple(phrase_tree(depth - 1) for _ in range(3))


CHILD_SUM = {
    **{f"child_sum_0.{ours}.of_input.{kind}": f"W.{gate}.{kind}" for ours, gate in
       (("enter", "i"), ("new", "u"), ("leave", "o")) for kind in ("weight", "bias")},
    **{f"child_sum_0.{ours}.of_state.weight": f"U.{gate}.weight" for ours, gate in
       (("enter", "i"), ("new", "u"), ("leave", "o"))},
    "child_sum_0.forget_input.weight": "W.f.weight", "child_sum_0.forget_input.bias": "W.f.bias",
    "child_sum_0.forget_state.weight": "U.f.weight",
}
BINARY = {f"binary_0.{ours}.{kind}": f"{theirs}.{kind}" for kind in ("weight", "bias")
          for ours, theirs in (("gates", "pair"), ("leaf_0.gates", "leaf"))}
PHRASE = {
    "read_0.embedding_0.weight": "word.weight", "read_0.left.weight": "left.weight",
    "read_0.right.weight": "right.weight",
    **{f"read_0.{ours}.{kind}": f"{theirs}.{kind}" for kind in ("weight", "bias")
       for ours, theirs in (("pair_weight", "weight"), ("triple", "triple"))},
}


class Folded(nn.Module):
    """Takes Python's trees, so that ours and recursion are given the same tensors."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, trees: Any, *around: Tensor) -> Any:
        [constructors] = self.net.constructors.values()
        return self.net(*around, catlang.trees(trees, constructors))


def recursed(net: nn.Module) -> Callable[..., Any]:
    """A network by hand, called tree by tree; its results side by side."""
    def call(trees: Any, *around: Tensor) -> Any:
        values = [net(*(x[row] for x in around), tree) for row, tree in enumerate(trees)]
        if isinstance(values[0], Tensor):
            return torch.stack(values)
        return [torch.stack(column) for column in zip(*values, strict=True)]

    return call


@every_precision
@pytest.mark.parametrize(("name", "hand", "table", "tree"), [
    ("rose", "ChildSum", CHILD_SUM, lambda size: rose_tree(size, lambda: torch.randn(SIZES["m"]))),
    ("constituency", "Binary", BINARY, lambda size: binary_tree(size, lambda: torch.randn(SIZES["m"]))),
    ("phrase", "Phrase", PHRASE, lambda size: phrase_tree(min(size, 5))),
], ids=["child-sum", "binary", "three constructors"])
def test_trees_against_recursion(name: str, hand: str, table: Table, tree: Callable[[int], Any],
                                 dtype: torch.dtype) -> None:
    """A fold over trees, level by level and all trees together, is the recursion over one after the other."""
    ours, theirs = compiled("trees.cat", name), getattr(reference("trees"), hand)(SIZES["m"], SIZES["h"])
    values = [tree(size) for size in (1, 2, 9, 30, 17, 1)]
    agree(Folded(ours), theirs, {f"net.{address}": recipe for address, recipe in table.items()}, values,
          call=recursed(theirs))


@every_precision
def test_trees_with_something_around_them(dtype: torch.dtype) -> None:
    """What an algebra uses from outside is, at every node, that of the tree which the node is of."""
    ours, theirs = compiled("trees.cat", "phrase_for"), reference("trees").PhraseFor(SIZES["m"], SIZES["h"])
    values = [phrase_tree(depth) for depth in (0, 4, 3, 5, 0, 2)]
    table = {"net.word.weight": "word.weight", "net.pair.weight": "pair.weight", "net.pair.bias": "pair.bias"}
    agree(Folded(ours), theirs, table, values, torch.randn(6, SIZES["h"]), call=recursed(theirs))
