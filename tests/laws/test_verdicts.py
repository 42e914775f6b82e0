"""What becomes of laws: proofs by exhaustion, counterexamples, tests, and what nothing is known of."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from lawful import associativity, law, networks

from catlang.checker.entry import Definition
from catlang.checking import check_source
from catlang.laws import Proved, Refuted, Tested, Unknown, judge
from catlang.laws.rounded import FUNCTIONS
from catlang.meaning.exact import Array, evaluate
from catlang.network.functor import at_sizes
from catlang.network.specialise import Specialiser
from catlang.span import Source

ONE = ("x", "y", "z")


@pytest.mark.parametrize(("operation", "shown"), [
    ("sub", "refuted: at n = 1, x = [0], y = [0], z = [1] the left is [-1], the right [1]"),
    ("(x, y) |-> scale[0.5](add(x, y))",
     "refuted: at n = 1, x = [0], y = [0], z = [1] the left is [1/2], the right [1/4]"),
    ("(x, y) |-> add(mul(x, y), x)",
     "refuted: at n = 1, x = [1], y = [0], z = [1] the left is [2], the right [1]"),
    ("(x, y) |-> abs(add(x, y))",
     "refuted: at n = 1, x = [1], y = [0], z = [-1] the left is [0], the right [2]"),
])
def test_counterexamples_are_small(operation: str, shown: str) -> None:
    verdict = associativity("R[n]", ONE, operation)
    assert isinstance(verdict, Refuted)
    assert verdict.show() == shown


@pytest.mark.parametrize(("header", "left", "right"), [
    ("R[n, n] -> R[n, n]", "transpose", "id"),
    ("R[n] -> R[]", "x |-> reduce(sum, n ->)(square(x))", "x |-> square(reduce(sum, n ->)(x))"),
    ("R[n] -> R[n]", "relu", "abs"),
    ("R[n] -> R[m]", "affine as f >> relu", "affine as f"),
    ("R[n] -> R[]", "reduce(max, n ->)", "reduce(mean, n ->)"),
    ("Bool * Bool -> Bool", "logical_and", "logical_or"),
    ("Fin[7] -> Fin[7]", "x |-> to_index(add(to_real(x), 1))", "id"),
])
def test_a_counterexample_is_what_evaluation_says(header: str, left: str, right: str) -> None:
    text = f"dim n, m\nmorphism left : {header} = {left}\nmorphism right : {header} = {right}"
    one, other = networks(text, "left", "right")
    verdict = judge(one, other)
    assert isinstance(verdict, Refuted)
    for network, said in ((one, verdict.left), (other, verdict.right)):
        assert evaluate(network, verdict.inputs, at_sizes(network, **verdict.sizes), verdict.weights) == said
    assert verdict.left != verdict.right


def test_exhaustion() -> None:
    modulo = "(x, y) |-> let s = add(to_real(x), to_real(y)) in to_index[5](sub(s, scale[5.0](floor(scale[0.2](s)))))"
    verdict = associativity("Fin[5]", ONE, modulo)
    assert verdict.show() == "proved by exhaustion"
    other = law(" : Fin[3] + Bool -> Fin[3] + Bool", "[inl, inr]", "id")
    assert isinstance(other, Proved)
    differ = law(" : Bool * Bool -> Bool", "(x, y) |-> not_equal(indicator(x), indicator(y))",
                 "(x, y) |-> logical_and(logical_or(x, y), logical_not(logical_and(x, y)))")
    assert differ.show() == "proved by exhaustion"


def test_what_is_not_chosen_does_not_matter() -> None:
    verdict = law(" : R[] + R[] -> R[] + R[]", "[inl, inr]", "id")
    assert isinstance(verdict, Tested)
    assert isinstance(law(" : R[] + R[] -> R[] + R[]", "[inr, inl]", "id"), Refuted)


def test_lists_are_what_is_before_their_end() -> None:
    header = " : List(R[]) -> List(R[])"
    assert isinstance(law(header, "reverse >> reverse", "id"), Tested)
    verdict = law(header, "reverse", "id")
    assert isinstance(verdict, Refuted)
    assert verdict.sizes == {}
    assert verdict.inputs[0] == Array.of(2)
    assert isinstance(law(" : List(R[]) -> R[]", "fold([zero, add])", "foldl([zero, add])"), Tested)
    assert isinstance(law(" : List(R[]) -> R[]", "fold([zero, sub])", "foldl([zero, sub])"), Refuted)


@pytest.mark.parametrize(("left", "right"), [
    ("x |-> div(x, x)", "x |-> 1"), ("log >> exp", "id"), ("x |-> sqrt(square(x))", "abs"),
    ("x |-> mul(x, sign(x))", "abs"),
    ("x |-> add(square(sin(x)), square(cos(x)))", "x |-> 1")])
def test_what_is_so_and_not_proved_is_tested(left: str, right: str) -> None:
    verdict = law(" : R[] -> R[]", left, right)
    assert isinstance(verdict, Tested)
    assert verdict.count > 50
    assert verdict.show() == f"tested on {verdict.count} points (seed 0)"


def test_merging_means_is_tested() -> None:
    verdict = associativity("R[] * R[]", ("(a, b)", "(c, d)", "(e, o)"),
                            "((p, s), (q, t)) |-> let u = add(p, q) in (u, div(add(mul(p, s), mul(q, t)), u))")
    assert isinstance(verdict, Tested)


@pytest.mark.parametrize(("left", "right"), [
    ("gelu", "x |-> mul(x, sigmoid(scale[1.702](x)))"), ("gelu", "gelu_tanh"), ("tanh", "sin"),
    ("x |-> exp(scale[2.0](x))", "exp"), ("softplus", "relu"), ("x |-> sqrt(square(x))", "id"),
    ("sigmoid", "x |-> scale[0.5](add(1, tanh(x)))")])
def test_rounded_values_refute(left: str, right: str) -> None:
    verdict = law(" : R[] -> R[]", left, right)
    if left == "gelu" and right == "gelu_tanh":
        assert isinstance(verdict, Unknown)
        return
    assert isinstance(verdict, Refuted)
    # What is shown is what the sides are, or close to it.
    assert "the left is" in verdict.show(["x"])


@pytest.mark.parametrize(("left", "right"), [
    ("x |-> floor(exp(log(2)))", "x |-> 2"),
    ("x |-> indicator(less(exp(log(3)), 3))", "x |-> 0"),
    ("x |-> sub(add(exp(square(square(x))), x), exp(square(square(x))))", "id"),
    ("x |-> floor(sub(1, exp(-150)))", "x |-> 0"),
    ("x |-> log(div(exp(x), add(1, exp(x))))", "logsigmoid"),
    # What is next to nothing may be nothing.
    ("x |-> sub(exp(log(3)), 3)", "x |-> 0"),
    ("x |-> reduce(sum, i ->)(concat(repeat(-> 1)(exp(log(3))), repeat(-> 1)(neg(3))))", "x |-> 0"),
])
def test_rounding_refutes_nothing_that_is_so(left: str, right: str) -> None:
    assert not isinstance(law(" : R[] -> R[]", left, right), Refuted)


def test_constants_that_are_rounded_refute_nothing_close() -> None:
    assert isinstance(law(" : R[] -> R[]", "scale[1 / 3]", "x |-> div(x, 3)"), Tested)
    assert isinstance(law(" : R[] -> R[]", "x |-> floor(scale[1 / 3](3))", "x |-> 1"), Unknown)
    assert isinstance(law(" : R[] -> R[]", "scale[1 / 3]", "scale[0.33]"), Refuted)
    assert isinstance(law(" : R[n] -> R[n]", "scale[1 / sqrt(n)]", "scale[1 / n]"), Refuted)


def test_sizes_satisfy_the_conditions() -> None:
    text = """morphism left[n] : R[n] -> R[n] = id where 4 divides n
