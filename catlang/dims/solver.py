"""The last resort: z3, where it is installed. Its effort is bounded by its own count of resources, never by
a clock, and an assignment that it finds is evaluated before it is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.dims.polynomial import Dim, Quotient, Variable
from catlang.dims.search import refutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.dims.constraint import Constraint

_RESOURCES = 200_000
_MAX_EXPONENT = 6
_MAX_TERMS = 40


def ask(
    question: Constraint, hypotheses: Sequence[Constraint], variables: Sequence[Variable]
) -> bool | dict[Variable, int] | None:
    """True when proved, an assignment when refuted, None when z3 is missing or does not know."""
    try:
        import z3
    except ImportError:
        return None
    translation = _Translation(z3, variables)
    try:
        claims = [translation.constraint(hypothesis) for hypothesis in hypotheses]
        claims.append(z3.Not(translation.constraint(question)))
    except OverflowError:
        return None
    solver = z3.Solver(ctx=translation.context)
    solver.set("rlimit", _RESOURCES)
    solver.set("random_seed", 0)
    solver.add(*translation.conditions, *claims)
    answer = solver.check()
    if answer == z3.unsat:
        return True
    if answer != z3.sat:
        return None
    model = solver.model()
    found = {v: model.eval(term, model_completion=True).as_long() for v, term in translation.terms.items()}
    try:
        return found if refutes(found, question, hypotheses) else None
    except ZeroDivisionError:
        return None


class _Translation:
    """Dims and constraints as z3's terms; a quotient is an unknown between its bounds."""

    def __init__(self, z3: Any, variables: Sequence[Variable]) -> None:
        self.z3 = z3
        self.context = z3.Context()
        self.terms = {variable: self.unknown(f"v{i}") for i, variable in enumerate(variables)}
        self.conditions: list[Any] = [term >= variable.least for variable, term in self.terms.items()]
        self.quotients: dict[tuple[Dim, Dim], Any] = {}

    def unknown(self, name: str) -> Any:
        return self.z3.Int(name, self.context)

    def dim(self, dim: Dim) -> Any:
        if isinstance(dim, int):
            return self.z3.IntVal(dim, self.context)
        if len(dim.terms) > _MAX_TERMS:
            raise OverflowError("this dimension has too many terms")
        total = None
        for monomial, coefficient in dim.terms.items():
            term = self.z3.IntVal(coefficient, self.context)
            for atom, exponent in monomial:
                if exponent > _MAX_EXPONENT:
                    raise OverflowError("an exponent in this dimension is too large")
                for _ in range(exponent):
                    term = term * self.atom(atom)
            total = term if total is None else total + term
        return total

    def atom(self, atom: Variable | Quotient) -> Any:
        return self.terms[atom] if isinstance(atom, Variable) else self.quotient(atom.num, atom.den)

    def quotient(self, num: Dim, den: Dim) -> Any:
        known = self.quotients.get((num, den))
        if known is None:
            a, b = self.dim(num), self.dim(den)
            known = self.quotients[num, den] = self.unknown(f"q{len(self.quotients)}")
            rest = a - b * known
            z3 = self.z3
            self.conditions.append(z3.Or(z3.And(rest >= 0, rest < b), z3.And(b < rest, rest <= 0)))
        return known

    def constraint(self, constraint: Constraint) -> Any:
        left, right = self.dim(constraint.left), self.dim(constraint.right)
        relation = constraint.relation
        if relation == "divides":
            return left * self.quotient(constraint.right, constraint.left) == right
        if relation == "==":
            return left == right
        if relation == "!=":
            return left != right
        if relation == "<=":
            return left <= right
        if relation == ">=":
            return left >= right
        return left < right if relation == "<" else left > right
