"""How far a check is, on one line of a terminal, which is gone when the check is done.

Nothing is written where the standard error is no terminal, where the terminal cannot go back in a line, in a CI run
that pretends to have one, and before a moment has passed.

>>> line(50, 200, 40), line(50, 200, 24), line(50, 200, 9)
('checking [####              ] 50 of 200', 'checking 50 of 200', '')
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

#: Seconds before the first line, and between two.
PATIENCE = 0.4
PACE = 0.1
#: A bar has at most so many columns, and at least so many.
WIDEST, NARROWEST = 40, 8
ERASE = "\r\x1b[K"


class Progress:
    """Shows how many of the files are done, whenever it is called; ``end`` takes it away."""

    __slots__ = ("_next", "_shown", "_stream")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False
        self._next = time.monotonic() + PATIENCE

    def __call__(self, done: int, whole: int) -> None:
        now = time.monotonic()
        if now < self._next or done >= whole:
            return
        self._next = now + PACE
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            columns = 80
        self._write(ERASE + line(done, whole, columns))
        self._shown = True

    def end(self) -> None:
        if self._shown:
            self._shown = False
            self._write(ERASE)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            pass  # a terminal that is gone is no reason to stop


def progress() -> Progress | None:
    """The progress to show, if there is somebody to see it."""
    stream = sys.stderr
    if stream is None or not stream.isatty() or os.environ.get("TERM", "") in ("", "dumb") or os.environ.get("CI"):
        return None
    return Progress(stream)


def line(done: int, whole: int, columns: int) -> str:
    """The line for so many columns; empty where there are too few. It has no colours, and needs none."""
    count = f"{done} of {whole}"
    # The last column is left free: writing there makes some terminals begin a new line.
    room = min(columns - 1 - len(f"checking [] {count}"), WIDEST)
    if room >= NARROWEST:
        filled = room * done // whole
        return f"checking [{'#' * filled}{' ' * (room - filled)}] {count}"
    return next((text for text in (f"checking {count}", count) if len(text) < columns), "")
