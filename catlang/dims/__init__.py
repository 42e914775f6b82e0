"""Dimensions and what can be decided about them."""

from __future__ import annotations

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
    "Dim",
    "Monomial",
    "Poly",
    "Quotient",
    "Variable",
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
