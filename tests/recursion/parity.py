"""Two networks held against each other: one in catlang, and PyTorch's own or one by hand.

That they are one network is: with the weights loaded from the other's `state_dict` by a table of renames they give the
same outputs, the same last states, and the same gradients of inputs and weights. Those of the weights are compared by
that very table: gradients are renamed, cut and joined as weights are.
"""

from __future__ import annotations

import copy
import importlib.util
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

import catlang

HERE = Path(__file__).parent
#: What rounding alone may do; weights and inputs are of size one.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-9}
SIZES = {"m": 3, "h": 6}

Table = dict[str, Any]
every_precision = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: str(dtype).removeprefix("torch."),
                                          indirect=True)


@cache
def once(spec: str, name: str, header: str, sizes: tuple[tuple[str, int], ...]) -> nn.Module:
    """A module compiled once."""
    if not header:
        return catlang.compile(HERE / spec, name, **dict(sizes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / spec
        path.write_text(f"{(HERE / spec).read_text(encoding='utf-8')}\n{header}\n", encoding="utf-8")
        return catlang.compile(path, name, **dict(sizes))


def compiled(spec: str, name: str = "net", header: str = "", **sizes: int) -> nn.Module:
    """A morphism of a file here; `header` is what the file does not say."""
    made = copy.deepcopy(once(spec, name, header, tuple((sizes or SIZES).items())))
    return made.to(torch.get_default_dtype())


def reference(name: str) -> ModuleType:
    """The file of that name among those written by hand."""
    place = importlib.util.spec_from_file_location(f"recursion_{name}", HERE / "reference" / f"{name}.py")
    assert place is not None and place.loader is not None
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


def entries(value: Any) -> list[Tensor]:
    """The numbers of a value, tensor by tensor; of lists what they hold, and not what stands behind their ends."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [one for part in value for one in entries(part)]
    inner = value.data if isinstance(value.data, tuple) else (value.data,)
    lengths = value.lengths.reshape(-1)
    rows = [x.reshape(-1, *x.shape[value.lengths.dim():]) for x in inner]
    return [torch.cat([row[:length] for row, length in zip(x, lengths.tolist(), strict=True)]) for x in rows]


def run_through(function: Callable[..., Any], inputs: Any, weights: Mapping[str, Tensor]) -> Any:
    """The outputs, and the gradients of inputs and weights along one random direction."""
    inputs = pytree.tree_map(
        lambda x: x.clone().requires_grad_(x.is_floating_point()) if isinstance(x, Tensor) else x, inputs)
    outputs = entries(function(*inputs))
    generator = torch.Generator().manual_seed(1)
    directed = [one for one in outputs if one.is_floating_point()]
    sources = [*weights.values(), *(x for x in pytree.tree_leaves(inputs) if getattr(x, "requires_grad", False))]
    found = torch.autograd.grad(directed, sources, [torch.randn(x.shape, generator=generator) for x in directed],
                                allow_unused=True, materialize_grads=True)
    return outputs, found[len(weights):], dict(zip(weights, found, strict=False))


def same(ours: Tensor, theirs: Tensor, what: str) -> None:
    bound = TOLERANCE[torch.get_default_dtype()]
    # What is a sum over a long list is as exact as its largest entry.
    size = max(1.0, theirs.detach().abs().max().item() if theirs.numel() else 0.0)
    torch.testing.assert_close(ours, theirs, rtol=bound, atol=bound * size, msg=lambda text: f"{what}: {text}")


def agree(ours: nn.Module, theirs: nn.Module, table: Table, *inputs: Any,
          call: Callable[..., Any] | None = None) -> None:
    """That both give the same, with their weights and with the gradients of these; `call` calls the peer in another
    way than with the inputs as they are."""
    with torch.no_grad():
        for tensor in theirs.parameters():
            if tensor.unique().numel() == 1:
                # Zeros and ones would hide what becomes of them.
                tensor.add_(0.1 * torch.randn_like(tensor))
    catlang.load(ours, theirs.state_dict(), rename=table)
    outputs, of_inputs, of_weights = run_through(ours, inputs, dict(ours.named_parameters()))
    expected = run_through(call or theirs, inputs, dict(theirs.named_parameters()))
    for place, (one, other) in enumerate(zip(outputs, expected[0], strict=True)):
        same(one, other, f"output {place}")
    for place, (one, other) in enumerate(zip(of_inputs, expected[1], strict=True)):
        same(one, other, f"gradient of input {place}")
    gradients = copy.deepcopy(ours)
    catlang.load(gradients, expected[2], rename=table)
    for address, tensor in gradients.named_parameters():
        same(of_weights[address], tensor, f"gradient of {address}")
