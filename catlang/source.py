"""From a file to a source, or to a diagnostic that says why not.

Reading is total: whatever a path leads to, the outcome is a `Source`, or `Unreadable` with a ready
diagnostic, never another exception. What a source may hold is Unicode text, of which `scan_characters`
refuses the characters that make it look other than it is.

>>> try:
...     read("/nowhere/model.cat")
... except Unreadable as unreadable:
...     print(unreadable.diagnostic.headline)
there is no file `/nowhere/model.cat`

>>> [found.headline for found in scan_characters(Source("model.cat", None, "dim n # \\u202e"))]
['bidirectional control character U+202E']
>>> scan_characters(Source("model.cat", None, "object É = R[3] # été"))
[]

Codes: E0001 no such file, E0002 not a file, E0003 not permitted or failed, E0004 not UTF-8, E0005 a NUL byte,
E0006 too large, E0007 a bidirectional control, E0008 another control character.
"""

from __future__ import annotations

import os
import stat

from catlang.diagnostic import Diagnostic, Label
from catlang.span import Source as Source
from catlang.span import Span as Span
from catlang.span import one_line_ending

LARGEST = 16 * 1024 * 1024
MOST_CHARACTERS = 20

# What a text in ASCII may hold, as the bytes that `bytes.translate` deletes.
PLAIN = bytes([9, 10, 13, *range(32, 127)])
BYTE_ORDER_MARK = "\ufeff"
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"


class Unreadable(Exception):
    """No source could be read, for the reason in `diagnostic`."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.headline)
        self.diagnostic = diagnostic


def read(path: str | os.PathLike[str], name: str | None = None) -> Source:
    """The source in a file, shown under `name`, which is its path unless another is given."""
    path = os.fspath(path)
    name = path if name is None else name
    # What a file of which nothing was read is pointed at with: the start of an empty text.
    start = Label(Span(Source(name, path, ""), 0, 0))
    try:
        return decoded(_bytes(path, start), name, path)
    except (FileNotFoundError, NotADirectoryError):
        raise _unreadable("E0001", f"there is no file `{name}`", start, advice=_meant(path, name)) from None
    except PermissionError:
        advice = "give yourself permission to read it"
        raise _unreadable("E0003", f"`{name}` may not be read", start, advice=advice) from None
    except (OSError, ValueError) as failure:
        # ValueError is what a path with a NUL in it gives.
        why = (getattr(failure, "strerror", None) or str(failure)).lower()
        raise _unreadable("E0003", f"`{name}` could not be read", start, why) from None


def scan_characters(source: Source) -> list[Diagnostic]:
    """The characters that no source may hold, comments included; past the first twenty, only how many."""
    text = source.text
    if text.isascii() and not text.encode("ascii").translate(None, PLAIN):
        return []
    import re

    found = [match.start() for match in re.finditer(f"[{BIDIRECTIONAL}{CONTROL}]", text)]
    diagnostics = [_character(source, offset) for offset in found[:MOST_CHARACTERS]]
    more = len(found) - MOST_CHARACTERS
    if more > 0:
        which = "another such character" if more == 1 else f"{more} more such characters"
        offset = found[MOST_CHARACTERS]
        label = Label(Span(source, offset, offset + 1), "the first of them" if more > 1 else "")
        diagnostics.append(Diagnostic(diagnostics[-1].code, f"the file has {which}", [label]))
    return diagnostics


def _bytes(path: str, start: Label) -> bytes:
    name = start.span.source.name
    # Asked before opening, since opening a pipe waits for whoever writes to it.
    found = os.stat(path)
    if stat.S_ISDIR(found.st_mode):
        inside = sorted(entry for entry in os.listdir(path) if entry.endswith(".cat"))[:3]
        files = ", ".join(f"`{os.path.join(name, entry)}`" for entry in inside)
        advice = f"name a file in it, such as {files}" if files else ""
        raise _unreadable("E0002", f"`{name}` is a folder, not a file", start, advice=advice)
    if not stat.S_ISREG(found.st_mode):
        raise _unreadable("E0002", f"`{name}` is a device or a pipe, not a file", start)
    with open(path, "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        why = f"it has {max(found.st_size, len(data)):,} bytes, and a source has at most {LARGEST:,}"
        raise _unreadable("E0006", f"`{name}` is too large", start, why)
    return data


def decoded(data: bytes, name: str, path: str | None) -> Source:
    """The source that bytes are; raises `Unreadable` where they are no text."""
    nul = data.find(b"\0")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as failure:
        at, reason = failure.start, failure.reason
    else:
        if nul < 0:
            return Source(name, path, text.removeprefix(BYTE_ORDER_MARK))
        at, reason = len(data), ""
    if 0 <= nul < at:
        label = Label(_byte(data, nul, name, path), "this byte is NUL")
        raise _unreadable(
            "E0005", f"`{name}` is not a text", label, f"byte {nul} is NUL, which no text holds"
        )
    advice = "save it as UTF-8"
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        advice = "it starts as UTF-16 does: save it as UTF-8"
    elif data[at] >= 0xA0:
        advice = f"in Latin-1 this byte is `{chr(data[at])}`: if that is meant, save the file as UTF-8"
    label = Label(_byte(data, at, name, path), f"0x{data[at]:02X} is not UTF-8 here")
    why = f"byte {at} is 0x{data[at]:02X}: {reason}"
    raise _unreadable("E0004", f"`{name}` is not UTF-8", label, why, advice)


def _byte(data: bytes, at: int, name: str, path: str | None) -> Span:
    """The span of one byte, all before which is UTF-8, in the text as far as it can be shown."""
    # Counted after the byte order mark and in single line endings, as the source's text is kept.
    before = one_line_ending(data[:at].decode("utf-8").removeprefix(BYTE_ORDER_MARK))
    text = data.decode("utf-8", "replace").removeprefix(BYTE_ORDER_MARK)
    return Span(Source(name, path, text), len(before), len(before) + 1)


def _unreadable(code: str, headline: str, label: Label, why: str = "", advice: str = "") -> Unreadable:
    return Unreadable(Diagnostic(code, headline, [label], (why,) if why else (), (advice,) if advice else ()))


def _meant(path: str, name: str) -> str:
    """What was meant by a path that leads nowhere, told as the name tells it."""
    from catlang.suggest import nearest

    folder, file = os.path.split(path)
    shown = os.path.dirname(name)
    try:
        beside = os.listdir(folder or os.curdir)
    except (OSError, ValueError):
        return f"there is no folder `{shown}` either" if not os.path.isdir(folder) else ""
    meant = file + ".cat" if file + ".cat" in beside else None
    meant = meant or nearest(file, [entry for entry in beside if entry.endswith(".cat")])
    return f"did you mean `{os.path.join(shown, meant)}`?" if meant else ""


def _character(source: Source, offset: int) -> Diagnostic:
    import unicodedata

    character = source.text[offset]
    point = f"U+{ord(character):04X}"
    span = Span(source, offset, offset + 1)
    if unicodedata.category(character) == "Cc":
        headline = f"control character {point}"
        return Diagnostic("E0008", headline, [Label(span, "not allowed in a source")], help=("delete it",))
    return Diagnostic(
        "E0007",
        f"bidirectional control character {point}",
        [Label(span, unicodedata.name(character).lower())],
        ("it makes the text read in another order than it is checked in",),
        ("delete it; text in scripts from right to left needs none",),
    )
