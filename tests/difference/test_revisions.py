"""Files of revisions: as git has them, with the imports of their time; what is not there is told in words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catlang.command import main

REPOSITORY = Path(__file__).parents[2]
NET = 'import "parts/blocks.cat" as blocks\nmorphism net : R[3] -> R[3] = blocks.block >> relu\n'


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false", *arguments],
                   cwd=folder, check=True, capture_output=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two revisions, and a change that is in none."""
    top = tmp_path / "top"
    (top / "specs" / "parts").mkdir(parents=True)
    git(top, "init", "-q", "-b", "main")
    (top / "specs" / "net.cat").write_text(NET)
    (top / "specs" / "parts" / "blocks.cat").write_text("morphism block : R[3] -> R[3] = affine\n")
    git(top, "add", "-A")
    git(top, "commit", "-q", "-m", "one")
    git(top, "tag", "first")
    (top / "specs" / "parts" / "blocks.cat").write_text("morphism block : R[3] -> R[3] = affine >> tanh\n")
    git(top, "commit", "-q", "-a", "-m", "two")
    (top / "specs" / "parts" / "blocks.cat").write_text("morphism block : R[3] -> R[3] = linear >> tanh\n")
    monkeypatch.chdir(top)
    return top


def test_imports_are_those_of_the_revision(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "first:specs/net.cat", "HEAD:specs/net.cat"]) == 0
    assert "diagram: +tanh" in capsys.readouterr().out
    assert main(["diff", "HEAD:specs/net.cat", "specs/net.cat"]) == 1
    assert "weight `block_0.affine_0.bias`: - R[3] (breaking)" in capsys.readouterr().out
    assert main(["diff", "first:specs/net.cat", "HEAD~1:specs/net.cat"]) == 0
    assert capsys.readouterr().out == "nothing changed in meaning\n"


def test_a_path_from_the_folder_one_is_in(folder: Path, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(folder / "specs")
    assert main(["diff", "first:./net.cat", "HEAD:./net.cat"]) == 0
    assert "diagram: +tanh" in capsys.readouterr().out
    monkeypatch.chdir(folder / "specs" / "parts")
    assert main(["diff", "first:../net.cat", "first:specs/net.cat"]) == 0


@pytest.mark.parametrize(("old", "said"), [
    ("nowhere:specs/net.cat", "git knows no revision `nowhere`"),
    ("HEAD:specs/nett.cat", "there is no file `specs/nett.cat` in the revision `HEAD`"),
    ("HEAD:specs", "there is no file `specs` in the revision `HEAD`"),
    ("HEAD:../out.cat", "there is no file `../out.cat` in the revision `HEAD`"),
    ("HEAD:/etc/passwd", "there is no file `/etc/passwd` in the revision `HEAD`"),
])
def test_what_is_not_there(folder: Path, old: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", old, "specs/net.cat"]) == 2
    assert capsys.readouterr() == ("", f"catlang: {said}\ntry `catlang diff --help`\n")


def test_a_link_in_a_revision_is_no_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "secret.cat").write_text("morphism secret : R[3] -> R[3] = relu\n")
    (folder / "link.cat").symlink_to("secret.cat")
    git(folder, "add", "link.cat")
    git(folder, "commit", "-q", "-m", "link")
    assert main(["diff", "HEAD:link.cat", "specs/net.cat"]) == 2
    assert "there is no file `link.cat`" in capsys.readouterr().err


def test_a_file_that_is_called_like_a_revision_is_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "first:net.cat").write_text("morphism net : R[3] -> R[3] = relu\n")
    assert main(["diff", "first:net.cat", "first:net.cat"]) == 0


def test_without_a_repository_and_without_git(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "net.cat").write_text("morphism net : R[3] -> R[3] = relu\n")

    def command(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "catlang", "diff", "HEAD:net.cat", "net.cat"], cwd=outside,
                              capture_output=True, text=True, env={
                                  **os.environ, "PYTHONPATH": str(REPOSITORY),
                                  "GIT_CEILING_DIRECTORIES": str(tmp_path), **environment})

    done = command()
    assert (done.returncode, done.stdout) == (2, "")
    assert "this folder lies in no git repository" in done.stderr
    done = command(PATH=str(outside))
    assert (done.returncode, done.stdout) == (2, "")
    assert "git is not installed" in done.stderr


def test_mistakes_in_a_revision_are_told_where_they_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs" / "parts" / "blocks.cat").write_text("morphism block : R[3] -> R[3] = rleu\n")
    (folder / "specs" / "more.cat").write_text('import "gone.cat" as gone\n')
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "three")
    assert main(["diff", "HEAD:specs/net.cat", "first:specs/net.cat"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and " --> HEAD:specs/parts/blocks.cat:1:33\n" in err and err.endswith("1 error in 1 file\n")
    assert main(["diff", "HEAD:specs/more.cat", "first:specs/net.cat"]) == 1
    err = capsys.readouterr().err
    assert "error[E0701]: there is no file `HEAD:specs/gone.cat`" in err
    assert "/tmp" not in err and "catlang-" not in err


def test_errors_in_both_files_are_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "a.cat").write_text("morphism f : R[3] -> R[4] = relu\n")
    (folder / "b.cat").write_bytes(b"\xff\xfe")
    assert main(["diff", "a.cat", "b.cat"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and "error[E0302]" in err and "error[E0004]" in err and err.endswith("2 errors in 2 files\n")
    assert main(["diff", "missing.cat", "a.cat"]) == 1
    assert "error[E0001]: there is no file `missing.cat`" in capsys.readouterr().err


def test_misuse(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["specs/net.cat"], [], ["a", "b", "c"], ["--format", "xml", "a", "b"],
                      ["specs/net.cat", "specs/net.cat", "--name", "nett"]):
        assert main(["diff", *arguments]) == 2
        assert capsys.readouterr().out == ""
    assert main(["diff", "specs/net.cat", "specs/net.cat", "--name", "nett"]) == 2
    assert "neither file declares `nett`; did you mean `net`?" in capsys.readouterr().err


def test_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "HEAD:specs/net.cat", "specs/net.cat", "--format", "json", "--name", "net"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["breaking"] is True
    [net] = found["differences"]
    assert (net["name"], net["declared"], net["status"]) == ("net", "morphism", "changed")
    assert net["checkpoint"] == {"loads": "no", "renames": {"block_0.linear_0.weight": "block_0.affine_0.weight"},
                                 "missing": [], "left": ["block_0.affine_0.bias"]}


def test_pytorch_is_not_needed(folder: Path) -> None:
    code = ("import sys\nfrom catlang.command import main\nmain(['diff', 'first:specs/net.cat', 'specs/net.cat'])\n"
            "main(['cost', 'specs/net.cat::net'])\nprint({'torch', 'numpy', 'sympy', 'lark'} & set(sys.modules))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.stdout.endswith("set()\n"), done.stderr
