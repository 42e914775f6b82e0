"""What must be the same in a formatted text: its tree, its tokens, its comments and its documentation.

>>> same = Source("a", None, "dim n\\n"); other = Source("a", None, "dim m\\n")
>>> difference(same, parse(same), other)
'has another tree'
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from catlang.formatter.concrete import SPELLED
from catlang.span import Source
from catlang.syntax import tree
from catlang.syntax.parser import parse
from catlang.syntax.tables import tables

if TYPE_CHECKING:
    from catlang.syntax.parser import Parsed

_PLACE = re.compile(r"(?:^|_)(?:start|end)$")
_COMMENT = re.compile(r"#[^\n]*")


def difference(before: Source, parsed: Parsed, after: Source) -> str:
    """What is not the same in the two texts, of which the first was ``parsed``; nothing if all is."""
    again = parse(after)
    if [one.headline for one in again.diagnostics] != [one.headline for one in parsed.diagnostics]:
        return "does not parse"
    if not same_tree(parsed.declarations, again.declarations):
        return "has another tree"
    (words, comments), (words_after, comments_after) = pieces(before.text), pieces(after.text)
    if words != words_after:
        return "has other words in it"
    if comments != comments_after:
        return "has other comments"
    if "##" in before.text and any(before.doc(one.start) != after.doc(two.start) for one, two in zip(
            parsed.declarations, again.declarations, strict=True)):
        return "documents its declarations otherwise"
    return ""


def same_tree(one: Any, other: Any) -> bool:
    """Whether two trees, or lists of them, are the same but for the places of their nodes."""
    waiting = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, tree.Node):
            if left.grouped != right.grouped:
                return False
            waiting += [(getattr(left, name), getattr(right, name)) for name in _fields(type(left))]
        elif isinstance(left, list):
            if len(left) != len(right):
                return False
            waiting += zip(left, right, strict=True)
        elif left != right:
            return False
    return True


_FIELDS: dict[type[tree.Node], list[str]] = {}


def _fields(kind: type[tree.Node]) -> list[str]:
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = [name for name in kind.__slots__ if not _PLACE.search(name)]
    return found


def pieces(text: str) -> tuple[list[str], list[str]]:
    """The tokens of a text as the formatter spells them, without commas at the end of lists, and its comments.

    >>> pieces("object A → (B,) # why  ")
    (['object', 'A', '->', '(', 'B', ')'], ['# why'])
    """
    words: list[str] = []
    comments: list[str] = []
    match = tables().pattern.match
    position = 0
    while True:
        found = match(text, position)
        assert found is not None
        group = found.lastindex or 5
        start = found.start(group)
        if text.find("#", position, start) >= 0:
            comments += [one.rstrip() for one in _COMMENT.findall(text, position, start)]
        if group == 5:
            return words, comments
        word = found[group]
        if word in (")", "]", "}") and words and words[-1] == ",":
            words.pop()
        words.append(SPELLED.get(word, word))
        position = found.end()
