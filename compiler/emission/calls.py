"""Calls of instances: of one, of one among a family, and of one after the other."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.constancy import arguments
from catlang.compiler.emission.naming import plain
from catlang.compiler.emission.term import Term
from catlang.compiler.lowering.row import call
from catlang.diagram.diagram import Box, wires
from catlang.network.network import Family, Loop, Sub
from catlang.objects.colour import axes_of

if TYPE_CHECKING:
    from catlang.compiler.emission.forward import Forward


def sub(forward: Forward, box: Box, operation: Sub) -> None:
    """A call of an instance: its own inputs, then what is free in it."""
    assert box.instance is not None
    network = operation.network
    inputs = wires(box.inputs)
    given = [forward.terms[wire] for wire in [*inputs, *network.free]]
    constant = forward.owner.constants[network]
    union = frozenset().union(*(term.levels for term in given))
    if network.stochastic:
        union = frozenset(forward.context)
    passed: list[ast.expr] = []
    names = [*arguments(operation, inputs), *network.free]
    for wire, target in zip(names, [*wires(network.diagram.inputs), *network.free], strict=True):
        term = forward.terms[wire]
        passed.append((term if target in constant else forward.align_one(term, union, expand=True)).expression)
    extras = [forward.instance(one) for one in network.lent]
    extras += [forward.owner.frozen_weight(entry) for entry in network.frozen]
    extras += _told(forward, operation, union)
    module = forward.instance(box.instance)
    if isinstance(operation, Loop):
        _loop(forward, box, operation, module, passed, extras, union)
        return
    if isinstance(operation, Family):
        forward.owner.helper("of_family")
        index = forward.align_one(forward.terms[inputs[0]], union, expand=True)
        value: ast.expr = _called(forward, box, ast.Name("of_family", ast.Load()), [
            module, index.expression, ast.Tuple(passed, ast.Load()), *extras])
    else:
        value = _called(forward, box, module, [*passed, *extras])
    forward.assign(box, [value], union)


def _called(forward: Forward, box: Box, function: ast.expr, given: list[ast.expr]) -> ast.expr:
    """A call of an instance; what is computed anew on the way back is called by what does so."""
    assert box.instance is not None and isinstance(box.operation, Sub)
    if forward.owner.source.computed_anew(box.instance, box.operation):
        forward.owner.helper("checkpointed")
        return call("checkpointed", function, *given)
    return ast.Call(function, given, [])


def _told(forward: Forward, operation: Sub, union: frozenset[Any]) -> list[ast.expr]:
    """What an instance cannot find out from its inputs: sizes, batch axes, a tensor for device and type."""
    made = forward.owner.source.classes[operation.network]
    extras = [forward.size(operation.sizes[variable]) for variable in made.untold]
    if made.needs_batch:
        extras.append(ast.Tuple(forward.batch_shape(union), ast.Load()))
    if made.needs_like:
        extras.append(forward.owner.like(forward))
    return extras


def _loop(forward: Forward, box: Box, operation: Loop, module: ast.expr, passed: list[ast.expr], extras: list[ast.expr],
          union: frozenset[Any]) -> None:
    """``for block in self.layers: x = block(x)``"""
    outputs = wires(box.outputs)
    count = len(outputs)
    state, constant = passed[:count], passed[count:]
    names = [forward.name_of(box, wire) for wire in outputs]
    begin = [(name, value) for name, value in zip(names, state, strict=True)
             if not (isinstance(value, ast.Name) and value.id == name)]
    if begin:
        targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name, _ in begin]
        first: ast.stmt = ast.Assign([targets[0]], begin[0][1]) if len(begin) == 1 else ast.Assign(
            [ast.Tuple(targets, ast.Store())], ast.Tuple([value for _, value in begin], ast.Load()))
        forward.statements.append((first, box.span))
    loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
    inner = list(operation.network.instances.values())
    member = sz.python_name(plain(inner[0].name) if len(inner) == 1 else "layer", forward.taken)
    function: ast.expr = module if operation.tied else ast.Name(member, ast.Load())
    stores: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
    target = stores[0] if count == 1 else ast.Tuple(stores, ast.Store())
    step = ast.Assign([target], _called(forward, box, function, [*loads, *constant, *extras]))
    over = call("range", forward.size(operation.count)) if operation.tied else module
    variable = ast.Name("_" if operation.tied else member, ast.Store())
    forward.statements.append((ast.For(variable, over, [step], []), box.span))
    for wire, name in zip(outputs, names, strict=True):
        forward.terms[wire] = Term(ast.Name(name, ast.Load()), union, len(axes_of(wire.object)))
