"""The command line: what it prints where, and the exit codes that a CI run reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import catlang
from catlang.command import main
from catlang.commands import COMMANDS

REPOSITORY = Path(__file__).parents[2]
RIGHT = "morphism f : R[3] -> R[4] = affine >> relu\n"
WRONG = "morphism f : R[3] -> R[4] = affine[_, 5] >> relu\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub" / ".hidden").mkdir(parents=True)
    (tmp_path / "right.cat").write_text(RIGHT)
    (tmp_path / "sub" / "wrong.cat").write_text(WRONG)
    (tmp_path / "sub" / ".hidden" / "wrong.cat").write_text(WRONG)
    (tmp_path / "sub" / "notes.txt").write_text("no catlang")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "catlang", *arguments], input=text, capture_output=True, text=True,
                          encoding="utf-8", timeout=30,
                          env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", **environment})


def test_a_file_without_errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "right.cat"]) == 0
    assert capsys.readouterr() == ("no errors in 1 file\n", "")


def test_a_file_with_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "sub/wrong.cat", "--format", "concise"]) == 1
    assert capsys.readouterr() == (
        "sub/wrong.cat:1:45: error[E0302]: the body gives `R[5]`, the header promises `R[4]`\n1 error in 1 file\n", "")


def test_quiet_leaves_the_count_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "-q", "right.cat"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_folder_is_checked_with_all_below_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", ".", "--format=concise"]) == 1
    assert capsys.readouterr().out.splitlines()[0].startswith("sub/wrong.cat:1:45: ")
    assert main(["check", "."]) == 1
    assert capsys.readouterr().out.endswith("\n1 error in 2 files\n")


def test_a_mistake_in_a_file_that_two_import_is_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        (folder / f"{name}.cat").write_text('import "sub/wrong.cat" as wrong\n')
    assert main(["check", ".", "one.cat", "./two.cat"]) == 1
    assert capsys.readouterr().out.endswith("\n1 error in 6 files\n")


def test_a_folder_is_one_root(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sub" / "up.cat").write_text('import "../right.cat" as right\n')
    (folder / "sub" / "wrong.cat").unlink()
    assert main(["check", "."]) == 0
    capsys.readouterr()
    assert main(["check", "sub/up.cat", "--format", "concise"]) == 1
    assert "E0703" in capsys.readouterr().out


def test_standard_input() -> None:
    done = command("check", "-", "--format", "concise", text=WRONG)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("<stdin>:1:45: error[E0302]")


def test_no_file_is_an_error_of_the_check(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "rigth.cat"]) == 1
    assert "help: did you mean `right.cat`?" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "text"), [
    ([], "usage: catlang COMMAND"),
    (["chek"], "there is no command `chek`; did you mean `check`?"),
    (["right.cat"], "there is no command `right.cat`; did you mean `catlang check right.cat`?"),
    (["--verison"], "there is no option `--verison`; did you mean `--version`?"),
    (["check"], "no file or folder is named, and no `paths` in pyproject.toml"),
    (["check", "right.cat", "--fromat=full"], "there is no option `--fromat`; did you mean `--format`?"),
    (["check", "right.cat", "--format"], "`--format` needs a value: `full` or `concise` or `github`"),
    (["check", "right.cat", "--format", "xml"],
     "`--format` is `full` or `concise` or `github` or `json` or `sarif` or `junit`, not `xml`"),
    (["compile", "right.cat::f", "--format", "json"], "`--format` is `full` or `concise`, not `json`"),
    (["check", "right.cat", "--quiet=yes"], "`--quiet` takes no value"),
    (["check", "sub/.hidden/none"], ""),
    (["check", "empty"], "there is no `.cat` file below `empty`"),
])
def test_misuse(arguments: list[str], text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    status = main(arguments)
    out, error = capsys.readouterr()
    if text:
        assert (status, out) == (2, "")
        assert text in error
    else:
        assert status == 1 and error == ""


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"catlang {catlang.__version__}\n"
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in overview
        assert main([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: catlang {name} ")


def test_an_option_behind_two_dashes_is_a_path(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "--help").write_text(RIGHT)
    assert main(["check", "--", "--help"]) == 0
    assert capsys.readouterr().out == "no errors in 1 file\n"


def test_a_mistake_of_its_own_is_a_report(folder: Path, capsys: pytest.CaptureFixture[str],
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(module: object) -> None:
        raise RecursionError("too deep \x1b[2J")

    monkeypatch.setattr("catlang.checking.check_module", broken)
    assert main(["check", "right.cat"]) == 3
    out, error = capsys.readouterr()
    assert out == "" and "Traceback" not in error and "\x1b" not in error
    for part in ("a mistake of its own", f"version: {catlang.__version__}, Python 3.", "file:    right.cat",
                 "what:    RecursionError: too deep ␛[2J", "catlang/files/work.py:",
                 "called:  catlang check right.cat"):
        assert part in error
    assert str(REPOSITORY) not in error


def test_a_reader_that_has_seen_enough(folder: Path) -> None:
    (folder / "many.cat").write_text("".join(f"object A{i} = B{i}\n" for i in range(3_000)))
    done = subprocess.run(f"{sys.executable} -m catlang check many.cat | head -1", shell=True, capture_output=True,
                          text=True, timeout=30, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.stderr == "" and done.stdout.startswith("error[E0201]")


def test_no_colour_where_nobody_looks(folder: Path) -> None:
    assert "\x1b" not in command("check", "right.cat", "sub/wrong.cat").stdout


def test_colour_on_a_terminal_unless_told_otherwise(folder: Path) -> None:
    import pty

    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        ours, theirs = pty.openpty()
        settings = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
        subprocess.run([sys.executable, "-m", "catlang", "check", "sub/wrong.cat"], stdout=theirs, timeout=30,
                       env={"TERM": "xterm", **settings, "PYTHONPATH": str(REPOSITORY), **environment})
        os.close(theirs)
        said = os.read(ours, 100_000)
        os.close(ours)
        assert (b"\x1b[" in said) is coloured


def test_a_terminal_of_few_characters(folder: Path) -> None:
    (folder / "greek.cat").write_text("object Ω = R[ω]\n", encoding="utf-8")
    done = command("check", "greek.cat", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert done.returncode == 1 and "\\u03c9" in done.stdout


def test_checking_imports_neither_torch_nor_sympy_nor_argparse(folder: Path) -> None:
    code = ("import sys; from catlang.command import main; main(['check', 'right.cat']); "
            "print({'torch', 'sympy', 'numpy', 'z3', 'argparse', 'dataclasses', 'inspect', 'lark'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.stdout == "no errors in 1 file\nset()\n"


def test_from_python(folder: Path) -> None:
    assert catlang.check("right.cat").ok
    checked = catlang.check(folder / "sub")
    assert not checked and [found.code for found in checked.diagnostics] == ["E0302"]
    assert checked.report("concise").endswith("the body gives `R[5]`, the header promises `R[4]`")
    assert repr(checked) == "<Checked: 1 error in 1 file>"
    assert not catlang.check("-").ok


def test_nothing_heavy_is_imported_by_the_package() -> None:
    code = "import sys; before = set(sys.modules); import catlang; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert {name for name in eval(done.stdout) if name.startswith("catlang")} == {"catlang", "catlang.version"}
