"""``catlang weights``: sets the weights of a morphism beside those of a checkpoint."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from catlang.arguments import Misuse, Options
from catlang.commands.check import FORMATS
from catlang.commands.target import ALLOW_EXTERN, GIVEN, Refused, allowed, compiler, only, refusals, values
from catlang.report import coloured

if TYPE_CHECKING:
    from collections.abc import Sequence

USAGE = """\
usage: catlang weights FILE.cat::MORPHISM --against WEIGHTS [--rename TABLE.toml] [-d NAME=VALUE]...
                       [--allow-extern]

Says which weight of a compiled morphism has which tensor of a checkpoint (`.safetensors`, an index of shards, `.pt`),
and proposes a rename table where that is unambiguous.

  --against WEIGHTS       the checkpoint
  --rename TABLE.toml     the rename table so far
  -d, --dim NAME=VALUE    the value of a dim; -p, --param NAME=VALUE of a param, as in `catlang compile`
  --allow-extern          imports and makes the classes of Python that the file names as externs
  --format full|concise   how mistakes in the file are told, as in `catlang check`

Exit code: 0 the checkpoint loads with this table, 1 it does not, or a file has errors, 2 not called like this or
PyTorch is not installed, 3 a mistake of catlang's own.
"""

OPTIONS = Options(valued={"--format": FORMATS, "--against": (), "--rename": ()}, flags={ALLOW_EXTERN: ""},
                  repeated=GIVEN, takes="target",
                  files={"--against": (".safetensors", ".json", ".pt", ".pth", ".bin"), "--rename": (".toml",)},
                  sizes=[*GIVEN])


def run(arguments: Sequence[str]) -> int:
    targets, options = OPTIONS.read(arguments)
    path, name = only(targets)
    given = values([*options.get("--dim", ()), *options.get("--param", ())])
    checkpoint = options.get("--against")
    if checkpoint is None:
        raise Misuse("no checkpoint is named; write `--against model.safetensors`")
    compile, allow = compiler().compile, allowed(options)
    from catlang.compiler.comparison import compare
    from catlang.compiler.weights import WeightsError, plan
    from catlang.compiler.weights import read as read_weights

    try:
        module = refusals(path, lambda: compile(path, name, allow_extern=allow, **given),
                          options.get("--format", "full"), coloured(sys.stderr))
        tensors = read_weights(checkpoint)
        rename = options.get("--rename")
        compared = compare(module, tensors, rename)
        problems = plan(module, tensors, rename).problems
    except Refused as refused:
        sys.stderr.write(str(refused))
        return 1
    except WeightsError as wrong:
        sys.stderr.write(f"catlang: {wrong}\n")
        return 1
    sys.stdout.write(f"{compared.table()}\n")
    if not problems:
        return 0
    _tell(compared, problems)
    return 1


def _tell(compared: Any, problems: Sequence[Any]) -> None:
    """What stands in the way: by a table that would mend it if there is one to propose, else one by one."""
    if compared.proposed:
        sys.stdout.write(f"\nA table with what is unambiguous, for `--rename`:\n\n{compared.toml()}")
    else:
        sys.stdout.write("\n" + "".join(f"{problem}\n" for problem in problems))
