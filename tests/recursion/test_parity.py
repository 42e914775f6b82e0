"""Recursive networks written in catlang, against PyTorch's own layers, and against loops and recursions by hand.

They protect that the two are one network: with the weights loaded from the other's `state_dict` by a table of renames
they give the same outputs, the same last states, and the same gradients of inputs and weights. Those of the weights
are compared by that very table: gradients are renamed, cut and joined as weights are.
"""

from __future__ import annotations

import copy
import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils import _pytree as pytree

import catlang
from catlang import Lists

HERE = Path(__file__).parent
#: What rounding alone may do; weights and inputs are of size one.
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-9}
SIZES = {"m": 3, "h": 6}

Table = dict[str, Any]
every_precision = pytest.mark.parametrize("dtype", TOLERANCE, ids=lambda dtype: str(dtype).removeprefix("torch."),
                                          indirect=True)


@pytest.fixture(autouse=True)
def dtype(request: pytest.FixtureRequest) -> Iterator[torch.dtype]:
    """The precision of everything that a test makes; double where it does not ask."""
    chosen = getattr(request, "param", torch.float64)
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(chosen)
    yield chosen
    torch.set_default_dtype(before)


@cache
def once(spec: str, name: str, header: str, sizes: tuple[tuple[str, int], ...]) -> nn.Module:
    """A module compiled once."""
    if not header:
        return catlang.compile(HERE / spec, name, **dict(sizes))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / spec
        path.write_text(f"{(HERE / spec).read_text(encoding='utf-8')}\n{header}\n", encoding="utf-8")
        return catlang.compile(path, name, **dict(sizes))


def compiled(spec: str, name: str = "net", header: str = "", **sizes: int) -> nn.Module:
    """A morphism of a file here; `header` is what the file does not say."""
    made = copy.deepcopy(once(spec, name, header, tuple((sizes or SIZES).items())))
    return made.to(torch.get_default_dtype())


def reference(name: str) -> ModuleType:
    """The file of that name among those written by hand."""
    place = importlib.util.spec_from_file_location(f"recursion_{name}", HERE / "reference" / f"{name}.py")
    assert place is not None and place.loader is not None
    module = importlib.util.module_from_spec(place)
    place.loader.exec_module(module)
    return module


# ------------------------------------------------------------------ comparing


