"""What the parser knows of the language: the tables that Lark made of the grammar, and the lexer's pattern.

They are read once a process, and only when something is parsed.

>>> tables().words["morphism"], tables().soft["as"], tables().signs[">>"]
('MORPHISM', '_AS', '_COMPOSE')
"""

from __future__ import annotations

import re
from typing import Any

#: The words with which a declaration begins; a line that begins with one is where the parse goes on.
DECLARATION = ("import", "allow", "dim", "param", "object", "morphism", "extern", "primitive", "cell", "frozen", "law",
               "endofunctor", "algebra", "coalgebra", "transformation", "translation", "monad", "theory", "semiring",
               "category", "cocycle", "extension", "strength", "hom", "budget", "group", "monoid", "action", "model",
               "lax")


class Token(str):
    """A piece of text with its place and what it is."""

    __slots__ = ("type", "start_pos", "end_pos")
    type: str
    start_pos: int
    end_pos: int


class Tables:
    """The tables, read once a process and only when something is parsed."""

    def __init__(self) -> None:
        import json
        import os

        folder = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "grammar")
        with open(os.path.join(folder, "tables.json"), encoding="utf-8") as file:
            data = json.load(file)
        self.states: list[dict[str, int]] = data["states"]
        self.rules: list[Any] = data["rules"]
        self.start: int = data["start"]
        self.words: dict[str, str] = data["words"]
        self.soft: dict[str, str] = data["soft"]
        self.signs: dict[str, str] = data["signs"]
        # The lexer's pattern for names knows no reserved words: they are looked up.
        name = re.sub(r"^\(\?!.*?\]\)\)", "", data["patterns"]["NAME"])
        signs = "|".join(re.escape(sign) for sign in sorted(self.signs, key=len, reverse=True))
        self.pattern = re.compile(
            rf"[ \t\r\n]*(?:#[^\n]*[ \t\r\n]*)*(?:({name})|({signs})|({data['patterns']['NUMBER']})|"
            rf"({data['patterns']['STRING']})|(\Z)|(.))", re.DOTALL)
        # A word at the start of a line that is followed by a name as declarations are, may be a misspelt one.
        self.resume = re.compile(rf"^[ \t]*(?=(?:{'|'.join(DECLARATION)})\b(?!\s*=))|"
                                 rf"^(?=(?!(?:{'|'.join(self.words)}|as|init|eval)\b)[^\W\d]\w*[ \t]+[^\W\d]\w*"
                                 r"[ \t]*(?:[\[(:=]|>=|,|$))", re.MULTILINE)


_tables: list[Tables] = []


def tables() -> Tables:
    if not _tables:
        _tables.append(Tables())
    return _tables[0]
