"""Conditions on sizes that a body needs: discharged, inferred as the morphism's own, or told.

A condition is proved under what the file and the header say; where it is an inequality that some sizes satisfy, such as
the positivity of a convolution's output, it becomes a condition of the morphism itself, to be discharged where that is
used, at compile, or at entry. Anything else that is not proved is a mistake: false, with sizes for which it fails, or
undecided, and then a ``where`` is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang import dims
from catlang.checker.entry import Definition, DimEntry
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Variable
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, Refuted, decide
from catlang.objects.colour import Run, show
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator

_NEGATED = {"<=": ">", ">=": "<", "<": ">=", ">": "<="}


class Conditions:
    """The conditions met so far in one body."""

    def __init__(self, elaborator: Elaborator) -> None:
        self.elaborator = elaborator
        self.needed: list[tuple[Constraint, Span, str, str]] = []
        self.sizes: list[tuple[Variable, Span, str, str]] = []
        self.runs: list[Run] = []

    def need(self, constraint: Constraint, span: Span, owner: str, asked: str = "") -> None:
        """A condition at the sizes of an instance; ``asked`` is how its owner's header says it."""
        self.needed.append((constraint, span, owner, asked))

    def size(self, variable: Variable, span: Span, owner: str, generic: str) -> None:
        """A size of an instance that is to be inferred by the end of the body."""
        self.sizes.append((variable, span, owner, generic))

    def settle(self) -> None:
        self._default_to_unused()
        for run in self.runs:
            self._none(run)
        self._sizes()
        told: set[Constraint] = set()
        for constraint, span, owner, asked in self.needed:
            try:
                constraint = constraint.resolve()
            except ZeroDivisionError:
                self._add(Diagnostic("E0407", f"`{owner}` divides by zero at these sizes", [Label(span, "here")]))
                continue
            if any(variable.flexible for variable in constraint.variables()) or constraint in told:
                continue
            told.add(constraint)
            self._settle(constraint, span, owner, asked)
        self._together()
        self._prune()

    def _together(self) -> None:
        """Conditions that were inferred one by one must leave some sizes over."""
        definition = self.elaborator.definition
        if len(definition.inferred) < 2:
            return
        nothing = decide(Constraint("<=", 1, 0), [*self.elaborator.unifier.hypotheses, *definition.inferred])
        if isinstance(nothing, Proved):
            shown = ", ".join(condition.show() for condition in definition.inferred)
            self._add(Diagnostic("E0403", f"no sizes are left for `{definition.name}`", [
                Label(definition.span, f"needs {shown}")], why=("these cannot all hold at once",)))

    def _add(self, diagnostic: Diagnostic) -> None:
        self.elaborator.module.bag.add(diagnostic)

    def _default_to_unused(self) -> None:
        """The one size left open is the one generic that nothing has mentioned, where there is one of each."""
        scope = self.elaborator.definition.scope
        unused = [entry for entry in scope.names.values() if isinstance(entry, DimEntry) and not entry.used]
        left = {flexible for variable, *_ in self.sizes
                for flexible in dims.flexible_variables(dims.resolve(variable.poly))}
        if len(unused) == 1 and len(left) == 1:
            unused[0].used = True
            left.pop().solution = unused[0].value

    def _none(self, run: Run) -> None:
        """A run of axes that nothing says has none: only what is not used has one."""
        if run.solution is None and run.flexible:
            run.solution = ()
        for axis in run.solution or ():
            if isinstance(axis, Run):
                self._none(axis)

    def _sizes(self) -> None:
        """Sizes that nothing determines are told, once for each instance; the others must be allowed values."""
        told: set[Span | Variable] = set()
        for variable, span, owner, generic in self.sizes:
            value = dims.resolve(variable.poly)
            if left := dims.flexible_variables(value):
                if not self.elaborator.spoilt.isdisjoint(left):
                    continue
                if not told & {span, *left}:
                    told |= {span, *left}
                    self._add(Diagnostic("E0404", f"the size `{generic}` of `{owner}` cannot be inferred",
                                         [Label(span, "nothing says what it is")],
                                         help=(_given(owner, generic),)))
                continue
            least = dims.least_value(value)
            if least is None or least < variable.least:
                self.need(Constraint(">=", value, variable.least), span, owner)

    def _prune(self) -> None:
        """Of the inferred conditions those that follow from the others go, the weaker ones first found."""
        kept = self.elaborator.definition.inferred
        for constraint in list(kept) if len(kept) > 1 else ():
            others = [other for other in kept if other is not constraint]
            if isinstance(decide(constraint, [*self.elaborator.unifier.hypotheses, *others]), Proved):
                kept.remove(constraint)

    def _settle(self, constraint: Constraint, span: Span, owner: str, asked: str) -> None:
        hypotheses = [*self.elaborator.unifier.hypotheses, *self.elaborator.definition.inferred]
        try:
            verdict = decide(constraint, hypotheses)
        except ZeroDivisionError:
            self._add(Diagnostic("E0407", f"`{owner}` divides by zero at these sizes", [Label(span, "here")]))
            return
        if isinstance(verdict, Proved):
            return
        shown = constraint.show()
        lengths = self.elaborator.opened.keys() & set(constraint.variables())
        if lengths:
            if lengths & self.elaborator.bounded:
                return
            self.elaborator.bounded |= lengths
            self._add(Diagnostic("E0403", f"`{owner}` needs `{shown}`", [
                Label(span, "which does not hold for all lists")], why=("a list may have any length",),
                help=("an axis has one size: `A^n` in place of `List(A)`",)))
            return
        if constraint.relation in _NEGATED and constraint.variables():
            opposite = Constraint(_NEGATED[constraint.relation], constraint.left, constraint.right)
            if not isinstance(decide(opposite, hypotheses), Proved):
                self.elaborator.definition.inferred.append(constraint)
                return
        if not constraint.variables():
            self._add(impossible(owner, constraint, span, asked))
        elif isinstance(verdict, Refuted):
            self._add(Diagnostic("E0403", f"`{owner}` needs `{shown}`", [Label(span, "which does not always hold")],
                                 why=(f"it fails for {example(verdict.assignment)}",),
                                 help=(f"add `where {shown}`",)))
        else:
            self._add(Diagnostic("E0402", f"`{owner}` needs `{shown}`", [Label(span, "neither proved nor refuted")],
                                 help=(f"add `where {shown}`; it is then checked once sizes are given",)))


