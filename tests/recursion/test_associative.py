"""A scan whose step is associative is taken part by part, and is the loop: values, gradients, their gradients.

Held in float64 to what is compiled without derived forms and to what is written here by hand, on lists of different
lengths, the empty one among them, and of one length, long ones and short ones.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import catlang
from catlang.compiler import build, explained
from catlang.compiler.derived import associative as derived_form
from catlang.compiler.emitted import associative

from .parity import entries

SPEC = Path(__file__).with_name("associative.cat")
SIZES = {"h": 4, "n": 3}
LAW = "a parallel scan of logarithmic depth: the step is associative"
#: What each morphism takes.
VECTOR, PAIR, MATRIX, TRUTH = "vector", "pair", "matrix", "truth"
GIVEN = {
    "greatest": VECTOR, "greatest_left": VECTOR, "greatest_before": VECTOR, "greatest_behind": VECTOR,
    "normalisers": PAIR, "normalisers_behind": PAIR, "log_sum_exp": VECTOR, "products": MATRIX,
    "product_of_all": MATRIX, "every": TRUTH, "any_before": TRUTH, "learned": VECTOR, "crossed": PAIR,
}
#: Associative as well; that it is proved is another matter.
TOLD = {"between": MATRIX, "between_each": MATRIX, "side_by_side": VECTOR, "exclusive": TRUTH}
LENGTHS = ([45, 2, 0, 64], [41, 41], [0, 0], [1], [9, 30], [97, 40, 3])

pytestmark = pytest.mark.usefixtures("double")


def compiled(name: str, monkeypatch: pytest.MonkeyPatch, plain: bool = False) -> nn.Module:
    with monkeypatch.context() as patch:
        if plain:
            patch.setattr(build, "derive", lambda network, account: None)
        if name in TOLD:
            patch.setattr(derived_form, "proved", lambda step: True)
        torch.manual_seed(0)
        return catlang.compile(SPEC, name, **SIZES).double()


def elements(kind: str, *shape: int) -> Tensor | tuple[Tensor, Tensor]:
    if kind == TRUTH:
        return torch.rand(*shape, 4) < 0.9
    if kind == MATRIX:
        return torch.linalg.qr(torch.randn(*shape, 3, 3)).Q
    return torch.randn(*shape, 4) if kind == VECTOR else (torch.randn(*shape, 4), torch.rand(*shape, 4))


def sample(name: str, lengths: list[int]) -> tuple[Any, ...]:
    torch.manual_seed(len(lengths))
    kind = {**GIVEN, **TOLD}[name]
    lists = catlang.Lists(elements(kind, len(lengths), max([1, *lengths])), torch.tensor(lengths))
    around = {"between": (3, 3), "between_each": (3, 3, 3), "side_by_side": (4,)}.get(name)
    return (lists,) if around is None else (torch.randn(len(lengths), *around), lists)


def outcome(net: nn.Module, given: tuple[Any, ...], twice: bool = True) -> list[Tensor]:
    """All that comes out, all gradients of a sum of it, and (``twice``) the gradients of these."""
    given = torch.utils._pytree.tree_map(
        lambda x: x.clone().requires_grad_() if x.is_floating_point() else x, given)
    values = entries(net(*given))
    sources = [x for x in [*torch.utils._pytree.tree_leaves(given), *net.parameters()] if x.is_floating_point()]
    reals = [x for x in values if x.is_floating_point()]
    if not reals:
        return values

    def back(found: list[Tensor], **named: bool) -> list[Tensor]:
        weighted = [(x.square() * torch.sin(torch.arange(x.numel()).view(x.shape) + 1.0)).sum() for x in found]
        # Where nothing was computed, as of empty lists, there is no gradient: it is zero.
        total = sum([*weighted, *(x.sum() * 0 for x in sources)], torch.zeros(()))
        return list(torch.autograd.grad(total, sources, allow_unused=True, materialize_grads=True, **named))

    gradients = back(reals, create_graph=True)
    return [*values, *gradients, *(back(gradients) if twice else ())]


def same(found: list[Tensor], wanted: list[Tensor]) -> None:
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        scale = max(1.0, other.detach().abs().max().item()) if other.numel() and other.is_floating_point() else 1.0
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("name", [*GIVEN, *TOLD])
def test_it_is_the_plain_loop(name: str, lengths: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    ours, plain = compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)
    plain.load_state_dict(ours.state_dict())
    given = sample(name, lengths)
    same(outcome(ours, given), outcome(plain, given))


@pytest.mark.parametrize("name", ["of_each", "of_lists", "in_a_step"])
def test_it_is_the_plain_loop_within_others(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    if name == "of_each":
        given = catlang.Lists(torch.randn(2, 3, 50, 4), torch.tensor([[50, 0, 44], [1, 7, 49]]))
    else:
        inner = torch.tensor([[50, 0, 44], [1, 7, 49]])
        given = catlang.Lists(catlang.Lists(torch.randn(2, 3, 50, 4), inner), torch.tensor([3, 2]))
    ours, plain = compiled(name, monkeypatch), compiled(name, monkeypatch, plain=True)

    def leaves(value: Any) -> Any:
        if name != "of_lists":
            return value
        there = torch.arange(value.data.data.shape[2]) < value.data.lengths[..., None]
        return value.data.data[there & (torch.arange(3) < value.lengths[:, None])[..., None]]

    # Of a loop around it whose gradients go back by one of their own there are none of them.
    found, wanted = (outcome(called(lambda xs, net=net: leaves(net(xs)), net), (given,), name != "in_a_step")
                     for net in (ours, plain))
    same(found, wanted)


def called(function: Callable[..., Any], net: nn.Module) -> nn.Module:
    """A function of a network, with the network's weights."""
    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, *given: Any) -> Any:
            return function(*given)

    return Called()


