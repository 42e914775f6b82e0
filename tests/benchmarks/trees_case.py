"""Tree-LSTMs on batches of random trees, forward and backward: against recursion, tree by tree, in PyTorch.

Laid out means that the trees are already what a network takes; else making that of Python's tuples is part of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from harness import Effort, Row, compare
from networks import agree, compiled, step
from torch import Tensor, nn

import catlang

TARGET = 0.1
WORDS = 100
SPEC = f"""\
dim m, h
object Memory = R[h] * R[h]
endofunctor Binary[A](X) = A + X * X
endofunctor Rose[A](X) = A * List(X)

morphism leaf : Fin[{WORDS}] -> Memory
    = word |->
        let (i, (o, u)) = (embedding[_, m] as words >> affine[_, 3*h] as gates >> split[h, 2*h] >> id * split)(word),
            memory      = mul(sigmoid(i), tanh(u))
        in (mul(sigmoid(o), tanh(memory)), memory)
algebra pair : Binary[Fin[{WORDS}]](Memory) -> Memory
    = [leaf as leaf, ((left, left_memory), (right, right_memory)) |->
        let gates              = (concat >> affine[_, 5*h] as gates)(left, right),
            (iou, fg)          = split[3*h, 2*h](gates),
            ((i, (o, u)), (f, g)) = ((split[h, 2*h] >> id * split)(iou), split(fg)),
            kept               = add(mul(sigmoid(f), left_memory), mul(sigmoid(g), right_memory)),
            memory             = add(mul(sigmoid(i), tanh(u)), kept)
        in (mul(sigmoid(o), tanh(memory)), memory)]
morphism binary : mu Binary[Fin[{WORDS}]] -> R[h] = fold(pair) >> fst

morphism total[n] : R[n, h] -> R[h] = reduce(sum, n h -> h)
algebra node : Rose[Fin[{WORDS}]](Memory) -> Memory
    = (word, below) |->
        let x           = embedding[_, m] as words(word),
            of_x        = affine[_, h] as forget_x(x),
            iou         = add(affine[_, 3*h] as x(x), linear as h(total(map(fst)(below)))),
            (i, (o, u)) = (split[h, 2*h] >> id * split)(iou),
            kept        = map((state, memory) |-> mul(sigmoid(add(of_x, linear as forget_h(state))), memory))(below),
            memory      = add(mul(sigmoid(i), tanh(u)), total(kept))
        in (mul(sigmoid(o), tanh(memory)), memory)
morphism child_sum : mu Rose[Fin[{WORDS}]] -> R[h] = fold(node) >> fst
"""
#: Where ours have the weights of those by hand.
BINARY = {"pair_0.leaf.words.weight": "words.weight", **{
    f"pair_0.{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in (("leaf.gates", "leaf"), ("gates", "pair"))
    for kind in ("weight", "bias")}}
CHILD_SUM = {f"node_0.{name}.weight": f"{name}.weight" for name in ("words", "h", "forget_h", "x", "forget_x")} | {
    f"node_0.{name}.bias": f"{name}.bias" for name in ("x", "forget_x")}
Tree = Any      # a tuple of the number of a constructor and its parts


# ------------------------------------------------------------------ by hand


class Binary(nn.Module):
    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, m)
        self.leaf, self.pair = nn.Linear(m, 3 * h), nn.Linear(2 * h, 5 * h)

    def recur(self, tree: Tree, words: Tensor) -> tuple[Tensor, Tensor]:
        if tree[0] == 0:
            i, o, u = self.leaf(self.words(words[tree[1]])).chunk(3)
            c = torch.sigmoid(i) * torch.tanh(u)
        else:
            (left, left_c), (right, right_c) = self.recur(tree[1], words), self.recur(tree[2], words)
            i, o, u, f, g = self.pair(torch.cat((left, right))).chunk(5)
            c = torch.sigmoid(i) * torch.tanh(u) + torch.sigmoid(f) * left_c + torch.sigmoid(g) * right_c
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(self, trees: list[Tree]) -> Tensor:
        words = torch.arange(WORDS)
        return torch.stack([self.recur(tree, words)[0] for tree in trees])


class ChildSum(nn.Module):
    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.words = nn.Embedding(WORDS, m)
        self.x, self.h = nn.Linear(m, 3 * h), nn.Linear(h, 3 * h, bias=False)
        self.forget_x, self.forget_h = nn.Linear(m, h), nn.Linear(h, h, bias=False)

    def recur(self, tree: Tree, words: Tensor) -> tuple[Tensor, Tensor]:
        x = self.words(words[tree[1]])
        gates = self.x(x)
        if not tree[2]:
            i, o, u = gates.chunk(3)
            c = torch.sigmoid(i) * torch.tanh(u)
        else:
            # The children of one node side by side: what one would write, and as much faster.
            states, memories = map(torch.stack, zip(*(self.recur(child, words) for child in tree[2]), strict=True))
            i, o, u = (gates + self.h(states.sum(0))).chunk(3)
            kept = torch.sigmoid(self.forget_x(x) + self.forget_h(states)) * memories
            c = torch.sigmoid(i) * torch.tanh(u) + kept.sum(0)
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(self, trees: list[Tree]) -> Tensor:
        words = torch.arange(WORDS)
        return torch.stack([self.recur(tree, words)[0] for tree in trees])


# ------------------------------------------------------------------ trees


def word() -> int:
    return int(torch.randint(WORDS, ()))


def binary_tree(nodes: int) -> Tree:
    """A random tree of so many nodes, an odd number."""
    if nodes == 1:
        return 0, word()
    left = 2 * int(torch.randint((nodes - 1) // 2, ())) + 1
    return 1, binary_tree(left), binary_tree(nodes - 1 - left)


def rose_tree(nodes: int) -> Tree:
    below, rest = [], nodes - 1
    while rest:
        below.append(int(torch.randint(1, rest + 1, ())))
        rest -= below[-1]
    return 0, word(), [rose_tree(one) for one in below]


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    m, h = (3, 4) if effort.tiny else (64, 64)
    sizes = torch.randint(1, 6, (3,)) if effort.tiny else torch.randint(20, 201, (64,))
    found: list[Row] = []

    def case(name: str, hand: Any, table: dict[str, str], grow: Callable[[int], Tree]) -> None:
        net, peer = compiled(SPEC, name, m=m, h=h), hand(m, h)
        values = [grow(size) for size in sizes.tolist()]
        [constructors] = net.constructors.values()
        laid_out = catlang.trees(values, constructors)

        def given(network: nn.Module, _: Any) -> Any:
            return network(laid_out)

        def made(network: nn.Module, values: Any) -> Any:
            return network(catlang.trees(values, constructors))

        def recursion(network: nn.Module, values: Any) -> Any:
            return network(values)

        agree(net, peer, table, (given, recursion), [values])
        title = name.replace("_", "-")
        for how, call in (("laid out", given), ("from Python's tuples", made)):
            found.append(compare(f"{title} Tree-LSTM, {len(values)} trees, {how}", TARGET, step(call, net, [values]),
                                 step(recursion, peer, [values]), effort))

    case("binary", Binary, BINARY, lambda size: binary_tree(size // 2 * 2 + 1))
    case("child_sum", ChildSum, CHILD_SUM, rose_tree)
    return found, (f"PyTorch {torch.__version__}, {threads} thread{'s' * (threads != 1)}, {int(sizes.sum())} nodes, "
                   f"{h} hidden")
