"""``catlang show``: a morphism as a string diagram."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options
from catlang.commands.target import GIVEN, Refused, only, refusals, values
from catlang.report import coloured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.picture.picture import Picture

USAGE = """\
usage: catlang show FILE.cat::MORPHISM [-o OUT] [--depth K] [-d NAME=VALUE]... [--format svg|html|png|txt]

Draws a morphism as a string diagram, from left to right. A wire has the colour of its object, its name and its object
stand on it; a wire that is copied has a dot where it is, one that is dropped ends in a dot. Of the four banks, data are
wires; weights go into a box from above, noise too, as a zigzag, and state comes back to it in a loop below. Weights
that several boxes share, and those that are computed, are wires of their own, dashed, and a 2-cell is a box on these.
Sizes not given stay symbolic. PyTorch is not needed; `pip install 'catlang[show]'` brings what is.

  -o, --output OUT        where it goes; the end of the name, `.svg`, `.html`, `.png` or `.txt`, says as what. Without
                          it, text is printed
  --format KIND           as what, where there is no name or it ends otherwise
  --depth K               so many levels of boxes are open; without it as many as there is room for. In html every box
                          opens, by a click or the Enter key
  -d, --dim NAME=VALUE    the value of a dim, of the file or of the morphism
  -p, --param NAME=VALUE  the value of a param

The page has no address in it and asks for nothing. Where a picture would have too many boxes, fewer levels are open,
and more than 400 beside each other are put together in parts; the picture says so.

Exit code: 0 drawn, 1 the file has errors or not at these values, 2 not called like this, or what draws is not
installed, 3 a mistake of catlang's own.
"""

FORMATS = ("svg", "html", "png", "txt")

OPTIONS = Options(valued={"--format": FORMATS, "--depth": (), "--output": ()}, repeated=GIVEN,
                  letters={"-o": "--output"}, takes="target", files={"--output": (".svg", ".html", ".png", ".txt")},
                  sizes=[*GIVEN])


def run(arguments: Sequence[str]) -> int:
    targets, options = OPTIONS.read(arguments)
    path, name = only(targets)
    given = values([*options.get("--dim", ()), *options.get("--param", ())])
    output = options.get("--output", "-")
    deep = options.get("--depth")
    if deep is not None and not (deep.isascii() and deep.isdigit() and len(deep) < 10):
        raise Misuse(f"`--depth` is a number of levels, not `{deep}`")
    kind = options.get("--format") or _kind(output)
    if output != "-" and os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
        raise Misuse(f"`{output}` is the file to be drawn")

    def drawn() -> bytes:
        from catlang.checking import deep_calls
        from catlang.collector import paused

        found = _picture(path, name, given, None if deep is None else int(deep))
        with paused(), deep_calls():
            return found.as_bytes(kind)

    try:
        data = refusals(path, drawn, "full", coloured(sys.stderr))
    except Refused as refused:
        sys.stderr.write(str(refused))
        return 1
    _write(output, data, kind)
    return 0


def _kind(output: str) -> str:
    if output == "-":
        return "txt"
    from catlang.picture.picture import kind_of

    kind = kind_of(output)
    if kind is None:
        raise Misuse(f"`{output}` does not say what it is to be: it ends in none of `.svg`, `.html`, `.png`, `.txt`")
    return kind


def _picture(path: str, name: str, given: dict[str, object], depth: int | None) -> Picture:
    from catlang.picture.asked import checked, picture_of

    return picture_of(checked(path), name, given, depth)


def _write(output: str, data: bytes, kind: str) -> None:
    if output == "-":
        if kind == "png":
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        else:
            sys.stdout.write(data.decode("utf-8"))
        return
    try:
        with open(output, "wb") as file:
            file.write(data)
    except OSError as why:
        raise Misuse(f"`{output}` cannot be written: {(why.strerror or str(why)).lower()}") from None
