"""What a check found: of one file, of several, or of all the files below a folder."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.diagnostic import Bag
from catlang.failure import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catlang.diagnostic import Diagnostic
    from catlang.files.store import Store


class Checked:
    """The outcome of a check: its ``diagnostics``, in the order of files and places, and whether all is ``ok``."""

    __slots__ = ("bag", "names", "roots")

    def __init__(self) -> None:
        self.bag = Bag()
        # The files that were asked for, in their order; a file that is named twice is there twice.
        self.names: list[str] = []
        # The same without standard input, beside the folder that they may import from.
        self.roots: list[tuple[str, list[str]]] = []

    @property
    def files(self) -> int:
        return len(self.names)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return list(self.bag)

    @property
    def errors(self) -> int:
        return self.bag.errors

    @property
    def ok(self) -> bool:
        return self.bag.errors == 0

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        from catlang.report import summary

        return f"<Checked: {summary(self.bag.errors, self.bag.warnings, self.files)}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from catlang.notebook.display import diagnostics, said
        from catlang.report import summary

        found = diagnostics(self.bag) if len(self.bag) else ""
        return found + said(summary(self.bag.errors, self.bag.warnings, self.files))

    def report(self, format: str = "full", color: bool = False) -> str:
        """The diagnostics as text, in the format ``full`` or ``concise``."""
        from catlang.report import render

        between = "\n\n" if format == "full" else "\n"
        return between.join(render(diagnostic, format, color) for diagnostic in self.bag)


def check_paths(paths: Sequence[str], excluded: Callable[[str], bool] | None = None, store: Store | None = None,
                jobs: int | None = 1, progress: Callable[[int, int], None] | None = None) -> Checked:
    """Checks files, the files below folders that are not ``excluded``, and for ``-`` the text on standard input.

    What was said of files is looked up and kept in the ``store``; ``jobs`` processes check them, of None as many as are
    of use; ``progress`` is told how many of how many are done.
    """
    from catlang.files.graph import Graph
    from catlang.files.work import Work

    checked = Checked()
    graphs = []
    for path in paths:
        if path == "-":
            _one("<stdin>", sys.stdin.buffer.read(), checked)
            continue
        if os.path.isdir(path):
            root, files = path, list(below(path, excluded))
        else:
            root, files = os.path.dirname(os.path.abspath(path)), [os.path.normpath(path)]
        checked.names += files
        checked.roots.append((root, files))
        graphs.append(Graph(root, files))
    checked.bag.extend(Work(graphs, store, jobs, progress).done())
    return checked


def below(folder: str, excluded: Callable[[str], bool] | None = None) -> Iterator[str]:
    """The ``.cat`` files below a folder, in the order of their names; hidden folders are left out, and what is
    ``excluded``, which for a folder holds of all below it."""
    for place, folders, files in os.walk(folder):
        shown = sorted(name for name in folders if not name.startswith("."))
        if excluded is not None:
            shown = [name for name in shown if not excluded(os.path.join(place, name))]
        folders[:] = shown
        for name in sorted(files):
            if name.endswith(".cat") and not name.startswith("."):
                path = os.path.normpath(os.path.join(place, name))
                if excluded is None or not excluded(path):
                    yield path


def _one(name: str, data: bytes, checked: Checked) -> None:
    """Checks a text that came without a file."""
    from catlang.checking import check_source
    from catlang.source import Unreadable, decoded

    checked.names.append(name)
    try:
        module = check_source(decoded(data, name, None))
    except Unreadable as unreadable:
        checked.bag.add(unreadable.diagnostic)
        return
    except Exception as failure:
        raise Stopped(name) from failure
    checked.bag.extend(module.bag)
