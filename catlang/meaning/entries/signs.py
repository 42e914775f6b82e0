"""Of which sign a form evidently is, whatever its entries are; which of ``p`` and ``-p``, and of its multiples, stands
for all of them.

>>> from catlang.meaning.entries.entry import entry
>>> from catlang.meaning.entries.form import ONE, ZERO
>>> x, y, b = entry("x"), entry("y"), entry("b", base="truth")
>>> nonnegative(x * x + b), positive(x * x + ONE), nonnegative(x * y), positive(x * x), nonnegative(ONE - b)
(True, True, False, False, False)
>>> orientation(x - y), orientation(y - x), orientation(entry("x", 0) + x * x), orientation(ZERO)
(1, -1, 1, 0)
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm

from catlang.dims import Dim, least_value
from catlang.meaning.entries.factor import Factor
from catlang.meaning.entries.form import Form, Number, Of, Term, bounded

#: Functions that are above 0 wherever they are defined, and such as are not below it.
ABOVE = {"exp", "sigmoid"}
FROM_ZERO = {"positive", "sqrt"}
#: Functions that have the sign of what they are of.
OF_ONE_SIGN = {"reciprocal", "sqrt"}


def positive(form: Form) -> bool:
    """Whether a form is evidently more than 0."""
    return nonnegative(form) and any(_positive_term(term) for term in form.terms)


def nonnegative(form: Form) -> bool:
    """Whether a form is evidently at least 0."""
    return all(coefficient > 0 and all(exponent % 2 == 0 or _nonnegative(factor) for factor, exponent in term.factors)
               for term, coefficient in form.terms.items())


def _positive_term(term: Term) -> bool:
    return all(not_empty(var.size) for var in term.bound) and all(above(factor) for factor, _ in term.factors)


def not_empty(size: Dim) -> bool:
    """Whether there is an index along an axis for sure."""
    least = least_value(size)
    return least is not None and least >= 1


def above(factor: Factor) -> bool:
    """Whether a factor is evidently more than 0."""
    if isinstance(factor, Of):
        return factor.name in ABOVE or factor.name in OF_ONE_SIGN and positive(factor.arguments[0])
    return factor.sign == 1


def _nonnegative(factor: Factor) -> bool:
    if isinstance(factor, Of):
        return above(factor) or factor.name in FROM_ZERO or factor.name in OF_ONE_SIGN and nonnegative(
            factor.arguments[0])
    return factor.sign is not None


def orientation(form: Form) -> int:
    """1 for one of ``p`` and ``-p``, -1 for the other, whatever variables are called; 0 where they look alike."""
    shapes: dict[str, list[Number]] = {}
    for term, coefficient in form.terms.items():
        shapes.setdefault(term.shape, []).append(coefficient)
    for shape in sorted(shapes):
        mine = sorted(shapes[shape])
        negated = sorted(-coefficient for coefficient in mine)
        if mine != negated:
            return 1 if mine > negated else -1
    return 0


def content(forms: Iterable[Form]) -> Number:
    """The largest number that all coefficients are whole multiples of.

    >>> from catlang.meaning.entries.entry import entry
    >>> x, y = entry("x"), entry("y")
    >>> content([x.times(Fraction(2, 3)) - y.times(4)]), content([x.times(6), y.times(-9)]), content([])
    (Fraction(2, 3), 3, 1)
    """
    values = [Fraction(coefficient) for form in forms for coefficient in form.terms.values()]
    if not values:
        return 1
    found = Fraction(gcd(*(value.numerator for value in values)), lcm(*(value.denominator for value in values)))
    return bounded(found.numerator if found.denominator == 1 else found)
