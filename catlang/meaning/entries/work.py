"""How much work normal forms may take: a count, never a time.

>>> with within(10):
...     spend(11)
Traceback (most recent call last):
    ...
catlang.meaning.entries.work.TooLarge: this takes too many steps
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
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


def within(steps: int, *, beyond: bool = False) -> AbstractContextManager[Work]:
    """Inside it so many steps may be taken; what is around it has its own count. They are taken from the purse, and
    are no more than are left in that, but where they may go ``beyond`` it."""
    return _counted(_CURRENT, steps, None if beyond else _PURSE.get())


def purse(steps: int) -> AbstractContextManager[Work]:
    """Inside it so many steps may be taken in all, however often some are given.

    >>> with purse(10):
    ...     with within(8):
    ...         spend(7)
    ...     with within(8) as left:
    ...         print(left.left)
    3
    """
    return _counted(_PURSE, steps, _PURSE.get())


@contextmanager
def _counted(place: ContextVar[Work | None], steps: int, around: Work | None) -> Iterator[Work]:
    """Inside it the work in a place is new, of no more steps than are left around; what it took is taken there too."""
    if around is not None:
        steps = min(steps, around.left)
    work = Work(steps)
    token = place.set(work)
    try:
        yield work
    finally:
        place.reset(token)
        if around is not None:
            around.left -= steps - max(work.left, 0)


def spend(steps: int = 1) -> None:
    """Takes steps of what is left; TooLarge where that is not enough."""
    work = _CURRENT.get()
    if work is not None:
        work.spend(steps)