morphism right[n] : R[n] -> R[n] = flip where 4 divides n"""
    verdict = judge(*networks(text, "left", "right"))
    assert isinstance(verdict, Refuted)
    assert verdict.sizes == {"n": 4}
    text = "dim n where n >= 7\nmorphism left : R[n] -> R[n] = id\nmorphism right : R[n] -> R[n] = flip"
    verdict = judge(*networks(text, "left", "right"))
    assert isinstance(verdict, Refuted)
    assert verdict.sizes == {"n": 7}


@pytest.mark.parametrize(("header", "left", "right", "why"), [
    ("R[n] -> R[n]", "dropout", "id", "what draws noise is equal to nothing"),
    ("R[3] -> R[3]", "affine as f", "affine[3, 4] as f >> linear[4, 3] as g",
     "`affine` has no normal form here: the weight `f.weight` is of two shapes"),
    ("R[1000, 1000] -> R[1000, 1000]", "transpose", "id", "it takes too many steps to evaluate"),
    ("R[4, n] -> R[4, n]", "group_norm[2, eps = 0.1] as f", "group_norm[2] as f",
     "`group_norm` has no exact value: a standard deviation is irrational"),
])
def test_unknown(header: str, left: str, right: str, why: str) -> None:
    verdict = law(f" : {header}", left, right)
    assert isinstance(verdict, Unknown)
    assert verdict.show().startswith(f"unknown: {why}")


@pytest.mark.parametrize("body", [
    "square^200", "(x |-> mul(add(x, 1), add(x, 2)))^60", "(x |-> pow(x, 64))^20", "tanh^100", "neg^50000",
    "(x |-> maximum(x, relu(add(x, sin(x)))))^30", "(x |-> log(add(exp(x), exp(scale[2.0](x)))))^40", "gelu^60",
    "(x |-> add(mul(x, x), x))^64", "x |-> pow(x, 1000000000)", "exp^10", "((x |-> add(x, x))^200)^200",
])
def test_work_is_counted(body: str) -> None:
    verdict = law(" : R[] -> R[]", body, f"({body}) >> relu >> neg")
    assert isinstance(verdict, Unknown | Refuted | Tested)


def test_a_verdict_is_the_same_in_every_run() -> None:
    code = """
