"""A source is a text with a name; a span is a stretch of it.

A span is half-open and counts code points, so spans of one source behave as intervals do: the text of a span
is a slice, and `join` is the least span that covers both.

>>> source = Source("model.cat", None, "dim n\\ndim d\\n")
>>> span = Span(source, 10, 11)
>>> span.text, span.place
('d', 'model.cat:2:5')
>>> Span(source, 6, 9).join(span).text
'dim d'

Lines and columns start at 1, and going to a position and back changes nothing.

>>> source.position(10)
(2, 5)
>>> all(source.offset(*source.position(i)) == i for i in range(len(source.text) + 1))
True

A line ends in a line feed whatever the file had: a source keeps its text with that one line ending only.

>>> Source("model.cat", None, "dim n\\r\\ndim d\\rdim e").text
'dim n\\ndim d\\ndim e'
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate


class Source:
    """A text, the name it is shown under, and its path where it came from a file."""

    __slots__ = ("_starts", "name", "path", "text")

    def __init__(self, name: str, path: str | None, text: str) -> None:
        self.name = name
        self.path = path
        self.text = one_line_ending(text)
        self._starts: list[int] | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Source):
            return NotImplemented
        return self.name == other.name and self.path == other.path and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Source {self.name!r}>"

    @property
    def starts(self) -> list[int]:
        """The offset at which each line starts; there is always a first line."""
        if self._starts is None:
            lengths = (len(line) + 1 for line in self.text.split("\n"))
            self._starts = [0, *accumulate(lengths)]
            self._starts.pop()
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; outside the text, those of its nearest end."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a position; a column past the end of its line is the end of that line."""
        line = min(max(line, 1), len(self.starts))
        start = self.starts[line - 1]
        return min(start + max(column, 1) - 1, self._end(line))

    def line(self, n: int) -> str:
        """The `n`th line from 1, without its ending; empty where there is no such line.

        >>> Source("model.cat", None, "dim n\\ndim d").line(2)
        'dim d'
        """
        if not 1 <= n <= len(self.starts):
            return ""
        return self.text[self.starts[n - 1] : self._end(n)]

    def doc(self, offset: int) -> str | None:
        """The lines of `##` directly above the declaration that starts at an offset.

        >>> source = Source("model.cat", None, "## The width.\\n## Always even.\\ndim d\\ndim n\\n")
        >>> source.doc(source.text.index("dim d"))
        'The width.\\nAlways even.'
        >>> source.doc(source.text.index("dim n")) is None
        True
        """
        line, column = self.position(offset)
        if self.line(line)[: column - 1].strip():
            return None
        lines: list[str] = []
        for n in range(line - 1, 0, -1):
            comment = self.line(n).strip()
            # '###' and longer are rules that part a file, not documentation.
            if not comment.startswith("##") or comment.startswith("###"):
                break
            lines.append(comment[2:].removeprefix(" "))
        return "\n".join(reversed(lines)) if lines else None

    def _end(self, n: int) -> int:
        return self.starts[n] - 1 if n < len(self.starts) else len(self.text)


class Span:
    """The code points from `start` up to, and not with, `end`."""

    __slots__ = ("end", "source", "start")

    def __init__(self, source: Source, start: int, end: int) -> None:
        self.source = source
        self.start = start
        self.end = end

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Span):
            return NotImplemented
        return self.start == other.start and self.end == other.end and self.source == other.source

    def __hash__(self) -> int:
        return hash((self.source.name, self.start, self.end))

    def __repr__(self) -> str:
        return f"<Span {self.place} {self.start}:{self.end}>"

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    @property
    def place(self) -> str:
        """Where the span starts, as editors and terminals read it."""
        line, column = self.source.position(self.start)
        return f"{self.source.name}:{line}:{column}"

    def join(self, other: Span) -> Span:
        """The least span that covers both; both lie in one source."""
        if self.source != other.source:
            raise ValueError(f"{self.place} and {other.place} lie in two sources")
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))


def one_line_ending(text: str) -> str:
    """A text whose lines end in a line feed, and nothing else."""
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n")
