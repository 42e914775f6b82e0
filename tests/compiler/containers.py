"""Values of lists and trees for the tests of them: strategies, a deep tree, how two are compared and how refused."""

from __future__ import annotations

import time

import pytest
import torch
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

BINARY = (("data",), ("tree", "tree"))
ROSE = (("data", "list"),)
#: A leaf with two data, one of them a product; a pair of trees around a datum; three trees; a list; nothing.
MIXED = (("data", "data"), ("tree", "data", "tree"), (3,), ("list", "tree"), ())
#: A number as a leaf, or as the sum of two trees; or an end.
HALVES = (("data",), ("tree", "tree"), ())
NUMBERS = st.integers(-9, 9)
FLOATS = st.floats(-4, 4, width=32)


def binary(leaves=NUMBERS):
    return st.recursive(st.tuples(st.just(0), leaves), lambda tree: st.tuples(st.just(1), tree, tree), max_leaves=12)


def rose():
    return st.recursive(st.tuples(st.just(0), NUMBERS, st.just([])),
                        lambda tree: st.tuples(st.just(0), NUMBERS, st.lists(tree, max_size=4)), max_leaves=12)


def mixed():
    leaf = st.one_of(st.just((4,)), st.tuples(st.just(0), NUMBERS, st.tuples(FLOATS, st.booleans())))
    return st.recursive(leaf, lambda tree: st.one_of(
        st.tuples(st.just(1), tree, NUMBERS, tree), st.tuples(st.just(2), st.tuples(tree, tree, tree)),
        st.tuples(st.just(3), st.lists(tree, max_size=3), tree)), max_leaves=14)


def chain(depth, leaf=(0, 0)):
    """A tree that is deep, on either side by turns."""
    tree = leaf
    for place in range(depth):
        tree = (1, tree, (0, place)) if place % 2 else (1, (0, place), tree)
    return tree


def same(one, other):
    """Whether two chains are equal; Python's own comparison recurs."""
    while True:
        if one[0] != other[0] or len(one) != len(other):
            return False
        if one[0] == 0:
            return one == other
        pairs = list(zip(one[1:], other[1:], strict=True))
        deep = [pair for pair in pairs if pair[0][0] == 1]
        if len(deep) > 1 or any(a != b for a, b in pairs if a[0] == 0):
            return False
        if not deep:
            return True
        [(one, other)] = deep


def refused(function, *given, **named):
    with pytest.raises(ValueError) as error:
        function(*given, **named)
    return str(error.value)


def best(function, times=3):
    """The least time of several."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)


def halves(states):
    [number] = states
    tags = (number > 1).long()
    return tags, ((number,), ((number // 2,), (number - number // 2,)), ())


def rose_sum(label, children):
    return (label + children.data.sum(1),)


def assert_same(one, other):
    assert type(one) is type(other) and one.tolist() == other.tolist()
    first, second = pytree.tree_flatten(one), pytree.tree_flatten(other)
    assert first[1] == second[1] and all(map(torch.equal, first[0], second[0]))
