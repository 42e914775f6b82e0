"""Derived forms as statements of ``forward``: PyTorch's recurrent kernels, and parallel scans."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from catlang.compiler.derived.gates import Gate
from catlang.compiler.derived.operations import (
    Affine,
    Back,
    Between,
    Columns,
    Fused,
    Joined,
    Linear,
    Looked,
    MultiplyAdd,
    Pieces,
    Recur,
    Rows,
    Slope,
    Stacked,
)
from catlang.compiler.lowering.row import call, fill, number, quote
from catlang.diagram.diagram import Box, Instance, Wire, wires
from catlang.dims import Dim

if TYPE_CHECKING:
    from catlang.compiler.emission.forward import Forward

#: Rows, and columns, of the weight of an instance.
Piece = tuple[Instance, Dim, Dim, Dim, Dim]


def _weight(forward: Forward, instance: Instance, part: str) -> ast.expr:
    """A weight that is taken without its module being called; that module must then be as it was made."""
    if instance.reparameterisation is None:
        forward.taken_apart.setdefault(instance, forward.instance(instance))
    return forward.weight(instance, part)


def fused(forward: Forward, box: Box, operation: Fused) -> None:
    """A kernel, its weights put together out of the cell's."""
    lengths, state, entries = box.inputs  # type: ignore[misc]
    level = forward.levels_of([*wires(box.inputs)])
    kernel = operation.kernel
    begin = [forward.align_one(forward.terms[wire], level, expand=True).expression for wire in wires(state)]
    assert isinstance(entries, Wire)
    term = forward.align_one(forward.terms[entries], level, expand=True)
    weights = [_rows(forward, [gate.ours for gate in kernel.gates]),
               _rows(forward, [gate.hidden for gate in kernel.gates])]
    if any(gate.biases or gate.hidden_biases for gate in kernel.gates):
        weights += _biases(forward, kernel.gates, kernel.size)
    named: dict[str, ast.expr] = {}
    if isinstance(lengths, Wire):
        named["lengths"] = forward.align_one(forward.terms[lengths], level, expand=True).expression
    if operation.backwards:
        named["backwards"] = number(True)
    forward.owner.helper("kernel_along")
    value = call("kernel_along", ast.Constant(kernel.kind), term.expression, number(-term.rank), _single(begin),
                 ast.Tuple(weights, ast.Load()), **named)
    final, outputs = box.outputs  # type: ignore[misc]
    forward.store(box, [wires(final), wires(outputs)], value, level)


def _rows(forward: Forward, pieces: list[Piece]) -> ast.expr:
    """Rows of weights, one below the other; those that stand so already are taken as they stand."""
    merged: list[Piece] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        if last is not None and last[0] is piece[0] and last[1:3] == piece[1:3] and last[4] == piece[3]:
            merged[-1] = (*last[:4], piece[4])
        else:
            merged.append(piece)
    parts = [_piece(forward, piece) for piece in merged]
    return parts[0] if len(parts) == 1 else call("torch.cat", ast.Tuple(parts, ast.Load()))


def _piece(forward: Forward, piece: Piece) -> ast.expr:
    instance, first, last, start, stop = piece
    operation: Any = instance.operation
    weight = _weight(forward, instance, "weight")
    rows = None if start == 0 and stop == operation.arguments["n"] else _cut(forward, start, stop)
    columns = None if first == 0 and last == operation.arguments["m"] else _cut(forward, first, last)
    if rows is None and columns is None:
        return weight
    rows = rows if rows is not None else ast.Slice(None, None, None)
    index = rows if columns is None else ast.Tuple([rows, columns], ast.Load())
    return ast.Subscript(weight, index, ast.Load())


def _cut(forward: Forward, start: Dim, stop: Dim) -> ast.expr:
    return ast.Slice(None if start == 0 else forward.size(start), forward.size(stop), None)


def _biases(forward: Forward, gates: list[Gate], size: Dim) -> list[ast.expr]:
    """The biases of the inputs' and of the states' products; only their sum matters, but where a gate keeps them
    apart."""
    ours, theirs = [], []
    for gate in gates:
        if gate.hidden_biases:
            ours.append(gate.biases)
            theirs.append(gate.hidden_biases)
        else:
            mine = [bias for bias in gate.biases if bias[0] is gate.ours[0]] or gate.biases[:1]
            ours.append(mine)
            theirs.append([bias for bias in gate.biases if bias not in mine])
    return [_bias(forward, part, size) for part in (ours, theirs)]


