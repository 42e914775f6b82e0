"""Arithmetic, activations, truth values: entry by entry. Truth values are 0 and 1."""

from __future__ import annotations

from fractions import Fraction
from math import inf
from typing import TYPE_CHECKING

from catlang.meaning.entries import functions as f
from catlang.meaning.entries import work
from catlang.meaning.entries.constants import constant
from catlang.meaning.entries.form import ONE, ZERO, Form, number, power
from catlang.meaning.entries.most import least, most
from catlang.meaning.entries.row import Entries, at_each, entrywise, means

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.network.functor import Site


def relu(x: Form) -> Form:
    return most(x, ZERO)


def absolute(x: Form) -> Form:
    return most(x, -x)


def elu(x: Form, alpha: Form) -> Form:
    return relu(x) + (f.exp(least(x, ZERO)) - ONE) * alpha


def raised(x: Form, y: Form) -> Form:
    exponent = y.constant
    if exponent is None or Fraction(exponent).denominator > 2:
        return f.some("pow", x, y)
    if Fraction(exponent).denominator == 2:
        return f.root(x) if Fraction(exponent) == Fraction(1, 2) else f.some("pow", x, y)
    times = abs(int(exponent))
    if times > work.MOST_EXPONENT:
        raise work.TooLarge("an exponent is too large")
    made = power(x, times)
    return made if exponent >= 0 else f.reciprocal(made)


ENTRYWISE: dict[str, Callable[..., Form]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x * f.reciprocal(y),
    "pow": raised,
    "maximum": most,
    "minimum": least,
    "neg": lambda x: -x,
    "abs": absolute,
    "sign": lambda x: f.above_zero(x) - f.above_zero(-x),
    "floor": lambda x: f.some("floor", x),
    "ceil": lambda x: -f.some("floor", -x),
    "round": lambda x: f.odd("round", x),
    "square": lambda x: x * x,
    "reciprocal": f.reciprocal,
    "sqrt": f.root,
    "rsqrt": lambda x: f.reciprocal(f.root(x)),
    "exp": f.exp,
    "expm1": lambda x: f.exp(x) - ONE,
    "log": f.log,
    "log1p": lambda x: f.log(ONE + x),
    "sin": lambda x: f.odd("sin", x),
    "cos": lambda x: f.even("cos", x),
    "tan": lambda x: f.odd("tan", x),
    "erf": lambda x: f.odd("erf", x),
    "relu": relu,
    "selu": lambda x: f.some("selu", x),
    "gelu": lambda x: f.some("gelu", x),
    "gelu_tanh": lambda x: f.some("gelu_tanh", x),
    "silu": lambda x: x * f.sigmoid(x),
    "mish": lambda x: x * f.tanh(f.log(ONE + f.exp(x))),
    "hardswish": lambda x: (x * least(relu(x + number(3)), number(6))).times(Fraction(1, 6)),
    "sigmoid": f.sigmoid,
    "tanh": f.tanh,
    "softplus": lambda x: f.log(ONE + f.exp(x)),
    "softsign": lambda x: x * f.reciprocal(ONE + absolute(x)),
    "logsigmoid": lambda x: -f.log(ONE + f.exp(-x)),
    "less": lambda x, y: f.above_zero(y - x),
    "less_equal": lambda x, y: ONE - f.above_zero(x - y),
    "greater": lambda x, y: f.above_zero(x - y),
    "greater_equal": lambda x, y: ONE - f.above_zero(y - x),
    "equal": f.equal,
    "not_equal": lambda x, y: ONE - f.equal(x, y),
    "logical_and": lambda x, y: x * y,
    "logical_or": lambda x, y: x + y - x * y,
    "logical_not": lambda x: ONE - x,
    "select": lambda which, x, y: y + which * (x - y),
    "indicator": lambda x: x,
}
for name, function in ENTRYWISE.items():
    entrywise(name, function)


@means("scale")
def scale(site: Site[Entries], x: Entries) -> Entries:
    factor = constant(site, "factor")
    return at_each(lambda a: a * factor, x)


@means("clamp")
def clamp(site: Site[Entries], x: Entries) -> Entries:
    low = None if site["low"] == -inf else constant(site, "low")
    high = None if site["high"] == inf else constant(site, "high")

    def clamped(a: Form) -> Form:
        kept = a if low is None else most(a, low)
        return kept if high is None else least(kept, high)

    return at_each(clamped, x)


@means("leaky_relu")
def leaky_relu(site: Site[Entries], x: Entries) -> Entries:
    slope = constant(site, "slope")
    return at_each(lambda a: a * slope + relu(a) * (ONE - slope), x)


@means("elu")
def elu_(site: Site[Entries], x: Entries) -> Entries:
    alpha = constant(site, "alpha")
    return at_each(lambda a: elu(a, alpha), x)


@means("prelu")
def prelu(site: Site[Entries], x: Entries) -> Entries:
    weight = site.weight("weight")[x.indices[:1]]
    return at_each(lambda a: weight * a + (ONE - weight) * relu(a), x)
