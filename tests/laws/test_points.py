"""Which points count: what is no proof by exhaustion, at which sizes a law is tried, what counterexamples consist of,
and how much work is done."""

from __future__ import annotations

from typing import Any

import pytest
from lawful import law, networks

from catlang.checking import check_source
from catlang.diagram.diagram import wires
from catlang.dims import Variable
from catlang.laws import Proved, Refuted, Tested, Unknown, budget, judge
from catlang.laws.careful import Careful
from catlang.laws.exhaustion import exhausted
from catlang.laws.search import Search
from catlang.laws.sides import Law
from catlang.meaning.entries import work
from catlang.meaning.exact import Undefined, evaluate
from catlang.network.functor import at_sizes
from catlang.network.specialise import Specialiser
from catlang.objects.colour import Finite, base_of
from catlang.objects.substitution import Substitution
from catlang.span import Source

FROZEN = "frozen W : R[]\n"


def of(header: str, left: str, right: str, before: str = "dim n") -> Law:
    text = f"{before}\nmorphism left{header} = {left}\nmorphism right{header} = {right}"
    return Law(*networks(text, "left", "right"))


# ------------------------------------------------------------------ exhaustion


@pytest.mark.parametrize(("left", "before"), [
    # Both are undefined where the weight that is drawn is -1.
    ("x |-> reciprocal(add(W, 1))", FROZEN),
    ("x |-> reciprocal(add(W, indicator(x)))", FROZEN),
    ("x |-> inner(x)", f"{FROZEN}morphism inner : Bool -> R[] = x |-> div(1, W)"),
    ("x |-> div(1, reduce(sum, i ->)(affine[1, 1](repeat(-> 1)(indicator(x)))))", ""),
    ("x |-> div(1, reduce(sum, i ->)(parameter[1]()))", ""),
    ("x |-> inner(x)", "morphism inner : Bool -> R[] = x |-> log(reduce(sum, i ->)(parameter[1]()))"),
])
def test_there_is_no_end_of_weights(left: str, before: str) -> None:
    said = of(" : Bool -> R[]", left, "x |-> 7", before)
    assert exhausted(said) is None
    assert exhausted(of(" : Bool -> R[]", "x |-> 7", left, before)) is None
    assert not isinstance(judge(said.left, said.right), Proved)


def test_a_frozen_weight_that_is_drawn_badly_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(search: Search, *point: Any) -> bool:
        raise Undefined("a side", "has no value", None)

    said = of(" : Bool -> R[]", "x |-> reciprocal(add(W, 1))", "x |-> 7", FROZEN)
    monkeypatch.setattr(Search, "refutes", nothing)
    assert exhausted(said) is None
    assert isinstance(judge(said.left, said.right), Unknown)


@pytest.mark.parametrize("refused", [ValueError, IndexError, OverflowError, ZeroDivisionError])
def test_what_was_not_evaluated_is_no_case(monkeypatch: pytest.MonkeyPatch, refused: type[Exception]) -> None:
    plain = Careful.rows["logical_and"]

    def row(site: Any) -> Any:
        if site.inputs[0][()]:
            raise refused("out of the table")
        return plain(site)

    said = of(" : Bool * Bool -> Bool", "(x, y) |-> not_equal(indicator(logical_and(x, y)), 0)", "logical_and")
    assert isinstance(exhausted(said), Proved)
    monkeypatch.setitem(Careful.rows, "logical_and", row)
    assert exhausted(said) is None


def test_cases_without_a_value_are_left_out_but_not_all() -> None:
    some = of(" : Fin[3] -> R[]", "x |-> let r = to_real(x) in div(mul(r, abs(r)), r)", "to_real")
    assert isinstance(exhausted(some), Proved)
    none = of(" : Fin[3] -> R[]", "x |-> div(to_real(x), sub(to_real(x), to_real(x)))", "x |-> 7")
    assert exhausted(none) is None
    assert judge(none.left, none.right).show() == "unknown: no point was found at which both sides have a value"


# ------------------------------------------------------------------ points that count


def test_points_at_which_nothing_has_a_value_do_not_count() -> None:
    verdict = law(" : R[] -> R[]", "x |-> div(x, sub(x, x))", "x |-> 7")
    assert verdict.show() == "unknown: no point was found at which both sides have a value"


def test_points_at_which_nothing_is_compared_do_not_count() -> None:
    # The sides are so large where there are any entries that they are evaluated at size 0 only.
    text = """morphism left[s...] : R[s..., 5000] -> R[s..., 5000] = sin
morphism right[s...] : R[s..., 5000] -> R[s..., 5000] = cos"""
    assert isinstance(at_a_run(text), Unknown)


