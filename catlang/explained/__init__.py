"""What each code means, for the person who has just made that mistake: a page a code, read when it is asked for.

A page is Markdown: sentences, and examples in fences. What a fence says about its example is its purpose:

* ``cat wrong``, ``cat right``: a whole file ``net.cat``; ``cat file NAME`` is another file, beside it;
* ``console wrong``, ``console right``: commands behind ``$``, and what they print (``console`` alone: of a mistake);
* ``python wrong``, ``python right``: the same from Python; ``text`` is what a mistake there says, and ``python file
  NAME`` a module beside them.

All of them run as tests, in their order.

>>> page = read("E0104")
>>> [(part.language, part.purpose) for part in page if part.language]
[('cat', 'wrong'), ('console', 'wrong'), ('cat', 'right')]
>>> page[0].text.splitlines()[1]
'in two orders.'
"""

from __future__ import annotations

import os

FENCE = "```"


class Part:
    """Some sentences (``language`` is then empty), or an example: its language, its purpose, the file that it is."""

    __slots__ = ("file", "language", "purpose", "text")

    def __init__(self, text: str, language: str = "", purpose: str = "", file: str = "") -> None:
        self.text = text
        self.language = language
        self.purpose = purpose
        self.file = file

    def __repr__(self) -> str:
        return f"<Part {self.language or 'sentences'} {self.purpose} {self.text[:40]!r}>"


def path(code: str) -> str:
    """Where the page of a code lies."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{code}.md")


def read(code: str) -> list[Part]:
    """The page of a code; raises ``FileNotFoundError`` where it has none."""
    with open(path(code), encoding="utf-8") as file:
        return parsed(file.read())


def parsed(text: str) -> list[Part]:
    """A page's parts.

    >>> [(part.language, part.text) for part in parsed("One.\\n\\n```cat wrong\\ndim\\n```\\n")]
    [('', 'One.'), ('cat', 'dim\\n')]
    """
    parts: list[Part] = []
    for number, piece in enumerate(f"\n{text}".split(f"\n{FENCE}")):
        # Fences open and close in turn, so every other piece is an example.
        if number % 2 == 0:
            if piece.strip():
                parts.append(Part(piece.strip("\n")))
            continue
        info, _, body = piece.partition("\n")
        language, purpose, name = [*info.split(), "", ""][:3]
        if language in ("console", "text") and not purpose:
            purpose = "wrong"
        parts.append(Part(body + "\n", language, purpose, name or ("net.cat" if language == "cat" else "")))
    return parts
