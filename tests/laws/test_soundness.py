"""A normal form is the function that it is the normal form of: its value at a point, by its definition alone, is what
exact evaluation gives there, whatever the network."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lawful import networks
from valued import Undefined as NoValue
from valued import Values

from catlang.diagram.diagram import wires
from catlang.laws.careful import outputs
from catlang.laws.chance import Chance
from catlang.laws.rounded import Rounded
from catlang.laws.search import drawn
from catlang.meaning.entries import NoForm, TooLarge, normal_forms, work
from catlang.meaning.exact import Array, Undefined
from catlang.network.functor import at_sizes
from catlang.objects.colour import Object
from catlang.objects.substitution import Substitution

PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
EXACT = settings(max_examples=120, deadline=None, database=None, derandomize=True, phases=PHASES,
                 suppress_health_check=list(HealthCheck))
HEADER = "(R[n] * R[n] * R[n, n] * R[n, n] * R[] * R[] * Bool[n])"
NAMES = "(x, y, a, b, s, t, p)"
CLOSE = Fraction(1, 10**25)

#: What makes a vector, a matrix, a number, truth values of such.
FORMS = {
    "v": ["x", "y", "add({v}, {v})", "sub({v}, {v})", "mul({v}, {v})", "maximum({v}, {v})", "minimum({v}, {v})",
          "relu({v})", "abs({v})", "neg({v})", "square({v})", "scale[-2.0]({v})", "scale[0.5]({v})",
          "clamp[-1.0, 2.0]({v})", "leaky_relu[0.1]({v})", "repeat(-> n)({s})", "contract(i j, j -> i)({m}, {v})",
          "contract(i j, i -> j)({m}, {v})", "reduce(sum, i j -> i)({m})", "reduce(max, i j -> j)({m})",
          "reduce(mean, i j -> i)({m})", "select({b}, {v}, {v})", "indicator({b})", "sign({v})", "each(neg)({v})",
          "add({v}, repeat(-> n)({s}))", "contract(i, j, j -> i)({v}, {v}, {v})", "flip({v})",
          "contract(i, i -> i)({v}, {v})", "hardswish({v})", "floor({v})", "round({v})", "ceil({v})",
          "pow({v}, repeat(-> n)(2))", "reduce(sum, i j -> i)(each(one_hot[n])(index[n]()))",
          "each(k |-> at(y, k))(index[n]())", "linear[n, n]({v})", "affine[n, n]({v})"],
    "m": ["a", "b", "add({m}, {m})", "matmul({m}, {m})", "transpose({m})", "contract(i, j -> i j)({v}, {v})",
          "maximum({m}, {m})", "mul({m}, {m})", "sub({m}, {m})", "contract(i j, i -> i j)({m}, {v})", "each(neg)({m})",
          "repeat(i -> i n)({v})", "repeat(i -> n i)({v})", "each(one_hot[n])(index[n]())", "each(flip)({m})",
          "relu({m})", "rearrange((i n) -> i n)(rearrange(i j -> (i j))({m}))",
          "rearrange((i n) -> n i)(rearrange(i j -> (j i))({m}))"],
    "s": ["s", "t", "1", "0", "2.5", "add({s}, {s})", "mul({s}, {s})", "sub({s}, {s})", "maximum({s}, {s})",
          "minimum({s}, {s})", "reduce(sum, i ->)({v})", "reduce(max, i ->)({v})", "reduce(min, i ->)({v})",
          "reduce(max, i ->)(flip({v}))", "contract(i, i ->)(flip({v}), flip({v}))", "reduce(mean, i ->)({v})",
          "contract(i, i ->)({v}, {v})", "reduce(sum, i j ->)({m})", "relu({s})", "reduce(max, i j ->)({m})",
          "square({s})", "mse_loss({v}, {v})", "l1_loss({v}, {v})"],
    "b": ["p", "less({v}, {v})", "less_equal({v}, {v})", "equal({v}, {v})", "greater({v}, {v})",
          "logical_and({b}, {b})", "logical_or({b}, {b})", "logical_not({b})", "not_equal({v}, {v})"],
}
#: Those whose values are no rational numbers besides.
INEXACT = {
    "v": ["exp({v})", "tanh({v})", "sigmoid({v})", "softmax({v})", "log_softmax({v})", "softplus({v})", "silu({v})",
          "log(exp({v}))", "log(add(exp({v}), exp({v})))", "sqrt(square({v}))", "log({v})", "reciprocal({v})",
          "div({v}, {v})", "logsigmoid({v})", "sqrt({v})", "rsqrt({v})", "expm1({v})", "log1p({v})", "elu({v})",
          "mish({v})", "exp(neg({v}))", "exp(log({v}))", "exp(log(sigmoid({v})))", "sin({v})", "cos({v})", "erf({v})",
          "reciprocal(add(1, exp({v})))", "mul(exp({v}), sigmoid({v}))", "log(mul(exp({v}), {v}))", "softsign({v})",
          "reciprocal(mul({v}, {v}))", "gelu({v})", "div({v}, exp({v}))", "scale[1 / sqrt(n)]({v})",
          "rms_norm({v})", "layer_norm({v})", "logsigmoid(neg({v}))", "log(sigmoid(neg({v})))",
          "select({b}, exp({v}), {v})", "maximum(exp({v}), {v})", "exp(maximum({v}, {v}))"],
    "m": ["attend({m}, {m}, {m})", "each(softmax)({m})", "exp({m})", "attend({m}, flip({m}), flip({m}))"],
    "s": ["logsumexp({v})", "exp({s})", "log({s})", "div({s}, {s})", "tanh({s})", "sigmoid({s})",
          "reduce(sum, i ->)(exp({v}))", "reduce(max, i ->)(exp({v}))"],
}


@st.composite
def expressions(draw: Any, kind: str, depth: int, forms: dict[str, list[str]]) -> str:
    found = forms[kind]
    chosen = draw(st.sampled_from(found if depth else [form for form in found if "{" not in form]))
    while "{" in chosen:
        at = chosen.index("{")
        inner = draw(expressions(chosen[at + 1], depth - 1, forms))
        chosen = chosen[:at] + inner + chosen[at + 3:]
    return str(chosen)


def held(text: str, before: str, seed: int) -> bool:
    """Whether a network has a normal form and a value at a point; where it does they have to agree."""
    [network] = networks(f"{before}\n{text}", "f")
    try:
        forms = normal_forms(network)
    except (NoForm, TooLarge):
        return False
    chance = Chance(seed)
    found = False
    for size in (1, 2, 3):
        sizes = at_sizes(network, n=size)
        put = Substitution(dims=dict(sizes))
        arrays = {f"in:{place}": drawn(put.object(wire.object), chance, plain=chance.below(2) == 0)
                  for place, wire in enumerate(wires(network.diagram.inputs))}

        def weight(address: str, obj: Object, arrays: dict[str, Array] = arrays, chance: Chance = chance) -> Array:
            if address not in arrays:
                arrays[address] = drawn(obj, chance, plain=True)
            return arrays[address]

        inputs = list(arrays.values())
        try:
            with work.within(2_000_000):
                exact = outputs(Rounded(weight, 60), network, inputs, sizes)
                valued = [Values(arrays, sizes).array(form) for form in forms]
        except (Undefined, NoValue, TooLarge, OverflowError):
            continue
        for one, other in zip(exact, valued, strict=True):
            assert one.shape == other.shape
            for left, right in zip(one.entries, other.entries, strict=True):
                assert abs(left - right) <= CLOSE * max(1, abs(left)), (text, size, arrays, left, right)
        found = True
    return found


def bodies(kind: str, depth: int, forms: dict[str, list[str]]) -> st.SearchStrategy[str]:
    codomain = {"v": "R[n]", "m": "R[n, n]", "s": "R[]", "b": "Bool[n]"}[kind]
    return expressions(kind, depth, forms).map(lambda body: f"morphism f : {HEADER} -> {codomain} = {NAMES} |-> {body}")


BOTH = {kind: [*found, *INEXACT.get(kind, [])] for kind, found in FORMS.items()}


@pytest.mark.parametrize("kind", ["v", "m", "s", "b"])
@pytest.mark.parametrize("forms", [FORMS, BOTH], ids=["exact", "inexact"])
def test_a_normal_form_is_the_function(kind: str, forms: dict[str, list[str]]) -> None:
    seen: list[bool] = []

    @EXACT
    @given(bodies(kind, 3, forms), st.integers(0, 1000))
    def attempt(text: str, seed: int) -> None:
        seen.append(held(text, "dim n", seed))

    attempt()
    assert sum(seen) > len(seen) // 3, "too few networks have values and normal forms"
