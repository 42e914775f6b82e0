"""A row: how one primitive is lowered to PyTorch.

A row's ``code`` is one Python expression, parsed once and filled in as a syntax tree, never as text. In it ``x``,
``y``, ``z``, ``w`` are the inputs, the generics of the primitive's signature its sizes and constants, its weights their
values, ``first`` the place of the first input's first own axis (``-2`` for a matrix) and ``self`` the module around.

``align`` says how inputs of which some are constant along a batch axis are brought together: ``broadcast`` leaves it to
PyTorch, ``expand`` makes all alike but those in the places ``loose``, which may be left to it.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from typing import Any

INPUTS = ("x", "y", "z", "w", *(f"input{place}" for place in range(4, 32)))


class Row:
    """What a primitive becomes. ``module`` is the constructor of its learned part, ``functional`` what it computes when
    its weights are themselves computed; ``scalars`` says that Python's numbers may stand for arrays."""

    def __init__(self, code: str | Callable[[Any], ast.expr], *, align: str = "broadcast", module: Any = None,
                 functional: str | Callable[[Any], ast.expr] | None = None, scalars: bool = False,
                 loose: tuple[int, ...] = ()) -> None:
        self.code = quote(code) if isinstance(code, str) else code
        self.align = align
        self.module = quote(module) if isinstance(module, str) else module
        self.functional = quote(functional) if isinstance(functional, str) else functional
        self.scalars = scalars
        self.loose = loose


class Foreign(Row):
    """The row of what is computed by code from elsewhere: emitted source knows it as ``called``."""

    called: str

    def statements(self) -> str:
        """What makes it known to emitted source: an import, or a gap."""
        raise NotImplementedError


ROWS: dict[str, Row] = {}


def row_of(rows: Mapping[Any, Row], definition: Any) -> Row | None:
    """The row of a primitive, by its name; of an extern by itself, since any file may have one of that name."""
    return rows.get(definition if definition.extern else definition.name)


def lower(name: str, code: str | Callable[[Any], ast.expr], **options: Any) -> None:
    """Declares the row of a primitive of the prelude."""
    assert name not in ROWS, name
    ROWS[name] = Row(code, **options)


def quote(code: str) -> ast.expr:
    """An expression as a syntax tree."""
    return ast.parse(code, mode="eval").body


class _Fill(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr], own: dict[str, ast.expr]) -> None:
        self.values = values
        self.own = own

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """A filled-in tuple behind a star becomes part of what it stands in."""
        super().generic_visit(node)
        for field in ("elts", "args"):
            items = getattr(node, field, None)
            if isinstance(items, list) and any(isinstance(item, ast.Starred) for item in items):
                starred = [item.value if isinstance(item, ast.Starred) else None for item in items]
                setattr(node, field, [part for item, value in zip(items, starred, strict=True) for part in (
                    value.elts if isinstance(value, ast.Tuple) else [item])])
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        found = self.own.get(node.id) or self.values.get(node.id)
        return copy.deepcopy(found) if found is not None else node


def fill(template: ast.expr, values: dict[str, ast.expr], **own: ast.expr) -> ast.expr:
    """The template with expressions put for names: those of its own, else those of ``values``, made when asked for."""
    result = _Fill(values, own).visit(copy.deepcopy(template))
    assert isinstance(result, ast.expr)
    return result


def number(value: Any) -> ast.expr:
    """A Python literal."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    if isinstance(value, float) and value in (float("inf"),):
        return quote("float('inf')")
    if isinstance(value, tuple):
        return ast.Tuple([number(item) for item in value], ast.Load())
    return ast.Constant(value)


def call(function: str, *arguments: ast.expr, **named: ast.expr) -> ast.expr:
    """``function(arguments)``"""
    return ast.Call(quote(function), list(arguments), [ast.keyword(name, value) for name, value in named.items()])