def test_a_list_without_elements_is_compared_by_its_length() -> None:
    assert isinstance(law(" : List(R[]) -> List(R[])", "reverse >> reverse", "id"), Tested)


def at_a_run(text: str) -> Any:
    """A law of what is generic in a run of axes, at one axis of any size."""
    module = check_source(Source("m.cat", None, text))
    assert not list(module.bag), [found.headline for found in module.bag]
    run = (Variable("s", 0).poly,)
    return judge(*(Specialiser({}, {}).definition(module.scope.names[name], {"s": run}) for name in ("left", "right")))


# ------------------------------------------------------------------ sizes


@pytest.mark.parametrize("before", [
    "dim n, d where d >= 2", "dim n, d where d >= 2, d != 3", "dim n, d, e where d >= 2, e == 2 * d",
    "dim n, d where n <= d, d >= 3", "dim n, d where d == n + 1", "dim n, d where n + 20 <= d",
    "dim n, d, e where n + 20 <= d, d == 7 * e"])
def test_conditions_on_other_sizes_leave_small_ones(before: str) -> None:
    said = of(" : R[n, n] * R[n, n] -> R[n, n]", "matmul", "swap >> matmul", before)
    [size] = said.sizes
    assert {1, 2, 3} <= {assignment[size] for assignment in said.assignments()}
    assert isinstance(judge(said.left, said.right), Refuted)


def test_conditions_through_other_sizes_hold() -> None:
    said = of(" : R[n] * R[n] -> R[n]", "sub", "swap >> sub", "dim n, d, e where n == 2 * d, d >= 2, e >= 20")
    found = [size for assignment in said.assignments() for size in assignment.values()]
    assert found
    assert all(size % 2 == 0 and size >= 4 for size in found)
    verdict = judge(said.left, said.right)
    assert isinstance(verdict, Refuted)
    assert verdict.sizes == {"n": 4}


def test_of_sizes_that_cannot_be_nothing_is_tried() -> None:
    said = of(" : R[n] * R[n] -> R[n]", "sub", "swap >> sub", "dim n, d where n == 2 * d, d == 2 * n")
    assert said.assignments() == []
    assert isinstance(judge(said.left, said.right), Unknown)


def test_a_stand_in_is_tried_at_more_than_size_0() -> None:
    verdict = at_a_run("""dim d where d >= 2
morphism left[s...] : R[s...] -> R[s...] = sin
morphism right[s...] : R[s...] -> R[s...] = cos""")
    assert isinstance(verdict, Refuted)
    assert verdict.sizes == {"s": 1}


# ------------------------------------------------------------------ counterexamples


@pytest.mark.parametrize(("header", "left", "right"), [
    ("Fin[5] -> R[]", "to_real", "x |-> abs(sub(to_real(x), 1))"),
    ("Fin[n] -> R[]", "to_real", "x |-> relu(sub(to_real(x), 1))"),
    ("Fin[2] -> R[]", "x |-> square(sub(to_real(x), 1))", "x |-> 1"),
    ("Fin[n] -> R[]", "x |-> mul(to_real(x), to_real(x))", "to_real"),
    ("R[] * Fin[4] -> R[]", "(y, x) |-> add(y, to_real(x))", "(y, x) |-> y"),
    ("Bool + Fin[3] + R[] -> R[]", "[indicator, to_real, square]", "[indicator, to_real, id]"),
    ("R[] + R[] -> R[]", "[neg, id]", "[id, id]"),
    ("List(Fin[3]) -> List(R[])", "map(to_real)", "map(x |-> sub(mul(to_real(x), to_real(x)), to_real(x)))"),
    ("List(Fin[3] + R[]) -> List(R[])", "map([to_real, id])", "map([x |-> neg(to_real(x)), neg])"),
])
def test_indices_tags_and_lengths_of_a_counterexample_are_such(header: str, left: str, right: str) -> None:
    said = of(f" : {header}", left, right)
    verdict = judge(said.left, said.right)
    assert isinstance(verdict, Refuted)
    sizes = dict(at_sizes(said.left, **verdict.sizes))
    for wire, x in zip(wires(said.left.diagram.inputs), verdict.inputs, strict=True):
        base = base_of(Substitution(dims=sizes).object(wire.object))
        if isinstance(base, Finite):
            bound = base.size if isinstance(base.size, int) else 8
            assert all(isinstance(entry, int) and 0 <= entry < bound for entry in x.entries)
    if not any(map(len, (verdict.sizes, verdict.weights))):
        assert evaluate(said.left, verdict.inputs) == verdict.left
        assert evaluate(said.right, verdict.inputs) == verdict.right
    assert verdict.left != verdict.right


