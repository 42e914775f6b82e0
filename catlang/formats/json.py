"""JSON, in a shape that stays: ``catlang check --format json``.

.. code-block:: text

    {"version": 1,                          of this shape; it grows where something is taken away or changes its meaning
     "catlang": "0.1.0",
     "diagnostics": [{
        "code": "E0301",                    stable, see catlang/codes.py
        "severity": "error",                or "warning"
        "headline": "...",
        "declaration": "net",               the name of the declaration it lies in, "" where there is none
        "why": ["..."], "help": ["..."],
        "labels": [{                        the places it is about; the first primary one is where it is
            "file": "specs/net.cat",        as in the other formats
            "start": {"line": 3, "column": 52}, "end": {"line": 3, "column": 66},
            "text": "takes `R[64]`",        may be empty
            "primary": true}]}],
     "summary": {"errors": 1, "warnings": 0, "files": 1,
                 "known": 0, "gone": 0}}    of a baseline: mistakes left out, entries that no longer occur

Lines and columns count from 1, columns in Unicode code points, a byte order mark not counted; the end is the column
behind the last character. Diagnostics come by file, then by place. The text is ASCII, whatever it says.
"""

from __future__ import annotations

from json import dumps
from typing import TYPE_CHECKING, Any

from catlang.formats import whole
from catlang.identity import identities
from catlang.version import VERSION

if TYPE_CHECKING:
    from catlang.diagnostic import Diagnostic, Label
    from catlang.formats import Found
    from catlang.span import Source

#: The version of the shape.
SHAPE = 1


def write(found: Found) -> str:
    """All that was found as one document."""
    names = identities(found.diagnostics)
    return dumps({
        "version": SHAPE,
        "catlang": VERSION,
        "diagnostics": [_diagnostic(one, name.declaration) for one, name in zip(found.diagnostics, names, strict=True)],
        "summary": {"errors": found.errors, "warnings": found.warnings, "files": len(found.files),
                    "known": found.known, "gone": found.gone},
    }, indent=2) + "\n"


def _diagnostic(diagnostic: Diagnostic, declaration: str) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "headline": whole(diagnostic.headline),
        "declaration": whole(declaration),
        "why": [whole(text) for text in diagnostic.why],
        "help": [whole(text) for text in diagnostic.help],
        "labels": [_label(label) for label in diagnostic.labels],
    }


def _label(label: Label) -> dict[str, Any]:
    source = label.span.source
    return {
        "file": whole(source.name),
        "start": _position(source, label.span.start),
        "end": _position(source, label.span.end),
        "text": whole(label.text),
        "primary": label.primary,
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"line": line, "column": column}
