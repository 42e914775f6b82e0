"""What the tests of the grammar share: the fixtures, sentences made of the grammar, trees without places."""

from __future__ import annotations

import os
import random
from functools import cache

from catlang.grammar import tables
from catlang.span import Source
from catlang.syntax import tree
from catlang.syntax.parser import Parsed, parse

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures")
NAMES = ("f", "g", "x", "n", "A", "h2", "_a", "φ", "to", "as", "cell", "group", "state", "up", "eval", "divides")
SPELLED = {"NUMBER": ("0", "1", "28", "1_000", "0.5", "1e-5", "2.5E+3"), "STRING": ('"a.cat"', '""')}


@cache
def lark():
    return tables.lark(strict=False)


def fixture_paths() -> list[str]:
    return sorted(os.path.join(FIXTURES, name) for name in os.listdir(FIXTURES) if name.endswith(".cat"))


def text_of(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


@cache
def _expansions() -> tuple[dict[str, list[tuple[int, tuple[str, ...]]]], dict[str, list[str]]]:
    """For each rule what it may become, and at the least how deep that is; the terminals' spellings."""
    rules: dict[str, list[tuple[str, ...]]] = {}
    for rule in lark().rules:
        rules.setdefault(rule.origin.name, []).append(tuple(symbol.name for symbol in rule.expansion))
    depth: dict[str, int] = {}

    def least(expansion: tuple[str, ...]) -> int:
        return max((depth.get(name, 1000) for name in expansion if name in rules), default=0)

    while len(depth) < len(rules):
        for origin, expansions in rules.items():
            found = min(least(expansion) for expansion in expansions)
            if found < 1000 and origin not in depth:
                depth[origin] = 1 + found
    built = tables.build(strict=False)
    spellings: dict[str, list[str]] = {}
    for group in ("words", "soft", "signs"):
        for spelling, terminal in built[group].items():
            spellings.setdefault(terminal, []).append(spelling)
    return {origin: [(least(one), one) for one in found] for origin, found in rules.items()}, spellings


def sentence(seed: int, start: str = "start", deepest: int = 14) -> str:
    """A text that the grammar takes: a random derivation, its terminals spelled and parted by blanks."""
    chance = random.Random(seed)
    rules, spellings = _expansions()
    words: list[str] = []

    def expand(symbol: str, left: int) -> None:
        if symbol == "NAME":
            words.append(chance.choice(NAMES))
        elif symbol not in rules:
            words.append(chance.choice(SPELLED.get(symbol) or spellings[symbol]))
        else:
            possible = [one for least, one in rules[symbol] if least < left] or [min(rules[symbol])[1]]
            for part in chance.choice(possible):
                expand(part, left - 1)

    expand(start, deepest)
    return " ".join(words)


def body(seed: int) -> str:
    """A declaration with a random expression as its body."""
    return f"morphism m : A -> B = {sentence(seed, 'expr', 16)}"


def read(text: str) -> Parsed:
    return parse(Source("test.cat", None, text))


def only(text: str) -> tree.Declaration:
    """The one declaration of a text that has no mistake."""
    parsed = read(text)
    assert not parsed.diagnostics, (text, [found.headline for found in parsed.diagnostics])
    [node] = parsed.declarations
    return node


def expression(text: str) -> tree.Node:
    """The body of a morphism."""
    node = only(f"morphism m : A -> B = {text}")
    assert isinstance(node, tree.Morphism) and node.body is not None
    return node.body


def shape(part: object) -> object:
    """A tree without its places."""
    if isinstance(part, tree.Node):
        names = [name for name in part.__slots__ if not name.endswith(("_start", "_end"))]
        fields = [shape(getattr(part, name)) for name in names]
        return (type(part).__name__, part.grouped, *fields)
    if isinstance(part, list | tuple):
        return [shape(one) for one in part]
    return part
