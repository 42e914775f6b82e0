"""Constants of primitives, exactly or to so many digits.

A number that has so many digits that it is the result of a computation in floating point stands for one close to it.

>>> long(0.1), long(2.5), long(1 / 3), long(3)
(False, False, True, False)
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any

from catlang.checker.formula import Formula
from catlang.dims import Dim, Poly
from catlang.laws import decimals
from catlang.meaning.exact.row import rational

#: With so many digits a number is taken for a rounded one.
DIGITS = 14
#: A power has an exponent of this size at most.
MOST_EXPONENT = 64


def long(value: Any) -> bool:
    """Whether a number is taken for a rounded one."""
    if not isinstance(value, float) or not isfinite(value):
        return False
    digits = repr(abs(value)).split("e")[0].replace(".", "").strip("0")
    return len(digits) > DIGITS


def rounded_in(value: Any) -> bool:
    """Whether there is such a number in a formula."""
    return any(map(rounded_in, value.parts)) if isinstance(value, Formula) else long(value)


def evaluated(value: Any, dim: Callable[[Dim], Dim], digits: int) -> Fraction | None:
    """What a formula is at sizes, to so many digits; None where it has no value."""
    if isinstance(value, Poly):
        value = dim(value)
    if not isinstance(value, Formula):
        return Fraction(rational(value)) if isinstance(value, int | float) and isfinite(value) else None
    left, *rest = (evaluated(part, dim, digits) for part in value.parts)
    if left is None or None in rest:
        return None
    if value.operator == "sqrt":
        return decimals.root(left, digits)
    [right] = rest
    assert right is not None
    if value.operator == "^":
        if right.denominator != 1 or abs(right) > MOST_EXPONENT or not left and right < 0:
            return None
        return left ** int(right)
    if value.operator == "/" and not right:
        return None
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
            "/": lambda: left / right}[value.operator]()
