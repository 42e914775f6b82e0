"""JUnit's XML, which Jenkins and GitLab read: ``catlang check --format junit``.

A file is a suite with one case, which fails where there is an error in the file; the failure's text is the report of
all of them. Warnings are the case's output. There are no times in it, and it is ASCII: other characters are references.

>>> _text('<&>"')
'&lt;&amp;&gt;&quot;'
>>> _text("a\\ufffe\\x0b") == "a\\ufffd\\ufffd"
True
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catlang.formats import whole
from catlang.report import render
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catlang.diagnostic import Diagnostic
    from catlang.formats import Found

#: The characters that no XML holds, not even as references.
IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: The suite of what lies in no file.
NOWHERE = "catlang check"


def write(found: Found) -> str:
    """A suite for each file: those that were checked, in their order, and those that they import with mistakes."""
    suites: dict[str, list[Diagnostic]] = {name: [] for name in found.files}
    for diagnostic in found.diagnostics:
        span = diagnostic.span
        suites.setdefault(span.source.name if span is not None else NOWHERE, []).append(diagnostic)
    failures = sum(any(one.severity == "error" for one in told) for told in suites.values())
    rows = ['<?xml version="1.0" encoding="utf-8"?>',
            f'<testsuites name="catlang check" tests="{len(suites)}" failures="{failures}" errors="0">']
    for name, told in suites.items():
        rows += _suite(name, told)
    rows.append("</testsuites>")
    return "".join(f"{row}\n" for row in rows).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _suite(name: str, told: list[Diagnostic]) -> Iterator[str]:
    errors = [one for one in told if one.severity == "error"]
    others = [one for one in told if one.severity != "error"]
    shown = _text(visible(name))
    yield f'  <testsuite name="{shown}" tests="1" failures="{int(bool(errors))}" errors="0" skipped="0">'
    case = f'<testcase classname="catlang.check" name="{shown}" file="{shown}"'
    if not told:
        yield f"    {case}/>"
    else:
        yield f"    {case}>"
        if errors:
            codes = " ".join(sorted({one.code for one in errors}))
            message = errors[0].headline + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else "")
            yield f'      <failure type="{codes}" message="{_text(visible(message))}">{_reports(errors)}</failure>'
        if others:
            yield f"      <system-out>{_reports(others)}</system-out>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _reports(diagnostics: list[Diagnostic]) -> str:
    return _text("\n\n".join(map(render, diagnostics)))


def _text(text: str) -> str:
    """A text as it may stand between tags and between quotes."""
    text = IMPOSSIBLE.sub("\ufffd", whole(text))
    for character, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\r", "&#13;")):
        text = text.replace(character, written)
    return text
