"""One use of one primitive, as its row sees it: inputs, sizes, constants, weights."""

from __future__ import annotations

import ast
from typing import Any

from catlang import dims
from catlang.checker.entry import ConstantEntry
from catlang.checker.formula import Formula
from catlang.compiler.lowering.row import INPUTS, Row, fill, number
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, wires
from catlang.objects.colour import BOOL, Object, axes_of, base_of


class Site:
    """What a row's code is filled in with; ``values`` are the expressions for the names in it."""

    def __init__(self, forward: Any, box: Box, operation: d.Use, terms: list[Any], row: Row, levels: Any) -> None:
        self.forward = forward
        self.box = box
        self.operation = operation
        self.row = row
        self.rank = terms[0].rank if terms else 0
        entries = [generic.entry for generic in operation.definition.generics]
        self.constants = {entry.name: operation.arguments[entry.name] for entry in entries
                          if isinstance(entry, ConstantEntry)}
        self.values: dict[str, ast.expr] = _Values(self)
        # Python's number stands for an array only beside a real one, or an index, from which the result has its type.
        beside = row.scalars and any(term.literal is None and base_of(wire.object) is not BOOL
                                     for term, wire in zip(terms, wires(box.inputs), strict=False))
        self.literals: set[str] = set()
        for name, term in zip(INPUTS, terms, strict=False):
            if beside and term.literal is not None:
                self.literals.add(name)
                self.values[name] = number(term.literal)
            else:
                self.values[name] = term.expression
        self.levels = levels

    def lowered(self) -> ast.expr:
        """The expression for the primitive's outputs."""
        code = self.row.code
        instance = self.box.instance
        if instance is not None and instance.reparameterisation is not None:
            if self.row.functional is None:
                raise ValueError(f"`{self.operation.definition.name}` cannot be reparameterised yet")
            code = self.row.functional
            self.values.update(self.forward.computed(instance))
        if callable(code):
            result = code(self)
        else:
            result = fill(code, self.values)
        for node in ast.walk(result):
            if isinstance(node, ast.Name):
                self.forward.owner.helper(node.id)
        return result

    def same(self, one: str, other: str) -> bool:
        """Whether two sizes are equal for sure."""
        return bool(self.operation.arguments[one] == self.operation.arguments[other])

    def is_one(self, name: str) -> bool:
        return bool(self.operation.arguments[name] == 1)

    def is_zero(self, name: str) -> bool:
        return bool(self.operation.arguments[name] == 0)


def formula(value: Any, size: Any) -> ast.expr:
    """A real number that depends on sizes, as a Python expression."""
    if isinstance(value, int | float):
        return number(value)
    if not isinstance(value, Formula):
        found: ast.expr = size(value)
        return found
    parts = [formula(part, size) for part in value.parts]
    if value.operator == "sqrt":
        return ast.BinOp(parts[0], ast.Pow(), number(0.5))
    operators: dict[str, ast.operator] = {
        "+": ast.Add(), "-": ast.Sub(), "*": ast.Mult(), "/": ast.Div(), "^": ast.Pow()}
    return ast.BinOp(parts[0], operators[value.operator], parts[1])


class _Values(dict[str, ast.expr]):
    """The expressions for names, made when asked for: a size is only written down where the code mentions it."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __missing__(self, name: str) -> ast.expr:
        site = self.site
        owner = site.forward.owner
        if name in site.operation.arguments:
            value = site.operation.arguments[name]
            if isinstance(value, bool | float | str):
                return number(value)
            if isinstance(value, Formula):
                return formula(value, site.forward.size)
            if isinstance(value, int | dims.Poly):
                return site.forward.size(value)
            if isinstance(value, tuple):
                return ast.Tuple([site.forward.size(axis) for axis in value], ast.Load())
            if isinstance(value, Object):
                return ast.Tuple([site.forward.size(axis) for axis in axes_of(value)], ast.Load())
        if name == "module" and site.box.instance is not None:
            return site.forward.instance(site.box.instance)
        if name == "rank":
            return number(site.rank)
        if name == "first":
            return number(-site.rank)
        if name == "every":
            return number(tuple(range(-site.rank, 0)))
        if name == "real":
            return owner.real(site.forward)
        if name == "device":
            return owner.device(site.forward)
        if name == "batch":
            return ast.Tuple(site.forward.batch_shape(frozenset(site.forward.context)), ast.Load())
        raise KeyError(name)
