"""A network is called with inputs of its objects; everything else is refused at its entry, in the reader's own words.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import catlang
from catlang.compiler import CompileError

ENCODER = """
dim n, d
object Token = Fin[100]
morphism net : (ids : Token^n) * (mask : Bool^n) -> (hidden : R[n, d]) * (kept : Bool^n)
    = (ids, mask) |-> (each(embedding as token >> layer_norm)(ids), mask)
"""


def ids(*shape: int) -> torch.Tensor:
    return torch.randint(100, shape)


def mask(*shape: int) -> torch.Tensor:
    return torch.ones(shape, dtype=torch.bool)


def refusal(net: nn.Module, *inputs: Any, **named: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as caught:
        net(*inputs, **named)
    return str(caught.value)


# ------------------------------------------------------------------ what is accepted


@pytest.mark.parametrize("count", [0, 1, 2])
def test_numbers_made_of_indices_are_of_the_type_of_a_weight_that_is_there(compiled, count):
    net = compiled(f"""
dim d
morphism repeated[k : nat](f : R[d] -> R[d]) : R[d] -> R[d] = f^k
morphism first : Fin[d] -> R[d] = one_hot >> repeated[{count}](affine)
morphism net : Fin[d] -> R[d] = first >> affine
""", d=3).double()
    assert net(torch.tensor([0, 2])).dtype == torch.float64


@pytest.mark.parametrize("body", ["family[5](layer)(2, const[0.1]())", "family[5](layer)(2, x)",
                                  "let w = parameter[d]() in family[5](y |-> affine(concat(y, w)))(2, w)"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 3)], ids=str)
def test_a_family_takes_what_is_the_same_for_the_whole_batch(compiled, body, batch):
    net = compiled(f"""
dim d
morphism layer : R[d] -> R[d] = x |-> tanh(affine(concat[d, d](x, parameter())))
morphism net : R[d] -> R[d] = x |-> add(x, {body})
""", d=4)
    x = torch.randn(*batch, 4)
    out = net(x)
    assert out.shape == x.shape
    for row, single in zip(out.reshape(-1, 4), x.reshape(-1, 4), strict=True):
        torch.testing.assert_close(row, net(single))


def test_lists_are_as_long_in_the_second_body(compiled):
    net = compiled("""
endofunctor SnocF[A](X) = 1 + X * A
algebra sum : SnocF[R[3]](R[3]) -> R[3] = [zero, add]
morphism inner : List(R[3]) * List(R[3]) -> List(R[3])
    = (x, y) |-> scanl(sum)(x) in eval (x, y) |-> map(tanh)(scanl(sum)(x))
morphism net : List(R[3]) * List(R[3]) -> R[3] = inner >> foldl(sum)
""")
    x, y = (catlang.lists([torch.randn(size, 3) for size in sizes]) for sizes in ((2, 4), (1, 3)))
    torch.testing.assert_close(net(x, y), torch.stack([
        one[:size].cumsum(0).sum(0) for one, size in zip(x.data, (2, 4), strict=True)]))
    torch.testing.assert_close(net.eval()(x, y), torch.stack([
        one[:size].cumsum(0).tanh().sum(0) for one, size in zip(x.data, (2, 4), strict=True)]))


def test_lists_of_two_bodies_that_are_padded_differently_are_refused(compiled):
    with pytest.raises(CompileError, match="E0815"):
        compiled("""
