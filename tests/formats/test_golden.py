"""Protects the formats of `catlang check` for programs: the whole text of each, for specs with several mistakes.

``golden/FORMAT.txt`` is what a folder's check prints, and ``golden/FORMAT-right.txt`` that of a file without mistakes.
After a change that is meant, ``CATLANG_UPDATE=1 pytest tests/formats`` writes them anew, to be read before they are
committed. The version of catlang in them is written VERSION.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import catlang
from catlang.formats import FORMATS

FOLDER = Path(__file__).parent
SPECS = FOLDER / "specs"
REPOSITORY = FOLDER.parents[1]
CASES = {"": ["."], "-right": ["right.cat"], "-new": ["several.cat", "--baseline", "baseline.json"]}


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    around = {name: value for name, value in os.environ.items() if name != "GITHUB_WORKSPACE"}
    return subprocess.run([sys.executable, "-m", "catlang", "check", *arguments], capture_output=True, text=True,
                          encoding="utf-8", timeout=30, cwd=SPECS,
                          env={**around, "PYTHONPATH": str(REPOSITORY), "PYTHONIOENCODING": "utf-8", **environment})


@pytest.mark.parametrize("format", [*FORMATS, "full", "concise"])
@pytest.mark.parametrize("case", CASES)
def test_the_whole_text(format: str, case: str) -> None:
    done = check(*CASES[case], "--format", format)
    text = done.stdout.replace(catlang.__version__, "VERSION")
    expected = FOLDER / "golden" / f"{format}{case}.txt"
    if os.environ.get("CATLANG_UPDATE"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert done.returncode == (0 if case == "-right" else 1)
    # What counts the mistakes is no part of a document.
    assert bool(done.stderr) == (format in ("json", "sarif", "junit"))


def test_no_text_is_left_over() -> None:
    expected = {f"{format}{case}.txt" for format in (*FORMATS, "full", "concise") for case in CASES}
    assert {path.name for path in (FOLDER / "golden").iterdir()} == expected


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_input_gives_the_same_text(format: str) -> None:
    assert check(".", "--format", format, PYTHONHASHSEED="1").stdout == check(
        ".", "--format", format, PYTHONHASHSEED="2").stdout


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_tells_the_machine(format: str) -> None:
    assert str(REPOSITORY) not in check(".", "--format", format).stdout


def test_a_format_is_imported_only_when_it_is_asked_for() -> None:
    code = ("import sys; from catlang.command import main; main(['check', 'right.cat']); "
            "print([name for name in sys.modules if name.startswith(('catlang.formats', 'catlang.baseline'))])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, cwd=SPECS,
                          env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.stdout == "no errors in 1 file\n[]\n"
