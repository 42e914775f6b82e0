"""What holds of the formatter whatever the text: the same tree, the same comments, the same text once more, no long
lines.

The texts are random programs and derivations of the grammar, whatever is answered with "not yet" included, with random
blanks, line ends and comments between their tokens; and every file of the repository that parses.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

# What the tests of the grammar share, and the programs beside this file.
sys.path.insert(0, str(Path(__file__).parents[1] / "grammar"))
sys.path.insert(0, str(Path(__file__).parent))

from material import body, sentence, shape
from programs import program

from catlang.formatter import Unparsed, formatted
from catlang.formatter.concrete import read
from catlang.formatter.declarations import RULES
from catlang.formatter.printer import WIDTH
from catlang.formatter.sameness import pieces
from catlang.span import Source
from catlang.syntax.parser import parse

TESTS = Path(__file__).parents[1]
FILES = sorted(path for folder in (TESTS, TESTS.parent / "examples", TESTS.parent / "catlang" / "library")
               for path in folder.rglob("*.cat"))
BLANKS = (" ", " ", " ", "  ", "\t", "\n", "\n    ", "\n\n", "\r\n", "\n\n\n")
COMMENTS = (" # why\n", "# close\n", "\n# own\n", "\n  ## documented\n", "\n# one\n# two\n\n", " #\n",
            " # é ∘ 自然 #(\n", "\n# ---------- ruler\n", " # " + "long " * 30 + "\n")


def noisy(words: list[str], seed: int) -> str:
    """The words with blanks between them, and comments between some."""
    chance = random.Random(seed)
    often = chance.choice((0.0, 0.02, 0.3))
    text = chance.choice(("", "\n", "# first\n", "## first\n", "\n\n# first\n\n"))
    for word in words:
        text += word + chance.choice(COMMENTS if chance.random() < often else BLANKS)
    return text + chance.choice(("", "\n", "# last", "\n\n\n# last\n\n"))


def held(text: str) -> str | None:
    """What a text becomes, held to all that is promised; None for one that does not parse."""
    source = Source("test.cat", None, text)
    parsed = parse(source)
    try:
        once = formatted(text)
    except Unparsed:
        return None
    assert formatted(once) == once
    again = parse(Source("test.cat", None, once))
    assert shape(again.declarations) == shape(parsed.declarations)
    assert pieces(once)[1] == pieces(source.text)[1]
    assert not once or once.endswith("\n") and not once.endswith("\n\n")
    for line in once.split("\n"):
        assert line == line.rstrip(" ")
        code = line if line.lstrip().startswith("#") else line.split("#")[0].rstrip()
        if not line.lstrip().startswith("#"):
            assert len(code) <= WIDTH or len(pieces(code)[0]) <= 1, code
    assert "\n\n\n" not in once
    return once


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files(path: Path) -> None:
    held(path.read_text(encoding="utf-8"))


def meant_wrong(path: Path) -> bool:
    """Whether a file of the repository is there for its mistakes."""
    return bool({"mistakes", "specs"} & {*path.relative_to(TESTS.parent).parts})


def test_most_files_parse() -> None:
    """What is skipped above is what it is there for: files with mistakes of syntax."""
    unparsed = [path for path in FILES if held(path.read_text(encoding="utf-8")) is None]
    assert all(meant_wrong(path) for path in unparsed)
    assert len(unparsed) < len(FILES) / 4


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_programs(seed: int, blanks: int) -> None:
    assert held(noisy(program(seed).split(" "), blanks)) is not None


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**40), st.integers(0, 2**40), st.sampled_from((sentence, body)))
def test_sentences(seed: int, blanks: int, made: Callable[[int], str]) -> None:
    """Derivations of the grammar, of which many do not parse: patterns that are none."""
    held(noisy(made(seed).split(" "), blanks))


def test_programs_have_every_rule_in_them() -> None:
    met = {node.rule for seed in range(200) for node in read(program(seed)).nodes}
    assert set(RULES) - met == set()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**40))
def test_comments_between_the_tokens_of_files(seed: int) -> None:
    """Sentences that mean something, torn apart."""
    chance = random.Random(seed)
    path = chance.choice([path for path in FILES if not meant_wrong(path)])
    words, _ = pieces(path.read_text(encoding="utf-8"))
    assert held(noisy(words, seed)) is not None
