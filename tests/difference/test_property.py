"""What a diff must not say, and what it must: an edit that changes no meaning is told as none, one that does is told.

Files are written from choices that Hypothesis makes: the same choices in another guise, with other variables, another
order, another layout, are no change; with one of the choices made otherwise they are one.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from catlang.checking import check_source
from catlang.difference.changes import Difference, differences
from catlang.difference.facts import File, generics_of
from catlang.span import Source

POINTWISE = ("relu", "tanh", "sigmoid", "gelu", "exp")
JOINS = ("add", "mul", "sub", "maximum")

#: A step of a morphism `R[d] -> R[d]`: its kind, and what there is to choose about it.
STEP = st.one_of(
    st.tuples(st.just("pointwise"), st.sampled_from(POINTWISE)),
    st.tuples(st.just("linear"), st.sampled_from(("linear", "affine")), st.integers(1, 3)),
    st.tuples(st.just("join"), st.sampled_from(JOINS), st.sampled_from(POINTWISE), st.booleans()),
    st.tuples(st.just("power"), st.sampled_from(("linear", "affine")), st.integers(2, 4)),
    st.tuples(st.just("twice"), st.sampled_from(("linear", "affine")), st.booleans()),
    st.tuples(st.just("noise"), st.integers(1, 3)),
)
SPEC = st.lists(st.lists(STEP, min_size=1, max_size=4), min_size=1, max_size=3)


def step(spec: tuple[Any, ...], label: str, guise: random.Random) -> str:
    """The text of a step, in one of several guises that mean the same."""
    kind, *of = spec
    x, y = guise.sample(["x", "y", "u", "some_value", "ξ"], 2)
    if kind == "pointwise":
        return guise.choice([of[0], f"({x} |-> {of[0]}({x}))", f"({of[0]} >> id)",
                             f"({x} |-> let {y} = {of[0]}({x}) in {y})"])
    if kind == "linear":
        name, times = of
        wide = f"{times}*d"
        return f"{name}[_, {wide}] as {label}_up >> {name}[_, d] as {label}_down"
    if kind == "join":
        join, other, turned = of
        body = f"{join}({other}({x}), {x})" if turned else f"{join}({x}, {other}({x}))"
        pair = f"(({other}, id) >> {join})" if turned else f"((id, {other}) >> {join})"
        return guise.choice([f"({x} |-> {body})", pair, f"({x} |-> let {y} = {x} in {body.replace(x + ')', y + ')')})"])
    if kind == "power":
        name, count = of
        return guise.choice([f"({name}^{count}) as {label}", f"(({name} >> id)^{count}) as {label}"])
    if kind == "twice":
        name, shared = of
        if shared:
            return guise.choice([f"{name}[d, d] as {label} >> {name}[d, d] as {label}",
                                 f"({x} |-> ({name}[d, d] as {label})(({name}[d, d] as {label})({x})))"])
        return f"{name}[d, d] as {label} >> {name}[d, d] as {label}_other"
    return f"dropout[0.{of[0]}]"


def written(spec: list[list[tuple[Any, ...]]], seed: int) -> str:
    guise = random.Random(seed)
    declarations = ["dim d"]
    for number, steps in enumerate(spec):
        chain = [step(one, f"l{place}", guise) for place, one in enumerate(steps)]
        between = guise.choice([" >> ", "\n    >> ", "  >>\t"])
        note = guise.choice(["", "## Some words.\n", "# none\n"])
        arrow = guise.choice(["R[d] -> R[d]", "R[ d ] → R[d]", "Hidden -> R[d]", "Hidden -> Hidden"])
        declarations.append(f"{note}morphism m{number} : {arrow} = {between.join(chain)}")
    declarations.append("object Hidden = R[d]")
    guise.shuffle(declarations)
    return guise.choice(["\n", "\r\n", "\n\n"]).join(declarations)


def diff(old: str, new: str) -> list[Difference]:
    modules = [check_source(Source("m.cat", None, text)) for text in (old, new)]
    for module, text in zip(modules, (old, new), strict=True):
        assert not list(module.bag), ([found.headline for found in module.bag], text)
    before, after = File(modules[0]), File(modules[1], generics_of(modules[0]))
    before.read()
    after.read()
    return differences(before, after)


@settings(max_examples=120, deadline=None)
@given(SPEC, st.integers(0, 2**20), st.integers(0, 2**20))
def test_another_guise_is_no_change(spec: list[list[tuple[Any, ...]]], one: int, other: int) -> None:
    assert diff(written(spec, one), written(spec, other)) == []


@settings(max_examples=200, deadline=None)
@given(SPEC, st.data(), st.integers(0, 2**20), st.integers(0, 2**20))
def test_another_choice_is_a_change(spec: list[list[tuple[Any, ...]]], data: st.DataObject, one: int,
                                    other: int) -> None:
    number = data.draw(st.integers(0, len(spec) - 1))
    place = data.draw(st.integers(0, len(spec[number]) - 1))
    now = data.draw(STEP.filter(lambda found: found != spec[number][place]))
    edited = [list(steps) for steps in spec]
    edited[number][place] = now
    found = diff(written(spec, one), written(edited, other))
    assert [difference.name for difference in found] == [f"m{number}"], (written(spec, one), written(edited, other))
