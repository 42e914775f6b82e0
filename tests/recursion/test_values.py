"""Lists and trees going through networks: the empty and the deep, in any company, and what is refused.

They protect that a value gives what it would give alone: other values beside it, and whatever stands behind the end of
a list, change neither results nor gradients. What is no value is refused before anything is computed, by its place. A
network that recurs lives as any other: copied, pickled, moved, compiled, and as source by itself.
"""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

import catlang
from catlang import Lists, Trees
from catlang.compiler import emit

SPEC = Path(__file__).parent / "values.cat"
H, V = 4, 5
TOLERANCE = 1e-9
GARBAGE = (7.0, -1e30, 1e30, math.inf, -math.inf, math.nan)

# From lists of words, and from lists of letters.
OF_WORDS = ("folded", "folded_left", "suffixes", "prefixes", "ran", "decaying", "squared", "mapped", "wired", "long",
            "averaged", "largest_of", "gram", "smoothed", "scored", "attended", "read_causally", "pooled")
OF_LETTERS = ("spelled", "spelled_in_order")
OF_TREES = ("chained", "rose", "rose_of_words", "phrase")
UNFOLDED = ("countdown", "factorial", "grown", "grown_and_gathered")

#: What the empty list gives; a name stands for a weight.
OF_NOTHING: dict[str, Any] = {
    "folded": 0.0, "folded_left": "start.weight", "suffixes": ["start.weight"], "prefixes": ["start.weight"],
    "ran": ([], "state"), "decaying": [0.0], "squared": 0.0, "mapped": [], "wired": [], "long": 0.0, "averaged": 0.0,
    "largest_of": 0.0, "gram": 0.0, "smoothed": [], "scored": [], "attended": [], "read_causally": 0.0, "pooled": 0.0,
    "spelled": 0.0, "spelled_in_order": 0.0,
}


@pytest.fixture(autouse=True)
def double() -> Iterator[None]:
    """Seeded, and in double precision."""
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@cache
def once(name: str) -> nn.Module:
    return catlang.compile(SPEC, name, h=H, v=V)


def compiled(name: str) -> nn.Module:
    return copy.deepcopy(once(name)).double()


# ------------------------------------------------------------------ values


def word() -> Tensor:
    return torch.randn(3)


def letter() -> int:
    return int(torch.randint(V, ()))


def rose(depth: int, data: Callable[[], Any] = letter) -> Any:
    return 0, data(), [rose(depth - 1, data) for _ in range(int(torch.randint(4, ())))] if depth else []


def phrase(depth: int) -> Any:
    kind = int(torch.randint(3, ())) if depth else 0
    if kind == 0:
        return 0, letter()
    if kind == 1:
        return 1, torch.randn(2), phrase(depth - 1), phrase(depth - 1)
    return 2, tuple(phrase(depth - 1) for _ in range(3))


def chain(words: Tensor) -> Any:
    """The first word is the innermost."""
    tree: Any = (0, words[0])
    for one in words[1:]:
        tree = (1, one, tree)
    return tree


TREES: dict[str, Callable[[], list[Any]]] = {
    "chained": lambda: [chain(torch.randn(length, 3)) for length in (1, 4, 2, 7)],
    "rose": lambda: [rose(depth) for depth in (0, 3, 1, 4)],
    "rose_of_words": lambda: [rose(depth, word) for depth in (0, 3, 1, 4)],
    "phrase": lambda: [(1, torch.randn(2), (0, 1), (0, 2)), *(phrase(depth) for depth in (4, 0, 3))],
}


def constructors(net: nn.Module) -> Any:
    [found] = net.constructors.values()
    return found


def words_of(*lengths: int) -> Lists:
    return Lists(torch.randn(len(lengths), max(lengths), 3), torch.tensor(lengths))


