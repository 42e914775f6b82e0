"""Comments: where they stand between the tokens of a text, and at which breaks of a document they are put.

A comment stays between the two tokens that it was written between, if there the document has a break: the line ends
there, and the comment stands behind it if it stood behind code, else on a line of its own. Where there is no break, a
comment behind code moves to the next one, over a comma or a bracket, unless another comment is in between; any other
makes the line end where it stands.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from catlang.formatter.document import Break, End, Group, force
from catlang.syntax.tables import Token

_COMMENT = re.compile(r"#[^\n]*")


class Between(NamedTuple):
    """The comments between two tokens, and whether the first stands on the line of the first token."""

    comments: list[str]
    trailing: bool


def between(text: str, start: int, end: int) -> Between:
    """The comments in a stretch of the text that has no token in it.

    >>> between("a # one\\n# two\\nb", 1, 14)
    Between(comments=['# one', '# two'], trailing=True)
    """
    found = list(_COMMENT.finditer(text, start, end))
    if not found:
        return Between([], False)
    return Between([one[0].rstrip() for one in found], "\n" not in text[start : found[0].start()])


def placed(entries: list[Any], text: str, free: bool) -> tuple[list[Any], str]:
    """The entries of a declaration with its comments at breaks, of which there may be more for it; the groups around
    such a break do not fit on a line. And the comment that moves behind the declaration, where that place is free."""
    first = next(entry for entry in entries if isinstance(entry, Token))
    last = next(entry for entry in reversed(entries) if isinstance(entry, Token))
    if "#" not in text[first.start_pos : last.end_pos]:
        return entries, ""
    gaps = _gaps(entries, text)
    behind = _moved(gaps, free)
    inserted: dict[int, Break] = {}
    for gap in gaps:
        if gap.comments:
            if gap.place is None:
                gap.place = inserted[gap.index] = Break("")
            gap.place.comments, gap.place.trailing, gap.place.forced = gap.comments, gap.trailing, True
    whole: list[Any] = []
    opened: list[Group] = []
    for index, entry in enumerate(entries):
        if index in inserted:
            whole.append(inserted[index])
            force(opened)
        whole.append(entry)
        if isinstance(entry, Group):
            opened.append(entry)
        elif isinstance(entry, End) and isinstance(entry.of, Group):
            opened.pop()
        elif isinstance(entry, Break) and entry.forced:
            force(opened)
    return whole, behind


class _Gap:
    """What is between two tokens: where the second one is among the entries, the break, if any, and the comments."""

    __slots__ = ("comments", "index", "place", "trailing")

    def __init__(self, index: int, place: Break | None, found: Between) -> None:
        self.index = index
        self.place = place
        self.comments, self.trailing = found


def _gaps(entries: list[Any], text: str) -> list[_Gap]:
    gaps: list[_Gap] = []
    previous: Token | None = None
    place: Break | None = None
    for index, entry in enumerate(entries):
        if isinstance(entry, Break):
            place = place or entry
        elif isinstance(entry, Token):
            if previous is not None:
                gaps.append(_Gap(index, place, between(text, previous.end_pos, entry.start_pos)))
            previous, place = entry, None
    return gaps


def _moved(gaps: list[_Gap], free: bool) -> str:
    """Moves each comment behind code to the next break, where none is before it; gives the one that comes to the
    end."""
    waiting: _Gap | None = None
    for gap in gaps:
        if gap.comments:
            waiting = gap if gap.place is None and gap.trailing and len(gap.comments) == 1 else None
        elif waiting is not None and gap.place is not None:
            gap.comments, gap.trailing = waiting.comments, True
            waiting.comments = []
            waiting = None
    if waiting is None or not free:
        return ""
    [comment] = waiting.comments
    waiting.comments = []
    return comment
