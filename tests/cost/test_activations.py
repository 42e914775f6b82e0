"""The column `activations` against PyTorch: what all boxes write is what dispatched operations write, views excepted.

It bounds what autograd keeps; where every box keeps what it wrote it is that, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import catlang
from catlang.command import main

SPECS: dict[str, tuple[str, list[dict[str, int]], tuple[str, ...]]] = {
    "kept": ("dim n, d\nmorphism net : R[n, d] -> R[n, d] = tanh >> sigmoid >> each(softmax) >> exp",
             [{"n": 3, "d": 4}, {"n": 5, "d": 7}], ("n", "d")),
    "MLP": ("dim n, d\nmorphism net : R[n, d] -> R[n, 5] = each(affine[_, 3*d] >> relu >> linear >> tanh)",
            [{"n": 3, "d": 4}, {"n": 5, "d": 7}], ("n", "d")),
    "products": ("dim n, d\nmorphism net : R[n, d] -> R[n, n] = (id, id) >> contract(n d, m d -> n m) >> exp",
                 [{"n": 3, "d": 4}, {"n": 5, "d": 7}], ("n", "d")),
    "convolutions": ("dim h, w\nmorphism net : R[2, h, w] -> R[4, h, w]"
                     " = conv2d[_, 3, 3, top = 1] >> gelu >> conv2d[_, _, 3, top = 1] >> sigmoid",
                     [{"h": 4, "w": 5}, {"h": 7, "w": 3}], ("h", "w")),
    "residual^n": ("dim d, k\nmorphism residual[A](f : A -> A) : A -> A = (id, f) >> add\n"
                   "morphism net : R[d] -> R[d] = residual(affine[_, 2*d] >> tanh >> linear)^k",
                   [{"d": 3, "k": 2}, {"d": 4, "k": 5}], ("d",)),
}


class Written(TorchDispatchMode):
    """The bytes that operations write: the storages that were no input of theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        before = {one.untyped_storage().data_ptr() for one in tensors((args, kwargs or {}))}
        self.bytes += sum(one.numel() * one.element_size() for one in tensors(made)
                          if one.untyped_storage().data_ptr() not in before)
        return made


def tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from tensors(one)


def activations(path: Path, sizes: dict[str, int], capsys: pytest.CaptureFixture[str]) -> int:
    import json

    given = [word for size, value in sizes.items() for word in ("-d", f"{size}={value}")]
    assert main(["cost", f"{path}::net", "--format", "json", *given]) == 0
    found: int = json.loads(capsys.readouterr().out)["total"]["activations"]
    return found


@pytest.mark.parametrize("name", SPECS)
def test_what_is_written_and_what_is_kept(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, points, axes = SPECS[name]
    (tmp_path / "net.cat").write_text(text)
    for sizes in points:
        told = activations(tmp_path / "net.cat", sizes, capsys)
        net = catlang.compile(tmp_path / "net.cat", "net", **sizes).eval()
        shape = ([2] if name == "convolutions" else []) + [sizes[axis] for axis in axes]
        given = torch.randn(shape, requires_grad=not list(net.parameters()))
        with Written() as written, torch.no_grad():
            net(given)
        assert written.bytes == told
        kept: dict[int, int] = {}

        def keep(tensor: torch.Tensor, kept: dict[int, int] = kept) -> torch.Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = net(given)
        own = {one.untyped_storage().data_ptr() for one in [*net.parameters(), given]}
        found = sum(size for place, size in kept.items() if place not in own)
        assert 0 < found <= told
        assert result.shape[0] and (name != "kept" or found == told)
