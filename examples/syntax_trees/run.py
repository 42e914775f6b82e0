"""Learns to tell whether control can run past the end of a block of Python, from the block's syntax tree.

    python examples/syntax_trees/run.py

Two networks of `flow.cat` learn the same: one folds the trees, the other has the same tokens in a bag.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import corpus
import torch
from torch import Tensor, nn

import catlang

HERE = Path(__file__).parent
BATCH, RATE = 32, 3e-3

Example = tuple[Any, int]


def tokens(tree: Any) -> list[int]:
    """The labels of a tree's nodes."""
    found, waiting = [], [tree]
    while waiting:
        _, label, children = waiting.pop()
        found.append(label)
        waiting += children
    return found


def folded(shape: Any, trees: list[Any]) -> catlang.Trees:
    """Trees as the fold takes them."""
    return catlang.trees(trees, shape)


def bagged(trees: list[Any]) -> catlang.Lists:
    """Their tokens alone."""
    return catlang.lists([tokens(tree) for tree in trees])


def batches(examples: list[Example], encode: Callable[[list[Any]], Any], size: int) -> list[tuple[Any, Tensor]]:
    groups = [examples[start:start + size] for start in range(0, len(examples), size)]
    return [(encode([tree for tree, _ in group]), torch.tensor([answer for _, answer in group])) for group in groups]


def trained(net: nn.Module, given: list[tuple[Any, Tensor]], epochs: int, seed: int) -> nn.Module:
    """The network after so many epochs."""
    chance = random.Random(seed)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * len(given))
    for _ in range(epochs):
        chance.shuffle(given)
        for x, answer in given:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), answer).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return net.eval()


@torch.no_grad()
def accuracy(net: nn.Module, given: list[tuple[Any, Tensor]]) -> float:
    right = sum(int((net(x).argmax(-1) == answer).sum()) for x, answer in given)
    return right / sum(len(answer) for _, answer in given)


def results(seed: int = 0, epochs: int = 8) -> dict[str, tuple[float, int, float]]:
    """Of each network how often it is right about modules that it has not seen, its weights, and its seconds."""
    # The products of a level are small: more threads would mostly wait for each other.
    torch.set_num_threads(1)
    data = corpus.corpus()
    labels = len(data.vocabulary)
    examples = list(data.training)
    random.Random(seed).shuffle(examples)
    found = {}
    for name, times in (("passes", epochs), ("bag", 3 * epochs)):
        torch.manual_seed(seed)
        start = time.perf_counter()
        net = catlang.compile(HERE / "flow.cat", name, labels=labels)
        encode = partial(folded, net.constructors["x"]) if name == "passes" else bagged
        net = trained(net, batches(examples, encode, BATCH), times, seed)
        right = accuracy(net, batches(list(data.test), encode, 256))
        weights = sum(weight.numel() for weight in net.parameters())
        found[name] = (right, weights, time.perf_counter() - start)
    return found


def main() -> None:
    for name, (right, weights, seconds) in results().items():
        called = "folded trees" if name == "passes" else "a bag of tokens"
        print(f"{called}: right on {right:.1%} of blocks of modules not seen, {weights:,} weights, {seconds:.0f} s")


if __name__ == "__main__":
    main()
