"""Protects soundness: what must be refused is, by whatever way it comes in; what must be accepted is too."""

from __future__ import annotations

from pathlib import Path

import pytest

from catlang.checker.conditions import shown_type
from catlang.checking import check_file, check_source
from catlang.span import Source


def codes(text: str) -> list[str]:
    return [found.code for found in check_source(Source("m.cat", None, text)).bag]


ACCEPTED = {
    "a pattern reaches every factor of a product": """
        morphism f[n] : (R[n] * Fin[3])^(2, 4) -> (R[n] * Fin[3])^(4, 2) = rearrange(a b -> b a)""",
    "a product of sums is a difference of squares": "morphism f[a] : R[(a + 1)*(a - 1)] -> R[a^2 - 1] = id",
    "a divisor comes back": "morphism f[d, h] : R[h*(d // h)] -> R[d] = id where h divides d",
    "a divisor of a quotient": """
        morphism g[a, c] : R[a] -> R[a] = id where c divides a
        morphism f[a, b, c] : R[a // b] -> R[a // b] = g[_, c] where b*c divides a""",
    "halves of an even size": "morphism f[n] : R[n//2 + n//2] -> R[n] = id where 2 divides n",
    "a strided convolution and its padding": "morphism f[n] : R[3, n] -> R[8, n] = conv1d[_, _, 3, left = 1]",
    "the power functor preserves products": "morphism f[n, a, b] : R[n, a] * R[n, b] -> (R[a] * R[b])^n = id",
    "a generic object used as numbers is an array": """
        morphism r[A](g : A -> A) : A -> A = (id, g) >> add
        morphism f : R[2, 3] -> R[2, 3] = r(relu)""",
    "a generic choice is held to what it can be": """
        morphism padded[mode : choice(constant, circular), n] : R[n] -> R[n + 2] = pad[1, 1, mode = mode]
        morphism f : R[1] -> R[3] = padded[constant]""",
    "sizes of a shared instance agree": "morphism f : R[3] -> R[3] = affine as a >> relu >> affine as a",
}