def sample(name: str) -> tuple[Any, ...]:
    """Inputs for a network: a batch of four."""
    if name in OF_WORDS:
        xs = words_of(3, 6, 0, 1)
        return (torch.randn(4, H), xs) if name == "ran" else (xs,)
    if name in OF_LETTERS:
        return (catlang.lists([[letter() for _ in range(length)] for length in (3, 6, 0, 1)]),)
    if name in TREES:
        return (catlang.trees(TREES[name](), constructors(compiled(name))),)
    if name == "two":
        return (*sample("spelled"), *sample("rose"))
    return (torch.tensor([0.0, 3.0, 1.0, 11.0]) if name in ("countdown", "factorial") else torch.randn(4, H),)


def entries(value: Any) -> list[Tensor]:
    """The tensors of a value; of lists what they hold, and not what stands behind their ends."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, tuple):
        return [one for part in value for one in entries(part)]
    if not hasattr(value, "lengths"):
        return pytree.tree_leaves(value)
    inner = value.data if isinstance(value.data, tuple) else (value.data,)
    there = torch.arange(inner[0].shape[value.lengths.dim()]) < value.lengths[..., None]
    return [value.lengths, *(x[there] for x in inner)]


def same(one: Any, other: Any, what: str = "outputs") -> None:
    for x, y in zip(entries(one), entries(other), strict=True):
        torch.testing.assert_close(x, y, rtol=TOLERANCE, atol=TOLERANCE, msg=lambda text: f"{what}: {text}")


def gradients(net: nn.Module, inputs: tuple[Any, ...], rows: Any = ...) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Those of all data and weights, of a function of the outputs of some of the batch."""
    inputs = pytree.tree_map(lambda x: x.clone().requires_grad_(x.is_floating_point()), inputs)
    leaves = [x for x in pytree.tree_leaves(inputs) if x.requires_grad]
    outputs = net(*inputs)
    chosen = [x for part in (outputs if isinstance(outputs, tuple) else (outputs,))
              for x in entries(part if rows is ... else part[rows]) if x.requires_grad]
    if not chosen:
        return [torch.zeros_like(x) for x in leaves], {name: torch.zeros_like(x) for name, x in net.named_parameters()}
    total = sum(((x * (1 + torch.arange(x.numel()).reshape(x.shape) / 7)).sin()).sum() for x in chosen)
    found = torch.autograd.grad(total, [*leaves, *net.parameters()], allow_unused=True, materialize_grads=True)
    return list(found[:len(leaves)]), dict(zip(dict(net.named_parameters()), found[len(leaves):], strict=True))


def part(value: Any, rows: slice) -> Any:
    return tuple(part(one, rows) for one in value) if isinstance(value, tuple) else value[rows]


# ------------------------------------------------------------------ the empty, the single, the deep


@pytest.mark.parametrize("name", [*OF_WORDS, *OF_LETTERS])
@pytest.mark.parametrize("company", ["alone", "empty", "others"])
def test_the_empty_list(name: str, company: str) -> None:
    """It is a list as any other: by itself, among empty ones only, and among others."""
    net = compiled(name)
    like = 0 if name in OF_LETTERS else torch.zeros(3)
    values: list[Any] = [[], []] if company == "empty" else [[], [1, 2] if name in OF_LETTERS else [word(), word()]]
    xs = catlang.list_of([], like=like) if company == "alone" else catlang.lists(values, like=like)
    state = torch.randn(*xs.lengths.shape, H)
    found = net(state, xs) if name == "ran" else net(xs)
    if company != "alone":
        found, state = part(found, 0) if isinstance(found, tuple) else found[0], state[0]
    weights = {"state": state, **dict(net.named_parameters())}

    def check(found: Any, wanted: Any) -> None:
        if isinstance(wanted, tuple):
            for one, other in zip(found, wanted, strict=True):
                check(one, other)
        elif isinstance(wanted, list):
            assert found.lengths.item() == len(wanted)
            for place, one in enumerate(wanted):
                check(found[place], one)
        else:
            torch.testing.assert_close(found, weights[wanted] if isinstance(wanted, str) else
                                       torch.full_like(found, wanted))

    check(found, OF_NOTHING[name])


