"""A row: what one primitive is on exact numbers.

A row is a function of its site and of the arrays on its input wires. Rows stand beside their kin; nothing else knows a
primitive by name. A primitive of the prelude without exact values has the reason in ``INEXACT`` instead.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isinf
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact.array import Array, Shape
from catlang.network.functor import Meaningless
from catlang.objects.colour import axes_of

if TYPE_CHECKING:
    from catlang.network.functor import Site

Meaning = Callable[["Site[Array]"], Any]

ROWS: dict[str, Meaning] = {}
INEXACT: dict[str, str] = {}


class Inexact(Meaningless):
    """A value is no rational number, or none that can be told exactly."""


class Undefined(Meaningless):
    """There is no value: a division by zero."""


def means(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares the row of a primitive: a function of its site and its inputs."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        assert name not in ROWS and name not in INEXACT, name
        ROWS[name] = lambda site: function(site, *site.inputs)
        return function

    return declare


def at_each(function: Callable[..., Any], *inputs: Array) -> Array:
    """A function of entries at each place of arrays of one shape."""
    rows = zip(*(x.entries for x in inputs), strict=True)
    return Array(inputs[0].shape, [function(*row) for row in rows])


def entrywise(name: str, function: Callable[..., Any]) -> None:
    """Declares a primitive that acts at each entry alike."""
    means(name)(lambda site, *inputs: at_each(function, *inputs))


def inexact(reason: str, *names: str) -> None:
    """Declares primitives that have no exact values."""
    for name in names:
        assert name not in ROWS and name not in INEXACT, name
        INEXACT[name] = reason


def rational(number: int | float, site: Site[Array] | None = None, infinite: bool = False) -> Any:
    """A number as it is written: 0.1 is a tenth. Where it may be ``infinite`` that is what it stays: something to be
    larger, or less, than every other one, and to be left behind by a choice, a maximum or a minimum.

    >>> rational(0.1), rational(3), rational(float("-inf"), infinite=True)
    (Fraction(1, 10), 3, -inf)
    """
    if isinstance(number, int | Fraction) or infinite and isinf(number):
        return number
    if number - number != 0:
        raise Inexact(site.name if site else str(number), f"has {number} for a constant", site.span if site else None)
    return Fraction(repr(number))


def shape_of(obj: Any) -> Shape:
    """The shape of an object all of whose sizes are known."""
    return tuple(map(valued, axes_of(obj)))


def valued(size: Any) -> int:
    """A size that has to be known."""
    if not isinstance(size, int):
        raise ValueError(f"the size `{size}` has no value; give `sizes`")
    return size
