"""Help that names an edit is right: followed to the letter, it leaves nothing to be said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catlang.checking import check_source
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
    ("named_parts", "`swap >> mix` takes the two in this order", replaced("= mix", "= swap >> mix")),
    ("algebra_of_no_functor", "any other is declared by `morphism`", replaced("algebra", "morphism")),
    ("algebra_of_an_unknown_functor", "did you mean `TreeF`?", replaced("Treef", "TreeF")),
    ("algebra_declared_for_a_coalgebra", "declare it by `coalgebra`", replaced("algebra gen", "coalgebra gen")),
    ("coalgebra_declared_for_an_algebra", "declare it by `algebra`", replaced("coalgebra cell", "algebra cell")),
    ("carrier_of_an_algebra", "write `ListF[R[3]](R[5]) -> R[5]`",
     replaced("ListF[R[3]](R[4]) -> R[5]", "ListF[R[3]](R[5]) -> R[5]")),
    ("carrier_of_a_coalgebra", "write `R[4] -> Stream[R[3]](R[4])`",
     replaced("R[4] -> Stream[R[3]](R[5])", "R[4] -> Stream[R[3]](R[4])")),
    ("fold_from_the_front", "`foldl(cell)` takes it as it is", replaced("= fold(", "= foldl(")),
    ("foldl_from_the_end", "`fold(cell)` takes it as it is", replaced("= foldl(", "= fold(")),
    ("foldl_of_equal_types", "`fold(cell)` takes it as it is", replaced("= foldl(", "= fold(")),
    ("scan_from_the_front", "`scanl(cell)` takes it as it is", replaced("= scan(", "= scanl(")),
    ("run_the_other_way_round", "`swap >> run(step)` takes the two in this order", replaced("run(", "swap >> run(")),
    ("functor_not_declared", "declare `step` by `coalgebra`, of the endofunctor that is meant", replaced(
        "morphism step : R[4] -> R[3] * R[4]",
        "endofunctor Stream[O](X) = O * X coalgebra step : R[4] -> Stream[R[3]](R[4])")),
    ("functor_not_inferred", "give it in brackets: `unfold[F = ...]`",
     lambda text: "endofunctor Stream[O](X) = O * X\n" + text.replace("unfold[5]", "unfold[5, F = Stream[R[3]]]")),
    ("bound_for_a_functor", "write `F = Stream[R[3]]`", replaced("unfold[Stream", "unfold[F = Stream")),
    ("fold_of_what_is_infinite", "`unfold[n](c)` takes at most `n` steps", replaced("unfold(", "unfold[9](")),
    ("infinite_where_a_list_is_promised", "`unfold[n](c)` takes at most", replaced("unfold(", "unfold[9](")),
    ("fold_of_an_array", "`to_list` makes a list of what lies along an axis", replaced("= fold", "= to_list >> fold")),
    ("map_along_an_axis", "`to_list` makes a list of what lies along", replaced("= map", "= to_list >> map")),
    ("axis_is_no_list", "`to_list` makes a list of what lies along", replaced("each(relu)", "each(relu) >> to_list")),
    ("cons_the_other_way_round", "`swap >> cons` takes the two in this order", replaced("= cons", "= swap >> cons")),
    ("two_lists_added", "`zip >> map(add)` does it to each pair of elements", replaced("= add", "= zip >> map(add)")),
    ("two_lists_of_one_length", "`zip >> both` goes as far as both of them do", replaced("= both", "= zip >> both")),
    ("morphism_of_elements_on_a_list", "`map(affine)` does it to each element of the list",
     replaced("= affine", "= map(affine)")),
    ("pattern_on_a_list", "name it, `morphism f[n] : ...`, generic in the axis", replaced(
        "= reduce(sum, n d -> d)", "= summed morphism summed[n] : R[n, 3] -> R[3] = reduce(sum, n d -> d)")),
    ("elements_of_a_colour", "`map(Kelvin.carrier)` fits behind it", replaced("= id", "= id >> map(Kelvin.carrier)")),
    ("flip_of_a_list", "`reverse` turns a list around", replaced("= flip", "= reverse")),
    ("morphism_comes_in", "take a morphism as a parameter: `(f : R[3] -> R[2])`",
     replaced(" : R[2]^R[3] * R[3] -> R[2] = uncurry(id)", "(f : R[3] -> R[2]) : R[3] -> R[2] = f")),
    ("functor_as_object", "and so is the fixed point `mu ListF[R[2]]`", replaced("= ListF[", "= mu ListF[")),
    ("applied_functor_as_functor", "the endofunctor is `TreeF[R[3]]` alone", replaced("(R[4])", "")),
    ("unknown_functor", "did you mean `ListF`?", replaced("ListG", "ListF")),
    ("unused_generic_of_a_functor", "remove it", replaced("[A, B]", "[A]")),
    ("list_in_brackets", "write `List(R[3])`", replaced("List[R[3]]", "List(R[3])")),
    ("list_of_two", "write `List(R[3] * R[4])`", replaced("R[3], R[4]", "R[3] * R[4]")),
    ("list_as_functor_in_brackets", "lists of `R[3]` are the object `List(R[3])`",
     replaced("mu List[R[3]]", "List(R[3])")),
    ("model_operation_without_its_model", "did you mean `Sum.e`?", replaced("zero, m = (x, y) |-> add(x, e())",
                                                                            "zero, m = (x, y) |-> add(x, Sum.e())")),
    ("model_of_an_unknown_theory", "did you mean `Monoid`?", replaced("Monoids", "Monoid")),
    ("model_lacks", "add `e = ...`", replaced("m = add", "e = zero, m = add")),
    ("theory_law_variable_not_declared", "`law a (x : A) : ...`", replaced("law a :", "law a (x : A) :")),
    ("theory_law_with_equals", "write `==`", replaced("f(x) = x", "f(x) == x")),
    ("theory_law_of_any_type", "`law name (x : M) : f(x) == g(x)`", replaced("id == id", "f == f")),
    ("theory_without_braces", "stands in braces, with commas between", replaced(
        "Monoid\n    sort M,\n    op m : M * M -> M", "Monoid { sort M, op m : M * M -> M }")),
    ("theory_sorts_in_one", "each entry has its word: `sort M`", replaced("sort M, N", "sort M, sort N")),
    ("theory_without_commas", "put one in front of this", replaced("sort M\n", "sort M,\n")),
    ("theory_with_an_operation", "`op f : A -> B`", replaced("operation m", "op m")),
    ("model_of", "`model Sum : Monoid { ... }`", replaced("Sum of", "Sum :")),
    ("model_without_commas", "put one in front of this", replaced("R[]\n", "R[],\n")),
    ("one_axis_too_many", "`reduce(sum, a ->)` takes the axis away", replaced(
        ">> sigmoid", ">> sigmoid >> reduce(sum, a ->)")),
    ("one_axis_too_few", "`repeat(-> a)` puts the axis there", replaced(">> sigmoid", ">> sigmoid >> repeat(-> a)")),
    ("law_not_known", "`allow E1006 \"reason\"` above `Parallel`",
     replaced("model Parallel", 'allow E1006 "known"\nmodel Parallel')),
    ("allow_of_no_code", "did you mean `E0205`?", replaced("E0250", "E0205")),
    ("allow_of_an_error", "only `E0203` (a name that hides another), `E0205`",
     lambda text: text.replace("E0302", "E0205").replace("f :", "f[n] :").replace("R[4]", "R[3]")),
    ("allow_without_a_reason", "write why: `allow E0205 \"...\"`", replaced("E0205", 'E0205 "..."')),
    ("allow_with_a_blank_reason", "write why: `allow E0205 in file \"...\"`", replaced('"  "', '"..."')),
    ("allow_with_a_reason_that_is_none", "has one reason: `allow E0205 \"...\"`", replaced("kept", '"kept"')),
    ("allow_twice", "remove it",
     lambda text: text.replace('allow E0205 "kept too"\n', "").replace('allow E0205 in file "kept"\n', "")),
    ("allow_not_needed_in_the_file", "remove it", replaced('allow E0203 in file "kept"\n', "")),
    ("let_hides_an_instance", "choose another name",
     lambda text: text.split("\n", 1)[1].replace("(let g = relu >> g in g)", "(let k = relu >> g in k)")),
    ("argument_is_missing", "write `scale[factor = ...]`", replaced("= scale", "= scale[factor = 2]")),
]


@pytest.mark.parametrize(("name", "help", "edit"), FOLLOWED, ids=[name for name, *_ in FOLLOWED])
def test_followed_help_leaves_nothing_to_be_said(name: str, help: str, edit: Callable[[str], str]) -> None:
    text = (FOLDER / f"{name}.cat").read_text(encoding="utf-8")
    assert help in (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert [found.headline for found in check_source(Source(f"{name}.cat", None, edit(text))).bag] == []