# ------------------------------------------------------------------ lists that are padded differently


@pytest.mark.parametrize(("left", "right", "kind"), [
    ("x |-> cons(1, x)", "x |-> cons(1, cons(1, x))", Refuted),
    ("x |-> cons(1, cons(2, x))", "x |-> cons(2, cons(1, x))", Refuted),
    ("x |-> cons(1, x)", "x |-> tail(cons(2, cons(1, x)))", Tested),
    ("x |-> x", "x |-> reverse(tail(cons(2, reverse(x))))", Tested),
    ("x |-> x", "x |-> cons(2, x)", Refuted),
])
def test_lists_are_compared_however_they_are_padded(left: str, right: str, kind: type) -> None:
    assert isinstance(law(" : List(R[]) -> List(R[])", left, right), kind)
    assert isinstance(law(" : List(R[]) -> List(R[])", right, left), kind)
    beside = [f"x |-> (less(0, 1), {side.partition('|-> ')[2]})" for side in (left, right)]
    assert isinstance(law(" : List(R[]) -> Bool * List(R[])", *beside), kind)


# ------------------------------------------------------------------ primitives of the user, externs, trees

OWN = "dim n\nprimitive h : R[n] -> R[n] weights (gate : R[n])\nprimitive k[m, a : real = 1.0] : R[m] -> R[m]"


@pytest.mark.parametrize(("left", "right", "proved"), [
    ("k", "k", True), ("k >> k", "k >> id >> k", True), ("x |-> k(add(x, x))", "x |-> k(scale[2.0](x))", True),
    ("k", "k >> k", False), ("k[a = 1.0]", "k[a = 2.0]", False), ("h as q", "h as q", True),
    ("h as q", "h as r", False), ("x |-> add(k(x), x)", "x |-> add(x, k(x))", True), ("k", "h", False),
    ("x |-> sub(k(x), k(x))", "x |-> sub(x, x)", True),
])
def test_a_primitive_of_the_user_gives_the_same_for_the_same(left: str, right: str, proved: bool) -> None:
    verdict = law(" : R[n] -> R[n]", left, right, OWN)
    assert isinstance(verdict, Proved if proved else Unknown)
    if not proved:
        assert "is a primitive of which nothing is known" in verdict.show()


@pytest.mark.parametrize("what", ["noise R[n]", "state (count : R[])"])
def test_one_with_noise_or_state_does_not(what: str) -> None:
    verdict = law(" : R[n] -> R[n]", "h", "h", f"dim n\nprimitive h : R[n] -> R[n] {what}")
    assert isinstance(verdict, Unknown)


def test_reasons_are_plain() -> None:
    extern = 'dim n\nextern morphism f[d] : R[d] -> R[d] = python "models:Wide" (width = d)'
    assert law(" : R[n] -> R[n]", "f", "f", extern).show() == "unknown: nothing is known of the extern `f`"
    inside = f"{extern}\nmorphism g : R[n] -> R[n] = f >> relu"
    assert law(" : R[n] -> R[n]", "g", "g", inside).show() == "unknown: nothing is known of the extern `f`"
    tree = "endofunctor T(X) = R[] + X * X\n"
    assert law(" : mu T -> mu T", "id", "id", tree).show() == "unknown: trees have no normal form"


# ------------------------------------------------------------------ work


def test_the_work_of_a_law_is_bounded() -> None:
    body = "(x |-> maximum(x, relu(add(x, sin(x)))))^30"
    with budget() as purse:
        assert isinstance(purse, work.Work)
        first = law(" : R[] -> R[]", body, f"({body}) >> relu")
        assert isinstance(first, Tested | Refuted)
        for _ in range(8):
            law(" : R[] -> R[]", body, f"({body}) >> relu")
        # What it would take now is not there any more.
        assert law(" : R[] -> R[]", body, f"({body}) >> relu").show() == (
            "unknown: its normal form is too large: this takes too many steps")
    assert isinstance(law(" : R[] -> R[]", body, f"({body}) >> relu"), Tested | Refuted)


def test_what_refutes_is_told_whatever_it_takes() -> None:
    found = set()
    for steps in range(0, 40_000, 500):
        # Somewhere all the work is spent on finding it.
        with work.purse(steps):
            found.add(type(law(" : R[] -> R[]", "x |-> abs(sin(x))", "sin")))
    assert found == {Unknown, Tested, Refuted}


def test_cases_that_are_too_much_work_are_not_begun() -> None:
    said = of(" : Bool[12] -> Bool[12]", "x |-> logical_not(x)", "x |-> equal(0, indicator(x))")
    with work.purse(10**6) as purse:
        assert exhausted(said) is None
        assert purse.left > 900_000
