"""Help that names an edit is right: followed to the letter, it leaves nothing to be said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catlang.checker.check import check_source
from catlang.span import Source

FOLDER = Path(__file__).parent / "mistakes"


def replaced(old: str, new: str) -> Callable[[str], str]:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)
    return edit


#: The golden file, what its message says, and the edit that follows it.
FOLLOWED: list[tuple[str, str, Callable[[str], str]]] = [
    ("unknown_morphism", "did you mean `relu`?", replaced("rleu", "relu")),
    ("case_of_a_name", "did you mean `relu`?", replaced("ReLU", "relu")),
    ("unknown_object", "did you mean `Hidden`?", replaced("Hiden", "Hidden")),
    ("nominal", "`Kelvin.carrier >> Celsius` fits in front of it",
     replaced("= shift", "= Kelvin.carrier >> Celsius >> shift")),
    ("nominal_and_carrier", "`Kelvin.carrier` fits in front of it", replaced("= affine", "= Kelvin.carrier >> affine")),
    ("nominal_result", "`Kelvin` fits behind it", replaced("= affine", "= affine >> Kelvin")),
    ("fits_between", "`narrow` fits between them", replaced("layer_norm >> head", "layer_norm >> narrow >> head")),
    ("each_is_missing", "`each(embedding)` runs it along the axis `n`", replaced("= embedding", "= each(embedding)")),
    ("each_too_few", "`each(softmax)` runs it along the axis `n`", replaced("each(softmax)", "each(each(softmax))")),
    ("operator_on_elements", "write `add(x, y)`", replaced("x + y", "add(x, y)")),
    ("minus_on_morphisms", "write `(relu, tanh) >> sub`", replaced("relu - tanh", "(relu, tanh) >> sub")),
    ("not_divisible", "add `where 4 divides d`", replaced("group_norm[4]", "group_norm[4] where 4 divides d")),
    ("undecided", "add `where 2730*((d^13 - d) // 2730) + 1 == d^13 - d + 1`",
     replaced("= id", "= id where 2730*((d^13 - d) // 2730) + 1 == d^13 - d + 1")),
    ("equals_in_condition", "write `==`", replaced("h = d", "h == d")),
    ("slash_in_size", "integer division is `//`", replaced("/", "//")),
    ("size_not_inferred", "give it in brackets: `affine[n = 128]`", replaced("affine >>", "affine[n = 128] >>")),
    ("number_as_object", "a vector `R[784]`", replaced("784", "R[784]")),
    ("dim_as_object", "a vector of that length is `R[d]`", replaced(": d ", ": R[d] ")),
    ("parentheses_for_sizes", "sizes stand in brackets: `R[784]`", replaced("R(784)", "R[784]")),
    ("dim_declared_later", "move `dim width` up", lambda text: "dim width\n" + text.replace("dim width\n", "")),
    ("closes_nothing", "remove it", replaced(")", "")),
    ("repeat_of_nothing", "write `rearrange`", replaced("= repeat", "= rearrange")),
    ("unused_generic", "remove it", replaced("[n, m]", "[n]")),
    ("unused_parameter", "remove it", replaced("(g : R[3] -> R[3])", "")),
    ("label_of_two_boxes", "choose another label", replaced("layer_norm as a", "layer_norm as b")),
    ("label_of_two_sizes", "give them two labels", replaced("affine[3, 5] as a", "affine[3, 5] as b")),
    ("label_is_taken", "choose another, for example `forward_`", replaced("as forward", "as forward_")),
    ("label_in_a_copy", "name the instance once with `let a = ... in`",
     replaced("affine as a >> (affine as a)^3", "let a = affine in a >> a^3")),
    ("copy_of_no_power", "`affine^n along copy` gives n copies one set of weights",
     replaced("affine along copy", "affine^4 along copy")),
    ("no_cell", "define `deep_tied` by `= deep along copy`", replaced("= deep\n", "= deep along copy\n")),
    ("no_such_label", "did you mean `token`?", replaced("tokn", "token")),
    ("number_for_boolean", "`causal` is `true` or `false`", replaced("causal = 1", "causal = true")),
    ("wrong_choice", "write one of `zeros`", replaced("mirror", "circular")),
    ("mixed_chain", "put one of them in parentheses", replaced("relu ∘ affine", "(relu ∘ affine)")),
    ("pair_as_object", "the product of objects is written with `*`", replaced("(R[3], R[3])", "R[3] * R[3]")),
    ("python_lambda", "write `x |-> f(x)`", replaced("x -> relu(x)", "x |-> relu(x)")),
    ("built_in", "choose another name", replaced("object R", "object R3")),
    ("variable_hides", "choose another name", replaced("g |-> relu(g)", "x |-> relu(x)")),
    ("generic_hides", "choose another name", replaced("[A] : A -> A", "[B] : B -> B")),
    ("zero_dim", "`dim n >= 0 = 0` allows the empty axis", replaced("dim n = 0", "dim n >= 0 = 0")),
    ("no_pattern", "put the lambda in parentheses", replaced("x |-> tanh(x)", "(x |-> tanh(x))")),
    ("argument_is_missing", "write `scale[factor = ...]`", replaced("= scale", "= scale[factor = 2]")),
]


@pytest.mark.parametrize(("name", "help", "edit"), FOLLOWED, ids=[name for name, *_ in FOLLOWED])
def test_followed_help_leaves_nothing_to_be_said(name: str, help: str, edit: Callable[[str], str]) -> None:
    text = (FOLDER / f"{name}.cat").read_text(encoding="utf-8")
    assert help in (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert [found.headline for found in check_source(Source(f"{name}.cat", None, edit(text))).bag] == []