def _given(owner: str, generic: str) -> str:
    """How a size that is left open is given."""
    if owner in ("rearrange", "repeat", "contract", "reduce"):
        return f"declare `dim {generic}`, or a generic of that name: the pattern then means it"
    return f"give it in brackets: `{owner}[{generic} = 128]`"


def impossible(owner: str, constraint: Constraint, span: Span, asked: str) -> Diagnostic:
    """A condition that is false at the sizes of an instance."""
    shown = constraint.resolve().show()
    why = (f"its condition is `{asked}`",) if asked and asked != shown else ()
    return Diagnostic("E0403", f"`{owner}` needs `{shown}`", [Label(span, "which is false")], why)


def example(assignment: dict[Variable, int]) -> str:
    """``n = 3, h = 2``, in the order of names."""
    return ", ".join(f"{variable.name} = {value}" for variable, value in
                     sorted(assignment.items(), key=lambda pair: pair[0].key))


def shown_type(definition: Definition) -> str:
    """The type of a definition as its header writes it, with its conditions, those inferred too."""
    if definition.written is None:
        text = f"{show(definition.domain)} -> {show(definition.codomain)}"
    else:
        text = " ".join(definition.scope.span(definition.written).text.split())
    conditions = [*definition.where, *definition.inferred]
    if conditions:
        text += " where " + ", ".join(condition.show() for condition in conditions)
    return text
