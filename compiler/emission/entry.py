"""What is checked at the entry of a compiled network: shapes, by the names of the sizes."""

from __future__ import annotations

import ast
from typing import Any

from catlang import dims
from catlang.compiler.emission import sizes as sz
from catlang.compiler.lowering.row import number, quote
from catlang.diagram.diagram import Wire, wires
from catlang.dims import Variable
from catlang.objects.colour import axes_of, leaves, show


def checks(source: Any, owner: Any, parameters: list[str]) -> list[ast.stmt]:
    """Statements that raise ``ValueError`` where an input is not of its object."""
    network = owner.network
    inputs = wires(network.diagram.inputs)
    if not inputs:
        return []
    objects = _declared(network, inputs)
    known: dict[Variable, ast.expr] = {}
    conditions: list[tuple[ast.expr, str]] = []
    statements: list[ast.stmt] = []
    for wire, name, shown in zip(inputs, parameters, objects, strict=False):
        axes = axes_of(wire.object)
        if not axes:
            continue
        x: ast.expr = ast.Name(name, ast.Load())
        tests: list[ast.expr] = []
        later: list[tuple[int, Any]] = []
        for place, axis in enumerate(axes):
            at = place - len(axes)
            shape = ast.Subscript(ast.Attribute(x, "shape", ast.Load()), number(at), ast.Load())
            if isinstance(axis, int):
                tests.append(_differs(shape, number(axis)))
            else:
                unknown = [variable for variable in dims.variables(axis) if variable not in known
                           and variable not in owner.static]
                if len(unknown) == 1 and axis == unknown[0].poly:
                    known[unknown[0]] = shape
                else:
                    later.append((at, axis))
        if len(tests) == len(axes):
            # All axes are numbers: one comparison, which an input of too few axes fails too.
            tail = ast.Subscript(ast.Attribute(x, "shape", ast.Load()), ast.Slice(number(-len(axes)), None, None), ast.Load())
            tests = [_differs(tail, number(tuple(axes)))]
        else:
            tests.insert(0, ast.Compare(ast.Call(ast.Attribute(x, "dim", ast.Load()), [], []), [ast.Lt()],
                                        [number(len(axes))]))
        for at, axis in later:
            shape = ast.Subscript(ast.Attribute(x, "shape", ast.Load()), number(at), ast.Load())
            names = _names(axis, known, owner)
            if names is not None:
                tests.append(_differs(shape, sz.expression(axis, names)))
        statements.append(_raise(tests, x, name, shown))
    statements += _batch(inputs, parameters, objects)
    statements += _conditions(source, owner, known)
    del conditions
    return statements


def _names(axis: Any, known: dict[Variable, ast.expr], owner: Any) -> dict[Variable, ast.expr] | None:
    names: dict[Variable, ast.expr] = {}
    for variable in dims.variables(axis):
        if variable in known:
            names[variable] = known[variable]
        elif variable in owner.static:
            owner.kept.add(variable)
            names[variable] = ast.Attribute(ast.Name("self", ast.Load()), owner.size_names[variable], ast.Load())
        else:
            return None
    return names


def _declared(network: Any, inputs: list[Wire]) -> list[str]:
    """The objects of the inputs as the header writes them."""
    definition = network.definition
    if definition is not None and not definition.parameters:
        parts = leaves(definition.domain)
        if len(parts) == len(inputs):
            return [show(part) for part in parts]
    return [show(wire.object) for wire in inputs]


def _differs(shape: ast.expr, size: ast.expr) -> ast.expr:
    return ast.Compare(shape, [ast.NotEq()], [size])


def _raise(tests: list[ast.expr], x: ast.expr, name: str, shown: str) -> ast.stmt:
    test = tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests)
    message = ast.JoinedStr([ast.Constant(f"{name} : {shown}, given "),
                             ast.FormattedValue(quote(f"tuple({name}.shape)"), -1)])
    error = ast.Raise(ast.Call(ast.Name("ValueError", ast.Load()), [message], []))
    return ast.If(test, [error], [])


def _batch(inputs: list[Wire], parameters: list[str], objects: list[str]) -> list[ast.stmt]:
    """All inputs have the same batch axes in front."""
    if len(inputs) < 2:
        return []
    shapes = []
    for wire, name in zip(inputs, parameters, strict=False):
        rank = len(axes_of(wire.object))
        shape: ast.expr = ast.Attribute(ast.Name(name, ast.Load()), "shape", ast.Load())
        shapes.append(ast.Subscript(shape, ast.Slice(None, number(-rank), None), ast.Load()) if rank else shape)
    test = ast.UnaryOp(ast.Not(), ast.Compare(shapes[0], [ast.Eq()] * (len(shapes) - 1), shapes[1:]))
    parts: list[ast.expr] = [ast.Constant("the batch axes in front differ: ")]
    for place, (name, shape) in enumerate(zip(parameters, shapes, strict=False)):
        parts.append(ast.Constant((", " if place else "") + f"{name} has "))
        parts.append(ast.FormattedValue(ast.Call(ast.Name("tuple", ast.Load()), [shape], []), -1))
    error = ast.Raise(ast.Call(ast.Name("ValueError", ast.Load()), [ast.JoinedStr(parts)], []))
    return [ast.If(test, [error], [])]


def _conditions(source: Any, owner: Any, known: dict[Variable, ast.expr]) -> list[ast.stmt]:
    """Conditions on sizes that only an input can tell."""
    statements: list[ast.stmt] = []
    for condition in source.conditions:
        names: dict[Variable, ast.expr] | None = {}
        for side in (condition.left, condition.right):
            found = _names(side, known, owner) if not isinstance(side, int) else {}
            names = None if found is None or names is None else {**names, **found}
        if names is None:
            continue
        left, right = sz.expression(condition.left, names), sz.expression(condition.right, names)
        if condition.relation == "divides":
            test: ast.expr = ast.Compare(ast.BinOp(right, ast.Mod(), left), [ast.NotEq()], [number(0)])
        else:
            operator = {"==": ast.NotEq(), "<=": ast.Gt(), ">=": ast.Lt(), "<": ast.GtE(), ">": ast.LtE(),
                        "!=": ast.Eq()}[condition.relation]
            test = ast.Compare(left, [operator], [right])
        told = ", ".join(sorted(variable.name for variable in names))
        parts: list[ast.expr] = [ast.Constant(f"needs {condition.show()}; given ")]
        for place, variable in enumerate(sorted(names, key=lambda one: one.name)):
            parts.append(ast.Constant((", " if place else "") + f"{variable.name} = "))
            parts.append(ast.FormattedValue(names[variable], -1))
        del told
        error = ast.Raise(ast.Call(ast.Name("ValueError", ast.Load()), [ast.JoinedStr(parts)], []))
        statements.append(ast.If(test, [error], []))
    return statements
