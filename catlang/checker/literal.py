"""Numbers as arrays of whatever shape they are used at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.diagram.diagram import (
    Literal,
    Value,
)
from catlang.objects.colour import REAL, Run, power
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def literal(elaborator: Elaborator, number: int | float, span: Span) -> Value:
    """A number as an array of whatever shape it is used at; of none where nothing says."""
    run = Run("_", flexible=True)

    def default() -> None:
        if run.solution is None:
            run.solution = ()

    elaborator.pending.append(default)
    return elaborator.box(Literal(number), (), power(REAL, (run,)), span)
