"""``catlang explain``: what a code means, by a wrong and a right example."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.explained import Part

USAGE = """\
usage: catlang explain [CODE]...

Says what a code of a mistake means and why catlang refuses it, with a wrong example, what catlang says about it, and
a right one. A code is read in any of the ways in which it is met: `E0301`, `e0301`, `301`, `error[E0301]`.

Without a code: all of them, each in a few words.

Exit code: 0 explained, 2 not called like this, or there is no such code.
"""

OPTIONS = Options(takes="code")

#: What the codes of a hundred are about.
HUNDREDS = {
    "00": "the file", "01": "syntax", "02": "names", "03": "colours: what joins what", "04": "sizes",
    "05": "arguments", "06": "weights, labels and 2-cells", "07": "imports", "08": "compiling", "09": "still to come",
    "10": "theories, models and laws",
}

HEADINGS = {"wrong": "wrong", "right": "right", "file": "beside it"}


def run(arguments: Sequence[str]) -> int:
    asked, _ = OPTIONS.read(arguments)
    from catlang.report import coloured

    color = coloured(sys.stdout)
    if not asked:
        sys.stdout.write(overview(color))
        return 0
    sys.stdout.write("\n".join(explanation(code, color) for code in dict.fromkeys(map(meant_code, asked))))
    return 0


def meant_code(text: str) -> str:
    """The code that is asked for, however it is written; raises ``Misuse`` where there is none.

    >>> meant_code("301"), meant_code("e0301"), meant_code("error[E0301]:")
    ('E0301', 'E0301', 'E0301')
    >>> meant_code("399")
    Traceback (most recent call last):
        ...
    catlang.arguments.Misuse: there is no code `E0399`; those about colours are E0301 to E0330
    """
    from catlang.arguments import meant
    from catlang.codes import CODES

    found = re.fullmatch(r"(?:error|warning)?\[?[eE]?([0-9]{1,4})\]?:?", text.strip())
    if found is None:
        raise Misuse(f"there is no code `{text}`{meant(text.upper(), [*CODES])}; a code is `E` and four digits, as "
                     "`E0301`")
    code = f"E{int(found.group(1)):04}"
    if code in CODES:
        return code
    kin = sorted(one for one in CODES if one[:3] == code[:3])
    hint = meant(code, kin)
    if not hint and kin:
        about = HUNDREDS.get(code[1:3], "it").partition(":")[0]
        hint = f"; those about {about} are {kin[0]} to {kin[-1]}" if len(kin) > 1 else f"; did you mean `{kin[0]}`?"
    raise Misuse(f"there is no code `{code}`{hint or '; `catlang explain` lists them'}")


def overview(color: bool) -> str:
    """All codes by their hundreds, each in a few words."""
    from catlang.codes import CODES

    rows: list[str] = []
    hundred = ""
    for code in sorted(CODES):
        if code[1:3] != hundred:
            hundred = code[1:3]
            rows += ["", painted(f"{hundred}xx  {HUNDREDS.get(hundred, '')}".rstrip(), "strong", color)]
        rows.append(f"  {painted(code, 'frame', color)}  {CODES[code]}")
    return "\n".join(rows[1:]) + "\n\n`catlang explain CODE` says more about one.\n"


def explanation(code: str, color: bool) -> str:
    """The page of a code as it is shown in a terminal."""
    from catlang import explained
    from catlang.codes import CODES

    rows = [painted(code, "error", color) + painted(f": {CODES[code]}", "strong", color), ""]
    before: Part | None = None
    for part in explained.read(code):
        rows += [*_shown(part, before, color), ""]
        before = part
    return "\n".join(rows[:-1]) + "\n"


def _shown(part: Part, before: Part | None, color: bool) -> list[str]:
    if not part.language:
        return part.text.split("\n")
    lines = part.text.rstrip("\n").split("\n")
    if part.language in ("console", "text"):
        if color:
            lines = _in_colours(lines, before)
        return [f"    {line}" if line else "" for line in lines]
    heading = HEADINGS[part.purpose] + (f", {part.file}" if part.file not in ("", "net.cat") else "")
    return [painted(f"{heading}:", "error" if part.purpose == "wrong" else "note", color), "",
            *(f"    {line}" if line else "" for line in lines)]


def _in_colours(lines: list[str], before: Part | None) -> list[str]:
    """What commands print, in the colours in which they print it.

    What ``catlang check`` says about the file above is rendered anew; of anything else the headlines are coloured."""
    if before is not None and before.language == "cat" and lines[0] == "$ catlang check net.cat":
        from catlang.checking import check_source
        from catlang.report import render
        from catlang.span import Source

        found = list(check_source(Source("net.cat", None, before.text)).bag)
        plain, coloured = ("\n\n".join(render(one, "full", color) for one in found).split("\n")
                           for color in (False, True))
        if lines[1:len(plain) + 1] == plain:
            return [painted(lines[0], "strong", True), *coloured, *lines[len(plain) + 1:]]
    return [_coloured(line) for line in lines]


def _coloured(line: str) -> str:
    headline = re.fullmatch(r"((?:error|warning)\[E\d{4}\])(: .*)", line)
    if headline:
        return painted(headline[1], "error", True) + painted(headline[2], "strong", True)
    return painted(line, "strong", True) if line.startswith("$ ") else line


def painted(text: str, role: str, color: bool) -> str:
    """A text in the colour that a report gives to its role."""
    if not color or not text:
        return text
    from catlang.report import COLOURS

    return f"\x1b[{COLOURS[role]}m{text}\x1b[0m"
