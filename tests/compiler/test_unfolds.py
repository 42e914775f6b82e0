"""Trees grown from states, to a bound and with gradients; a step that makes no tree is refused by what is wrong."""

from __future__ import annotations

import torch

from catlang.compiler.emitted.construction import trees
from catlang.compiler.emitted.containers import Lists
from catlang.compiler.emitted.trees import fold_trees, unfold_trees

from .containers import HALVES, assert_same, halves, refused


def test_an_unfold():
    grown = unfold_trees(halves, (torch.tensor([3, 0, 2]),), 5, HALVES, 2)
    assert grown.tolist() == [(1, (0, 1), (1, (0, 1), (0, 1))), (0, 0), (1, (0, 1), (0, 1))]
    assert_same(grown, trees(grown.tolist(), HALVES))
    assert unfold_trees(halves, (torch.tensor(3),), 5, HALVES, 2, 0).tolist() == (1, (0, 1), (1, (0, 1), (0, 1)))


def test_growth_stops_at_the_bound():
    grown = unfold_trees(halves, (torch.tensor([4, 1]),), 1, HALVES, 2)
    assert grown.tolist() == [(1, (2,), (2,)), (0, 1)]
    nothing = unfold_trees(halves, (torch.tensor([4, 1]),), 0, HALVES, 2)
    assert nothing.tolist() == [(2,), (2,)] and nothing.data[0][0].shape == (0,)


def test_an_unfold_of_nothing():
    grown = unfold_trees(halves, (torch.zeros(0, dtype=torch.int64),), 5, HALVES, 2)
    assert grown.tolist() == [] and grown.shape == (0,) and grown.data[0][0].dtype == torch.int64


def test_an_unfold_with_all_kinds_of_parts():
    kinds = (("data", "list"), (2, "data"), ())

    def function(states):
        number, row = states
        smaller = torch.stack([number - 1, number - 2], 1), torch.stack([row + 1, row + 2], 1)
        return number % 2, (((number, row), Lists(smaller, (number > 0) * 2)), (smaller, row), ())

    state = torch.tensor([2, 1]), torch.zeros(2, 1)
    grown = unfold_trees(function, state, 2, kinds, 2)
    back = grown.tolist()
    assert [(one[0], len(one[-2] if one[0] else one[-1])) for one in back] == [(0, 2), (1, 2)]
    assert back[0][1][0] == 2 and back[0][2][0][0] == 1 and back[0][2][0][1] == ((2,), (2,))
    assert back[0][2][0][2].tolist() == [1] and back[0][2][1][1][1].tolist() == [2]
    assert back[1][1][0][0] == 0 and back[1][1][0][2] == [] and back[1][2].tolist() == [0]
    assert grown.counts[0][0].tolist() == [2, 0, 0]


def test_gradients_go_through_an_unfold():
    x = torch.tensor([5.5, 0.5], dtype=torch.float64, requires_grad=True)
    grown = unfold_trees(halves_of_reals, (x,), 9, HALVES, 2)
    [total] = fold_trees(grown, [lambda x: (x ** 2,), lambda left, right: (left[0] + right[0],), None])
    [gradient] = torch.autograd.grad(total.sum(), x)
    assert torch.allclose(gradient, 2 * x.detach() / torch.tensor([8, 1]))


def halves_of_reals(states):
    [number] = states
    return (number > 1).long(), ((number,), ((number / 2,), (number / 2,)), ())


def test_mistakes_in_an_unfold():
    state = (torch.tensor([4, 1]),)
    assert refused(unfold_trees, halves, state, 5, HALVES, 0) == "growth stops with constructor 0, which has parts"
    assert refused(unfold_trees, halves, state, -1, HALVES, 2) == (
        "the bound is -1, but has to be a whole number, at least 0")
    assert refused(unfold_trees, lambda states: (states[0], ((), (), ())), state, 5, HALVES, 2) == (
        "2 nodes have the constructors [4, 1] of 0 to 2")
    assert refused(unfold_trees, lambda states: (states[0] * 0, ((), (), ())), state, 5, HALVES, 2) == (
        "0 given where a constructor has 1 parts")
