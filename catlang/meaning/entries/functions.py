"""Functions of normal forms, and what is known of them.

>>> from catlang.meaning.entries.entry import entry
>>> from catlang.meaning.entries.form import ONE, ZERO, number
>>> x, y = entry("x"), entry("y")
>>> exp(x) * exp(y) == exp(x + y), exp(ZERO) == ONE, exp(x) * exp(-x) == ONE, log(exp(x)) == x
(True, True, True, True)

Nothing is divided by itself unless it is evidently not 0, and there is a logarithm of what is positive only:

>>> x * reciprocal(x) == ONE, exp(x) * reciprocal(exp(x)) == ONE, reciprocal(x * y) == reciprocal(x) * reciprocal(y)
(False, True, True)
>>> exp(log(x)) == x, exp(log(exp(x) + exp(y))) == exp(x) + exp(y), log(exp(x) * y) == x + log(y)
(False, True, True)
>>> log(exp(x - y) + exp(number(1) - y)) + y == log(exp(x) + exp(number(1)))
True
>>> root(x * x) == x, root(x) * root(x) == x, root(x * x) * root(x * x) == x * x
(False, False, True)
>>> sigmoid(-x) == ONE - sigmoid(x), tanh(-x) == -tanh(x), reciprocal(ONE + exp(-x)) == sigmoid(x)
(True, True, True)
>>> log(sigmoid(-x)) == -log(ONE + exp(x)), reciprocal(sigmoid(x)) == ONE + exp(-x)
(True, True)
>>> exp(x) * reciprocal(ONE + exp(x)) == sigmoid(x), exp(x) * sigmoid(-x) == sigmoid(x)
(True, True)
>>> above_zero(x) * above_zero(x) == above_zero(x), above_zero(x) * above_zero(-x) == ZERO
(True, True)
>>> above_zero(x.times(3)) == above_zero(x), above_zero(exp(x)) == ONE, above_zero(-x * x) == ZERO
(True, True, True)
"""

from __future__ import annotations

from fractions import Fraction

from catlang.meaning.entries.factor import Factor
from catlang.meaning.entries.form import (
    ONE,
    RULES,
    UNIT,
    ZERO,
    Form,
    Number,
    Of,
    Size,
    Term,
    gathered,
    number,
    of,
    power,
    product,
)
from catlang.meaning.entries.signs import above, content, nonnegative, orientation, positive

#: So often a logarithm is taken out of an exponential.
MOST_TIMES = 8


def exp(form: Form) -> Form:
    """``exp(p + c log q)`` is ``exp(p) q^c`` where ``q`` is evidently positive."""
    if not form.terms:
        return ONE
    outside, rest = ONE, form
    for term, coefficient in form.terms.items():
        factor = term.single
        if isinstance(factor, Of) and factor.name == "log" and Fraction(coefficient).denominator == 1 \
                and -MOST_TIMES <= coefficient <= MOST_TIMES and positive(factor.arguments[0]):
            inner = factor.arguments[0]
            outside = outside * power(inner if coefficient > 0 else reciprocal(inner), abs(int(coefficient)))
            rest = rest - Form({term: coefficient})
    return outside * (of(Of("exp", [rest], exp)) if rest.terms else ONE)


def log(form: Form) -> Form:
    """A positive number, an exponential that is in all terms, and factors that are evidently positive come out."""
    unit = content([form])
    rest, common = _without_exponential(form.times(1 / Fraction(unit)))
    found = common
    if unit != 1:
        found = found + of(Of("log", [number(unit)], log))
    inner = _of_sigmoid(rest)
    if inner is not None:
        return found - log(ONE + exp(-inner))
    single = rest.single
    if single is not None and not single[0].bound:
        term, coefficient = single
        taken = [(factor, exponent) for factor, exponent in term.factors if above(factor)]
        if taken and len(term.factors) > 1:
            for factor, exponent in taken:
                found = found + log(of(factor)).times(exponent)
            kept = product((), [one for one in term.factors if one not in taken]).times(coefficient)
            return found + log(kept)
    return found if rest == ONE else found + of(Of("log", [rest], log))


