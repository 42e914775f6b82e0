"""What normal forms prove, at sizes that stay symbolic, and what they do not."""

from __future__ import annotations

import pytest
from lawful import associativity, law, networks

from catlang.checker.entry import Definition
from catlang.checking import check_source
from catlang.laws import Proved, Refuted, Tested, Unknown, judge
from catlang.meaning.entries import FORMLESS, ROWS, NoForm, normal_forms, same_entries
from catlang.network.erasure import WIRING
from catlang.span import Source

ONE = ("x", "y", "z")
PAIRS = ("(p, s)", "(q, t)", "(r, u)")
FOURS = ("(a, b, c, d)", "(e, o, g, h)", "(p, q, r, s)")

#: Operations that are associative: on what, its elements, the operation.
ASSOCIATIVE = {
    "add": ("R[n]", ONE, "add"),
    "mul": ("R[n]", ONE, "mul"),
    "maximum": ("R[n]", ONE, "maximum"),
    "minimum": ("R[n]", ONE, "minimum"),
    "circle": ("R[n]", ONE, "(x, y) |-> sub(add(x, y), mul(x, y))"),
    "affine maps": ("R[n] * R[n]", PAIRS, "((a, b), (c, d)) |-> (mul(c, a), add(mul(c, b), d))"),
    "complex": ("R[] * R[]", PAIRS, "((a, b), (c, d)) |-> (sub(mul(a, c), mul(b, d)), add(mul(a, d), mul(b, c)))"),
    "matrices": ("R[n, n]", ONE, "matmul"),
    "matrices the other way": ("R[n, n]", ONE, "(x, y) |-> matmul(y, x)"),
    "affine maps of vectors": ("R[n, n] * R[n]", PAIRS,
                               "((a, b), (c, d)) |-> (matmul(c, a), add(contract(i j, j -> i)(c, b), d))"),
    "matrices written out": ("R[] * R[] * R[] * R[]", FOURS,
                             "((a, b, c, d), (e, o, g, h)) |-> (add(mul(a, e), mul(b, g)), add(mul(a, o), mul(b, h)), "
                             "add(mul(c, e), mul(d, g)), add(mul(c, o), mul(d, h)))"),
    "quaternions": ("R[] * R[] * R[] * R[]", FOURS,
                    "((a, b, c, d), (e, o, g, h)) |-> (sub(sub(sub(mul(a, e), mul(b, o)), mul(c, g)), mul(d, h)), "
                    "sub(add(add(mul(a, o), mul(b, e)), mul(c, h)), mul(d, g)), "
                    "add(add(sub(mul(a, g), mul(b, h)), mul(c, e)), mul(d, o)), "
                    "add(sub(add(mul(a, h), mul(b, g)), mul(c, o)), mul(d, e)))"),
    "log of a sum of exps": ("R[n]", ONE, "(x, y) |-> log(add(exp(x), exp(y)))"),
    "online softmax": ("R[] * R[]", PAIRS,
                       "((p, s), (q, t)) |-> let k = maximum(p, q) in "
                       "(k, add(mul(s, exp(sub(p, k))), mul(t, exp(sub(q, k)))))"),
    "online attention": ("R[] * R[] * R[n]", ("(p, s, v)", "(q, t, w)", "(r, u, o)"),
                         "((p, s, v), (q, t, w)) |-> let k = maximum(p, q) in "
                         "(k, add(mul(s, exp(sub(p, k))), mul(t, exp(sub(q, k)))), "
                         "add(contract(, i -> i)(exp(sub(p, k)), v), contract(, i -> i)(exp(sub(q, k)), w)))"),
    "maxplus matrices": ("R[n, n]", ONE,
                         "(x, y) |-> reduce(max, i k j -> i j)(add(repeat(i k -> i k n)(x), repeat(k j -> n k j)(y)))"),
    "and": ("Bool[n]", ONE, "logical_and"),
    "or": ("Bool[n]", ONE, "logical_or"),
    "xor": ("Bool[n]", ONE, "(x, y) |-> logical_and(logical_or(x, y), logical_not(logical_and(x, y)))"),
}


@pytest.mark.parametrize("name", ASSOCIATIVE)
def test_associative(name: str) -> None:
    verdict = associativity(*ASSOCIATIVE[name], before="dim n, m")
    assert isinstance(verdict, Proved), verdict
    assert verdict.by == "normal form"


