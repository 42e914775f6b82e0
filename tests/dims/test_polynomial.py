"""The arithmetic of dims agrees with Python's on integers, prints what reads back, and stays bounded."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catlang.dims import (
    Dim,
    Poly,
    Variable,
    evaluate,
    exact_quotient,
    flexible_variables,
    least_value,
    linear_in,
    power,
    product,
    resolve,
    show,
    solve,
    substitute,
    variables,
)

N, M, P = Variable("n"), Variable("m"), Variable("past", least=0)
ALL = (N, M, P)

Tree = tuple  # ("n" | int leaf) or (operator, left, right)
leaves = st.one_of(st.integers(-7, 7), st.sampled_from(ALL))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "*", "//", "%"]), inner, inner),
        st.tuples(st.just("//"), inner, st.integers(1, 12)),
        st.tuples(st.just("^"), inner, st.integers(0, 3)),
    ),
    max_leaves=8,
)
values = st.fixed_dictionaries({N: st.integers(1, 40), M: st.integers(1, 40), P: st.integers(0, 40)})

OPERATORS: dict[str, Callable] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "^": lambda a, b: a**b,
}


def build(tree: object) -> Dim:
    if isinstance(tree, Variable):
        return tree.poly
    if isinstance(tree, int):
        return tree
    operator, left, right = tree  # type: ignore[misc]
    return OPERATORS[operator](build(left), build(right))


def direct(tree: object, assignment: dict[Variable, int]) -> int:
    if isinstance(tree, Variable):
        return assignment[tree]
    if isinstance(tree, int):
        return tree
    operator, left, right = tree  # type: ignore[misc]
    return OPERATORS[operator](direct(left, assignment), direct(right, assignment))


def read(text: str, assignment: dict[Variable, int]) -> int:
    """Reads a printed dim with catlang's precedences (the prefix minus is the tightest)."""
    tokens = text.replace("//", "÷")
    for symbol in "()+-*÷%^":
        tokens = tokens.replace(symbol, f" {symbol} ")
    stream = [*tokens.split(), "end"]
    names = {variable.name: value for variable, value in assignment.items()}

    def prefix() -> int:
        token = stream.pop(0)
        if token == "-":
            return -prefix()
        if token == "(":
            inner = total()
            assert stream.pop(0) == ")"
            return inner
        return names[token] if token in names else int(token)

    def raised() -> int:
        base = prefix()
        if stream[0] == "^":
            stream.pop(0)
            return base ** raised()
        return base

    def term() -> int:
        left = raised()
        while stream[0] in "*÷%":
            operator = stream.pop(0)
            right = raised()
            left = left * right if operator == "*" else left // right if operator == "÷" else left % right
        return left

    def total() -> int:
        left = term()
        while stream[0] in "+-":
            left = left + term() if stream.pop(0) == "+" else left - term()
        return left

    result = total()
    assert stream == ["end"]
    return result


@settings(max_examples=600, deadline=None)
@given(trees, values)
def test_normal_forms_and_what_they_print_have_the_same_values(tree: object, assignment: dict) -> None:
    try:
        expected = direct(tree, assignment)
        dim = build(tree)
    except ZeroDivisionError:
        return
    assert isinstance(dim, int) or not all(monomial == () for monomial in dim.terms)
    assert evaluate(dim, assignment) == expected
    try:
        assert read(show(dim), assignment) == expected
    except ZeroDivisionError:
        pytest.fail("printing brought in a division by zero")
    low = least_value(dim)
    assert low is None or low <= expected


@settings(max_examples=400, deadline=None)
@given(trees, trees, trees, values)
def test_substitution_commutes_with_evaluation(tree: object, new_n: object, new_m: object, at: dict) -> None:
    try:
        dim, to_n, to_m = build(tree), build(new_n), build(new_m)
        shifted = {**at, N: evaluate(to_n, at), M: evaluate(to_m, at)}
        if shifted[N] < 1 or shifted[M] < 1:
            return
        expected = evaluate(dim, shifted)
        result = substitute(dim, {N: to_n, M: to_m})
    except (ZeroDivisionError, OverflowError):
        return
    # a normal form may have used that n >= 1 where the substituted dim is below it somewhere else
    assert evaluate(result, at) == expected


