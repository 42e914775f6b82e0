"""Functions whose values are no rational numbers, to as many digits as are asked for.

A value that is rational all the same is exact; ``None`` stands where there is no value.

>>> root(Fraction(9, 4), 20), root(Fraction(2), 20) ** 2 - 2 < Fraction(1, 10**18), root(Fraction(-1), 20)
(Fraction(3, 2), True, None)
>>> round(exp(Fraction(1), 30), 10), exp(Fraction(0), 30), log(Fraction(1), 30), log(Fraction(0), 30)
(Fraction(5436563657, 2000000000), Fraction(1, 1), Fraction(0, 1), None)
>>> round(sin(Fraction(1), 30), 10), round(erf(Fraction(1), 30), 10), round(sigmoid(Fraction(1), 30), 10)
(Fraction(1051838731, 1250000000), Fraction(8427007929, 10000000000), Fraction(3655292893, 5000000000))
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from math import isqrt

#: Digits that are lost on the way, at most.
GUARD = 30
#: An exponential of more than this is not asked for.
MOST = 150

#: A function at so many digits; None where it has no value, or one that is too large.
Function = Callable[[Fraction, int], Fraction | None]


def decimal(value: Fraction, digits: int) -> Decimal:
    return Context(prec=digits).divide(Decimal(value.numerator), Decimal(value.denominator))


def rounded(value: Fraction, digits: int) -> Fraction:
    """A number to so many digits."""
    return Fraction(decimal(value, digits))


def exp(x: Fraction, digits: int) -> Fraction | None:
    if not x:
        return Fraction(1)
    if abs(x) > MOST:
        return None
    prec = digits + GUARD
    return Fraction(decimal(x, prec).exp(Context(prec=prec)))


def log(x: Fraction, digits: int) -> Fraction | None:
    if x <= 0:
        return None
    prec = digits + GUARD
    return Fraction(decimal(x, prec).ln(Context(prec=prec))) if x != 1 else Fraction(0)


def root(x: Fraction, digits: int) -> Fraction | None:
    if x < 0:
        return None
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    if top * top == x.numerator and bottom * bottom == x.denominator:
        return Fraction(top, bottom)
    prec = digits + GUARD
    return Fraction(decimal(x, prec).sqrt(Context(prec=prec)))


def inverse_root(x: Fraction, digits: int) -> Fraction | None:
    value = root(x, digits)
    return 1 / value if value else None


def expm1(x: Fraction, digits: int) -> Fraction | None:
    value = exp(x, digits)
    return None if value is None else value - 1


def log1p(x: Fraction, digits: int) -> Fraction | None:
    return log(1 + x, digits)


def sigmoid(x: Fraction, digits: int) -> Fraction | None:
    value = exp(-x, digits)
    return None if value is None else 1 / (1 + value)


def tanh(x: Fraction, digits: int) -> Fraction | None:
    value = sigmoid(2 * x, digits)
    return None if value is None else 2 * value - 1


def softplus(x: Fraction, digits: int) -> Fraction | None:
    value = exp(x, digits)
    return None if value is None else log(1 + value, digits)


def logsigmoid(x: Fraction, digits: int) -> Fraction | None:
    value = softplus(-x, digits)
    return None if value is None else -value


def silu(x: Fraction, digits: int) -> Fraction | None:
    value = sigmoid(x, digits)
    return None if value is None else x * value


def mish(x: Fraction, digits: int) -> Fraction | None:
    inner = softplus(x, digits)
    value = None if inner is None else tanh(inner, digits)
    return None if value is None else x * value


def sin(x: Fraction, digits: int) -> Fraction | None:
    return _series(x, digits, 1, lambda k: Fraction(1, 2 * k * (2 * k + 1)))


def cos(x: Fraction, digits: int) -> Fraction | None:
    return _series(x, digits, 0, lambda k: Fraction(1, 2 * k * (2 * k - 1)))


def tan(x: Fraction, digits: int) -> Fraction | None:
    top, bottom = sin(x, digits), cos(x, digits)
    return top / bottom if top is not None and bottom else None


def erf(x: Fraction, digits: int) -> Fraction | None:
    found = _series(x, digits, 1, lambda k: Fraction(2 * k - 1, k * (2 * k + 1)))
    return None if found is None else 2 * found / _root_of_pi(digits)


def gelu(x: Fraction, digits: int) -> Fraction | None:
    half = root(Fraction(1, 2), digits + GUARD)
    value = None if half is None else erf(rounded(x * half, digits + GUARD), digits)
    return None if value is None else x * (1 + value) / 2


def _series(x: Fraction, digits: int, first: int, ratio: Callable[[int], Fraction]) -> Fraction | None:
    """A series that alternates, in ``x**2``, by the ratio of one term to the last; none where ``x`` is large, since
    then terms are large that cancel."""
    if abs(x) > 6:
        return None
    context = Context(prec=digits + GUARD)
    value = decimal(x, digits + GUARD)
    square = context.multiply(value, value)
    term = total = value if first else Decimal(1)
    k = 0
    while term and term.adjusted() > -(digits + GUARD):
        k += 1
        step = ratio(k)
        term = context.divide(context.multiply(context.multiply(term, square), Decimal(-step.numerator)),
                              Decimal(step.denominator))
        total = context.add(total, term)
    return Fraction(total)


def _root_of_pi(digits: int) -> Fraction:
    """By Machin's formula."""
    bits = int((digits + GUARD) * 3.33) + 16

    def arctan(inverse: int) -> int:
        term = (1 << bits) // inverse
        total, k = term, 1
        while term:
            term //= -inverse * inverse
            k += 2
            total += term // k
        return total

    value = root(Fraction(4 * (4 * arctan(5) - arctan(239)), 1 << bits), digits)
    assert value is not None
    return value
