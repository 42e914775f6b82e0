"""Evaluation to so many digits, where values are no rational numbers.

Entries are rational numbers still: a root or an exponential is the decimal number next to it, and arithmetic goes on
exactly from there, until numbers are long. Where it would matter on which side of a jump a number lies that is known to
so many digits only, and where numbers grow so large or so small that digits would be lost, there is no value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor, inf
from typing import TYPE_CHECKING, Any

from catlang.laws import decimals
from catlang.laws.careful import Careful, Weights
from catlang.laws.constants import long, rounded_in
from catlang.meaning.entries import work
from catlang.meaning.exact import Exact
from catlang.meaning.exact.array import UNTOLD, Array
from catlang.meaning.exact.row import Meaning, Undefined, rational

if TYPE_CHECKING:
    from catlang.diagram.diagram import Shuffle
    from catlang.dims import Dim
    from catlang.network.functor import Site
    from catlang.objects.colour import Object
    from catlang.span import Span

#: What a function costs, against a sum of two numbers; one that is a series costs more.
A_FUNCTION = 60
A_SERIES = 400
#: So close to a jump nothing is told, nor of numbers that are as large or as small as this.
CLOSE = Fraction(1, 10**20)
COARSE = Fraction(1, 10**6)
LARGE, SMALL = Fraction(10**15), Fraction(1, 10**15)
#: Numbers are rounded once they have so many bits for each digit that is kept.
BITS = 8


class Rounded(Careful):
    """The functor to arrays of which so many ``digits`` are known. ``inexact`` once something was rounded."""

    def __init__(self, weights: Weights, digits: int) -> None:
        super().__init__(weights)
        self.digits = digits
        self.inexact = False
        # Once a constant was met that is known to fewer digits.
        self.coarse = False

    @property
    def close(self) -> Fraction:
        """So close to a jump nothing is told."""
        return COARSE if self.coarse else CLOSE

    def allow(self, rounded: bool, site: Site[Array]) -> None:
        self.inexact = self.inexact or rounded

    def constants(self, site: Site[Array]) -> None:
        super().constants(site)
        self.coarse = self.coarse or any(map(rounded_in, site.operation.arguments.values()))

    def literal(self, number: int | float, obj: Object) -> Array:
        if long(number):
            self.inexact = self.coarse = True
        return Exact.literal(self, number, obj)

    def primitive(self, site: Site[Array]) -> Sequence[Array]:
        made = super().primitive(site)
        return [Array(x.shape, [self.kept(entry, site.name, site.span) for entry in x.entries]) for x in made]

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Array], obj: Object) -> Array:
        made = super().shuffle(operation, sizes, inputs, obj)
        return Array(made.shape, [self.kept(entry, operation.kind, None) for entry in made.entries])

    def kept(self, entry: Any, name: str, span: Span | None) -> Any:
        """A number, to so many digits where it is longer by far; Undefined where it is too large or small to go on."""
        if not isinstance(entry, Fraction) or not entry:
            return entry
        if self.inexact and not SMALL <= abs(entry) <= LARGE:
            raise Undefined(name, "is too large or too small to be told from others", span)
        if entry.numerator.bit_length() + entry.denominator.bit_length() > BITS * self.digits:
            self.inexact = True
            return decimals.rounded(entry, self.digits + decimals.GUARD)
        return entry

    def function(self, function: decimals.Function, x: Any, site: Site[Array]) -> Any:
        """A function at a number; Undefined where it has no value."""
        if x is UNTOLD:
            return x
        work.spend(A_SERIES if function in SERIES else A_FUNCTION)
        if isinstance(x, float):
            value = Fraction(0) if function is decimals.exp and x == -inf else None
        else:
            value = function(Fraction(x), self.digits)
        if value is None:
            raise Undefined(site.name, f"has no value at {x}", site.span)
        if value.denominator.bit_length() > 64:
            self.inexact = True
        return value


def functor(site: Site[Array]) -> Rounded:
    """The functor that a row is of."""
    found = site.frame.walk.functor
    assert isinstance(found, Rounded)
    return found


FUNCTIONS: dict[str, decimals.Function] = {
    "exp": decimals.exp, "expm1": decimals.expm1, "log": decimals.log, "log1p": decimals.log1p, "sqrt": decimals.root,
    "rsqrt": decimals.inverse_root, "sigmoid": decimals.sigmoid, "tanh": decimals.tanh, "softplus": decimals.softplus,
    "silu": decimals.silu, "logsigmoid": decimals.logsigmoid, "mish": decimals.mish, "sin": decimals.sin,
    "cos": decimals.cos, "tan": decimals.tan, "erf": decimals.erf, "gelu": decimals.gelu}


SERIES = {decimals.sin, decimals.cos, decimals.tan, decimals.erf, decimals.gelu}


def _each(function: decimals.Function) -> Meaning:
    def row(site: Site[Array]) -> Array:
        [x] = site.inputs
        return Array(x.shape, [functor(site).function(function, entry, site) for entry in x.entries])

    return row


def _power(site: Site[Array]) -> Array:
    base, exponents = site.inputs
    if all(entry is UNTOLD or entry == floor(entry) for entry in exponents.entries):
        made: Array = Careful.rows["pow"](site)
        return made
    found = []
    for x, y in zip(base.entries, exponents.entries, strict=True):
        logarithm = functor(site).function(decimals.log, x, site)
        found.append(functor(site).function(decimals.exp, logarithm * y, site))
    return Array(base.shape, found)


def _elu(site: Site[Array]) -> Array:
    [x] = site.inputs
    alpha = rational(site["alpha"], site)

    def one(a: Any) -> Any:
        return a if a is UNTOLD or a > 0 else alpha * functor(site).function(decimals.expm1, a, site)

    return x.map(one)


def _exponentials(site: Site[Array]) -> list[Any]:
    return [functor(site).function(decimals.exp, entry, site) for entry in site.inputs[0].entries]


def _softmax(site: Site[Array]) -> Array:
    found = _exponentials(site)
    total = sum(found)
    if total is UNTOLD:
        return Array((len(found),), [UNTOLD] * len(found))
    if not total:
        raise Undefined(site.name, "is of nothing", site.span)
    return Array((len(found),), [entry / total for entry in found])


def _log_softmax(site: Site[Array]) -> Array:
    [x] = site.inputs
    total = _logsumexp(site)[()]
    return Array(x.shape, [entry - total for entry in x.entries])


def _logsumexp(site: Site[Array]) -> Array:
    return Array((), [functor(site).function(decimals.log, sum(_exponentials(site)), site)])


def _attend(site: Site[Array]) -> Array:
    q, k, v = site.inputs
    (rows, inner), keys, columns = q.shape, k.shape[0], v.shape[1]
    scale = functor(site).function(decimals.inverse_root, inner, site)
    made: list[Any] = []
    for row in range(rows):
        # The last query is aligned with the last key.
        seen = [key for key in range(keys) if not site["causal"] or key <= row + keys - rows]
        if not seen:
            raise Undefined(site.name, "has a query that sees no key", site.span)
        scores = [sum(q[row, at] * k[key, at] for at in range(inner)) * scale for key in seen]
        weights = [functor(site).function(decimals.exp, score, site) for score in scores]
        total = sum(weights)
        made += [sum(weight * v[key, column] for weight, key in zip(weights, seen, strict=True)) / total
                 for column in range(columns)]
    return Array((rows, columns), made)


def _layer_norm(site: Site[Array]) -> Array:
    [x] = site.inputs
    mean = Fraction(sum(x.entries)) / len(x.entries)
    apart = [entry - mean for entry in x.entries]
    inverse = _inverse_root_mean(apart, site)
    rows = zip(apart, site.weight("weight").entries, site.weight("bias").entries, strict=True)
    return Array(x.shape, [entry * inverse * weight + bias for entry, weight, bias in rows])


def _rms_norm(site: Site[Array]) -> Array:
    [x] = site.inputs
    inverse = _inverse_root_mean(x.entries, site)
    return Array(x.shape, [entry * inverse * weight for entry, weight in zip(
        x.entries, site.weight("weight").entries, strict=True)])


def _inverse_root_mean(entries: list[Any], site: Site[Array]) -> Any:
    mean = Fraction(sum(entry * entry for entry in entries)) / len(entries)
    return functor(site).function(decimals.inverse_root, mean + rational(site["eps"], site), site)


# ------------------------------------------------------------------ jumps


def _between(site: Site[Array]) -> list[Any]:
    """How far two numbers are apart where it matters which is larger."""
    x, y = site.inputs
    return [a - b for a, b in zip(x.entries, y.entries, strict=True)]


def _own(site: Site[Array]) -> list[Any]:
    return list(site.inputs[0].entries)


def _whole(site: Site[Array]) -> list[Any]:
    return [entry - round(entry) for entry in site.inputs[0].entries if entry is not UNTOLD]


def _halves(site: Site[Array]) -> list[Any]:
    return [entry - Fraction(1, 2) - floor(entry) for entry in site.inputs[0].entries if entry is not UNTOLD]


def _neighbours(site: Site[Array]) -> list[Any]:
    return [b - a for a, b in pairwise(sorted(entry for entry in site.inputs[0].entries if entry is not UNTOLD))]


def _certain(name: str, distances: Callable[[Site[Array]], list[Any]]) -> Meaning:
    """A row that is not asked where a rounded number is close to a jump."""
    def row(site: Site[Array]) -> Any:
        if functor(site).inexact and any(
                entry is not UNTOLD and abs(entry) < functor(site).close for entry in distances(site)):
            raise Undefined(site.name, "has a jump too close to be told on which side", site.span)
        return Careful.rows[name](site)

    return row


JUMPS: dict[str, Callable[[Site[Array]], list[Any]]] = {
    **dict.fromkeys(["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"], _between),
    "sign": _own, "floor": _whole, "ceil": _whole, "to_index": _whole, "round": _halves,
    **dict.fromkeys(["argmax", "argmin", "sort", "topk"], _neighbours)}

Rounded.rows = {
    **Careful.rows, **{name: _each(function) for name, function in FUNCTIONS.items()}, "pow": _power, "elu": _elu,
    "softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _logsumexp, "attend": _attend,
    "layer_norm": _layer_norm, "rms_norm": _rms_norm,
    **{name: _certain(name, distances) for name, distances in JUMPS.items()}}
