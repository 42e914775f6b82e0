"""Gradients that go back along a loop by the reverse derivative of its step are those of the loop.

Held in float64 to the loop as PyTorch differentiates it, operation by operation: on lists of one length and of
different ones, so few numbers at a step that all steps are looked back on at once, and so many that they are taken in
turns. What cannot be had that way, gradients of gradients or a weight that has changed meanwhile, is refused and not
wrong; where somebody looks at every step the loop is a plain one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import catlang
from catlang import Lists
from catlang.compiler import build, explained

SPEC = Path(__file__).parent / "reverse.cat"
#: The width of the elements of each morphism's lists, and whether it takes a point beside them.
TAKES = {"products": (3, False), "back": (4, False), "entrywise": (4, False), "exponential": (4, False),
         "pieces": (8, False), "rows": (16, False), "between": (4, False), "around": (4, True), "echo": (4, True),
         "alike": (4, False), "seen": (4, True)}
SAID = "gradients go back by a loop of its own"
FEW, MANY = 3, 1500


def compiled(name: str) -> nn.Module:
    torch.manual_seed(0)
    return catlang.compile(SPEC, name, h=4, **({"x": 3} if name == "products" else {})).double()


def plain(name: str, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """The same, of which nothing is derived."""
    with monkeypatch.context() as patch:
        patch.setattr(build, "derive", lambda network, account: None)
        return compiled(name)


def given(name: str, batch: int, ragged: bool, size: int = 20) -> list[Any]:
    torch.manual_seed(1)
    width, point = TAKES[name]
    lengths = torch.randint(0, size + 1, (batch,)) if ragged else torch.full((batch,), size)
    data = torch.randn(batch, size, width, dtype=torch.float64, requires_grad=True)
    beside = [torch.randn(batch, 4, dtype=torch.float64, requires_grad=True)] if point else []
    return [*beside, Lists(data, lengths)]


def results(net: nn.Module, inputs: list[Any]) -> tuple[list[Tensor], list[Tensor]]:
    """All that comes out, inside of lists, and all gradients of a sum in which every entry has a factor of its own."""
    values = []
    found = net(*inputs)
    for part in found if type(found) is tuple else (found,):
        if isinstance(part, Lists):
            leaves = torch.utils._pytree.tree_leaves(part.data)
            there = torch.arange(leaves[0].shape[1]) < part.lengths[:, None]
            values += [one[there] for one in leaves]
        else:
            values += torch.utils._pytree.tree_leaves(part)
    total = sum((value * torch.sin(torch.arange(value.numel()).view(value.shape) + 1.0)).sum() for value in values)
    leaves = [one.data if isinstance(one, Lists) else one for one in inputs]
    assert isinstance(total, Tensor)
    return values, list(torch.autograd.grad(total, [*leaves, *net.parameters()]))


@pytest.mark.parametrize("ragged", [False, True], ids=["of one length", "ragged"])
@pytest.mark.parametrize("batch", [FEW, MANY], ids=["at once", "in turns"])
@pytest.mark.parametrize("name", TAKES)
def test_gradients_are_those_of_the_loop(name: str, batch: int, ragged: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, loop = compiled(name), plain(name, monkeypatch)
    loop.load_state_dict(ours.state_dict())
    [first, *_] = torch.utils._pytree.tree_leaves(loop(*given(name, batch, ragged)))
    assert "ReversedBackward" not in behind(first.grad_fn)
    for one, other in zip(results(ours, given(name, batch, ragged)), results(loop, given(name, batch, ragged)),
                          strict=True):
        for left, right in zip(one, other, strict=True):
            torch.testing.assert_close(left, right, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", TAKES)
def test_it_is_said_and_done(name: str) -> None:
    sizes = {"h": 4, **({"x": 3} if name == "products" else {})}
    source, account = explained(SPEC, name, **sizes)
    assert SAID in account
    assert "def reverse(" in source
    inputs = given(name, FEW, False)
    leaves = torch.utils._pytree.tree_leaves(compiled(name)(*inputs))
    assert any("ReversedBackward" in behind(one.grad_fn) for one in leaves)


def behind(node: Any) -> set[str]:
    """The names of all nodes of a graph."""
    found, left = {}, [node]
    while left:
        one = left.pop()
        if one is not None and one not in found:
            found[one] = type(one).__name__
            left += [other for other, _ in one.next_functions]
    return set(found.values())


def test_turns_there_are() -> None:
    """The many lists of these tests are really looked back on in turns, the few at once."""
    from catlang.compiler.emitted.reverse import turns_of

    assert len(turns_of(20, [torch.empty(MANY, 4)])) > 1
    assert len(turns_of(20, [torch.empty(FEW, 4)])) == 1
    assert sum(number for _, number in turns_of(20, [torch.empty(MANY, 4)])) == 20


def test_what_stands_in_no_rule_goes_back_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    _, account = explained(SPEC, "unknown", h=4)
    assert SAID not in account
    inputs = [Lists(torch.randn(2, 5, 4, dtype=torch.float64, requires_grad=True), torch.tensor([5, 2]))]
    ours, loop = compiled("unknown"), plain("unknown", monkeypatch)
    loop.load_state_dict(ours.state_dict())
    for left, right in zip(results(ours, inputs)[1], results(loop, inputs)[1], strict=True):
        torch.testing.assert_close(left, right)


def test_gradients_of_gradients_are_refused() -> None:
    net = compiled("between")
    [lists] = given("between", FEW, False)
    [first] = torch.autograd.grad(net(lists).data.square().sum(), lists.data, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


def test_a_weight_that_has_changed_meanwhile_is_refused() -> None:
    net = compiled("between")
    result = net(*given("between", FEW, False)).data.sum()
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        result.backward()


def test_where_somebody_looks_at_each_step_the_loop_is_a_plain_one() -> None:
    """Derivatives forwards, transformations of functions, and gradients of gradients by them."""
    net = compiled("between")
    [lists] = given("between", FEW, False)
    weights = dict(net.named_parameters())

    def total(weights: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(net, weights, (lists,)).data.square().sum()

    found = torch.func.grad(total)(weights)
    expected = torch.autograd.grad(total(weights), list(weights.values()))
    for one, other in zip(found.values(), expected, strict=True):
        torch.testing.assert_close(one, other)
    direction = torch.randn_like(lists.data)
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(lists.data.detach(), direction)
        made = torch.autograd.forward_ad.unpack_dual(net(Lists(dual, lists.lengths)).data.square().sum()).tangent
    [gradient] = torch.autograd.grad(net(lists).data.square().sum(), lists.data)
    torch.testing.assert_close(made, (gradient * direction).sum())


@pytest.mark.parametrize("ragged", [False, True], ids=["of one length", "ragged"])
@pytest.mark.parametrize("name", TAKES)
def test_without_gradients_it_gives_the_same(name: str, ragged: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps put what they give where it is gathered; nothing of it is changed by what comes after."""
    ours, loop, inputs = compiled(name), plain(name, monkeypatch), given(name, FEW, ragged)
    loop.load_state_dict(ours.state_dict())
    with torch.no_grad():
        found, expected = (leaves(net(*inputs)) for net in (ours, loop))
        kept = [one.clone() for one in found]
        ours(*given(name, FEW, not ragged))
    for one, other, copy in zip(found, expected, kept, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
        assert torch.equal(one, copy)
    assert len({one.untyped_storage().data_ptr() for one in found}) == len(found), "each lies by itself"


@pytest.mark.parametrize("name", sorted(TAKES.keys() - {"rows"}))
def test_many_gradients_at_once(name: str) -> None:
    """As `is_grads_batched` asks for them; PyTorch has no rule by which arrays of many gradients were flattened."""
    net, inputs = compiled(name), given(name, FEW, False)
    [first, *_] = leaves(net(*inputs))
    into = [one.data if isinstance(one, Lists) else one for one in inputs] + list(net.parameters())
    directions = torch.randn(3, *first.shape, dtype=torch.float64)
    found = torch.autograd.grad(first, into, directions, is_grads_batched=True, retain_graph=True, allow_unused=True)
    for number, direction in enumerate(directions):
        single = torch.autograd.grad(first, into, direction, retain_graph=True, allow_unused=True)
        for one, other in zip(found, single, strict=True):
            assert (one is None) == (other is None)
            if one is not None:
                torch.testing.assert_close(one[number], other)


def test_numbers_that_change_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """States of half as many digits as the entries, one of which becomes what the other is: nothing is rounded that
    would not be rounded in the loop, nor gradients."""
    ours, loop = compiled("exchanged"), plain("exchanged", monkeypatch)
    data = torch.randn(3, 5, 4, dtype=torch.float64, requires_grad=True)
    for states in ((torch.float32, torch.float32), (torch.float32, torch.float64)):
        start = [torch.full((3, 4), 0.7, dtype=dtype) for dtype in states]
        found, expected = (net(*start, Lists(data, torch.tensor([5, 5, 5]))).data for net in (ours, loop))
        with torch.no_grad():
            without = ours(*start, Lists(data, torch.tensor([5, 5, 5]))).data
        for one, other, third in zip(found, expected, without, strict=True):
            assert one.dtype == other.dtype == third.dtype
            torch.testing.assert_close(one, other, rtol=1e-13, atol=1e-13)
            torch.testing.assert_close(third, other, rtol=1e-13, atol=1e-13)
        for one, other in zip(torch.autograd.grad(found[1].sum(), data), torch.autograd.grad(expected[1].sum(), data),
                              strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-13)


def test_pieces_of_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, loop = compiled("turned"), plain("turned", monkeypatch)
    inputs = [Lists(torch.randn(2, 5, 8, dtype=torch.float64, requires_grad=True), torch.tensor([5, 3]))]
    for one, other in zip(results(ours, inputs), results(loop, inputs), strict=True):
        for left, right in zip(one, other, strict=True):
            torch.testing.assert_close(left, right)


def test_a_loop_of_no_steps_has_gradients() -> None:
    net, start = compiled("nothing"), torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    result = net(start)
    assert result.lengths.tolist() == [1, 1, 1]
    result.data.sum().backward()
    assert all(weight.grad is None or not weight.grad.any() for weight in net.parameters())


def test_under_autocast() -> None:
    net = compiled("between").float()
    lists = Lists(torch.randn(3, 5, 4, requires_grad=True), torch.tensor([5, 5, 2]))
    expected = net(lists).data
    with torch.autocast("cpu", torch.bfloat16):
        found = net(lists).data
    torch.testing.assert_close(found, expected, rtol=0.05, atol=0.05, check_dtype=False)
    found.sum().backward()
    assert lists.data.grad is not None and bool(lists.data.grad.abs().sum() > 0)


@pytest.mark.parametrize("batch", [FEW, MANY], ids=["at once", "in turns"])
@pytest.mark.parametrize("name", TAKES)
def test_what_came_out_may_be_changed_before_gradients_are_asked_for(name: str, batch: int) -> None:
    """What is kept of the steps does not lie where their results lie."""
    net, gradients = compiled(name), []
    for changed in (False, True):
        inputs = given(name, batch, False)
        found = [one for one in leaves(net(*inputs)) if one.grad_fn is not None]
        if changed:
            for one in found:
                one.add_(1.0)
        weights = [one.data if isinstance(one, Lists) else one for one in inputs] + list(net.parameters())
        gradients.append(torch.autograd.grad([one.sum() for one in found], weights))
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def leaves(value: Any) -> list[Tensor]:
    return [one for one in torch.utils._pytree.tree_leaves(value) if one.is_floating_point()]


def test_a_weight_that_learns_nothing_is_no_hindrance() -> None:
    net = compiled("between")
    net.requires_grad_(False)
    [lists] = given("between", FEW, True)
    net(lists).data.sum().backward()
    assert lists.data.grad is not None and bool(lists.data.grad.abs().sum() > 0)
    with torch.no_grad():
        assert net(lists).data.grad_fn is None


def test_a_weight_of_fewer_axes_than_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, loop = compiled("uneven"), plain("uneven", monkeypatch)
    loop.load_state_dict(ours.state_dict())
    inputs = [Lists(torch.randn(2, 5, 2, 4, dtype=torch.float64, requires_grad=True), torch.tensor([5, 5]))]
    assert ours(*inputs).data.shape == (2, 5, 4)
    for one, other in zip(results(ours, inputs), results(loop, inputs), strict=True):
        for left, right in zip(one, other, strict=True):
            torch.testing.assert_close(left, right)
