"""What a table ``[tool.catlang]`` may hold, what is wrong with one, and where; only imported where there is one.

TOML's parser gives values and no places. A place is therefore looked for in the text, and believed only if the text
with another key there parses to the table with another key.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from catlang.diagnostic import Diagnostic, Label
from catlang.span import Source, Span
from catlang.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Each key, and what its value is.
KINDS = {
    "paths": "a list of paths", "exclude": "a list of patterns", "format": "a format", "baseline": "a path",
    "quiet": "true or false", "cache": "a path, or false", "jobs": "a number of processes, at least 1",
}
#: What a value could look like.
EXAMPLES = {
    "paths": '["models"]', "exclude": '["drafts/**"]', "format": '"concise"', "baseline": '"known.json"',
    "quiet": "true", "cache": '".cache"', "jobs": "2",
}
#: A key that nobody has.
OTHER = "catlang_looks_for_this_key"
#: So many lines are tried.
MOST_TRIED = 20


def wrong(source: Source, table: object, formats: Sequence[str]) -> list[Diagnostic]:
    """The mistakes of the table, in the order of its keys."""
    if not isinstance(table, dict):
        return [Diagnostic("E0015", "`tool.catlang` is not a table", [_label(source, None, "this is one value")],
                           help=("write `[tool.catlang]`, and a line for each setting below it",))]
    found = []
    for key, value in table.items():
        if key not in KINDS:
            found.append(_unknown(source, key))
        elif not _right(key, value, formats):
            found.append(_kind(source, key, value, formats))
    return found


def _right(key: str, value: Any, formats: Sequence[str]) -> bool:
    if key in ("paths", "exclude"):
        return isinstance(value, list) and all(_path(one) for one in value) and (key == "exclude" or bool(value))
    if key == "format":
        return value in formats
    if key == "quiet":
        return isinstance(value, bool)
    if key == "jobs":
        return type(value) is int and 1 <= value <= 1024
    return _path(value) or (key == "cache" and isinstance(value, bool))


def _path(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and "\0" not in value


def _unknown(source: Source, key: str) -> Diagnostic:
    near = nearest(key, KINDS)
    advice = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{one}`' for one in KINDS)}"
    return Diagnostic("E0014", f"`[tool.catlang]` has no setting `{key}`", [_label(source, key, "unknown")],
                      help=(advice,))


def _kind(source: Source, key: str, value: Any, formats: Sequence[str]) -> Diagnostic:
    kind, advice = KINDS[key], f"write `{key} = {EXAMPLES[key]}`"
    if key == "format":
        kind = " or ".join(f"`{one}`" for one in formats)
        near = nearest(value, formats) if isinstance(value, str) else None
        advice = f"did you mean `{near}`?" if near else advice
    elif isinstance(value, list) and value and key in ("paths", "exclude"):
        value = next(one for one in value if not _path(one))
    return Diagnostic("E0015", f"`{key}` is {kind}", [_label(source, key, f"this is {_called(value)}")],
                      help=(advice,))


def _called(value: Any) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'"{value if len(value) <= 40 else value[:37] + "..."}"'
    if isinstance(value, int) and abs(value) > 10**30:
        return "a huge number"
    if isinstance(value, int | float):
        return f"`{value}`"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "a table" if isinstance(value, dict) else "a date or a time"


def _label(source: Source, key: str | None, text: str) -> Label:
    span = _found(source, key)
    return Label(span if span is not None else Span(source, 0, 0), text)


def _found(source: Source, key: str | None) -> Span | None:
    """Where a key of the table is written (of None, the key of the table itself), if that can be made out."""
    word = re.escape("catlang" if key is None else key)
    seen = 0
    for match in re.finditer(rf"""(?<![\w-])(["']?)({word})\1(?![\w-])""", source.text):
        seen += 1
        if seen > MOST_TRIED:
            return None
        changed = source.text[: match.start()] + OTHER + source.text[match.end() :]
        try:
            tool = tomllib.loads(changed).get("tool")
        except (ValueError, RecursionError):
            continue
        table = tool if key is None else tool.get("catlang") if isinstance(tool, dict) else None
        if isinstance(table, dict) and OTHER in table and (key or "catlang") not in table:
            return Span(source, match.start(), match.end())
    return None
