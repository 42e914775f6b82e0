"""A suggested name is the nearest by itself: no suggestion is better than a wrong one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catlang.suggest import LONGEST, distance, nearest

NAMES = ["affine", "attention", "embedding", "gelu", "layer_norm", "linear", "relu", "softmax"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("afine", "affine"),
        ("Affine", "affine"),
        ("AFFINE", "affine"),
        ("atention", "attention"),
        ("sofmtax", "softmax"),
        ("layernorm", "layer_norm"),
        ("LayerNorm", "layer_norm"),
        ("norm_layer", "layer_norm"),
        ("relu6", "relu"),
        ("telu", None),
        ("tanh", None),
        ("x", None),
        ("", None),
        ("affine", None),
    ],
)
def test_nearest_among_several(name: str, meant: str | None) -> None:
    assert nearest(name, NAMES) == meant
    assert nearest(name, reversed(NAMES)) == meant


def test_without_rivals_a_name_may_be_further_off() -> None:
    assert nearest("hiden_x", ["hidden"]) == "hidden"
    assert nearest("tanh", ["embedding"]) is None
    assert nearest("n", ["d"]) is None
    assert nearest("n", []) is None


def test_case_decides_between_the_equally_near() -> None:
    assert nearest("Tokn", ["token", "Token"]) == "Token"
    assert nearest("TOKEN", ["toKen", "tokEn"]) is None


def test_names_of_any_length_take_no_time() -> None:
    name = "x" * 1_000_000
    assert nearest(name, [name + "y", name + "z"]) is None
    assert nearest("x" * LONGEST, ["x" * (LONGEST - 1) + "y"]) == "x" * (LONGEST - 1) + "y"


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_agrees_with_its_definition(a: str, b: str) -> None:
    def steps(i: int, j: int) -> int:
        if min(i, j) == 0:
            return max(i, j)
        least = min(steps(i - 1, j) + 1, steps(i, j - 1) + 1, steps(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
        if min(i, j) > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
            least = min(least, steps(i - 2, j - 2) + 1)
        return least

    assert distance(a, b) == distance(b, a) == steps(len(a), len(b))