def reciprocal(form: Form) -> Form:
    """Of a product the product of the reciprocals; a number and an exponential that is in all terms come out."""
    if not form.terms:
        return of(Of("reciprocal", [ZERO], reciprocal))
    logistic, inner = _logistic(form), _of_sigmoid(form)
    if logistic is not None:
        return logistic
    if inner is not None:
        return ONE + exp(-inner)
    unit = Fraction(content([form])) * (orientation(form) or 1)
    rest, common = _without_exponential(form.times(1 / unit))
    outside = exp(-common).times(1 / unit)
    logistic = _logistic(rest)
    if logistic is not None:
        return outside * logistic
    single = rest.single
    if single is None or single[0].bound:
        return outside * of(Of("reciprocal", [rest], reciprocal))
    term, coefficient = single
    found = outside.times(1 / Fraction(coefficient))
    for factor, exponent in term.factors:
        found = found * power(_inverse(factor, exponent), abs(exponent))
    return found


def _inverse(factor: Factor, exponent: int) -> Form:
    if isinstance(factor, Size) and above(factor):
        return product((), [(factor, -1 if exponent > 0 else 1)])
    assert exponent > 0
    return of(Of("reciprocal", [of(factor)], reciprocal))


def _logistic(form: Form) -> Form | None:
    """``1 / (c + c exp(p))`` is ``sigmoid(-p) / c``."""
    unit = form.terms.get(UNIT)
    if len(form.terms) != 2 or not unit:
        return None
    [(term, coefficient)] = [one for one in form.terms.items() if one[0] != UNIT]
    factor = term.single
    if not isinstance(factor, Of) or factor.name != "exp" or coefficient != unit:
        return None
    return sigmoid(-factor.arguments[0]).times(1 / Fraction(unit))


def _of_sigmoid(form: Form) -> Form | None:
    """``p`` with the form ``sigmoid(p)``, which may be written ``1 - sigmoid(-p)``."""
    for term, coefficient in form.terms.items():
        factor = term.single
        if isinstance(factor, Of) and factor.name == "sigmoid":
            inner = factor.arguments[0]
            if coefficient == 1 and len(form.terms) == 1:
                return inner
            return -inner if coefficient == -1 and len(form.terms) == 2 and form.terms.get(UNIT) == 1 else None
    return None


def _without_exponential(form: Form) -> tuple[Form, Form]:
    """``p`` and ``q`` with the form ``p exp(q)``: of each term the least multiple that is in all exponents."""
    exponents: list[dict[Term, Number]] = []
    for term in form.terms:
        mine: dict[Term, Number] = {}
        for factor, _ in term.factors:
            if isinstance(factor, Of) and factor.name == "exp":
                mine = {one: coefficient for one, coefficient in factor.arguments[0].terms.items()
                        if one.free.isdisjoint(term.bound)}
        exponents.append(mine)
    terms: dict[Term, Number] = {}
    for one in dict.fromkeys(one for mine in exponents for one in mine):
        value = min(mine.get(one, 0) for mine in exponents)
        if value:
            terms[one] = value
    common = Form(terms)
    return (form * exp(-common) if terms else form), common


def root(form: Form) -> Form:
    """The square root."""
    value = form.constant
    if value is not None and value in (0, 1):
        return number(value)
    return of(Of("sqrt", [form], root))


def sigmoid(form: Form) -> Form:
    if not form.terms:
        return number(Fraction(1, 2))
    if orientation(form) < 0:
        return ONE - of(Of("sigmoid", [-form], sigmoid))
    return of(Of("sigmoid", [form], sigmoid))


def tanh(form: Form) -> Form:
    return sigmoid(form.times(2)).times(2) - ONE


