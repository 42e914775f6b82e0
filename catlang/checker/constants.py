"""Expressions read as constants: reals, integers, truth values and choices.

What a real is computed from may be a param or a size; while that is open, the constant is a formula.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''morphism f : R[4] -> R[4] = scale[1 / sqrt(4)]
... morphism g[n] : R[n] -> R[n] = scale[1 / sqrt(n)]'''
>>> for definition in check_source(Source("m.cat", None, text)).definitions:
...     print(definition.diagram.boxes[0].operation.arguments["factor"])
0.5
1.0 / sqrt(n)
"""

from __future__ import annotations

from typing import Any

from catlang.checker.entry import (
    Constant,
    ConstantEntry,
    DimEntry,
)
from catlang.checker.formula import Formula, compute
from catlang.checker.scope import Scope, fault, shortened
from catlang.checker.sizes import dim
from catlang.suggest import nearest
from catlang.syntax import tree


def constant(node: tree.Node, scope: Scope, wanted: Constant) -> Any:
    """The value of a real, Boolean, integer or choice; a ``Constant`` where it names another one."""
    if isinstance(node, tree.Name):
        entry = scope.find(node.text)
        if isinstance(entry, ConstantEntry):
            entry.used = True
            if entry.constant.kind != wanted.kind and not (wanted.kind == "real" and entry.constant.kind == "int"):
                raise fault("E0507", f"`{wanted.name}` is {describe(wanted)}, `{node.text}` is "
                            f"{describe(entry.constant)}", scope, node)
            beyond = [choice for choice in entry.constant.choices if choice not in wanted.choices]
            if beyond:
                raise fault("E0507", f"`{wanted.name}` cannot be `{beyond[0]}`, and `{node.text}` can", scope, node,
                            f"it is one of {_listed(entry.constant.choices)}",
                            (f"let it be some of {_listed(wanted.choices)}",))
            return entry.constant
    if wanted.kind == "bool":
        if isinstance(node, tree.Name) and node.text in ("true", "false"):
            return node.text == "true"
    elif wanted.kind == "choice":
        if isinstance(node, tree.Name) and node.text in wanted.choices:
            return node.text
    elif wanted.kind == "int":
        sign, inner = (-1, node.body) if isinstance(node, tree.Prefix) and node.operator == "-" else (1, node)
        if isinstance(inner, tree.Number) and isinstance(inner.value, int):
            return sign * inner.value
    elif wanted.kind == "real":
        found = _real(node, scope, wanted)
        if found is not None:
            return found
    text = shortened(scope, node)
    if wanted.kind == "choice":
        near = nearest(text, wanted.choices)
        help = f"did you mean `{near}`?" if near else f"write one of {_listed(wanted.choices)}"
        raise fault("E0507", f"`{wanted.name}` cannot be `{text}`", scope, node, help=(help,))
    raise fault("E0507", f"`{wanted.name}` is {describe(wanted)}, not `{text}`", scope, node)


def _real(node: tree.Node, scope: Scope, wanted: Constant) -> Any:
    """A real number: a literal, a param, a size, or arithmetic of them; None where it is none."""
    if isinstance(node, tree.Number):
        return float(node.value)
    if isinstance(node, tree.Name):
        entry = scope.find(node.text)
        if isinstance(entry, DimEntry):
            value = dim(node, scope)
            return float(value) if isinstance(value, int) else value
        if isinstance(entry, ConstantEntry) and entry.constant.kind in ("real", "int"):
            entry.used = True
            return entry.constant
        return None
    if isinstance(node, tree.Binary) and node.operator in ("//", "%"):
        size = dim(node, scope)
        return float(size) if isinstance(size, int) else size
    operator, parts = "", []
    if isinstance(node, tree.Prefix) and node.operator == "-":
        operator, parts = "*", [tree.Number(node.start, node.start + 1, -1), node.body]
    elif isinstance(node, tree.Binary):
        operator, parts = node.operator, [node.left, node.right]
    elif isinstance(node, tree.Plus | tree.Times):
        operator, parts = "+" if isinstance(node, tree.Plus) else "*", list(node.items)
    elif (isinstance(node, tree.Apply) and isinstance(node.function, tree.Name) and node.function.text == "sqrt"
            and len(node.arguments) == 1):
        operator, parts = "sqrt", list(node.arguments)
    if operator not in ("+", "-", "*", "/", "^", "sqrt"):
        return None
    values = [_real(part, scope, wanted) for part in parts]
    if any(value is None for value in values):
        return None
    result: Any = values[0]
    try:
        if operator == "sqrt":
            return _computed(operator, values)
        for value in values[1:]:
            result = _computed(operator, [result, value])
    except (ArithmeticError, ValueError):
        raise fault("E0507", "this is no real number", scope, node) from None
    return result


def _computed(operator: str, values: list[Any]) -> Any:
    if all(isinstance(value, float) for value in values):
        return compute(operator, values)
    return Formula(operator, tuple(values))


def _listed(choices: tuple[str, ...]) -> str:
    return ", ".join(f"`{choice}`" for choice in choices)


def describe(wanted: Constant) -> str:
    return {"real": "a real number", "int": "an integer", "bool": "`true` or `false`",
            "choice": "a choice"}[wanted.kind]


def constant_kind(node: tree.Node, name: str) -> Constant | None:
    """``real``, ``bool``, ``int`` or ``choice(a, b)`` read as a kind; None where it is something else."""
    if isinstance(node, tree.Name) and node.text in ("real", "bool", "int"):
        return Constant(name, node.text, (), None)
    if (isinstance(node, tree.Apply) and isinstance(node.function, tree.Name) and node.function.text == "choice"
            and all(isinstance(item, tree.Name) for item in node.arguments)):
        choices = tuple(item.text for item in node.arguments if isinstance(item, tree.Name))
        return Constant(name, "choice", choices, None)
    return None
