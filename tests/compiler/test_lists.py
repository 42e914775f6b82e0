"""Lists made of Python's and back again: what goes in comes out, what is malformed is named by its place."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from catlang.compiler.emitted.construction import list_of, lists
from catlang.compiler.emitted.containers import Lists

from .containers import FLOATS, NUMBERS, refused


@given(st.lists(st.lists(NUMBERS, max_size=6), max_size=6))
def test_lists_come_back(values):
    made = lists(values, dtype=torch.int64)
    assert made.tolist() == values
    assert made.data.shape == (len(values), max([1, *map(len, values)])) and made.data.dtype == torch.int64
    assert made.lengths.tolist() == [len(one) for one in values] and made.lengths.dtype == torch.int64


@given(st.lists(st.lists(st.lists(st.tuples(NUMBERS, st.tuples(FLOATS, st.booleans())), max_size=3), max_size=3),
                max_size=4))
def test_lists_of_lists_of_products_come_back(values):
    made = lists(values, depth=2, like=(0, (0.0, False)))
    assert made.tolist() == values
    assert made.data.lengths.shape == made.lengths.shape + made.data.lengths.shape[1:]
    number, (real, truth) = made.data.data
    assert (number.dtype, real.dtype, truth.dtype) == (torch.int64, torch.float32, torch.bool)
    assert number.shape == real.shape == truth.shape and number.shape[:2] == made.data.lengths.shape


@given(st.lists(NUMBERS, max_size=6))
def test_one_list_comes_back(values):
    made = list_of(values, dtype=torch.int64)
    assert made.tolist() == values and len(made) == len(values) and made.lengths.shape == ()
    assert [int(one) for one in made] == values
    assert not values or made[-1] == values[-1]


def test_padding_is_zeros():
    made = lists([[1.5], [2.5, 3.5], []])
    assert made.data.tolist() == [[1.5, 0], [2.5, 3.5], [0, 0]]
    assert lists([[[1], []], []], depth=2).data.lengths.tolist() == [[1, 0], [0, 0]]


def test_the_kinds_of_elements():
    assert lists([[1, 2.5]]).data.dtype == torch.get_default_dtype()
    assert lists([[True]]).data.dtype == torch.bool
    assert lists([[1]], dtype=torch.float64).data.dtype == torch.float64
    number, real = lists([[(1, 2.5)]], dtype=torch.float64).data
    assert (number.dtype, real.dtype) == (torch.int64, torch.float64)
    assert lists([[1, 2]], like=0.0).data.dtype == torch.float32
    assert lists([[torch.ones(2, dtype=torch.float64)]], like=torch.zeros(2)).data.dtype == torch.float32


def test_lists_of_nothing():
    assert lists([[], []], like=torch.zeros(3)).data.shape == (2, 1, 3)
    assert lists([[], []], like=(0, torch.zeros(3))).data[0].dtype == torch.int64
    assert lists([]).tolist() == [] and lists([], depth=2).tolist() == []
    assert list_of([]).tolist() == [] and lists([[], []]).tolist() == [[], []]
    assert lists([torch.ones(0, 3)]).data.shape == (1, 1, 3)


def test_lists_of_the_unit_object():
    made = lists([[()], [(), ()]])
    assert made.data == () and made.tolist() == [[()], [(), ()]] and list(list_of([()])) == [()]


def test_lists_of_tensors():
    x = torch.randn(5, 3, requires_grad=True)
    for values in ([x[:2], x[2:2], x[2:]], [list(x[:2]), [], list(x[2:])], [x[:2], [], list(x[2:])]):
        made = lists(values)
        assert made.data.shape == (3, 3, 3) and made.tolist() == [x[:2].tolist(), [], x[2:].tolist()]
    [gradient] = torch.autograd.grad((made.data ** 2).sum(), x)
    assert torch.equal(gradient, 2 * x.detach())


def test_parts_of_a_batch():
    made = lists([[1, 2], [], [3]])
    assert len(made) == 3 and made[0].tolist() == [1, 2] and made[1:].tolist() == [[], [3]]
    assert made[torch.tensor([2, 0])].tolist() == [[3], [1, 2]] and [one.tolist() for one in made] == [[1, 2], [], [3]]
    pairs = lists([[(1, 2.0)], [(3, 4.0), (5, 6.0)]])
    assert pairs[1].tolist() == [(3, 4.0), (5, 6.0)] and pairs[1][0] == (3, 4.0)
    with pytest.raises(IndexError):
        made[0][2]


def test_several_batch_axes():
    made = Lists((torch.arange(12).reshape(2, 3, 2), torch.zeros(2, 3, 2)), torch.tensor([[0, 1, 2], [2, 1, 0]]))
    assert made.tolist() == [[[], [(2, 0.0)], [(4, 0.0), (5, 0.0)]], [[(6, 0.0), (7, 0.0)], [(8, 0.0)], []]]


@pytest.mark.parametrize(("values", "named", "message"), [
    ([[1], [2, "a"]], {}, "list 1, element 1: a value of type str where an int64 belongs"),
    ([[1], [2, True]], {}, "list 1, element 1: the bool True where an int64 belongs"),
    ([["a"]], {}, "list 0, element 0: a value of type str is no number, tensor, or tuple of such"),
    ([[1], 2], {}, "list 1: the int 2 where a list belongs"),
    ([[1], (2, 3)], {}, "list 1: a tuple of 2 where a list belongs"),
    ([[], [torch.ones(3)], [torch.ones(3), torch.ones(4)]], {},
     "list 2, element 1: a float32 tensor of shape [4] where a float32 tensor of shape [3] belongs"),
    ([torch.ones(2, 3), torch.ones(1, 4)], {},
     "list 1, element 0: a float32 tensor of shape [4] where a float32 tensor of shape [3] belongs"),
    ([[torch.ones(())], [torch.ones((), dtype=torch.float64)]], {},
     "list 1, element 0: a float64 tensor of shape [] where a float32 belongs"),
    ([[(1, 2)], [], [(1, 2), (1, 2, 3)]], {}, "list 2, element 1: a tuple of 3 where a tuple of 2 belongs"),
    ([[(1, (2, 3.5))], [(1, (2, "a"))]], {},
     "list 1, element 0, part 1, part 1: a value of type str where a float32 belongs"),
    ([[[1]], [[2, 3], 4]], {"depth": 2}, "list 1, element 1: the int 4 where a list belongs"),
    ([[[1]], [[], [2, 3.5, None]]], {"depth": 2},
     "list 1, element 1, element 2: a value of type NoneType where a float32 belongs"),
    ([[2 ** 70]], {}, f"list 0, element 0: the int {2 ** 70} does not fit in int64"),
    ([[1.5]], {"dtype": torch.int64}, "list 0, element 0: the float 1.5 where an int64 belongs"),
    ([[1.5]], {"like": torch.zeros(3)}, "list 0, element 0: the float 1.5 where a float32 tensor of shape [3] belongs"),
    ([[1]], {"depth": 0}, "depth is 0, but has to be a whole number, at least 1"),
])
def test_mistakes_in_lists_are_named(values, named, message):
    assert refused(lists, values, **named) == message


def test_mistakes_in_one_list_are_named():
    assert refused(list_of, [1, "a"]) == "element 1: a value of type str where an int64 belongs"
    assert refused(list_of, 3) == "the list: the int 3 where a list belongs"
    with pytest.raises(TypeError, match="the int 3 is no batch of lists"):
        lists(3)
    with pytest.raises(TypeError, match="a value of type str is like no number, tensor, or tuple of such"):
        lists([[1]], like="a")