morphism inner : List(R[3]) * List(R[3]) -> List(R[3]) = fst in eval snd
morphism net : List(R[3]) * List(R[3]) -> List(R[3]) = inner >> map(tanh)
""")


@pytest.mark.parametrize("batch", [(), (3,), (2, 3)], ids=str)
def test_sizes_that_no_weight_hangs_on_stay_open_and_batch_axes_pass_through(compiled, batch):
    net = compiled(ENCODER, d=8)
    assert isinstance(net, nn.Module)
    for n in (1, 5, 9):
        out = net(ids(*batch, n), mask(*batch, n))
        assert out.hidden.shape == (*batch, n, 8)
        assert out.kept.shape == (*batch, n)


def test_named_products_are_keyword_arguments_and_a_named_tuple(compiled):
    net = compiled(ENCODER, d=8)
    out = net(mask=mask(5), ids=ids(5))
    assert out._fields == ("hidden", "kept")
    assert type(out)(*out) == out


def test_the_variables_of_a_lambda_name_inputs_that_have_no_name(compiled):
    net = compiled("dim n\nmorphism net : R[n] * R[n] -> R[n] = (left, right) |-> sub(left, right)")
    assert torch.equal(net(right=torch.ones(3), left=torch.zeros(3)), -torch.ones(3))


def test_a_product_within_a_product_is_a_tuple(compiled):
    net = compiled("""
dim n, m
object Cache[t] = (keys : R[t]) * (values : R[t])
morphism net : Cache[n] * R[m] -> Cache[n + m] * R[m]
    = ((k, v), new) |-> ((concat(k, new), concat(v, new)), new)
""")
    keys, values, new = torch.randn(4), torch.randn(4), torch.randn(2)
    cache, same = net((keys, values), new)
    assert cache.keys.shape == cache.values.shape == (6,) and torch.equal(same, new)
    again, _ = net(cache, new)
    assert again.values.shape == (8,)
    assert "takes a tuple of 2" in refusal(net, keys, new)
    assert refusal(net, (keys, values[:3]), new) == "values : R[n] has n = 3, but keys : R[n] has n = 4"


def test_names_that_python_keeps_for_itself(compiled):
    net = compiled("""
dim n
morphism net : (class : R[n]) * (self : R[n]) * (torch : R[n]) * (batch : R[n]) -> (lambda : R[n]) * (def : R[n])
    = (a, b, c, e) |-> (add(a, b), add(c, e))
