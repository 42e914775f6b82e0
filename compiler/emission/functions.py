"""Functions inside ``forward``: what a loop does at each step, what a fold makes of each node."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.naming import plain
from catlang.compiler.lowering.row import number
from catlang.diagram.diagram import Diagram, Wire

if TYPE_CHECKING:
    from catlang.compiler.emission.forward import Forward


def function(forward: Forward, wanted: str, parameters: list[str], body: Diagram, outputs: list[Wire],
             levels: frozenset[Any], span: Any, unpacked: list[ast.stmt] | None = None, always_tuple: bool = False,
             sized: tuple[str, ast.expr] | None = None, result: Callable[[], ast.expr] | None = None,
             batch: tuple[str, int] | None = None, told: list[int] | None = None) -> ast.expr:
    """A diagram as a function inside ``forward``; what it gives has these levels.

    ``told`` are the outputs that it is to put where it is told to; left in there are those that it can."""
    outside, forward.statements = forward.statements, []
    weights, forward.weights = forward.weights, dict(forward.weights)
    forward.diagram(body)
    if result is None:
        made = [forward.align_one(forward.terms[wire], levels, expand=True).expression for wire in outputs]
        value = made[0] if len(made) == 1 and not always_tuple else ast.Tuple(made, ast.Load())
    else:
        value = result()
    inside, forward.statements = forward.statements, outside
    forward.weights = weights
    statements: list[ast.stmt] = list(unpacked or [])
    for statement, place in inside:
        statement.place = place  # type: ignore[attr-defined]
        statements.append(statement)
    statements.append(ast.Return(value))
    # What the step looks up in the module is looked up once.
    found = _LookedUp(forward.taken)
    statements = [found.visit(statement) for statement in statements]
    for label, chain in found.names.values():
        forward.statements.append((ast.Assign([ast.Name(label, ast.Store())], chain), None))
    if sized is not None:
        # The size of an axis that only it knows.
        label, size = sized
        if _mentioned(statements, label):
            statements.insert(len(unpacked or []), ast.Assign([ast.Name(label, ast.Store())], size))
    if batch is not None and _mentioned(statements, "batch"):
        # Of a step that some lists of the batch take it is these.
        label, rank = batch
        shape: ast.expr = ast.Attribute(ast.Name(label, ast.Load()), "shape", ast.Load())
        if rank:
            shape = ast.Subscript(shape, ast.Slice(None, number(-rank), None), ast.Load())
        statements.insert(0, ast.Assign([ast.Name("batch", ast.Store())], shape))
    into = [] if told is None else _putting(forward, statements, made, told)
    name = sz.python_name(wanted, forward.taken)
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg(one) for one in [*parameters, *into]], kwonlyargs=[],
                              kw_defaults=[], defaults=[ast.Constant(None) for _ in into])
    forward.statements.append((ast.FunctionDef(name, arguments, statements, [], lineno=0), None))
    return ast.Name(name, ast.Load())


#: Functions that put what they make where they are told to.
_PUTTING = frozenset(["between", *(f"torch.{name}" for name in (
    "add", "addcmul", "cat", "cos", "div", "exp", "mul", "neg", "sigmoid", "sin", "stack", "sub", "tanh"))])
_OPERATORS: dict[type, str] = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}


def _putting(forward: Forward, statements: list[ast.stmt], made: list[ast.expr], told: list[int]) -> list[str]:
    """Has outputs put where the function is told to: the names of what tells it. Those that cannot be are taken out of
    ``told``."""
    tensors = {term.expression.id for term in forward.terms.values() if isinstance(term.expression, ast.Name)}
    into: list[str] = []
    for place in list(told):
        name = made[place]
        last = [one for one in statements if isinstance(name, ast.Name) and _assigns(one, name.id)][-1:]
        putting = _that_puts(last[0], tensors) if last else None
        if putting is None:
            told.remove(place)
            continue
        into.append(forward.fresh_name("into"))
        putting.keywords.append(ast.keyword("out", ast.Name(into[-1], ast.Load())))
        last[0].value = putting  # type: ignore[attr-defined]
    return into


def _that_puts(statement: ast.stmt, tensors: set[str]) -> ast.Call | None:
    """What a statement assigns to its one name, as a call that can be told where to put it."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return None
    value = statement.value
    if isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name) and value.left.id in tensors and (
            type(value.op) in _OPERATORS):
        function = ast.Attribute(ast.Name("torch", ast.Load()), _OPERATORS[type(value.op)], ast.Load())
        return ast.Call(function, [value.left, value.right], [])
    told = isinstance(value, ast.Call) and any(one.arg == "out" for one in value.keywords)
    return value if isinstance(value, ast.Call) and not told and ast.unparse(value.func) in _PUTTING else None


def _assigns(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
               for node in ast.walk(statement))


def _mentioned(statements: list[ast.stmt], name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for one in statements for node in ast.walk(one))


class _LookedUp(ast.NodeTransformer):
    """Puts names for submodules and weights, ``self.a.b.weight``; what they stand for is in ``names``."""

    def __init__(self, taken: sz.Taken) -> None:
        self.taken = taken
        self.names: dict[str, tuple[str, ast.expr]] = {}

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        path: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            path.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name) or inner.id != "self" or path == ["training"]:
            return self.generic_visit(node)
        text = ast.dump(node)
        if text not in self.names:
            wanted = plain(path[0] if path[0] not in ("weight", "bias") or len(path) == 1 else path[1])
            self.names[text] = (sz.python_name(wanted, self.taken), node)
        return ast.Name(self.names[text][0], ast.Load())
