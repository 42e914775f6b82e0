"""What a normal form is at a point, by its definition alone: sums are added up, functions are what they are called."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import floor
from typing import Any

from catlang import dims
from catlang.laws import decimals
from catlang.meaning.entries import Entries, Form
from catlang.meaning.entries.entry import Entry, Place, Same
from catlang.meaning.entries.factor import Factor
from catlang.meaning.entries.form import Of, Size
from catlang.meaning.entries.index import Compound, Index, Var
from catlang.meaning.entries.most import Most
from catlang.meaning.exact import Array
from catlang.meaning.exact.array import places

DIGITS = 60
#: After so many terms there is no value.
MOST_STEPS = 2000


class Undefined(Exception):
    """There is no value."""


class Values:
    """A point: arrays by address, and sizes."""

    def __init__(self, arrays: Mapping[str, Array], sizes: Mapping[dims.Variable, int]) -> None:
        self.arrays = arrays
        self.sizes = dict(sizes)
        self.steps = 0

    def array(self, x: Entries) -> Array:
        shape = tuple(self.dim(var.size) for var in x.indices)
        return Array(shape, [self.form(x.form, dict(zip(x.indices, place, strict=True))) for place in places(shape)])

    def dim(self, dim: dims.Dim) -> int:
        return dims.evaluate(dim, self.sizes)

    def all_of(self, bound: tuple[Var, ...], at: Mapping[Var, int]) -> list[dict[Var, int]]:
        rows = product(*(range(self.dim(var.size)) for var in bound))
        return [{**at, **dict(zip(bound, row, strict=True))} for row in rows]

    def form(self, form: Form, at: Mapping[Var, int]) -> Fraction:
        total = Fraction(0)
        for term, coefficient in form.terms.items():
            for inner in self.all_of(term.bound, at):
                self.steps += 1
                if self.steps > MOST_STEPS:
                    raise Undefined
                value = Fraction(coefficient)
                for factor, exponent in term.factors:
                    value *= self.factor(factor, inner) ** exponent
                total += value
        return decimals.rounded(total, 2 * DIGITS) if total.denominator.bit_length() > 1000 else total

    def factor(self, factor: Factor, at: Mapping[Var, int]) -> Any:
        if isinstance(factor, Entry):
            return Fraction(self.arrays[factor.address][tuple(self.index(one, at) for one in factor.indices)])
        if isinstance(factor, Size):
            return Fraction(self.dim(dims.Poly({((factor.atom, 1),): 1})))
        if isinstance(factor, Place):
            return Fraction(self.index(factor.index, at))
        if isinstance(factor, Same):
            return Fraction(self.index(factor.left, at) == self.index(factor.right, at))
        if isinstance(factor, Most):
            found = [self.form(form, inner) for bound, form in factor.arguments for inner in self.all_of(bound, at)]
            if not found:
                raise Undefined
            return max(found)
        assert isinstance(factor, Of), factor
        value = FUNCTIONS[factor.name](*(self.form(form, at) for form in factor.arguments))
        if value is None:
            raise Undefined
        return Fraction(value)

    def index(self, index: Index, at: Mapping[Var, int]) -> int:
        if isinstance(index, int):
            return index
        if isinstance(index, Var):
            return at[index]
        assert isinstance(index, Compound)
        sizes = [self.dim(size) for size in index.sizes]
        inner = [self.index(one, at) for one in index.inner]
        if index.kind == "flip":
            return sizes[0] - 1 - inner[0]
        if index.kind == "group":
            total = 0
            for one, size in zip(inner, sizes, strict=True):
                total = total * size + one
            return total
        [value] = inner
        for size in reversed(sizes[index.place + 1:]):
            value //= size
        return value % sizes[index.place]


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator == 1:
        return base ** int(exponent) if base or exponent >= 0 else None
    logarithm = decimals.log(base, DIGITS)
    return None if logarithm is None else decimals.exp(logarithm * exponent, DIGITS)


FUNCTIONS: dict[str, Any] = {
    **{name: lambda x, function=function: function(x, DIGITS) for name, function in {
        "exp": decimals.exp, "log": decimals.log, "sqrt": decimals.root, "sigmoid": decimals.sigmoid,
        "sin": decimals.sin, "cos": decimals.cos, "tan": decimals.tan, "erf": decimals.erf,
        "gelu": decimals.gelu}.items()},
    "reciprocal": lambda x: 1 / x if x else None, "positive": lambda x: x > 0, "floor": floor, "round": round,
    "pow": _power, "to_index": lambda x, n: min(max(floor(x), 0), n - 1),
}
