"""Counterexamples: small sizes first, then sizes around the numbers that the question mentions."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from catlang.dims.polynomial import Dim, Poly, Quotient, Variable, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catlang.dims.bounds import Steps
    from catlang.dims.constraint import Constraint

_HIGHEST_POWER = 24


class Search:
    """Looks for an assignment at which all the hypotheses hold and the question, if any, does not.

    ``values`` gives the variables in parameters, which are what is enumerated: hypotheses such as
    ``h divides d`` then hold from the start.
    """

    __slots__ = ("hypotheses", "parameters", "question", "steps", "values", "weight")

    def __init__(
        self,
        question: Constraint | None,
        hypotheses: Sequence[Constraint],
        values: Mapping[Variable, Dim],
        parameters: list[Variable],
        steps: Steps,
    ) -> None:
        self.question = question
        self.hypotheses = hypotheses
        self.values = values
        self.parameters = parameters
        self.steps = steps
        sides = [side for c in self._constraints() for side in (c.left, c.right)]
        self.weight = 1 + sum(_weight(dim) for dim in (*values.values(), *sides)) // 8

    def _constraints(self) -> list[Constraint]:
        return [*self.hypotheses, *((self.question,) if self.question else ())]

    def small(self) -> dict[Variable, int] | None:
        """The smallest counterexample among parameters near their least values."""
        if not self.parameters:
            return self._try(())
        for total in range(200):
            best = None
            for excess in _compositions(total, len(self.parameters)):
                found = self._try(excess)
                if found and (best is None or _size(found) < _size(best)):
                    best = found
            if best:
                return best
        return None

    def large(self) -> dict[Variable, int] | None:
        """A counterexample with parameters around the numbers that occur, made small again."""
        count = len(self.parameters)
        around = self._landmarks()
        for value in around:
            for place in range(count):
                point = [0] * count
                point[place] = value
                if self._try(point):
                    return self._shrunk(point)
            if count > 1 and self._try([value] * count):
                return self._shrunk([value] * count)
        for first in range(count):
            for second in range(count):
                if first != second:
                    for value in around:
                        for other in around[:12]:
                            point = [0] * count
                            point[first], point[second] = value, other
                            if self._try(point):
                                return self._shrunk(point)
        return None

    def _try(self, excess: Sequence[int]) -> dict[Variable, int] | None:
        self.steps.spend(self.weight)
        at = {p: p.least + e for p, e in zip(self.parameters, excess, strict=True)}
        try:
            found = {variable: evaluate(value, at) for variable, value in self.values.items()}
            return found if refutes(found, self.question, self.hypotheses) else None
        except ZeroDivisionError:
            return None

    def _shrunk(self, point: list[int]) -> dict[Variable, int] | None:
        for place in range(len(point)):
            step = point[place]
            while step:
                lower = [*point]
                lower[place] -= step
                if lower[place] >= 0 and self._try(lower):
                    point = lower
                    step = min(step, point[place])
                else:
                    step //= 2
        return self._try(point)

    def _landmarks(self) -> list[int]:
        numbers: set[int] = set()
        for constraint in self._constraints():
            _numbers(constraint.left, numbers)
            _numbers(constraint.right, numbers)
        found = {1 << k for k in range(_HIGHEST_POWER)}
        for number in numbers:
            found |= {number - 2, number - 1, number, number + 1, 2 * number, number * number}
        return sorted(value for value in found if value > 0)


def refutes(
    assignment: Mapping[Variable, int], question: Constraint | None, hypotheses: Sequence[Constraint]
) -> bool:
    """Whether the hypotheses hold and the question does not; ZeroDivisionError where one has no value."""
    if any(value < variable.least for variable, value in assignment.items()):
        return False
    if question is not None and question.holds(assignment):
        return False
    return all(hypothesis.holds(assignment) for hypothesis in hypotheses)


def _size(assignment: Mapping[Variable, int]) -> tuple[int, list[int]]:
    return sum(assignment.values()), list(assignment.values())


def _compositions(total: int, parts: int) -> Iterator[list[int]]:
    """The ways to write ``total`` as a sum of so many natural numbers, the early ones largest first."""
    end = total + parts - 1
    for bars in combinations(range(end), parts - 1):
        yield [b - a - 1 for a, b in pairwise((-1, *bars, end))][::-1]


def _weight(dim: Dim) -> int:
    if isinstance(dim, int):
        return 1
    weight = 0
    for monomial in dim.terms:
        for atom, exponent in monomial:
            weight += 1 + exponent // 10
            if isinstance(atom, Quotient):
                weight += _weight(atom.num) + _weight(atom.den)
    return weight


def _numbers(dim: Dim, numbers: set[int]) -> None:
    if isinstance(dim, Poly):
        for monomial, coefficient in dim.terms.items():
            numbers.add(abs(coefficient))
            for atom, _ in monomial:
                if isinstance(atom, Quotient):
                    _numbers(atom.num, numbers)
                    _numbers(atom.den, numbers)
    else:
        numbers.add(abs(dim))
