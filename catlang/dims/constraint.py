"""Conditions on dims: comparisons and divisibility.

>>> from catlang.dims import Variable
>>> h, d = Variable("h"), Variable("d")
>>> Constraint("divides", h.poly, d.poly), Constraint("<=", 2 * h.poly, d.poly + 1)
(h divides d, 2*h <= d + 1)
>>> Constraint("divides", h.poly, d.poly).holds({h: 3, d: 12})
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.dims.polynomial import Dim, Variable, evaluate, resolve, show, substitute
from catlang.dims.substitution import occurring

if TYPE_CHECKING:
    from collections.abc import Mapping

RELATIONS = ("==", "<=", ">=", "<", ">", "!=", "divides")


class Constraint:
    """``left relation right``; ``a divides b`` says that ``b % a`` is 0."""

    __slots__ = ("left", "relation", "right")

    def __init__(self, relation: str, left: Dim, right: Dim) -> None:
        if relation not in RELATIONS:
            raise ValueError(f"`{relation}` is not a relation between dimensions")
        self.relation = relation
        self.left = left
        self.right = right

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constraint) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def _parts(self) -> tuple[str, Dim, Dim]:
        return self.relation, self.left, self.right

    def show(self) -> str:
        return f"{show(self.left)} {self.relation} {show(self.right)}"

    __repr__ = show

    def variables(self) -> list[Variable]:
        """Its variables, sorted by name and age."""
        found = {*occurring(self.left), *occurring(self.right)}
        return sorted(found, key=lambda variable: variable.key)

    def substitute(self, mapping: Mapping[Variable, Dim]) -> Constraint:
        left, right = substitute(self.left, mapping), substitute(self.right, mapping)
        same = left is self.left and right is self.right
        return self if same else Constraint(self.relation, left, right)

    def resolve(self) -> Constraint:
        """With every solved variable replaced."""
        left, right = resolve(self.left), resolve(self.right)
        same = left is self.left and right is self.right
        return self if same else Constraint(self.relation, left, right)

    def holds(self, assignment: Mapping[Variable, int]) -> bool:
        """Whether it holds at an assignment; ZeroDivisionError where a side has no value."""
        left, right = evaluate(self.left, assignment), evaluate(self.right, assignment)
        relation = self.relation
        if relation == "==":
            return left == right
        if relation == "<=":
            return left <= right
        if relation == ">=":
            return left >= right
        if relation == "<":
            return left < right
        if relation == ">":
            return left > right
        if relation == "!=":
            return left != right
        return right % left == 0
