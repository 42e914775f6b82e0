"""Deciding constraints: proved for all sizes, refuted at some, or undecided.

>>> from catlang.dims import Variable
>>> n, h, d = (Variable(name) for name in "nhd")
>>> a, b = h.poly, d.poly
>>> decide(Constraint("==", a * (b // a), b), [Constraint("divides", a, b)])
Proved('hypotheses')
>>> decide(Constraint("==", a * (b // a), b))
Refuted({d: 1, h: 2})
>>> decide(Constraint("<=", 2 * (n.poly // 2), n.poly))
Proved('bounds')
>>> decide(Constraint("divides", 2, n.poly * (n.poly + 1)))
Proved('cases')

Every variable stands for any integer at or above its ``least``. An assignment at which a divisor is 0, in the
question or in a hypothesis, counts neither for nor against. Work is bounded by a count of steps.
"""

from __future__ import annotations

from itertools import combinations
from math import lcm
from typing import TYPE_CHECKING

from catlang.dims.bounds import Exhausted, Steps
from catlang.dims.constraint import Constraint
from catlang.dims.context import Context, connected, difference, modulo
from catlang.dims.division import content, divide, exact_quotient
from catlang.dims.polynomial import Dim, Poly, Quotient, Variable, linear_in
from catlang.dims.search import Search, refutes
from catlang.dims.substitution import occurring

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catlang.dims.context import Group

__all__ = ["Constraint", "Proved", "Refuted", "Undecided", "Verdict", "decide"]

STEPS = 4000
_MAX_CASES = 64
_MAX_SPLITS = 3


class Proved:
    """True at every assignment; ``how`` names the method."""

    __slots__ = ("how",)

    def __init__(self, how: str) -> None:
        self.how = how

    def __repr__(self) -> str:
        return f"Proved({self.how!r})"


class Refuted:
    """False at ``assignment``, where the hypotheses hold; the question's variables come first in it."""

    __slots__ = ("assignment",)

    def __init__(self, assignment: dict[Variable, int]) -> None:
        self.assignment = assignment

    def __repr__(self) -> str:
        return f"Refuted({self.assignment})"


class Undecided:
    """Neither shown; ``reason`` says why."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"Undecided({self.reason!r})"


Verdict = Proved | Refuted | Undecided


def decide(question: Constraint, hypotheses: Sequence[Constraint] = (), steps: int = STEPS) -> Verdict:
    """Whether ``question`` holds wherever all the hypotheses do."""
    try:
        question = question.resolve()
        if _plain(question):
            return Proved("normal form")
        hypotheses = [hypothesis.resolve() for hypothesis in hypotheses]
    except OverflowError:
        return Undecided("its numbers are too large")
    except ZeroDivisionError:
        return Undecided("it divides by zero")
    if question in hypotheses:
        return Proved("hypotheses")
    groups = connected(question.variables(), hypotheses)
    variables, related = groups[0]
    context: Context | None = None
    try:
        context = Context(variables, related, Steps(steps // 4))
        if how := _proof(question, context):
            return Proved(how)
    except ZeroDivisionError:
        return Undecided("it divides by zero")
    except (Exhausted, OverflowError):
        pass
    found = _search(question, groups, context, Steps(steps // 8), large=False)
    if found is not None:
        return Refuted(found)
    try:
        if context is not None:
            context.steps.left = steps // 3
            if _by_cases(question, context, _MAX_SPLITS):
                return Proved("cases")
    except (Exhausted, OverflowError, ZeroDivisionError):
        pass
    found = _search(question, groups, context, Steps(steps // 2), large=True)
    if found is not None:
        return Refuted(found)
    if any(_impossible(*group, Steps(steps // 8)) for group in groups[1:]):
        return Proved("contradictory hypotheses")
    from catlang.dims.solver import ask

    everything = [variable for group, _ in groups for variable in group]
    answer = ask(question, hypotheses, everything)
    if answer is True:
        return Proved("solver")
    if isinstance(answer, dict):
        return Refuted(answer)
    return Undecided("no proof was found, and no sizes for which it fails")


def _plain(question: Constraint) -> bool:
    """Whether normal forms alone say that it is true."""
    left, right = question.left, question.right
    if isinstance(left, int) and isinstance(right, int):
        return not (question.relation == "divides" and left == 0) and question.holds({})
    if question.relation == "divides":
        return left != 0 and exact_quotient(right, left) is not None
    return left == right and question.relation in ("==", "<=", ">=")


def _proof(question: Constraint, context: Context) -> str | None:
    if context.contradictory:
        return "contradictory hypotheses"
    question = question.substitute(context.values)
    if _plain(question):
        return "hypotheses"
    return "bounds" if _direct(question, context) else None


def _direct(question: Constraint, context: Context) -> bool:
    """A proof without distinguishing cases; the question is in the context's parameters."""
    if context.contradictory or _plain(question):
        return True
    relation = question.relation
    if relation == "divides":
        return _divides(question.left, question.right, context)
    if relation not in ("==", "!="):
        return context.at_least_zero(difference(question))
    gap = question.left - question.right
    if relation == "==":
        return _zero(gap, context)
    if isinstance(gap, Poly):
        constant = gap.terms.get((), 0)
        if constant % content(gap - constant):
            return True
    return context.at_least_zero(gap - 1) or context.at_least_zero(-gap - 1)


