"""Syntax trees as text: as Python spells them, long statements wrapped, places of the ``.cat`` file as comments."""

from __future__ import annotations

import ast
import os

from catlang.checker.loader import LIBRARY
from catlang.span import Span
from catlang.visible import visible

#: How long a line may be, its comment aside.
WIDTH = 100


def definition(node: ast.stmt, folder: str) -> str:
    """A function or a class; places are told as seen from the folder."""
    return "\n".join(_statement(node, folder, 0))


def _block(statements: list[ast.stmt], folder: str, depth: int) -> list[str]:
    lines: list[str] = []
    for position, statement in enumerate(statements):
        if position and isinstance(statement, ast.FunctionDef):
            lines.append("")
        lines += _statement(statement, folder, depth)
    return lines


def _statement(node: ast.stmt, folder: str, depth: int) -> list[str]:
    indent = "    " * depth
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        head = f"class {node.name}({bases}):" if bases else f"class {node.name}:"
        return [indent + head, *_block(node.body, folder, depth + 1)]
    if isinstance(node, ast.FunctionDef):
        head = f"{indent}def {node.name}({ast.unparse(node.args)}):"
        if len(head) > WIDTH:
            names = [f"{indent}    {part}," for part in ast.unparse(node.args).split(", ")]
            heads = [f"{indent}def {node.name}(", *names, f"{indent}):"]
        else:
            heads = [head]
        marks = [f"{indent}@{ast.unparse(one)}" for one in node.decorator_list]
        return [*marks, *heads, *_block(node.body, folder, depth + 1)]
    if isinstance(node, ast.If):
        lines = [*_condition(node.test, indent), *_block(node.body, folder, depth + 1)]
        return lines + ([f"{indent}else:", *_block(node.orelse, folder, depth + 1)] if node.orelse else [])
    if isinstance(node, ast.For):
        head = f"{indent}for {_target(node.target)} in {ast.unparse(node.iter)}:"
        return [head + _place(node, folder), *_block(node.body, folder, depth + 1)]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        text = node.value.value.replace("\\", "\\\\").replace('"""', "'''")
        return [indent + line if line else "" for line in f'"""{text}"""'.split("\n")]
    lines = _wrapped(node, indent)
    lines[-1] += _place(node, folder)
    return lines


def _condition(test: ast.expr, indent: str) -> list[str]:
    """The head of an ``if``, where need be with an operand a line."""
    negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.BoolOp)
    inner = test.operand if negated else test  # type: ignore[attr-defined]
    if not isinstance(inner, ast.BoolOp):
        return [f"{indent}if {ast.unparse(test)}:"]
    word = "or" if isinstance(inner.op, ast.Or) else "and"
    # Python's own spelling has more parentheses than anybody would write.
    loose = (ast.BoolOp, ast.IfExp, ast.Lambda)
    operands = [f"({ast.unparse(value)})" if isinstance(value, loose) else ast.unparse(value) for value in inner.values]
    line = f" {word} ".join(operands)
    line = f"{indent}if not ({line}):" if negated else f"{indent}if {line}:"
    if len(line) <= WIDTH:
        return [line]
    parts = [f"{indent}    {f'{word} ' if place else ''}{operand}" for place, operand in enumerate(operands)]
    return [f"{indent}if not (" if negated else f"{indent}if (", *parts, f"{indent}):"]


def _wrapped(node: ast.stmt, indent: str) -> list[str]:
    """A simple statement on one line, or with the call it ends in taken apart."""
    if isinstance(node, ast.Assign):
        targets = " = ".join(_target(target) for target in node.targets)
        return _expression(node.value, f"{indent}{targets} = ", "", indent)
    if isinstance(node, ast.Return) and node.value is not None:
        return _expression(node.value, f"{indent}return ", "", indent)
    if isinstance(node, ast.Raise) and node.exc is not None:
        return _expression(node.exc, f"{indent}raise ", "", indent)
    return [indent + line for line in ast.unparse(node).split("\n")]


def _target(node: ast.expr) -> str:
    """What is assigned to, without the parentheses around all of a tuple."""
    text = ast.unparse(node)
    return text[1:-1] if isinstance(node, ast.Tuple) and len(node.elts) > 1 else text


def _expression(node: ast.expr, before: str, after: str, indent: str) -> list[str]:
    """An expression between two texts; where a line is too short for all of it, its parts have lines of their own."""
    bare = isinstance(node, ast.Tuple) and not after and len(node.elts) > 1
    text = ast.unparse(node)
    if (bare and before.lstrip().startswith("return")) or (bare and before.endswith("= ")):
        text = text[1:-1]
    if len(before) + len(text) + len(after) <= WIDTH or "\n" in text:
        return [before + text + after]
    inner = indent + "    "
    if isinstance(node, ast.Call):
        # As it stands in a call: what is no name is in parentheses there.
        lines = [before + ast.unparse(ast.Call(node.func, [], []))[:-1]]
        comma = "," if len(node.args) + len(node.keywords) > 1 else ""
        for argument in node.args:
            lines += _expression(argument, inner, comma, inner)
        for keyword in node.keywords:
            lines += _expression(keyword.value, f"{inner}{keyword.arg}=", comma, inner)
        return [*lines, f"{indent}){after}"] if len(lines) > 1 else [before + text + after]
    if isinstance(node, ast.Tuple) and node.elts:
        lines = [f"{before}("]
        for element in node.elts:
            lines += _expression(element, inner, ",", inner)
        return [*lines, f"{indent}){after}"]
    if isinstance(node, ast.ListComp):
        lines = [f"{before}[", *_expression(node.elt, inner, "", inner)]
        for every in node.generators:
            lines.append(f"{inner}for {ast.unparse(every.target)} in {ast.unparse(every.iter)}")
            lines += [f"{inner}if {ast.unparse(test)}" for test in every.ifs]
        return [*lines, f"{indent}]{after}"]
    if isinstance(node, ast.JoinedStr):
        return _message(node, before, after)
    return [before + text + after]


def _message(node: ast.JoinedStr, before: str, after: str) -> list[str]:
    """A long message as several that Python joins."""
    parts: list[list[ast.expr]] = [[]]
    for value in node.values:
        longer = ast.unparse(ast.JoinedStr([*parts[-1], value]))
        if parts[-1] and len(before) + len(longer) + len(after) > WIDTH:
            parts.append([])
        parts[-1].append(value)
    lines = [f"{before if not place else ' ' * len(before)}{ast.unparse(ast.JoinedStr(part))}"
             for place, part in enumerate(parts)]
    lines[-1] += after
    return lines


def _place(node: ast.stmt, folder: str) -> str:
    """A comment with the place in the ``.cat`` file, seen from the folder of the root's."""
    span: Span | None = getattr(node, "place", None)
    if span is None:
        return ""
    line = span.source.position(span.start)[0]
    name = os.path.abspath(span.source.name)
    name = os.path.relpath(name, LIBRARY if name.startswith(LIBRARY + os.sep) else folder)
    return f"  # {visible(name.replace(os.sep, '/'))}:{line}"
