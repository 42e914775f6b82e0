"""Derived forms are the plain loop: values and gradients, and each is chosen by its law, never by a name.

Held in float64 to what is compiled without them, on lists of different lengths, the empty one among them, and of one
length. What is nearly a kernel, or nearly affine, is none.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import catlang
from catlang.compiler import build, explained

SPEC = Path(__file__).parent / "derived.cat"
SIZES = {"x": 3, "h": 4}

#: Of each morphism what is said of it; None where nothing may be.
FORMS = {
    "lstm_out": "the kernel of nn.LSTM",
    "lstm_last": "the kernel of nn.LSTM",
    "lstm_apart_out": "the kernel of nn.LSTM",
    "lstm_side_out": "the kernel of nn.LSTM",
    "gru_out": "the kernel of nn.GRU",
    "gru_back": "the kernel of nn.GRU",
    "rnn_out": "the kernel of nn.RNN with tanh",
    "relu_rnn_out": "the kernel of nn.RNN with relu",
    "linear_rnn": "affine in the state, entry by entry",
    "dense_rnn": "one matrix times the state",
    "s4_out": "affine in the state, entry by entry",
    "scaled": "affine in the state, entry by entry",
    "peephole": "gradients go back by a loop of its own",
    "normed_out": "taken behind the loop",
    "side_out": "taken in front of the loop",
    "sides_out": "3 products of arrays side by side taken apart",
    "near_out": "taken in front of the loop",
    "near_gru_out": "taken in front of the loop",
    "squared": "gradients go back by a loop of its own",
}


def compiled(name: str, derived: bool, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    with monkeypatch.context() as patch:
        if not derived:
            patch.setattr(build, "derive", lambda network, account: None)
        torch.manual_seed(0)
        sizes = {size: SIZES[size] for size in SIZES if size != "x" or name not in ("scaled", "squared")}
        return catlang.compile(SPEC, name, **sizes).double()


def results(net: nn.Module, name: str, lengths: list[int]) -> tuple[list[Tensor], list[Tensor]]:
    """All that comes out, and all gradients, of a sum in which every entry has a weight of its own."""
    torch.manual_seed(len(lengths))
    width = 4 if name in ("scaled", "squared") else 3
    given = catlang.lists([torch.randn(length, width, dtype=torch.float64) for length in lengths])
    data = given.data.clone().requires_grad_()
    lists = catlang.Lists(data, given.lengths)
    start = tuple(torch.randn(len(lengths), 4, dtype=torch.float64).requires_grad_() for _ in range(2))
    found = net(start, lists) if name in ("peephole", "normed_out") else net(lists)
    values = []
    for part in found if isinstance(found, tuple) else (found,):
        if hasattr(part, "lengths"):
            inner = part.data if isinstance(part.data, tuple) else (part.data,)
            there = torch.arange(inner[0].shape[1]) < part.lengths[:, None]
            values += [one[there] for one in inner]
        else:
            values += torch.utils._pytree.tree_leaves(part)
    total = sum((value * torch.sin(torch.arange(value.numel()).view(value.shape) + 1.0)).sum() for value in values)
    if total.requires_grad:
        total.backward()
    # Where nothing was computed, as of empty lists, there is no gradient: it is zero.
    return values, [torch.zeros_like(one) if one.grad is None else one.grad for one in (
        data, *net.parameters(), *start)]


@pytest.mark.parametrize("lengths", [[5, 2, 0, 7], [6, 6, 6], [0, 0], [1]], ids=str)
@pytest.mark.parametrize("name", FORMS)
def test_a_derived_form_is_the_plain_loop(name: str, lengths: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ours, plain = compiled(name, True, monkeypatch), compiled(name, False, monkeypatch)
    plain.load_state_dict(ours.state_dict())
    for one, other in zip(results(ours, name, lengths), results(plain, name, lengths), strict=True):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", FORMS)
def test_what_was_derived_is_said_with_its_law(name: str) -> None:
    sizes = {size: SIZES[size] for size in SIZES if size != "x" or name not in ("scaled", "squared")}
    _, account = explained(SPEC, name, **sizes)
    wanted = FORMS[name]
    if wanted is None:
        assert "nothing derived" in account
        return
    assert wanted in account, account
    assert "by: " in account
    if name.startswith("near"):
        assert "kernel" not in account
    if name == "squared":
        assert "affine" not in account


def test_gradients_do_not_wait_where_somebody_looks_at_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `torch.func` the loop is a plain one."""
    net = compiled("near_out", True, monkeypatch)
    data = torch.randn(2, 3, 3, dtype=torch.float64)
    lengths = torch.tensor([3, 3])

    def total(weights: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(net, weights, (catlang.Lists(data, lengths),)).data.sum()

    weights = dict(net.named_parameters())
    found = torch.func.grad(total)(weights)
    total(weights).backward()
    for name, weight in net.named_parameters():
        torch.testing.assert_close(found[name], weight.grad)


def test_nothing_is_computed_behind_the_end_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands there, be it no number."""
    for name in ("near_out", "lstm_out", "gru_back", "normed_out", "squared"):
        _same_whatever_stands_behind(name, compiled(name, True, monkeypatch))


def _same_whatever_stands_behind(name: str, net: nn.Module) -> None:
    width = 4 if name == "squared" else 3
    data = torch.randn(3, 6, width, dtype=torch.float64)
    lengths = torch.tensor([6, 2, 0])
    there = torch.arange(6)[None] < lengths[:, None]
    start = tuple(torch.zeros(3, 4, dtype=torch.float64) for _ in range(2))

    def result(filler: float) -> list[Tensor]:
        given = torch.where(there[..., None], data, torch.full_like(data, filler)).requires_grad_()
        found = net(start, catlang.Lists(given, lengths)) if name == "normed_out" else (
            net(catlang.Lists(given, lengths)))
        first = found[0] if isinstance(found, tuple) else found
        value = first.data[there] if hasattr(first, "data") and hasattr(first, "lengths") else first
        net.zero_grad()
        value.sum().backward()
        return [value.detach(), given.grad[there], *(weight.grad.clone() for weight in net.parameters())]

    for one, other in zip(result(0.0), result(float("nan")), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("name", ["hr", "hl", "ht", "htq"])
def test_a_hylomorphism_builds_nothing_in_between(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the right, from the left, of trees, of trees with something around; the same as one after the other."""
    spec = SPEC.with_name("hylomorphisms.cat")
    source, account = explained(spec, name, h=4)
    assert "with nothing built in between" in account
    assert "grow_along(" not in source and "unfold_trees(" not in source and "fold_trees(" not in source
    ours = catlang.compile(spec, name, h=4).double()
    with monkeypatch.context() as patch:
        patch.setattr(build, "derive", lambda network, account: None)
        plain = catlang.compile(spec, name, h=4).double()
    plain.load_state_dict(ours.state_dict())
    torch.manual_seed(1)
    state, query = torch.randn(3, 5, 4, dtype=torch.float64), torch.randn(3, 5, 2, dtype=torch.float64)
    given = (query, state) if name == "htq" else (state,)
    found, wanted = ours(*given), plain(*given)
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)
    found.square().sum().backward()
    wanted.square().sum().backward()
    for one, other in zip(ours.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-9, atol=1e-12)