def entries(value: Any) -> list[Tensor]:
    """The numbers of a value, tensor by tensor; of lists what they hold, and not what stands behind their ends."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple | list):
        return [one for part in value for one in entries(part)]
    inner = value.data if isinstance(value.data, tuple) else (value.data,)
    lengths = value.lengths.reshape(-1)
    rows = [x.reshape(-1, *x.shape[value.lengths.dim():]) for x in inner]
    return [torch.cat([row[:length] for row, length in zip(x, lengths.tolist(), strict=True)]) for x in rows]


def run_through(function: Callable[..., Any], inputs: Any, weights: Mapping[str, Tensor]) -> Any:
    """The outputs, and the gradients of inputs and weights along one random direction."""
    inputs = pytree.tree_map(
        lambda x: x.clone().requires_grad_(x.is_floating_point()) if isinstance(x, Tensor) else x, inputs)
    outputs = entries(function(*inputs))
    generator = torch.Generator().manual_seed(1)
    directed = [one for one in outputs if one.is_floating_point()]
    sources = [*weights.values(), *(x for x in pytree.tree_leaves(inputs) if getattr(x, "requires_grad", False))]
    found = torch.autograd.grad(directed, sources, [torch.randn(x.shape, generator=generator) for x in directed],
                                allow_unused=True, materialize_grads=True)
    return outputs, found[len(weights):], dict(zip(weights, found, strict=False))


def same(ours: Tensor, theirs: Tensor, what: str) -> None:
    bound = TOLERANCE[torch.get_default_dtype()]
    # What is a sum over a long list is as exact as its largest entry.
    size = max(1.0, theirs.detach().abs().max().item() if theirs.numel() else 0.0)
    torch.testing.assert_close(ours, theirs, rtol=bound, atol=bound * size, msg=lambda text: f"{what}: {text}")


def agree(ours: nn.Module, theirs: nn.Module, table: Table, *inputs: Any,
          call: Callable[..., Any] | None = None) -> None:
    """That both give the same, with their weights and with the gradients of these; `call` calls the peer in another
    way than with the inputs as they are."""
    with torch.no_grad():
        for tensor in theirs.parameters():
            if tensor.unique().numel() == 1:
                # Zeros and ones would hide what becomes of them.
                tensor.add_(0.1 * torch.randn_like(tensor))
    catlang.load(ours, theirs.state_dict(), rename=table)
    outputs, of_inputs, of_weights = run_through(ours, inputs, dict(ours.named_parameters()))
    expected = run_through(call or theirs, inputs, dict(theirs.named_parameters()))
    for place, (one, other) in enumerate(zip(outputs, expected[0], strict=True)):
        same(one, other, f"output {place}")
    for place, (one, other) in enumerate(zip(of_inputs, expected[1], strict=True)):
        same(one, other, f"gradient of input {place}")
    gradients = copy.deepcopy(ours)
    catlang.load(gradients, expected[2], rename=table)
    for address, tensor in gradients.named_parameters():
        same(of_weights[address], tensor, f"gradient of {address}")


# ------------------------------------------------------------------ PyTorch's own recurrent layers


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


# ------------------------------------------------------------------ cells without a layer


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


# ------------------------------------------------------------------ trees


def binary_tree(size: int, data: Callable[[], Any]) -> Any:
    """A random tree of so many leaves."""
    if size == 1:
        return 0, data()
    left = int(torch.randint(1, size, ()))
    return 1, binary_tree(left, data), binary_tree(size - left, data)


def rose_tree(size: int, data: Callable[[], Any]) -> Any:
    """A random tree of so many nodes."""
    below, rest = [], size - 1
    while rest:
        below.append(int(torch.randint(1, rest + 1, ())))
        rest -= below[-1]
    return 0, data(), [rose_tree(one, data) for one in below]


def phrase_tree(depth: int) -> Any:
    kind = int(torch.randint(3, ())) if depth else 0
    if kind == 0:
        return 0, int(torch.randint(7, ()))
    if kind == 1:
        return 1, torch.randn(2), phrase_tree(depth - 1), phrase_tree(depth - 1)
    return 2, tuple(phrase_tree(depth - 1) for _ in range(3))


CHILD_SUM = {
    **{f"child_sum_0.{ours}.of_input.{kind}": f"W.{gate}.{kind}" for ours, gate in
       (("enter", "i"), ("new", "u"), ("leave", "o")) for kind in ("weight", "bias")},
    **{f"child_sum_0.{ours}.of_state.weight": f"U.{gate}.weight" for ours, gate in
       (("enter", "i"), ("new", "u"), ("leave", "o"))},
    "child_sum_0.forget_input.weight": "W.f.weight", "child_sum_0.forget_input.bias": "W.f.bias",
    "child_sum_0.forget_state.weight": "U.f.weight",
}
BINARY = {f"binary_0.{ours}.{kind}": f"{theirs}.{kind}" for kind in ("weight", "bias")
          for ours, theirs in (("gates", "pair"), ("leaf_0.gates", "leaf"))}
PHRASE = {
    "read_0.embedding_0.weight": "word.weight", "read_0.left.weight": "left.weight",
    "read_0.right.weight": "right.weight",
    **{f"read_0.{ours}.{kind}": f"{theirs}.{kind}" for kind in ("weight", "bias")
       for ours, theirs in (("pair_weight", "weight"), ("triple", "triple"))},
}


class Folded(nn.Module):
    """Takes Python's trees, so that ours and recursion are given the same tensors."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, trees: Any, *around: Tensor) -> Any:
        [constructors] = self.net.constructors.values()
        return self.net(*around, catlang.trees(trees, constructors))


def recursed(net: nn.Module) -> Callable[..., Any]:
    """A network by hand, called tree by tree; its results side by side."""
    def call(trees: Any, *around: Tensor) -> Any:
        values = [net(*(x[row] for x in around), tree) for row, tree in enumerate(trees)]
        if isinstance(values[0], Tensor):
            return torch.stack(values)
        return [torch.stack(column) for column in zip(*values, strict=True)]

    return call


@every_precision
@pytest.mark.parametrize(("name", "hand", "table", "tree"), [
    ("rose", "ChildSum", CHILD_SUM, lambda size: rose_tree(size, lambda: torch.randn(SIZES["m"]))),
    ("constituency", "Binary", BINARY, lambda size: binary_tree(size, lambda: torch.randn(SIZES["m"]))),
    ("phrase", "Phrase", PHRASE, lambda size: phrase_tree(min(size, 5))),
], ids=["child-sum", "binary", "three constructors"])
def test_trees_against_recursion(name: str, hand: str, table: Table, tree: Callable[[int], Any],
                                 dtype: torch.dtype) -> None:
    """A fold over trees, level by level and all trees together, is the recursion over one after the other."""
    ours, theirs = compiled("trees.cat", name), getattr(reference("trees"), hand)(SIZES["m"], SIZES["h"])
    values = [tree(size) for size in (1, 2, 9, 30, 17, 1)]
    agree(Folded(ours), theirs, {f"net.{address}": recipe for address, recipe in table.items()}, values,
          call=recursed(theirs))


@every_precision
def test_trees_with_something_around_them(dtype: torch.dtype) -> None:
    """What an algebra uses from outside is, at every node, that of the tree which the node is of."""
    ours, theirs = compiled("trees.cat", "phrase_for"), reference("trees").PhraseFor(SIZES["m"], SIZES["h"])
    values = [phrase_tree(depth) for depth in (0, 4, 3, 5, 0, 2)]
    table = {"net.word.weight": "word.weight", "net.pair.weight": "pair.weight", "net.pair.bias": "pair.bias"}
    agree(Folded(ours), theirs, table, values, torch.randn(6, SIZES["h"]), call=recursed(theirs))