def above_zero(form: Form) -> Form:
    """1 where a form is above 0, else 0."""
    if positive(form):
        return ONE
    if nonnegative(-form):
        return ZERO
    rest, _ = _without_exponential(form.times(1 / Fraction(content([form]))))
    return of(Of("positive", [rest], above_zero))


def equal(left: Form, right: Form) -> Form:
    """1 where two forms are equal, else 0."""
    return ONE - above_zero(left - right) - above_zero(right - left)


def odd(name: str, form: Form) -> Form:
    """A function of which nothing is known but that ``f(-x) = -f(x)``."""
    if not form.terms:
        return ZERO
    if orientation(form) < 0:
        return -odd(name, -form)
    return of(Of(name, [form], lambda one: odd(name, one)))


def even(name: str, form: Form) -> Form:
    """A function of which nothing is known but that ``f(-x) = f(x)``."""
    return of(Of(name, [-form if orientation(form) < 0 else form], lambda one: even(name, one)))


def some(name: str, *forms: Form) -> Form:
    """A function of which nothing is known."""
    return of(Of(name, forms, lambda *inner: some(name, *inner)))


# ------------------------------------------------------------------ what products of these are


def _exponentials(powers: dict[Factor, int]) -> Form | None:
    """Exponentials that are multiplied are one."""
    found = [(factor, exponent) for factor, exponent in powers.items()
             if isinstance(factor, Of) and factor.name == "exp"]
    if not found or len(found) == 1 and found[0][1] == 1:
        return None
    total = gathered((factor.arguments[0], exponent) for factor, exponent in found)
    rest = product((), [one for one in powers.items() if one not in found])
    return rest * exp(total)


def _logistics(powers: dict[Factor, int]) -> Form | None:
    """``exp(x) sigmoid(x)`` is ``exp(x) - sigmoid(x)``, and ``exp(-x) sigmoid(x)`` is ``1 - sigmoid(x)``."""
    exponential = next((one for one in powers if isinstance(one, Of) and one.name == "exp"), None)
    if exponential is None:
        return None
    total = exponential.arguments[0]
    for factor in powers:
        if not isinstance(factor, Of) or factor.name != "sigmoid":
            continue
        inner = factor.arguments[0]
        times = _times(total, inner)
        if times == 0:
            continue
        rest = dict(powers)
        del rest[exponential]
        rest[factor] -= 1
        outside = product((), rest.items())
        if times > 0:
            return outside * (exp(total) - exp(total - inner) * of(factor))
        return outside * exp(total + inner) * (ONE - of(factor))
    return None


def _times(total: Form, inner: Form) -> int:
    """How often a form is in another, where all of its terms are there so often."""
    ratios = {Fraction(total.terms.get(term, 0)) / coefficient for term, coefficient in inner.terms.items()}
    if len(ratios) != 1:
        return 0
    ratio = ratios.pop()
    return int(ratio) if ratio.denominator == 1 and abs(ratio) <= MOST_TIMES else 0


def _opposite(powers: dict[Factor, int]) -> Form | None:
    """What is above 0 is not below."""
    found = {factor.arguments[0] for factor in powers if isinstance(factor, Of) and factor.name == "positive"}
    return ZERO if len(found) > 1 and any(-form in found for form in found) else None


def _roots(powers: dict[Factor, int]) -> Form | None:
    """The square of the root of what is evidently not negative."""
    for factor, exponent in powers.items():
        if isinstance(factor, Of) and factor.name == "sqrt" and exponent > 1 and nonnegative(factor.arguments[0]):
            rest = [one for one in powers.items() if one[0] is not factor]
            return product((), [*rest, (factor, exponent % 2)]) * power(factor.arguments[0], exponent // 2)
    return None


RULES += [_opposite, _exponentials, _logistics, _roots]

__all__ = ["above_zero", "equal", "even", "exp", "log", "odd", "reciprocal", "root", "sigmoid", "some", "tanh"]
