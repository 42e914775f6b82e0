"""What is wrong, and what is declared, as HTML that a notebook shows.

>>> from catlang.diagnostic import Diagnostic
>>> text = diagnostics([Diagnostic("E0101", "<script>alert(1)</script>")])
>>> "<script" in text, "&lt;script&gt;" in text
(False, True)
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from catlang.formats import whole
from catlang.report import rows
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catlang.diagnostic import Diagnostic

#: How the roles of text in a report look; the colours can be read on white and on a dark ground.
STYLES = {"error": "color:#d03030;font-weight:bold", "warning": "color:#b07a00;font-weight:bold",
          "frame": "color:#4a7fb5", "strong": "font-weight:bold"}


def clean(text: str) -> str:
    """A text of a file as it may stand in HTML, in attributes too."""
    return escape(whole(visible(text)))


def diagnostics(found: Iterable[Diagnostic]) -> str:
    """Diagnostics as they are in a terminal, in its colours."""
    blocks = []
    for one in found:
        lines = []
        for row in rows(one):
            line = ""
            for text, role in row:
                style = STYLES.get(one.severity if role == "primary" else role)
                line += f'<span style="{style}">{clean(text)}</span>' if style else clean(text)
            lines.append(line)
        blocks.append("\n".join(lines))
    return f'<pre style="line-height:1.25">{(chr(10) * 2).join(blocks)}</pre>'


def said(text: str) -> str:
    """A line about what was done."""
    return f"<div>{clean(text)}</div>"


def table(rows_of: Iterable[tuple[str, str]]) -> str:
    """Signatures, each with its documentation."""
    cells = "".join(f'<tr><td style="text-align:left;font-family:monospace">{clean(first)}</td>'
                    f'<td style="text-align:left">{clean(second)}</td></tr>' for first, second in rows_of)
    return f"<table>{cells}</table>"
