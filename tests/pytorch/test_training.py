"""Training with what PyTorch has for it: autocast, fused optimisers, and what is computed anew on the way back.

Protects that these change the cost of a step and, to the accuracy that they are for, not its outcome.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import catlang
from catlang.compiler import CompileError, emit

from .conftest import SPEC
from .inputs import sentences

Compiled = Callable[..., nn.Module]


def trained(net: nn.Module, optimiser: torch.optim.Optimizer, steps: int = 5, half: bool = False) -> list[float]:
    """The losses of some steps on one batch, their way there under autocast if wanted."""
    torch.manual_seed(1)
    inputs, wanted = sentences(), torch.randint(5, (3, 6))
    losses = []
    for _ in range(steps):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = nn.functional.cross_entropy(net(*inputs).flatten(0, 1), wanted.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


# ------------------------------------------------------------------ autocast


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", ["encoder", "vision", "reader"])
def test_autocast(name: str, dtype: torch.dtype, compiled: Compiled) -> None:
    # Every linear map is called where it stands, so that hooks see what it gives.
    net = compiled(name, derived=False).eval()
    inputs = {"encoder": sentences(), "vision": (torch.randn(2, 3, 9, 9),),
              "reader": (catlang.lists([torch.randn(4, 8), torch.randn(2, 8)]),)}[name]
    seen = []
    for one in net.modules():
        if isinstance(one, nn.Linear):
            one.register_forward_hook(lambda module, given, output: seen.append(output.dtype))

    def values(net: nn.Module) -> Tensor:
        found = net(*inputs)
        return found.data[0] if name == "reader" else found

    expected = values(net)
    assert set(seen) == {torch.float32}
    seen.clear()
    with torch.autocast("cpu", dtype):
        found = values(net)
    assert set(seen) == {dtype}
    torch.testing.assert_close(found.float(), expected, rtol=0.05, atol=0.05)
    found.float().square().sum().backward()
    assert all(weight.grad is not None and weight.grad.dtype == torch.float32 for weight in net.parameters())


def test_training_under_autocast(compiled: Compiled) -> None:
    net = compiled("encoder")
    plain = copy.deepcopy(net)
    found = trained(net, torch.optim.AdamW(net.parameters(), 1e-2), half=True)
    assert found[-1] < found[0]
    assert found == pytest.approx(trained(plain, torch.optim.AdamW(plain.parameters(), 1e-2)), rel=0.03)


# ------------------------------------------------------------------ optimisers


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD, torch.optim.Adam], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("how", ["fused", "foreach"])
def test_fused_optimisers(kind: type[torch.optim.Optimizer], how: str, compiled: Compiled) -> None:
    net = compiled("encoder")
    plain = copy.deepcopy(net)
    found = trained(net, kind(net.parameters(), lr=1e-2, **{how: True}))
    expected = trained(plain, kind(plain.parameters(), lr=1e-2, foreach=False))
    assert found == pytest.approx(expected, rel=1e-4)
    assert found[-1] < found[0]


def test_groups_of_parameters_by_their_names(compiled: Compiled) -> None:
    net = compiled("encoder")
    decayed = [weight for name, weight in net.named_parameters() if name.endswith(".weight") and ".norm." not in name]
    others = [weight for name, weight in net.named_parameters() if not any(weight is one for one in decayed)]
    assert len(decayed) == 2 + 2 * 6 and len(others) == 1 + 2 * 8
    groups = [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    losses = trained(net, torch.optim.AdamW(groups, 1e-2, fused=True))
    assert losses[-1] < losses[0]


# ------------------------------------------------------------------ computed anew


def kept(net: nn.Module, *inputs: Tensor) -> int:
    """The bytes that are kept for the way back, each storage once."""
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    weights = {weight.untyped_storage().data_ptr() for weight in net.parameters()}
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = net(*inputs)
    assert output.requires_grad
    return sum(size for place, size in storages.items() if place not in weights)


@pytest.mark.parametrize(("label", "part"), [("blocks", 0.35), ("think", 0.8), ("listen", 0.9)])
def test_what_is_computed_anew_is_not_kept(label: str, part: float, compiled: Compiled) -> None:
    net, plain = compiled("encoder", checkpoint=[label]), compiled("encoder")
    plain.load_state_dict(net.state_dict())
    inputs = sentences(4, 64)
    assert kept(net, *inputs) < part * kept(plain, *inputs)
    for one in (net, plain):
        one(*inputs).square().sum().backward()
    for one, other in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_noise_is_the_same_when_it_is_drawn_anew(compiled: Compiled) -> None:
    net, plain = compiled("vision", checkpoint="branch"), compiled("vision")
    plain.load_state_dict(net.state_dict())
    x = torch.randn(2, 3, 9, 9)
    outputs = []
    for one in (net, plain):
        torch.manual_seed(3)
        outputs.append(one(x))
        outputs[-1].square().sum().backward()
    assert torch.equal(*outputs)
    for one, other in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_computed_anew_under_autocast_and_torch_compile(compiled: Compiled) -> None:
    net, plain = compiled("encoder", checkpoint=["blocks"]), compiled("encoder")
    plain.load_state_dict(net.state_dict())
    inputs = sentences()
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(net(*inputs), plain(*inputs))
    torch._dynamo.reset()
    fast = torch.compile(net, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(fast(*inputs), plain(*inputs))
    with torch.no_grad():
        assert torch.equal(net(*inputs), plain(*inputs))


def test_the_source_still_stands_alone() -> None:
    source = emit(SPEC, "encoder", d=8, checkpoint=["blocks", "think"])
    assert "catlang" not in source.split("\n", 1)[1]
    assert source.count("checkpointed(") == 1 + 2
    assert "import torch.utils.checkpoint" in source
    assert "checkpoint" not in emit(SPEC, "encoder", d=8)


@pytest.mark.parametrize(("label", "code", "help"), [
    ("block", "E0813", "did you mean `blocks`?"), ("token", "E0813", ""), ("stem", "E0814", "")])
def test_labels_that_cannot_be(label: str, code: str, help: str) -> None:
    """One that there is not, a single primitive, and one that keeps a state."""
    name, sizes = ("vision", {}) if label == "stem" else ("encoder", {"d": 8})
    with pytest.raises(CompileError) as refused:
        catlang.compile(SPEC, name, checkpoint=[label], **sizes)
    [diagnostic] = refused.value.diagnostics
    assert diagnostic.code == code
    assert help in " ".join(diagnostic.help)
