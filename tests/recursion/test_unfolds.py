"""Unfolding takes a step with those lists alone that have not ended, and what it adds to a looked-up row in one
operation: values and gradients are those of the plain loop, whatever the batch, and whichever lists end when.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import catlang
from catlang import Lists
from catlang.compiler import build, explained

SPEC = Path(__file__).parent / "unfolds.cat"
TEXTS = ("both_text", "no_bias_text", "one_bias_text", "twice_text")
BOUND = 9
#: No batch, a batch of none, so few that words are multiplied one by one, many, and a batch of two axes.
BATCHES = ((), (0,), (1,), (300,), (20, 15))


def compiled(name: str, derived: bool, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    with monkeypatch.context() as patch:
        if not derived:
            patch.setattr(build, "derive", lambda network, account: None)
        return catlang.compile(SPEC, name, h=4, v=7).double()


def pair(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[nn.Module, nn.Module]:
    """With weights of which texts end at once, never, and in between."""
    ours, plain = (compiled(name, derived, monkeypatch) for derived in (True, False))
    for seed in range(200):
        torch.manual_seed(seed)
        with torch.no_grad():
            for weight in ours.parameters():
                weight.normal_(std=1.5)
            lengths = ours(starts((300,))).lengths.unique().tolist()
        if 0 in lengths and BOUND in lengths and len(lengths) > 3:
            plain.load_state_dict(ours.state_dict())
            return ours, plain
    raise AssertionError("no such weights")


def starts(batch: tuple[int, ...]) -> Tensor:
    torch.manual_seed(1)
    return 3 * torch.randn(*batch, 4, dtype=torch.float64)


def same(one: Lists, other: Lists) -> None:
    assert torch.equal(one.lengths, other.lengths)
    there = torch.arange(one.data[0].shape[one.lengths.dim()]) < one.lengths[..., None]
    assert torch.equal(one.data[0][there], other.data[0][there])
    torch.testing.assert_close(one.data[1][there], other.data[1][there], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("batch", BATCHES, ids=str)
@pytest.mark.parametrize("name", TEXTS)
def test_is_the_plain_loop(name: str, batch: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    ours, plain = pair(name, monkeypatch)
    start = starts(batch)
    with torch.no_grad():
        found, expected = ours(start), plain(start)
    same(found, expected)
    assert found.data[1].shape == (*batch, BOUND, 4)
    behind = torch.arange(BOUND) >= found.lengths[..., None]
    assert not found.data[1][behind].any() and not found.data[0][behind].any()


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_the_same_by_itself(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, _ = pair(name, monkeypatch)
    start = starts((40,))
    with torch.no_grad():
        whole = ours(start)
        for place in range(0, 40, 7):
            same(Lists(tuple(part[place] for part in whole.data), whole.lengths[place]), ours(start[place]))


@pytest.mark.parametrize("batch", ((), (1,), (30,), (5, 6)), ids=str)
@pytest.mark.parametrize("name", TEXTS)
def test_gradients_are_those_of_the_plain_loop(name: str, batch: tuple[int, ...],
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = []
    for net in pair(name, monkeypatch):
        start = starts(batch).requires_grad_()
        found = net(start)
        factors = torch.sin(torch.arange(found.data[1].numel()).view(found.data[1].shape) + 1.0)
        total = (found.data[1] * factors).sum()
        gradients.append(torch.autograd.grad(total, [start, *net.parameters()], allow_unused=True))
    for one, other in zip(*gradients, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("name", "added"), [("both_text", True), ("no_bias_text", True), ("one_bias_text", True),
                                             ("twice_text", False)])
def test_what_is_added_to_a_row_is_one_operation(name: str, added: bool) -> None:
    """And what is used twice is not."""
    source, account = explained(SPEC, name, h=4, v=7)
    assert "is looked up" in account
    assert ("recurrence(" in source) == added == ("added to what is looked up" in account)


def test_a_bias_is_learned_wherever_it_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    """Biases that come in with the table have the gradients of biases that are added at each step."""
    ours, _ = pair("both_text", monkeypatch)
    total = ours(starts((300,))).data[1].sum()
    names = [name for name, _ in ours.named_parameters() if name.endswith("bias") and "head" not in name]
    of_word, of_state = torch.autograd.grad(total, [ours.get_parameter(name) for name in names])
    assert len(names) == 2
    torch.testing.assert_close(of_word, of_state)
    assert of_word.abs().sum() > 0


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("name", TEXTS)
def test_an_exported_text_keeps_its_batch_open(name: str, strict: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    class Parts(nn.Module):
        """What comes out, as a program gives it."""

        def __init__(self, net: nn.Module) -> None:
            super().__init__()
            self.net = net

        def forward(self, start: Tensor) -> tuple[Tensor, ...]:
            found = self.net(start)
            return found.lengths, *found.data

    ours, _ = pair(name, monkeypatch)
    with torch.no_grad():
        program = torch.export.export(Parts(ours), (starts((5,)),), strict=strict,
                                      dynamic_shapes=({0: torch.export.Dim("batch")},)).module()
        for batch in (2, 30):
            lengths, *data = program(starts((batch,)))
            same(Lists(tuple(data), lengths), ours(starts((batch,))))