import sys
sys.path.insert(0, 'tests/laws')
from lawful import associativity, law
print(associativity('R[n, n]', ('x', 'y', 'z'), '(x, y) |-> matmul(x, add(y, x))').show())
print(law(' : R[n] -> R[n]', 'x |-> sqrt(square(x))', 'id').show())
print(associativity('R[n, n]', ('x', 'y', 'z'), 'matmul').show())
"""
    found = set()
    for seed in ("0", "1", "2"):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                              env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)})
        found.add(done.stdout)
    assert len(found) == 1


def test_names_are_the_callers() -> None:
    verdict = law(" : R[] * R[] -> R[]", "sub", "swap >> sub")
    assert isinstance(verdict, Refuted)
    assert verdict.show(["a", "b"]).startswith("refuted: at a = ")
    assert [x.shape for x in verdict.inputs] == [(), ()]
    assert all(isinstance(entry, int | Fraction) for x in verdict.inputs for entry in x.entries)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_as_many_digits_as_are_asked_for(name: str) -> None:
    for value in (Fraction(1, 3), Fraction(1), Fraction(-2), Fraction(7, 2), Fraction(-1, 1000)):
        less, more = FUNCTIONS[name](value, 40), FUNCTIONS[name](value, 90)
        if less is not None:
            assert more is not None
            assert abs(less - more) < Fraction(1, 10**40) * max(1, abs(more))
        assert (less is None) == (more is None)


def test_nothing_refutes_that_a_network_is_itself() -> None:
    folder = Path(__file__).parents[1]
    seen = 0
    for file in [folder / "library" / "std.cat"]:
        module = check_source(Source(file.name, file, file.read_text(encoding="utf-8")))
        for definition in module.scope.names.values():
            if not isinstance(definition, Definition) or definition.primitive or definition.diagram is None:
                continue
            network = Specialiser({}, {}).definition(definition)
            assert not isinstance(judge(network, network), Refuted), definition.name
            seen += 1
    assert seen > 10
