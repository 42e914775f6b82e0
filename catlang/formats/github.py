"""GitHub's workflow commands: annotations beside the lines, and every mistake in the log: ``--format github``.

GitHub shows at most ten errors and ten warnings of a step as annotations. Errors come first, and where there are more,
the last of the ten says how many.

No line can be forged by what a file holds or is called: what is told is in one line each, without control characters;
lines of the log begin with a word of ours, since a command may stand behind blanks; and ``##[``, an old spelling of
commands that the runner takes in the middle of a line, is parted.

>>> _data("50 %\\nmore"), _property("a,b:c%")
('50 %25%0Amore', 'a%2Cb%3Ac%25')
>>> _inert("x ##[error]y")
'x ## [error]y'
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from catlang.codes import CODES
from catlang.formats.path import below, slashed
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catlang.diagnostic import Diagnostic
    from catlang.formats import Found
    from catlang.span import Span

#: So many annotations of one severity GitHub shows of a step.
MOST = 10


def write(found: Found) -> str:
    """A line of the log for each mistake, and then the annotations."""
    rows = [_inert(_told(diagnostic)) for diagnostic in found.diagnostics]
    for severity in ("error", "warning"):
        rows += _annotations(severity, [one for one in found.diagnostics if one.severity == severity])
    return "".join(f"{row}\n" for row in rows)


def _told(diagnostic: Diagnostic) -> str:
    span = diagnostic.span
    place = f" {visible(span.place)}" if span is not None else ""
    return f"{diagnostic.severity}[{diagnostic.code}]{place}: {visible(diagnostic.headline)}"


def _inert(line: str) -> str:
    """A line in which the runner finds no command."""
    return line.replace("##[", "## [")


def _annotations(severity: str, diagnostics: list[Diagnostic]) -> Iterator[str]:
    shown = diagnostics if len(diagnostics) <= MOST else diagnostics[: MOST - 1]
    for diagnostic in shown:
        title = f"{diagnostic.code}: {CODES.get(diagnostic.code, 'a mistake')}"
        properties = [*_place(diagnostic.span), f"title={_property(title)}"]
        yield f"::{severity} {','.join(properties)}::{_data(_message(diagnostic))}"
    left = len(diagnostics) - len(shown)
    if left:
        yield (f"::{severity} title={_property(f'catlang: {left} more {severity}s')}::"
               f"{_data(f'{left} more {severity}s are told in the log of this step')}")


def _place(span: Span | None) -> list[str]:
    """Where an annotation stands; columns mean something to GitHub only within one line."""
    if span is None or span.source.path is None:
        return []
    line, column = span.source.position(span.start)
    last, behind = span.source.position(span.end)
    found = [f"file={_property(_path(span.source.name))}", f"line={line}", f"endLine={last}"]
    return [*found, f"col={column}", f"endColumn={behind}"] if line == last else found


def _path(name: str) -> str:
    """The path from the root of the repository on, wherever in it the command was run."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if workspace and (found := below(name, workspace)) is not None:
        return visible(found.replace(os.sep, "/"))
    return visible(slashed(name, os.getcwd()))


def _message(diagnostic: Diagnostic) -> str:
    rows = [visible(diagnostic.headline)]
    for label in diagnostic.labels:
        if label.text:
            rows.append(f"{visible(label.span.place)}: {visible(label.text)}")
    for kind, texts in (("why", diagnostic.why), ("help", diagnostic.help)):
        rows += [f"{kind}: {visible(line)}" for text in texts for line in text.split("\n")]
    return "\n".join(rows)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