#: Laws under headers.
EQUAL = [
    ("R[n, m] -> R[m, n]", "transpose", "rearrange(i j -> j i)"),
    ("R[n, m] -> R[n, m]", "transpose >> transpose", "id"),
    ("R[n, m] * R[m, k] -> R[k, n]", "matmul >> transpose", "(x, y) |-> matmul(transpose(y), transpose(x))"),
    ("R[n, m] * R[m, k] * R[m, k] -> R[n, k]", "(x, y, z) |-> matmul(x, add(y, z))",
     "(x, y, z) |-> add(matmul(x, y), matmul(x, z))"),
    ("R[n, n] -> R[n, n]", "x |-> matmul(each(one_hot)(index()), x)", "id"),
    ("R[n, n] -> R[n, n]", "x |-> matmul(x, each(one_hot)(index()))", "id"),
    ("R[n, n] -> R[]", "x |-> reduce(sum, i ->)(each(i |-> at(at(x, i), i))(index[n]()))",
     "x |-> reduce(sum, i j ->)(mul(x, each(one_hot[n])(index[n]())))"),
    ("R[n] -> R[n]", "softmax", "x |-> let t = reduce(sum, n ->)(exp(x)) in each(y |-> div(exp(y), t))(x)"),
    ("R[n] -> R[n]", "softmax", "x |-> let u = reduce(max, n ->)(x) in softmax(each(y |-> sub(y, u))(x))"),
    ("R[n] -> R[n]", "log_softmax", "x |-> let u = logsumexp(x) in each(y |-> sub(y, u))(x)"),
    ("R[n] -> R[]", "logsumexp", "x |-> let u = reduce(max, n ->)(x) in "
     "add(u, log(reduce(sum, n ->)(each(y |-> exp(sub(y, u)))(x))))"),
    ("R[n] -> R[]", "x |-> reduce(sum, i ->)(repeat(-> n)(1))", "x |-> reduce(sum, i ->)(each(y |-> 1)(x))"),
    ("R[n] -> R[]", "x |-> reduce(mean, i ->)(repeat(-> n)(1))", "x |-> 1"),
    ("R[n, m] -> R[]", "reduce(sum, n m -> n) >> reduce(mean, n ->)", "reduce(mean, n m -> m) >> reduce(sum, m ->)"),
    ("R[n, m] -> R[]", "reduce(max, n m -> n) >> reduce(max, n ->)", "reduce(max, n m ->)"),
    ("R[n] -> R[]", "x |-> reduce(max, n ->)(relu(x))", "x |-> relu(reduce(max, n ->)(x))"),
    ("R[n] -> R[]", "reduce(min, n ->)", "x |-> neg(reduce(max, n ->)(neg(x)))"),
    ("R[n*m] -> R[n*m]", "rearrange((n m) -> n m) >> rearrange(n m -> (n m))", "id"),
    ("R[n, m] -> R[n, m]", "flip >> flip", "id"),
    ("R[n, m] -> R[n, m]", "flip >> each(flip)", "each(flip) >> flip"),
    ("R[n] * R[n] -> R[n]", "(x, y) |-> relu(add(x, y))", "(x, y) |-> sub(maximum(x, neg(y)), neg(y))"),
    ("R[n] -> R[n]", "abs >> abs", "abs"),
    ("R[n] -> R[n]", "clamp[0.0, 6.0] >> clamp[-1.0, 7.0]", "clamp[0.0, 6.0]"),
    ("R[n] -> R[n]", "relu >> relu", "relu"),
    ("R[n] -> R[n]", "leaky_relu[0.1]", "x |-> maximum(x, scale[0.1](x))"),
    ("R[n] -> R[n]", "leaky_relu[0.1]", "x |-> sub(relu(x), scale[0.1](relu(neg(x))))"),
    ("R[] * R[] * R[] -> R[]", "(x, y, z) |-> minimum(x, maximum(y, z))",
     "(x, y, z) |-> maximum(minimum(x, y), minimum(x, z))"),
    ("R[] -> R[]", "x |-> sub(1, sigmoid(x))", "x |-> sigmoid(neg(x))"),
    ("R[] -> R[]", "tanh", "x |-> div(sub(exp(x), exp(neg(x))), add(exp(x), exp(neg(x))))"),
    ("R[] -> R[]", "x |-> sub(softplus(x), softplus(neg(x)))", "id"),
    ("R[] -> R[]", "softplus", "x |-> neg(log(sigmoid(neg(x))))"),
    ("R[] -> R[]", "exp >> log", "id"),
    ("R[] -> R[]", "exp >> sqrt >> square", "exp"),
    ("R[] * R[] -> Bool", "less_equal", "(x, y) |-> logical_or(less(x, y), equal(x, y))"),
    ("R[] * R[] -> Bool", "less_equal", "swap >> greater_equal"),
    ("R[n] -> R[m]", "affine as f", "x |-> add((affine as f)(x), zero())"),
    ("R[n] -> R[m]", "x |-> relu(neg((affine as f)(x)))", "x |-> let y = (affine as f)(x) in sub(relu(y), y)"),
    ("R[n] * R[n] -> R[m]", "(x, y) |-> let f = linear in f(add(x, y))",
     "(x, y) |-> let f = linear in add(f(x), f(y))"),
    ("R[n] * R[n] -> R[n]", "(x, y) |-> fst(sort(add(x, y)))", "(x, y) |-> fst(sort(add(y, x)))"),
    ("R[n] -> R[n]", "x |-> roll[1](add(x, x))", "x |-> roll[1](scale[2.0](x))"),
    ("R[3] -> R[3]", "cumsum", "cumsum"),
    ("R[n] -> R[n]", "scale[1 / sqrt(n)]",
     "x |-> let s = reduce(sum, i ->)(repeat(-> n)(1)) in each(y |-> div(y, sqrt(s)))(x)"),
    ("R[n] -> R[n]", "scale[2 / (n + 1)]", "x |-> let y = scale[1 / (n + 1)](x) in add(y, y)"),
    ("R[n] -> R[]", "x |-> reduce(sum, n ->)(flip(x))", "x |-> reduce(sum, n ->)(x)"),
    ("R[n] -> R[]", "x |-> reduce(max, n ->)(flip(x))", "x |-> reduce(max, n ->)(x)"),
    ("R[n] -> R[n]", "flip >> softmax", "softmax >> flip"),
    ("R[n] -> R[n]", "x |-> (layer_norm as f)(each(y |-> add(y, 3))(x))", "layer_norm as f"),
    ("R[n, k] * R[m, k] * R[m, l] -> R[n, l]", "(x, y, z) |-> attend(x, flip(y), flip(z))", "attend"),
    ("R[n, k] * R[m, k] * R[m, l] -> R[n, l]", "(x, y, z) |-> attend(flip(x), y, z)",
     "(x, y, z) |-> flip(attend(x, y, z))"),
    ("R[n, k] * R[m, k] * R[m, l] -> R[n, l]", "attend",
     "(x, y, z) |-> matmul(each(softmax)(scale[1 / sqrt(k)](matmul(x, transpose(y)))), z)"),
    ("R[n] -> R[n]", "neg^6", "id"),
]


