"""``catlang fmt``: what it writes, what it leaves alone, what it says, and with which exit code; and that the files of
the repository are in its style."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import catlang
from catlang.command import main

REPOSITORY = Path(__file__).parents[2]
UGLY = "dim n   # tokens\nmorphism f:R[ n ]→R[2*n]=affine>>relu"
FINE = "dim n  # tokens\nmorphism f : R[n] -> R[2*n] = affine >> relu\n"
WRONG = "morphism f : A -> = relu\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub" / ".hidden").mkdir(parents=True)
    (tmp_path / "fine.cat").write_text(FINE)
    (tmp_path / "sub" / "ugly.cat").write_text(UGLY)
    (tmp_path / "sub" / ".hidden" / "ugly.cat").write_text(UGLY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: str, text: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "catlang", "fmt", *arguments], input=text, capture_output=True,
                          timeout=60, env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment})


def test_files_below_a_folder_are_written_where_they_change(folder: Path) -> None:
    os.utime("fine.cat", (1, 1))
    done = command(".")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == "formatted: sub/ugly.cat\nno errors in 2 files, 1 formatted\n"
    assert (folder / "sub" / "ugly.cat").read_text() == FINE
    assert (folder / "sub" / ".hidden" / "ugly.cat").read_text() == UGLY
    assert os.stat("fine.cat").st_mtime == 1
    assert sorted(os.listdir("sub")) == [".hidden", "ugly.cat"]
    again = command()
    assert (again.returncode, again.stdout.decode()) == (0, "no errors in 2 files, 0 formatted\n")


def test_check_writes_nothing_and_names_what_would_change(folder: Path) -> None:
    done = command("--check", "fine.cat", "sub")
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.decode() == "to be formatted: sub/ugly.cat\nno errors in 2 files, 1 to be formatted\n"
    assert (folder / "sub" / "ugly.cat").read_text() == UGLY
    assert command("--check", "fine.cat", "-q").stdout == b""


def test_a_difference_is_a_patch(folder: Path) -> None:
    done = command("--diff", ".")
    assert done.returncode == 1
    assert done.stdout.decode() == (
        "--- sub/ugly.cat\n+++ sub/ugly.cat\n@@ -1,2 +1,2 @@\n-dim n   # tokens\n"
        "-morphism f:R[ n ]→R[2*n]=affine>>relu\n\\ No newline at end of file\n"
        "+dim n  # tokens\n+morphism f : R[n] -> R[2*n] = affine >> relu\n")
    assert done.stderr.decode().endswith("no errors in 2 files, 1 to be formatted\n")
    assert (folder / "sub" / "ugly.cat").read_text() == UGLY


def test_standard_input_goes_to_standard_output() -> None:
    done = command("-", text=UGLY.encode(), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (0, FINE.encode())
    assert command("-", text="dim φ # é ∘".encode(), PYTHONIOENCODING="ascii").stdout == "dim φ  # é ∘\n".encode()
    wrong = command("-", text=WRONG.encode())
    assert (wrong.returncode, wrong.stdout) == (1, b"") and b"E0100" in wrong.stderr and b"<stdin>:1:19" in wrong.stderr
    assert command("-", "--check", text=FINE.encode()).returncode == 0
    checked = command("-", "--check", text=UGLY.encode())
    assert checked.returncode == 1 and checked.stdout.startswith(b"to be formatted: <stdin>\n")


def test_mistakes_are_told_and_the_file_left_alone(folder: Path) -> None:
    for name, data in {"wrong.cat": WRONG.encode(), "latin.cat": b"dim \xe9", "bidi.cat": "dim n # \u202e".encode(),
                       "nul.cat": b"dim n\0"}.items():
        (folder / name).write_bytes(data)
    done = command(".", "none.cat")
    out = done.stdout.decode()
    assert done.returncode == 1
    for code in ("E0100", "E0004", "E0007", "E0005", "E0001"):
        assert f"error[{code}]" in out
    assert out.endswith("formatted: sub/ugly.cat\n5 errors in 7 files, 1 formatted\n")
    assert (folder / "wrong.cat").read_text() == WRONG
    assert (folder / "bidi.cat").read_text() == "dim n # \u202e"


@pytest.mark.parametrize(("data", "becomes"), [
    (b"", b""), (b" \n\t\n", b""), (b"# only\n\n\n", b"# only\n"), (b"dim n\r\ndim d\r\n", b"dim n\ndim d\n"),
    (b"dim n\rdim d", b"dim n\ndim d\n"), (b"\xef\xbb\xbfdim n\n", b"dim n\n"), (b"dim n", b"dim n\n"),
    (b"\n\n\ndim n\n\n\n\ndim d\n\n", b"dim n\n\ndim d\n"), (b"dim n\tdim d", b"dim n\ndim d\n"),
    (b"# \t\xf0\x9d\x94\xb8 \xe2\x80\xa8\n## d  \ndim n", b"# \t\xf0\x9d\x94\xb8\n## d\ndim n\n"),
])
def test_ends_of_lines_and_files(data: bytes, becomes: bytes, folder: Path) -> None:
    (folder / "one.cat").write_bytes(data)
    changes = data != becomes
    assert main(["fmt", "--check", "one.cat"]) == int(changes)
    assert main(["fmt", "--diff", "one.cat"]) == int(changes)
    assert main(["fmt", "one.cat"]) == 0
    assert (folder / "one.cat").read_bytes() == becomes
    assert main(["fmt", "--check", "one.cat"]) == 0


def test_permissions_and_links_stay(folder: Path) -> None:
    real = folder / "sub" / "ugly.cat"
    real.chmod(0o640)
    (folder / "link.cat").symlink_to(real)
    done = command("link.cat", "sub/ugly.cat")
    assert done.stdout.decode() == "formatted: link.cat\nno errors in 1 file, 1 formatted\n"
    assert (folder / "link.cat").is_symlink() and real.read_text() == FINE
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_what_cannot_be_written_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    """As in a folder that is read only, which it is to no one who may do everything."""
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", denied)
    assert main(["fmt", "."]) == 1
    out = capsys.readouterr().out
    assert "error[E0003]: `sub/ugly.cat` could not be written" in out and "permission denied" in out
    assert out.endswith("1 error in 2 files, 0 formatted\n")
    assert (folder / "sub" / "ugly.cat").read_text() == UGLY
    assert sorted(os.listdir("sub")) == [".hidden", "ugly.cat"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(folder: Path) -> None:
    (folder / "sub").chmod(0o555)
    try:
        done = command("sub")
    finally:
        (folder / "sub").chmod(0o755)
    assert done.returncode == 1 and b"E0003" in done.stdout
    assert (folder / "sub" / "ugly.cat").read_text() == UGLY


def test_a_mistake_of_its_own_is_reported_and_nothing_written(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    """Were a token lost, the tree would be another: that is found before anything is written."""
    from catlang.formatter import declarations, expressions

    monkeypatch.setitem(declarations.RULES, "label", lambda node: expressions.document(node.kids[0]))
    (folder / "label.cat").write_text("morphism f : A -> A = relu as act\n")
    assert main(["fmt", "label.cat"]) == 3
    out, error = capsys.readouterr()
    assert out == "" and "a mistake of its own" in error and "has another tree" in error and "label.cat" in error
    assert (folder / "label.cat").read_text() == "morphism f : A -> A = relu as act\n"


@pytest.mark.parametrize(("arguments", "text"), [
    (["--chekc"], "there is no option `--chekc`; did you mean `--check`?"),
    (["empty"], "there is no `.cat` file below `empty`"),
    (["--diff=yes"], "`--diff` takes no value"),
])
def test_misuse(arguments: list[str], text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty").mkdir()
    assert main(["fmt", *arguments]) == 2
    assert text in capsys.readouterr().err


def test_for_users_of_python() -> None:
    assert catlang.format(UGLY) == FINE
    with pytest.raises(ValueError, match=r"<text>:1:19: error\[E0100\]") as raised:
        catlang.format(WRONG)
    assert [found.code for found in raised.value.diagnostics] == ["E0100"]  # type: ignore[attr-defined]


def test_it_imports_neither_torch_nor_lark() -> None:
    code = ("import sys, catlang; catlang.format('dim n')\n"
            "assert not {'torch', 'sympy', 'lark', 'numpy'} & set(sys.modules)")
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})


def test_the_repository_is_in_the_style() -> None:
    done = command("--check", str(REPOSITORY / "examples"), str(REPOSITORY / "catlang" / "library"))
    assert done.returncode == 0, done.stdout.decode()
