"""Numbers as elements: an array of whatever shape they are used at, or, for integers, an index of a finite set.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> def told(text):
...     return [found.headline for found in check_source(Source("m.cat", None, text)).bag]
>>> told("morphism f[n] : R[n] -> R[n] = x |-> add(x, 1)")
[]
>>> told("morphism f : 1 -> Fin[3] = 2")
[]
>>> told("morphism f : 1 -> Fin[3] = 3")
['`3` needs `4 <= 3`']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import Literal, Value
from catlang.dims.constraint import Constraint
from catlang.objects.colour import (
    REAL,
    Finite,
    Object,
    ObjectVariable,
    Run,
    Unknown,
    base_of,
    power,
    resolve,
    show,
)
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def literal(elaborator: Elaborator, number: int | float, span: Span) -> Value:
    """A number; of which object is settled by what it is used for, and is a real where nothing says."""
    run = Run("_", flexible=True)
    obj: Object = power(REAL, (run,))
    if isinstance(number, int) and number >= 0:
        obj = ObjectVariable("_", flexible=True)

    def settle() -> None:
        if run.solution is None:
            run.solution = ()
        if isinstance(obj, ObjectVariable):
            _settle(elaborator, obj, number, span)

    elaborator.pending.append(settle)
    return elaborator.box(Literal(number), (), obj, span)


def _settle(elaborator: Elaborator, variable: ObjectVariable, number: int | float, span: Span) -> None:
    """An integer is a real, or an index below the size of its set."""
    found = resolve(variable)
    if found is variable:
        variable.solution = REAL
        return
    base = base_of(found)
    if isinstance(base, Finite):
        elaborator.conditions.need(Constraint("<=", number + 1, base.size), span, str(number))  # type: ignore[arg-type]
    elif isinstance(base, ObjectVariable) and not base.flexible and base.solution is None:
        # A generic object that has numbers in it is an array, of any shape.
        base.solution = power(REAL, (Run(base.name),))
    elif base is not REAL and not isinstance(base, Unknown):
        elaborator.module.bag.add(Diagnostic("E0308", f"the number {number} is no element of `{show(found)}`", [
            Label(span, f"used as `{show(found)}`")], help=("numbers are reals, or indices of a finite set",)))
