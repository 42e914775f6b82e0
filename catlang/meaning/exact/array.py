"""Exact arrays: a shape, and the entries in one row, the last axis varying fastest.

>>> x = Array.of([[1, 2, 3], [4, 5, 6]])
>>> x.shape, x.entries, x[1, 0]
((2, 3), [1, 2, 3, 4, 5, 6], 4)
>>> x.nested() == [[1, 2, 3], [4, 5, 6]]
True
>>> [row.entries for row in x.along()] == [[1, 2, 3], [4, 5, 6]] and Array.stacked(x.along(), (3,)) == x
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

#: A number, a truth value or an index. Integers are rationals; a float is an infinity.
Entry = Fraction | int | bool | float
Shape = tuple[int, ...]


class Untold:
    """The entry behind the end of a list: some number, index or truth value, and nobody may ask which.

    What is made of it is not told either, but for what does not depend on it.

    >>> UNTOLD + 1, 2 - UNTOLD, UNTOLD * 0, -UNTOLD
    (UNTOLD, UNTOLD, 0, UNTOLD)
    >>> max(UNTOLD, 0)
    Traceback (most recent call last):
        ...
    AssertionError: something depends on what stands behind the end of a list
    """

    __slots__ = ()

    def _same(self, other: Any = None) -> Untold:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = __abs__ = _same

    def __mul__(self, other: Any) -> Any:
        return 0 if other is not self and other == 0 else self

    __rmul__ = __mul__

    def _asked(self, other: Any = None) -> Any:
        raise AssertionError("something depends on what stands behind the end of a list")

    __bool__ = __lt__ = __le__ = __gt__ = __ge__ = __index__ = _asked

    def __repr__(self) -> str:
        return "UNTOLD"


UNTOLD = Untold()


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of entries, which is not told where one of them is not.

    >>> lifted(max)(1, 2), lifted(max)(UNTOLD, 2)
    (2, UNTOLD)
    """
    return lambda *entries: UNTOLD if any(entry is UNTOLD for entry in entries) else function(*entries)


class Array:
    """An array of exact entries; never changed once made."""

    __slots__ = ("entries", "shape")

    def __init__(self, shape: Sequence[int], entries: list[Any]) -> None:
        self.shape: Shape = tuple(shape)
        self.entries = entries
        assert len(entries) == count(self.shape), (shape, len(entries))

    @staticmethod
    def of(nested: Any) -> Array:
        """From nested lists; floats are the rationals that they are."""
        if not isinstance(nested, list | tuple):
            return Array((), [Fraction(nested) if isinstance(nested, float) else nested])
        parts = [Array.of(part) for part in nested]
        return Array.stacked(parts, parts[0].shape if parts else ())

    @staticmethod
    def stacked(parts: Sequence[Array], shape: Shape) -> Array:
        """Arrays of one shape along a new axis in front."""
        assert all(part.shape == shape for part in parts), (shape, [part.shape for part in parts])
        return Array((len(parts), *shape), [entry for part in parts for entry in part.entries])

    @staticmethod
    def build(shape: Shape, entry: Callable[[Shape], Any]) -> Array:
        """An array by what its entry at each place is."""
        return Array(shape, [entry(place) for place in places(shape)])

    def __getitem__(self, place: int | Shape) -> Any:
        return self.entries[position(self.shape, place if isinstance(place, tuple) else (place,))]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and self.shape == other.shape and self.entries == other.entries

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Array.of({self.nested()})"

    def nested(self) -> Any:
        """As nested lists."""
        return [part.nested() for part in self.along()] if self.shape else self.entries[0]

    def along(self) -> list[Array]:
        """The arrays along the first axis."""
        rest = self.shape[1:]
        step = count(rest)
        return [Array(rest, self.entries[start * step:(start + 1) * step]) for start in range(self.shape[0])]

    def reshaped(self, *shape: int) -> Array:
        return Array(shape, self.entries)

    def map(self, function: Callable[[Any], Any]) -> Array:
        return Array(self.shape, list(map(lifted(function), self.entries)))


def count(shape: Iterable[int]) -> int:
    """How many places there are.

    >>> count((2, 3)), count(())
    (6, 1)
    """
    total = 1
    for size in shape:
        total *= size
    return total


def places(shape: Shape) -> Iterator[Shape]:
    """All places, the last axis varying fastest.

    >>> list(places((2, 2)))
    [(0, 0), (0, 1), (1, 0), (1, 1)]
    """
    return product(*map(range, shape))


def position(shape: Shape, place: Shape) -> int:
    """Where the entry at a place stands in the row.

    >>> position((2, 3), (1, 2))
    5
    """
    found = 0
    for size, at in zip(shape, place, strict=True):
        assert 0 <= at < size, f"there is no place {place} in {shape}"
        found = found * size + at
    return found
