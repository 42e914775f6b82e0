"""A compiled network lives as any PyTorch module does: copied, pickled, moved, cast, hooked, compiled, exported."""

from __future__ import annotations

import copy
import io
import subprocess
import sys

import pytest
import torch
import torch._dynamo.testing
from torch import nn

TEXT = """
dim n, d
object Token = Fin[100]
morphism block : R[d] -> R[d] = (id, affine[_, 2*d] >> gelu >> affine) >> add >> layer_norm
morphism net : (ids : Token^n) * (mask : Bool^n) -> (hidden : R[n, d]) * (pooled : R[d])
    = (ids, mask) |->
        let h = (each(embedding as token >> dropout[0.5]) >> each(block)^2)(ids),
            w = mul(indicator(mask), repeat(-> n)(1.0))
        in (h, contract(n d, n -> d)(h, w))
morphism noisy : R[d] -> R[d] = (x |-> add(x, normal())) in eval id
morphism plain : R[n, d] -> R[n, d] = each(block as only)
"""


def sample(batch: int = 3, n: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randint(100, (batch, n)), torch.rand(batch, n) < 0.7


@pytest.fixture
def net(compiled) -> nn.Module:
    return compiled(TEXT, d=8).eval()


def agree(one, other) -> None:
    torch.testing.assert_close(tuple(one), tuple(other))


# ------------------------------------------------------------------ copies


def test_deepcopy(net):
    twin, inputs = copy.deepcopy(net), sample()
    agree(twin(*inputs), net(*inputs))
    with torch.no_grad():
        twin.token.weight.zero_()
    assert net.token.weight.abs().sum() > 0


FRESH = """
import sys, torch
path, place = sys.argv[1:]
assert not any(name.startswith("catlang") for name in sys.modules)
net, inputs, expected = torch.load(path, weights_only=False)
torch.testing.assert_close(tuple(net(*inputs)), tuple(expected))
assert expected._fields == ("hidden", "pooled")
try:
    net(torch.full((1, 2), 100), torch.ones(1, 2, dtype=torch.bool))
except IndexError as error:
    assert error.__notes__[0].startswith("model.cat:"), error.__notes__
else:
    raise AssertionError
torch.save(net.state_dict(), place)
"""


def test_pickled_whole_into_another_process(net, tmp_path):
    inputs = sample()
    torch.save((net, inputs, net(*inputs)), tmp_path / "net.pt")
    run = subprocess.run([sys.executable, "-c", FRESH, tmp_path / "net.pt", tmp_path / "weights.pt"],
                         capture_output=True, text=True, cwd=_catlang_root())
    assert run.returncode == 0, run.stderr
    weights = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert weights.keys() == net.state_dict().keys()
    net.load_state_dict(weights)


def _catlang_root() -> str:
    import os

    import catlang

    return os.path.dirname(os.path.dirname(os.path.abspath(catlang.__file__)))


def test_a_part_is_pickled_alone(net):
    import pickle

    twin = pickle.loads(pickle.dumps(net.get_submodule("token")))
    assert torch.equal(twin.weight, net.token.weight)
    inner = next(one for one in net.modules() if type(one).__name__ == "Block")
    x = torch.randn(2, 8)
    torch.testing.assert_close(pickle.loads(pickle.dumps(inner))(x), inner(x))


def test_a_subclass_of_ones_own_is_pickled(net):
    twin = copy.deepcopy(net)
    twin.__class__ = type("Mine", (type(net),), {})
    agree(copy.deepcopy(twin)(*(inputs := sample())), net(*inputs))


def test_state_dict_round_trip(compiled, net):
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    file.seek(0)
    other = compiled(TEXT, d=8).eval()
    other.load_state_dict(torch.load(file, weights_only=True))
    agree(other(*(inputs := sample())), net(*inputs))


# ------------------------------------------------------------------ dtype and device


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16], ids=str)
def test_to_another_precision(net, dtype):
    for out in net.to(dtype)(*sample()):
        assert out.dtype == dtype


def test_half_and_bfloat16(net):
    assert net.half()(*sample()).hidden.dtype == torch.float16
    assert net.bfloat16()(*sample()).hidden.dtype == torch.bfloat16


def test_meta_and_back(net):
    inputs = sample()
    expected, weights = net(*inputs), {name: one.clone() for name, one in net.state_dict().items()}
    net.to(device="meta")
    out = net(*(one.to("meta") for one in inputs))
    assert out.hidden.is_meta and out.hidden.shape == (3, 5, 8)
    net.to_empty(device="cpu").load_state_dict(weights)
    agree(net(*inputs), expected)


def test_made_on_meta(compiled):
    with torch.device("meta"):
        assert all(one.is_meta for one in compiled(TEXT, d=8).parameters())


# ------------------------------------------------------------------ modes, hooks, functional calls


def test_training_and_evaluation(net):
    inputs = sample()
    agree(net(*inputs), net(*inputs))
    net.train()
    assert not torch.equal(net(*inputs).hidden, net(*inputs).hidden)


def test_a_second_body_for_evaluation(compiled):
    noisy, x = compiled(TEXT, "noisy", d=8), torch.randn(2, 8)
    assert torch.equal(noisy.eval()(x), x)
    assert not torch.equal(noisy.train()(x), x)


def test_hooks(net):
    seen = []
    for name, one in net.named_modules():
        one.register_forward_hook(lambda module, inputs, output, name=name: seen.append(name))
    net(*sample())
    assert set(seen) >= {"", "token"} and len(set(seen)) == len([name for name, one in net.named_modules()
                                                               if not isinstance(one, nn.ModuleList)])


