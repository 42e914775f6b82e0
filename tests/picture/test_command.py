"""`catlang show` at the command line: what it writes where, in which form, what it refuses, and that it ends."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest

import catlang
from catlang.command import main

from .specs import NET, REPOSITORY


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "net.cat").write_text(NET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder: Path, *arguments: str, code: str | None = None) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own; ``code`` is what Python runs before it."""
    start = ["-m", "catlang"] if code is None else ["-c", f"{code}\nimport sys\nfrom catlang.command import main\n"
                                                    "sys.exit(main(sys.argv[1:]))"]
    environment = {**os.environ, "PYTHONPATH": str(Path(catlang.__file__).parents[1])}
    return subprocess.run([sys.executable, *start, "show", *arguments], cwd=folder, capture_output=True,
                          env=environment, timeout=120)


def test_text_is_printed(folder: Path) -> None:
    done = run(folder, "net.cat::mlp")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == """\
mlp : R[d] -> R[d]

 R[d]     ┌──────▼─┐ R[4*d]     ┌──────┐ R[4*d]     ┌──────▼─┐ R[d]
──────────┤ affine ├────────────┤ gelu ├────────────┤ affine ├──────────
          └────────┘            └──────┘            └────────┘

▼ weights
"""


def test_each_form_is_what_its_name_says(folder: Path) -> None:
    for name in ("a.svg", "a.HTML", "a.png", "a.txt", "b"):
        more = ["--format", "svg"] if name == "b" else []
        done = run(folder, "net.cat::net", "-o", name, *more)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b""), name
    for name in ("a.svg", "b"):
        assert ElementTree.parse(folder / name).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert (folder / "a.svg").read_bytes() == (folder / "b").read_bytes()
    assert (folder / "a.HTML").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    png = (folder / "a.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    svg = ElementTree.parse(folder / "a.svg").getroot()
    wide, high = struct.unpack(">II", png[16:24])
    assert abs(wide - 2 * float(svg.get("width", ""))) <= 2 and abs(high - 2 * float(svg.get("height", ""))) <= 2
    assert (folder / "a.txt").read_text(encoding="utf-8").startswith("net[n] : R[n, d] -> R[n, 10]\n")


def test_it_can_go_into_a_pipe(folder: Path) -> None:
    assert run(folder, "net.cat::net", "--format", "png").stdout.startswith(b"\x89PNG")
    assert run(folder, "net.cat::net", "--format", "svg", "-o", "-").stdout.startswith(b"<svg ")


def test_sizes_and_depth(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "net.cat::net", "-d", "d=64", "-d", "n=7", "--depth", "0"]) == 0
    assert capsys.readouterr().out.startswith("net[n = 7] : R[7, 64] -> R[7, 10]\n")
    boxes = []
    for depth in ("0", "1", "2", "3", "4", "5", "6"):
        assert main(["show", "net.cat::net", "--depth", depth, "--format", "svg"]) == 0
        boxes.append(capsys.readouterr().out.count('class="cat-node"'))
    assert boxes == [1, 3, 4, 6, 8, 11, 11]


@pytest.mark.parametrize(("arguments", "code", "said"), [
    ([], 2, "no morphism is named; write `net.cat::net`"),
    (["net.cat"], 2, "`net.cat` names no morphism of a file; write `net.cat::net`"),
    (["net.cat::net", "-o", "a.pdf"], 2, "`a.pdf` does not say what it is to be"),
    (["net.cat::net", "-o", "a"], 2, "it ends in none of `.svg`, `.html`, `.png`, `.txt`"),
    (["net.cat::net", "--depth", "many"], 2, "`--depth` is a number of levels, not `many`"),
    (["net.cat::net", "--depth", "-1"], 2, "`--depth` is a number of levels, not `-1`"),
    (["net.cat::net", "--format", "pdf"], 2, "`--format` is `svg` or `html` or `png` or `txt`, not `pdf`"),
    (["net.cat::net", "-o", "no/a.svg"], 2, "`no/a.svg` cannot be written: no such file or directory"),
    (["net.cat::net", "-o", "net.cat", "--format", "svg"], 2, "`net.cat` is the file to be drawn"),
    (["net.cat::ent"], 1, "error[E0801]"),
    (["net.cat::relu"], 1, "error[E0801]"),
    (["net.cat::Hidden"], 1, "error[E0801]"),
    (["net.cat::net", "-d", "d=0"], 1, "error[E0803]"),
    (["net.cat::net", "-d", "q=1"], 1, "error[E0804]"),
    (["none.cat::net"], 1, "error[E0001]"),
])
def test_what_is_refused(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int,
                         said: str) -> None:
    assert main(["show", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == "" and said in err, err
    assert sorted(one.name for one in folder.iterdir()) == ["net.cat"]
    assert (folder / "net.cat").read_text(encoding="utf-8") == NET


def test_a_file_with_a_mistake_is_told_of(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wrong.cat").write_text("dim d\nmorphism f : R[d] -> R[d] = rleu\n", encoding="utf-8")
    assert main(["show", "wrong.cat::f"]) == 1
    assert "E0201" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may write everywhere is not refused")
def test_a_folder_that_may_not_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "closed").mkdir(mode=0o500)
    assert main(["show", "net.cat::net", "-o", "closed/a.svg"]) == 2
    assert "permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(("package", "form"), [("pygraphviz", "svg"), ("pygraphviz", "txt"), ("resvg_py", "png"),
                                               ("fontpkg_roboto", "png")])
