"""Real numbers that depend on sizes: ``scale[1 / sqrt(d // h)]``.

A formula is kept as it is written until every size and every parameter in it has a value; what is still symbolic then
becomes an expression of the compiled source.

>>> from catlang.dims import Variable
>>> d = Variable("d")
>>> half = Formula("/", (1.0, d.poly))
>>> half
1.0 / d
>>> half.evaluate(lambda one: one, lambda dim: 4)
0.25
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catlang import dims
from catlang.dims import Dim


class NoValue(ValueError):
    """A formula has no value at the sizes and parameters given, such as the inverse of 0."""


class Formula:
    """An operator (``+ - * / ^ sqrt``) on parts, which are numbers, params, dims or formulas."""

    __slots__ = ("operator", "parts")

    def __init__(self, operator: str, parts: tuple[Any, ...]) -> None:
        self.operator = operator
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Formula) and (self.operator, self.parts) == (other.operator, other.parts)

    def __hash__(self) -> int:
        return hash((self.operator, self.parts))

    def __repr__(self) -> str:
        shown = [dims.show(part) if isinstance(part, dims.Poly) else repr(part) for part in self.parts]
        return f"sqrt({shown[0]})" if self.operator == "sqrt" else f" {self.operator} ".join(shown)

    def evaluate(self, constant: Callable[[Any], Any], dim: Callable[[Dim], Dim]) -> Any:
        """The number, where everything in it has a value, else the formula with what has one put in.

        Raises ``NoValue`` where there is no such real number.
        """
        found = []
        for part in self.parts:
            if isinstance(part, Formula):
                part = part.evaluate(constant, dim)
            elif isinstance(part, dims.Poly):
                part = dim(part)
            elif not isinstance(part, int | float):
                part = constant(part)
            found.append(part)
        if all(isinstance(part, int | float) for part in found):
            try:
                return compute(self.operator, [float(part) for part in found])
            except (ArithmeticError, ValueError):
                raise NoValue(repr(Formula(self.operator, tuple(found)))) from None
        return Formula(self.operator, tuple(found))


def compute(operator: str, values: list[float]) -> float:
    """Raises ``ArithmeticError`` or ``ValueError`` where there is no such real number."""
    if operator == "sqrt":
        if values[0] < 0:
            raise ValueError("the square root of a negative number")
        return float(values[0] ** 0.5)
    left, right = values
    if operator == "^":
        result = left**right
        if isinstance(result, complex):
            raise ValueError("a power that is no real number")
        return float(result)
    return {"+": lambda: left + right, "-": lambda: left - right, "*": lambda: left * right, "/": lambda: left / right}[
        operator]()