def test_functional_call_and_gradients_of_it(net):
    inputs = sample()
    doubled = {name: 2 * one.detach() for name, one in net.named_parameters()}
    out = torch.func.functional_call(net, doubled, inputs)
    assert not torch.equal(out.hidden, net(*inputs).hidden)
    gradients = torch.func.grad(lambda weights: torch.func.functional_call(net, weights, inputs).pooled.sum())(doubled)
    assert gradients.keys() == doubled.keys()


def test_vmap(compiled):
    plain = compiled(TEXT, "plain", d=8).eval()
    x = torch.randn(4, 5, 8)
    torch.testing.assert_close(torch.vmap(plain)(x), plain(x))


# ------------------------------------------------------------------ compiled and exported


def test_torch_compile_has_no_graph_breaks(net):
    torch._dynamo.reset()
    fast = torch.compile(net, fullgraph=True, backend="aot_eager")
    agree(fast(*(inputs := sample())), net(*inputs))
    assert fast(*inputs)._fields == ("hidden", "pooled")


def test_compiled_in_place(net):
    torch._dynamo.reset()
    counter = torch._dynamo.testing.CompileCounterWithBackend("eager")
    inputs = sample()
    expected = net(*inputs)
    net.compile(fullgraph=True, backend=counter)
    agree(net(*inputs), expected)
    assert counter.frame_count == 1


def test_torch_compile_with_dynamic_sizes_compiles_once(net):
    torch._dynamo.reset()
    counter = torch._dynamo.testing.CompileCounterWithBackend("eager")
    fast = torch.compile(net, fullgraph=True, dynamic=True, backend=counter)
    for batch, n in [(3, 5), (4, 7), (2, 9)]:
        agree(fast(*(inputs := sample(batch, n))), net(*inputs))
    assert counter.frame_count == 1


def test_refusals_under_torch_compile(net):
    torch._dynamo.reset()
    fast = torch.compile(net, backend="eager")
    with pytest.raises(ValueError, match=r"mask : Bool.n has n = 4, but ids : Token.n has n = 5"):
        fast(sample()[0], sample(3, 4)[1])


@pytest.mark.parametrize("strict", [False, True], ids=["traced", "strict"])
def test_export_with_dynamic_batch_and_length(net, strict, tmp_path):
    batch, n = torch.export.Dim("batch"), torch.export.Dim("n")
    shapes = {"ids": {0: batch, 1: n}, "mask": {0: batch, 1: n}}
    program = torch.export.export(net, sample(), dynamic_shapes=shapes, strict=strict)
    for size in [(3, 5), (2, 9), (7, 2)]:
        agree(program.module()(*(inputs := sample(*size))), net(*inputs))


def test_an_exported_program_is_saved(compiled, tmp_path):
    plain = compiled(TEXT, "plain", d=8).eval()
    batch, n = torch.export.Dim("batch"), torch.export.Dim("n")
    program = torch.export.export(plain, (torch.randn(3, 5, 8),), dynamic_shapes=({0: batch, 1: n},))
    torch.export.save(program, tmp_path / "plain.pt2")
    loaded = torch.export.load(tmp_path / "plain.pt2").module()
    x = torch.randn(2, 7, 8)
    torch.testing.assert_close(loaded(x), plain(x))


def test_training_step_under_torch_compile(net):
    torch._dynamo.reset()
    fast = torch.compile(net.train(), fullgraph=True, backend="aot_eager")
    fast(*sample()).hidden.square().sum().backward()
    assert all(one.grad is not None for one in net.parameters())


# ------------------------------------------------------------------ the source


def test_the_same_specification_is_the_same_class(compiled):
    assert type(compiled(TEXT, d=8)) is type(compiled(TEXT, d=8))


def test_the_source_stands_alone(net, tmp_path):
    from catlang.compiler.loading import source_of

    (tmp_path / "alone.py").write_text(source_of(net), encoding="utf-8")
    code = ("import sys, alone, torch\n"
            "net = alone.Net()\n"
            "net(torch.zeros(2, 3, dtype=torch.int64), torch.ones(2, 3, dtype=torch.bool))\n"
            "assert not any(name.startswith('catlang') for name in sys.modules)")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


CONSTANT = '''dim d
morphism cell : R[2] * R[2] -> R[2] = (tanh * affine[_, 2]) >> add >> tanh
morphism words : 1 -> List(R[2]) = {words}
morphism net : R[d] -> R[d] * R[2] = (id, drop >> words) >> (affine * (map(tan) >> (xs |->
    let once = (fold([parameter, cell]) as first)(xs) in fold([() |-> once, cell])(xs))))'''


@pytest.mark.parametrize("words", ["nil", "(parameter, nil) >> cons"])
def test_a_list_that_is_the_same_for_the_whole_batch(compiled, words):
    """What is made of weights alone has no batch axis, also where nothing may be computed behind ends of lists: a
    network that takes it knows, forwards and backwards."""
    net = compiled(CONSTANT.replace("{words}", words), d=3)
    x = torch.randn(2, 3)
    _, folded = net(x)
    (folded * torch.tensor([[1.0], [2.0]])).sum().backward()
    together = {name: weight.grad.clone() for name, weight in net.named_parameters() if weight.grad is not None}
    assert "first.parameter_0.weight" in together
    net.zero_grad()
    _, alone = net(x[0])
    torch.testing.assert_close(folded, alone.expand(2, 2))
    (3 * alone).sum().backward()
    for name, gradient in together.items():
        torch.testing.assert_close(gradient, net.get_parameter(name).grad)
