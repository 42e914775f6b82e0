"""What is no value of a network that recurs is refused before anything is computed, by its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import catlang
from catlang import Lists

from .values import OF_LETTERS, H, compiled, constructors, sample, words_of

pytestmark = pytest.mark.usefixtures("double")


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
