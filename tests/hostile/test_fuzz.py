"""No text stops the checker: prefixes of files that are right, and edits of them, end in diagnostics or in none.

The texts are the idioms, a fixture of recursion and the golden mistakes. What is checked is checked in one process,
with the same choices at each run.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from catlang.checking import check_source
from catlang.report import render
from catlang.span import Source

TESTS = Path(__file__).parents[1]
IDIOMS = [*sorted((TESTS / "idioms").glob("*.cat")), TESTS / "grammar" / "fixtures" / "algebras.cat"]
MISTAKES = sorted((TESTS / "golden" / "mistakes").glob("*.cat"))
#: What is put in: signs, words and names of the language, and some that are not.
PIECES = [*"()[]{}^*+-/%=:,.|<>_#\"'@~!?\\\n\t 0123456789", ">>", "|->", "->", "=>", "==", "<=", "...", "∘", "×", "ﬁ",
          "\u202e", " let ", " in ", " where ", " along ", " copy ", " object ", " morphism ", " dim ", " as x", " 0",
          " 1e9", "id", "[_]", "R[", "Fin[n]", "^n", "^2", "each(", "relu", "(x |-> x)", "mu ", "over ", "init zeros",
          "List(", "^S", "fold(", "run(", "unfold[2]", "1 + ", " endofunctor F(X) = ",
          ' allow E0205 "x" ', " allow E0203 in file "]
#: How many edits, over all the idioms.
EDITS = 500


def checked(text: str, name: str) -> None:
    """Checks a text, and holds what is said of it to the rules for what is said."""
    started = time.process_time()
    bag = check_source(Source(name, None, text)).bag
    for found in bag:
        assert found.headline and found.span is not None
        assert 0 <= found.span.start <= found.span.end <= len(found.span.source.text)
        assert render(found)
    assert time.process_time() - started < 5, text


@pytest.mark.parametrize("path", IDIOMS, ids=lambda path: path.stem)
def test_prefixes(path: Path) -> None:
    """Of the shortest files every prefix, of longer ones as many as two hundred."""
    text = path.read_text(encoding="utf-8")
    step = max(1, len(text) // (len(text) if os.environ.get("CATLANG_FUZZ") else 120))
    for end in range(0, len(text) + 1, step):
        checked(text[:end], path.name)


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_prefixes_of_mistakes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")[:200]
    for end in range(0, len(text), 3 if os.environ.get("CATLANG_FUZZ") else 23):
        checked(text[:end], path.name)


@pytest.mark.parametrize("path", IDIOMS, ids=lambda path: path.stem)
def test_edits(path: Path) -> None:
    """A piece put in, one character or a run of them left out, two places swapped."""
    text = path.read_text(encoding="utf-8")
    chance = random.Random(path.name)
    for _ in range(EDITS // len(IDIOMS)):
        start, end = sorted((chance.randrange(len(text)), chance.randrange(len(text))))
        before, piece = text[:start], chance.choice(PIECES)
        edits = [before + piece + text[start:], before + piece + text[start + 1 :], before + text[start + 1 :],
                 before + text[min(end, start + 40) :], before + text[end : end + 20] + text[start:]]
        checked(chance.choice(edits), path.name)
