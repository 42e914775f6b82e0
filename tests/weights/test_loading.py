"""Loading: all problems are listed at once, and on any of them the module stays exactly as it was."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from catlang.compiler.weights import WeightsError, load, plan


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(module: nn.Module, before: dict[str, Tensor]) -> bool:
    now = module.state_dict()
    return list(now) == list(before) and all(torch.equal(now[name], before[name]) for name in now)


def kinds(why: pytest.ExceptionInfo[WeightsError]) -> list[tuple[str, str]]:
    return [(problem.kind, problem.address) for problem in why.value.problems]


def test_parameters_and_buffers_from_a_file(tmp_path: Path) -> None:
    source, target = net(), net()
    source[1].running_mean.fill_(7)
    source[1].num_batches_tracked.fill_(9)
    save_file(source.state_dict(), tmp_path / "x.safetensors")
    identities = {name: id(value) for name, value in target.state_dict(keep_vars=True).items()}
    done = load(target, tmp_path / "x.safetensors")
    assert same(target, snapshot(source))
    assert set(done.values) == set(source.state_dict())
    assert identities == {name: id(value) for name, value in target.state_dict(keep_vars=True).items()}
    assert all(parameter.requires_grad for parameter in target.parameters())


def test_every_problem_is_listed_and_nothing_is_loaded() -> None:
    target = net()
    before = snapshot(target)
    tensors: dict[str, Any] = snapshot(net())
    del tensors["0.weight"]
    tensors["0.weigth"] = torch.zeros(4, 3)
    tensors["2.weight"] = torch.zeros(4, 2)
    tensors["2.bias"] = torch.zeros(2, dtype=torch.int64)
    tensors["1.num_batches_tracked"] = torch.tensor(1.5)
    rename = {"3.weight": "0.bias", "1.bias": "none", "0.bias": {"from": "1.running_mean", "split": [0, 3]}}
    with pytest.raises(WeightsError) as caught:
        load(target, tensors, rename)
    assert sorted(kinds(caught)) == sorted(
        [
            ("no such target", "3.weight"),
            ("rename", "0.bias"),
            ("missing", "0.weight"),
            ("missing", "1.bias"),
            ("dtype", "1.num_batches_tracked"),
            ("shape", "2.weight"),
            ("dtype", "2.bias"),
            ("extra", "0.weigth"),
            ("extra", "1.bias"),
        ]
    )
    text = str(caught.value)
    for part in (
        "9 problems",
        "the module has no `3.weight`, which the rename table fills",
        "missing: the checkpoint has no `0.weight` [4, 3]; did you mean `0.weigth`?",
        "missing: the checkpoint has no `none`, from which the rename table makes `1.bias`",
        "`2.weight` is [2, 4] in the module and [4, 2] in the checkpoint; `transpose = true` in",
        "`2.bias` is float32 in the module and int64 in the checkpoint",
        "extra: the module has no place for `0.weigth` [4, 3]; did you mean `0.weight`?",
        "axis 0 of `1.running_mean` [4] does not split into 3",
    ):
        assert part in text
    assert same(target, before)


def test_problems_of_many_layers_share_a_line() -> None:
    layers = nn.ModuleList(nn.Linear(1, 1, bias=False) for _ in range(5))
    with pytest.raises(WeightsError) as caught:
        load(layers, {})
    assert len(caught.value.problems) == 5
    assert str(caught.value).split("\n") == [
        "the weights do not fit the module: 5 problems",
        "  missing: the checkpoint has no `0..4.weight` [1, 1] (5 times)",
    ]


def test_without_strictness_only_names_may_differ() -> None:
    target = net()
    before = snapshot(target)
    done = load(target, {"0.bias": torch.ones(4), "other": torch.ones(1)}, strict=False)
    assert done.extra == ["other"]
    assert set(done.missing) == set(before) - {"0.bias"}
    assert same(target, {**before, "0.bias": torch.ones(4)})
    with pytest.raises(WeightsError, match=r"`0.bias` is"):
        load(target, {"0.bias": torch.ones(5)}, strict=False)


def test_ignore_and_keep() -> None:
    target, tensors = net(), snapshot(net())
    before = snapshot(target)
    tensors["pooler.weight"] = torch.ones(1)
    tensors["2.weight"] = torch.ones(9, 9)
    load(target, tensors, {"ignore": ["pooler.*"], "keep": ["2.*"]})
    assert torch.equal(target[0].weight, tensors["0.weight"])
    assert torch.equal(target[2].weight, before["2.weight"])


def test_fused_and_separate_projections_agree() -> None:
    tensors = {"attn.weight": torch.randn(4, 12), "attn.bias": torch.randn(12)}
    separate = nn.ModuleDict({name: nn.Linear(4, 4) for name in "qkv"})
    table: dict[str, Any] = {}
    for place, name in enumerate("qkv"):
        table[f"{name}.weight"] = {"from": "attn.weight", "split": [place, 3], "axis": 1, "transpose": True}
        table[f"{name}.bias"] = {"from": "attn.bias", "split": [place, 3]}
    load(separate, tensors, table)
    fused = nn.Linear(4, 12)
    back = {leaf: {"concat": [f"{name}.{leaf}" for name in "qkv"]} for leaf in ("weight", "bias")}
    load(fused, separate.state_dict(), back)
    assert torch.equal(fused.weight, tensors["attn.weight"].T)
    assert torch.equal(fused.bias, tensors["attn.bias"])


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token = nn.Embedding(5, 3)
        self.out = nn.Linear(3, 5, bias=False)
        self.out.weight = self.token.weight


@pytest.mark.parametrize("names", [["token"], ["out"], ["token", "out"]])
def test_tied_weights_stay_tied(names: list[str]) -> None:
    target, value = Tied(), torch.randn(5, 3)
    load(target, {f"{name}.weight": value.clone() for name in names})
    assert target.out.weight is target.token.weight
    assert torch.equal(target.token.weight, value)


def test_tied_weights_given_twice_must_agree() -> None:
    target = Tied()
    before = snapshot(target)
    with pytest.raises(WeightsError, match="are one tensor in the module and differ in the checkpoint"):
        load(target, {"token.weight": torch.zeros(5, 3), "out.weight": torch.ones(5, 3)})
    assert same(target, before)


def test_a_tied_weight_that_is_nowhere_is_missing() -> None:
    with pytest.raises(WeightsError) as caught:
        load(Tied(), {})
    assert kinds(caught) == [("missing", "token.weight"), ("missing", "out.weight")]


@pytest.mark.parametrize("along", [parametrizations.orthogonal, parametrizations.weight_norm])
def test_parametrized_weights_are_loaded_under_their_own_addresses(along: Any) -> None:
    source, target = along(nn.Linear(4, 4)), along(nn.Linear(4, 4))
    load(target, source.state_dict())
    assert torch.equal(source.weight, target.weight)
    with pytest.raises(WeightsError, match="has no place for `weight`"):
        load(target, {"weight": torch.eye(4), "bias": torch.zeros(4)})


def test_weights_may_swap() -> None:
    target = nn.ModuleList([nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)])
    before = snapshot(target)
    load(target, target.state_dict(), {"0.weight": "1.weight", "1.weight": "0.weight"})
    assert torch.equal(target[0].weight, before["1.weight"])
    assert torch.equal(target[1].weight, before["0.weight"])


def test_casting_within_a_kind_of_number() -> None:
    target = nn.Linear(2, 1, bias=False).half()
    load(target, {"weight": torch.tensor([[1.0, float("inf")]], dtype=torch.float64)})
    assert target.weight.tolist() == [[1.0, float("inf")]]
    with pytest.raises(
        WeightsError, match="`weight` is float16 in the module, too small for float32 numbers"
    ):
        load(target, {"weight": torch.tensor([[1e6, 0.0]])})
    buffer = nn.Module()
    buffer.register_buffer("count", torch.zeros(2, dtype=torch.int8))
    load(buffer, {"count": torch.tensor([-128, 127])})
    with pytest.raises(WeightsError, match="too small"):
        load(buffer, {"count": torch.tensor([0, 128])})
    with pytest.raises(WeightsError, match="int8 in the module and bool in the checkpoint"):
        load(buffer, {"count": torch.tensor([True, False])})


class Breaks(nn.Linear):
    def _load_from_state_dict(self, *arguments: Any) -> None:
        super()._load_from_state_dict(*arguments)
        raise self.fault


@pytest.mark.parametrize("fault", [RuntimeError("disk on fire"), KeyboardInterrupt()])
def test_a_failure_midway_leaves_the_module_as_it_was(fault: BaseException) -> None:
    target = nn.Sequential(nn.Linear(2, 2), Breaks(2, 2))
    target[1].fault = fault
    target[0].register_buffer("scratch", torch.full((2,), float("nan")), persistent=False)
    before = snapshot(target)
    expected = WeightsError if isinstance(fault, Exception) else KeyboardInterrupt
    with pytest.raises(expected):
        load(target, {name: torch.full_like(value, 5) for name, value in before.items()})
    assert same(target, before)


def test_a_tensor_that_cannot_be_written_to() -> None:
    target = nn.Linear(2, 2)
    target.register_buffer("expanded", torch.zeros(1).expand(3))
    before = snapshot(target)
    with pytest.raises(WeightsError, match="the module is as it was") as caught:
        load(target, {name: torch.ones_like(value) for name, value in before.items()})
    assert kinds(caught) == [("copying", "")]
    assert same(target, before)


def test_modules_that_are_not_ready() -> None:
    tensors = {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}
    with pytest.raises(WeightsError, match="`weight` has no shape yet; run the module once"):
        load(nn.LazyLinear(2), tensors)
    with pytest.raises(WeightsError, match=r"no memory to be loaded into; .*to_empty"):
        load(nn.Linear(3, 2, device="meta"), tensors)


def test_state_that_is_no_tensor_is_left_alone() -> None:
    class Counting(nn.Linear):
        seen = 0

        def get_extra_state(self) -> int:
            return self.seen

        def set_extra_state(self, state: int) -> None:
            self.seen = state

    target = Counting(1, 1)
    target.seen = 4
    load(target, {"weight": torch.ones(1, 1), "bias": torch.ones(1)})
    assert (target.seen, target.weight.item()) == (4, 1.0)


def test_an_applied_plan_is_what_it_said() -> None:
    target, tensors = net(), snapshot(net())
    made = plan(target, tensors)
    assert not made.problems
    before = snapshot(target)
    assert same(target, before)
    made.apply()
    assert same(target, tensors)


LEAVES = st.sampled_from(["0.weight", "0.bias", "2.weight", "2.bias", "1.running_mean"])


@settings(deadline=None, max_examples=60)
@given(
    dropped=st.sets(LEAVES),
    reshaped=st.sets(LEAVES),
    recast=st.sets(LEAVES),
    added=st.sets(st.sampled_from(["x", "2.weight.y", "0"])),
)
def test_all_or_nothing(dropped: set[str], reshaped: set[str], recast: set[str], added: set[str]) -> None:
    """Whatever is wrong, exactly that is said, and with anything wrong nothing changes."""
    target, tensors = net(), snapshot(net())
    before = copy.deepcopy(snapshot(target))
    for name in reshaped:
        tensors[name] = torch.zeros(7)
    for name in recast:
        tensors[name] = tensors[name].int()
    for name in dropped:
        del tensors[name]
    tensors |= {name: torch.zeros(1) for name in added}
    wrong = {("missing", name) for name in dropped} | {("extra", name) for name in added}
    wrong |= {("shape", name) for name in reshaped - dropped} | {
        ("dtype", name) for name in recast - reshaped - dropped
    }
    if wrong:
        with pytest.raises(WeightsError) as caught:
            load(target, tensors)
        assert sorted(kinds(caught)) == sorted(wrong)
        assert same(target, before)
    else:
        load(target, tensors)
        assert same(target, tensors)