def _bias(forward: Forward, gates: list[list[tuple[Instance, Dim, Dim]]], size: Dim) -> ast.expr:
    if all(len(gate) == 1 for gate in gates):
        merged: list[tuple[Instance, Dim, Dim]] = []
        for [piece] in gates:
            if merged and merged[-1][0] is piece[0] and merged[-1][2] == piece[1]:
                merged[-1] = (piece[0], merged[-1][1], piece[2])
            else:
                merged.append(piece)
        parts = [_bias_piece(forward, piece) for piece in merged]
    else:
        parts = []
        for gate in gates:
            total: ast.expr | None = None
            for piece in gate:
                one = _bias_piece(forward, piece)
                total = one if total is None else ast.BinOp(total, ast.Add(), one)
            parts.append(total if total is not None else _zeros(forward, gates, size))
    return parts[0] if len(parts) == 1 else call("torch.cat", ast.Tuple(parts, ast.Load()))


def _bias_piece(forward: Forward, piece: tuple[Instance, Dim, Dim]) -> ast.expr:
    instance, start, stop = piece
    operation: Any = instance.operation
    bias = _weight(forward, instance, "bias")
    if start == 0 and stop == operation.arguments["n"]:
        return bias
    return ast.Subscript(bias, _cut(forward, start, stop), ast.Load())


def _zeros(forward: Forward, gates: list[list[tuple[Instance, Dim, Dim]]], size: Dim) -> ast.expr:
    owner = forward.owner
    return call("torch.zeros", forward.size(size), dtype=owner.real(forward), device=owner.device(forward))


def affine(forward: Forward, box: Box, operation: Affine) -> None:
    """A scan of affine maps; a coefficient that is the same at every place has no axis of places."""
    lengths, state, coefficients, offsets = box.inputs  # type: ignore[misc]
    level = forward.levels_of([*wires(box.inputs)])
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(state)]
    place = -begin[0].rank - 1

    def along(wire: Wire) -> ast.expr:
        # Its levels are put in, so that the axis of places stands where it does in the others.
        term = forward.align_one(forward.terms[wire], level, expand=True)
        if term.rank == begin[0].rank:
            return ast.Call(ast.Attribute(term.expression, "unsqueeze", ast.Load()), [number(place)], [])
        return term.expression

    given = iter(wires(coefficients))
    rows = [ast.Tuple([along(next(given)) if one else ast.Constant(None) for one in row], ast.Load())
            for row in operation.present]
    named = _named(forward, lengths, operation.backwards, level)
    forward.owner.helper("affine_along")
    value = call("affine_along", _single([one.expression for one in begin]), ast.Tuple(list(rows), ast.Load()),
                 ast.Tuple([along(wire) for wire in wires(offsets)], ast.Load()), number(place),
                 forward.size(operation.size), **named)
    final, outputs = box.outputs  # type: ignore[misc]
    forward.store(box, [wires(final), wires(outputs)], value, level)


def linear(forward: Forward, box: Box, operation: Linear) -> None:
    """A scan of maps with one matrix."""
    lengths, state, offset = box.inputs  # type: ignore[misc]
    assert box.instance is not None and isinstance(offset, Wire)
    level = forward.levels_of([*wires(box.inputs)])
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(state)]
    term = forward.align_one(forward.terms[offset], level, expand=True)
    if term.rank == begin[0].rank:
        value: ast.expr = ast.Call(ast.Attribute(term.expression, "unsqueeze", ast.Load()), [number(-2)], [])
    else:
        value = term.expression
    named = _named(forward, lengths, operation.backwards, level)
    forward.owner.helper("linear_along")
    made = call("linear_along", begin[0].expression, _weight(forward, box.instance, "weight"), value, number(-2),
                forward.size(operation.size), **named)
    final, outputs = box.outputs  # type: ignore[misc]
    forward.store(box, [wires(final), wires(outputs)], made, level)


def _named(forward: Forward, lengths: Any, backwards: bool, level: frozenset[Any]) -> dict[str, ast.expr]:
    named: dict[str, ast.expr] = {}
    if isinstance(lengths, Wire):
        named["lengths"] = forward.align_one(forward.terms[lengths], level, expand=True).expression
    if backwards:
        named["backwards"] = number(True)
    return named


def _single(items: list[ast.expr]) -> ast.expr:
    return items[0] if len(items) == 1 else ast.Tuple(items, ast.Load())


