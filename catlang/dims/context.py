"""Hypotheses about dims, brought into a form that can be computed with.

Where a hypothesis determines a variable it is substituted: ``h divides d`` turns ``d`` into ``h*t`` for a new
``t``, ``n >= k`` turns ``n`` into ``k + n'``. What cannot be substituted is kept as facts ``f >= 0``.
"""

from __future__ import annotations

from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING

from catlang.dims.bounds import Steps, at_least_zero, tighten
from catlang.dims.division import cancelled, content, exact_quotient, least_value
from catlang.dims.polynomial import Dim, Poly, Variable, collect, linear_in, substitute
from catlang.dims.substitution import occurring

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catlang.dims.constraint import Constraint

    Group = tuple[list[Variable], list[Constraint]]

_MAX_ROUNDS = 40


class Context:
    """What is known: ``values`` gives each variable in the parameters that are left free."""

    __slots__ = ("_split", "apart", "contradictory", "divisions", "equalities", "facts", "steps", "values")

    def __init__(self, variables: Iterable[Variable], hypotheses: Iterable[Constraint], steps: Steps) -> None:
        self.values: dict[Variable, Dim] = {variable: variable.poly for variable in variables}
        self.facts: list[Dim] = []
        self.equalities: list[Dim] = []
        self.divisions: list[tuple[Dim, Dim]] = []
        self.apart: list[Dim] = []
        self.contradictory = False
        self.steps = steps
        self._split: set[Dim] = set()
        for hypothesis in hypotheses:
            left, right = hypothesis.left, hypothesis.right
            if hypothesis.relation == "divides":
                self.divisions.append((left, right))
            elif hypothesis.relation == "==":
                self.equalities.append(left - right)
            elif hypothesis.relation == "!=":
                self.apart.append(left - right)
            else:
                self.facts.append(difference(hypothesis))
        self.settle()

    def case(self, variable: Variable, value: Dim) -> Context:
        """This context where ``variable`` is ``value``."""
        new = Context((), (), self.steps)
        new.values = dict(self.values)
        new.facts = list(self.facts)
        new.equalities = list(self.equalities)
        new.divisions = list(self.divisions)
        new.apart = list(self.apart)
        new._split = set(self._split)
        new._put(variable, value)
        new.settle()
        return new

    def all_facts(self) -> list[Dim]:
        """Everything known, as dims that are at least 0."""
        facts = list(self.facts)
        for dim in self.equalities:
            facts += (dim, -dim)
        for divisor, dim in self.divisions:
            rest = dim % divisor
            facts += (rest, -rest)
            low = least_value(dim)
            if low is not None and low >= 1:
                facts.append(dim - divisor)
        return [fact for fact in facts if isinstance(fact, Poly)]

    def at_least_zero(self, dim: Dim) -> bool:
        return at_least_zero(dim, self.all_facts(), self.steps)

    def parameters(self) -> list[Variable]:
        """The variables left free, those of the first variables first."""
        order = {parameter: None for value in self.values.values() for parameter in occurring(value)}
        return list(order)

    def settle(self) -> None:
        """Substitutes until nothing more is determined."""
        for _ in range(_MAX_ROUNDS):
            self.steps.spend(5 + self._size() // 8)
            if self.contradictory or not (
                self._least() or self._equality() or self._division() or self._order()
            ):
                break
        for dim in self.apart:
            for side in (dim, -dim):
                low = least_value(side)
                if low is not None and low >= 0:
                    self.facts.append(side - 1)
            self.contradictory |= dim == 0

    def _size(self) -> int:
        return len(self.values) + len(self.facts) + len(self.equalities) + len(self.divisions)

    def _put(self, variable: Variable, value: Dim) -> None:
        self.steps.spend(1 + self._size() // 8)
        mapping = {variable: value}
        self.values = {v: substitute(dim, mapping) for v, dim in self.values.items()}
        self.facts = [substitute(fact, mapping) for fact in self.facts]
        self.equalities = [substitute(dim, mapping) for dim in self.equalities]
        self.divisions = [(substitute(a, mapping), substitute(b, mapping)) for a, b in self.divisions]
        self.apart = [substitute(dim, mapping) for dim in self.apart]
        self.facts.append(value - variable.least)

    def _least(self) -> bool:
        """Uses bounds by constants, and drops what is plain."""
        kept: list[Dim] = []
        for fact in self.facts:
            fact = tighten(fact)
            low = least_value(fact)
            if isinstance(fact, int) and fact < 0:
                self.contradictory = True
            if low is None or low < 0:
                kept.append(fact)
        self.facts = kept
        for fact in kept:
            if isinstance(fact, Poly) and len(fact.terms) <= 2:
                (variable, *others) = occurring(fact)
                if not others and fact.terms.get(((variable, 1),)) == 1:
                    bound = -fact.terms.get((), 0)
                    if bound > variable.least and len(fact.terms) == 2:
                        self._put(variable, Variable(variable.name, least=bound).poly)
                        return True
        return False

    def _equality(self) -> bool:
        for i, dim in enumerate(self.equalities):
            if isinstance(dim, Poly):
                constant = dim.terms.get((), 0)
                common = content(dim - constant)
                if constant % common:
                    self.contradictory = True
                    return True
                dim = cancelled(exact_quotient(dim, common) or 0)
            if isinstance(dim, int):
                del self.equalities[i]
                self.contradictory |= dim != 0
                return True
            self.equalities[i] = dim
            integral = []
            for variable in reversed(occurring(dim)):
                slope, rest = linear_in(dim, variable) or (dim, 0)
                if not isinstance(slope, int):
                    continue
                if abs(slope) == 1:
                    del self.equalities[i]
                    self._put(variable, -slope * rest)
                    return True
                integral.append((abs(slope), rest))
            if integral and dim not in self._split:
                self._split.add(dim)
                self.divisions.append(min(integral, key=lambda pair: pair[0]))
                return True
        return False

    def _division(self) -> bool:
        for i, (divisor, dim) in enumerate(self.divisions):
            if divisor == 0:
                raise ZeroDivisionError("division of a dimension by zero")
            if isinstance(divisor, int):
                divisor, dim = reduced(divisor, dim)
            if dim == 0 or exact_quotient(dim, divisor) is not None:
                del self.divisions[i]
                return True
            if isinstance(dim, int) and isinstance(divisor, int):
                self.contradictory = True
                return False
            by = self._by_constant if isinstance(divisor, int) else self._by
            determined = by(divisor, dim)  # type: ignore[arg-type]
            if determined:
                del self.divisions[i]
                self._put(*determined)
                return True
            self.divisions[i] = divisor, dim
        return False

    def _by_constant(self, divisor: int, dim: Dim) -> tuple[Variable, Dim] | None:
        for variable in reversed(occurring(dim)):
            parts = linear_in(dim, variable)
            if parts and isinstance(parts[0], int) and gcd(parts[0], divisor) == 1:
                rest = modulo(parts[1] * pow(parts[0], -1, divisor), divisor)
                low = least_value(rest + variable.poly)
                return variable, divisor * _cofactor(None if low is None else -(-low // divisor)) - rest
        return None

    def _by(self, divisor: Dim, dim: Dim) -> tuple[Variable, Dim] | None:
        choices = []
        for variable in reversed(occurring(dim)):
            parts = linear_in(dim, variable)
            if parts and parts[0] in (1, -1) and variable not in occurring(divisor):
                choices.append((parts[1] != 0, variable, parts[0], parts[1]))
        if not choices:
            return None
        _, variable, slope, rest = min(choices, key=lambda choice: choice[0])
        low = None
        if self.at_least_zero(divisor - 1):
            low = 1 if self.at_least_zero(dim - 1) else 0 if self.at_least_zero(dim) else None
        return variable, slope * (divisor * _cofactor(low) - rest)

    def _order(self) -> bool:
        for i, fact in enumerate(self.facts):
            for variable in reversed(occurring(fact)):
                parts = linear_in(fact, variable)
                if parts and parts[0] == 1:
                    low = least_value(-parts[1])
                    if low is not None and low >= variable.least:
                        del self.facts[i]
                        self._put(variable, Variable(variable.name, least=0).poly - parts[1])
                        return True
        return False


def _cofactor(low: int | None) -> Dim:
    """A new variable at or above ``low``; where no bound is known, a difference of two."""
    if low is None:
        return Variable("t", least=0).poly - Variable("t", least=0).poly
    return Variable("t", least=low).poly


def difference(constraint: Constraint) -> Dim:
    """What has to be at least 0 for an inequality to hold."""
    left, right = constraint.left, constraint.right
    if constraint.relation in ("<=", "<"):
        left, right = right, left
    return left - right - (constraint.relation in ("<", ">"))


def modulo(dim: Dim, divisor: int) -> Dim:
    """``dim`` with every coefficient reduced."""
    if isinstance(dim, int):
        return dim % divisor
    return collect({monomial: c % divisor for monomial, c in dim.terms.items() if c % divisor})


def reduced(divisor: int, dim: Dim) -> tuple[int, Dim]:
    """Smaller numbers of which the one divides the other just when these do."""
    dim = modulo(dim, abs(divisor))
    common = gcd(divisor, content(dim))
    return abs(divisor) // common, exact_quotient(dim, common) or 0


def connected(variables: Iterable[Variable], hypotheses: list[Constraint]) -> list[Group]:
    """The hypotheses in groups that share no variable, that of ``variables`` first."""
    first = list(variables)
    parent = {v: v for v in (*first, *(v for h in hypotheses for v in h.variables()))}

    def root(variable: Variable) -> Variable:
        while parent[variable] is not variable:
            parent[variable] = variable = parent[parent[variable]]
        return variable

    for group in (first, *(h.variables() for h in hypotheses)):
        for one, other in pairwise(group):
            parent[root(one)] = root(other)
    groups: dict[Variable | None, Group] = {root(first[0]) if first else None: ([], [])}
    for variable in (*first, *(v for v in parent if v not in first)):
        groups.setdefault(root(variable), ([], []))[0].append(variable)
    for hypothesis in hypotheses:
        inside = hypothesis.variables()
        key = root(inside[0]) if inside else next(iter(groups))
        groups[key][1].append(hypothesis)
    return list(groups.values())