@pytest.mark.parametrize(("header", "left", "right"), EQUAL)
def test_equal(header: str, left: str, right: str) -> None:
    assert isinstance(law(f" : {header}", left, right), Proved)


#: Laws that do not hold, or hold where both sides have a value only: nothing may prove them.
NOT_PROVED = [
    ("R[] -> R[]", "x |-> div(x, x)", "x |-> 1"),
    ("R[] -> R[]", "x |-> sqrt(square(x))", "id"),
    ("R[] -> R[]", "log >> exp", "id"),
    ("R[] -> R[]", "reciprocal >> reciprocal", "id"),
    ("R[] -> R[]", "sqrt >> square", "id"),
    ("R[] -> R[]", "x |-> log(square(x))", "x |-> scale[2.0](log(x))"),
    ("R[] * R[] -> R[]", "(x, y) |-> log(mul(x, y))", "(x, y) |-> add(log(x), log(y))"),
    ("R[] * R[] -> R[]", "(x, y) |-> reciprocal(add(x, y))", "(x, y) |-> add(reciprocal(x), reciprocal(y))"),
    ("R[] * R[] -> R[]", "(x, y) |-> abs(add(x, y))", "(x, y) |-> add(abs(x), abs(y))"),
    ("R[] * R[] * R[] -> R[]", "(x, y, z) |-> mul(x, maximum(y, z))", "(x, y, z) |-> maximum(mul(x, y), mul(x, z))"),
    ("R[] * R[] -> R[]", "(x, y) |-> exp(mul(x, y))", "(x, y) |-> mul(exp(x), exp(y))"),
    ("R[n] -> R[]", "x |-> reduce(sum, n ->)(square(x))", "x |-> square(reduce(sum, n ->)(x))"),
    ("R[n] -> R[]", "x |-> reduce(sum, i ->)(repeat(-> n)(1))", "x |-> 1"),
    ("R[n, n] -> R[n, n]", "id", "transpose"),
    ("R[n, n] -> R[n]", "reduce(sum, i j -> i)", "reduce(sum, i j -> j)"),
    ("R[n, n] -> R[n]", "x |-> each(i |-> at(at(x, i), i))(index[n]())", "reduce(sum, i j -> i)"),
    ("R[n, n] -> R[n, n]", "x |-> matmul(x, x)", "x |-> matmul(x, transpose(x))"),
    ("R[n, n] * R[n, n] -> R[n, n]", "matmul", "swap >> matmul"),
    ("R[n*m] -> R[n*m]", "rearrange((n m) -> m n) >> rearrange(m n -> (m n))", "id"),
    ("R[n] -> R[n]", "flip", "id"),
    ("R[n] -> R[n]", "roll[1]", "roll[2]"),
    ("R[5] -> R[2]", "slice[1, 3]", "slice[2, 4]"),
    ("R[n] -> R[m]", "affine as f", "affine as g"),
    ("R[n] -> R[m]", "affine as f", "linear as f"),
    ("R[] * R[] -> Bool", "less", "less_equal"),
    ("R[] * R[] -> Bool", "less", "greater"),
    ("R[] -> R[]", "floor", "round"),
    ("R[] -> R[]", "gelu", "gelu_tanh"),
]


