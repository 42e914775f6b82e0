"""Recurrent networks written in catlang are PyTorch's own layers: in outputs, last states and gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils import _pytree as pytree

import catlang
from catlang import Lists

from .parity import SIZES, Table, agree, compiled, entries, every_precision, same

pytestmark = pytest.mark.usefixtures("dtype")


@dataclass(frozen=True)
class Cell:
    """A cell of `recurrent.cat`, the layer that it is one of, and where that layer has its weights; in the names of
    those `weight_ih` stands for `weight_ih_l0`, and so on."""

    layer: type[nn.RNNBase]
    table: Table
    options: tuple[tuple[str, str], ...] = ()

    @property
    def state(self) -> str:
        return "Memory" if self.layer is nn.LSTM else "Hidden"

    @property
    def out(self) -> str:
        return "fst" if self.layer is nn.LSTM else "id"


def maps(ours: str, part: Callable[[str], Any], sides: str = "input state") -> Table:
    """An affine map of the input and one of the state, each some part of what PyTorch has."""
    kinds = {"input": "ih", "state": "hh"}
    return {f"{ours}of_{side}.{kind}": part(f"{kind}_{kinds[side]}")
            for side, kind in product(sides.split(), ("weight", "bias"))}


def shuffled(order: tuple[int, ...]) -> Callable[[str], Any]:
    return lambda name: {"concat": [{"from": name, "split": [place, len(order)]} for place in order]}


def split(place: int, count: int) -> Callable[[str], Any]:
    return lambda name: {"from": name, "split": [place, count]}


def joined(sides: list[Any], biases: Callable[[str], Any] = str) -> Table:
    """One map of both, with two biases."""
    return {"of_both.map.weight": {"concat": sides, "axis": 1}, "of_both.map.of_input": biases("bias_ih"),
            "of_both.map.of_state": biases("bias_hh")}


WHOLE = maps("", str)
GATES = [maps(f"{gate}.", split(place, 4)) for place, gate in enumerate(("enter", "forget", "new", "leave"))]
LAST_OF_THREE = {f"{ours}.{kind}": {"from": f"{kind}_{side}", "split": [2, 3]}
                 for ours, side in (("new", "ih"), ("seen", "hh")) for kind in ("weight", "bias")}


def first_two(name: str) -> Any:
    """The rows of the first two of three gates."""
    return {"from": name, "slice": [0, 2 * SIZES["h"]]}


CELLS = {
    "rnn_tanh": Cell(nn.RNN, WHOLE),
    "rnn_relu": Cell(nn.RNN, WHOLE, (("nonlinearity", "relu"),)),
    "rnn_joined": Cell(nn.RNN, joined(["weight_hh", "weight_ih"])),
    "lstm": Cell(nn.LSTM, WHOLE),
    "lstm_apart": Cell(nn.LSTM, {ours: theirs for table in GATES for ours, theirs in table.items()}),
    "lstm_shuffled": Cell(nn.LSTM, maps("", shuffled((3, 2, 1, 0)))),
    "lstm_joined": Cell(nn.LSTM, joined(["weight_ih", "weight_hh"])),
    "gru": Cell(nn.GRU, WHOLE),
    "gru_apart": Cell(nn.GRU, {**maps("reset.", split(0, 3)), **maps("keep.", split(1, 3)), **LAST_OF_THREE}),
    "gru_shuffled": Cell(nn.GRU, maps("", shuffled((2, 1, 0)))),
    "gru_joined": Cell(nn.GRU, {**joined([first_two("weight_hh"), first_two("weight_ih")], first_two),
                                **LAST_OF_THREE}),
}


@dataclass(frozen=True)
class Way:
    """How cells go along a list: the header of a network, and of each direction of each layer where its cell is."""

    header: str
    addresses: Table
    layers: int = 1
    both: bool = False
    backwards: bool = False


def way(call: str, state: str, addresses: Table, **options: Any) -> Way:
    width = "2*h" if options.get("both") else "h"
    return Way(f"morphism net : ({state}) * List(R[m]) -> List(R[{width}]) * ({state}) = {call}", addresses, **options)


WAYS = {
    "forwards": way("forwards({cell}, {out})", "{S}", {"l0": "forwards_0.step.{cell}_0"}),
    "backwards": way("backwards({cell}, {out})", "{S}", {"l0": "backwards_0.step.{cell}_0"}, backwards=True),
    "turned": way("turned({cell}, {out})", "{S}", {"l0": "turned_0.reversed.step.cell_0.{cell}_0"}, backwards=True),
    "both": way(
        "both_ways({cell}, {out})", "{S} * {S}",
        {"l0": "both_ways_0.there.step.cell_0.{cell}_0", "l0_reverse": "both_ways_0.back.step.cell_0.{cell}_0"},
        both=True),
    "deep": way(
        "layers({cell}, {cell}, {out})", "{S} * {S} * {S}",
        {"l0": "layers_0.layer0.step.first_0.{cell}_0", "l1": "layers_0.layer1.step.rest_0.{cell}_0",
         "l2": "layers_0.layer2.step.rest_0.{cell}_0"},
        layers=3),
    "deep both": way(
        "layers_both_ways({cell}, {cell}, {out})", "({S} * {S}) * ({S} * {S})",
        {f"l{layer}{end}": f"layers_both_ways_0.layer{layer}.{side}.step.cell_0.{formal}_0.{{cell}}_0"
         for layer, formal in enumerate(("first", "rest")) for side, end in (("there", ""), ("back", "_reverse"))},
        layers=2, both=True),
}


def renamed(recipe: Any, place: str) -> Any:
    """A recipe that speaks of one layer's weights."""
    if isinstance(recipe, str):
        return f"{recipe}_{place}"
    if isinstance(recipe, dict):
        return {key: renamed(value, place) if key in ("from", "concat") else value for key, value in recipe.items()}
    return [renamed(one, place) for one in recipe]


