"""A row: what one primitive is on exact numbers.

A row is a function of its site and of the arrays on its input wires. Rows stand beside their kin; nothing else knows a
primitive by name. A primitive of the prelude without exact values has the reason in ``INEXACT`` instead.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
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


def entrywise(name: str, function: Callable[..., Any]) -> None:
    """Declares a primitive that acts at each entry alike."""

    def act(site: Site[Array], *inputs: Array) -> Array:
        rows = zip(*(x.entries for x in inputs), strict=True)
        return Array(inputs[0].shape, [function(*row) for row in rows])

    means(name)(act)


def inexact(reason: str, *names: str) -> None:
    """Declares primitives that have no exact values."""
    for name in names:
        assert name not in ROWS and name not in INEXACT, name
        INEXACT[name] = reason


def rational(number: int | float, site: Site[Array] | None = None) -> Fraction | int:
    """A number as it is written: 0.1 is a tenth.

    >>> rational(0.1), rational(3)
    (Fraction(1, 10), 3)
    """
    if isinstance(number, int):
        return number
    if number - number != 0:
        raise Inexact(site.name if site else str(number), f"has {number} for a constant", site.span if site else None)
    return Fraction(repr(number))


def shape_of(obj: Any) -> Shape:
    """The shape of an object all of whose sizes are known."""
    axes = axes_of(obj)
    for axis in axes:
        if not isinstance(axis, int):
            raise ValueError(f"the size `{axis}` has no value; give `sizes`")
    return axes  # type: ignore[return-value]