def by_hand(name: str, xs: Any) -> list[Tensor]:
    """What comes of one list, by PyTorch's own functions or from the definition."""
    if name in ("greatest", "greatest_left"):
        return [torch.cat((torch.full((1, 4), -100.0), xs)).amax(0)]
    if name in ("greatest_before", "greatest_behind"):
        all_of_them = torch.cat((torch.full((1, 4), -100.0), xs if name.endswith("before") else xs.flip(0)))
        found = all_of_them.cummax(0).values
        return [found if name.endswith("before") else found.flip(0)]
    if name == "log_sum_exp":
        return [xs.logsumexp(0)]
    if name == "every":
        return [xs.all(0)]
    if name == "any_before":
        return [torch.stack([xs[:end].any(0) for end in range(len(xs) + 1)])]
    if name == "products":
        return [torch.stack(list(itertools.accumulate(xs, torch.matmul, initial=torch.eye(3))))]
    if name == "product_of_all":
        return [functools.reduce(torch.matmul, xs, torch.eye(3))]
    assert name == "normalisers"
    greatest = torch.cat((torch.full((1, 4), -100.0), xs[0])).cummax(0).values
    terms = [(xs[1][:end] * (xs[0][:end] - greatest[end]).exp()).sum(0) for end in range(len(greatest))]
    return [greatest, torch.stack(terms)]


@pytest.mark.parametrize("name", ["greatest", "greatest_left", "greatest_before", "greatest_behind", "log_sum_exp",
                                  "every", "any_before", "products", "product_of_all", "normalisers"])