def recurrences(forward: Forward, step: Any) -> dict[Wire, ast.expr]:
    """In front of a loop, its products with weights; and of which entries each of them is."""
    found: dict[Wire, ast.expr] = {}
    for box in step.boxes:
        if not isinstance(box.operation, Recur):
            continue
        assert box.instance is not None
        name = forward.fresh_name("recurrence")
        forward.recurrences[box] = name
        forward.owner.helper("Recurrence")
        bias = _weight(forward, box.instance, "bias") if box.operation.biased else ast.Constant(None)
        named: dict[str, ast.expr] = {"alone": ast.Constant(True)} if len(wires(box.inputs)) == 1 else {}
        made = call("Recurrence", _columns(forward, box.instance, box.operation.columns), bias, **named)
        forward.statements.append((ast.Assign([ast.Name(name, ast.Store())], made), box.span))
        for entry in wires(box.inputs)[1:]:
            found[entry] = ast.Name(name, ast.Load())
    return found


def alone(forward: Forward, step: Any, size: Any, level: frozenset[Any]) -> list[tuple[str, ast.expr]]:
    """The entries of products that are added to nothing: zeros, by which their weights' gradients come together. Each
    with the name under which the step takes it."""
    found: list[tuple[str, ast.expr]] = []
    for box in step.boxes:
        if not isinstance(box.operation, Recur) or len(wires(box.inputs)) > 1:
            continue
        assert box.instance is not None
        weight = _weight(forward, box.instance, "weight")
        zero = ast.Call(ast.Attribute(weight, "new_zeros", ast.Load()), [ast.Tuple([], ast.Load())], [])
        use: Any = box.instance.operation
        shape = [forward.size(size), *forward.batch_shape(level), forward.size(use.arguments["n"])]
        name = forward.fresh_name("nothing")
        forward.nothing[box] = name
        expanded = ast.Call(ast.Attribute(zero, "expand", ast.Load()), shape, [])
        recurrence = ast.Name(forward.recurrences[box], ast.Load())
        found.append((name, ast.Tuple([expanded, number(0), recurrence], ast.Load())))
    return found


def recur(forward: Forward, box: Box, operation: Recur) -> None:
    level = forward.levels_of(wires(box.inputs))
    terms = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(box.inputs)]
    given = [term.expression for term in terms]
    if box in forward.nothing:
        given.append(ast.Name(forward.nothing[box], ast.Load()))
    value = ast.Call(ast.Name(forward.recurrences[box], ast.Load()), given, [])
    forward.assign(box, [value], level)


def columns(forward: Forward, box: Box, operation: Columns) -> None:
    [x] = wires(box.inputs)
    assert box.instance is not None
    term = forward.terms[x]
    given = [term.expression, _columns(forward, box.instance, operation.columns)]
    bias = _total_bias(forward, operation.biases)
    forward.assign(box, [call("F.linear", *given, *([bias] if bias is not None else []))], term.levels)


def _total_bias(forward: Forward, instances: list[Instance]) -> ast.expr | None:
    """The sum of biases."""
    total: ast.expr | None = None
    for instance in instances:
        bias = _weight(forward, instance, "bias")
        total = bias if total is None else ast.BinOp(total, ast.Add(), bias)
    return total


def _columns(forward: Forward, instance: Instance, columns: tuple[Dim, Dim] | None) -> ast.expr:
    operation: Any = instance.operation
    first, last = columns or (0, operation.arguments["m"])
    return _piece(forward, (instance, first, last, 0, operation.arguments["n"]))


def multiply_add(forward: Forward, box: Box, operation: MultiplyAdd) -> None:
    terms = [forward.terms[wire] for wire in wires(box.inputs)]
    level = frozenset().union(*(term.levels for term in terms))
    terms = [forward.align_one(term, level, expand=False) for term in terms]
    forward.assign(box, [call("torch.addcmul", *(term.expression for term in terms))], level)


def lookups(forward: Forward, step: Any, state: ast.expr, rank: int, bound: ast.expr) -> None:
    """In front of a loop, the tables that its steps look up; as many rows are looked up as there are states and
    steps."""
    for box in step.boxes:
        if not isinstance(box.operation, Looked):
            continue
        assert box.instance is not None
        name = forward.fresh_name("lookup")
        forward.recurrences[box] = name
        shape: ast.expr = ast.Attribute(state, "shape", ast.Load())
        if rank:
            shape = ast.Subscript(shape, ast.Slice(None, number(-rank), None), ast.Load())
        forward.owner.helper("product_of")
        uses = ast.BinOp(call("product_of", shape), ast.Mult(), bound)
        made = _lookup(forward, box, box.operation, uses)
        forward.statements.append((ast.Assign([ast.Name(name, ast.Store())], made), box.span))


