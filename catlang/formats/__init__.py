"""What a check found, as text for programs: one module a format, imported only when that format is asked for.

Each module has ``write(found) -> str``, which gives the whole text, a line feed at its end. The text depends on what
was found and on nothing else, and whatever names and texts files have, it stays what its format says it is.

>>> found = Found(["net.cat"], [])
>>> found.errors, found.warnings
(0, 0)
>>> written(found, "junit").splitlines()[2]
'  <testsuite name="net.cat" tests="1" failures="0" errors="0" skipped="0">'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catlang.diagnostic import Diagnostic

#: The formats for programs, each with its module.
FORMATS = {
    "json": "catlang.formats.json",
    "github": "catlang.formats.github",
    "sarif": "catlang.formats.sarif",
    "junit": "catlang.formats.junit",
}


class Found:
    """The files that were checked, in their order, and what is to be told; ``known`` mistakes of a baseline were left
    out, and ``gone`` of its entries no longer occur."""

    __slots__ = ("diagnostics", "files", "gone", "known")

    def __init__(self, files: Sequence[str], diagnostics: Iterable[Diagnostic], known: int = 0, gone: int = 0) -> None:
        self.files = list(files)
        self.diagnostics = list(diagnostics)
        self.known = known
        self.gone = gone

    @property
    def errors(self) -> int:
        return sum(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    @property
    def warnings(self) -> int:
        return sum(diagnostic.severity == "warning" for diagnostic in self.diagnostics)


def written(found: Found, format: str) -> str:
    """What was found, in one of ``FORMATS``."""
    text: str = importlib.import_module(FORMATS[format]).write(found)
    return text


def whole(text: str) -> str:
    """A text without halves of surrogate pairs, which file names may have and no document may hold.

    >>> whole("a\\udc80.cat"), whole("自然 \\U0001f600") == "自然 \\U0001f600"
    ('a<U+DC80>.cat', True)
    """
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return "".join(f"<U+{ord(one):04X}>" if "\ud800" <= one <= "\udfff" else one for one in text)
