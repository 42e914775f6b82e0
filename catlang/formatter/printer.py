"""The printer: which breaks of a document are lines' ends.

A group fits if what it holds, and what follows it up to the next place where a line may end, fits on the line. All
widths are known from the stream, so each entry is looked at once. A token for which there is no room left begins a new
line, whatever the document says: between tokens a line may end anywhere. So a line is too long only where one token, or
a comment, is; for that no line begins further to the right than ``RIGHTMOST``.
"""

from __future__ import annotations

from typing import Any

from catlang.formatter.document import Aligned, Bracket, Break, End, Group, Indented, Inner, Last, Padding
from catlang.syntax.tables import Token

#: How long a line may be, as in the library.
WIDTH = 120
#: Where lines begin at most.
RIGHTMOST = 72
#: Items that do not fit are still aligned behind a bracket that stands no further to the right than this.
ALIGNED = 40


class Row:
    """A line: its code and the comment behind it; a line of its own has no code."""

    __slots__ = ("code", "comment")

    def __init__(self, code: str, comment: str = "") -> None:
        self.code = code
        self.comment = comment


def printed(entries: list[Any], base: int = 0) -> list[Row]:
    """The lines of a stream whose tokens are spelled as they are to be."""
    rows: list[Row] = []
    line: list[str] = []  # what is on the line that is being written, behind its indentation
    indents = [base]
    modes = [True]  # whether the groups around are broken
    column = begun = base

    def end(comments: list[str], trailing: bool) -> None:
        nonlocal column, begun
        indent = indents[-1]
        if line:
            code = " " * begun + "".join(line).rstrip(" ")
            rows.append(Row(code, comments[0] if trailing else ""))
            comments = comments[trailing:]
            line.clear()
        rows.extend(Row("", " " * indent + comment) for comment in comments)
        column = begun = indent

    for entry in entries:
        if isinstance(entry, str):
            if type(entry) is Token:
                if column + len(entry) > WIDTH and line:
                    end([], False)
            elif not line:
                entry = entry.lstrip(" ")
                if not entry:
                    continue
            line.append(entry)
            column += len(entry)
        elif isinstance(entry, Break):
            if entry.forced or (modes[-1] and _ends(entry, column)):
                end(entry.comments, entry.trailing)
            elif entry.flat and line:
                line.append(entry.flat)
                column += len(entry.flat)
        elif isinstance(entry, Group):
            broken = entry.forced or (modes[-1] and column + entry.after - entry.start > WIDTH)
            modes.append(broken)
            if broken and isinstance(entry, Bracket):
                entry.inner.hanging = _hangs(entry, column, indents[-1])
        elif isinstance(entry, End):
            if isinstance(entry.of, Group):
                modes.pop()
            else:
                indents.pop()
                if not line:
                    column = begun = indents[-1]
        elif isinstance(entry, Indented):
            indents.append(min(indents[-1] + entry.by, RIGHTMOST))
        elif isinstance(entry, Aligned):
            bracket = entry.bracket
            if bracket is not None and bracket.inner.hanging:
                indents.append(min(indents[-1] + bracket.hang, RIGHTMOST))
            else:
                indents.append(column if column <= RIGHTMOST else min(indents[-1] + 4, RIGHTMOST))
        elif isinstance(entry, Padding) and modes[-1]:
            blanks = entry.column.blanks(entry.own)
            line.append(" " * blanks)
            column += blanks
    end([], False)
    return rows


def _ends(entry: Break, column: int) -> bool:
    """Whether a line ends at a break of a broken group."""
    if isinstance(entry, Inner):
        return entry.hanging
    if isinstance(entry, Last):
        return False
    following = entry.following
    return following is None or column + len(entry.flat) + following.after - following.start > WIDTH


def _hangs(bracket: Bracket, column: int, indent: int) -> bool:
    """Whether the items of a broken bracket stand on lines below it, rather than behind it."""
    aligned = column + 1
    hanging = min(indent + bracket.hang, RIGHTMOST)
    if bracket.inner.forced:
        return True
    if aligned <= ALIGNED or hanging >= aligned or len(bracket.items) < 2:
        return False
    widest = max(item.width for item in bracket.items) + 1
    return aligned + widest > WIDTH and (aligned > RIGHTMOST or hanging + widest <= WIDTH)
