"""Trees made of Python's tuples and back again: what goes in comes out, however deep; what is malformed is named."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

from catlang.compiler.emitted.construction import tree_of, trees

from .containers import BINARY, MIXED, ROSE, best, binary, chain, mixed, refused, rose, same


@given(st.lists(binary(), max_size=5))
def test_binary_trees_come_back(values):
    assert trees(values, BINARY).tolist() == values


@given(st.lists(rose(), max_size=5))
def test_rose_trees_come_back(values):
    assert trees(values, ROSE).tolist() == values


@given(st.lists(mixed(), max_size=5))
def test_mixed_trees_come_back(values):
    made = trees(values, MIXED, likes=((0, (0.0, False)), (0,), None, None, None))
    assert made.tolist() == values
    number, (real, truth) = made.data[0]
    assert (number.dtype, real.dtype, truth.dtype) == (torch.int64, torch.float32, torch.bool)
    for place in range(len(MIXED)):
        total = sum(level[place] for level in made.levels)
        assert all(leaf.shape == (total,) for leaf in pytree.tree_leaves((made.data[place], made.counts[place])))


@given(mixed())
def test_one_tree_comes_back(value):
    made = tree_of(value, MIXED)
    assert made.tolist() == value and made.shape == ()


def test_the_layout():
    made = trees([(0, 3), (1, (1, (0, 5), (0, 6)), (0, 7)), (1, (0, 8), (0, 9))], BINARY)
    assert made.levels == ((1, 2), (3, 1), (2, 0)) and made.shape == (3,) and made.constructors == BINARY
    assert made.data[0][0].tolist() == [3, 8, 7, 9, 5, 6] and made.data[1] == ()
    assert made.counts == ((), ())
    assert made.orders[0] is None and made.orders[1].tolist() == [3, 0, 1, 2] and made.orders[2] is None


def test_children_stand_as_the_parts_do():
    leaves = [(0, number) for number in range(9)]
    made = trees([(1, leaves[0], leaves[3:5], leaves[1], [leaves[7]]), (1, leaves[2], leaves[5:7], leaves[8], [])],
                 (("data",), ("tree", 2, "tree", "list")))
    assert made.data[0][0].tolist() == [0, 2, 3, 4, 5, 6, 1, 8, 7]
    assert made.counts[1][0].tolist() == [1, 0]


def test_no_trees():
    made = trees([], BINARY, likes=((torch.zeros(3),), None))
    assert made.tolist() == [] and made.levels == ((0, 0),) and made.orders == (None,)
    assert made.data[0][0].shape == (0, 3)


def test_constructors_that_do_not_occur():
    made = trees([(0, 1)], (("data",), ("data", "data", "tree")), likes=(None, (torch.zeros(2), (0, True))))
    assert made.data[1][0].shape == (0, 2) and [one.dtype for one in made.data[1][1]] == [torch.int64, torch.bool]


def test_floats_have_the_dtype():
    made = trees([(1, 2.5, (0, 1))], (("data",), ("data", "tree")), dtype=torch.float64)
    assert made.data[0][0].dtype == torch.int64 and made.data[1][0].dtype == torch.float64
    assert trees([(0, 1)], BINARY, likes=((0.0,), None)).data[0][0].dtype == torch.get_default_dtype()


def test_tensors_in_trees():
    x = torch.randn(2, 3, requires_grad=True)
    made = tree_of((1, (0, x[0]), (0, x[1])), BINARY)
    assert torch.equal(made.data[0][0], x)
    [gradient] = torch.autograd.grad(made.data[0][0].sum(), x)
    assert torch.equal(gradient, torch.ones(2, 3))
    back = made.tolist()
    assert torch.equal(back[1][1], x[0]) and torch.equal(back[2][1], x[1])


def test_deep_trees():
    # Linear time: the factor 4 in depth is far from the 16 that it would be.
    values = [chain(size) for size in (5000, 20000)]
    assert best(lambda: tree_of(values[1], BINARY)) < 10 * best(lambda: tree_of(values[0], BINARY))
    made = [tree_of(value, BINARY) for value in values]
    assert best(made[1].tolist) < 10 * best(made[0].tolist)
    assert len(made[1].levels) == 20001 and same(made[1].tolist(), values[1])
    assert not same(made[1].tolist(), chain(20000, (0, 1)))


@pytest.mark.parametrize(("value", "constructors", "message"), [
    ("a", BINARY, ": a value of type str where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((), BINARY, ": a tuple of 0 where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((2, 1), BINARY, ": the int 2 is no constructor; they are 0 to 1"),
    ((-1, 1), BINARY, ": the int -1 is no constructor; they are 0 to 1"),
    ((True, (0, 1), (0, 1)), BINARY, ": the bool True is no constructor; they are 0 to 1"),
    ((1, []), ROSE, ": the int 1 is no constructor; the only one is 0"),
    ((0, 1, 2), BINARY, ": 2 given where constructor 0 has 1 part"),
    ((1, (0, 1)), BINARY, ": 1 given where constructor 1 has 2 parts"),
    ((1, (0, 1), (1, (0, 2), 5)), BINARY,
     ", at .1.1: the int 5 where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((1, (0, 1), (1, (7,), (0, 2))), BINARY, ", at .1.0: the int 7 is no constructor; they are 0 to 1"),
    ((1, (0, 1), (1, (0, True), (0, 3))), BINARY, ", at .1.0.0: the bool True where an int64 belongs"),
    ((1, (0, torch.ones(2)), (0, 3)), BINARY, ", at .0.0: a float32 tensor of shape [2] where an int64 belongs"),
    ((1, (0, "a"), (0, 3)), BINARY, ", at .0.0: a value of type str where an int64 belongs"),
    ((0, 1, [(0, 2, []), (0, 3, 4)]), ROSE, ", at .1.1.1: the int 4 where a list of trees belongs"),
    ((0, 1, [(0, 2, []), (0, 3, [(0, None, [])])]), ROSE,
     ", at .1.1.1.0.0: a value of type NoneType where an int64 belongs"),
    ((2, [(4,), (4,)]), MIXED, ", at .0: a list of 2 where a tuple of 3 trees belongs"),
    ((2, ((4,), (4,), 5)), MIXED,
     ", at .0.2: the int 5 where a tree belongs, a tuple of the number of a constructor and its parts"),
    ((1, (4,), 1, (0, 1, (2.5, 0))), MIXED, ", at .2.1.1: the int 0 where a bool belongs"),
    ((1, (4,), 1, (0, 1, (2.5,))), MIXED, ", at .2.1: a tuple of 1 where a tuple of 2 belongs"),
])
def test_malformed_trees_are_named(value, constructors, message):
    good = {BINARY: (0, 1), ROSE: (0, 1, []), MIXED: (0, 1, (1.5, True))}[constructors]
    assert refused(trees, [good, good, good, value], constructors) == f"tree 3{message}"
    assert refused(tree_of, value, constructors, likes={BINARY: ((0,), None), ROSE: ((0,),), MIXED: (
        (0, (0.0, False)), (0,), None, None, None)}[constructors]) == f"the tree{message}"


def test_the_name_of_a_deep_node_is_short():
    tree = (0, "a")
    for _ in range(10000):
        tree = (1, (0, 1), tree)
    assert refused(tree_of, tree, BINARY) == (
        f"the tree, at {'.1' * 8} (and 9985 more) {'.1' * 7}.0: a value of type str where an int64 belongs")


def test_mistakes_around_trees():
    assert refused(trees, [], (("data",), ("data", "node"))) == (
        "constructor 1, part 1: 'node' is neither 'data', 'tree', 'list' nor a number of trees")
    assert refused(trees, [], ((-1,),)) == (
        "constructor 0, part 0: -1 is neither 'data', 'tree', 'list' nor a number of trees")
    with pytest.raises(TypeError, match="the int 3 is no batch of trees, which is a list"):
        trees(3, BINARY)