# ------------------------------------------------------------------ what is generic in an axis


BLOCK_TABLE = {
    **{f"net.block.attention.{ours}.{kind}": {"from": f"self_attn.in_proj_{kind}", "split": [place, 3]}
       for place, ours in enumerate(("query", "key", "value")) for kind in ("weight", "bias")},
    **{f"net.block.{ours}.{kind}": f"{theirs}.{kind}" for kind in ("weight", "bias") for ours, theirs in (
        ("attention.output", "self_attn.out_proj"), ("norm1", "norm1"), ("norm2", "norm2"),
        ("feed_forward.up", "linear1"), ("feed_forward.down", "linear2"))},
}


@every_precision
@pytest.mark.parametrize(("name", "options"), [
    ("pre_lists", {"norm_first": True, "activation": "gelu"}), ("post_lists", {"activation": "relu"}),
    ("causal_lists", {"norm_first": True, "activation": "gelu"})])
def test_a_transformer_block_on_lists(name: str, options: Any, dtype: torch.dtype) -> None:
    """What is generic in an axis is one of lists: a block does to each list what PyTorch's does to it alone."""
    theirs = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **options)
    xs = Lists(torch.randn(5, 9, 8), torch.tensor([4, 9, 1, 7, 9]))

    def call(xs: Lists) -> Any:
        found = []
        for row, length in enumerate(xs.lengths.tolist()):
            mask = nn.Transformer.generate_square_subsequent_mask(length) if name == "causal_lists" else None
            found.append(theirs(xs.data[row:row + 1, :length], src_mask=mask)[0])
        return torch.cat(found)

    agree(compiled("block.cat", name, d=8, hidden=12), theirs, BLOCK_TABLE, xs, call=call)


@pytest.mark.parametrize("name", ["pre_lists", "post_lists", "causal_lists", "deep_lists"])
def test_lists_together_and_one_by_one(name: str) -> None:
    """A batch of lists gives what each list gives as an array of its own."""
    net = compiled("block.cat", name, d=8, hidden=12)
    xs = Lists(torch.randn(5, 9, 8), torch.tensor([4, 9, 1, 7, 9]))
    together = net(xs)
    alone = [net(Lists(xs.data[row, :length], xs.lengths[row])) for row, length in enumerate(xs.lengths.tolist())]
    if isinstance(together, Tensor):
        same(together, torch.stack(alone), "vectors")
    else:
        same(entries(together)[0], torch.cat([one.data for one in alone]), "lists")
    plain = compiled("block.cat", name.removesuffix("_lists"), d=8, hidden=12) if name != "deep_lists" else None
    if plain is not None:
        plain.load_state_dict({address.removeprefix("net."): tensor for address, tensor in net.state_dict().items()})
        same(torch.cat([plain(one) for one in (xs.data[0, :4], xs.data[2, :1])]),
             torch.cat([alone[0].data, alone[2].data]), "arrays")


# ------------------------------------------------------------------ generation


DECODER = {
    "token.weight": "embedding.weight",
    **{f"cell.of_{side}.{kind}": f"gru.{kind}_{short}" for side, short in (("input", "ih"), ("state", "hh"))
       for kind in ("weight", "bias")},
    "head.weight": "logits.weight", "head.bias": "logits.bias",
}


@every_precision
def test_a_greedy_decoder_against_a_loop(dtype: torch.dtype) -> None:
    """Generation by `unfold` stops for every text by itself; the logits have the gradients of the loop's."""
    sizes = {"width": 3, "hidden": 5, "v": 6}
    ours = compiled("decoder.cat", "text", **sizes)
    # Whether the network had been compiled before or not: texts of all lengths.
    torch.manual_seed(0)
    theirs = reference("decoder").Decoder(**sizes)
    lengths: list[int] = []

    def call(start: Tensor) -> Any:
        texts = [theirs(one, 12) for one in start]
        lengths[:] = [len(words) for words, _ in texts]
        return (torch.tensor([word for words, _ in texts for word in words]),
                torch.stack([one for _, found in texts for one in found]))

    agree(ours, theirs, {f"speak_0.{address}": name for address, name in DECODER.items()}, 3 * torch.randn(60, 5),
          call=call)
    assert {0, 1, 12} <= set(lengths), "texts that end at once, that never do, and others"
    words = compiled("decoder.cat", "words", **sizes)
    catlang.load(words, theirs.state_dict(), {f"text_0.speak_0.{ours}": name for ours, name in DECODER.items()})
    start = torch.randn(7, 5)
    assert words(start).tolist() == [theirs(one, 12)[0] for one in start]
