"""The reference says what is: blocks check, or fail as they say, and the tables are made of the library."""

from __future__ import annotations

import os
import re

import pytest

from catlang.checker.check import check_source
from catlang.checker.module import LIBRARY
from catlang.grammar import tables
from catlang.span import Source
from catlang.syntax.parser import parse

PATH = os.path.join(tables.FOLDER, "REFERENCE.md")
with open(PATH, encoding="utf-8") as file:
    TEXT = file.read()
BLOCKS = [(match[1] or "", match[2], TEXT.count("\n", 0, match.start()) + 1)
          for match in re.finditer(r"^```cat(?:-error (E\d{4}))?\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)]


@pytest.mark.parametrize(("code", "text"), [block[:2] for block in BLOCKS],
                         ids=[f"line {block[2]}" for block in BLOCKS])
def test_a_block_does_as_it_says(code, text):
    found = list(check_source(Source("reference.cat", None, text)).bag)
    assert [one.code for one in found] == [code] * bool(code), [one.headline for one in found]


def test_every_block_is_one_of_these():
    assert TEXT.count("```") == 2 * len(BLOCKS)


def table(name: str) -> str:
    """A library file as tables, one for each of its sections: signatures, and what is said of them; primitives in a
    row that have one signature and whose names say what they do share a line."""
    path = os.path.join(LIBRARY, *name.split(".")) + ".cat"
    with open(path, encoding="utf-8") as file:
        source = Source(name, path, file.read())
    rules = [(match.start(), match[1]) for match in re.finditer(r"^# -{5,} (.*)$", source.text, re.MULTILINE)]
    rows: list[tuple[list[str], str, str]] = []
    for node in parse(source).declarations:
        if rules and rules[0][0] < node.start:
            while len(rules) > 1 and rules[1][0] < node.start:
                rules.pop(0)
            rows.append(([], "", rules.pop(0)[1].capitalize()))
        end = node.type.end if hasattr(node, "body") else node.end
        written = re.sub(r"#[^\n]*", "", source.text[node.name_start + len(node.name):end])
        signature = " ".join(written.split())
        said = " ".join((source.doc(node.start) or "").split())
        if not said and rows[-1][1:] == (signature, ""):
            rows[-1][0].append(node.name)
        else:
            rows.append(([node.name], signature, said))
    lines: list[str] = []
    for names, signature, said in rows:
        if not names:
            lines += ["", f"**{said}**", "", "| | |", "|---|---|"]
        elif len(names) == 1:
            lines.append(f"| `{names[0]}{signature}` | {said} |".replace("|->", "\\|->"))
        else:
            lines.append(f"| `{' '.join(names)}` | each `{signature}` |")
    return "\n".join(lines).strip() + "\n"


@pytest.mark.parametrize("name", ["prelude", "std.nn"])
def test_the_tables_are_those_of_the_library(name):
    """Run with ``CATLANG_UPDATE=1`` to write them anew."""
    begin, end = f"<!-- {name} -->\n", "<!-- end -->"
    before, _, rest = TEXT.partition(begin)
    stands, _, after = rest.partition(end)
    if os.environ.get("CATLANG_UPDATE"):
        with open(PATH, encoding="utf-8") as file:
            before, _, rest = file.read().partition(begin)
        after = rest.partition(end)[2]
        with open(PATH, "w", encoding="utf-8") as file:
            file.write(f"{before}{begin}\n{table(name)}\n{end}{after}")
    else:
        assert stands == f"\n{table(name)}\n", "write them anew with CATLANG_UPDATE=1"


def test_the_words_are_the_grammars():
    built = parse_words()
    reserved = re.search(r"\*\*Reserved\*\*: `([^`]*)`, and `_`", TEXT)
    soft = re.search(r"names everywhere else: `([^`]*)`", TEXT)
    assert reserved is not None and soft is not None
    assert set(reserved[1].split()) == {word for word in built["words"] if word.isascii()} - {"_"}
    assert set(soft[1].split()) == set(built["soft"])


def parse_words() -> dict[str, dict[str, str]]:
    import json

    with open(tables.TABLES, encoding="utf-8") as file:
        return json.load(file)
