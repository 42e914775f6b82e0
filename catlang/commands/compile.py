"""``catlang compile``: writes a morphism as PyTorch source."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options
from catlang.commands.check import FORMATS
from catlang.commands.target import ALLOW_EXTERN, GIVEN, Refused, allowed, compiler, only, refusals, values
from catlang.report import coloured

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = """\
usage: catlang compile FILE.cat::MORPHISM [-d NAME=VALUE]... [-o OUT.py] [--checkpoint LABEL]... [--as-written]
                       [--allow-extern] [--explain] [--format full|concise]

Writes a morphism as PyTorch source. The source needs PyTorch and nothing else; its last class is the morphism's.

  -d, --dim NAME=VALUE    the value of a dim of the file, or of the morphism; what stays open is found out from inputs,
                          and must be given where a weight's shape depends on it
  -p, --param NAME=VALUE  the value of a param, as in `-p dropout=0.1`, `-p bias=false`; `-d` does the same
  -o, --output OUT.py     the file to write; standard output without it, or for `-`
  --checkpoint LABEL      what the parts of this label compute is computed anew on the way back, and not kept; it may
                          be given several times
  --as-written            loops as they were written, in no derived form: every module is then called where it stands,
                          as hooks and adapters need it
  --allow-extern          imports the classes of Python that the file names as externs, and so does the source
  --explain               says which derived forms the source has, kernels, scans, and what is taken out of loops, each
                          with the law that it stands on; the source itself is then only written where `-o` says
  --format full|concise   how mistakes are told, as in `catlang check`

Exit code: 0 written, 1 the file has errors or cannot be compiled at these values, 2 not called like this or PyTorch is
not installed, 3 a mistake of catlang's own.
"""

OPTIONS = Options(valued={"--format": FORMATS, "--output": ()},
                  flags={"--explain": "", "--as-written": "", ALLOW_EXTERN: ""},
                  repeated={**GIVEN, "--checkpoint": ""}, letters={"-o": "--output"}, takes="target",
                  files={"--output": (".py",)}, sizes=[*GIVEN])


def run(arguments: Sequence[str]) -> int:
    targets, options = OPTIONS.read(arguments)
    path, name = only(targets)
    given = values([*options.get("--dim", ()), *options.get("--param", ())])
    output = options.get("--output", "-")
    if output != "-" and os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
        raise Misuse(f"`{output}` is the file to be compiled")
    explained = compiler().explained
    asked = {"derived": "--as-written" not in options, "checkpoint": options.get("--checkpoint", ()),
             "allow_extern": allowed(options)}
    format = options.get("--format", "full")
    try:
        source, account = refusals(path, lambda: explained(path, name, **asked, **given), format, coloured(sys.stderr))
    except Refused as refused:
        sys.stderr.write(str(refused))
        return 1
    if "--explain" in options:
        sys.stdout.write(account)
        if "--output" not in options:
            return 0
    if output == "-":
        sys.stdout.write(source)
        return 0
    try:
        with open(output, "w", encoding="utf-8", newline="\n") as file:
            file.write(source)
    except OSError as why:
        raise Misuse(f"`{output}` cannot be written: {(why.strerror or str(why)).lower()}") from None
    return 0