def looked(forward: Forward, box: Box, operation: Looked) -> None:
    [index] = wires(box.inputs)
    term = forward.terms[index]
    if box in forward.recurrences:
        lookup: ast.expr = ast.Name(forward.recurrences[box], ast.Load())
    else:
        uses = ast.Call(ast.Attribute(term.expression, "numel", ast.Load()), [], [])
        lookup = _lookup(forward, box, operation, uses)
    forward.assign(box, [ast.Call(lookup, [term.expression], [])], term.levels)


def _lookup(forward: Forward, box: Box, operation: Looked, uses: ast.expr) -> ast.expr:
    assert box.instance is not None
    forward.owner.helper("Lookup")
    use: Any = box.instance.operation
    own = [box.instance] if use.definition.name == "affine" else []
    bias = _total_bias(forward, [*own, *operation.biases]) or ast.Constant(None)
    points, weight = _weight(forward, operation.points, "weight"), _weight(forward, box.instance, "weight")
    return call("Lookup", points, weight, bias, uses)


def between(forward: Forward, box: Box, operation: Between) -> None:
    terms = [forward.terms[wire] for wire in wires(box.inputs)]
    level = frozenset().union(*(term.levels for term in terms))
    terms = [forward.align_one(term, level, expand=False) for term in terms]
    forward.owner.helper("between")
    forward.assign(box, [call("between", *(term.expression for term in terms))], level)


def pieces(forward: Forward, box: Box, operation: Pieces) -> None:
    [array] = wires(box.inputs)
    term = forward.terms[array]
    sizes = ast.Tuple([forward.size(size) for size in operation.sizes], ast.Load())
    # What `split` calls, without a function in Python in between.
    value = call_on(term.expression, "split_with_sizes", sizes, number(-term.rank))
    forward.assign(box, [value], term.levels)


def call_on(value: ast.expr, method: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(value, method, ast.Load()), list(arguments), [])


def rows(forward: Forward, box: Box, operation: Rows) -> None:
    [array] = wires(box.inputs)
    term = forward.terms[array]
    value = ast.Call(ast.Attribute(term.expression, "unbind", ast.Load()), [number(-term.rank)], [])
    forward.assign(box, [value], term.levels)


def back(forward: Forward, box: Box, operation: Back) -> None:
    [x] = wires(box.inputs)
    term = forward.terms[x]
    # The weight that the loop took, which is not looked up, or computed, anew.
    weight = ast.Attribute(ast.Name(forward.recurrences[operation.of], ast.Load()), "weight", ast.Load())
    forward.assign(box, [ast.BinOp(term.expression, ast.MatMult(), weight)], term.levels)


def slope(forward: Forward, box: Box, operation: Slope) -> None:
    terms = [forward.terms[wire] for wire in wires(box.inputs)]
    level = frozenset().union(*(term.levels for term in terms))
    *factor, y = (forward.align_one(term, level, expand=False).expression for term in terms)
    quoted = (_SLOPES_TIMES if factor else _SLOPES)[operation.name]
    forward.assign(box, [fill(quoted, {"y": y, **({"x": factor[0]} if factor else {})})], level)


#: Derivatives by what the functions gave, and their products with a factor.
_SLOPES = {"sigmoid": quote("y * (1 - y)"), "tanh": quote("1 - y * y"), "relu": quote("(y > 0).to(y.dtype)")}
_SLOPES_TIMES = {"sigmoid": quote("torch.ops.aten.sigmoid_backward(x, y)"),
                 "tanh": quote("torch.ops.aten.tanh_backward(x, y)"),
                 "relu": quote("torch.ops.aten.threshold_backward(x, y, 0)")}


def joined(forward: Forward, box: Box, operation: Joined | Stacked) -> None:
    terms = [forward.terms[wire] for wire in wires(box.inputs)]
    terms = forward.align(terms, expand=True)
    rank = max(term.rank for term in terms)
    parts = ast.Tuple([term.expression for term in terms], ast.Load())
    name, place = ("torch.cat", -rank) if isinstance(operation, Joined) else ("torch.stack", -rank - 1)
    forward.assign(box, [call(name, parts, number(place))], terms[0].levels)


EMITTERS: dict[type, Any] = {Fused: fused, Affine: affine, Linear: linear, Recur: recur, Rows: rows, Pieces: pieces,
                              Columns: columns, MultiplyAdd: multiply_add, Looked: looked, Between: between, Back: back,
                              Slope: slope, Joined: joined, Stacked: joined}
