"""Exact evaluation never rounds: where there is no rational number it says so, and where."""

from __future__ import annotations

from fractions import Fraction

import pytest
from held import checked

from catlang.meaning.exact import UNTOLD, Array, Inexact, Undefined, evaluate
from catlang.network.functor import Site, at_sizes
from catlang.network.masking import Masking
from catlang.network.network import Network
from catlang.network.specialise import Specialiser


def network(text: str) -> Network:
    return Specialiser({}, {}).definition(checked(text).scope.names["net"])


def test_a_transcendental_function_is_refused_where_it_is_used() -> None:
    with pytest.raises(Inexact, match=r"`tanh` has no exact value: it is transcendental \(m.cat:1:"):
        evaluate(network("morphism net : R[2] -> R[2] = relu >> tanh"), [Array.of([1, 2])])


def test_what_is_divided_by_zero_has_no_value() -> None:
    with pytest.raises(Undefined, match="`reciprocal` divides by zero"):
        evaluate(network("morphism net : R[2] -> R[2] = reciprocal"), [Array.of([1, 0])])


def test_a_size_without_a_value_is_asked_for() -> None:
    general = network("dim n\nmorphism net : 1 -> R[n] = zero")
    with pytest.raises(ValueError, match="the size `n` has no value"):
        evaluate(general, [])
    assert evaluate(general, [], at_sizes(general, n=2)) == [Array.of([0, 0])]


def test_a_missing_weight_is_named() -> None:
    with pytest.raises(KeyError, match=r"power_0\.0\.affine_0\."):
        evaluate(network("morphism net : R[2] -> R[2] = affine^2"), [Array.of([1, 2])])


def test_what_is_behind_a_list_is_not_told() -> None:
    net = network("morphism net : List(R[]) -> List(R[]) = map(neg)")
    assert evaluate(net, [Array.of(1), Array.of([2, 7, 7])]) == [Array.of(1), Array.of([-2, UNTOLD, UNTOLD])]


@pytest.mark.parametrize("what", [
    "reduce(max, n ->)", "reduce(sum, n ->)", "x |-> reduce(prod, n ->)(gather(x, repeat(-> n)(argmax(x))))",
    "x |-> let (y, _) = sort(x) in reduce(min, n ->)(y)"])
def test_nothing_may_depend_on_what_is_behind_a_list(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"morphism f[n] : R[n] -> R[] = {what}\nmorphism net : List(R[]) -> R[] = f"
    given = [Array.of(1), Array.of([2, 7])]
    assert evaluate(network(text), given) == [Array.of(2)]
    monkeypatch.setattr(Masking, "filled", lambda self, x, *rest, **named: x)
    with pytest.raises(AssertionError, match="depends on what stands behind the end of a list"):
        evaluate(network(text), given)


def test_decimals_are_what_is_written() -> None:
    assert evaluate(network("morphism net : R[] -> R[] = scale[0.1]"), [Array.of(3)]) == [Array.of(Fraction(3, 10))]


def test_noise_is_what_is_given_and_drawn_anew_for_each() -> None:
    numbers = iter([Fraction(1, 10), Fraction(9, 10)])

    def drawn(site: Site[Array]) -> Array:
        return Array((), [next(numbers)])

    net = network("morphism net : R[2] -> R[2] = each(dropout[0.5])")
    assert evaluate(net, [Array.of([1, 1])], drawn=drawn, training=True) == [Array.of([0, 2])]
    assert evaluate(net, [Array.of([1, 1])]) == [Array.of([1, 1])]


def test_shared_noise_is_drawn_once_for_a_wire() -> None:
    numbers = iter([1, 2])
    net = network("morphism net : 1 -> R[] * R[] = (() |-> let x = normal() in (x, x))")
    assert evaluate(net, [], drawn=lambda site: Array((), [next(numbers)])) == [Array.of(1), Array.of(1)]
