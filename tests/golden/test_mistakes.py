"""Every mistake has a message, and every message was read by somebody: source and message stand side by side here.

``mistakes/NAME.cat`` (or ``mistakes/NAME/main.cat``, with what it imports) is a file with a mistake, and ``NAME.txt``
all that ``catlang check`` says about it; where a ``baseline.json`` stands beside ``main.cat``, that is what is wrong,
and ``mistakes/NAME.toml`` is a pyproject.toml with settings that make no sense.
After a change that is meant, ``CATLANG_UPDATE=1 pytest tests/golden`` writes the messages anew; what is then committed
is what was reviewed.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

from catlang import baseline
from catlang.checked import check_paths
from catlang.codes import CODES
from catlang.commands.check import FORMATS
from catlang.report import render
from catlang.settings import Refused, nearest

FOLDER = Path(__file__).parent / "mistakes"
SOURCES = sorted([*FOLDER.glob("*.cat"), *FOLDER.glob("*/main.cat"), *FOLDER.glob("*.toml")])
PACKAGE = Path(__file__).parents[2] / "catlang"


def expected_at(source: Path) -> Path:
    return source.with_suffix(".txt") if source.parent == FOLDER else source.parent.with_suffix(".txt")


def said(source: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if source.suffix == ".toml":
        # Under its own name it would be read by other tools too.
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(source, Path(folder, "pyproject.toml"))
            monkeypatch.chdir(folder)
            with pytest.raises(Refused) as refused:
                nearest(FORMATS)
            monkeypatch.chdir(source.parent)
        return "\n\n".join(map(render, refused.value.diagnostics)) + "\n"
    monkeypatch.chdir(source.parent)
    if os.path.exists("baseline.json"):
        with pytest.raises(baseline.Refused) as unread:
            baseline.read("baseline.json")
        return f"{render(unread.value.diagnostic)}\n"
    return check_paths([source.name]).report() + "\n"


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_message(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = said(source, monkeypatch)
    expected = expected_at(source)
    if os.environ.get("CATLANG_UPDATE"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


def test_no_message_is_left_over() -> None:
    assert sorted(FOLDER.glob("*.txt")) == sorted(map(expected_at, SOURCES))


def codes_used() -> set[str]:
    files = [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "compiler").rglob("*.py")]
    return {code for file in files if file.name != "codes.py" for code in re.findall(
        r'["\'](E\d{4})["\']', file.read_text(encoding="utf-8"))}


def test_every_code_is_in_the_table() -> None:
    assert sorted(codes_used() - set(CODES)) == []


def test_every_code_of_the_table_has_a_file() -> None:
    """Those of files that cannot be read are held by the tests of reading; no text in this folder can have them."""
    told = {code for file in FOLDER.glob("*.txt") for code in re.findall(
        r"^error\[(E\d{4})\]", file.read_text(encoding="utf-8"), re.MULTILINE)}
    unreadable = {code for code in CODES if code < "E0007"}
    compiler = {code for code in CODES if "E0800" <= code < "E0900"}
    # A check never counts what a morphism costs.
    counted = {"E0016"}
    assert sorted(set(CODES) - told - unreadable - compiler - counted) == []


def test_headlines_are_in_one_voice() -> None:
    for file in FOLDER.glob("*.txt"):
        for headline in re.findall(r"^error\[E\d{4}\]: (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE):
            assert not headline.endswith("."), f"{file.name}: {headline}"
            assert headline[0] == "`" or headline[0].islower(), f"{file.name}: {headline}"
            assert headline.count("`") % 2 == 0, f"{file.name}: {headline}"
