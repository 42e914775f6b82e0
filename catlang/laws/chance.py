"""Numbers that look drawn by chance and are the same in every run and on every machine.

>>> chance = Chance(0)
>>> [chance.below(6) for _ in range(8)]
[5, 2, 0, 5, 0, 1, 1, 4]
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, TypeVar

T = TypeVar("T")

_MASK = (1 << 64) - 1


class Chance:
    """A row of numbers that a seed begins: splitmix64."""

    __slots__ = ("state",)

    def __init__(self, seed: int) -> None:
        self.state = seed & _MASK

    def next(self) -> int:
        """64 bits."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        value = self.state
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
        return value ^ value >> 31

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, not with, a bound."""
        return self.next() * bound >> 64

    def one(self, among: Sequence[T]) -> T:
        return among[self.below(len(among))]

    def number(self) -> Any:
        """A rational number: mostly a small whole one, now and then a larger one or a fraction."""
        kind = self.below(8)
        if kind < 5:
            return self.below(7) - 3
        if kind < 6:
            return self.below(41) - 20
        return Fraction(self.below(31) - 15, self.one((2, 3, 4, 5, 7, 10)))
