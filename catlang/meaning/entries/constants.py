"""Constants: numbers, and formulas of sizes."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from typing import TYPE_CHECKING, Any

from catlang.checker.formula import Formula
from catlang.dims import Poly
from catlang.meaning.entries import functions as f
from catlang.meaning.entries import work
from catlang.meaning.entries.form import Form, number, power, size
from catlang.meaning.entries.row import Entries, NoForm
from catlang.meaning.exact.row import rational

if TYPE_CHECKING:
    from catlang.network.functor import Site


def constant(site: Site[Entries], name: str) -> Form:
    """A constant of a primitive."""
    value = site.operation.arguments[name]
    return _formula(value, site) if isinstance(value, Formula) else real(site[name])


def real(value: Any) -> Form:
    """A number as it is written."""
    if not isinstance(value, int | float):
        raise NoForm(f"the constant {value}")
    if not isfinite(value):
        raise NoForm("an infinite number")
    return number(rational(value))


def _formula(value: Any, site: Site[Entries]) -> Form:
    if isinstance(value, Poly):
        return size(site.frame.sizes.dim(value))
    if not isinstance(value, Formula):
        return real(value)
    left, *rest = (_formula(part, site) for part in value.parts)
    if value.operator == "sqrt":
        return f.root(left)
    [right] = rest
    if value.operator == "^":
        exponent = right.constant
        if exponent is None or Fraction(exponent).denominator != 1 or abs(int(exponent)) > work.MOST_EXPONENT:
            raise NoForm("a power in a constant")
        made = power(left, abs(int(exponent)))
        return made if exponent >= 0 else f.reciprocal(made)
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right,
            "/": lambda: left * f.reciprocal(right)}[value.operator]()
