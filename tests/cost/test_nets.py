"""`catlang cost` against PyTorch, on nets of different kinds, each at two sizes.

Parameters, frozen weights and buffers are those of the compiled module, FLOPs those of `FlopCounterMode`, exactly; what
is told symbolically is what is told at sizes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import catlang
from catlang.command import main

REPOSITORY = Path(__file__).parents[2]
IDIOMS = REPOSITORY / "tests" / "idioms"
EXAMPLES = REPOSITORY / "examples"

CONV = """
dim c, h, w, classes
morphism net : R[c, h, w] -> R[classes]
    = conv2d[_, 8, 3, top = 1] as first >> batch_norm >> relu >> max_pool2d[2]
      >> conv2d[_, 12, 3, stride = 2, groups = 4] as second >> gelu
      >> reduce(mean, e y x -> e) >> affine
"""
MLP = """
dim n, d, k
morphism net : R[n, d] -> R[n, k] = each(affine[_, 3*d] >> relu >> layer_norm >> affine >> softmax)
"""
RESIDUAL = """
dim d, k
morphism residual[A](f : A -> A) : A -> A = (id, f) >> add
morphism net : R[d] -> R[d] = residual(affine[_, 2*d] >> tanh >> linear)^k >> residual(linear)^2
"""
LSTM = """
dim d, h
object State = R[h] * R[h]
endofunctor Mealy[I, O](X) = (O * X)^I
coalgebra lstm : State -> Mealy[R[d], R[h]](State) = curry((state, x) |->
    let (h0, c0) = state,
        gates = rearrange((g k) -> g k)(add(affine[_, 4*h] as input(x), affine[_, 4*h] as hidden(h0))),
        c1 = add(mul(sigmoid(at(gates, 1)), c0), mul(sigmoid(at(gates, 0)), tanh(at(gates, 2)))),
        h1 = mul(sigmoid(at(gates, 3)), tanh(c1))
    in (h1, (h1, c1)))
morphism net : State * List(R[d]) -> List(R[h]) * State = run(lstm)
"""
TREES = """
dim v, h
endofunctor TreeF[A](X) = A + X * X
algebra node : TreeF[Fin[v]](R[h]) -> R[h]
    = [embedding, (l, r) |-> let both = mul(linear[_, h](l), linear[_, h](r))
                             in tanh(add(both, affine(add(linear[_, h](l), linear[_, h](r)))))]
