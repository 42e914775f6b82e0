"""How much work normal forms may take: a count, never a time.

>>> with within(10):
...     spend(11)
Traceback (most recent call last):
    ...
catlang.meaning.entries.work.TooLarge: this takes too many steps
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: A normal form has at most so many terms, a maximum so many arguments, a function so many functions around it.
MOST_TERMS = 400
MOST_ARGUMENTS = 48
MOST_DEPTH = 24
#: A number has at most so many bits, a factor at most this exponent.
MOST_BITS = 2048
MOST_EXPONENT = 256
#: Of so many ways to name bound indices the least is chosen.
MOST_NAMINGS = 720


class TooLarge(Exception):
    """A normal form that would have too many terms, or takes too much work to find."""


class Work:
    """What is left of the steps that may be taken."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, steps: int) -> None:
        """Takes some of it; TooLarge where that is more than is left."""
        self.left -= steps
        if self.left < 0:
            raise TooLarge("this takes too many steps")


_CURRENT: ContextVar[Work | None] = ContextVar("work", default=None)
_PURSE: ContextVar[Work | None] = ContextVar("purse", default=None)


@contextmanager
def within(steps: int, *, beyond: bool = False) -> Iterator[Work]:
    """Inside it so many steps may be taken; what is around it has its own count. They are taken from the purse, and
    are no more than are left in that, but where they may go ``beyond`` it."""
    purse = None if beyond else _PURSE.get()
    if purse is not None:
        steps = min(steps, purse.left)
    work = Work(steps)
    token = _CURRENT.set(work)
    try:
        yield work
    finally:
        _CURRENT.reset(token)
        if purse is not None:
            purse.left -= steps - max(work.left, 0)


@contextmanager
def purse(steps: int) -> Iterator[Work]:
    """Inside it so many steps may be taken in all, however often some are given.

    >>> with purse(10):
    ...     with within(8):
    ...         spend(7)
    ...     with within(8) as left:
    ...         print(left.left)
    3
    """
    around = _PURSE.get()
    if around is not None:
        steps = min(steps, around.left)
    mine = Work(steps)
    token = _PURSE.set(mine)
    try:
        yield mine
    finally:
        _PURSE.reset(token)
        if around is not None:
            around.left -= steps - mine.left


def spend(steps: int = 1) -> None:
    """Takes steps of what is left; TooLarge where that is not enough."""
    work = _CURRENT.get()
    if work is not None:
        work.spend(steps)