def table_of(cell: str, along: Way) -> Table:
    return {f"{address.format(cell=cell)}.{ours}": renamed(theirs, place)
            for place, address in along.addresses.items() for ours, theirs in CELLS[cell].table.items()}


def backwards(xs: Lists) -> Lists:
    """Every list turned around."""
    return catlang.lists([xs.data[row, :length].flip(0) for row, length in enumerate(xs.lengths.tolist())])


def peer_of(cell: str, along: Way) -> tuple[nn.RNNBase, Callable[..., Any]]:
    """PyTorch's layer, and a function that calls it with states and lists as ours are called."""
    layer = CELLS[cell].layer(SIZES["m"], SIZES["h"], along.layers, bidirectional=along.both, batch_first=True,
                              **dict(CELLS[cell].options))

    def call(starts: Any, xs: Lists) -> Any:
        leaves, spec = pytree.tree_flatten(starts)
        size = 2 if isinstance(layer, nn.LSTM) else 1
        states = tuple(torch.stack(leaves[place::size]) for place in range(size))
        xs = backwards(xs) if along.backwards else xs
        packed = pack_padded_sequence(xs.data, xs.lengths, batch_first=True, enforce_sorted=False)
        outputs, after = layer(packed, states if size == 2 else states[0])
        ys = Lists(*pad_packed_sequence(outputs, batch_first=True))
        after = after if size == 2 else (after,)
        ends = [one for row in zip(*after, strict=True) for one in row]
        return backwards(ys) if along.backwards else ys, pytree.tree_unflatten(ends, spec)

    return layer, call


def starts_of(cell: str, along: Way, batch: int) -> Any:
    """States of a network, in the nested tuples that it takes."""
    def one() -> Any:
        parts = [torch.randn(batch, SIZES["h"]) for _ in range(2 if CELLS[cell].layer is nn.LSTM else 1)]
        return parts[0] if len(parts) == 1 else tuple(parts)

    layers = [(one(), one()) if along.both else one() for _ in range(along.layers)]
    return layers[0] if len(layers) == 1 else tuple(layers)