REFUSED = {
    "a generic choice may be any that it can be": ("E0403", """
        morphism padded[mode : choice(constant, reflect), n] : R[n] -> R[n + 2] = pad[1, 1, mode = mode]
        morphism f : R[1] -> R[3] = padded[constant]"""),
    "a param that can be what a choice cannot": ("E0507", """
        param how : choice(constant, mirror) = constant
        morphism f : R[8] -> R[10] = pad[1, 1, mode = how]"""),
    "a divisor without its condition": ("E0302", "morphism f[d, h] : R[h*(d // h)] -> R[d] = id"),
    "halves of any size": ("E0302", "morphism f[n] : R[n//2 + n//2] -> R[n] = id"),
    "two generics are not one": ("E0302", "morphism f[n, m] : R[n] -> R[m] = relu"),
    "a generic object is no particular array": ("E0301", "morphism f[A] : A -> A = relu >> affine"),
    "a nominal colour is not its carrier": ("E0302", "object K : R[1] morphism f : K -> R[1] = id"),
    "two nominal colours": ("E0302", "object K : R[1] object L : R[1] morphism f : K -> L = id"),
    "a nominal colour where numbers are used": ("E0303", """
        object K : R[1]
        morphism r[A](g : A -> A) : A -> A = (id, g) >> add
        morphism f : K -> K = r(id)"""),
    "the same, given in brackets": ("E0504", """
        object K : R[1]
        morphism r[A](g : A -> A) : A -> A = (id, g) >> add
        morphism f : K -> K = r[K](id)"""),
    "a product is not flat": ("E0302", "morphism f[a] : (R[a] * R[a]) * R[a] -> R[a] * (R[a] * R[a]) = id"),
    "a set of another size": ("E0302", "morphism f : Fin[3] -> Fin[4] = id"),
    "no broadcasting": ("E0303", "morphism f[n] : R[n, 3] * R[3] -> R[n, 3] = add"),
    "a shared instance of two sizes": (
        "E0601", "morphism f : R[3] -> R[4] * R[5] = (affine[_, 4] as a, affine[_, 5] as a)"),
    "what is repeated must give what it takes": ("E0310", "morphism f : R[3] -> R[4] = affine[3, 4]^2"),
    "a convolution larger than its input": (
        "E0403", "morphism f : R[3, 4] -> R[8, 1] = conv1d[_, _, 5, right = 0, left = 0]"),
    "a negative slice": ("E0403", "morphism f : R[5] -> R[5] = slice[3, 8]"),
    "groups that do not divide": ("E0403", "morphism f : R[3, 8] -> R[4, 6] = conv1d[_, _, 3, groups = 2]"),
    "the largest of none": ("E0403", "morphism f : R[0, 2] -> R[2] = reduce(max, n d -> d)"),
    "division by what may be zero": ("E0407", "dim past >= 0 morphism f : R[6 // past] -> R[6 // past] = id"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_holds_is_accepted(name: str) -> None:
    assert codes(ACCEPTED[name]) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_need_not_hold_is_refused(name: str) -> None:
    code, text = REFUSED[name]
    assert code in codes(text)


def test_a_condition_is_passed_on_to_who_uses_it() -> None:
    """An inferred condition of a morphism becomes one of its user's, and is refused where it is false."""
    module = check_source(Source("m.cat", None, """
        morphism f[n] : R[1, n] -> R[1, n - 2] = conv1d[_, _, 3]
        morphism g[m] : R[1, 2*m] -> R[1, 2*m - 2] = f
        morphism h : R[1, 2] -> R[1, 1] = conv1d[_, _, 2] >> id
        morphism bad : R[1, 2] -> R[1, 1] = f >> pad[1]
    """))
    assert "where n - 2 >= 1" in shown_type(module.scope.names["f"])
    assert "where 2*m - 2 >= 1" in shown_type(module.scope.names["g"])
    assert [found.code for found in module.bag] == ["E0403"]


def test_there_is_no_largest_of_nothing() -> None:
    module = check_source(Source("m.cat", None, """
        morphism f[n : nat] : R[n, 2] -> R[2] = reduce(max, n d -> d)
        morphism g[n] : R[n, 2] -> R[2] = reduce(mean, n d -> d)
        morphism h[n : nat] : R[n, 2] -> R[2] = reduce(sum, n d -> d)
    """))
    assert [shown_type(module.scope.names[name]).partition(" where ")[2] for name in "fgh"] == ["n >= 1", "", ""]


def test_what_a_file_assumes_of_its_dims_must_hold_of_what_is_given(tmp_path: Path) -> None:
    (tmp_path / "heads.cat").write_text("""
dim d, h where h divides d
morphism split[n] : R[n, d] -> R[h, n, d // h] = rearrange(n (h k) -> h n k)
""")
    main = tmp_path / "main.cat"
    main.write_text("""
import "heads.cat" (d = 7, h = 2) as odd
import "heads.cat" (d = 8, h = 2) as even
import "heads.cat" as any
morphism f : R[3, 8] -> R[2, 3, 4] = even.split
morphism g : R[3, any.d] -> R[any.h, 3, any.d // any.h] = any.split
morphism bad : R[3, 7] -> R[2, 3, 3] = odd.split
""")
    found = list(check_file(str(main)).bag)
    assert [(one.code, one.span.place.split(":")[-2]) for one in found] == [("E0403", "7")]


def test_a_dim_that_may_be_zero_is_not_given_for_one_that_may_not(tmp_path: Path) -> None:
    (tmp_path / "a.cat").write_text("dim d\nmorphism f : R[d] -> R[d] = id\n")
    main = tmp_path / "main.cat"
    main.write_text('import "a.cat" (d = past) as a\ndim past >= 0\nmorphism g : R[past] -> R[past] = a.f\n')
    assert "E0405" in [one.code for one in check_file(str(main)).bag]


def test_a_mismatch_gives_one_message() -> None:
    assert codes("morphism f[d] : R[d] -> R[d] = affine[_, 128] >> layer_norm[64] >> relu >> softmax") == ["E0301"]


def test_the_objects_of_an_import_are_at_the_sizes_given_for_it(tmp_path: Path) -> None:
    (tmp_path / "a.cat").write_text("""
dim d
object Row = R[d]
object Rows[n] = R[n, d]
object Own : R[d]
object Twice : Own * Own
morphism f : Row -> Row = linear
morphism g : Own -> Own = Own.carrier >> f >> Own
""")
    main = tmp_path / "main.cat"
    main.write_text("""
import "a.cat" (d = 2*n) as a
import "a.cat" (d = 4*n) as b
import "a.cat" (d = 5)
dim n
morphism rows : a.Rows[3] * Row * Rows[2] -> R[3, 2*n] * R[5] * R[2, 5] = each(a.f) * f * each(f)
morphism own : Own -> R[5] = g >> Own.carrier
morphism inside : R[2*n] * R[2*n] -> a.Twice = a.Own * a.Own >> a.Twice
morphism other : a.Own -> b.Own = a.g
morphism wrong : b.Own -> R[2*n] = b.Own.carrier
""")
    module = check_file(str(main))
    assert [(one.code, one.span.place.split(":")[-2]) for one in module.bag] == [("E0302", "9"), ("E0302", "10")]
