"""Cells that PyTorch has no layer for are loops by hand, list by list and step by step, at any length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

import catlang
from catlang import Lists

from .parity import SIZES, Table, agree, compiled, entries, every_precision, reference, same

pytestmark = pytest.mark.usefixtures("dtype")


@dataclass(frozen=True)
class ByHand:
    """A cell of `cells.cat`: its state, its elements, and where the one by hand has its weights."""

    hand: str
    state: str
    element: str
    table: Table

    def elements(self, length: int) -> Any:
        """The elements of a list; coefficients are between -1 and 1, so that no state grows."""
        sizes = {"R[m]": SIZES["m"]}
        width = sizes.get(self.element, SIZES["h"])
        if self.hand == "Gated":
            return 2 * torch.rand(length, width) - 1, torch.randn(length, width)
        if self.element == "Memory":
            return torch.randn(length, width), torch.randn(length, width)
        return torch.randn(length, width)


BY_HAND = {
    "peephole": ByHand("Peephole", "Memory", "R[m]", {
        "of_input.weight": "x.weight", "of_input.bias": "x.bias", "of_state.weight": "h.weight",
        "enter.weight": "peep_i", "forget.weight": "peep_f", "leave.weight": "peep_o"}),
    "normed": ByHand("Normed", "Memory", "R[m]", {
        "input.weight": "x.weight", "state.weight": "h.weight",
        **{f"{ours}_norm.{kind}": f"{theirs}_norm.{kind}" for kind in ("weight", "bias")
           for ours, theirs in (("input", "x"), ("state", "h"), ("memory", "c"))}}),
    "diagonal": ByHand("Diagonal", "R[h]", "R[h]", {"decay.weight": "a"}),
    "gated": ByHand("Gated", "R[h]", "(R[h] * R[h])", {}),
    "selective": ByHand("Selective", "R[h]", "R[m]", {
        f"{ours}.{kind}": f"{theirs}.{kind}" for ours, theirs in (("decay", "a"), ("enter", "b"))
        for kind in ("weight", "bias")}),
    "turning": ByHand("Turning", "Memory", "Memory", {"re.weight": "re", "im.weight": "im"}),
    "dense": ByHand("Dense", "R[h]", "R[h]", {"matrix.weight": "a.weight"}),
}
RECURRENCES = ("diagonal", "gated", "selective", "turning", "dense")


class Loop(nn.Module):
    """A cell by hand, list by list and step by step; gives the states behind every step, and the last ones."""

    def __init__(self, cell: nn.Module, backwards: bool) -> None:
        super().__init__()
        self.cell = cell
        self.backwards = backwards

    def forward(self, start: Any, xs: Lists) -> Any:
        start = start if isinstance(start, tuple) else (start,)
        outputs, ends = [], []
        for row, length in enumerate(xs.lengths.tolist()):
            state, found = tuple(x[row] for x in start), []
            elements = pytree.tree_map(lambda x, row=row, length=length: x[row, :length].unbind(), xs.data)
            rows = list(zip(*elements, strict=True)) if isinstance(xs.data, tuple) else list(elements)
            for x in reversed(rows) if self.backwards else rows:
                state = self.cell(state, x)
                found.append(state)
            outputs += found[::-1] if self.backwards else found
            ends.append(state)
        return ([torch.stack(column) for column in zip(*outputs, strict=True)],
                [torch.stack(column) for column in zip(*ends, strict=True)])


def by_hand(name: str, backwards: bool) -> tuple[nn.Module, Loop, Table]:
    """Ours, the loop, and where ours has the weights of the loop."""
    case = BY_HAND[name]
    scheme = "backwards" if backwards else "forwards"
    header = (f"morphism net : {case.state} * List({case.element}) -> List({case.state}) * {case.state} "
              f"= {scheme}({name})")
    loop = Loop(getattr(reference("cells"), case.hand)(SIZES["m"], SIZES["h"]), backwards)
    return compiled("cells.cat", header=header), loop, {
        f"{scheme}_0.step.cell_0.{name}_0.{ours}": f"cell.{theirs}" for ours, theirs in case.table.items()}


def listed(case: ByHand, lengths: tuple[int, ...]) -> Lists:
    return catlang.lists([[x if isinstance(x, Tensor) else tuple(x) for x in _rows(case.elements(length))]
                          for length in lengths])


def _rows(elements: Any) -> list[Any]:
    return list(zip(*(x.unbind() for x in elements), strict=True)) if isinstance(elements, tuple) else list(elements)


def start_of(case: ByHand, batch: int) -> Any:
    parts = tuple(torch.randn(batch, SIZES["h"]) for _ in range(2 if case.state == "Memory" else 1))
    return parts if len(parts) == 2 else parts[0]


@every_precision
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("name", BY_HAND)
def test_cells_against_a_loop(name: str, backwards: bool, dtype: torch.dtype) -> None:
    """Cells that PyTorch has no layer for."""
    ours, theirs, table = by_hand(name, backwards)
    lengths = (6, 1, 11, 4)
    agree(ours, theirs, table, start_of(BY_HAND[name], len(lengths)), listed(BY_HAND[name], lengths))


@every_precision
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("name", RECURRENCES)
@pytest.mark.parametrize("lengths", [(1,), (2,), (3, 2), (64, 63, 65), (100, 31, 1), (500, 257)], ids=str)
def test_recurrences_of_any_length(name: str, backwards: bool, lengths: tuple[int, ...], dtype: torch.dtype) -> None:
    """What is affine in the state is one recurrence, whatever the order in which it is computed."""
    ours, theirs, table = by_hand(name, backwards)
    agree(ours, theirs, table, start_of(BY_HAND[name], len(lengths)), listed(BY_HAND[name], lengths))


@pytest.mark.parametrize("name", ["diagonal", "gated", "selective", "dense"])
def test_states_from_zero(name: str) -> None:
    """`scanl` gives one state more than there are elements, the first being where it begins."""
    case = BY_HAND[name]
    header = "morphism net : {0} -> {1} = {2}({3})".format
    xs = f"List({case.element})"
    net = compiled("cells.cat", header=header(xs, f"List({case.state})", "from_zero", name))
    other = compiled("cells.cat", header=header(f"{case.state} * {xs}", f"List({case.state}) * {case.state}",
                                                "forwards", name))
    catlang.load(other, {f"forwards_0.step.cell_0.{address[address.index(name):]}": tensor
                         for address, tensor in net.state_dict().items()})
    lists = listed(case, (4, 7, 1))
    found = net(lists)
    assert found.lengths.tolist() == [4, 7, 1]
    for one, wanted in zip(entries(found), entries(other(torch.zeros(3, SIZES["h"]), lists)[0]), strict=True):
        same(one, wanted, "states")
