"""Whatever stands in a file or at a path, the command answers soon, by a diagnostic with a place, never a traceback.

Each case runs in a process of its own, as a user would run it: a crash of the interpreter or a hang shows here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catlang.checking import check_source
from catlang.span import Source

REPOSITORY = Path(__file__).parents[2]
#: Seconds; a case takes a fraction of one, the rest is for a machine that is busy.
PATIENCE = 8
MANY = 10_000
BODY = "morphism f : R[3] -> R[3] = "
CHAIN = ["morphism f0 : R[3] -> R[3] = relu\n",
         *(f"morphism f{i} : R[3] -> R[3] = f{i - 1} >> f{i - 1}\n" for i in range(1, 5_000))]

LIST = "endofunctor ListF[A](X) = 1 + A * X\n"
STREAM = "endofunctor Stream(X) = R[3] * X\ncoalgebra c : R[4] -> Stream(R[4]) = (affine, id)\n"
LISTS = "List(" * 10 + "R[3]" + ")" * 10

#: Text, and the code of the one mistake in it; None where there is none.
TEXTS: dict[str, tuple[str, str | None]] = {
    "parentheses": (BODY + "(" * MANY + "relu" + ")" * MANY, "E0106"),
    "parentheses that are never closed": (BODY + "(" * MANY, "E0106"),
    "brackets": (BODY + "[" * MANY + "relu" + "]" * MANY, "E0106"),
    "brackets behind one another": ("object A = R" + "[2]" * MANY, "E0106"),
    "braces": ("theory T " + "{" * MANY, None),
    "minus": ("dim n = " + "-" * MANY + "3", "E0106"),
    "powers": ("dim n = 2" + "^2" * MANY, "E0106"),
    "powers of a morphism": (BODY + "relu" + "^2" * MANY, "E0106"),
    "lambdas": (BODY + "x |-> " * MANY + "x", "E0106"),
    "lets": (BODY + "".join(f"let x{i} = relu in " for i in range(MANY)) + "relu", "E0106"),
    "one let": (BODY + "let " + ", ".join(f"x{i} = relu" for i in range(MANY)) + " in relu", "E0106"),
    "applications": (BODY + "x |-> " + "relu(" * MANY + "x" + ")" * MANY, "E0106"),
    "combinators": ("morphism r(g : R[3] -> R[3]) : R[3] -> R[3] = g\n" + BODY + "r(" * 140 + "relu" + ")" * 140, None),
    "attributes": (BODY + "a" + ".b" * MANY, "E0106"),
    "labels": (BODY + "relu" + " as b" * MANY, "E0106"),
    "reparameterisations": (BODY + "relu along " * MANY + "relu", "E0106"),
    "fixed points": ("object A = " + "mu " * MANY + "R[3]", "E0106"),
    "groups of axes": (BODY + "rearrange(" + "(" * MANY + "a" + ")" * MANY + " -> a)", "E0106"),
    "a long chain": (BODY + " >> ".join(["relu"] * MANY), None),
    "a wide product": ("object A = " + " * ".join(["R[3]"] * 9_000), None),
    "a wide sum": ("object A = " + " + ".join(["R[3]"] * 9_000), None),
    "a product too wide": ("object A = " + " * ".join(["R[3]"] * 11_000), "E0410"),
    "objects that double": ("object A0 = R[3]\n" + "".join(f"object A{i} = A{i - 1} * A{i - 1}\n"
                                                           for i in range(1, 60)), "E0410"),
    "pairs that double": (BODY + "(id, id) >> " * 60 + "drop", "E0410"),
    "elements that double": (BODY + "x0 |-> " + "".join(f"let x{i} = (x{i - 1}, x{i - 1}) in " for i in range(1, 60))
                             + "x0", "E0410"),
    "a size of thirty digits": (f"dim n = {10**29}\nobject A = R[n]\nmorphism f : A -> A = relu", "E0406"),
    "ten to the thirtieth": ("dim n = 10^30\nobject A = R[n]\nmorphism f : A -> A = relu", "E0406"),
    "a number of a megabyte": ("dim n = " + "1" * 1_000_000, "E0107"),
    "a real beyond all reals": ("param p : real = 1e400", "E0107"),
    "a billion copies": (BODY + "relu^1000000000", "E0409"),
    "a tower of powers": ("dim n = 2^10^9", "E0406"),
    "an enormous exponent": ("dim n = 2^(10^9)", "E0406"),
    "an enormous exponent of a dim": ("dim a\ndim n = a^1000000000\nobject A = R[n]", "E0406"),
    "a polynomial of high degree": ("dim a, b\ndim n = (a + b)^300", None),
    "a polynomial of many terms": ("dim a, b, c, d, e\ndim n = (a + b + c + d + e)^50", "E0406"),
    "quotients in quotients": ("dim a\ndim n = " + "(" * 40 + "a" + "//2 + 1)" * 40
                               + "\nmorphism f : R[n] -> R[n + 1] = id", "E0302"),
    "many quotients": ("dim a, b\nmorphism f : R[" + " + ".join(f"(a + {i})//(b + {i})" for i in range(100))
                       + "] -> R[b] = id", "E0302"),
    "sums of cubes": ("dim x, y, z\nmorphism f : R[x^3 + y^3] -> R[z^3] = id", "E0302"),
    "products of many dims": ("dim a, b, c, d, e, f\nmorphism g : R[a*b*c*d*e*f] -> R[(a + b)*(c + d)*(e + f)] = id",
                              "E0302"),
    "a word of Python": ("dim class", "E0208"),
    "a name with two underscores": ("morphism __class__ : R[3] -> R[3] = relu", "E0208"),
    "a label with two underscores": (BODY + "affine as __init__", "E0208"),
    "two names that fold into one": ("object ﬁn = R[3]\nobject fin = R[4]", "E0202"),
    "a bidirectional control": ("dim n # \u202e nothing to see", "E0007"),
    "a terminal's control": ("dim n # \x1b[2J", "E0008"),
    "a definition by itself": ("morphism f : R[3] -> R[3] = f", "E0206"),
    "a dim by itself": ("dim n = n", "E0206"),
    "an object by itself": ("object A = A * A", "E0206"),
    "a combinator applied to itself": ("morphism f[A](g : A -> A) : A -> A = f(f(g))", "E0206"),
    "a chain of definitions": ("".join(CHAIN), None),
    "a chain of definitions, last first": ("".join(reversed(CHAIN)), None),
    "a chain of definitions with a mistake": ("".join(CHAIN).replace("relu", "affine[_, 4]"), "E0302"),
    "objects in a chain, last first": ("".join(f"object A{i} = A{i - 1}\n" for i in range(4_999, 0, -1))
                                       + "object A0 = R[3]", None),
    "dims in a chain": ("dim n0\n" + "".join(f"dim n{i} = n{i - 1} + 1\n" for i in range(1, 5_000)), None),
    "dims that square": ("dim n0\n" + "".join(f"dim n{i} = n{i - 1} * n{i - 1}\n" for i in range(1, 60)), "E0406"),
    "endofunctors that double": ("endofunctor F0(X) = X * X\n" + "".join(
        f"endofunctor F{i} = F{i - 1} >> F{i - 1}\n" for i in range(1, 60)), "E0410"),
    "a thousand compositions": ("endofunctor M(X) = 1 + X\nendofunctor F0(X) = X\n" + "".join(
        f"endofunctor F{i} = F{i - 1} >> M\n" for i in range(1, 1_000)), None),
    "a composition of a thousand": ("endofunctor M(X) = 1 + X\nendofunctor F = " + " >> ".join(["M"] * 1_000)
                                    + "\nmorphism f : mu F -> mu F = id", "E0321"),
    "endofunctors in a chain, last first": ("".join(
        f"endofunctor F{i}(X) = F{i - 1}(X)\n" for i in range(999, 0, -1)) + "endofunctor F0(X) = 1 + X", None),
    "an endofunctor by itself": ("endofunctor F(X) = 1 + mu G * X\nendofunctor G = F >> F", "E0206"),
    "endofunctors at themselves": ("endofunctor F0[A](X) = A * X\n" + "".join(
        f"endofunctor F{i}[A](X) = F{i - 1}[F{i - 1}[A](X)](A)\n" for i in range(1, 30)), "E0410"),
    "fixed points at fixed points": ("endofunctor F0[A](X) = 1 + A * X\n" + "".join(
        f"endofunctor F{i}[A](X) = 1 + mu F{i - 1}[A] * mu F{i - 1}[X]\n" for i in range(1, 30)), "E0410"),
    "fixed points of lambdas": ("object A = " + "".join(f"mu (X{i} |-> 1 + X{i} * " for i in range(25)) + "R[3]"
                                + ")" * 25, None),
    "fixed points of lambdas, too many": ("object A = " + "mu (X |-> 1 + X * " * 100 + "R[3]" + ")" * 100, "E0106"),
    "fixed points of one another": ("endofunctor F0(X) = 1 + X\n" + "".join(
        f"endofunctor F{i}(X) = 1 + mu F{i - 1} * X\n" for i in range(1, 100)) + "object A = mu F99", None),
    "constructors that multiply": ("endofunctor P(X) = (" + " * ".join(["(1 + X)"] * 30)
                                   + ") * X\nmorphism f : mu P -> mu P = id", "E0321"),
    "constructors that are many": ("endofunctor P(X) = " + " + ".join(["X * X"] * 300)
                                   + "\nmorphism f : mu P -> mu P = id", "E0321"),
    "an algebra of many cases": ("endofunctor P(X) = " + " + ".join(["R[3] * X"] * 2_000)
                                 + "\nalgebra a : P(R[3]) -> R[3] = [" + ", ".join(["add"] * 2_000) + "]", None),
    "lists in lists": (f"morphism f : {LISTS} -> {LISTS} = " + "map(" * 10 + "relu" + ")" * 10, None),
    "lists in lists, too many": ("object A = " + "List(" * 100 + "R[3]" + ")" * 100, "E0410"),
    "lists of lists that double": ("object A0[A] = List(A)\n" + "".join(
        f"object A{i}[A] = A{i - 1}[A{i - 1}[A]]\n" for i in range(1, 20)), "E0410"),
    "lists of axis by axis": ("morphism f : R[" + ", ".join(["1"] * 20) + "] -> R[] = " + " >> ".join(
        "map(" * i + "to_list" + ")" * i for i in range(20)) + " >> length", "E0410"),
    "exponents of exponents": (BODY.replace("R[3] =", "^".join(["R[2]"] * 70) + " =") + "...", "E0207"),
    "an endofunctor on itself on itself": ("endofunctor M(X) = 1 + X\n" + BODY + "M(" * 70 + "relu" + ")" * 70,
                                           "E0303"),
    "a quintillion steps": (STREAM + f"morphism f : R[4] -> R[{10**18}, 3] = unfold[10^18](c)", None),
    "more steps than sizes": (STREAM + "morphism f : R[4] -> R[9, 3] = unfold[10^30](c)", "E0406"),
    "a thousand unfoldings, folded": (LIST + "coalgebra c : R[3] -> ListF[R[3]](R[3]) = (id, id) >> inr\n" + BODY
                                      + " >> ".join(["unfold[3](c) >> fold([zero, add])"] * 1_000), None),
    "a thousand algebras": (LIST + "".join(
        f"algebra a{i} : ListF[R[3]](R[3]) -> R[3] = [zero, add]\n"
        f"morphism f{i} : List(R[3]) -> R[3] = fold(a{i})\n" for i in range(1_000)), None),
    "a fold by itself": ("morphism f : List(R[3]) -> R[3] = fold(f)", "E0206"),
    "an algebra by its fold": (LIST + "algebra a : ListF[R[3]](R[3]) -> R[3] = [nil >> f, add]\n"
                               "morphism f : List(R[3]) -> R[3] = fold(a)", "E0206"),
    "a name for everything": ("endofunctor X(X) = X", "E0203"),
    "a name for two things": ("endofunctor F[X](X) = X", "E0202"),
    "a list called List": ("endofunctor List[List](List) = List", "E0203"),
    "a comment of a megabyte": ("#" * 1_000_000, None),
    "a name of a megabyte": ("object " + "A" * 1_000_000 + " = R[3]", None),
    "a path of a hundred kilobytes": ('import "' + "a" * 100_000 + '" as a', "E0701"),
    "a path with a NUL escape": ('import "a\\0b" as a', "E0701"),
    "nothing": ("", None),
    "spaces": (" " * 1_000_000, None),
}


def run(*arguments: str, folder: Path) -> tuple[int, str]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-m", "catlang", "check", *arguments, "--format", "concise", "--quiet"],
                          capture_output=True, text=True, encoding="utf-8", timeout=PATIENCE, cwd=folder,
                          env=environment)
    assert done.stderr == ""
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str, tmp_path: Path) -> None:
    text, code = TEXTS[name]
    (tmp_path / "bad.cat").write_text(text, encoding="utf-8")
    if name == "braces":
        assert run("bad.cat", folder=tmp_path)[0] == 1
        return
    status, said = run("bad.cat", folder=tmp_path)
    found = re.findall(r"^bad\.cat:\d+:\d+: error\[(E\d{4})\]", said, re.MULTILINE)
    assert found == ([code] if code else []), said[:500]
    assert status == (1 if code else 0)


def files(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.cat").write_text(text, encoding="utf-8")
    return folder


def codes(said: str) -> list[str]:
    return re.findall(r"error\[(E\d{4})\]", said)


def test_no_file(tmp_path: Path) -> None:
    assert run("nothing.cat", folder=tmp_path) == (1, "nothing.cat:1:1: error[E0001]: there is no file `nothing.cat`\n")


def test_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "bad.cat").write_bytes(b"dim n\nobject \xe9 = R[n]\n")
    status, said = run("bad.cat", folder=tmp_path)
    assert status == 1 and said.startswith("bad.cat:2:8: error[E0004]")


def test_a_nul_byte(tmp_path: Path) -> None:
    (tmp_path / "bad.cat").write_bytes(b"dim n\nobject \0A = R[n]\n")
    status, said = run("bad.cat", folder=tmp_path)
    assert status == 1 and said.startswith("bad.cat:2:8: error[E0005]")


def test_too_large(tmp_path: Path) -> None:
    (tmp_path / "bad.cat").write_bytes(b"#" * (16 * 1024 * 1024 + 1))
    assert codes(run("bad.cat", folder=tmp_path)[1]) == ["E0006"]


def test_every_byte_of_no_meaning(tmp_path: Path) -> None:
    (tmp_path / "bad.cat").write_bytes(bytes(range(128, 256)) * 100)
    assert codes(run("bad.cat", folder=tmp_path)[1]) == ["E0004"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_not_permitted(tmp_path: Path) -> None:
    files(tmp_path, bad="dim n\n")
    (tmp_path / "bad.cat").chmod(0)
    assert codes(run("bad.cat", folder=tmp_path)[1]) == ["E0003"]


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "bad.cat").symlink_to("bad.cat")
    assert codes(run("bad.cat", folder=tmp_path)[1]) == ["E0003"]


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    (tmp_path / "bad.cat").mkdir()
    files(tmp_path, main='import "bad.cat" as bad\n')
    assert codes(run("main.cat", folder=tmp_path)[1]) == ["E0701"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bad.cat")
    assert codes(run("bad.cat", folder=tmp_path)[1]) == ["E0002"]
    files(tmp_path, main='import "bad.cat" as bad\n')
    assert codes(run("main.cat", folder=tmp_path)[1]) == ["E0701"]


@pytest.mark.parametrize("length", [1, 2, 3, 200])
def test_imports_in_a_circle(length: int, tmp_path: Path) -> None:
    files(tmp_path, **{f"f{i}": f'import "f{(i + 1) % length}.cat" as next\ndim n\n' for i in range(length)})
    status, said = run("f0.cat", folder=tmp_path)
    assert status == 1 and codes(said) == ["E0702"]
    assert said.startswith(f"f{length - 1}.cat:1:8: ")
    assert codes(run(".", folder=tmp_path)[1]) == ["E0702"]


@pytest.mark.parametrize("path", ["../outside.cat", "sub/../../outside.cat", "{root}/outside.cat", "/etc/passwd",
                                  "link.cat", "folder/outside.cat"])
def test_nothing_outside_is_read(path: str, tmp_path: Path) -> None:
    secret = "object SECRET = R[3] this is read nowhere"
    files(tmp_path, outside=secret)
    inside = tmp_path / "project"
    inside.mkdir()
    (inside / "sub").mkdir()
    (inside / "link.cat").symlink_to(tmp_path / "outside.cat")
    (inside / "folder").symlink_to(tmp_path)
    files(inside, main=f'import "{path.format(root=tmp_path)}" as outside\n')
    status, said = run("main.cat", folder=inside)
    assert status == 1 and codes(said) == ["E0703"]
    assert "SECRET" not in said


def test_a_file_seen_by_two_names_is_one(tmp_path: Path) -> None:
    files(tmp_path, blocks="object A : R[3]\nmorphism f : A -> A = id\n", main='''
import "blocks.cat" as one
import "./blocks.cat" as two
morphism g : one.A -> two.A = one.f >> two.f
''')
    assert run("main.cat", folder=tmp_path) == (0, "")


def test_many_imports(tmp_path: Path) -> None:
    files(tmp_path, **{f"f{i}": f'import "f{i + 1}.cat" as next\ndim n{i}\n' for i in range(300)}, f300="dim n\n")
    assert run("f0.cat", folder=tmp_path) == (0, "")


@pytest.mark.parametrize("line", ["morphism f{i} : R[3] -> R[3] = reluu{i}", "morphism f{i} : Hiden{i} -> R[3] = relu"])
def test_very_many_unknown_names(line: str) -> None:
    """In time that grows as their number does: were each compared with all others, it would be ten times as much."""
    source = Source("bad.cat", None, "".join(f"{line.format(i=i)}\n" for i in range(MANY)))
    started = time.process_time()
    found = list(check_source(source).bag)
    assert time.process_time() - started < PATIENCE
    assert [one.code for one in found] == ["E0201"] * MANY
