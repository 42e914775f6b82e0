"""What wires become: expressions that know their batch axes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any


class Term:
    """What a wire has become: an expression, its levels, and (``literal``) the number where it is just one.

    The expression of a literal is made when it is asked for: most often the number will do."""

    __slots__ = ("made", "levels", "literal", "rank")

    def __init__(self, made: ast.expr | Callable[[], ast.expr], levels: frozenset[Any], rank: int,
                 literal: float | int | None = None) -> None:
        self.made = made
        self.levels = levels
        self.rank = rank
        self.literal = literal

    @property
    def expression(self) -> ast.expr:
        return self.made if isinstance(self.made, ast.expr) else self.made()
