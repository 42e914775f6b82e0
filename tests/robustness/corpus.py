"""The texts that are cut short and edited: every example, the library, each block of the README and the reference."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FILES = sorted(path for folder in ("examples", "catlang/library") for path in (REPOSITORY / folder).rglob("*.cat"))
PAGES = (REPOSITORY / "README.md", REPOSITORY / "grammar" / "REFERENCE.md")
BLOCK = re.compile(r"^```cat(?:-error E\d{4})?\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: Bytes that mean something somewhere, which a byte drawn evenly seldom is.
TELLING = b"()[]{}^*+-/%=:,.|<>_#\"'@~!?\\\n\t 0123456789ABXRabdefnx\0\r\x1b\x7f\x80\xc3\xe2\xff"


class Text:
    """The bytes of a file or of a block, the folder that its imports start in, and how many edits of it are made where
    one file has a thousand."""

    def __init__(self, name: str, data: bytes, root: str, edits: int = 1000) -> None:
        self.name = name
        self.data = data
        self.root = root
        self.edits = edits

    def __repr__(self) -> str:
        return self.name


def texts() -> list[Text]:
    found = [Text(str(path.relative_to(REPOSITORY)), path.read_bytes(), str(path.parent)) for path in FILES]
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Text(f"{page.name}:{line}", match[1].encode(), str(page.parent), 400))
    return found


def prefixes(text: Text, step: int = 1) -> Iterator[tuple[str, bytes]]:
    """Those that end at every byte, or at every so many; and what is to be said of them to find them again."""
    for end in range(0, len(text.data) + 1, step):
        yield f"{text.name}[:{end}]", text.data[:end]


def edits(text: Text, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """So many edits of one byte: another in its place, one less, one more."""
    chance = random.Random(f"{seed} {text.name}")
    for _ in range(count):
        place = chance.randrange(len(text.data) + 1)
        byte = bytes([chance.choice(TELLING) if chance.random() < 0.7 else chance.randrange(256)])
        kind = chance.choice(("substituted", "deleted", "inserted")) if place < len(text.data) else "inserted"
        rest = text.data[place:] if kind == "inserted" else text.data[place + 1:]
        put = b"" if kind == "deleted" else byte
        yield f"{text.name}[{place}] {kind} {put!r}", text.data[:place] + put + rest