def test_without_the_extra_it_says_how_to_get_it(folder: Path, package: str, form: str) -> None:
    done = run(folder, "net.cat::net", "-o", f"a.{form}", code=f"import sys; sys.modules[{package!r}] = None")
    assert done.returncode == 2
    name = package.replace("_", "-")
    assert done.stderr.decode() == (f"catlang: drawing needs the package `{name}`, which is not installed: "
                                    "pip install 'catlang[show]'\ntry `catlang show --help`\n")
    assert not (folder / f"a.{form}").exists()


def test_it_needs_neither_torch_nor_numpy(folder: Path) -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(('torch', 'numpy', 'sympy', 'lark')))"
    for form in ("svg", "html", "png", "txt"):
        done = run(folder, "net.cat::net", "-o", f"a.{form}", code=code)
        assert done.returncode == 0, done.stderr


def test_names_cannot_steer_a_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "evil\x1b[2J.cat").write_text(NET, encoding="utf-8")
    assert main(["show", "evil\x1b[2J.cat::net"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert main(["show", "evil\x1b[2J.cat::none"]) == 1
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("text", [
    NET.replace("\n", "\r\n"), NET.rstrip("\n"), NET.replace("net", "größe"), NET.replace("  ", "\t"),
    NET.replace("head", "ß_ñ")])
def test_however_a_file_is_written(folder: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "odd.cat").write_bytes(text.encode())
    name = "größe" if "größe" in text else "net"
    for form in ("svg", "html", "txt"):
        assert main(["show", f"odd.cat::{name}", "--format", form]) == 0
        assert capsys.readouterr().out.startswith({"svg": "<svg", "html": "<!DOCTYPE", "txt": name}[form])


@pytest.mark.parametrize(("kind", "count"), [("chain", 3000), ("wide", 3000), ("skips", 240), ("double", 60)])
def test_large_ones_end(folder: Path, kind: str, count: int) -> None:
    """Far more than can be looked at; each in seconds, bounded by counts and not by a clock."""
    if kind == "chain":
        body = " >> ".join(["affine[d, d]"] * count)
    elif kind == "wide":
        body = f"({', '.join(['relu'] * count)}) >> fst" if count < 3 else (
            "(" + ", ".join(["relu"] * count) + f") >> (({', '.join(f'x{i}' for i in range(count))}) |-> x0)")
    elif kind == "skips":
        half = count // 2
        names = ["x", *(f"a{i}" for i in range(half))]
        lets = [f"a{i} = relu({names[i]})" for i in range(half)]
        sums = [f"b{i} = add({'x' if i == 0 else f'b{i - 1}'}, {names[half - i]})" for i in range(half)]
        body = f"x |-> let {', '.join([*lets, *sums])} in b{half - 1}"
    else:
        body = "m0"
    lines = ["dim d", "morphism m0 : R[d] -> R[d] = relu"] if kind == "double" else ["dim d"]
    lines += [f"morphism m{i + 1} : R[d] -> R[d] = m{i} >> m{i}" for i in range(count)] if kind == "double" else []
    lines.append(f"morphism f : R[d] -> R[d] = {f'm{count}' if kind == 'double' else body}")
    (folder / "big.cat").write_text("\n".join(lines), encoding="utf-8")
    begin = time.perf_counter()
    for form in ("svg", "html", "txt"):
        done = run(folder, "big.cat::f", "-o", f"big.{form}", "--depth", "40")
        if kind == "wide" and done.returncode == 1:
            # The checker has bounds of its own.
            assert b"error[E0" in done.stderr
            return
        assert (done.returncode, done.stderr) == (0, b"")
        assert (folder / f"big.{form}").stat().st_size < 20_000_000
    assert time.perf_counter() - begin < 90


def test_a_picture_of_an_example_is_drawn_from_the_readme_s_words(folder: Path) -> None:
    done = run(REPOSITORY, "examples/sentences/minilm.cat::sentence", "-d", "n=128", "-o", str(folder / "minilm.svg"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "minilm.svg").stat().st_size > 10_000