#: Of several lengths, and of one, where nothing has to be masked.
LENGTHS = {"ragged": (5, 1, 9, 4, 9), "even": (6, 6, 6)}


@every_precision
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("along", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_layers(cell: str, along: Way, lengths: tuple[int, ...], dtype: torch.dtype) -> None:
    """Cells, their gates written as one map, as several, in another order, or as one map of input and state, are the
    layers of PyTorch: in one layer and in several, in each direction and in both, on lists of any lengths."""
    header = along.header.format(cell=cell, out=CELLS[cell].out, S=CELLS[cell].state)
    ours = compiled("recurrent.cat", header=header)
    theirs, call = peer_of(cell, along)
    xs = Lists(torch.randn(len(lengths), max(lengths), SIZES["m"]), torch.tensor(lengths))
    agree(ours, theirs, table_of(cell, along), starts_of(cell, along, len(lengths)), xs, call=call)


@every_precision
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("cell", CELLS)
def test_recurrent_layers_from_zero(cell: str, lengths: tuple[int, ...], dtype: torch.dtype) -> None:
    """The same as an algebra, by `scanl` and `foldl`."""
    state, out = CELLS[cell].state, CELLS[cell].out
    start = "(zero, zero)" if state == "Memory" else "zero"
    along = way("", "", {"l0": "scanned_0.step.cell_0.{cell}_0"})
    ours = compiled("recurrent.cat", header=f"morphism net : List(R[m]) -> List(R[h]) * {state} "
                                            f"= scanned({start}, {cell}, {out})")
    theirs, call = peer_of(cell, along)
    begin = pytree.tree_map(torch.zeros_like, starts_of(cell, along, len(lengths)))
    xs = Lists(torch.randn(len(lengths), max(lengths), SIZES["m"]), torch.tensor(lengths))
    agree(ours, theirs, table_of(cell, along), xs, call=lambda xs: call(begin, xs))


@pytest.mark.parametrize("cell", ["rnn_tanh", "rnn_relu", "lstm", "gru"])
@pytest.mark.parametrize("axes", [(), (2, 3)], ids=["none", "two"])
def test_any_leading_axes_are_a_batch(cell: str, axes: tuple[int, ...]) -> None:
    """One list without a batch, and a batch of several axes."""
    along = WAYS["both"]
    net = compiled("recurrent.cat", header=along.header.format(cell=cell, out=CELLS[cell].out, S=CELLS[cell].state))
    x, starts = torch.randn(6, 5, SIZES["m"]), starts_of(cell, along, 6)
    lengths = torch.tensor([5, 3, 1, 5, 2, 4])
    outputs, ends = net(starts, Lists(x, lengths))

    def shaped(tensor: Tensor) -> Tensor:
        return tensor.unflatten(0, axes) if axes else tensor[0]

    found, found_ends = net(pytree.tree_map(shaped, starts), Lists(shaped(x), shaped(lengths)))
    expected = Lists(shaped(outputs.data), shaped(outputs.lengths)), pytree.tree_map(shaped, ends)
    for one, other in zip(entries((found, found_ends)), entries(expected), strict=True):
        same(one, other, "the network")


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_text_read_in_pieces_is_the_text_read_at_once(cell: str) -> None:
    """The last state is all that later steps need."""
    along = WAYS["deep"]
    net = compiled("recurrent.cat", header=along.header.format(cell=cell, out=CELLS[cell].out, S=CELLS[cell].state))
    x, start = torch.randn(2, 7, SIZES["m"]), starts_of(cell, along, 2)
    whole = net(start, Lists(x, torch.tensor([7, 6])))
    first, state = net(start, Lists(x[:, :4], torch.tensor([4, 4])))
    second, state = net(state, Lists(x[:, 4:], torch.tensor([3, 2])))
    pieces = torch.cat((first.data[1], second.data[1, :2]))
    for one, other in zip(entries((pieces, state)), entries((whole[0].data[1, :6], whole[1])), strict=True):
        same(one, other, "the pieces")