@pytest.mark.parametrize("name", [*OF_WORDS, *OF_LETTERS])
def test_no_gradient_of_nothing_is_a_nan(name: str) -> None:
    inputs = (torch.randn(2, H), words_of(0, 2)) if name == "ran" else (words_of(0, 2),)
    if name in OF_LETTERS:
        inputs = (catlang.lists([[], [1, 2]]),)
    of_inputs, of_weights = gradients(compiled(name), inputs)
    assert all(x.isfinite().all() for x in (*of_inputs, *of_weights.values()))


@pytest.mark.parametrize("name", [*OF_WORDS, *OF_LETTERS])
def test_a_batch_of_no_lists(name: str) -> None:
    xs = words_of(2, 3)[:0] if name in OF_WORDS else catlang.lists([[1, 2]])[:0]
    found = compiled(name)(torch.randn(0, H), xs) if name == "ran" else compiled(name)(xs)
    assert all(x.shape[0] == 0 for x in entries(found))


@pytest.mark.parametrize("name", OF_TREES)
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "alone"])
def test_a_single_leaf(name: str, batch: bool) -> None:
    """A tree of one node, whatever other constructors there are."""
    net = compiled(name)
    leaf = {"chained": (0, word()), "rose": (0, 1, []), "rose_of_words": (0, word(), []), "phrase": (0, 1)}[name]
    made = catlang.trees([leaf], constructors(net)) if batch else catlang.tree_of(leaf, constructors(net))
    found = net(made)
    assert found.shape == ((1, H) if batch else (H,))
    if name == "phrase":
        same(found.reshape(H), net.read_0.letters.weight[1])
    if name == "chained":
        same(found.reshape(H), net.link_0.last(leaf[1]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_data_that_no_node_has_are_as_the_weights_are(dtype: torch.dtype) -> None:
    """Whatever the default is, and in a batch of no trees too."""
    net = compiled("chained").to(dtype)
    found = net(catlang.trees([(0, word().to(dtype))], constructors(net)))
    assert found.dtype == dtype and found.shape == (1, H)
    assert net(catlang.trees([], constructors(net))).shape == (0, H)


@pytest.mark.parametrize("size", [2, 5])
def test_data_that_no_node_has_are_as_large_as_other_data(tmp_path: Path, size: int) -> None:
    """A size that only an input tells is that of another input, or of the data of another constructor."""
    path = tmp_path / "open.cat"
    path.write_text("dim d\nendofunctor Chain[A](X) = A * A + A * List(X)\n"
                    "morphism total[n] : R[n, d] -> R[d] = reduce(sum, n d -> d)\n"
                    "morphism below : mu Chain[R[d]] -> R[d] = fold([add, (x, xs) |-> add(x, total(xs))])\n"
                    "morphism beside : mu Chain[R[d]] * R[d] -> R[d] = (t, x) |-> add(below(t), x)\n")
    x = torch.randn(size)
    for name, around, expected in (("below", (), x), ("beside", (x[None],), 2 * x)):
        net = catlang.compile(path, name)
        same(net(catlang.trees([(1, x, [])], constructors(net)), *around), expected[None])


DEEP = 10_000


def test_a_list_of_ten_thousand() -> None:
    net = compiled("folded_left")
    words = torch.randn(DEEP, 3)
    state = net.start.weight
    for x in net.step.of_input(words):
        state = torch.tanh(net.step.of_state(state) + x)
    expected = torch.autograd.grad(state.sum(), list(net.parameters()))
    found = net(Lists(words, torch.tensor(DEEP)))
    same(found, state)
    for one, other in zip(torch.autograd.grad(found.sum(), list(net.parameters())), expected, strict=True):
        same(one, other, "gradients")


def test_a_tree_ten_thousand_deep() -> None:
    net = compiled("chained")
    words = torch.randn(DEEP, 3)
    state = net.link_0.last(words[0])
    for x in net.link_0.of_input(words[1:]):
        state = torch.tanh(x + net.link_0.of_state(state))
    expected = torch.autograd.grad(state.sum(), list(net.parameters()))
    made = catlang.trees([chain(words), (0, words[1])], constructors(net))
    assert len(made.levels) == DEEP
    found = net(made)
    same(found, torch.stack([state, net.link_0.last(words[1])]))
    for one, other in zip(torch.autograd.grad(found[0].sum(), list(net.parameters())), expected, strict=True):
        same(one, other, "gradients")


# ------------------------------------------------------------------ the company


@pytest.mark.parametrize("name", [*OF_WORDS, *OF_LETTERS, *OF_TREES, "two", *UNFOLDED])
def test_what_else_is_in_the_batch_does_not_matter(name: str) -> None:
    """The results of each value, and the gradients that they have, are those that it has alone."""
    net, together = compiled(name), sample(name)
    values = TREES[name]() if name in TREES else TREES["rose"]() if name == "two" else None
    if values is not None:
        together = (*together[:-1], catlang.trees(values, constructors(net)))
    outputs = net(*together)
    for row in range(4):
        alone = part(together if values is None else together[:-1], slice(row, row + 1))
        if values is not None:
            alone = (*alone, catlang.trees(values[row:row + 1], constructors(net), likes=likes(together[-1])))
        found = net(*alone)
        if name == "grown":
            assert found.tolist()[0][0] == outputs.tolist()[row][0]
            continue
        same(part(outputs, slice(row, row + 1)), found)
        _, of_weights = gradients(net, together, slice(row, row + 1))
        _, expected = gradients(net, alone)
        for address, tensor in of_weights.items():
            same(tensor, expected[address], f"gradient of {address}")
        if values is None:
            of_inputs, _ = gradients(net, together, slice(row, row + 1))
            for one, other in zip(of_inputs, gradients(net, alone)[0], strict=True):
                same(one[row:row + 1], other, "gradients of the inputs")
                assert not one[[place for place in range(4) if place != row]].any()


def likes(trees: Any) -> Any:
    """Examples of data, for a batch in which some constructor may be missing."""
    return [[pytree.tree_map(lambda x: x.new_zeros(x.shape[1:]), one) for one in data] for data in trees.data]


def padded(lists: Lists, value: float) -> Lists:
    """Lists with a value behind their ends, and two places more of it."""
    data = torch.cat([lists.data, lists.data.new_zeros(len(lists), 2, *lists.data.shape[2:])], 1)
    there = torch.arange(data.shape[1]) < lists.lengths[:, None]
    there = there.reshape(there.shape + (1,) * (data.dim() - 2))
    return Lists(torch.where(there, data, torch.full((), value).to(data.dtype)), lists.lengths)


@pytest.mark.parametrize("name", [*OF_WORDS, *OF_LETTERS])
@pytest.mark.parametrize("garbage", GARBAGE, ids=str)
def test_what_stands_behind_the_end_does_not_matter(name: str, garbage: float) -> None:
    """Not even if it is no number, or no letter: neither for results nor for any gradient, and it has none itself."""
    net = compiled(name)
    *around, xs = sample(name)
    if name in OF_LETTERS:
        garbage = {7.0: V, math.inf: 2 ** 62, -math.inf: -2 ** 62}.get(garbage, -1)
    dirty = (*around, padded(xs, garbage))
    same(net(*dirty), net(*around, xs))
    of_inputs, of_weights = gradients(net, dirty)
    expected, expected_of_weights = gradients(net, (*around, xs))
    for address, tensor in of_weights.items():
        same(tensor, expected_of_weights[address], f"gradient of {address}")
    if name in OF_WORDS:
        there = torch.arange(of_inputs[-1].shape[1]) < xs.lengths[:, None]
        same(of_inputs[-1][there], expected[-1][there[:, :xs.data.shape[1]]], "gradients of the inputs")
        assert not of_inputs[-1][~there].any()


def test_lists_of_lists() -> None:
    """A list of lists gives what its lists give, whatever stands behind the ends of either."""
    net, inner = compiled("nested"), compiled("attended")
    inner.load_state_dict({address.removeprefix("attended_0."): x for address, x in net.state_dict().items()})
    values = [[torch.randn(length, 3) for length in lengths] for lengths in ((2, 4), (), (1, 3, 0, 2))]
    xs = catlang.lists(values, depth=2)
    there = torch.arange(4) < xs.lengths[:, None]
    within = there[..., None] & (torch.arange(4) < xs.data.lengths[..., None])
    found = {}
    for garbage in (0.0, math.nan):
        data = torch.where(within[..., None], xs.data.data, garbage).requires_grad_()
        outputs = net(Lists(Lists(data, torch.where(there, xs.data.lengths, 0)), xs.lengths))
        found[garbage] = torch.autograd.grad(sum(x.sin().sum() for x in entries(outputs)[1:]),
                                             [data, *net.parameters()])
        assert outputs.lengths.tolist() == [2, 0, 4]
        for row, lists in enumerate(values):
            for place, one in enumerate(lists):
                alone = inner(catlang.list_of(list(one), like=torch.zeros(3)))
                same(outputs.data[row, place], alone.data.mean(0) if len(one) else torch.zeros(H))
    for one, other in zip(found[0.0], found[math.nan], strict=True):
        same(one, other, "gradients")


# ------------------------------------------------------------------ folds and unfolds against recursion


def test_three_constructors_two_of_them_branching() -> None:
    net = compiled("phrase")
    read = net.read_0

    def recur(tree: Any) -> Tensor:
        if tree[0] == 0:
            return read.letters.weight[tree[1]]
        if tree[0] == 1:
            return torch.tanh(read.pair(tree[1]) + (read.left(recur(tree[2])) + read.right(recur(tree[3]))))
        return torch.sin(read.triple(torch.cat([recur(child) for child in tree[1]])))

    values = [phrase(depth) for depth in (0, 2, 5, 3, 5)]
    same(net(catlang.trees(values, constructors(net))), torch.stack([recur(tree) for tree in values]))


def test_unfolded_and_folded_lists() -> None:
    """A hylomorphism; past the bound the list ends."""
    numbers = torch.arange(11.0)
    assert compiled("countdown")(numbers).tolist() == [
        [float(n) for n in range(top, max(0, top - 8), -1)] for top in range(11)]
    expected = [math.prod(range(top, max(0, top - 8), -1)) for top in range(11)]
    assert compiled("factorial")(numbers).tolist() == expected


def test_unfolded_and_folded_trees() -> None:
    """A hylomorphism is the fold of what was unfolded, and that is what recursion makes."""
    grown, both = compiled("grown"), compiled("grown_and_gathered")
    step = grown.grow

    def grow(state: Tensor, bound: int) -> Any:
        if bound == 0 or not state[0] > 0:
            return (0,)
        return 1, step.datum(state), grow(step.left(state), bound - 1), grow(step.right(state), bound - 1)

    def gather(tree: Any) -> Tensor:
        return torch.tanh(tree[1] + gather(tree[2]) - 0.5 * gather(tree[3])) if tree[0] else torch.zeros(2)

    for _ in range(20):
        # Until some of the trees are cut at the bound, and others end before.
        with torch.no_grad():
            for tensor in grown.parameters():
                tensor.normal_(0, 1)
        states = torch.randn(12, H)
        depths = [len(grown(one).levels) for one in states]
        if {1, 7} < set(depths):
            break
    assert {1, 7} < set(depths)
    catlang.load(both, grown.state_dict())
    trees = grown(states)
    expected = [grow(one, 6) for one in states]
    same(compiled("gathered")(trees), torch.stack([gather(tree) for tree in expected]))
    same(both(states), torch.stack([gather(tree) for tree in expected]))
    assert [shape_of(tree) for tree in trees.tolist()] == [shape_of(tree) for tree in expected]
    _, of_weights = gradients(both, (states,))
    total = torch.stack([gather(tree) for tree in expected])
    loss = ((total * (1 + torch.arange(total.numel()).reshape(total.shape) / 7)).sin()).sum()
    for (address, weight), other in zip(grown.named_parameters(),
                                        torch.autograd.grad(loss, list(grown.parameters()), allow_unused=True,
                                                            materialize_grads=True), strict=True):
        assert weight.shape == other.shape
        same(of_weights[address], other, f"gradient of {address}")


def shape_of(tree: Any) -> Any:
    """A tree without its data."""
    return (1, shape_of(tree[2]), shape_of(tree[3])) if tree[0] else 0


# ------------------------------------------------------------------ what is refused


def unused(net: nn.Module) -> nn.Module:
    """The network, none of whose parts may be called."""
    def called(*_: Any) -> None:
        raise AssertionError("something was computed")

    for address, module in net.named_modules():
        if address:
            module.register_forward_pre_hook(called)
    return net


LETTERS = torch.tensor([[0, 1, 2, 3], [4, 3, 2, 1], [1, 1, 1, 1]])


@pytest.mark.parametrize("name", OF_LETTERS)
@pytest.mark.parametrize(("lists", "message"), [
    (Lists(LETTERS, torch.tensor([4, 2, -1])), "list 2 of x : List(Letter) has the length -1"),
    (Lists(LETTERS, torch.tensor([4, 5, 0])), "list 1 of x : List(Letter) has the length 5"),
    (Lists(LETTERS[0], torch.tensor(5)), "x : List(Letter) has the length 5"),
    (Lists(LETTERS, torch.tensor([4, 2])), "the batch axes in front differ"),
    (Lists(torch.where(LETTERS == 4, 5, LETTERS), torch.tensor([4, 2, 3])),
     "list 1, element 0 of x : List(Letter) is 5, which is none of the 5"),
    (Lists(torch.where(LETTERS == 0, -1, LETTERS), torch.tensor([4, 2, 3])),
     "list 0, element 0 of x : List(Letter) is -1"),
    (Lists(torch.tensor([0, 9]), torch.tensor(2)), "element 1 of x : List(Letter) is 9"),
    (Lists(torch.stack([LETTERS, LETTERS + 1]), torch.full((2, 3), 4)),
     "list (1, 1), element 0 of x : List(Letter) is 5"),
])
def test_bad_lists_are_refused(name: str, lists: Lists, message: str) -> None:
    """Before anything is computed, and by the place of what is wrong."""
    with pytest.raises(ValueError) as caught:
        unused(compiled(name))(lists)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("given", "message"), [
    ([[1, 2]], "takes lists, as catlang.lists makes them"),
    (torch.zeros(2, 3, dtype=torch.int64), "takes lists, as catlang.lists makes them"),
    (Lists(LETTERS, torch.tensor([4.0, 2.0, 3.0])), "takes a tensor of torch.int64, not of torch.float32"),
    (Lists(LETTERS.double(), torch.tensor([4, 2, 3])), "takes a tensor of torch.int64, not of torch.float64"),
    (Lists([1, 2, 3], torch.tensor(3)), "takes a tensor, not list"),
])
def test_what_is_no_list_is_refused(given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        unused(compiled("spelled"))(given)


def test_lists_of_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="has 4 where 3 belongs"):
        unused(compiled("folded"))(Lists(torch.randn(2, 5, 4), torch.tensor([5, 5])))
    with pytest.raises(ValueError, match="the batch axes in front differ"):
        unused(compiled("ran"))(torch.randn(3, H), words_of(2, 2))


PHRASES = [(0, 1), (1, torch.ones(2), (0, 1), (2, ((0, 1), (0, 2), (0, 3))))]


@pytest.mark.parametrize(("values", "message"), [
    ([*PHRASES, (1, torch.ones(2), (0, 1), (0, 5))], "holds 5, which is none of the 5"),
    ([*PHRASES, (0, -1)], "node 1 of constructor 0 of x : mu Phrase[Letter] holds -1"),
    ([*PHRASES, (1, torch.ones(2), (0, 1))], "tree 2: 2 given where constructor 1 has 3 parts"),
    ([*PHRASES, (1, torch.ones(2), (0, 1), (2, ((0, 1), (0, 2), (7, 3))))],
     "tree 2, at .2.0.2: the int 7 is no constructor"),
    ([*PHRASES, (2, ((0, 1), (0, 2)))], "tree 2, at .0: a tuple of 2 where a tuple of 3 trees belongs"),
    ([*PHRASES, (1, torch.ones(2), (0, 1), 4)], "tree 2, at .2: the int 4 where a tree belongs"),
    ([(0, 1), (1, torch.ones(3), (0, 1), (0, 2))], "constructor 1 of x : mu Phrase[Letter] have the shape (3,)"),
])
def test_bad_trees_are_refused(values: Any, message: str) -> None:
    net = unused(compiled("phrase"))
    with pytest.raises(ValueError) as caught:
        net(catlang.trees(values, constructors(net)))
    assert message in str(caught.value)


@pytest.mark.parametrize(("given", "error", "message"), [
    (lambda: catlang.trees([(0, 1)], (("data",), ("tree", "tree"))), ValueError, "has the constructors"),
    (lambda: catlang.trees([(0, 1, [])], (("data", "list"),)), ValueError, "has the constructors"),
    (lambda: catlang.trees([(0, 1.5), PHRASES[1]], (("data",), ("data", "tree", "tree"), (3,))), TypeError,
     "data of constructor 0"),
    (lambda: PHRASES, TypeError, "takes trees, as catlang.trees makes them"),
    (lambda: torch.zeros(3), TypeError, "takes trees, as catlang.trees makes them"),
])
def test_what_is_no_tree_of_the_functor_is_refused(given: Callable[[], Any], error: type[Exception],
                                                   message: str) -> None:
    with pytest.raises(error) as caught:
        unused(compiled("phrase"))(given())
    assert message in str(caught.value)


def test_trees_and_lists_of_other_numbers_are_refused() -> None:
    lists, trees = sample("two")
    with pytest.raises(ValueError, match="the batch axes in front differ"):
        unused(compiled("two"))(lists[:3], trees)


# ------------------------------------------------------------------ the life of a network


ALL = [*OF_WORDS, *OF_LETTERS, *OF_TREES, "two", *UNFOLDED]


@pytest.mark.parametrize("name", ALL)
def test_copies(name: str) -> None:
    """Networks and what comes out of them are pickled and copied."""
    net, inputs = compiled(name), sample(name)
    outputs = net(*inputs)
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        same(other(*inputs), outputs)
    same(pickle.loads(pickle.dumps(outputs)), outputs)
    same(net(*pickle.loads(pickle.dumps(inputs))), outputs)


@pytest.mark.parametrize("name", ALL)
def test_precision(name: str) -> None:
    """A network in double precision is the one in single precision, and so in half of it if one likes."""
    net, inputs = compiled(name), sample(name)

    def real(value: Any, dtype: torch.dtype) -> Any:
        return pytree.tree_map(lambda x: x.to(dtype) if x.is_floating_point() else x, value)

    outputs = net(*inputs)
    found = net.float()(*real(inputs, torch.float32))
    assert all(x.dtype == torch.float32 for x in entries(found) if x.is_floating_point())
    if name == "grown":
        return
    for one, other in zip(entries(found), entries(real(outputs, torch.float32)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    half = net.bfloat16()(*real(inputs, torch.bfloat16))
    assert all(x.dtype == torch.bfloat16 for x in entries(half) if x.is_floating_point())


# What is not defined everywhere (`exp` overflows) is computed of what lists hold alone; how much that is numbers say.
@pytest.mark.parametrize("name", [one for one in (*OF_WORDS, *OF_LETTERS, "phrase", "countdown", "factorial")
                                  if one != "mapped"])
def test_meta(name: str) -> None:
    """Shapes without numbers; where the shape of a result hangs on numbers, it is the largest."""
    net, inputs = compiled(name), sample(name)
    found = net.to("meta")(*(x.to("meta") for x in inputs))
    assert all(x.is_meta for x in pytree.tree_leaves(found))
    if name not in ("phrase", "countdown"):
        assert [x.shape for x in pytree.tree_leaves(found)] == [
            x.shape for x in pytree.tree_leaves(compiled(name)(*inputs))]


@pytest.mark.parametrize("name", ["prefixes", "ran", "decaying", "mapped", "attended", "wired", "spelled_in_order",
                                  "rose", "phrase", "factorial", "grown"])
def test_torch_compile(name: str) -> None:
    torch._dynamo.reset()
    net, inputs = compiled(name), sample(name)
    fast = torch.compile(net, backend="eager", fullgraph=False)
    same(fast(*inputs), net(*inputs))
    if name in OF_WORDS or name in OF_LETTERS:
        *around, xs = inputs
        shorter = (*around, Lists(xs.data[:, :4].contiguous(), xs.lengths.clamp(max=4)))
        same(fast(*shorter), net(*shorter))
    torch._dynamo.reset()


ALONE = """
import sys
sys.modules["catlang"] = None
import model, pickle, torch, types
torch.set_default_dtype(torch.float64)
with open("given.pt", "rb") as file:
    weights, given = pickle.load(file)
net = model.{root}()
net.load_state_dict(weights)
kind = getattr(model, "{kind}", None)
if isinstance(given, dict):
    # A source carries the classes of what it gives; what it takes it reads by the fields.
    given = kind(**given) if kind is not None else types.SimpleNamespace(**given)
torch.save(torch.utils._pytree.tree_leaves(net(given)), "found.pt")
"""
FIELDS = {Lists: ("data", "lengths"), Trees: ("data", "counts", "orders", "levels", "shape", "constructors")}


@pytest.mark.parametrize("name", ["prefixes", "wired", "pooled", "spelled_in_order", "phrase", "rose", "gathered",
                                  "countdown", "grown"])
def test_the_source_stands_alone(name: str, tmp_path: Path) -> None:
    """Written to a file, with the classes of lists and trees in it, and run where there is no catlang."""
    net = compiled(name)
    [inputs] = sample(name) if name != "gathered" else (compiled("grown")(torch.randn(4, H)),)
    given = inputs if isinstance(inputs, Tensor) else {field: getattr(inputs, field) for field in FIELDS[type(inputs)]}
    (tmp_path / "model.py").write_text(emit(SPEC, name, h=H, v=V), encoding="utf-8")
    with (tmp_path / "given.pt").open("wb") as file:
        pickle.dump((net.state_dict(), given), file)
    code = ALONE.format(root=type(net).__name__, kind=type(inputs).__name__)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    for one, other in zip(torch.load(tmp_path / "found.pt"), pytree.tree_leaves(net(inputs)), strict=True):
        torch.testing.assert_close(one, other)


def test_what_one_source_makes_another_takes() -> None:
    """Lists and trees are told by their fields: a network takes what another one gives."""
    prefixes, averaged = compiled("prefixes"), compiled("wired")
    pairs = averaged(words_of(3, 4, 2))
    assert type(pairs) is type(prefixes(words_of(2, 3))) is Lists
    lists = compiled("countdown")(torch.tensor([3.0, 0.0, 2.0]))
    assert compiled("scored")(Lists(lists.data[..., None].expand(*lists.data.shape, 3), lists.lengths)).lengths.tolist(
        ) == [3, 0, 2]