""")
    x = torch.ones(3)
    out = net(class_=x, self_=x, torch_=x, batch_=x)
    assert torch.equal(out.lambda_, 2 * x) and torch.equal(out.def_, 2 * x)


# ------------------------------------------------------------------ what is refused


def test_a_size_that_differs_is_named_with_both_objects(compiled):
    net = compiled(ENCODER, d=8)
    assert refusal(net, ids(5), mask(7)) == "mask : Bool^n has n = 7, but ids : Token^n has n = 5"


def test_a_size_given_at_compile_is_named(compiled):
    net = compiled(ENCODER + "morphism top : R[n, d] -> R[n, d] = each(affine)", "top", d=8)
    assert refusal(net, torch.randn(5, 9)) == "x : R[n, d] has 9 where d = 8 belongs; the shape given is (5, 9)"


def test_a_size_that_is_a_number(compiled):
    net = compiled("morphism net : R[784] -> R[10] = affine")
    assert refusal(net, torch.randn(3, 783)) == "x : R[784] has 783 where 784 belongs; the shape given is (3, 783)"
    assert "has 1 axes behind" in refusal(net, torch.tensor(1.0))


def test_one_size_at_two_axes_of_one_input(compiled):
    net = compiled("dim n\nmorphism net : R[n, n] -> R[n, n] = relu")
    assert refusal(net, torch.randn(3, 4)) == "x : R[n, n] has n = 4, but also n = 3"


def test_a_size_within_another_is_solved_for(compiled):
    net = compiled("dim n, d\nmorphism net : R[2*n, d] -> R[n, 2, d] = rearrange((n k) d -> n k d)", d=3)
    assert net(torch.randn(6, 3)).shape == (3, 2, 3)
    assert refusal(net, torch.randn(5, 3)) == "x : R[2*n, d] has size 5 where 2*n belongs"


def test_a_size_that_follows_from_others(compiled):
    net = compiled("dim n, m\nmorphism net : R[n + m] * R[n] * R[m] -> R[n + m] = (x, y, z) |-> add(x, concat(y, z))")
    assert net(torch.randn(5), torch.randn(2), torch.randn(3)).shape == (5,)
    assert refusal(net, torch.randn(6), torch.randn(2), torch.randn(3)) == (
        "x : R[n + m] has m + n = 6, but z : R[m] has m = 3, and y : R[n] has n = 2")


def test_an_axis_is_empty_only_where_its_dim_may_be_0(compiled):
    text = "dim n\ndim past >= 0\nmorphism net : R[past] * R[n] -> R[past + n] = concat"
    net = compiled(text)
    assert net(torch.randn(0), torch.randn(2)).shape == (2,)
    assert "n = 0, but n is at least 1" in refusal(net, torch.randn(2), torch.randn(0))


def test_a_condition_left_open(compiled):
    net = compiled("dim n\nmorphism net : R[n] -> R[n] = relu where 3 <= n, 2 divides n")
    assert net(torch.randn(4)).shape == (4,)
    assert refusal(net, torch.randn(2)) == "net needs 3 <= n, but x : R[n] has n = 2"
    assert refusal(net, torch.randn(5)) == "net needs 2 divides n, but x : R[n] has n = 5"


def test_batch_axes_must_agree(compiled):
    net = compiled(ENCODER, d=8)
    for one, other in [((3,), (4,)), ((), (3,)), ((2, 3), (3,))]:
        told = refusal(net, ids(*one, 5), mask(*other, 5))
        assert told.startswith("the batch axes in front differ: ids : Token^n has ")
        assert str(one) in told and str(other) in told


@pytest.mark.parametrize(("inputs", "told"), [
    ((torch.ones(5), mask(5)), "ids : Token^n takes a tensor of torch.int64, not of torch.float32"),
    ((ids(5).int(), mask(5)), "ids : Token^n takes a tensor of torch.int64, not of torch.int32"),
    ((ids(5), torch.ones(5)), "mask : Bool^n takes a tensor of torch.bool, not of torch.float32"),
    (([1, 2], mask(2)), "ids : Token^n takes a tensor, not list"),
    ((ids(2).numpy(), mask(2)), "ids : Token^n takes a tensor, not ndarray"),
    ((None, mask(2)), "ids : Token^n takes a tensor, not NoneType"),
])
def test_what_is_no_tensor_of_the_right_kind(compiled, inputs, told):
    assert refusal(compiled(ENCODER, d=8), *inputs) == told


def test_numbers_are_floating_point(compiled):
    net = compiled("dim n\nmorphism net : R[n] -> R[n] = relu")
    assert refusal(net, torch.arange(3)) == "x : R[n] takes a tensor of floating point, not of torch.int64"
    for dtype in (torch.float64, torch.bfloat16, torch.float16):
        assert net(torch.ones(3, dtype=dtype)).dtype == dtype


@pytest.mark.parametrize(("inputs", "named", "told"), [
    ((), {}, "and was given no `ids` and no `mask`"),
    ((ids(2),), {}, "and was given no `mask`"),
    ((ids(2), mask(2), mask(2)), {}, "and was given 3"),
    ((ids(2),), {"masks": mask(2)}, "and was given no `mask` and was given `masks`"),
    ((ids(2), mask(2)), {"ids": ids(2)}, "and was given `ids` twice"),
])
def test_the_wrong_number_of_inputs(compiled, inputs, named, told):
    head = "net : (ids : Token^n) * (mask : Bool^n) -> (hidden : R[n, d]) * (kept : Bool^n)"
    assert refusal(compiled(ENCODER, d=8), *inputs, **named) == f"{head}: it takes 2 inputs, `ids`, `mask` {told}"


# ------------------------------------------------------------------ what it costs


def test_checks_stand_at_the_root_alone(compiled):
    net = compiled("morphism inner : R[4] -> R[4] = affine >> relu\nmorphism net : R[4] -> R[4] = inner >> inner")
    from catlang.compiler.loading import source_of

    assert source_of(net).count("isinstance(x, torch.Tensor)") == 1
