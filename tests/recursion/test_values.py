"""Lists and trees going through networks: the empty and the deep, in any company, folded and unfolded.

They protect that a value gives what it would give alone: other values beside it, and whatever stands behind the end of
a list, change neither results nor gradients.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

import catlang
from catlang import Lists

from .values import (
    OF_LETTERS,
    OF_TREES,
    OF_WORDS,
    TREES,
    UNFOLDED,
    H,
    V,
    chain,
    compiled,
    constructors,
    entries,
    gradients,
    part,
    phrase,
    same,
    sample,
    word,
    words_of,
)

pytestmark = pytest.mark.usefixtures("double")

#: What the empty list gives; a name stands for a weight.
OF_NOTHING: dict[str, Any] = {
    "folded": 0.0, "folded_left": "start.weight", "suffixes": ["start.weight"], "prefixes": ["start.weight"],
    "ran": ([], "state"), "decaying": [0.0], "squared": 0.0, "mapped": [], "wired": [], "long": 0.0, "averaged": 0.0,
    "largest_of": 0.0, "gram": 0.0, "smoothed": [], "scored": [], "attended": [], "read_causally": 0.0, "pooled": 0.0,
    "spelled": 0.0, "spelled_in_order": 0.0,
}
GARBAGE = (7.0, -1e30, 1e30, math.inf, -math.inf, math.nan)


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
