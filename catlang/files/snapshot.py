"""The files as one check sees them: every path is followed once and every file is read once.

Whatever happens to a folder meanwhile, what was hashed is what is checked, so that an outcome is never remembered for a
text that it is not the outcome of.

>>> files = Files()
>>> files.read("/nowhere/a.cat", "a.cat")
Traceback (most recent call last):
    ...
catlang.source.Unreadable: there is no file `a.cat`
>>> outside("../b.cat", "/one/b.cat", "/one/two"), outside("b.cat", "/one/two/b.cat", "/one/two")
(True, False)
"""

from __future__ import annotations

import os

from catlang import source as sources
from catlang.source import Source, Unreadable


class Files:
    """What was read, by path. ``strayed`` says whether something was asked for after ``closed`` was set that was not
    asked for before."""

    __slots__ = ("_read", "_real", "closed", "strayed")

    def __init__(self) -> None:
        self._real: dict[str, str] = {}
        self._read: dict[tuple[str, str], Source | Unreadable] = {}
        self.closed = False
        self.strayed = False

    def real(self, path: str) -> str:
        """The path with no link in it; one that cannot be followed leads to itself."""
        known = self._real.get(path)
        if known is None:
            self.strayed |= self.closed
            try:
                known = os.path.realpath(path)
            except (OSError, ValueError):
                known = path
            self._real[path] = known
        return known

    def read(self, path: str, name: str) -> Source:
        """The source in a file, shown under a name: one and the same, whatever path leads to the file."""
        key = (self.real(path), name)
        known = self._read.get(key)
        if known is None:
            self.strayed |= self.closed
            try:
                known = sources.read(path, name)
            except Unreadable as unreadable:
                known = unreadable
            self._read[key] = known
        if isinstance(known, Unreadable):
            raise Unreadable(known.diagnostic)
        return known


def named(importer: Source, path: str) -> tuple[str, str]:
    """The path to what a file imports, and the name that it is shown under."""
    assert importer.path is not None
    return (os.path.join(os.path.dirname(importer.path), path),
            os.path.normpath(os.path.join(os.path.dirname(importer.name), path)))


def outside(path: str, real: str, root: str) -> bool:
    """Whether an import, written ``path``, leads out of the root."""
    return os.path.isabs(path) or (real != root and not real.startswith(root.rstrip(os.sep) + os.sep))
