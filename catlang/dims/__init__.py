"""Dimensions and what can be decided about them."""

from __future__ import annotations

from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, Refuted, Undecided, Verdict, decide
from catlang.dims.polynomial import (
    Dim,
    Monomial,
    Poly,
    Quotient,
    Variable,
    evaluate,
    exact_quotient,
    flexible_variables,
    floor_quotient,
    least_value,
    linear_in,
    power,
    product,
    resolve,
    show,
    solve,
    substitute,
    variables,
)

__all__ = [
    "Constraint",
    "Dim",
    "Monomial",
    "Poly",
    "Proved",
    "Quotient",
    "Refuted",
    "Undecided",
    "Variable",
    "Verdict",
    "decide",
    "evaluate",
    "exact_quotient",
    "flexible_variables",
    "floor_quotient",
    "least_value",
    "linear_in",
    "power",
    "product",
    "resolve",
    "show",
    "solve",
    "substitute",
    "variables",
]
