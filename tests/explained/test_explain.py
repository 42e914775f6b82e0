"""Protects `catlang explain`: how a code may be written, what is said of one that does not exist, and what is shown."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from catlang import explained
from catlang.codes import CODES
from catlang.command import main
from catlang.commands.explain import explanation, overview

REPOSITORY = Path(__file__).parents[2]
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("written", ["E0301", "e0301", "0301", "301", "E301", "error[E0301]", "error[E0301]:", " 301 "])
def test_ways_to_write_a_code(written: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", written]) == 0
    said = capsys.readouterr().out
    assert said.startswith("E0301: two morphisms in a chain do not join\n\n`f >> g` is defined where")
    assert "\nwrong:\n\n    dim d\n    morphism mlp" in said
    assert "\n    $ catlang check net.cat\n    error[E0301]: " in said
    assert "\nright:\n\n    dim d\n" in said


def test_a_line_is_shown_as_it_stands_in_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    for code in CODES:
        main(["explain", code])
        said = [line.strip() for line in capsys.readouterr().out.splitlines()]
        for part in explained.read(code):
            assert all(line.strip() in said for line in part.text.splitlines()), code


@pytest.mark.parametrize(("code", "said"), [
    ("E0399", "there is no code `E0399`; those about colours are E0301 to E0330"),
    ("902", "there is no code `E0902`; did you mean `E0901`?"),
    ("E1234", "there is no code `E1234`; `catlang explain` lists them"),
    ("EO301", "there is no code `EO301`; did you mean `E0301`?; a code is `E` and four digits, as `E0301`"),
    ("colour", "there is no code `colour`; a code is `E` and four digits, as `E0301`"),
    ("\x1b[2J", "there is no code `␛[2J`; a code is `E` and four digits, as `E0301`"),
    ("E٠٣٠١", "there is no code `E٠٣٠١`; a code is `E` and four digits, as `E0301`"),
    ("", "there is no code ``; a code is `E` and four digits, as `E0301`"),
])
def test_a_code_that_does_not_exist(code: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 2
    assert capsys.readouterr() == ("", f"catlang: {said}\ntry `catlang explain --help`\n")


def test_several_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "301", "302", "E0301"]) == 0
    said = capsys.readouterr().out
    assert said.count("E0301: two") == 1 and "\n\nE0302: the body gives" in said
    assert main(["explain", "301", "9999"]) == 2
    assert capsys.readouterr().out == ""


def test_all_codes_by_their_hundreds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    said = capsys.readouterr().out
    assert said == overview(color=False)
    assert [line.split()[0] for line in said.splitlines() if line.startswith("  E")] == sorted(CODES)
    assert "03xx  colours: what joins what\n  E0301  two morphisms in a chain do not join\n" in said
    assert all(f"  {text}\n" in said for text in CODES.values())


@pytest.mark.parametrize("code", sorted(CODES))
def test_colours_change_nothing_but_colours(code: str) -> None:
    assert STYLE.sub("", explanation(code, color=True)) == explanation(code, color=False)
    assert STYLE.sub("", overview(color=True)) == overview(color=False)


def test_the_colours_of_a_report_are_those_of_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report in a page looks in a terminal as it did when it was met."""
    from catlang.checked import check_paths

    monkeypatch.chdir(tmp_path)
    seen = 0
    for code in sorted(CODES):
        parts = explained.read(code)
        if [part.language for part in parts[:3]] != ["", "cat", "console"] or "catlang check" not in parts[2].text:
            continue
        Path("net.cat").write_text(parts[1].text, encoding="utf-8")
        shown = explanation(code, color=True).splitlines()
        for line in check_paths(["net.cat"]).report(color=True).splitlines():
            if "import" not in parts[1].text or "std." in parts[1].text:
                assert (f"    {line}" if line else "") in shown, (code, line)
                seen += 1
    assert seen > 500


def test_a_terminal_has_colours_and_a_pipe_has_none() -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm", "PYTHONIOENCODING": "utf-8"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "catlang", "explain", "E0301"]
    assert b"\x1b" not in subprocess.run(command, capture_output=True, env=environment, timeout=30).stdout
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs, env=environment) as child:
        os.close(theirs)
        said = os.read(ours, 65536)
        child.wait(timeout=30)
    os.close(ours)
    assert b"\x1b[1;31mE0301\x1b[0m" in said
