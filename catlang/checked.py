"""What a check found: of one file, of several, or of all the files below a folder."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from catlang.diagnostic import Bag
from catlang.failure import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catlang.checker.module import Module
    from catlang.diagnostic import Diagnostic


class Checked:
    """The outcome of a check: its ``diagnostics``, in the order of files and places, and whether all is ``ok``."""

    __slots__ = ("bag", "modules", "names")

    def __init__(self) -> None:
        self.bag = Bag()
        self.modules: list[Module] = []
        # The files that were asked for, in their order; a file that is named twice is there twice.
        self.names: list[str] = []

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

    def report(self, format: str = "full", color: bool = False) -> str:
        """The diagnostics as text, in the format ``full`` or ``concise``."""
        from catlang.report import render

        between = "\n\n" if format == "full" else "\n"
        return between.join(render(diagnostic, format, color) for diagnostic in self.bag)


def check_paths(paths: Sequence[str]) -> Checked:
    """Checks files, the files below folders, and for ``-`` the text on standard input."""
    checked = Checked()
    for path in paths:
        if path == "-":
            _one("<stdin>", sys.stdin.buffer.read(), checked)
        elif os.path.isdir(path):
            _together(list(below(path)), path, checked)
        else:
            _together([os.path.normpath(path)], None, checked)
    return checked


def below(folder: str) -> Iterator[str]:
    """The ``.cat`` files below a folder, in the order of their names; hidden folders are left out."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.endswith(".cat") and not name.startswith("."):
                yield os.path.normpath(os.path.join(place, name))


def _together(paths: list[str], root: str | None, checked: Checked) -> None:
    """Checks files under one root, each of them once, however many import it."""
    from catlang.checker.check import check_file
    from catlang.checker.loader import Loader
    from catlang.source import Unreadable

    loader: Loader | None = None
    for path in paths:
        if loader is None:
            loader = Loader(root if root is not None else os.path.dirname(os.path.abspath(path)))
        checked.names.append(path)
        try:
            module = check_file(path, loader=loader)
        except Unreadable as unreadable:
            checked.bag.add(unreadable.diagnostic)
            continue
        except Exception as failure:
            raise Stopped(path) from failure
        checked.modules.append(module)
        checked.bag.extend(module.bag)


def _one(name: str, data: bytes, checked: Checked) -> None:
    """Checks a text that came without a file."""
    from catlang.checker.check import check_source
    from catlang.source import Unreadable, decoded

    checked.names.append(name)
    try:
        module = check_source(decoded(data, name, None))
    except Unreadable as unreadable:
        checked.bag.add(unreadable.diagnostic)
        return
    except Exception as failure:
        raise Stopped(name) from failure
    checked.modules.append(module)
    checked.bag.extend(module.bag)
