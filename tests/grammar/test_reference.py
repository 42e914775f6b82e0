"""The reference says what is: blocks check, or fail as they say, and the tables are made of the library."""

from __future__ import annotations

import os
import re

import pytest

from catlang.checker.loader import LIBRARY
from catlang.checking import check_source
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
        signature = re.sub(r"(?<=[(\[]) ", "", " ".join(written.split()))
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


#: The addresses that the reference promises.
ADDRESSES = [
    ("R[d]", "affine as query", "query.weight query.bias"),
    ("R[d]", "affine[_, d] >> affine", "affine_0.weight affine_0.bias affine_1.weight affine_1.bias"),
    ("R[d]", "block as first", "first.up.weight first.up.bias"),
    ("R[d]", "(linear[_, d] >> linear as down) as block", "block.linear_0.weight block.down.weight"),
    ("R[d]", "linear^2", "power_0.0.linear_0.weight power_0.1.linear_0.weight"),
    ("R[d]", "(linear^2) as layers", "layers.0.linear_0.weight layers.1.linear_0.weight"),
    ("R[3, d]", "each(linear)", "linear_0.weight"),
    ("R[d]", "around(linear) as ff", "ff.f_0.linear_0.weight"),
    ("R[d]", "let g = linear >> relu in g >> g", "g.linear_0.weight"),
    ("R[d]", "let g = linear in g >> g", "g.weight"),
    ("R[d]", "linear as base along (U, V) |-> matmul[_, 2, _](U, V)", "base.U base.V"),
    ("R[d]", "linear^3 along copy", "power_0.linear_0.weight"),
    ("R[d]", "linear as a >> relu in eval linear as a", "a.weight"),
    ("R[d]", "x |-> family[2](linear) as experts(zeroth(), x)", "experts.0.linear_0.weight experts.1.linear_0.weight"),
]


@pytest.mark.parametrize(("object", "body", "addresses"), ADDRESSES, ids=[body for _, body, _ in ADDRESSES])
def test_addresses(object, body, addresses, tmp_path):
    pytest.importorskip("torch")
    import catlang

    path = tmp_path / "net.cat"
    path.write_text(f"""dim d
        morphism block : R[d] -> R[d] = affine as up >> relu
        morphism around[A](f : A -> A) : A -> A = (id, f) >> add
        morphism zeroth : 1 -> Fin[2] = zero[2] >> argmax
        morphism net : {object} -> {object} = {body}
        """)
    assert set(catlang.compile(path, "net", d=4).state_dict()) == set(addresses.split())


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
