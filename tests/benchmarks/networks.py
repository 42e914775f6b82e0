"""What the benchmarks of recursive networks share: compiling a text, a step of training, that two networks are one."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import catlang

Call = Callable[..., Tensor]


def compiled(spec: str, name: str, **sizes: int) -> nn.Module:
    """A morphism of a text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.cat"
        path.write_text(spec, encoding="utf-8")
        return catlang.compile(path, name, **sizes)


def step(call: Call, network: nn.Module, inputs: Sequence[Any]) -> Callable[[], object]:
    """Forward and backward, to all weights and to all inputs that ask for it."""
    sources = [*network.parameters(), *(x for x in inputs if isinstance(x, Tensor) and x.requires_grad)]

    def once() -> object:
        return torch.autograd.grad(call(network, *inputs).sum(), sources)

    return once


def agree(ours: nn.Module, theirs: nn.Module, table: Mapping[str, Any], calls: tuple[Call, Call],
          inputs: Sequence[Any], bound: float = 1e-9) -> None:
    """Gives ours the weights of the other, by a table of renames, and asserts that in double precision they have the
    same outputs and the same gradients of inputs and weights, the latter by that very table."""
    catlang.load(ours, theirs.state_dict(), rename=table)
    networks = [copy.deepcopy(one).double() for one in (ours, theirs)]
    found = []
    for call, network in zip(calls, networks, strict=True):
        own = [x.detach().double().requires_grad_(x.requires_grad) if isinstance(x, Tensor) and x.is_floating_point()
               else x for x in inputs]
        output = call(network, *own)
        generator = torch.Generator().manual_seed(0)
        direction = torch.randn(output.shape, generator=generator, dtype=output.dtype)
        leaves = [x for x in own if isinstance(x, Tensor) and x.requires_grad]
        gradients = torch.autograd.grad(output, [*network.parameters(), *leaves], direction)
        count = len(gradients) - len(leaves)
        found.append((output, gradients[count:], gradients[:count]))
    (output, of_inputs, of_weights), (expected, expected_of_inputs, expected_of_weights) = found
    _same(output, expected, bound)
    for one, other in zip(of_inputs, expected_of_inputs, strict=True):
        _same(one, other, bound)
    names = [name for name, _ in theirs.named_parameters()]
    gradients = copy.deepcopy(networks[0])
    catlang.load(gradients, dict(zip(names, expected_of_weights, strict=True)), rename=table)
    for one, other in zip(of_weights, gradients.parameters(), strict=True):
        _same(one, other, bound)


def _same(one: Tensor, other: Tensor, bound: float) -> None:
    """Equal but for rounding, beside the largest entry: a gradient is a sum of many terms."""
    size = max(1.0, other.detach().abs().max().item())
    torch.testing.assert_close(one, other.detach(), rtol=bound, atol=bound * size)
