"""Theories and models that are made to be hard: a check ends soon all the same, and says what it does not know."""

from __future__ import annotations

import time

import pytest

from catlang.checking import check_source
from catlang.laws import Proved, Refuted, Unknown
from catlang.span import Source

SEMIGROUP = "theory Semigroup { sort M, op m : M * M -> M, law assoc (x, y, z : M) : m(m(x, y), z) == m(x, m(y, z)) }\n"
#: Seconds of processor time that a file may take.
PATIENCE = 8.0


def judged(text: str):
    begun = time.process_time()
    module = check_source(Source("m.cat", None, text))
    assert time.process_time() - begun < PATIENCE
    return [verdict for entry in module.scope.names.values() for _, verdict in getattr(entry, "verdicts", ())], module


def doubled(count: int, first: str, step: str) -> str:
    """A chain of morphisms, each made of two of the one before."""
    lines = [f"morphism f0 : R[] -> R[] = {first}\n"]
    lines += [f"morphism f{n} : R[] -> R[] = {step.replace('f', f'f{n - 1}')}\n" for n in range(1, count + 1)]
    return "".join(lines)


@pytest.mark.parametrize(("first", "step"), [
    ("id", "(f, f) >> add"), ("tanh", "f >> f"), ("square", "(f, f) >> mul"), ("id", "(f >> tanh, f >> sin) >> add"),
    ("exp", "(f, id) >> mul"), ("id", "(f, f >> neg) >> maximum"), ("id", "(f >> reciprocal, f) >> add"),
])
@pytest.mark.parametrize("count", [12, 40])
def test_what_doubles(first: str, step: str, count: int):
    [verdict], _ = judged(SEMIGROUP + doubled(count, first, step)
                          + f"model Made : Semigroup {{ M = R[], m = add >> f{count} }}\n")
    assert not isinstance(verdict, Proved) or step == "(f, f) >> add"


@pytest.mark.parametrize(("carrier", "operation", "wanted"), [
    ("R[1000000]", "add", Proved), ("R[1000000]", "sub", (Refuted, Unknown)), ("R[2^40]", "sub", (Refuted, Unknown)),
    ("R[9, 9, 9, 9, 9]", "sub", (Refuted, Unknown)), ("Fin[1000000]", "(x, y) |-> y", Proved),
    ("Bool^24", "each(logical_and)", (Proved, Unknown)), ("R[300, 300]", "matmul", Proved),
    ("R[300, 300]", "(x, y) |-> matmul(x, matmul(y, y))", (Refuted, Unknown)),
])
def test_large_carriers(carrier: str, operation: str, wanted):
    if carrier == "Bool^24":
        operation = "(x, y) |-> zipped(x, y)"
    text = "morphism zipped : Bool^24 * Bool^24 -> Bool^24 = logical_and\n" if carrier == "Bool^24" else ""
    found, module = judged(f"{SEMIGROUP}{text}model Made : Semigroup {{ M = {carrier}, m = {operation} }}\n")
    assert len(found) == 1, [one.headline for one in module.bag]
    assert isinstance(found[0], wanted), found[0].show()


def test_a_law_that_is_nested_deeply():
    nested = "x"
    for _ in range(120):
        nested = f"m({nested}, x)"
    text = f"theory Deep {{ sort M, op m : M * M -> M, law deep (x : M) : {nested} == x }}\n"
    [first, second], _ = judged(f"{text}model Left : Deep {{ M = R[], m = fst }}\n"
                                "model Product : Deep { M = R[], m = mul }\n")
    assert isinstance(first, Proved)
    assert isinstance(second, Refuted)


def test_many_models():
    text = SEMIGROUP + "".join(f"model Made{n} : Semigroup {{ M = R[{n + 1}], m = add }}\n" for n in range(300))
    found, _ = judged(text)
    assert [type(one) for one in found] == [Proved] * 300


def test_many_sorts_and_operations():
    sorts = ", ".join(f"sort S{n}" for n in range(150))
    operations = ", ".join(f"op f{n} : S{n} -> S{(n + 1) % 150}" for n in range(150))
    around = "x"
    for n in range(8):
        around = f"f{n}({around})"
    theory = f"theory Round {{ {sorts}, {operations}, law there (x : S0) : {around} == {around} }}\n"
    values = ", ".join([f"S{n} = R[2]" for n in range(150)] + [f"f{n} = tanh" for n in range(150)])
    found, module = judged(f"{theory}model All : Round {{ {values} }}\n")
    assert [type(one) for one in found] == [Proved], [one.headline for one in module.bag]
