"""A fold over a batch of trees is what recursion over one after the other would make, in values and gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from catlang.compiler.emitted.construction import tree_of, trees
from catlang.compiler.emitted.containers import Lists
from catlang.compiler.emitted.trees import fold_trees, unfold_trees

from .containers import BINARY, HALVES, MIXED, ROSE, best, chain, halves, mixed, refused, rose, rose_sum


class Algebra(torch.nn.Module):
    """An algebra of MIXED with two tensors as its state, and the same one node by node."""

    def __init__(self):
        super().__init__()
        for name, shape in {"leaf": (3, 4), "pair": (9, 4), "three": (12, 4), "several": (8, 4)}.items():
            self.register_parameter(name, torch.nn.Parameter(torch.randn(shape, dtype=torch.float64)))
        self.nothing = torch.nn.Parameter(torch.randn(4, dtype=torch.float64))

    def on_leaf(self, number, pair):
        row = torch.stack([number.double(), pair[0].double(), pair[1].double()], -1)
        return torch.tanh(row @ self.leaf), number.double()

    def on_pair(self, left, number, right):
        row = torch.cat([left[0], number.double()[..., None], right[0]], -1)
        return torch.tanh(row @ self.pair), left[1] - 2 * right[1]

    def on_three(self, children):
        row = children[0].flatten(-2)
        return torch.tanh(row @ self.three), children[1][..., 0] + children[1][..., 2]

    def on_several(self, children, last):
        there = torch.arange(children.data[1].shape[-1]) < children.lengths[..., None]
        total = (children.data[0].square() * there[..., None]).sum(-2)
        return torch.tanh(torch.cat([total, last[0]], -1) @ self.several), (children.data[1] * there).sum(-1) + last[1]

    def on_nothing(self):
        return self.nothing, torch.ones((), dtype=torch.float64)

    def functions(self):
        return [self.on_leaf, self.on_pair, self.on_three, self.on_several, self.on_nothing]

    def one(self, tree):
        """The state of one tree, by recursion."""
        tag, *parts = tree
        if tag == 0:
            return self.on_leaf(torch.tensor(parts[0]), tuple(map(torch.tensor, parts[1])))
        if tag == 1:
            return self.on_pair(self.one(parts[0]), torch.tensor(parts[1]), self.one(parts[2]))
        if tag == 2:
            return self.on_three(tuple(map(torch.stack, zip(*map(self.one, parts[0]), strict=True))))
        if tag == 3:
            states = [self.one(child) for child in parts[0]]
            data = tuple(map(torch.stack, zip(*states, strict=True))) if states else (
                torch.zeros(0, 4, dtype=torch.float64), torch.zeros(0, dtype=torch.float64))
            return self.on_several(Lists(data, torch.tensor(len(states))), self.one(parts[1]))
        return self.on_nothing()


def assert_close(one, other):
    assert len(one) == len(other)
    for x, y in zip(one, other, strict=True):
        assert x.shape == y.shape and x.dtype == y.dtype and torch.allclose(x, y, rtol=0, atol=1e-12)


def gradients(states, algebra):
    total = sum((x * torch.arange(1, x.numel() + 1).reshape(x.shape)).sum() for x in states)
    return [torch.zeros_like(weight) if one is None else one for weight, one in zip(
        algebra.parameters(), torch.autograd.grad(total, list(algebra.parameters()), allow_unused=True), strict=True)]


@settings(max_examples=60, deadline=None)
@given(st.lists(mixed(), min_size=1, max_size=5))
def test_a_fold_is_the_recursion(values):
    torch.manual_seed(0)
    algebra = Algebra()
    folded = fold_trees(trees(values, MIXED, dtype=torch.float64, likes=((0, (0.0, False)), (0,), None, None, None)),
                        algebra.functions())
    naive = tuple(map(torch.stack, zip(*map(algebra.one, values), strict=True)))
    assert_close(folded, naive)
    for x, y in zip(gradients(folded, algebra), gradients(naive, algebra), strict=True):
        assert torch.allclose(x, y, rtol=1e-10, atol=1e-10)
    # Nothing depends on what else there is in the batch.
    for place, value in enumerate(values):
        alone = fold_trees(tree_of(value, MIXED), algebra.functions())
        assert_close(alone, tuple(x[place] for x in folded))


@given(st.lists(rose(), max_size=5))
def test_a_fold_of_rose_trees_is_the_recursion(values):
    def total(tree):
        return tree[1] + sum(map(total, tree[2]))

    [folded] = fold_trees(trees(values, ROSE, likes=((0,),)), [rose_sum], like=(torch.tensor(0),))
    assert folded.tolist() == list(map(total, values)) and folded.dtype == torch.int64


def test_padded_children_are_zeros_behind_their_end():
    seen = []

    def noting(label, children):
        seen.append(children)
        return (label, label[:, None] * torch.ones(2))

    made = tree_of((0, 1, [(0, 2, []), (0, 3, [(0, 4, []), (0, 5, [])]), (0, 6, [(0, 7, [])])]), ROSE)
    fold_trees(made, [noting], like=(torch.tensor(0), torch.zeros(2)))
    assert [children.lengths.tolist() for children in seen] == [[0, 0, 0], [0, 2, 1], [3]]
    assert [children.data[0].tolist() for children in seen] == [[[0], [0], [0]], [[0, 0], [4, 5], [7, 0]], [[2, 3, 6]]]
    assert [children.data[1].shape for children in seen] == [(3, 1, 2), (3, 2, 2), (1, 3, 2)]


def test_without_children_the_state_is_that_of_a_leaf():
    def nodes(children):
        return (children.data.sum(1),)

    made = trees([(1, []), (1, [(1, []), (0, torch.ones(3))])], (("data",), ("list",)), likes=((torch.ones(3),), None))
    assert fold_trees(made, [lambda x: (x,), nodes])[0].tolist() == [[0, 0, 0], [1, 1, 1]]
    assert refused(fold_trees, tree_of((0, 1, []), ROSE), [rose_sum]) == (
        "the state of a child is not known where there is none: give a state as `like`")


def test_no_children_at_all():
    made = trees([(0, ()), (1, ((0, ()),))], ((0,), (1,)))
    assert made.tolist() == [(0, ()), (1, ((0, ()),))]
    functions = [lambda none: (none[0].sum(1) + 1,), lambda one: (one[0][:, 0] * 2,)]
    assert fold_trees(made, functions, like=(torch.zeros(2),))[0].tolist() == [[1, 1], [2, 2]]


def test_a_fold_of_no_trees():
    algebra = Algebra()
    states = fold_trees(trees([], MIXED, likes=((0, (0.0, False)), (0,), None, None, None)), algebra.functions())
    assert [x.shape for x in states] == [(0, 4), (0,)]
    assert [x.shape for x in fold_trees(trees([], ROSE), [rose_sum], like=(torch.zeros(5),))] == [(0, 5)]
    nothing = fold_trees(trees([], ((), ("tree",))), [lambda: (torch.ones(3),), lambda tree: tree])
    assert [x.shape for x in nothing] == [(0, 3)]


def test_one_leaf():
    assert fold_trees(tree_of((0, 5), BINARY), [lambda x: (x,), None])[0].item() == 5


def test_a_constructor_without_tensors_has_one_state():
    naturals = ((), ("tree",))
    functions = [lambda: (torch.zeros(2),), lambda tree: (tree[0] + 1,)]
    made = trees([(1, (1, (0,))), (0,), (1, (0,))], naturals)
    assert fold_trees(made, functions)[0].tolist() == [[2, 2], [0, 0], [1, 1]]
    unit = trees([(1, (1, (0, ()))), (0, ())], (("data",), ("tree",)))
    assert unit.tolist() == [(1, (1, (0, ()))), (0, ())]
    assert fold_trees(unit, [lambda unit: (torch.zeros(()),), functions[1]])[0].tolist() == [2, 0]


def test_prepared_data_replace_the_tree_s():
    table = torch.randn(10, 4, dtype=torch.float64, requires_grad=True)
    made = trees([(1, (0, 5), (1, (0, 1), (0, 2))), (0, 3)], BINARY)
    direct = fold_trees(made, [lambda x: (table[x],), lambda left, right: (left[0] * 2 - right[0],)])
    prepared = fold_trees(made, [lambda x: (x,), lambda left, right: (left[0] * 2 - right[0],)],
                          prepared=((table[made.data[0][0]],), None))
    assert_close(direct, prepared)
    assert_close(torch.autograd.grad(direct[0].sum(), table), torch.autograd.grad(prepared[0].sum(), table))
    assert refused(fold_trees, made, [None, None], prepared=((), ())) == (
        "constructor 0: 0 parts prepared, of which it has 1")


def test_states_are_looked_over():
    made = trees([(0, 5), (0, 6)], BINARY)
    assert refused(fold_trees, made, [lambda x: (x.sum(),), None]) == (
        "constructor 0: the states of 2 nodes are an int64 tensor of shape []")
    with pytest.raises(TypeError, match="constructor 0: a state is a tuple of tensors, not an int64 tensor"):
        fold_trees(made, [lambda x: x, None])


def test_several_batch_axes_of_trees():
    grown = unfold_trees(halves, (torch.arange(6).reshape(2, 3),), 9, HALVES, 2, batch_rank=2)
    assert grown.shape == (2, 3) and [len(row) for row in grown.tolist()] == [3, 3]
    assert fold_trees(grown, [lambda x: (x,), lambda left, right: (left[0] + right[0],), None])[0].tolist() == [
        [0, 1, 2], [3, 4, 5]]


def test_the_backward_pass_is_linear():
    def backward(size):
        made = tree_of(chain(size), BINARY)
        rows = torch.randn(size + 1, 4, requires_grad=True)
        [state] = fold_trees(made, [lambda x: (x,), lambda left, right: (torch.tanh(left[0] + right[0]),)],
                             prepared=((rows,), None))
        return lambda: torch.autograd.grad(state.sum(), rows, retain_graph=True)

    # Had each level a gradient of all rows, this would be 64 times as long, not 8 times.
    assert best(backward(16000)) < 24 * best(backward(2000))
