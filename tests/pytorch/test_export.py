"""What is exported runs elsewhere and gives the same, at sizes that the exporter never saw.

ONNX by PyTorch's own exporter, with dynamic batch and length, in onnxruntime; and `torch.export` through a saved
`.pt2`, in a process that knows nothing of catlang.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim

from .inputs import sentences

Compiled = Callable[..., nn.Module]

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*The axis name:UserWarning"),
]


def cases(name: str) -> tuple[tuple[Tensor, ...], tuple[dict[int, Dim], ...], list[tuple[Tensor, ...]]]:
    """Inputs to export with, which of their axes are dynamic, and other inputs."""
    batch, n = Dim("batch"), Dim("n")
    if name == "encoder":
        return sentences(), ({0: batch, 1: n}, {0: batch, 1: n}), [sentences(2, 11), sentences(7, 3)]
    return ((torch.randn(3, 3, 8, 8),), ({0: batch, 2: n, 3: n},), [
        (torch.randn(2, 3, 11, 11),), (torch.randn(5, 3, 4, 4),)])


@pytest.mark.parametrize("name", ["encoder", "vision"])
def test_onnx(name: str, compiled: Compiled, tmp_path: Path) -> None:
    net = compiled(name).eval()
    given, dynamic, others = cases(name)
    program = torch.onnx.export(net, given, dynamo=True, dynamic_shapes=dynamic, verbose=False)
    assert program is not None
    path = tmp_path / "net.onnx"
    program.save(path)
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path)
    names = [one.name for one in session.get_inputs()]
    assert names == (["ids", "mask"] if name == "encoder" else ["x"])
    for inputs in [given, *others]:
        [found] = session.run(None, {one: x.numpy() for one, x in zip(names, inputs, strict=True)})
        torch.testing.assert_close(torch.from_numpy(found), net(*inputs), rtol=1e-4, atol=1e-5)


FRESH = """
import sys, torch
path, place = sys.argv[1:]
net = torch.export.load(path).module()
given, expected = torch.load(place)
for inputs, one in zip(given, expected):
    torch.testing.assert_close(net(*inputs), one)
assert not any(name.startswith("catlang") for name in sys.modules)
"""


@pytest.mark.parametrize("name", ["encoder", "vision"])
def test_a_saved_program_runs_where_there_is_no_catlang(name: str, compiled: Compiled, tmp_path: Path) -> None:
    net = compiled(name).eval()
    given, dynamic, others = cases(name)
    torch.export.save(torch.export.export(net, given, dynamic_shapes=dynamic), tmp_path / "net.pt2")
    torch.save(([given, *others], [net(*inputs).detach() for inputs in [given, *others]]), tmp_path / "values.pt")
    subprocess.run([sys.executable, "-c", FRESH, tmp_path / "net.pt2", tmp_path / "values.pt"], check=True)


def test_the_names_of_weights_are_those_of_the_module(compiled: Compiled) -> None:
    net = compiled("encoder").eval()
    program = torch.export.export(net, sentences())
    assert set(program.state_dict) == set(net.state_dict())
