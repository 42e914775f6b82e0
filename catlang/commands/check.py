"""``catlang check``: says what is wrong in files and folders."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

USAGE = """\
usage: catlang check PATH... [--format full|concise] [--quiet]

Says what is wrong in files. Of a folder all `.cat` files below it are checked, hidden folders left out;
`-` stands for the text on standard input.

  --format full     each mistake with the source, why it is one, and what helps (the default)
  --format concise  each mistake on one line: file:line:column: error[code]: what
  --quiet, -q       the mistakes only, without the line that counts them

Exit code: 0 no errors, 1 errors, 2 not called like this, 3 a mistake of catlang's own.
"""

FORMATS = ("full", "concise")


def run(arguments: Sequence[str]) -> int:
    paths, options = read(arguments, {"--format": FORMATS}, {"--quiet": "-q"})
    if not paths:
        raise Misuse("no file or folder is named")
    import gc

    from catlang.checked import check_paths
    from catlang.report import render, summary

    gc.disable()  # the process ends with the check, and what it makes is in use until then: collecting costs a quarter
    checked = check_paths(paths)
    if not checked.files:
        raise Misuse("there is no `.cat` file below " + " or ".join(f"`{path}`" for path in paths))
    out = sys.stdout
    color = coloured(out)
    format = options.get("--format", "full")
    diagnostics = checked.diagnostics
    for diagnostic in diagnostics:
        out.write(render(diagnostic, format, color) + ("\n\n" if format == "full" else "\n"))
    if "--quiet" not in options:
        errors = checked.errors
        out.write(f"{summary(errors, len(diagnostics) - errors, checked.files)}\n")
    return 0 if checked.ok else 1


def coloured(stream: TextIO) -> bool:
    """Whether a report may be coloured: on a terminal that can, unless ``NO_COLOR`` says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
