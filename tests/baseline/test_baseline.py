"""Protects baselines: known mistakes are left out whatever their lines, each entry knows one, and no more is hidden."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catlang import baseline
from catlang.command import main
from catlang.diagnostic import Diagnostic, Label
from catlang.formats import whole
from catlang.span import Source, Span

REPOSITORY = Path(__file__).parents[2]
WRONG = "morphism f : R[3] -> R[4] = relu\n"
#: Each time one more of the same mistake, in one declaration.
AGAIN = " >> relu >> affine[_, 4] >> affine[3, 3]"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.cat").write_text(WRONG)
    (tmp_path / "sub" / "two.cat").write_text(WRONG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = main(["check", *arguments, "--format", "concise"])
    out, error = capsys.readouterr()
    assert not error
    return code, out.splitlines()


def again(times: int) -> str:
    return f"morphism f : R[3] -> R[3] = relu{AGAIN * times}\n"


def test_end_to_end(folder: Path) -> None:
    def check(*arguments: str) -> tuple[int, str, str]:
        done = subprocess.run([sys.executable, "-m", "catlang", "check", *arguments], capture_output=True, text=True,
                              timeout=30, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
        return done.returncode, done.stdout, done.stderr

    assert check(".", "--write-baseline", "known.json") == (0, "2 known mistakes written to `known.json`\n", "")
    assert check(".", "--baseline", "known.json") == (0, "2 known mistakes left out\nno errors in 2 files\n", "")
    text = "the body gives `R[3]`, the header promises `R[4]`"
    assert (folder / "known.json").read_text() == f"""\
{{
  "version": 1,
  "mistakes": [
    {{"file": "one.cat", "code": "E0302", "declaration": "f", "text": "{text}"}},
    {{"file": "sub/two.cat", "code": "E0302", "declaration": "f", "text": "{text}"}}
  ]
}}
"""
    code, out, error = check(".", "--baseline", "known.json", "--format", "json")
    assert code == 0 and '"known": 2' in out and error == "2 known mistakes left out\nno errors in 2 files\n"


def test_a_known_mistake_may_move(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, ".", "--write-baseline", "known.json")
    (folder / "one.cat").write_text("# more\n\ndim n\n" + WRONG.replace("= relu", "=\n    relu"))
    assert run(capsys, ".", "--baseline", "known.json") == (0, ["2 known mistakes left out", "no errors in 2 files"])


def test_what_is_new_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, ".", "--write-baseline", "known.json")
    (folder / "one.cat").write_text(WRONG + WRONG.replace("f", "g"))
    (folder / "three.cat").write_text(WRONG)
    code, lines = run(capsys, ".", "--baseline", "known.json")
    assert code == 1 and lines[-2:] == ["2 known mistakes left out", "2 errors in 3 files"]
    assert [line.split(": error")[0] for line in lines[:-2]] == ["one.cat:2:29", "three.cat:1:29"]


def test_each_entry_knows_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "one.cat").write_text(again(2))
    run(capsys, "one.cat", "--write-baseline", "known.json")
    assert len(set(baseline.read("known.json"))) == 1 and len(baseline.read("known.json")) == 2
    (folder / "one.cat").write_text(again(3))
    code, lines = run(capsys, "one.cat", "--baseline", "known.json")
    assert code == 1 and lines[-2:] == ["2 known mistakes left out", "1 error in 1 file"]
    (folder / "one.cat").write_text(again(1))
    assert run(capsys, "one.cat", "--baseline", "known.json") == (
        0, ["1 known mistake left out, 1 entry of `known.json` no longer occurs", "no errors in 1 file"])


def test_entries_of_files_that_were_not_checked_still_occur(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, ".", "--write-baseline", "known.json")
    assert run(capsys, "one.cat", "--baseline", "known.json")[1][0] == "1 known mistake left out"
    (folder / "sub" / "two.cat").unlink()
    assert run(capsys, "one.cat", "--baseline", "known.json")[1][0] == (
        "1 known mistake left out, 1 entry of `known.json` no longer occurs")


def test_paths_are_from_the_baselines_folder_on(folder: Path, capsys: pytest.CaptureFixture[str],
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    run(capsys, ".", "--write-baseline", "sub/known.json")
    assert [entry.file for entry in baseline.read("sub/known.json")] == ["../one.cat", "two.cat"]
    monkeypatch.chdir(folder / "sub")
    assert run(capsys, "..", "--baseline", "known.json")[0] == 0
    assert run(capsys, str(folder), "--baseline", str(folder / "sub" / "known.json"))[0] == 0


def test_a_file_that_cannot_be_read_is_never_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bytes.cat").write_bytes(b"\xff")
    code, lines = run(capsys, ".", "--write-baseline", "known.json")
    assert code == 1 and lines[0].startswith("bytes.cat:1:1: error[E0004]")
    assert len(baseline.read("known.json")) == 2
    code, lines = run(capsys, ".", "--baseline", "known.json")
    assert code == 1 and lines[-2:] == ["2 known mistakes left out", "1 error in 3 files"]


def test_nothing_is_known_of_what_has_no_mistake(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("one.cat", "sub/two.cat"):
        (folder / path).write_bytes(b"dim n\r\n")
    assert run(capsys, ".", "--write-baseline", "known.json") == (0, ["0 known mistakes written to `known.json`"])
    assert run(capsys, ".", "--baseline", "known.json") == (0, ["0 known mistakes left out", "no errors in 2 files"])
    assert run(capsys, ".", "--baseline", "known.json", "--quiet") == (0, [])


def test_standard_input_may_be_known(folder: Path) -> None:
    def check(*arguments: str) -> str:
        return subprocess.run([sys.executable, "-m", "catlang", "check", "-", *arguments], input=WRONG, text=True,
                              capture_output=True, timeout=30, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}).stdout

    check("--write-baseline", "known.json")
    assert check("--baseline", "known.json") == "1 known mistake left out\nno errors in 1 file\n"


@pytest.mark.parametrize(("content", "code"), [
    (None, "E0001"), (b"", "E0011"), (b"\xff", "E0004"), (b"\0", "E0005"), (b"3", "E0011"), (b"[]", "E0011"),
    (b'{"version": 1, "mistakes": 3}', "E0011"), (b'{"version": true, "mistakes": []}', "E0011"),
    (b'{"version": 1.0, "mistakes": []}', "E0011"), (b'{"version": "1", "mistakes": []}', "E0011"),
    (b'{"version": 0, "mistakes": []}', "E0012"), (b'{"version": 9, "mistakes": 3}', "E0012"),
    (b'{"version": ' + b"9" * 4_000 + b"}", "E0012"), (b'{"version": ' + b"9" * 10_000 + b"}", "E0011"),
    (b'{"version": 1, "mistakes": [1]}', "E0011"), (b"[" * 100_000, "E0011"), (b'{"a":' * 100_000, "E0011"),
    (b'{"version": 1, "mistakes": [{"file": "a", "code": "b", "declaration": "c", "text": 4}]}', "E0011"),
    (b'<<<<<<< HEAD\n{"version": 1, "mistakes": []}\n', "E0011"), (b'{"version": 1,\r\n"mistakes": [', "E0011"),
], ids=lambda value: str(value)[:40])
def test_what_is_no_baseline_is_refused(content: bytes | None, code: str, folder: Path,
                                        capsys: pytest.CaptureFixture[str]) -> None:
    if content is not None:
        (folder / "known.json").write_bytes(content)
    found, lines = run(capsys, ".", "--baseline", "known.json")
    assert found == 1 and len(lines) == 2 and f" error[{code}]: " in lines[0]


def test_help_of_a_baseline_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", ".", "--baseline", "known.json"]) == 1
    assert "help: write it with `--write-baseline`" in capsys.readouterr().out


def test_a_folder_is_no_baseline(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "error[E0002]: `sub` is a folder, not a file" in run(capsys, ".", "--baseline", "sub")[1][0]


@pytest.mark.parametrize(("arguments", "text"), [
    (["--baseline", "a", "--write-baseline", "b"], "`--baseline` and `--write-baseline` exclude each other"),
    (["--write-baseline", "one.cat"], "`one.cat` is no place for a baseline: it is a file to be checked"),
    (["--write-baseline", "link"], "`link` is no place for a baseline: it is a file to be checked"),
    (["--write-baseline", "sub"], "`sub` cannot be written: is a directory"),
    (["--write-baseline", "none/known.json"], "`none/known.json` cannot be written: no such file or directory"),
    (["--write-baseline"], "`--write-baseline` needs a value"),
])
def test_misuse(arguments: list[str], text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "link").symlink_to("one.cat")
    assert main(["check", "one.cat", *arguments]) == 2
    out, error = capsys.readouterr()
    assert out == "" and text in error
    assert (folder / "one.cat").read_text() == WRONG


TEXTS = st.text(st.one_of(st.characters(), st.sampled_from('"\\\n\r\t\x7f\x00\x1b\u2028#{}=,')), max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_what_is_written_is_read_again(pairs: list[tuple[str, str]]) -> None:
    """Whatever headlines and declarations say: an entry is a line of JSON, and knows what it was written for."""
    source = Source("net.cat", None, "dim n\n")
    diagnostics = [Diagnostic("E0302", one + other, [Label(Span(source, 0, 3))]) for one, other in pairs]
    text, entries, left = baseline.text("known.json", diagnostics)
    assert (entries, left) == (len(pairs), [])
    assert text.isprintable() or set(text) - {"\n"} == {one for one in text if one.isprintable()}
    assert len(text.split("\n")) == (len(pairs) + 6 if pairs else 5)
    data = json.loads(text)
    known = [baseline.Identity(*(entry[key] for key in baseline.KEYS)) for entry in data["mistakes"]]
    assert [entry.text for entry in known] == sorted(whole(" ".join(one.headline.split())) for one in diagnostics)
    compared = baseline.compare("known.json", known, diagnostics, [])
    assert (compared.new, compared.known, compared.gone) == ([], len(pairs), 0)
