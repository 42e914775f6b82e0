"""What others do to a module's weights and submodules: checkpoints, hooks, adapters, parametrisations.

Protects that a compiled module is a module like any other for them; and that where a derived form of a loop uses a
weight without calling its module, what hangs on that module is not passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import peft
import pytest
import torch
from torch import nn

import catlang

from .inputs import sentences

Compiled = Callable[..., nn.Module]


def test_low_rank_adapters(compiled: Compiled, tmp_path: Path) -> None:
    """`peft` finds the linear maps by their labels, trains beside them, saves, loads, and merges."""
    net, inputs = compiled("encoder").eval(), sentences()
    before = net(*inputs)
    adapted = peft.get_peft_model(net, peft.LoraConfig(r=2, target_modules=["project", "up"], lora_dropout=0.0))
    trainable = [name for name, weight in adapted.named_parameters() if weight.requires_grad]
    assert len(trainable) == 2 * (2 * 3 + 2)
    assert all("lora_" in name for name in trainable)
    torch.testing.assert_close(adapted(*inputs), before)
    optimiser = torch.optim.AdamW([weight for weight in adapted.parameters() if weight.requires_grad], 1e-1)
    for _ in range(3):
        optimiser.zero_grad()
        adapted(*inputs).square().mean().backward()
        optimiser.step()
    after = adapted(*inputs)
    assert not torch.allclose(after, before, atol=1e-3)
    adapted.save_pretrained(tmp_path)
    again = peft.PeftModel.from_pretrained(compiled("encoder").eval(), tmp_path)
    torch.testing.assert_close(again(*inputs), after)
    merged = adapted.merge_and_unload()
    torch.testing.assert_close(merged(*inputs), after, rtol=1e-4, atol=1e-5)
    assert set(merged.state_dict()) == set(compiled("encoder").state_dict())


def test_an_adapter_in_a_loop_is_not_passed_over(compiled: Compiled) -> None:
    lists = catlang.lists([torch.randn(5, 8), torch.randn(3, 8)])
    config = peft.LoraConfig(r=2, target_modules=["x", "h"], init_lora_weights=False)
    adapted = peft.get_peft_model(compiled("reader"), config)
    with pytest.raises(TypeError, match="derived=False"):
        adapted(lists)
    plain = compiled("reader", derived=False)
    before = plain(lists).data
    adapted = peft.get_peft_model(plain, config)
    after = adapted(lists).data
    assert not torch.allclose(after[1, :3], before[1, :3], atol=1e-4)
    merged = adapted.merge_and_unload()
    fast = compiled("reader")
    fast.load_state_dict(merged.state_dict())
    torch.testing.assert_close(fast(lists).data[1, :3], after[1, :3], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_hook_in_a_loop_is_not_passed_over(kind: str, compiled: Compiled) -> None:
    lists = catlang.lists([torch.randn(5, 8), torch.randn(3, 8)])
    net, plain = compiled("reader"), compiled("reader", derived=False)
    calls: list[object] = []
    for one in (net, plain):
        getattr(one.h, kind)(lambda module, *given: calls.append(module))
    with pytest.raises(TypeError, match=r"hooks or is adapted: compile it with `derived=False`"):
        net(lists)
    assert not calls
    plain(lists)
    assert calls == [plain.h] * 5


def test_a_hook_that_is_gone_is_none(compiled: Compiled) -> None:
    net, lists = compiled("reader"), catlang.lists([torch.randn(5, 8)])
    handle = net.h.register_forward_hook(lambda module, given, output: None)
    handle.remove()
    assert net(lists).data.shape == (1, 5, 3)


def test_a_parametrised_weight_in_a_loop(compiled: Compiled) -> None:
    """It is computed where it is asked for: no call of the module is passed over."""
    net, plain = compiled("reader"), compiled("reader", derived=False)
    plain.load_state_dict(net.state_dict())
    lists = catlang.lists([torch.randn(5, 8), torch.randn(3, 8)])
    for one in (net, plain):
        torch.manual_seed(0)
        nn.utils.parametrizations.orthogonal(one.h)
        one(lists).data[:, :3].sum().backward()
    torch.testing.assert_close(net(lists).data[:, :3], plain(lists).data[:, :3])
    for one, other in zip(net.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_backward_hooks_see_gradients(compiled: Compiled) -> None:
    net = compiled("encoder")
    seen: dict[str, torch.Size] = {}
    for name, one in net.named_modules():
        if isinstance(one, nn.Linear):
            one.register_full_backward_hook(
                lambda module, into, out, name=name: seen.__setitem__(name, out[0].shape))
    net(*sentences()).sum().backward()
    assert set(seen) == {name for name, one in net.named_modules() if isinstance(one, nn.Linear)}
    assert seen["head"] == (3, 6, 5)


def test_checkpoints_load_as_any_do(compiled: Compiled) -> None:
    net = compiled("encoder")
    state = net.state_dict()
    assert set(state) == {name for name, _ in [*net.named_parameters(), *net.named_buffers()]}
    missing = {name: one for name, one in state.items() if name != "head.bias"}
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "head.bias"'):
        net.load_state_dict(missing)
    assert net.load_state_dict({**missing, "other": torch.zeros(1)}, strict=False) == (["head.bias"], ["other"])
    with pytest.raises(RuntimeError, match=r"size mismatch for head\.bias"):
        net.load_state_dict({**state, "head.bias": torch.zeros(9)})
    other = compiled("encoder")
    other.load_state_dict({name: 2 * one for name, one in state.items()}, assign=True)
    torch.testing.assert_close(other.head.weight, 2 * net.head.weight)


def test_on_the_meta_device_and_from_there(compiled: Compiled) -> None:
    """Weights need not be made before they are loaded."""
    with torch.device("meta"):
        empty = compiled("encoder")
    assert all(weight.is_meta for weight in empty.parameters())
    net, inputs = compiled("encoder").eval(), sentences()
    empty = empty.to_empty(device="cpu").eval()
    empty.load_state_dict(net.state_dict())
    assert torch.equal(empty(*inputs), net(*inputs))
