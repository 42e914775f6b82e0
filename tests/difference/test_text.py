"""What `catlang diff` says, word for word: one edit each, by the construct that it is an edit of.

Each case is a file before and after an edit, the lines that are told, and whether the edit breaks anything. What does
not change the meaning is told by one line, that nothing changed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from catlang.command import main

HEADER = "dim n, d\ndim h = 4\nparam p : real = 0.1\nobject Hidden = R[d]\n"
NOTHING = "nothing changed in meaning\n"

#: Before, after, what is told, the exit code.
EDITS: dict[str, tuple[str, str, str, int]] = {
    "layout, comments and order": (
        "morphism f : R[d] -> R[d] = relu >> tanh\nmorphism g : R[d] -> R[d] = f >> affine",
        "# new\nmorphism g : R[d] -> R[d]\n\t= f   >> affine # there\n\nmorphism f : Hidden -> R[d] = (relu >> tanh)",
        NOTHING, 0),
    "variables": (
        "morphism f : R[d] * R[d] -> R[d] = (x, y) |-> add(x, mul(y, x))",
        "morphism f : R[d] * R[d] -> R[d] = (y, z) |-> let w = mul(z, y) in add(y, w)", NOTHING, 0),
    "a morphism of any endofunctor": (
        "morphism f[F : endofunctor, X](a : F(X) -> X) : mu F -> X = fold(a)",
        "morphism f[F : endofunctor, X](a : F(X) -> X) : mu F -> X =\n  fold(a)", NOTHING, 0),
    "a helper without weights, written out": (
        "morphism act : R[d] -> R[d] = relu >> tanh\nmorphism f : R[d] -> R[d] = affine >> act",
        "morphism act : R[d] -> R[d] = relu >> tanh\nmorphism f : R[d] -> R[d] = affine >> relu >> tanh", NOTHING, 0),
    "a helper with weights, written out under its addresses": (
        "morphism block : R[d] -> R[d] = affine as up >> relu\nmorphism f : R[d] -> R[d] = block as first",
        "morphism block : R[d] -> R[d] = affine as up >> relu\n"
        "morphism f : R[d] -> R[d] = (affine as up >> relu) as first",
        NOTHING, 0),
    "a morphism that is new": (
        "morphism f : R[d] -> R[d] = relu", "morphism f : R[d] -> R[d] = relu\nmorphism g : R[d] -> R[d] = tanh",
        "morphism `g`: added\n\n1 declaration changed, none of them breaking\n", 0),
    "a morphism that is gone": (
        "morphism f : R[d] -> R[d] = relu\nmorphism g : R[d] -> R[d] = tanh", "morphism f : R[d] -> R[d] = relu",
        "morphism `g`: removed (breaking)\n\n1 declaration changed, 1 of them breaking\n", 1),
    "another name": (
        "morphism f : R[d] -> R[d] = affine", "morphism g : R[d] -> R[d] = affine",
        "morphism `g`: renamed, was `f` (breaking)\n\n1 declaration changed, 1 of them breaking\n", 1),
    "another type": (
        "morphism f : R[d] -> R[d] = relu", "morphism f : R[n, d] -> R[n, d] = relu",
        "morphism `f`: changed\n  type (breaking)\n    - R[d] -> R[d]\n    + R[n, d] -> R[n, d]\n"
        "  diagram: the same boxes, of other sizes or joined otherwise\n"
        "  cost `operations`: d -> d*n\n  cost `bytes of activations`: 4*d -> 4*d*n\n\n"
        "1 declaration changed, 1 of them breaking\n", 1),
    "a condition more": (
        "morphism f[m] : R[m] -> R[m] = relu", "morphism f[m] : R[m] -> R[m] = relu where 2 <= m",
        "morphism `f`: changed\n  condition + 2 <= m (breaking)\n\n1 declaration changed, 1 of them breaking\n", 1),
    "a condition less": (
        "morphism f[m] : R[m] -> R[m] = relu where 2 <= m", "morphism f[m] : R[m] -> R[m] = relu",
        "morphism `f`: changed\n  condition - 2 <= m\n\n1 declaration changed, none of them breaking\n", 0),
    "a generic's name": (
        "morphism f[m] : R[m] -> R[m] = affine", "morphism f[k] : R[k] -> R[k] = affine",
        "morphism `f`: changed\n  generics called: m -> k\n\n1 declaration changed, none of them breaking\n", 0),
    "a label": (
        "morphism f : R[d] -> R[d] = affine as head", "morphism f : R[d] -> R[d] = affine as out",
        "morphism `f`: changed\n  a checkpoint of the old one loads with\n    [rename]\n"
        '    "out.weight" = "head.weight"\n    "out.bias" = "head.bias"\n\n'
        "1 declaration changed, none of them breaking\n", 0),
    "two labels exchanged": (
        "morphism f : R[d] -> R[d] = affine[d, d] as a >> affine as b",
        "morphism f : R[d] -> R[d] = affine[d, d] as b >> affine as a",
        "morphism `f`: changed\n  a checkpoint of the old one loads with\n    [rename]\n"
        '    "b.weight" = "a.weight"\n    "b.bias" = "a.bias"\n    "a.weight" = "b.weight"\n    "a.bias" = "b.bias"\n\n'
        "1 declaration changed, none of them breaking\n", 0),
    "a shape": (
        "morphism f : R[d] -> R[d] = linear[_, 2*d] as up >> linear as down",
        "morphism f : R[d] -> R[d] = linear[_, 3*d] as up >> linear as down",
        "morphism `f`: changed\n  weight `up.weight`: R[2*d, d] -> R[3*d, d] (breaking)\n"
        "  weight `down.weight`: R[d, 2*d] -> R[d, 3*d] (breaking)\n"
        "  diagram: the same boxes, of other sizes or joined otherwise\n"
        "  cost `parameters`: 4*d^2 -> 6*d^2\n  cost `FLOPs`: 8*d^2 -> 12*d^2\n  cost `operations`: 8*d^2 -> 12*d^2\n"
        "  cost `bytes of weights`: 16*d^2 -> 24*d^2\n  cost `bytes of activations`: 12*d -> 16*d\n"
        "  a checkpoint of the old one does not load: 2 weights missing, 2 left over (breaking)\n\n"
        "1 declaration changed, 1 of them breaking\n", 1),
    "sharing": (
        "morphism f : R[d] -> R[d] = linear[d, d] as a >> linear as b",
        "morphism f : R[d] -> R[d] = let a = linear[d, d] in a >> a",
        "morphism `f`: changed\n  weight `b.weight`: - R[d, d] (breaking)\n"
        "  diagram: -weight\n  sharing `a`: used by 1 -> used by 2\n"
        "  cost `parameters`: 2*d^2 -> d^2\n  cost `bytes of weights`: 8*d^2 -> 4*d^2\n"
        "  a checkpoint of the old one does not load: 0 weights missing, 1 left over (breaking)\n\n"
        "1 declaration changed, 1 of them breaking\n", 1),
    "copies tied": (
        "morphism f : R[d] -> R[d] = linear^h", "morphism f : R[d] -> R[d] = linear^h along copy",
        "morphism `f`: changed\n  weight `power_0.linear_0.weight`: + R[d, d] (breaking)\n"
        "  weight `power_0.{i}.linear_0.weight`: - R[d, d], 4 of them (breaking)\n"
        "  diagram: +tied\n  sharing `power_0`: + used by 4\n"
        "  cost `parameters`: 4*d^2 -> d^2\n  cost `bytes of weights`: 16*d^2 -> 4*d^2\n"
        "  a checkpoint of the old one does not load: 1 weight missing, 1 left over (breaking)\n\n"
        "1 declaration changed, 1 of them breaking\n", 1),
    "another 2-cell": (
        "morphism f : R[d] -> R[d] = linear as g along (W : R[d, d]) |-> add(W, transpose(W))",
        "morphism f : R[d] -> R[d] = linear as g along (W : R[d, d]) |-> sub(W, transpose(W))",
        "morphism `f`: changed\n  diagram: -add, +sub\n\n1 declaration changed, none of them breaking\n", 0),
    "an initialiser": (
        "morphism f : R[d] -> R[d] = linear as g", "morphism f : R[d] -> R[d] = linear as g init normal(0, 0.02)",
        "morphism `f`: changed\n  initialiser `g.weight`: as PyTorch has it -> normal(0.0, 0.02)\n\n"
        "1 declaration changed, none of them breaking\n", 0),
    "noise": (
        "morphism f : R[d] -> R[d] = dropout[p] >> relu",
        "morphism f : R[d] -> R[d] = dropout[p] >> relu >> dropout[p]",
        "morphism `f`: changed\n  diagram: +dropout\n  noise `dropout`: 1 -> 2\n\n"
        "1 declaration changed, none of them breaking\n", 0),
    "one draw for two": (
        "morphism f : R[d] -> R[d] * R[d] = (dropout, dropout)", "morphism f : R[d] -> R[d] * R[d] = dropout >> copy",
        "morphism `f`: changed\n  diagram: -dropout\n  noise `dropout`: 2 -> 1\n\n"
        "1 declaration changed, none of them breaking\n", 0),
    "state": (
        "morphism f : R[d] -> R[d] = affine as a >> relu",
        "morphism f : R[d] -> R[d] = affine as a >> batch_norm as b >> relu",
        "morphism `f`: changed\n  weight `b.weight`: + R[d] (breaking)\n  weight `b.bias`: + R[d] (breaking)\n"
        "  weight `b.running_mean`: + R[d], buffer (breaking)\n  weight `b.running_var`: + R[d], buffer (breaking)\n"
        "  weight `b.num_batches_tracked`: + R[], buffer (breaking)\n"
        "  diagram: +batch_norm, +weight\n"
        "  cost `parameters`: d^2 + d -> d^2 + 3*d\n  cost `operations`: 2*d^2 + 2*d -> 2*d^2 + 8*d\n"
        "  cost `bytes of weights`: 4*d^2 + 4*d -> 4*d^2 + 20*d + 4\n  cost `bytes of activations`: 8*d -> 12*d\n"
        "  cost `depth`: 2 -> 3\n"
        "  a checkpoint of the old one does not load: 5 weights missing, 0 left over (breaking)\n\n"
        "1 declaration changed, 1 of them breaking\n", 1),
    "a param's default": (
        "morphism f : R[d] -> R[d] = scale[p]\nparam q : real = 0.5",
        "morphism f : R[d] -> R[d] = scale[p]\nparam q : real",
        "param `q`: changed\n  default: - 0.5 (breaking)\n\n1 declaration changed, 1 of them breaking\n", 1),
    "a param put in": (
        "morphism f : R[d] -> R[d] = scale[p]", "morphism f : R[d] -> R[d] = scale[0.1]",
        "morphism `f`: changed\n  diagram: the same boxes, of other sizes or joined otherwise\n\n"
        "1 declaration changed, none of them breaking\n", 0),
    "a dim with a value": (
        "dim k\nmorphism f : R[d] -> R[d] = relu", "dim k = 3\nmorphism f : R[d] -> R[d] = relu",
        "dim `k`: changed\n  type (breaking)\n    - open, >= 1\n    + = 3\n\n"
        "1 declaration changed, 1 of them breaking\n", 1),
    "an object": (
        "object Kelvin : R[1]", "object Kelvin : R[2]",
        "object `Kelvin`: changed\n  type (breaking)\n    - : R[1]\n    + : R[2]\n\n"
        "1 declaration changed, 1 of them breaking\n", 1),
    "an endofunctor, and a fold over it": (
        "endofunctor F[A](X) = 1 + A * X\nmorphism f : mu F[R[d]] -> R[d] = fold([zero, add])",
        "endofunctor F[A](X) = A + A * X\nmorphism f : mu F[R[d]] -> R[d] = fold([id, add])",
        "endofunctor `F`: changed\n  type (breaking)\n    - (X |-> 1 + A * X)\n    + (X |-> A + A * X)\n"
        "morphism `f`: changed\n  type (breaking)\n    - mu F[R[d]] -> R[d]\n    + mu F[R[d]] -> R[d]\n"
        "  diagram: -scan, -zero, +fold\n  cost `operations`: d*length -> d*nodes1\n"
        "  cost `bytes of activations`: 4*d*length + 4*d -> 4*d*nodes1\n  cost `depth`: length + 1 -> height\n\n"
        "2 declarations changed, 2 of them breaking\n", 1),
    "a combinator": (
        "morphism twice[A](f : A -> A) : A -> A = f >> f",
        "morphism twice[A](f : A -> A) : A -> A = let g = f in g >> g",
        "morphism `twice`: changed\n  diagram: -weight\n\n1 declaration changed, none of them breaking\n", 0),
    "a body for evaluation": (
        "morphism f : R[n] -> R[n] = x |-> add(x, normal()) in eval id",
        "morphism f : R[n] -> R[n] = x |-> add(x, normal()) in eval relu",
        "morphism `f`: changed\n  diagram: +relu\n  cost `operations`: 0 -> n\n"
        "  cost `bytes of activations`: 0 -> 4*n\n  cost `depth`: 0 -> 1\n\n"
        "1 declaration changed, none of them breaking\n", 0),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after, told, code = EDITS[name]
    (tmp_path / "old.cat").write_text(HEADER + before + "\n")
    (tmp_path / "new.cat").write_text(HEADER + after + "\n")
    found = main(["diff", str(tmp_path / "old.cat"), str(tmp_path / "new.cat")])
    out, err = capsys.readouterr()
    assert err == ""
    assert out == told
    assert found == code


def test_few_lines_that_make_very_much_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["morphism m0 : R[3] -> R[3] = affine"]
    lines += [f"morphism m{n} : R[3] -> R[3] = m{n - 1} >> m{n - 1}" for n in range(1, 40)]
    (tmp_path / "old.cat").write_text("\n".join(lines))
    (tmp_path / "new.cat").write_text("\n".join(lines).replace("affine", "affine # the same"))
    assert main(["diff", str(tmp_path / "old.cat"), str(tmp_path / "new.cat"), "--name", "m39"]) == 0
    assert capsys.readouterr().out == NOTHING
    (tmp_path / "new.cat").write_text("\n".join(lines).replace("affine", "affine >> relu"))
    assert main(["diff", str(tmp_path / "old.cat"), str(tmp_path / "new.cat"), "--name", "m39"]) == 0
    assert "diagram: it is spelled otherwise, or something that it mentions is" in capsys.readouterr().out
