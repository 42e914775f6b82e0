"""A mistake of catlang's own, as a report that can be sent in: versions, the file, and the way to where it happened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from catlang.version import VERSION
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

#: So many of the innermost calls tell where it happened.
DEEPEST = 8


class Stopped(Exception):
    """An exception that came up while a file was worked on: its cause, or in another process, which says ``what`` it
    was and in which ``calls``, the innermost first."""

    def __init__(self, file: str, what: str = "", calls: Sequence[str] = ()) -> None:
        super().__init__(file)
        self.file = file
        self.what = what
        self.calls = calls

    def told(self) -> tuple[str, Sequence[str]]:
        """What happened, and where."""
        return (self.what, self.calls) if self.__cause__ is None else _told(self.__cause__)


def report(failure: BaseException, arguments: Sequence[str]) -> str:
    """The report, with a line feed at its end."""
    import platform

    file = ""
    if isinstance(failure, Stopped):
        file = failure.file
        what, calls = failure.told()
    else:
        what, calls = _told(failure)
    rows = ["catlang stopped at a mistake of its own. The file may be right or wrong: this says nothing about it.",
            "Please report it, with these lines and, if you can, the file:", "",
            f"  version: {VERSION}, Python {platform.python_version()}, {platform.system()}",
            f"  called:  catlang {' '.join(arguments)}"]
    if file:
        rows.append(f"  file:    {file}")
    rows.append(f"  what:    {what}")
    for place, call in enumerate(calls):
        rows.append(f"  {'where:' if place == 0 else '':8} {call}")
    return "".join(f"{visible(row)}\n" for row in rows)


def _told(failure: BaseException) -> tuple[str, Sequence[str]]:
    return f"{type(failure).__name__}: {' '.join(str(failure).split())[:200]}", _calls(failure.__traceback__)


def _calls(traceback: TracebackType | None) -> list[str]:
    """The innermost calls, the one where it happened first; files are told from the package on."""
    found: list[str] = []
    around = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    while traceback is not None:
        code = traceback.tb_frame.f_code
        name = code.co_filename
        name = os.path.relpath(name, around) if name.startswith(around + os.sep) else os.path.basename(name)
        found.append(f"{name}:{traceback.tb_lineno} in {code.co_qualname}")
        traceback = traceback.tb_next
    return found[: -DEEPEST - 1 : -1]
