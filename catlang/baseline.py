"""A baseline: the mistakes that were there when checking began, so that only what is new is told.

It is JSON with a line for each mistake, sorted, and paths from its own folder on:

.. code-block:: json

    {
      "version": 1,
      "mistakes": [
        {"file": "net.cat", "code": "E0301", "declaration": "net", "text": "`f` gives `R[3]`, `g` takes `R[2]`"}
      ]
    }

A mistake is known where file, code, declaration and text are those of an entry, whatever its line; each entry knows
one mistake, so a third one beside two equal entries is new. What could not be read is never known: nothing in it was
checked.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from catlang import source as sources
from catlang.diagnostic import Diagnostic, Label
from catlang.formats import whole
from catlang.formats.path import slashed
from catlang.identity import Identity, identities
from catlang.span import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: The version of the format.
VERSION = 1
#: The codes from here on are of files that were read.
READ = "E0007"
#: What the text on standard input is called.
STANDARD_INPUT = "<stdin>"
WRITE = "write it with `--write-baseline`, which takes what is wrong now as known"
#: The keys of an entry, in their order.
KEYS = ("file", "code", "declaration", "text")


class Refused(Exception):
    """The file is no baseline, for the reason in ``diagnostic``."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.headline)
        self.diagnostic = diagnostic


class Compared:
    """What is ``new``, how many were ``known``, and how many entries are ``gone``: of files that were checked or are no
    longer there."""

    __slots__ = ("gone", "known", "new")

    def __init__(self, new: list[Diagnostic], known: int, gone: int) -> None:
        self.new = new
        self.known = known
        self.gone = gone


def compare(path: str, entries: Iterable[Identity], diagnostics: Sequence[Diagnostic],
            files: Iterable[str]) -> Compared:
    """Sets what was found in ``files`` beside the entries of the baseline at ``path``."""
    left: dict[Identity, int] = {}
    for entry in entries:
        left[entry] = left.get(entry, 0) + 1
    new: list[Diagnostic] = []
    for diagnostic, identity in zip(diagnostics, _placed(path, diagnostics), strict=True):
        if identity is not None and left.get(identity, 0):
            left[identity] -= 1
        else:
            new.append(diagnostic)
    folder = _folder(path)
    checked = {name if name == STANDARD_INPUT else _from(folder, name) for name in files}
    gone = sum(times for entry, times in left.items() if times and (
        entry.file in checked or entry.file != STANDARD_INPUT and not _exists(folder, entry.file)))
    return Compared(new, len(diagnostics) - len(new), gone)


def told(compared: Compared, path: str) -> str:
    """What a baseline did, in a line.

    >>> told(Compared([], 1, 0), "known.json"), told(Compared([], 0, 2), "known.json")
    ('1 known mistake left out', '0 known mistakes left out, 2 entries of `known.json` no longer occur')
    """
    from catlang.visible import visible

    shown = visible(path)
    line = f"{compared.known} known mistake{'s' * (compared.known != 1)} left out"
    if compared.gone:
        line += (f", {compared.gone} entries of `{shown}` no longer occur" if compared.gone > 1 else
                 f", 1 entry of `{shown}` no longer occurs")
    return line


def text(path: str, diagnostics: Sequence[Diagnostic]) -> tuple[str, int, list[Diagnostic]]:
    """The baseline to be written at ``path``, how many mistakes it knows, and those that it may not know."""
    placed = _placed(path, diagnostics)
    entries = sorted(entry for entry in placed if entry is not None)
    left = [diagnostic for diagnostic, entry in zip(diagnostics, placed, strict=True) if entry is None]
    rows = [", ".join(f'"{key}": {_quoted(value)}' for key, value in zip(KEYS, entry, strict=True))
            for entry in entries]
    lines = ",".join(f"\n    {{{row}}}" for row in rows) + ("\n  " if rows else "")
    return f'{{\n  "version": {VERSION},\n  "mistakes": [{lines}]\n}}\n', len(entries), left


def read(path: str) -> list[Identity]:
    """The entries of a baseline; raises ``Refused`` with what is wrong where there is none at ``path``."""
    import json

    try:
        source = sources.read(path)
    except sources.Unreadable as unreadable:
        found = unreadable.diagnostic
        if found.code == "E0001":
            found = Diagnostic(found.code, found.headline, found.labels, found.why, (*found.help, WRITE))
        raise Refused(found) from None
    start = Label(Span(source, 0, 0))
    try:
        data = json.loads(source.text)
    except json.JSONDecodeError as failure:
        here = Label(Span(source, failure.pos, failure.pos))
        raise Refused(_broken(path, here, "it is not JSON from here on")) from None
    except (RecursionError, ValueError):  # the second at a number of too many digits
        raise Refused(_broken(path, start, "it is no JSON that can be read")) from None
    version = data.get("version") if isinstance(data, dict) else None
    if type(version) is int and version != VERSION:
        which = f"version {version}" if abs(version) < 10**9 else "another version"
        raise Refused(Diagnostic(
            "E0012", f"`{path}` is a baseline of {which}", [start],
            (f"this catlang reads version {VERSION}",),
            ("write it anew with `--write-baseline`" if version < VERSION else
             "take a newer catlang, or write it anew with `--write-baseline`",)))
    if type(version) is not int:
        raise Refused(_broken(path, start, "it has no `version`"))
    mistakes = data.get("mistakes")
    if not isinstance(mistakes, list):
        raise Refused(_broken(path, start, "it has no list `mistakes`"))
    for number, entry in enumerate(mistakes, 1):
        if not isinstance(entry, dict) or sorted(entry) != sorted(KEYS) or not all(
                isinstance(value, str) for value in entry.values()):
            keys = ", ".join(f"`{key}`" for key in KEYS)
            raise Refused(_broken(path, start, f"entry {number} of `mistakes` is not a text each for {keys}"))
    return [Identity(*(entry[key] for key in KEYS)) for entry in mistakes]


def _broken(path: str, start: Label, why: str) -> Diagnostic:
    return Diagnostic("E0011", f"`{path}` is no baseline", [start], (why,), (WRITE,))


def _placed(path: str, diagnostics: Sequence[Diagnostic]) -> list[Identity | None]:
    """The identities of diagnostics as a baseline at ``path`` has them; None where none may be known."""
    folder = _folder(path)
    found: list[Identity | None] = []
    for diagnostic, identity in zip(diagnostics, identities(diagnostics), strict=True):
        if diagnostic.code < READ:
            found.append(None)
            continue
        span = diagnostic.span
        file = identity.file if span is None or span.source.path is None else _from(folder, identity.file)
        found.append(Identity(*map(whole, (file, *identity[1:]))))
    return found


def _folder(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


def _from(folder: str, name: str) -> str:
    """The path to a file from the baseline's folder on, up and down again where need be."""
    try:
        return whole(os.path.relpath(name, folder).replace(os.sep, "/"))
    except ValueError:  # another drive
        return whole(slashed(name, folder))


def _exists(folder: str, file: str) -> bool:
    try:
        return os.path.exists(os.path.join(folder, file))
    except ValueError:  # no path at all
        return False


def _quoted(text: str) -> str:
    """A text as JSON has it, readable, with nothing in it that is not shown."""
    from json import dumps

    found = []
    for one in text:
        if one in '"\\':
            found.append(f"\\{one}")
        elif one.isprintable():
            found.append(one)
        else:
            found.append(dumps(one)[1:-1])
    return f'"{"".join(found)}"'
