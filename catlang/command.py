"""The command ``catlang``: one word says what to do, and a module of that name does it.

Exit codes: 0 where there was no error, 1 where errors were found, 2 where the command was not called as it can be, 3 at
a mistake of catlang's own, which is then reported in a form to be sent in. Nothing is imported but what the command
that was called needs.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, meant
from catlang.commands import COMMANDS
from catlang.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence

FINE, WRONG, MISUSED, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code comes back, and no exception."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _safe_output()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read the output has seen enough. What Python would still flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FINE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as failure:
        from catlang.failure import report

        sys.stderr.write(report(failure, arguments))
        return INTERNAL


def _safe_output() -> None:
    """A terminal that cannot show a character shows its code instead of stopping the report."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write(overview())
        return MISUSED
    name, *rest = arguments
    if name in ("--help", "-h", "help"):
        if rest and rest[0] in COMMANDS:
            return _run([rest[0], "--help"])
        sys.stdout.write(overview())
        return FINE
    if name in ("--version", "-V"):
        sys.stdout.write(f"catlang {VERSION}\n")
        return FINE
    if name == "__complete":
        from catlang.commands.candidates import run

        return run(rest)
    if name not in COMMANDS:
        kind = "option" if name.startswith("-") else "command"
        known = [*COMMANDS] if kind == "command" else ["--help", "--version"]
        hint = meant(name, known)
        if not hint and kind == "command" and (name.endswith(".cat") or os.path.exists(name)):
            hint = f"; did you mean `catlang check {name}`?"
        return _misused(f"there is no {kind} `{name}`{hint}", "catlang --help")
    import importlib

    command = importlib.import_module(COMMANDS[name][0])
    if any(argument in ("--help", "-h") for argument in rest[: rest.index("--") if "--" in rest else len(rest)]):
        sys.stdout.write(command.USAGE)
        return FINE
    try:
        code: int = command.run(rest)
    except Misuse as misuse:
        return _misused(str(misuse), f"catlang {name} --help")
    return code


def _misused(text: str, more: str) -> int:
    from catlang.visible import visible

    sys.stderr.write(f"catlang: {visible(text)}\ntry `{more}`\n")
    return MISUSED


def overview() -> str:
    """What there is to be called."""
    wide = max(map(len, COMMANDS))
    rows = "".join(f"  {name.ljust(wide)}  {text}\n" for name, (_, text) in COMMANDS.items())
    return (f"usage: catlang COMMAND [ARGUMENTS]\n\ncommands:\n{rows}\n"
            "`catlang COMMAND --help` says more about one; `catlang --version` gives the version.\n")