morphism net : mu TreeF[Fin[v]] -> R[3] = fold(node) >> affine
"""
TIED = """
dim d, k
morphism deep : R[d] -> R[d] = (linear >> tanh)^k along copy
morphism net : R[d] -> R[d] = (let g = affine[d, d] in g >> relu >> g) >> deep
"""
HELD = """
dim d
frozen W0 : R[d, d]
morphism net : R[d] -> R[d] = linear along (U, V) |-> add(W0, matmul[_, 2, _](U, V))
"""


def tree(depth: int) -> Any:
    return (0, 0) if depth == 0 else (1, tree(depth - 1), (0, 1))


def ids(most: int, *shape: int) -> torch.Tensor:
    return torch.randint(most, shape)


def listed(length: int, *shape: int) -> Any:
    return catlang.lists([torch.randn(length, *shape)])


def speller(net: torch.nn.Module, sizes: dict[str, int]) -> tuple[Any, ...]:
    with torch.no_grad():
        # A word that never ends: the bound is what counts.
        dict(net.named_parameters())["speak_0.out.bias"][3] = -1e9
    return (catlang.lists([ids(29, sizes["length"])]),)


#: The file, the morphism, what it is given at sizes, two such; sizes of lists and trees come last.
NETS: dict[str, tuple[Path | str, str, Callable[..., tuple[Any, ...]], list[dict[str, int]], tuple[str, ...]]] = {
    "MiniLM": (EXAMPLES / "sentences" / "minilm.cat", "sentence", lambda net, at: (
        ids(30522, at["n"]), torch.ones(at["n"], dtype=torch.bool)), [{"n": 3}, {"n": 7}], ()),
    "GRU speller": (EXAMPLES / "pronunciation" / "speech.cat", "say", speller,
                    [{"length": 3}, {"length": 8}], ("length",)),
    "tree network": (TREES, "net", lambda net, at: (catlang.trees([tree(at["nodes1"])], net.constructors["x"]),),
                     [{"v": 4, "h": 3, "height": 3, "nodes0": 3, "nodes1": 2},
                      {"v": 5, "h": 6, "height": 6, "nodes0": 6, "nodes1": 5}], ("height", "nodes0", "nodes1")),
    "MLP": (MLP, "net", lambda net, at: (torch.randn(at["n"], at["d"]),),
            [{"n": 2, "d": 3, "k": 4}, {"n": 5, "d": 7, "k": 2}], ()),
    "conv net": (CONV, "net", lambda net, at: (torch.randn(at["c"], at["h"], at["w"]),),
                 [{"c": 3, "h": 8, "w": 6, "classes": 5}, {"c": 2, "h": 11, "w": 9, "classes": 3}], ()),
    "residual block with convolutions": (IDIOMS / "resnet_block.cat", "net", lambda net, at: (
        torch.randn(at["c"], at["h"], at["w"]),), [{"c": 2, "e": 4, "h": 6, "w": 5}, {"c": 3, "e": 6, "h": 9, "w": 7}],
        ()),
    "causal grouped attention": (IDIOMS / "grouped_attention.cat", "net", lambda net, at: (
        (torch.randn(at["past"], at["g"], 2 * at["half"]), torch.randn(at["past"], at["g"], 2 * at["half"])),
        torch.randn(at["n"], at["d"])), [{"past": 2, "n": 3, "d": 8, "g": 2, "r": 2, "half": 2},
                                         {"past": 0, "n": 5, "d": 6, "g": 3, "r": 1, "half": 4}], ()),
    "LSTM": (LSTM, "net", lambda net, at: ((torch.randn(1, at["h"]), torch.randn(1, at["h"])), listed(
        at["length"], at["d"])), [{"d": 3, "h": 4, "length": 2}, {"d": 5, "h": 2, "length": 7}], ("length",)),
    "LoRA": (IDIOMS / "lora.cat", "net", lambda net, at: (torch.randn(at["d"]),),
             [{"d": 4, "hidden": 6, "r": 2}, {"d": 7, "hidden": 3, "r": 1}], ()),
    "low rank and frozen": (HELD, "net", lambda net, at: (torch.randn(at["d"]),), [{"d": 4}, {"d": 9}], ()),
    "tied weights": (IDIOMS / "tied_embedding.cat", "net", lambda net, at: (ids(at["v"], at["n"]),),
                     [{"v": 7, "n": 4, "d": 6}, {"v": 5, "n": 3, "d": 8}], ()),
    "one instance for several": (TIED, "net", lambda net, at: (torch.randn(at["d"]),),
                                 [{"d": 3, "k": 2}, {"d": 5, "k": 4}], ()),
    "mixture": (IDIOMS / "mixture.cat", "net", lambda net, at: (torch.randn(at["n"], at["d"]),),
                [{"n": 3, "d": 4, "hidden": 5, "e": 3}, {"n": 2, "d": 6, "hidden": 3, "e": 5}], ()),
    "residual^n": (RESIDUAL, "net", lambda net, at: (torch.randn(at["d"]),), [{"d": 3, "k": 2}, {"d": 4, "k": 5}], ()),
    "batch norm": (IDIOMS / "batch_norm.cat", "net", lambda net, at: (torch.randn(1, at["c"], at["n"]),),
                   [{"c": 2, "n": 5, "wide": 3, "classes": 4}, {"c": 3, "n": 4, "wide": 6, "classes": 2}], ()),
}


def told(path: Path, name: str, capsys: pytest.CaptureFixture[str], sizes: dict[str, int]) -> dict[str, Any]:
    given = [word for size, value in sizes.items() for word in ("-d", f"{size}={value}")]
    assert main(["cost", f"{path}::{name}", "--format", "json", *given]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found: dict[str, Any] = json.loads(out)
    return found


def at(value: Any, sizes: dict[str, int]) -> int:
    """A polynomial at sizes, by arithmetic that is not catlang's."""
    if isinstance(value, int):
        return value
    assert re.fullmatch(r"[\w\s^*+/()%,-]+", value), value
    return int(eval(value.replace("^", "**"), {"__builtins__": {}, "max": max}, dict(sizes)))