def _zero(dim: Dim, context: Context) -> bool:
    return dim == 0 or (context.at_least_zero(dim) and context.at_least_zero(-dim))


def _divides(divisor: Dim, dim: Dim, context: Context) -> bool:
    if isinstance(divisor, int) and divisor and modulo(dim, abs(divisor)) == 0:
        return True
    for multiple, divided in context.divisions:
        # divisor | multiple | divided
        if isinstance(divided, Poly) and exact_quotient(multiple, divisor) is not None:
            _, rest = divide(dim, divided)
            if exact_quotient(rest, divisor) is not None:
                return True
    return _zero(dim - divisor * (dim // divisor), context)


def _impossible(variables: list[Variable], hypotheses: list[Constraint], steps: Steps) -> bool:
    try:
        context = Context(variables, hypotheses, steps)
        return context.contradictory or context.at_least_zero(-1)
    except (Exhausted, OverflowError, ZeroDivisionError):
        return False


def _by_cases(question: Constraint, context: Context, splits: int) -> bool:
    here = question.substitute(context.values)
    if _direct(here, context):
        return True
    if not splits:
        return False
    for cases in _splits(here, context):
        for variable, value in cases:
            context.steps.spend(20)
            if not _by_cases(question, context.case(variable, value), splits - 1):
                break
        else:
            return True
    return False


def _splits(question: Constraint, context: Context) -> Iterator[list[tuple[Variable, Dim]]]:
    """Ways to distinguish finitely many cases that cover everything."""
    highest: dict[Variable, int] = {}
    for fact in context.facts:
        if isinstance(fact, Poly) and len(occurring(fact)) == 1:
            (variable,) = occurring(fact)
            slope, rest = linear_in(fact, variable) or (0, 0)
            if isinstance(slope, int) and slope < 0 and isinstance(rest, int):
                bound = rest // -slope
                highest[variable] = min(bound, highest.get(variable, bound))
    for variable in sorted(highest, key=lambda v: (highest[v] - v.least, v.key)):
        if highest[variable] - variable.least < _MAX_CASES:
            yield [(variable, value) for value in range(variable.least, highest[variable] + 1)]
    moduli: dict[Variable, int] = {}
    sides = [question.left, question.right, *context.facts, *context.equalities]
    for divisor, dim in [(1, side) for side in sides] + context.divisions:
        _moduli(dim, divisor if isinstance(divisor, int) else 1, moduli)
    if question.relation == "divides" and isinstance(question.left, int):
        _moduli(question.right, abs(question.left), moduli)
    for variable in sorted(moduli, key=lambda v: (moduli[v], v.key)):
        modulus = moduli[variable]
        if 1 < modulus <= _MAX_CASES:
            quotient = Variable(variable.name, least=0).poly
            residues = range(variable.least, variable.least + modulus)
            yield [(variable, modulus * quotient + residue) for residue in residues]
    asked = question.variables()[:_MAX_SPLITS]
    for one, other in combinations(asked, 2):
        more = Variable("t", least=0).poly
        yield [(one, other.poly + more), (other, one.poly + more + 1)]
    for variable in asked:
        yield [(variable, variable.least), (variable, Variable(variable.name, least=variable.least + 1).poly)]


def _moduli(dim: Dim, modulus: int, moduli: dict[Variable, int]) -> None:
    if isinstance(dim, int):
        return
    for monomial in dim.terms:
        for atom, _ in monomial:
            if isinstance(atom, Quotient):
                inner = modulus * (atom.den if isinstance(atom.den, int) else 1)
                _moduli(atom.num, inner, moduli)
                _moduli(atom.den, modulus, moduli)
            else:
                moduli[atom] = lcm(moduli.get(atom, 1), modulus)


def _search(
    question: Constraint,
    groups: list[Group],
    context: Context | None,
    steps: Steps,
    large: bool,
) -> dict[Variable, int] | None:
    """A counterexample to the question, with some model of the hypotheses that do not concern it."""
    found: dict[Variable, int] = {}
    for i, (variables, hypotheses) in enumerate(groups):
        asked = question if i == 0 else None
        known = context if i == 0 else None
        part = _model(asked, variables, hypotheses, known, steps, large)
        if part is None:
            return None
        found.update(part)
    hypotheses = [hypothesis for _, group in groups for hypothesis in group]
    return found if refutes(found, question, hypotheses) else None


def _model(
    question: Constraint | None,
    variables: list[Variable],
    hypotheses: list[Constraint],
    context: Context | None,
    steps: Steps,
    large: bool,
) -> dict[Variable, int] | None:
    values: dict[Variable, Dim] = {variable: variable.poly for variable in variables}
    parameters = variables
    try:
        if context is None and hypotheses:
            context = Context(variables, hypotheses, Steps(steps.left))
        if context is not None:
            values, parameters = context.values, context.parameters()
    except (Exhausted, OverflowError, ZeroDivisionError):
        pass
    share = steps.left // 2
    search = Search(question, hypotheses, values, parameters, Steps(share))
    try:
        found = search.small()
    except Exhausted:
        found = None
    if found is not None or (question is not None and not large):
        return found
    search.steps = Steps(share)
    try:
        return search.large()
    except Exhausted:
        return None
