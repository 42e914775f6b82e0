"""A network that recurs lives as any other: copied, pickled, moved, compiled, and as source by itself."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from catlang import Lists, Trees
from catlang.compiler import emit

from .values import OF_LETTERS, OF_TREES, OF_WORDS, SPEC, UNFOLDED, H, V, compiled, entries, same, sample, words_of

pytestmark = pytest.mark.usefixtures("double")

ALL = [*OF_WORDS, *OF_LETTERS, *OF_TREES, "two", *UNFOLDED]


@pytest.mark.parametrize("name", ALL)
def test_copies(name: str) -> None:
    """Networks and what comes out of them are pickled and copied."""
    net, inputs = compiled(name), sample(name)
    outputs = net(*inputs)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        same(other(*inputs), outputs)
    same(pickle.loads(pickle.dumps(outputs)), outputs)
    same(net(*pickle.loads(pickle.dumps(inputs))), outputs)


@pytest.mark.parametrize("name", ALL)
def test_precision(name: str) -> None:
    """A network in double precision is the one in single precision, and so in half of it if one likes."""
    net, inputs = compiled(name), sample(name)

    def real(value: Any, dtype: torch.dtype) -> Any:
        return pytree.tree_map(lambda x: x.to(dtype) if x.is_floating_point() else x, value)

    outputs = net(*inputs)
    found = net.float()(*real(inputs, torch.float32))
    assert all(x.dtype == torch.float32 for x in entries(found) if x.is_floating_point())
    if name == "grown":
        return
    for one, other in zip(entries(found), entries(real(outputs, torch.float32)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    half = net.bfloat16()(*real(inputs, torch.bfloat16))
    assert all(x.dtype == torch.bfloat16 for x in entries(half) if x.is_floating_point())


# What is not defined everywhere (`exp` overflows) is computed of what lists hold alone; how much that is numbers say.
@pytest.mark.parametrize("name", [one for one in (*OF_WORDS, *OF_LETTERS, "phrase", "countdown", "factorial")
                                  if one != "mapped"])
def test_meta(name: str) -> None:
    """Shapes without numbers; where the shape of a result hangs on numbers, it is the largest."""
    net, inputs = compiled(name), sample(name)
    found = net.to("meta")(*(x.to("meta") for x in inputs))
    assert all(x.is_meta for x in pytree.tree_leaves(found))
    if name not in ("phrase", "countdown"):
        assert [x.shape for x in pytree.tree_leaves(found)] == [
            x.shape for x in pytree.tree_leaves(compiled(name)(*inputs))]


@pytest.mark.parametrize("name", ["prefixes", "ran", "decaying", "mapped", "attended", "wired", "spelled_in_order",
                                  "rose", "phrase", "factorial", "grown"])
def test_torch_compile(name: str) -> None:
    torch._dynamo.reset()
    net, inputs = compiled(name), sample(name)
    fast = torch.compile(net, backend="eager", fullgraph=False)
    same(fast(*inputs), net(*inputs))
    if name in OF_WORDS or name in OF_LETTERS:
        *around, xs = inputs
        shorter = (*around, Lists(xs.data[:, :4].contiguous(), xs.lengths.clamp(max=4)))
        same(fast(*shorter), net(*shorter))
    torch._dynamo.reset()


ALONE = """
import sys
sys.modules["catlang"] = None
import model, pickle, torch, types
torch.set_default_dtype(torch.float64)
with open("given.pt", "rb") as file:
    weights, given = pickle.load(file)
net = model.{root}()
net.load_state_dict(weights)
kind = getattr(model, "{kind}", None)
if isinstance(given, dict):
    # A source carries the classes of what it gives; what it takes it reads by the fields.
    given = kind(**given) if kind is not None else types.SimpleNamespace(**given)
torch.save(torch.utils._pytree.tree_leaves(net(given)), "found.pt")
"""
FIELDS = {Lists: ("data", "lengths"), Trees: ("data", "counts", "orders", "levels", "shape", "constructors")}


@pytest.mark.parametrize("name", ["prefixes", "wired", "pooled", "spelled_in_order", "phrase", "rose", "gathered",
                                  "countdown", "grown"])
def test_the_source_stands_alone(name: str, tmp_path: Path) -> None:
    """Written to a file, with the classes of lists and trees in it, and run where there is no catlang."""
    net = compiled(name)
    [inputs] = sample(name) if name != "gathered" else (compiled("grown")(torch.randn(4, H)),)
    given = inputs if isinstance(inputs, Tensor) else {field: getattr(inputs, field) for field in FIELDS[type(inputs)]}
    (tmp_path / "model.py").write_text(emit(SPEC, name, h=H, v=V), encoding="utf-8")
    with (tmp_path / "given.pt").open("wb") as file:
        pickle.dump((net.state_dict(), given), file)
    code = ALONE.format(root=type(net).__name__, kind=type(inputs).__name__)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    for one, other in zip(torch.load(tmp_path / "found.pt"), pytree.tree_leaves(net(inputs)), strict=True):
        torch.testing.assert_close(one, other)


def test_what_one_source_makes_another_takes() -> None:
    """Lists and trees are told by their fields: a network takes what another one gives."""
    prefixes, averaged = compiled("prefixes"), compiled("wired")
    pairs = averaged(words_of(3, 4, 2))
    assert type(pairs) is type(prefixes(words_of(2, 3))) is Lists
    lists = compiled("countdown")(torch.tensor([3.0, 0.0, 2.0]))
    assert compiled("scored")(Lists(lists.data[..., None].expand(*lists.data.shape, 3), lists.lengths)).lengths.tolist(
        ) == [3, 0, 2]
