"""``catlang import``: writes a spec from an exported program of PyTorch."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options
from catlang.commands.check import FORMATS
from catlang.report import coloured

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

USAGE = """\
usage: catlang import MODEL.pt2 [-o OUT.cat] [--rename TABLE.toml] [--weights OUT.safetensors] [--format full|concise]

Writes a spec from an exported program, as `torch.export.save` writes it. Its modules become morphisms, its layers keep
their names, the axis in front is the batch. The program is read as data, and never run.

  -o, --output OUT.cat       the file to write; standard output without it, or for `-`
  --rename TABLE.toml        writes the table with which `catlang.load` loads a checkpoint of the model
  --weights OUT.safetensors  writes the weights in the file under the addresses of the spec, which need no table
  --format full|concise      how mistakes are told, as in `catlang check`

Exit code: 0 written, 1 the file is none of a program, or has operations that catlang has not, all of which are told; 2
not called like this, 3 a mistake of catlang's own.
"""

OPTIONS = Options(valued={"--format": FORMATS, "--output": (), "--rename": (), "--weights": ()},
                  letters={"-o": "--output"}, takes="file",
                  files={"": (".pt2",), "--output": (".cat",), "--rename": (".toml",), "--weights": (".safetensors",)})


def run(arguments: Sequence[str]) -> int:
    paths, options = OPTIONS.read(arguments)
    if len(paths) != 1:
        raise Misuse("one program at a time" if paths else "no program is named: `catlang import model.pt2`")
    [path] = paths
    outputs = {option: options[option] for option in ("--output", "--rename", "--weights") if option in options}
    for option, output in outputs.items():
        if output in ("", "-") and option != "--output":
            raise Misuse(f"`{option}` needs a file")
        if os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
            raise Misuse(f"`{output}` is the file to be imported")
    places = [os.path.abspath(output) for output in outputs.values() if output != "-"]
    if len({*places}) < len(places):
        raise Misuse("one file cannot be written twice")
    from catlang.failure import Stopped
    from catlang.imported import ImportRefused, import_program

    try:
        imported = import_program(path)
        weights = list(imported.safetensors()) if "--weights" in outputs else []
    except ImportRefused as refused:
        _tell(refused, options.get("--format", "full"))
        return 1
    except Exception as failure:
        raise Stopped(path) from failure
    if "--rename" in outputs:
        _write(outputs["--rename"], [imported.toml().encode()])
    if "--weights" in outputs:
        _write(outputs["--weights"], weights)
    output = outputs.get("--output", "-")
    if output == "-":
        sys.stdout.write(imported.text)
        return 0
    _write(output, [imported.text.encode()])
    from catlang.visible import visible

    sys.stdout.write(f"wrote {visible(output)}: `{imported.name}`\n")
    if imported.rename and "--rename" not in outputs and "--weights" not in outputs:
        sys.stdout.write("some weights have other addresses in a checkpoint of the model: `--rename` writes the table, "
                         "`--weights` the weights themselves\n")
    return 0


def _tell(refused: Exception, format: str) -> None:
    from catlang.report import render, summary

    diagnostics = refused.diagnostics  # type: ignore[attr-defined]
    rows = [render(one, format, coloured(sys.stderr)) + ("\n" if format == "full" else "") for one in diagnostics]
    sys.stderr.write("\n".join([*rows, summary(len(diagnostics), 0, 1)]) + "\n")


def _write(path: str, pieces: Iterable[bytes]) -> None:
    try:
        with open(path, "wb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as why:
        raise Misuse(f"`{path}` cannot be written: {(why.strerror or str(why)).lower()}") from None