@pytest.mark.parametrize("name", NETS)
def test_as_pytorch_counts(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, morphism, inputs, points, values = NETS[name]
    path = spec if isinstance(spec, Path) else tmp_path / "net.cat"
    if isinstance(spec, str):
        path.write_text(spec)
    general = told(path, morphism, capsys, {})["total"]
    for sizes in points:
        found = told(path, morphism, capsys, sizes)
        assert found["open"] == []
        total = found["total"]
        for key, value in general.items():
            if key not in ("morphism", "missing"):
                assert at(value, sizes) == total[key], key
        net = catlang.compile(path, morphism, **{size: value for size, value in sizes.items() if size not in values})
        net.eval()
        weights = list(net.parameters())
        assert total["parameters"] == sum(one.numel() for one in weights if one.requires_grad)
        assert total["frozen"] == sum(one.numel() for one in weights if not one.requires_grad)
        assert total["buffers"] == sum(one.numel() for one in net.buffers())
        assert total["memory"] == 4 * sum(one.numel() for one in [*weights, *net.buffers()])
        # Of what is fused on a CPU, attention and the LSTM, the counter sees nothing.
        given = inputs(net, sizes)
        with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(SDPBackend.MATH), (
                torch.backends.mkldnn.flags(enabled=False)):  # type: ignore[no-untyped-call]
            net(*given)
        assert total["flops"] == counter.get_total_flops(), counter.get_flop_counts()


#: What keeps more than values: an LSTM's kernel its workspace, a mixture which of its members were chosen for what.
WITH_MORE = {"LSTM", "mixture"}


@pytest.mark.parametrize("name", sorted(set(NETS) - WITH_MORE))
def test_activations_bound_what_is_kept(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What autograd keeps beside weights and inputs is no more than what all boxes write."""
    spec, morphism, inputs, points, values = NETS[name]
    path = spec if isinstance(spec, Path) else tmp_path / "net.cat"
    if isinstance(spec, str):
        path.write_text(spec)
    for sizes in points:
        most = told(path, morphism, capsys, sizes)["total"]["activations"]
        net = catlang.compile(path, morphism, **{size: value for size, value in sizes.items() if size not in values})
        given = inputs(net.eval(), sizes)
        own = {one.untyped_storage().data_ptr() for one in [*net.parameters(), *net.buffers(), *tensors(given)]}
        kept: dict[int, int] = {}

        def keep(tensor: torch.Tensor, kept: dict[int, int] = kept) -> torch.Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            result = net(*given)
        assert sum(size for place, size in kept.items() if place not in own) <= most
        del result


def tensors(value: Any) -> list[torch.Tensor]:
    """Those in a value, of lists and trees too."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [one for part in value for one in tensors(part)]
    return [one for part in getattr(value, "__dict__", {}).values() for one in tensors(part)]


@pytest.mark.parametrize("name", NETS)
def test_the_rows_are_the_addresses(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each address of the `state_dict` lies in one row of an instance with weights, which counts its entries; and the
    rows at the top never exceed the total."""
    spec, morphism, _, points, values = NETS[name]
    path = spec if isinstance(spec, Path) else tmp_path / "net.cat"
    if isinstance(spec, str):
        path.write_text(spec)
    sizes = points[0]
    found = told(path, morphism, capsys, sizes)
    net = catlang.compile(path, morphism, **{size: value for size, value in sizes.items() if size not in values})
    rows = {row["address"]: row for row in found["rows"]}
    assert len(rows) == len(found["rows"])
    leaves = [row for address, row in rows.items() if row["parameters"] + row["frozen"] + row["buffers"]
              and not any(other.startswith(f"{address}.") for other in rows)]
    entries = {row["address"]: 0 for row in leaves}
    for address, tensor in net.state_dict().items():
        [row] = [row["address"] for row in leaves if re.fullmatch(
            re.sub(r"\\{[a-z]\\}", "[0-9]+", re.escape(row["address"])) + r"(\.\w+)?", address)]
        entries[row] += tensor.numel()
    assert entries == {row["address"]: row["parameters"] + row["frozen"] + row["buffers"] for row in leaves}
    for key in ("parameters", "frozen", "buffers", "flops", "operations", "activations"):
        assert sum(row[key] for row in found["rows"] if row["level"] == 0) <= found["total"][key]
        assert key == "operations" or key == "activations" or key == "flops" or (
            sum(row[key] for row in found["rows"] if row["level"] == 0) == found["total"][key])
