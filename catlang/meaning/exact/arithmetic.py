"""Arithmetic, activations, truth values: entry by entry."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact.array import UNTOLD, lifted
from catlang.meaning.exact.row import Inexact, Undefined, at_each, entrywise, inexact, means, rational

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.meaning.exact.array import Array
    from catlang.network.functor import Site

ENTRYWISE: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "maximum": max,
    "minimum": min,
    "neg": lambda x: -x,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "floor": floor,
    "ceil": ceil,
    "round": round,
    "square": lambda x: x * x,
    "relu": lambda x: max(x, 0),
    "hardswish": lambda x: x * min(max(x + 3, 0), 6) / Fraction(6),
    "softsign": lambda x: x / Fraction(1 + abs(x)),
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
    "equal": lambda x, y: x == y,
    "not_equal": lambda x, y: x != y,
    "logical_not": lambda x: not x,
    "indicator": int,
}
for name, function in ENTRYWISE.items():
    entrywise(name, lifted(function))
# Of these one input may tell what comes out, whatever the others are.
entrywise("logical_and", lambda x, y: False if x is False or y is False else lifted(lambda *both: True)(x, y))
entrywise("logical_or", lambda x, y: True if x is True or y is True else lifted(lambda *both: False)(x, y))
entrywise("select", lambda which, x, y: UNTOLD if which is UNTOLD else x if which else y)

inexact("a root is irrational", "sqrt", "rsqrt")
inexact("it is transcendental", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "erf", "elu", "selu", "gelu",
        "gelu_tanh", "silu", "mish", "sigmoid", "tanh", "softplus", "logsigmoid")


@means("div")
def div(site: Site[Array], x: Array, y: Array) -> Array:
    if 0 in y.entries:
        raise Undefined("div", "divides by zero", site.span)
    return at_each(lifted(lambda a, b: Fraction(a) / b), x, y)


@means("reciprocal")
def reciprocal(site: Site[Array], x: Array) -> Array:
    if 0 in x.entries:
        raise Undefined("reciprocal", "divides by zero", site.span)
    return x.map(lambda a: 1 / Fraction(a))


@means("pow")
def power(site: Site[Array], x: Array, y: Array) -> Array:
    def one(base: Any, exponent: Any) -> Any:
        if exponent != int(exponent):
            raise Inexact("pow", f"has the exponent {exponent}, and a root is irrational", site.span)
        if base == 0 and exponent < 0:
            raise Undefined("pow", "divides by zero", site.span)
        return Fraction(base) ** int(exponent)

    return at_each(lifted(one), x, y)


@means("scale")
def scale(site: Site[Array], x: Array) -> Array:
    factor = rational(site["factor"], site)
    return x.map(lambda a: a * factor)


@means("clamp")
def clamp(site: Site[Array], x: Array) -> Array:
    low, high = rational(site["low"], site, infinite=True), rational(site["high"], site, infinite=True)
    return x.map(lambda a: min(max(a, low), high))


@means("leaky_relu")
def leaky_relu(site: Site[Array], x: Array) -> Array:
    slope = rational(site["slope"], site)
    return x.map(lambda a: a if a > 0 else a * slope)


@means("prelu")
def prelu(site: Site[Array], x: Array) -> Array:
    weight = site.weight("weight")
    return type(x).build(x.shape, lambda place: x[place] if x[place] > 0 else weight[place[0]] * x[place])
