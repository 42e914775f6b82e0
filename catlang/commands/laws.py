"""``catlang laws``: how the laws of a file's models end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from catlang.arguments import Misuse, Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.checker.module import Module

USAGE = """\
usage: catlang laws FILE.cat...

Says of every law of every model in the files how it ends: proved, and by what; refuted, and where; tested at some
elements, or unknown, and why. PyTorch is not needed.

  by normal form    both sides are the same sums of products, entry by entry, at every size and for all weights
  by exhaustion     there are finitely many elements, and at each of them the sides agree

Laws are about real numbers, where both sides have a value. What is refuted, and what is not known without being
allowed, `catlang check` tells too, with its place.

Exit code: 0 all laws are proved or allowed, 1 some are not, or the files have errors, 2 not called like this, 3 a
mistake of catlang's own.
"""

#: The mistakes that are verdicts.
VERDICTS = ("E1005", "E1006")

OPTIONS = Options(takes="path")


def run(arguments: Sequence[str]) -> int:
    paths, _ = OPTIONS.read(arguments)
    if not paths:
        raise Misuse("no file is named; write `catlang laws net.cat`")
    from catlang.checking import check_file
    from catlang.failure import Stopped
    from catlang.report import coloured, render
    from catlang.source import Unreadable

    code = 0
    rows: list[tuple[str, str, str]] = []
    for path in paths:
        try:
            module = check_file(path)
        except Unreadable as unreadable:
            mistakes = [unreadable.diagnostic]
        except Exception as failure:
            raise Stopped(path) from failure
        else:
            mistakes = list(module.bag)
            rows += verdicts(module)
        others = [one for one in mistakes if one.code not in VERDICTS]
        for one in others:
            sys.stderr.write(render(one, color=coloured(sys.stderr)) + "\n")
        code = code or int(bool(mistakes))
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for model, law, verdict in rows:
        sys.stdout.write(f"{model.ljust(widths[0])}  {law.ljust(widths[1])}  {verdict}\n")
    if not rows and not code:
        sys.stdout.write("no model of a theory with laws\n")
    return code


def verdicts(module: Module) -> list[tuple[str, str, str]]:
    """Of each law of each model in a file the model, the law and how it ends."""
    from catlang.checker.entry import ModelEntry

    return [(entry.name, law.name, verdict.show()) for entry in module.scope.names.values()
            if isinstance(entry, ModelEntry) for law, verdict in entry.verdicts]
