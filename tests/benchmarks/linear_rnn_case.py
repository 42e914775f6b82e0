"""Recurrences `x -> a*x + b`, entry by entry, forward and backward: against the loop by hand, and how they grow.

`a` is the same at every step, or an input as `b` is.
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
morphism constant : List(R[h]) -> List(R[h])
    = scanl([zero, (state, b) |-> add(mul(parameter as a(), state), b)]) >> tail
morphism given : List(R[h] * R[h]) -> List(R[h]) = scanl([zero, (state, (a, b)) |-> add(mul(a, state), b)]) >> tail
"""
KINDS = ("constant", "given")


class Constant(nn.Module):
    def __init__(self, h: int) -> None:
        super().__init__()
        self.a = nn.Parameter(2 * torch.rand(h) - 1)

    def forward(self, b: Tensor) -> Tensor:
        state, states = b.new_zeros(b.shape[0], b.shape[2]), []
        for row in b.unbind(1):
            state = self.a * state + row
            states.append(state)
        return torch.stack(states, 1)


class Given(nn.Module):
    def __init__(self, h: int) -> None:
        super().__init__()

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        state, states = b.new_zeros(b.shape[0], b.shape[2]), []
        for factor, row in zip(a.unbind(1), b.unbind(1), strict=True):
            state = factor * state + row
            states.append(state)
        return torch.stack(states, 1)


def ours(network: nn.Module, *inputs: Tensor) -> Any:
    batch, length, _ = inputs[0].shape
    return network(Lists(inputs if len(inputs) > 1 else inputs[0], torch.full((batch,), length))).data


def loop(network: nn.Module, *inputs: Tensor) -> Any:
    return network(*inputs)


def inputs_of(kind: str, batch: int, length: int, h: int) -> list[Tensor]:
    """`b`, and where it is given `a` before it, between -1 and 1."""
    b = torch.randn(batch, length, h, requires_grad=True)
    return [b] if kind == "constant" else [(2 * torch.rand(batch, length, h) - 1).requires_grad_(), b]


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    pairs: dict[tuple[str, int], tuple[nn.Module, nn.Module]] = {}
    found = []

    def pair(kind: str, h: int) -> tuple[nn.Module, nn.Module]:
        if (kind, h) not in pairs:
            pairs[kind, h] = compiled(SPEC, kind, h=h), Constant(h) if kind == "constant" else Given(h)
        return pairs[kind, h]

    def case(target: float, kind: str, batch: int, length: int, h: int) -> None:
        net, peer = pair(kind, h)
        inputs = inputs_of(kind, batch, length, h)
        agree(net, peer, {"a.weight": "a"} if kind == "constant" else {}, (ours, loop), inputs)
        name = f"{kind} a, length {length}, width {h}, batch {batch}"
        found.append(compare(name, target, step(ours, net, inputs), step(loop, peer, inputs), effort))

    for kind in KINDS:
        case(0.1, kind, 1, 9 if effort.tiny else 4096, 3 if effort.tiny else 64)
    lengths, widths, batches = ((5,), (3,), (2,)) if effort.tiny else ((64, 512), (16, 64, 512), (1, 8, 64))
    for kind, length, h, batch in product(KINDS, lengths, widths, batches):
        case(1.0, kind, batch, length, h)
    short, times = (4, 4) if effort.tiny else (1024, 16)
    for kind in KINDS:
        net, _ = pair(kind, 3 if effort.tiny else 64)
        calls = [step(ours, net, inputs_of(kind, 1, length, 3 if effort.tiny else 64))
                 for length in (short * times, short)]
        found.append(compare(f"{kind} a, length {short * times} to {times} times {short}", 1.0, *calls, effort,
                             scale=times))
    return found, f"PyTorch {torch.__version__}, {threads} thread{'s' * (threads != 1)}"
