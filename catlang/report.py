"""A diagnostic as text: one line of it, or the source with what is wrong drawn underneath.

>>> from catlang.diagnostic import Diagnostic, Label
>>> from catlang.span import Source, Span
>>> source = Source("model.cat", None, "morphism net : R[4] -> R[2] = f >> g\\n")
>>> wrong = Diagnostic("E0301", "`f` and `g` do not compose", [
...     Label(Span(source, 32, 34), "not the same colour"),
...     Label(Span(source, 30, 31), "gives `R[3]`", primary=False),
...     Label(Span(source, 35, 36), "takes `R[2]`", primary=False)],
...     why=["axis 0 is 3 before, 2 after"], help=["put a morphism `R[3] -> R[2]` between"])
>>> print(render(wrong))
error[E0301]: `f` and `g` do not compose
 --> model.cat:1:33
  |
1 | morphism net : R[4] -> R[2] = f >> g
  |                               - ^^ - takes `R[2]`
  |                               | |
  |                               | not the same colour
  |                               gives `R[3]`
  |
  = why: axis 0 is 3 before, 2 after
  = help: put a morphism `R[3] -> R[2]` between
>>> print(render(wrong, "concise"))
model.cat:1:33: error[E0301]: `f` and `g` do not compose

Nothing that a source holds can steer a terminal: control characters are shown, never sent.

>>> hostile = Source("model.cat", None, "dim \\x1b[2J\\u202e\\n")
>>> print(render(Diagnostic("E0008", "control character U+001B", [Label(Span(hostile, 4, 5))])))
error[E0008]: control character U+001B
 --> model.cat:1:5
  |
1 | dim ␛[2J<U+202E>
  |     ^
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from catlang.layout import SKIPPED, draw
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from catlang.diagnostic import Diagnostic, Label
    from catlang.layout import Row
    from catlang.span import Source

# The roles that text has in a report, as the parameters of the terminal's "select graphic rendition".
COLOURS = {"error": "1;31", "warning": "1;33", "note": "1;36", "frame": "1;34", "strong": "1"}


def render(diagnostic: Diagnostic, format: str = "full", color: bool = False) -> str:
    """A diagnostic in the format `full` or `concise`, without a line feed at its end."""
    return "\n".join(_line(row, diagnostic.severity, color) for row in rows(diagnostic, format))


def rows(diagnostic: Diagnostic, format: str = "full") -> list[Row]:
    """A diagnostic line by line, each in pieces that have a role."""
    if format == "concise":
        return [_concise(diagnostic)]
    if format == "full":
        return _full(diagnostic)
    raise ValueError(f"no format {format!r}: the formats are 'full' and 'concise'")


def coloured(stream: TextIO) -> bool:
    """Whether a report may be coloured: on a terminal that can, unless ``NO_COLOR`` says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def summary(errors: int, warnings: int, files: int) -> str:
    """How a check ended, in a few words.

    >>> summary(3, 0, 1), summary(1, 2, 4), summary(0, 0, 2)
    ('3 errors in 1 file', '1 error and 2 warnings in 4 files', 'no errors in 2 files')
    """
    counts = [_count(n, noun) for n, noun in ((errors, "error"), (warnings, "warning")) if n]
    return f"{' and '.join(counts) or 'no errors'} in {_count(files, 'file')}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _headline(diagnostic: Diagnostic) -> Row:
    kind = f"{diagnostic.severity}[{diagnostic.code}]"
    return [(kind, "primary"), (f": {visible(diagnostic.headline)}", "strong")]


def _concise(diagnostic: Diagnostic) -> Row:
    span = diagnostic.span
    place = f"{visible(span.place)}: " if span is not None else ""
    return [(place, ""), *_headline(diagnostic)]


def _full(diagnostic: Diagnostic) -> list[Row]:
    rows = [_headline(diagnostic)]
    blocks = [
        (source, labels, [] if _bare(source, labels) else draw(source, labels))
        for source, labels in _by_source(diagnostic)
    ]
    # One width for all blocks, so that the frame is one line from top to bottom.
    numbers = [number for *_, lines in blocks for number, _ in lines if number != SKIPPED]
    margin = " " * max(map(len, numbers), default=1)
    for i, (source, labels, lines) in enumerate(blocks):
        if i > 0 and numbers:
            rows.append([(f"{margin} |", "frame")])
        place = labels[0].span.place if lines else source.name
        rows.append([(f"{margin}{':::' if i > 0 else '-->'} ", "frame"), (visible(place), "")])
        if lines:
            rows.append([(f"{margin} |", "frame")])
        for number, line in lines:
            frame = SKIPPED if number == SKIPPED else f"{number.ljust(len(margin))} |"
            rows.append([(frame.ljust(len(margin) + 3), "frame"), *line])
    notes = [("why", text) for text in diagnostic.why] + [("help", text) for text in diagnostic.help]
    if notes and numbers:
        rows.append([(f"{margin} |", "frame")])
    for kind, text in notes:
        first, *rest = text.split("\n")
        rows.append([(f"{margin} = ", "frame"), (f"{kind}: ", "strong"), (visible(first), "")])
        indent = " " * len(f"{margin} = {kind}: ")
        rows += [[(indent + visible(line), "")] for line in rest]
    return rows


def _bare(source: Source, labels: Iterable[Label]) -> bool:
    """Whether there is nothing to draw: no text, as of a file that was not read, and no label on it."""
    return not source.text and not any(label.text for label in labels)


def _by_source(diagnostic: Diagnostic) -> list[tuple[Source, list[Label]]]:
    """The labels by source, that of the mistake first, and in each the one that gives the place first."""
    blocks: dict[Source, list[Label]] = {}
    for label in sorted(diagnostic.labels, key=lambda label: not label.primary):
        blocks.setdefault(label.span.source, []).append(label)
    return list(blocks.items())


def _line(row: Row, severity: str, color: bool) -> str:
    while row and not row[-1][0].rstrip():
        row = row[:-1]
    if row:
        row = [*row[:-1], (row[-1][0].rstrip(), row[-1][1])]
    if not color:
        return "".join(text for text, _ in row)
    roles = [severity if role == "primary" else role for _, role in row]
    return "".join(
        f"\x1b[{COLOURS[role]}m{text}\x1b[0m" if role in COLOURS and text.strip() else text
        for (text, _), role in zip(row, roles, strict=True)
    )
