"""The networks of `values.cat`, values for each of them, and how results and gradients are compared."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

import catlang
from catlang import Lists

SPEC = Path(__file__).parent / "values.cat"
H, V = 4, 5
TOLERANCE = 1e-9

# From lists of words, and from lists of letters.
OF_WORDS = ("folded", "folded_left", "suffixes", "prefixes", "ran", "decaying", "squared", "mapped", "wired", "long",
            "averaged", "largest_of", "gram", "smoothed", "scored", "attended", "read_causally", "pooled")
OF_LETTERS = ("spelled", "spelled_in_order")
OF_TREES = ("chained", "rose", "rose_of_words", "phrase")
UNFOLDED = ("countdown", "factorial", "grown", "grown_and_gathered")


@cache
def once(name: str) -> nn.Module:
    return catlang.compile(SPEC, name, h=H, v=V)


def compiled(name: str) -> nn.Module:
    return copy.deepcopy(once(name)).double()


def word() -> Tensor:
    return torch.randn(3)


def letter() -> int:
    return int(torch.randint(V, ()))


def rose(depth: int, data: Callable[[], Any] = letter) -> Any:
    return 0, data(), [rose(depth - 1, data) for _ in range(int(torch.randint(4, ())))] if depth else []


def phrase(depth: int) -> Any:
    kind = int(torch.randint(3, ())) if depth else 0
    if kind == 0:
        return 0, letter()
    if kind == 1:
        return 1, torch.randn(2), phrase(depth - 1), phrase(depth - 1)
    return 2, tuple(phrase(depth - 1) for _ in range(3))


def chain(words: Tensor) -> Any:
    """The first word is the innermost."""
    tree: Any = (0, words[0])
    for one in words[1:]:
        tree = (1, one, tree)
    return tree


TREES: dict[str, Callable[[], list[Any]]] = {
    "chained": lambda: [chain(torch.randn(length, 3)) for length in (1, 4, 2, 7)],
    "rose": lambda: [rose(depth) for depth in (0, 3, 1, 4)],
    "rose_of_words": lambda: [rose(depth, word) for depth in (0, 3, 1, 4)],
    "phrase": lambda: [(1, torch.randn(2), (0, 1), (0, 2)), *(phrase(depth) for depth in (4, 0, 3))],
}


def constructors(net: nn.Module) -> Any:
    [found] = net.constructors.values()
    return found


def words_of(*lengths: int) -> Lists:
    return Lists(torch.randn(len(lengths), max(lengths), 3), torch.tensor(lengths))


def sample(name: str) -> tuple[Any, ...]:
    """Inputs for a network: a batch of four."""
    if name in OF_WORDS:
        xs = words_of(3, 6, 0, 1)
        return (torch.randn(4, H), xs) if name == "ran" else (xs,)
    if name in OF_LETTERS:
        return (catlang.lists([[letter() for _ in range(length)] for length in (3, 6, 0, 1)]),)
    if name in TREES:
        return (catlang.trees(TREES[name](), constructors(compiled(name))),)
    if name == "two":
        return (*sample("spelled"), *sample("rose"))
    return (torch.tensor([0.0, 3.0, 1.0, 11.0]) if name in ("countdown", "factorial") else torch.randn(4, H),)


def entries(value: Any) -> list[Tensor]:
    """The tensors of a value; of lists what they hold, and not what stands behind their ends."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple):
        return [one for part in value for one in entries(part)]
    if not hasattr(value, "lengths"):
        return pytree.tree_leaves(value)
    inner = value.data if isinstance(value.data, tuple) else (value.data,)
    there = torch.arange(inner[0].shape[value.lengths.dim()]) < value.lengths[..., None]
    return [value.lengths, *(x[there] for x in inner)]


def same(one: Any, other: Any, what: str = "outputs") -> None:
    for x, y in zip(entries(one), entries(other), strict=True):
        torch.testing.assert_close(x, y, rtol=TOLERANCE, atol=TOLERANCE, msg=lambda text: f"{what}: {text}")


def gradients(net: nn.Module, inputs: tuple[Any, ...], rows: Any = ...) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Those of all data and weights, of a function of the outputs of some of the batch."""
    inputs = pytree.tree_map(lambda x: x.clone().requires_grad_(x.is_floating_point()), inputs)
    leaves = [x for x in pytree.tree_leaves(inputs) if x.requires_grad]
    outputs = net(*inputs)
    chosen = [x for part in (outputs if isinstance(outputs, tuple) else (outputs,))
              for x in entries(part if rows is ... else part[rows]) if x.requires_grad]
    if not chosen:
        return [torch.zeros_like(x) for x in leaves], {name: torch.zeros_like(x) for name, x in net.named_parameters()}
    total = sum(((x * (1 + torch.arange(x.numel()).reshape(x.shape) / 7)).sin()).sum() for x in chosen)
    found = torch.autograd.grad(total, [*leaves, *net.parameters()], allow_unused=True, materialize_grads=True)
    return list(found[:len(leaves)]), dict(zip(dict(net.named_parameters()), found[len(leaves):], strict=True))


def part(value: Any, rows: slice) -> Any:
    return tuple(part(one, rows) for one in value) if isinstance(value, tuple) else value[rows]
