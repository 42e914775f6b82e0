"""All externs of some files, held to their headers: what a check adds where it may run Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker.loader import Loader
from catlang.checking import check_file
from catlang.compiler.extern.boundary import Verdict, hold
from catlang.compiler.extern.reference import Refused
from catlang.source import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catlang.checker.entry import Definition
    from catlang.diagnostic import Diagnostic


def gate(roots: Iterable[tuple[str, Sequence[str]]]) -> tuple[list[Diagnostic], list[Verdict]]:
    """Holds every extern of files, and of what they import, to its header; gives the mistakes, and what is known of the
    others.

    Files are given with the folder that they may import from. A header that is itself a mistake is left out.
    """
    mistakes: list[Diagnostic] = []
    verdicts: list[Verdict] = []
    for root, files in roots:
        loader = Loader(root)
        for name in files:
            try:
                check_file(name, loader=loader)
            except Unreadable:
                continue  # the check has said so
        for definition in _externs(loader):
            try:
                verdicts.append(hold(definition))
            except Refused as refused:
                mistakes.append(refused.diagnostic)
    return mistakes, verdicts


def _externs(loader: Loader) -> list[Definition]:
    return [one for module in loader.order for one in module.definitions if one.extern and one.state == "done"]
