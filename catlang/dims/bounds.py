"""Inequalities between polynomials, by linear combination.

``p >= 0`` follows from facts ``f >= 0`` when ``p + c`` is a combination of them with weights that are not
negative, plus terms that are not negative, for some ``c < 1``: all values are integers. The weights come
from an exact simplex method over the integers, and what it answers is multiplied out once more.
"""

from __future__ import annotations

from itertools import count
from math import gcd
from typing import TYPE_CHECKING

from catlang.dims.division import content, least_value
from catlang.dims.polynomial import Atom, Dim, Monomial, Poly, Quotient, Variable
from catlang.dims.substitution import occurring, replace

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_COLUMNS = 32
_MAX_ROWS = 64
_MAX_PIVOTS = 60
_MAX_DEGREE = 12

Terms = dict[Monomial, int]


class Exhausted(Exception):
    """The steps given are used up."""


class Steps:
    """A count of work, so that what can be decided depends on no clock."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0:
            raise Exhausted


def tighten(fact: Dim) -> Dim:
    """The strongest ``f`` for which ``f >= 0`` says the same about integers."""
    if isinstance(fact, int):
        return fact
    constant = fact.terms.get((), 0)
    common = content(fact - constant)
    if common == 1:
        return fact
    scaled = {m: c // common for m, c in fact.terms.items() if m}
    return Poly(scaled) + constant // common


def at_least_zero(goal: Dim, facts: Sequence[Dim], steps: Steps) -> bool:
    """Whether ``goal >= 0`` is seen to follow from ``fact >= 0`` for all the facts."""
    low = least_value(goal)
    if low is not None and low >= 0:
        return True
    if isinstance(goal, int) and not facts:
        return False
    steps.spend(1 + len(facts) // 8)
    plain = _Plain(goal, [fact for fact in facts if _relevant(fact)], steps)
    if _combination(plain.goal, plain.facts, steps):
        return True
    # for d >= 1 : g >= 0 as soon as d*g > -d
    return any(
        _combination(plain.goal * divisor + divisor - 1, plain.facts, steps) for divisor in plain.divisors
    )


def _relevant(fact: Dim) -> bool:
    low = least_value(fact)
    return low is None or low < 0


class _Plain:
    """A goal and facts without quotients: each is a variable of its own, between its bounds."""

    def __init__(self, goal: Dim, facts: list[Dim], steps: Steps) -> None:
        self.goal = goal
        self.facts = facts
        self.divisors: list[Dim] = []
        for number in count():
            quotient = self._innermost()
            if quotient is None:
                return
            steps.spend(10)
            if number >= 8:
                raise Exhausted
            self._name(quotient, steps)

    def _innermost(self) -> Quotient | None:
        found: list[Quotient] = []
        stack = [self.goal, *self.facts]
        while stack:
            dim = stack.pop()
            if isinstance(dim, Poly):
                for monomial in dim.terms:
                    for atom, _ in monomial:
                        if isinstance(atom, Quotient):
                            stack += (atom.num, atom.den)
                            if atom.depth == 1:
                                found.append(atom)
        return min(found, key=lambda atom: atom.key, default=None)

    def _name(self, quotient: Quotient, steps: Steps) -> None:
        num, den = quotient.num, quotient.den
        known = [fact for fact in self.facts if not _has_quotient(fact)]
        bound: list[Dim] = []
        named: Dim
        if not _follows(den - 1, known, steps):
            named = Variable("q", least=0).poly - Variable("q", least=0).poly
        else:
            floor = next((j for j in (1, 0, -1, -2, -3) if _follows(num - j * den, known, steps)), None)
            if floor is None:
                named = Variable("q", least=0).poly - Variable("q", least=0).poly
            else:
                named = Variable("q", least=floor).poly
            bound = [num - den * named, den * named + den - 1 - num]
            if isinstance(den, Poly):
                self.divisors.append(den)
        mapping: dict[Atom, Dim] = {quotient: named}
        self.goal = replace(self.goal, mapping)
        self.facts = [replace(fact, mapping) for fact in self.facts] + bound
        self.divisors = [replace(divisor, mapping) for divisor in self.divisors]


def _has_quotient(dim: Dim) -> bool:
    return isinstance(dim, Poly) and any(isinstance(atom, Quotient) for m in dim.terms for atom, _ in m)


def _follows(goal: Dim, facts: list[Dim], steps: Steps) -> bool:
    low = least_value(goal)
    return (low is not None and low >= 0) or _combination(goal, facts, steps)


def _shifted(dim: Dim) -> Terms | None:
    """``dim`` in what its variables exceed their least values by."""
    if isinstance(dim, Poly):
        if any(sum(exponent for _, exponent in monomial) > _MAX_DEGREE for monomial in dim.terms):
            return None
        dim = replace(dim, {v: v.poly + v.least for v in occurring(dim) if v.least})
    return {(): dim} if isinstance(dim, int) else dim.terms


def _degree(terms: Terms) -> int:
    return max((sum(exponent for _, exponent in monomial) for monomial in terms), default=0)


def _combination(goal: Dim, facts: Sequence[Dim], steps: Steps) -> bool:
    target = _shifted(goal)
    if target is None or len(target) > _MAX_ROWS:
        return False
    steps.spend(1 + len(facts) // 8)
    near = set(occurring(goal))
    nearest = sorted(facts, key=lambda fact: near.isdisjoint(occurring(fact)))[:_MAX_COLUMNS]
    columns = [terms for fact in nearest if (terms := _shifted(fact)) is not None]
    # facts times a variable reach the nonlinear goals
    degree = max(2, _degree(target))
    atoms = sorted({atom for monomial in target for atom, _ in monomial}, key=lambda atom: atom.key)
    for terms in list(columns):
        if _degree(terms) < degree:
            for atom in atoms:
                if len(columns) < _MAX_COLUMNS:
                    raised = Poly(terms) * Poly({((atom, 1),): 1})
                    columns.append(raised.terms if isinstance(raised, Poly) else {})
    columns = columns[:_MAX_COLUMNS]
    rows = list({monomial: None for terms in (target, *columns) for monomial in terms} | {(): None})
    if len(rows) > _MAX_ROWS:
        return False
    return _simplex(target, columns, rows, steps)


def _simplex(target: Terms, columns: list[Terms], rows: list[Monomial], steps: Steps) -> bool:
    """Dual simplex method for the least ``c`` with no negative term in ``target + c - weights * columns``."""
    width = len(columns) + 1
    height = len(rows)
    slack = len(columns)
    table = []
    for i, monomial in enumerate(rows):
        row = [terms.get(monomial, 0) for terms in columns]
        row.append(0 if monomial else -1)
        row += [int(i == j) for j in range(height)]
        row.append(target.get(monomial, 0))
        table.append(row)
    cost = [0] * (width + height + 1)
    cost[slack] = 1
    basis = list(range(width, width + height))
    for _ in range(_MAX_PIVOTS):
        steps.spend(1 + height * len(cost) // 100)
        leaving = min((i for i in range(height) if table[i][-1] < 0), key=lambda i: basis[i], default=None)
        if leaving is None:
            return _certified(target, columns, table, basis)
        row = table[leaving]
        entering = -1
        for j in range(len(cost) - 1):
            if row[j] < 0 and (entering < 0 or cost[j] * -row[entering] < cost[entering] * -row[j]):
                entering = j
        if entering < 0:
            return False
        row = table[leaving] = [-entry for entry in row]
        pivot = row[entering]
        for i in range(height):
            if i != leaving and table[i][entering]:
                table[i] = _cleared(table[i], row, pivot, table[i][entering])
        if cost[entering]:
            cost = _cleared(cost, row, pivot, cost[entering])
        basis[leaving] = entering
    return False


def _cleared(line: list[int], row: list[int], pivot: int, entry: int) -> list[int]:
    mixed = [a * pivot - b * entry for a, b in zip(line, row, strict=True)]
    common = gcd(*mixed)
    return [a // common for a in mixed] if common > 1 else mixed


def _certified(target: Terms, columns: list[Terms], table: list[list[int]], basis: list[int]) -> bool:
    """Whether the weights read off the table do prove the goal."""
    scale = 1
    used = [(table[i], j) for i, j in enumerate(basis) if j <= len(columns)]
    for row, j in used:
        scale = scale * row[j] // gcd(scale, row[j])
    total = {monomial: coefficient * scale for monomial, coefficient in target.items()}
    for row, j in used:
        weight = row[-1] * (scale // row[j])
        if weight < 0:
            return False
        if j == len(columns):
            if weight >= scale:
                return False
            total[()] = total.get((), 0) + weight
            continue
        for monomial, coefficient in columns[j].items():
            total[monomial] = total.get(monomial, 0) - weight * coefficient
    return all(coefficient >= 0 for coefficient in total.values())
