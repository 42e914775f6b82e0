"""Sides that are equal by an identity, wherever in them, are proved equal; and what is proved is so at points."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lawful import law, networks

from catlang.laws import Proved, Refuted, judge
from catlang.laws.search import search
from catlang.laws.sides import Law

SETTINGS = settings(max_examples=150, deadline=None, database=None, derandomize=True,
                    phases=(Phase.explicit, Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck))
HEADER = "R[n] * R[n] * R[n] -> R[n]"
LEAVES = ["x", "y", "z", "1", "2"]
UNARY = ["neg", "relu", "exp", "tanh", "square", "sigmoid", "sin", "abs", "softplus"]
BINARY = ["add", "mul", "sub", "maximum", "minimum"]

#: An expression: a leaf, or a function of expressions.
Expression = Any


@st.composite
def expressions(draw: Any, depth: int) -> Expression:
    kind = draw(st.integers(0, 5)) if depth else 0
    if kind == 0:
        return draw(st.sampled_from(LEAVES))
    if kind == 1:
        return draw(st.sampled_from(UNARY)), draw(expressions(depth - 1))
    return draw(st.sampled_from(BINARY)), draw(expressions(depth - 1)), draw(expressions(depth - 1))


def spelt(one: Expression) -> str:
    if isinstance(one, str):
        return one if one.isalpha() else f"repeat(-> n)({one})"
    name, *parts = one
    return f"{name}({', '.join(map(spelt, parts))})"


def identities(one: Expression, more: Expression) -> list[Expression]:
    """What an expression is equal to, by one identity at its root."""
    found: list[Expression] = [("neg", ("neg", one)), ("add", ("sub", one, more), more), ("mul", one, "1"),
                               ("maximum", one, one), ("minimum", one, ("maximum", one, more)),
                               ("sub", ("add", more, one), more), ("neg", ("minimum", ("neg", one), ("neg", one)))]
    if isinstance(one, str):
        return found
    name, *parts = one
    if name in ("add", "mul", "maximum", "minimum"):
        left, right = parts
        found.append((name, right, left))
        if not isinstance(left, str) and left[0] == name:
            found.append((name, left[1], (name, left[2], right)))
        if not isinstance(right, str) and right[0] == name:
            found.append((name, (name, left, right[1]), right[2]))
    if name == "mul" and not isinstance(parts[1], str) and parts[1][0] in ("add", "sub"):
        inner, a, b = parts[1]
        found.append((inner, ("mul", parts[0], a), ("mul", parts[0], b)))
    if name == "add" and not isinstance(parts[1], str) and parts[1][0] in ("maximum", "minimum"):
        inner, a, b = parts[1]
        found.append((inner, ("add", parts[0], a), ("add", parts[0], b)))
    if name == "exp" and not isinstance(parts[0], str) and parts[0][0] == "add":
        found.append(("mul", ("exp", parts[0][1]), ("exp", parts[0][2])))
    if name == "sub":
        found.append(("add", parts[0], ("neg", parts[1])))
    if name == "minimum":
        found.append(("neg", ("maximum", ("neg", parts[0]), ("neg", parts[1]))))
    if name == "square":
        found.append(("mul", parts[0], parts[0]))
    if name == "relu":
        found += [("add", parts[0], ("relu", ("neg", parts[0]))), ("relu", one)]
    if name == "abs":
        found += [("add", ("relu", parts[0]), ("relu", ("neg", parts[0]))), ("abs", ("neg", parts[0]))]
    if name == "tanh":
        found += [("neg", ("tanh", ("neg", parts[0])))]
    if name == "sigmoid":
        found += [("sub", "1", ("sigmoid", ("neg", parts[0])))]
    if name == "softplus":
        found += [("add", parts[0], ("softplus", ("neg", parts[0]))), ("log", ("add", "1", ("exp", parts[0])))]
    return found


def rewritten(draw: Any, one: Expression, more: Expression) -> Expression:
    """An expression that is equal to another by an identity somewhere in it."""
    if not isinstance(one, str) and draw(st.booleans()):
        name, *parts = one
        place = draw(st.integers(0, len(parts) - 1))
        parts[place] = rewritten(draw, parts[place], more)
        return (name, *parts)
    return draw(st.sampled_from(identities(one, more)))


@SETTINGS
@given(st.data())
def test_what_is_rewritten_is_proved(data: st.DataObject) -> None:
    one, more = data.draw(expressions(3)), data.draw(expressions(1))
    other = one
    for _ in range(data.draw(st.integers(1, 3))):
        other = rewritten(data.draw, other, more)
    verdict = law(f" : {HEADER}", f"(x, y, z) |-> {spelt(one)}", f"(x, y, z) |-> {spelt(other)}", "dim n")
    assert isinstance(verdict, Proved), (spelt(one), spelt(other), verdict)


@SETTINGS
@given(expressions(2), expressions(2))
def test_what_is_proved_is_so_at_points(one: Expression, other: Expression) -> None:
    left, right = networks(f"dim n\nmorphism left : {HEADER} = (x, y, z) |-> {spelt(one)}\n"
                           f"morphism right : {HEADER} = (x, y, z) |-> {spelt(other)}", "left", "right")
    verdict = judge(left, right)
    found = search(Law(left, right))
    assert isinstance(verdict, Proved) != isinstance(found, Refuted) or not isinstance(verdict, Proved | Refuted)