@settings(max_examples=300, deadline=None)
@given(trees, trees, trees)
def test_ring_axioms_and_hashes(x: object, y: object, z: object) -> None:
    try:
        a, b, c = build(x), build(y), build(z)
    except (ZeroDivisionError, OverflowError):
        return
    assert a + b == b + a and (a + b) + c == a + (b + c)
    assert a * b == b * a and a * (b + c) == a * b + a * c
    assert hash(a * b) == hash(b * a) and hash((a + b) + c) == hash(a + (b + c))
    assert a - a == 0 and isinstance(a - a, int)
    if b != 0:
        assert exact_quotient(a * b, b) == a
        try:
            assert b * (a // b) + a % b == a
            assert (a + c * b) // b == a // b + c
        except OverflowError:
            pass


n, m, past = N.poly, M.poly, P.poly


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (2 * n + 1, "2*n + 1"),
        (n // m, "n // m"),
        ((n - m) // past + 1, "(n - m) // past + 1"),
        (n % 2, "n % 2"),
        (m * (n // m), "m*(n // m)"),
        ((n + m) ** 2, "m^2 + 2*m*n + n^2"),
        (-n, "-n"),
        (-(n**2), "-(n^2)"),
        (-n * m, "-m*n"),
        (n // (m * past), "n // (m*past)"),
        (n // (m + 1), "n // (m + 1)"),
        (3 - n, "3 - n"),
        ((n - 3) // 2 + 1, "(n - 1) // 2"),
        ((n + 1) // 2, "(n + 1) // 2"),
        (n // 2**5, "n // 32"),
    ],
)
def test_printing(dim: Dim, text: str) -> None:
    assert show(dim) == text


def test_quotients_that_have_a_simpler_normal_form() -> None:
    assert (n * m) // m == n and (2 * n) // 2 == n and (n * m) // (m * past) == n // past
    assert (n // m) // past == n // (m * past) and ((n // 2) + 1) // 2 == (n + 2) // 4
    assert (n**2 - 1) // (n + 1) == n - 1 and n // (n + m) == 0 and (n % m) // m == 0
    assert (n % m) % m == n % m and (2 * n + 1) // (2 * m) == n // m
    assert (n - m) // 2 == (n + m) // 2 - m


def test_variables_are_told_apart_by_identity_and_sorted_by_name() -> None:
    other = Variable("n")
    assert other.poly != n and other.poly - n != 0
    assert variables(n // (m + other.poly)) == [M, N, other]
    flexible = Variable("a", flexible=True)
    assert flexible_variables(n + flexible.poly) == [flexible]


def test_resolving_goes_through_chains_and_leaves_the_rest_alone() -> None:
    chain = [Variable(f"v{i}", flexible=True) for i in range(300)]
    for one, next_one in pairwise(chain):
        one.solution = next_one.poly
    chain[-1].solution = 2 * n
    assert resolve((chain[0].poly + 1) // 2) == n
    plain = n // m
    assert resolve(plain) is plain and resolve(3) == 3


def test_solving_for_a_flexible_variable() -> None:
    v, w = Variable("v", flexible=True), Variable("w", flexible=True)
    assert solve(v.poly + w.poly - n) == (w, n - v.poly)
    assert solve(m * v.poly - m * n) == (v, n)
    assert solve(3 * v.poly - 6 * n + 3) == (v, 2 * n - 1)
    assert solve(2 * v.poly - 3) is None and solve(v.poly**2 - n) is None and solve(v.poly // 2 - n) is None
    assert solve(past * v.poly - past * n) is None  # any v does where past is 0
    assert solve(n - m) is None and solve(n - 2 * m, flexible_only=False) in ((N, 2 * m), (M, n))
    assert linear_in(n * m + past, N) == (m, past) and linear_in(n**2, N) is None
    assert linear_in(n // m + n, N) is None and linear_in(m, N) == (0, m)


def test_mistakes_are_exceptions_of_their_own() -> None:
    at_one = {M: 1}
    for zero in (
        lambda: n // 0,
        lambda: n % 0,
        lambda: 1 // (n - n),
        lambda: substitute(n // (m - 1), at_one),
    ):
        with pytest.raises(ZeroDivisionError):
            zero()
    for wrong in (lambda: n**m, lambda: 2**n, lambda: n**-1, lambda: power(2, -1)):
        with pytest.raises(ValueError):
            wrong()


def towers() -> Dim:
    dim: Dim = n
    for i in range(2000):
        dim = (dim * dim + m) // (dim + past + i)
    return dim


def squares() -> Dim:
    dim: Dim = 10**30
    for _ in range(200):
        dim = product(dim, dim)
    return dim


def quotients() -> Dim:
    dim: Dim = n
    for i in range(2000):
        dim = m - (past - dim) // (2 + i)
    return dim


@pytest.mark.parametrize(
    "hostile",
    [
        lambda: n**501,
        lambda: (n + 1) ** 10**9,
        lambda: (n + m + past + 1) ** 60,
        lambda: power(10, 10**12),
        lambda: (10**30 * n) ** 400,
        squares,
        towers,
        quotients,
    ],
)
def test_runaway_dims_are_refused_quickly(hostile: Callable[[], Dim]) -> None:
    start = time.process_time()
    with pytest.raises(OverflowError):
        hostile()
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    "hostile",
    [
        lambda: n**500 // (n - 1),
        lambda: (n + 1) ** 300 // (n + m + 1),
        lambda: show((n + m) ** 60 // (n + 7)),
        lambda: (n * m) ** 400 // (n - m - past),
        lambda: 10**30 * n // (10**29 + 1),
        lambda: substitute((n + 1) ** 300, {N: m + 3}),
    ],
)
def test_large_dims_take_little_time(hostile: Callable[[], object]) -> None:
    start = time.process_time()
    with contextlib.suppress(OverflowError):
        hostile()
    assert time.process_time() - start < 1


def test_sums_of_small_polys_are_fast() -> None:
    a, b = 2 * n + m, n + 3
    start = time.process_time()
    for _ in range(10_000):
        a + b
    assert time.process_time() - start < 0.2
    assert isinstance(a + b, Poly)
