"""Variables of a dim: which there are, putting dims for them, and solving for one.

>>> from catlang.dims import Variable
>>> n, m = Variable("n"), Variable("m")
>>> substitute((n.poly + 1) // 2, {n: 2 * m.poly - 1})
m
>>> evaluate(n.poly // 2 + m.poly, {n: 5, m: 1})
3
>>> v = Variable("v", flexible=True)
>>> solve(2 * v.poly - 4 * n.poly)
(v, 2*n)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.dims.division import exact_quotient, floor_quotient, least_value
from catlang.dims.polynomial import Atom, Dim, Monomial, Poly, Quotient, Variable, collect, power, product

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_VARIABLES: tuple[Variable, ...] = ()
_MAX_RESOLVE = 10_000
_MAX_WORK = 200_000


def occurring(dim: Dim) -> tuple[Variable, ...]:
    """The variables of ``dim``, those inside quotients too, sorted by name and age."""
    if isinstance(dim, int):
        return _NO_VARIABLES
    known = dim._variables
    if known is None:
        found: set[Variable] = set()
        for monomial in dim.terms:
            for atom, _ in monomial:
                if isinstance(atom, Variable):
                    found.add(atom)
                else:
                    found.update(occurring(atom.num))
                    found.update(occurring(atom.den))
        known = dim._variables = tuple(sorted(found, key=lambda variable: variable.key))
    return known


def variables(dim: Dim) -> list[Variable]:
    """The variables of ``dim``, sorted by name and age."""
    return list(occurring(dim))


def flexible_variables(dim: Dim) -> list[Variable]:
    """The variables of ``dim`` that are to be inferred."""
    return [variable for variable in occurring(dim) if variable.flexible]


def substitute(dim: Dim, mapping: Mapping[Variable, Dim]) -> Dim:
    """``dim`` with dims put for variables, all at once; the same object when none of them occurs.
    A divisor that becomes 0 raises ZeroDivisionError."""
    return replace(dim, mapping)


def replace(dim: Dim, mapping: Mapping[Variable, Dim] | Mapping[Atom, Dim]) -> Dim:
    """`substitute` for atoms of either kind; a quotient is looked up before its parts are."""
    if isinstance(dim, int):
        return dim
    values: dict[Atom, Dim] = {}
    for monomial in dim.terms:
        for atom, _ in monomial:
            if atom in values:
                continue
            value = mapping.get(atom)  # type: ignore[arg-type]
            if value is None and isinstance(atom, Quotient):
                num, den = replace(atom.num, mapping), replace(atom.den, mapping)
                if num is not atom.num or den is not atom.den:
                    value = floor_quotient(num, den)
            if value is not None:
                values[atom] = value
    if not values:
        return dim
    powers = _powers(dim, values)
    kept: dict[Monomial, int] = {}
    result: Dim = 0
    work = 0
    for monomial, coefficient in dim.terms.items():
        if not any(atom in values for atom, _ in monomial):
            kept[monomial] = coefficient
            continue
        same = tuple(factor for factor in monomial if factor[0] not in values)
        partial: Dim = Poly({same: coefficient}) if same else coefficient
        for atom, exponent in monomial:
            if atom in values:
                factor = powers[atom, exponent]
                work += _size(partial) * _size(factor)
                if work > _MAX_WORK:
                    raise OverflowError("this dimension has too many terms")
                partial = product(partial, factor)
        result = result + partial
    return result + collect(kept) if kept else result


def _powers(dim: Poly, values: dict[Atom, Dim]) -> dict[tuple[Atom, int], Dim]:
    powers: dict[tuple[Atom, int], Dim] = {}
    needed = {factor for monomial in dim.terms for factor in monomial if factor[0] in values}
    last: Atom | None = None
    below = 0
    value: Dim = 1
    for atom, exponent in sorted(needed, key=lambda factor: (factor[0].key, factor[1])):
        if atom is not last:
            last, below, value = atom, 0, 1
        value = product(value, power(values[atom], exponent - below))
        powers[atom, exponent] = value
        below = exponent
    return powers


def _size(dim: Dim) -> int:
    return 1 if isinstance(dim, int) else len(dim.terms)


def resolve(dim: Dim) -> Dim:
    """``dim`` with every solved variable replaced, deeply; the same object when there is none."""
    if isinstance(dim, int):
        return dim
    for _ in range(_MAX_RESOLVE):
        solved = {v: v.solution for v in occurring(dim) if v.solution is not None}
        if not solved:
            return dim
        dim = replace(dim, solved)
    raise OverflowError("this dimension is nested too deeply")


def evaluate(dim: Dim, assignment: Mapping[Variable, int]) -> int:
    """The integer that ``dim`` is at an assignment; ZeroDivisionError where it has no value."""
    if isinstance(dim, int):
        return dim
    total = 0
    for monomial, value in dim.terms.items():
        for atom, exponent in monomial:
            if isinstance(atom, Variable):
                base = assignment[atom]
            else:
                base = evaluate(atom.num, assignment) // evaluate(atom.den, assignment)
            value *= base if exponent == 1 else base**exponent
        total += value
    return total


def linear_in(dim: Dim, variable: Variable) -> tuple[Dim, Dim] | None:
    """``(coefficient, rest)`` with ``dim == coefficient * variable + rest`` and ``variable`` in neither;
    the coefficient is 0 when it does not occur at all."""
    if variable not in occurring(dim) or isinstance(dim, int):
        return 0, dim
    slope: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in dim.terms.items():
        inside = False
        for atom, exponent in monomial:
            if atom is variable:
                if exponent != 1:
                    return None
                inside = True
            elif isinstance(atom, Quotient) and (
                variable in occurring(atom.num) or variable in occurring(atom.den)
            ):
                return None
        if inside:
            slope[tuple(factor for factor in monomial if factor[0] is not variable)] = coefficient
        else:
            rest[monomial] = coefficient
    return collect(slope), collect(rest)


def solve(difference: Dim, flexible_only: bool = True) -> tuple[Variable, Dim] | None:
    """A variable that ``difference == 0`` determines, with its value, the youngest such one: its
    coefficient is 1 or -1, or else cannot be 0 and divides all the rest. That the value is not below
    the variable's ``least`` is for the caller to ask."""
    candidates = [v for v in occurring(difference) if v.flexible or not flexible_only]
    candidates.sort(key=lambda v: -v.serial)
    split = [(v, *parts) for v in candidates if (parts := linear_in(difference, v)) is not None]
    for variable, slope, rest in split:
        if slope == 1:
            return variable, -rest
        if slope == -1:
            return variable, rest
    for variable, slope, rest in split:
        if not (isinstance(slope, int) or _nonzero(slope)):
            continue
        value = exact_quotient(-rest, slope)
        if value is not None:
            return variable, value
    return None


def _nonzero(dim: Dim) -> bool:
    return any((low := least_value(side)) is not None and low >= 1 for side in (dim, -dim))
