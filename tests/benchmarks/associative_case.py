"""Scans and folds whose step is associative, forward and backward: against the loop by hand, and how they grow.

The greatest so far, what softmax divides by, and products of matrices.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import torch
from harness import Effort, Row, compare
from networks import agree, compiled, step
from torch import Tensor, nn

from catlang import Lists

SPEC = """\
dim h
object P = R[h] * R[h]
endofunctor SnocF[A](X) = 1 + X * A
algebra top : SnocF[R[h]](R[h]) -> R[h] = [const[-100.0], maximum]
algebra normaliser : SnocF[P](P) -> P
    = [(const[-100.0], zero),
       ((m, l), (k, j)) |->
           let t = maximum(m, k)
           in (t, add(mul(l, exp(sub(m, t))), mul(j, exp(sub(k, t)))))]
algebra turn : SnocF[R[h, h]](R[h, h]) -> R[h, h] = [index[h] >> each(one_hot), matmul]
morphism greatest : List(R[h]) -> R[h] = foldl(top)
morphism greatest_all : List(R[h]) -> List(R[h]) = scanl(top) >> tail
morphism normalised : List(P) -> R[h] = foldl(normaliser) >> snd
morphism normalised_all : List(P) -> List(R[h]) = scanl(normaliser) >> tail >> map(snd)
morphism turned : List(R[h, h]) -> R[h, h] = foldl(turn)
morphism turned_all : List(R[h, h]) -> List(R[h, h]) = scanl(turn) >> tail
"""
#: The width of each.
KINDS = {"greatest": 64, "normalised": 16, "turned": 4}


class Loop(nn.Module):
    """A step at a time; ``every`` says whether each state is wanted, or the last one."""

    def __init__(self, kind: str, every: bool, h: int) -> None:
        super().__init__()
        self.kind = kind
        self.every = every
        self.h = h

    def forward(self, *inputs: Tensor) -> Tensor:
        states, state = [], self.start(inputs[0][:, 0])
        for row in zip(*(x.unbind(1) for x in inputs), strict=True):
            state = self.taken(state, row)
            if self.every:
                states.append(state[-1])
        return torch.stack(states, 1) if self.every else state[-1]

    def start(self, like: Tensor) -> tuple[Tensor, ...]:
        if self.kind == "turned":
            return (torch.eye(self.h, dtype=like.dtype).expand_as(like),)
        least = torch.full_like(like, -100.0)
        return (least,) if self.kind == "greatest" else (least, torch.zeros_like(like))

    def taken(self, state: tuple[Tensor, ...], row: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if self.kind == "greatest":
            return (torch.maximum(state[0], row[0]),)
        if self.kind == "turned":
            return (state[0] @ row[0],)
        top = torch.maximum(state[0], row[0])
        return top, state[1] * (state[0] - top).exp() + row[1] * (row[0] - top).exp()


def ours(network: nn.Module, *inputs: Tensor) -> Any:
    batch, length = inputs[0].shape[:2]
    found = network(Lists(inputs if len(inputs) > 1 else inputs[0], torch.full((batch,), length)))
    return getattr(found, "data", found) if hasattr(found, "lengths") else found


def loop(network: nn.Module, *inputs: Tensor) -> Any:
    return network(*inputs)


def inputs_of(kind: str, batch: int, length: int, h: int) -> list[Tensor]:
    """What the lists hold; matrices that turn, so that products of many of them stay what they are."""
    if kind == "turned":
        return [torch.linalg.qr(torch.randn(batch, length, h, h)).Q.requires_grad_()]
    first = torch.randn(batch, length, h, requires_grad=True)
    return [first] if kind == "greatest" else [first, torch.rand(batch, length, h, requires_grad=True)]


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    pairs: dict[tuple[str, bool, int], tuple[nn.Module, nn.Module]] = {}
    found = []

    def pair(kind: str, every: bool, h: int) -> tuple[nn.Module, nn.Module]:
        if (kind, every, h) not in pairs:
            pairs[kind, every, h] = compiled(SPEC, f"{kind}_all" if every else kind, h=h), Loop(kind, every, h)
        return pairs[kind, every, h]

    def case(target: float, kind: str, every: bool, batch: int, length: int, h: int) -> None:
        net, peer = pair(kind, every, h)
        inputs = inputs_of(kind, batch, length, h)
        agree(net, peer, {}, (ours, loop), inputs)
        name = f"{kind}{', all' * every}, length {length}, width {h}, batch {batch}"
        found.append(compare(name, target, step(ours, net, inputs), step(loop, peer, inputs), effort))

    for kind, every in product(KINDS, (False, True)):
        case(0.1, kind, every, 1, 40 if effort.tiny else 4096, 2 if effort.tiny else KINDS[kind])
    lengths, batches = ((40,), (2,)) if effort.tiny else ((64, 512), (1, 64))
    for kind, every, length, batch in product(KINDS, (False, True), lengths, batches):
        case(1.0, kind, every, batch, length, 2 if effort.tiny else KINDS[kind])
    short, times = (4, 4) if effort.tiny else (1024, 16)
    for kind, every in product(KINDS, (False, True)):
        h = 2 if effort.tiny else KINDS[kind]
        net, _ = pair(kind, every, h)
        calls = [step(ours, net, inputs_of(kind, 1, length, h)) for length in (short * times, short)]
        name = f"{kind}{', all' * every}, length {short * times} to {times} times {short}"
        found.append(compare(name, 1.0, *calls, effort, scale=times))
    return found, f"PyTorch {torch.__version__}, {threads} thread{'s' * (threads != 1)}"
