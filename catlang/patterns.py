"""Patterns of paths, as ``exclude`` in pyproject.toml has them.

A pattern without a slash means every file and folder of that name; one with a slash is seen from the project's folder.
`*` and `?` stand for characters of one name, `**` for any number of folders. What is said of a folder holds of all
below it.

>>> [matches(pattern, "drafts/old/net.cat") for pattern in ("net.cat", "*.cat", "drafts/**/net.cat", "**/old/*.cat")]
[True, True, True, True]
>>> [matches(pattern, "drafts/old/net.cat") for pattern in ("drafts", "old/", "drafts/old", "drafts/**", "*/old")]
[True, True, True, True, True]
>>> [matches(pattern, "drafts/old/net.cat") for pattern in ("drafts/*.cat", "old/net.cat", "Net.cat", "ol")]
[False, False, False, False]
>>> matches("drafts/", "drafts"), matches("drafts/**", "drafts"), matches("./drafts", "drafts")
(True, True, True)
"""

from __future__ import annotations

import os
import re
from fnmatch import translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def excluded(patterns: Sequence[str], folder: str) -> Callable[[str], bool]:
    """Whether a path is meant by one of the patterns, which are seen from a folder."""
    base = os.path.abspath(folder or os.curdir)
    parsed = [_parsed(pattern) for pattern in patterns]

    def found(path: str) -> bool:
        inside = os.path.relpath(os.path.abspath(path), base)
        names = inside.split(os.sep)
        return names[0] != os.pardir and any(_meet(pattern, names) for pattern in parsed)

    return found


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern means a path, both with slashes and seen from one folder."""
    return _meet(_parsed(pattern), path.split("/"))


_Parts = list["re.Pattern[str] | None"]


def _parsed(pattern: str) -> _Parts:
    """What each name of a path has to match; None stands for any number of names."""
    names = [name for name in pattern.split("/") if name not in ("", ".")]
    if len(names) == 1 and "/" not in pattern.rstrip("/"):
        names.insert(0, "**")
    parts: _Parts = []
    for name in names:
        if name != "**":
            parts.append(re.compile(translate(name)))
        elif not parts or parts[-1] is not None:
            parts.append(None)
    if len(parts) > 1 and parts[-1] is None:
        parts.pop()  # all below a folder, and so the folder
    return parts


def _meet(parts: _Parts, names: Sequence[str]) -> bool:
    # The places in the pattern that can have been reached, name by name.
    places = {0}
    for name in names:
        places = _beyond(parts, places)
        places = {place if parts[place] is None else place + 1 for place in places
                  if place < len(parts) and ((part := parts[place]) is None or part.match(name))}
        if parts and len(parts) in _beyond(parts, places):
            return True  # a folder around the path, or the path
    return False


def _beyond(parts: _Parts, places: set[int]) -> set[int]:
    """With those that are reached without a name."""
    return places | {place + 1 for place in places if place < len(parts) and parts[place] is None}
