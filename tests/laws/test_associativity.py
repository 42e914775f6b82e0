"""Which steps of loops are associative operations."""

from __future__ import annotations

import subprocess
import sys

import pytest
from lawful import steps

from catlang.laws.associativity import associative

#: A state, and the body of a left fold on it after its start.
LOOPS = {
    "R[n]": {
        "add": True, "mul": True, "maximum": True, "minimum": True, "sub": False, "each((x, y) |-> add(x, y))": True,
        "(s, x) |-> add(scale[0.5](s), x)": False, "(s, x) |-> add(tanh(s), x)": False,
        "(s, x) |-> log(add(exp(s), exp(x)))": True, "(s, x) |-> softmax(add(s, x))": False,
        "(s, x) |-> sqrt(add(square(s), square(x)))": True, "(s, x) |-> fst(sort(add(s, x)))": False,
        # A weight is any constant.
        "(s, x) |-> mul(mul(s, x), (parameter as p)())": True, "(s, x) |-> add(linear[n, n](s), x)": False,
        "(s, x) |-> mul(add(s, x), (parameter as p)())": False,
        # Noise is never the same, whether anything comes of it or not.
        "add >> dropout": False, "(s, x) |-> let d = dropout(x) in add(s, x)": False,
        "(s, x) |-> x": True, "(s, x) |-> s": True,
    },
    "R[n, n]": {"matmul": True, "swap >> matmul": True, "(x, y) |-> matmul(x, transpose(y))": False},
    "R[n] * R[n]": {
        "((p, q), (r, s)) |-> (mul(r, p), add(mul(r, q), s))": True,
        "((p, q), (r, s)) |-> (mul(r, p), add(mul(p, q), s))": False,
        "((p, q), (r, s)) |-> (add(p, r), mul(q, s))": True,
    },
    "R[] * R[]": {
        "((p, s), (q, t)) |-> let k = maximum(p, q) in (k, add(mul(s, exp(sub(p, k))), mul(t, exp(sub(q, k)))))": True,
        "((p, s), (q, t)) |-> let k = maximum(p, q) in (k, add(mul(s, exp(p)), mul(t, exp(sub(q, k)))))": False,
        # Where it has a value at all it would be, but nothing is divided by itself.
        "((p, s), (q, t)) |-> let k = add(p, q) in (k, div(add(mul(p, s), mul(q, t)), k))": False,
    },
}
CASES = [(state, body, answer) for state, bodies in LOOPS.items() for body, answer in bodies.items()]


def start(state: str) -> str:
    return "zero" if "*" not in state else "(zero, zero)"


@pytest.mark.parametrize(("state", "body", "answer"), CASES)
def test_steps(state: str, body: str, answer: bool) -> None:
    [step] = steps(f"dim n\nmorphism f : List({state}) -> {state} = foldl([{start(state)}, {body}])")
    assert associative(step) is answer


@pytest.mark.parametrize(("body", "answer"), [
    ("(s, x) |-> add(add(s, x), c)", True), ("(s, x) |-> mul(mul(s, x), c)", True),
    ("(s, x) |-> mul(add(s, x), c)", False), ("(s, x) |-> add(mul(c, s), x)", False),
    ("(s, x) |-> maximum(s, maximum(x, c))", True)])
def test_what_is_taken_from_around_is_any_constant(body: str, answer: bool) -> None:
    [step] = steps(f"dim n\nmorphism f : List(R[n]) * R[n] -> R[n] = (xs, c) |-> foldl([zero, {body}])(xs)")
    assert associative(step) is answer


MODULO = "(x, y) |-> let s = add(to_real(x), to_real(y)) in to_index[5](sub(s, scale[5.0](floor(scale[0.2](s)))))"


@pytest.mark.parametrize(("state", "body", "answer"), [
    ("Bool", "logical_and", True), ("Bool", "(x, y) |-> logical_or(logical_not(x), y)", False),
    ("Bool", "(x, y) |-> not_equal(indicator(x), indicator(y))", True),
    ("Fin[5]", MODULO, True), ("Fin[5]", "(x, y) |-> to_index[5](abs(sub(to_real(x), to_real(y))))", False),
    # More triples than are tried.
    ("Fin[40]", "(x, y) |-> to_index[40](add(to_real(x), to_real(y)))", False)])
def test_finitely_many_states_are_tried(state: str, body: str, answer: bool) -> None:
    first = "() |-> less(0, 1)" if state == "Bool" else "() |-> to_index(0)"
    [step] = steps(f"morphism f : List({state}) -> {state} = foldl([{first}, {body}])")
    assert associative(step) is answer


def test_states_and_entries_of_different_objects() -> None:
    [step] = steps("dim n\nmorphism f : List(R[n]) -> R[] = foldl([zero, (s, x) |-> add(s, reduce(sum, i ->)(x))])")
    assert not associative(step)


def test_the_compiler_is_not_needed() -> None:
    code = ("import sys, catlang.laws.associativity; "
            "print([name for name in sys.modules if name in ('torch', 'numpy', 'sympy', 'z3') "
            "or name.startswith('catlang.compiler')])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