@pytest.mark.parametrize(("header", "left", "right"), NOT_PROVED)
def test_not_proved(header: str, left: str, right: str) -> None:
    verdict = law(f" : {header}", left, right)
    assert isinstance(verdict, Refuted | Tested | Unknown), verdict


def test_sizes_of_one_name_are_not_one_size() -> None:
    text = "morphism left[n, m] : R[n, m] -> R[m, n] = transpose\nmorphism right[m, n] : R[m, n] -> R[n, m] = transpose"
    assert isinstance(judge(*networks(text, "left", "right")), Proved)
    text = "morphism left[n, m] : R[n, m] -> R[n, m] = id\nmorphism right[n] : R[n, n] -> R[n, n] = id"
    verdict = judge(*networks(text, "left", "right"))
    assert isinstance(verdict, Unknown)
    assert verdict.why == "the left has R[n, m] where the right has R[n, n]"


def test_one_array_on_both_sides_of_a_product() -> None:
    # What is bound in a product of an array and itself is not what is free in it.
    [left] = networks("dim n\nmorphism f : R[n, n] -> R[n, n] = x |-> matmul(x, x)", "f")
    [right] = networks("dim n\nmorphism f : R[n, n] -> R[n, n] = x |-> contract(i j, j k -> i k)(x, x)", "f")
    assert isinstance(judge(left, right), Proved)


def test_an_axis_may_be_empty() -> None:
    text = """morphism left[n : nat] : R[n] -> R[] = x |-> reduce(sum, i ->)(repeat(-> n)(1))
morphism right[n : nat] : R[n] -> R[] = x |-> 1
morphism any[n : nat] : Bool[n] -> Bool = reduce(any, n ->)
morphism all[n : nat] : Bool[n] -> Bool = x |-> logical_not(reduce(all, n ->)(logical_not(x)))
morphism mean[n : nat] : R[n] -> R[] = x |-> reduce(mean, i ->)(repeat(-> n)(1))"""
    left, right, some, every, mean = networks(text, "left", "right", "any", "all", "mean")
    verdict = judge(left, right)
    assert isinstance(verdict, Refuted)
    assert verdict.sizes == {"n": 0}
    assert isinstance(judge(some, every), Proved)
    assert isinstance(judge(mean, right), Tested)


def test_a_loop_along_few_places_is_written_out() -> None:
    text = """morphism left : R[4] -> R[] = x |-> foldl([zero, add])(to_list(x))
morphism right : R[4] -> R[] = x |-> fold([zero, add])(to_list(x))"""
    assert isinstance(judge(*networks(text, "left", "right")), Proved | Tested)


@pytest.mark.parametrize(("body", "why"), [
    ("dropout", "`dropout` has no normal form: it draws noise"),
    ("neg^n", "`n` steps have no normal form"),
    ("x |-> let s = foldl([zero, add])(to_list(x)) in each(y |-> add(y, s))(x)",
     "a loop along a list or an axis has no normal form"),
])
def test_what_has_no_normal_form(body: str, why: str) -> None:
    [network] = networks(f"dim n\nmorphism f : R[n] -> R[n] = {body}", "f")
    with pytest.raises(NoForm) as refused:
        normal_forms(network)
    assert refused.value.why == why


def test_nobody_asks_for_what_has_no_normal_form() -> None:
    left, right = networks("dim n\nmorphism f : R[n] -> R[n] = x |-> let (y, z) = (dropout(x), neg(x)) in z\n"
                           "morphism g : R[n] -> R[n] = neg", "f", "g")
    [one], [other] = normal_forms(left), normal_forms(right)
    assert same_entries(one, other)


def test_every_primitive_is_accounted_for() -> None:
    prelude = check_source(Source("m.cat", None, "morphism f : 1 -> 1 = id")).loader.prelude
    structural = {*WIRING, "inl", "inr", "each", "family", "fold", "foldl", "scan", "scanl", "unfold", "take", "run",
                  "map", "curry", "uncurry", "decide", "nil", "cons", "tail", "but_last", "reverse", "zip", "to_list",
                  "length"}
    primitives = {name for name, entry in prelude.scope.all() if isinstance(entry, Definition) and entry.primitive}
    assert not set(ROWS) & set(FORMLESS)
    assert set(ROWS) | set(FORMLESS) == primitives - structural