@pytest.mark.parametrize("length", [1, 2, 7, 64, 101])
def test_it_is_what_one_writes_by_hand(name: str, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(length)
    xs = elements(GIVEN[name], length)
    found = entries(compiled(name, monkeypatch)(catlang.Lists(xs, torch.tensor(length))))
    same(found, by_hand(name, xs))


def test_long_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten thousand entries, beside ten."""
    xs = torch.randn(2, 10_000, 4)
    found = compiled("log_sum_exp", monkeypatch)(catlang.Lists(xs, torch.tensor([10_000, 10])))
    torch.testing.assert_close(found, torch.stack([xs[0].logsumexp(0), xs[1, :10].logsumexp(0)]), rtol=1e-9, atol=1e-9)
    turns = elements(MATRIX, 10_000)
    found = compiled("products", monkeypatch)(catlang.Lists(turns, torch.tensor(10_000))).data
    same([found], by_hand("products", turns))


@pytest.mark.parametrize("name", [*GIVEN, "least_of_tables", "rotations", "of_each", "of_lists", "in_a_step"])
def test_what_was_derived_is_said_with_its_law(name: str) -> None:
    source, account = explained(SPEC, name, **SIZES)
    assert LAW in account
    assert "by: (a . b) . c = a . (b . c), so any bracketing gives the same" in account
    assert "_in_parts(" in source


@pytest.mark.parametrize("name", ["squashed", "differences", "averages", "turned", "distances", "noisy"])
def test_what_is_not_associative_is_not_said_to_be(name: str) -> None:
    source, account = explained(SPEC, name, **SIZES)
    assert "the step is associative" not in account
    assert "_in_parts(" not in source


@pytest.mark.parametrize("name", ["turned", "noisy"])
def test_a_loop_that_stays_one_is_said_to(name: str) -> None:
    _, account = explained(SPEC, name, **SIZES)
    assert account.startswith(str(SPEC)) or SPEC.name in account.splitlines()[0]
    assert "nothing derived, the loop stays as it is written" in account
    assert "why: its step is not affine in its state, and not known to be associative" in account
    assert "there is no loop in it" not in account


# ---------------------------------------------------------------- what is emitted


def joined(*given: Tensor) -> tuple[Tensor, Tensor]:
    """The step of `normalisers`, in which a number that is none would show."""
    one, total, other, more = given
    greatest = torch.maximum(one, other)
    return greatest, total * (one - greatest).exp() + more * (other - greatest).exp()


def looped(combine: Callable[..., Any], state: Any, arrays: Any, lengths: Tensor, backwards: bool) -> Any:
    """The state at every place, list by list."""
    rows = []
    for row, length in enumerate(lengths.tolist()):
        now, found = tuple(x[row] for x in state), {}
        for place in reversed(range(length)) if backwards else range(length):
            now = combine(*now, *(x[row, place] for x in arrays))
            found[place] = now
        rows.append((now, [found[place] for place in range(length)]))
    final = [torch.stack(parts) for parts in zip(*(now for now, _ in rows), strict=True)]
    return final, [torch.stack(column) for column in zip(*(one for _, many in rows for one in many), strict=True)]


@pytest.mark.parametrize("part", [2, 3, 8])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("size", [3, 5, 9, 16, 71])
def test_any_parts(size: int, backwards: bool, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With numbers that are none behind the ends of lists: nothing of them goes anywhere."""
    monkeypatch.setattr(associative, "steps_in_part", lambda *_: min(part, size - 1))
    for lengths in (torch.tensor([size, size // 2, 0, 1]), torch.full((4,), size)):
        there = torch.arange(size) < lengths[:, None]
        arrays = [torch.randn(4, size, 2), torch.rand(4, size, 2)]
        dirty = [torch.where(there[..., None], x, torch.nan).requires_grad_() for x in arrays]
        clean = [x.clone().requires_grad_() for x in arrays]
        start = [x.requires_grad_() for x in (torch.full((4, 2), -torch.inf), torch.zeros(4, 2))]
        final, states = looped(joined, start, clean, lengths, backwards)
        given = joined, tuple(start), tuple(dirty), (-2, -2), size, lengths, backwards
        end, every = associative.scan_in_parts(*given)
        folded = associative.fold_in_parts(*given)
        same([*end, *folded, *(x[there] for x in every)], [*final, *final, *states])
        # Behind the end of a list stands what the loop is in then: what it began with, or ended in.
        for x, first, last in zip(every, start, final, strict=True):
            stays = (first if backwards else last)[:, None].expand_as(x)
            torch.testing.assert_close(x[~there], stays[~there], rtol=1e-9, atol=1e-9)
        sources = [*start[1:], *dirty], [*start[1:], *clean]
        for ours, wanted in (([*end, *(x[there] for x in every)], [*final, *states]), (folded, final)):
            found, plain = (torch.autograd.grad([x.square().sum() for x in many], one, retain_graph=True)
                            for many, one in zip((ours, wanted), sources, strict=True))
            same([x if x.dim() < 3 else x[there] for x in found], [x if x.dim() < 3 else x[there] for x in plain])
            assert all(not x[~there].any() for x in found if x.dim() == 3)


def test_an_axis_has_no_lengths(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (4, 10**9):
        monkeypatch.setattr(associative, "steps_in_part", lambda *_, part=part: part)
        x, start = torch.randn(3, 30, 2, 2), torch.eye(2).expand(3, 2, 2)
        for backwards in (False, True):
            final, states = associative.scan_in_parts(torch.matmul, start, (x,), (-3,), 30, None, backwards)
            rows = x.flip(1) if backwards else x
            wanted = torch.stack(list(itertools.accumulate(rows.unbind(1), torch.matmul)), 1)
            same([final, states], [wanted[:, -1], wanted.flip(1) if backwards else wanted])
            same([associative.fold_in_parts(torch.matmul, start, (x,), (-3,), 30, None, backwards)], [wanted[:, -1]])
        none = x[:, :0]
        final, states = associative.scan_in_parts(torch.matmul, start, (none,), (-3,), 0)
        assert torch.equal(final, start) and states.shape == none.shape


@pytest.mark.parametrize("form", [associative.fold_in_parts, associative.scan_in_parts])
def test_calls_grow_as_the_logarithm_of_the_length(form: Callable[..., Any]) -> None:
    def calls(size: int) -> int:
        count = 0

        def combine(one: Tensor, other: Tensor) -> Tensor:
            nonlocal count
            count += 1
            return torch.maximum(one, other)

        form(combine, torch.zeros(3), (torch.randn(size, 3),), (-2,), size)
        return count

    counts = [calls(8**power) for power in (2, 3, 4, 5)]
    grown = [later - earlier for earlier, later in itertools.pairwise(counts)]
    assert grown[0] == grown[1] == grown[2] <= 15
    assert calls(8**4 - 1) <= counts[2] + 4 * 7


def test_short_and_wide_ones_are_taken_step_by_step() -> None:
    def narrow(steps: int, row: int, ragged: bool = False, every: bool = True) -> bool:
        return associative.steps_in_part((torch.empty(steps, row),), steps, steps, ragged, every) < steps

    assert narrow(64, 64) and narrow(4096, 1024) and narrow(64, 64, ragged=True)
    assert not narrow(8, 64) and not narrow(40, 64, ragged=True)
    assert not narrow(4096, 2048) and not narrow(4096, 1024, ragged=True)
    assert narrow(4096, 2048, every=False) and not narrow(4096, 4096, every=False)


@pytest.mark.parametrize("backwards", [False, True])
def test_an_axis_is_longer_than_all_lists(backwards: bool) -> None:
    """What stands there costs nothing."""
    sizes: list[int] = []

    def combine(one: Tensor, other: Tensor) -> Tensor:
        sizes.append(other.shape[0])
        return one @ other

    x, start = elements(MATRIX, 2, 5000), torch.eye(3).expand(2, 3, 3)
    for lengths in (torch.tensor([64, 64]), torch.tensor([64, 9])):
        sizes.clear()
        final, states = associative.scan_in_parts(combine, start, (x,), (-3,), 5000, lengths, backwards)
        folded = associative.fold_in_parts(combine, start, (x,), (-3,), 5000, lengths, backwards)
        assert sum(sizes) < 64 * 4 and states.shape == x.shape and states.isfinite().all()
        [wanted], [every] = looped(lambda one, other: (one @ other,), (start,), (x,), lengths, backwards)
        there = torch.arange(5000) < lengths[:, None]
        same([final, folded, states[there]], [wanted, wanted, every])


def test_gradients_of_first_and_second_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(associative, "steps_in_part", lambda *_: 2)
    arrays = torch.randn(2, 7, 2, requires_grad=True), torch.rand(2, 7, 2, requires_grad=True)
    start = torch.randn(2, 2, requires_grad=True), torch.rand(2, 2, requires_grad=True)
    for form, lengths in itertools.product((associative.fold_in_parts, associative.scan_in_parts),
                                           (None, torch.tensor([7, 3]))):
        def run(*xs: Tensor, form: Any = form, lengths: Any = lengths) -> tuple[Tensor, ...]:
            found = form(joined, xs[:2], xs[2:], (-2, -2), 7, lengths, True)
            return tuple(torch.utils._pytree.tree_leaves(found))

        assert torch.autograd.gradcheck(run, (*start, *arrays))
        assert torch.autograd.gradgradcheck(run, (*start, *arrays))


def test_transforms_of_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = torch.randn(3, 50, 2), torch.rand(3, 50, 2)
    start = torch.full((3, 2), -100.0), torch.zeros(3, 2)

    def outcomes(part: int) -> list[Tensor]:
        monkeypatch.setattr(associative, "steps_in_part", lambda *_: part)

        def loss(*xs: Tensor) -> Tensor:
            found = associative.scan_in_parts(joined, xs[:2], xs[2:], (-2, -2), 50)
            return sum((x.sin().sum() for x in torch.utils._pytree.tree_leaves(found)), torch.zeros(()))

        given = (*start, *arrays)
        return [*torch.vmap(torch.func.grad(loss, (0, 1, 2, 3)))(*given), *torch.func.jvp(loss, given, given)]

    same(outcomes(4), outcomes(10**9))


@pytest.mark.parametrize("name", ["greatest_left", "normalisers_behind"])
def test_compilers_trace_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net, (given,) = compiled(name, monkeypatch), sample(name, [45, 2, 0, 64])
    torch._dynamo.reset()
    fast = torch.compile(net, backend="aot_eager", fullgraph=True)
    same(entries(fast(given)), entries(net(given)))
    meta = net(torch.utils._pytree.tree_map(lambda x: x.to("meta"), given))
    assert [x.shape for x in torch.utils._pytree.tree_leaves(meta)] == [
        x.shape for x in torch.utils._pytree.tree_leaves(net(given))]
    exported = torch.export.export(net, (given,)).module()
    same(entries(exported(given)), entries(net(given)))
    torch._dynamo.reset()
