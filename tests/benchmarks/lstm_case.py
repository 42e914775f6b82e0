"""Recurrent cells written in catlang, forward and backward: against `nn.LSTM`, and against loops written by hand.

For an LSTM PyTorch has kernels, and the peer is its layer. For cells that look into their memory, or normalise, it has
none; the peer is a module of such a cell, called in a loop over the inputs.
"""

from __future__ import annotations

from typing import Any

import torch
from harness import Effort, Row, compare
from networks import agree, compiled, step
from torch import Tensor, nn

from catlang import Lists

SPEC = """\
dim m, h
object Memory = R[h] * R[h]

morphism outputs(cell : Memory * R[m] -> Memory) : List(R[m]) -> List(R[h])
    = scanl([(zero, zero), cell as step]) >> tail >> map(fst)
morphism quarters : R[4*h] -> Memory * Memory = split[2*h] >> split * split

morphism lstm : Memory * R[m] -> Memory
    = ((state, memory), x) |->
        let ((i, f), (g, o)) = quarters(add(affine as x(x), affine as h(state))),
            kept             = add(mul(sigmoid(f), memory), mul(sigmoid(i), tanh(g)))
        in (mul(sigmoid(o), tanh(kept)), kept)
morphism peephole : Memory * R[m] -> Memory
    = ((state, memory), x) |->
        let ((i, f), (g, o)) = quarters(add(affine as x(x), affine as h(state))),
            enter            = sigmoid(add(i, mul(parameter as enter(), memory))),
            forget           = sigmoid(add(f, mul(parameter as forget(), memory))),
            kept             = add(mul(forget, memory), mul(enter, tanh(g)))
        in (mul(sigmoid(add(o, mul(parameter as leave(), kept))), tanh(kept)), kept)
morphism normed : Memory * R[m] -> Memory
    = ((state, memory), x) |->
        let of_x             = (affine as x >> layer_norm as x_norm)(x),
            of_h             = (affine as h >> layer_norm as h_norm)(state),
            ((i, f), (g, o)) = quarters(add(of_x, of_h)),
            kept             = add(mul(sigmoid(f), memory), mul(sigmoid(i), tanh(g)))
        in (mul(sigmoid(o), tanh((layer_norm as c_norm)(kept))), kept)

morphism lstms     : List(R[m]) -> List(R[h]) = outputs(lstm)
morphism peepholes : List(R[m]) -> List(R[h]) = outputs(peephole)
morphism normeds   : List(R[m]) -> List(R[h]) = outputs(normed)
"""
LSTM = {f"outputs_0.step.lstm_0.{side}.{kind}": f"{kind}_{name}_l0" for side, name in (("x", "ih"), ("h", "hh"))
        for kind in ("weight", "bias")}
BOTH = {f"{side}.{kind}": f"cell.{side}.{kind}" for side in "xh" for kind in ("weight", "bias")}
NORMS = {f"{side}_norm.{kind}": f"cell.{side}_norm.{kind}" for side in "xhc" for kind in ("weight", "bias")}


# ------------------------------------------------------------------ by hand


class Peephole(nn.Module):
    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.x, self.h = nn.Linear(m, 4 * h), nn.Linear(h, 4 * h)
        self.enter, self.forget, self.leave = (nn.Parameter(torch.randn(h)) for _ in range(3))

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i, f, g, o = (self.x(x) + self.h(h)).chunk(4, -1)
        c = torch.sigmoid(f + self.forget * c) * c + torch.sigmoid(i + self.enter * c) * torch.tanh(g)
        return torch.sigmoid(o + self.leave * c) * torch.tanh(c), c


class Normed(nn.Module):
    def __init__(self, m: int, h: int) -> None:
        super().__init__()
        self.x, self.h = nn.Linear(m, 4 * h), nn.Linear(h, 4 * h)
        self.x_norm, self.h_norm, self.c_norm = nn.LayerNorm(4 * h), nn.LayerNorm(4 * h), nn.LayerNorm(h)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        i, f, g, o = (self.x_norm(self.x(x)) + self.h_norm(self.h(h))).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(self.c_norm(c)), c


class Loop(nn.Module):
    """A cell along the inputs, (batch, length, m)."""

    def __init__(self, cell: nn.Module, h: int) -> None:
        super().__init__()
        self.cell = cell
        self.width = h

    def forward(self, x: Tensor) -> Tensor:
        h = c = x.new_zeros(x.shape[0], self.width)
        outputs = []
        for row in x.unbind(1):
            h, c = self.cell(row, h, c)
            outputs.append(h)
        return torch.stack(outputs, 1)


# ------------------------------------------------------------------ cases


def ours(network: nn.Module, x: Tensor) -> Any:
    """Lists that are all as long as each other."""
    return network(Lists(x, torch.full((x.shape[0],), x.shape[1]))).data


def layer(network: nn.Module, x: Tensor) -> Any:
    return network(x)[0]


def loop(network: nn.Module, x: Tensor) -> Any:
    return network(x)


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    m, h = (3, 4) if effort.tiny else (128, 128)
    found = []

    def case(name: str, target: float, net: nn.Module, peer: nn.Module, table: Any, call: Any, *shape: int) -> None:
        x = torch.randn(*shape, m)
        agree(net, peer, table, (ours, call), [x])
        found.append(compare(name, target, step(ours, net, [x]), step(call, peer, [x]), effort))

    net, peer = compiled(SPEC, "lstms", m=m, h=h), nn.LSTM(m, h, batch_first=True)
    for length in (5, 9) if effort.tiny else (100, 1000):
        case(f"LSTM, batch 16, length {length}", 1.1, net, peer, LSTM, layer, 2 if effort.tiny else 16, length)
    length = 5 if effort.tiny else 100
    for name, kind, table, targets in (
            ("peephole", Peephole, {**BOTH, **{f"{one}.weight": f"cell.{one}" for one in ("enter", "forget", "leave")}},
             (0.6, 0.8)),
            ("normed", Normed, {**BOTH, **NORMS}, (0.75, 1.0))):
        table = {f"outputs_0.step.{name}_0.{address}": theirs for address, theirs in table.items()}
        net, peer = compiled(SPEC, f"{name}s", m=m, h=h), Loop(kind(m, h), h)
        for batch, target in zip((1, 32), targets, strict=True):
            case(f"{name} LSTM, batch {batch}, length {length}", target, net, peer, table, loop,
                 min(batch, 2) if effort.tiny else batch, length)
    return found, f"PyTorch {torch.__version__}, {threads} thread{'s' * (threads != 1)}, {m} inputs, {h} hidden"
