"""What a check runs with besides its files: settings of the project, processes, a store, and a line that shows how far
it is."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from catlang.arguments import Misuse
from catlang.settings import Refused, completed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from catlang.files.store import Store

    Excluded = Callable[[str], bool] | None


def settled(paths: list[str], options: dict[str, Any], formats: Sequence[str],
            ) -> tuple[list[str], dict[str, Any], Excluded] | None:
    """The command line, completed by what the project says, and which files are left out; None where the project says
    what makes no sense, which is then told. Raises ``Misuse``."""
    if "--cache" in options and "--no-cache" in options:
        raise Misuse("`--cache` and `--no-cache` exclude each other")
    try:
        paths, options, excluded = completed(paths, options, formats)
    except Refused as refused:
        from catlang.report import coloured, render

        style = "concise" if options.get("--format") == "concise" else "full"
        for diagnostic in refused.diagnostics:
            text = render(diagnostic, style, coloured(sys.stderr))
            sys.stderr.write(text + ("\n\n" if style == "full" else "\n"))
        return None
    return paths, options, excluded


class Means:
    """The means that the options ask for. Used as a context, which takes away what shows how far the check is. Raises
    ``Misuse``."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.jobs = _jobs(options.get("--jobs"))
        self.store = _store(options)
        self.progress = None
        if "--quiet" not in options and sys.stderr is not None and sys.stderr.isatty():
            from catlang.progress import progress

            self.progress = progress()

    def __enter__(self) -> Means:
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress is not None:
            self.progress.end()


def _jobs(given: str | None) -> int | None:
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:5]) <= 1024:
        raise Misuse(f"`--jobs` is a number of processes, at least 1 and at most 1024, not `{given}`")
    return int(given)


def _store(options: Mapping[str, Any]) -> Store | None:
    if "--no-cache" in options:
        return None
    from catlang.files.store import Store, place

    folder = options.get("--cache", place())
    if folder == "":
        raise Misuse("`--cache` needs a folder")
    if folder is None or "\0" in folder:
        return None
    return Store(os.path.abspath(folder))
