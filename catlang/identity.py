"""What a mistake is known by when lines move: its file, its code, the declaration it lies in, and its headline.

Found from the text alone, so that a file that does not parse has identities too: where no declaration could be read,
the one meant is that whose first words stand last before the place.

>>> from catlang.diagnostic import Diagnostic, Label
>>> from catlang.span import Source, Span
>>> source = Source("net.cat", None, "dim n, d\\nmorphism f : R[n] -> = relu\\n")
>>> [one.declaration for one in identities(
...     Diagnostic("E0100", "what  it\\nis", [Label(Span(source, at, at + 1))]) for at in (7, 30))]
['d', 'f']
>>> identities([Diagnostic("E0100", "what  it\\nis")])
[Identity(file='', code='E0100', declaration='', text='what it is')]
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catlang.diagnostic import Diagnostic
    from catlang.span import Source
    from catlang.syntax import tree


class Identity(NamedTuple):
    """Equal for two mistakes that nobody would tell apart, were it not for their lines."""

    file: str
    code: str
    declaration: str
    text: str


def identities(diagnostics: Iterable[Diagnostic]) -> list[Identity]:
    """The identities of diagnostics, in their order."""
    known: dict[str, Declarations] = {}
    found = []
    for diagnostic in diagnostics:
        span, name = diagnostic.span, ""
        if span is not None:
            if span.source.name not in known:
                known[span.source.name] = Declarations(span.source)
            name = known[span.source.name].at(span.start)
        file = span.source.name if span is not None else ""
        found.append(Identity(file, diagnostic.code, name, " ".join(diagnostic.headline.split())))
    return found


class Declarations:
    """The declarations of a source, by place."""

    def __init__(self, source: Source) -> None:
        from catlang.syntax.parser import parse
        from catlang.syntax.tables import DECLARATION

        self._read = sorted(parse(source).declarations, key=lambda node: node.start)
        self._starts = [node.start for node in self._read]
        heads = re.compile(rf"^[ \t]*({'|'.join(DECLARATION)})\b[ \t]*([^\W\d]\w*)?", re.MULTILINE)
        found = list(heads.finditer(source.text))
        self._heads = [head.start(1) for head in found]
        self._names = [head[2] or head[1] for head in found]

    def at(self, offset: int) -> str:
        """The name of the declaration in which an offset lies; empty in front of the first."""
        place = bisect_right(self._starts, offset) - 1
        if place >= 0 and offset < self._read[place].end:
            return _name(self._read[place], offset)
        place = bisect_right(self._heads, offset) - 1
        return self._names[place] if place >= 0 else ""


def _name(node: tree.Declaration, offset: int) -> str:
    """What a declaration is called; of several dims the one that is meant, of what has no name its words."""
    from catlang.syntax import tree
    from catlang.syntax.builder import fold

    if isinstance(node, tree.Dims):
        before = [item.name for item in node.items if item.start <= offset]
        return before[-1] if before else node.items[0].name
    if isinstance(node, tree.Import):
        path = node.path if isinstance(node.path, str) else ".".join(node.path)
        return node.alias or fold(f"import {path}")
    if isinstance(node, tree.Later) and node.name is None:
        return node.keyword
    return (tree.declared(node) or [""])[0]
