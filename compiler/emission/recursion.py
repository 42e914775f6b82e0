"""Loops along lists and passes over trees, as statements of ``forward``.

What a step does is a function of its own inside ``forward``: it takes the state and the entries at one place, and uses
what is around it. It is handed to one of the loops in ``emitted``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.compiler.derived.operations import MultiplyAdd, Recur
from catlang.compiler.emission import derived
from catlang.compiler.lowering.row import call, number
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import axes_of
from catlang.objects.shapes import Child, Children, Data, Listed, Shape
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.compiler.emission.forward import Forward

Levels = frozenset[Any]


def scan(forward: Forward, box: Box, operation: Scan) -> None:
    """A loop along an axis."""
    lengths, state, elements = box.inputs  # type: ignore[misc]
    level = _levels(forward, [*wires(box.inputs)], operation.step)
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(state)]
    inner_state, inner_elements = operation.step.inputs  # type: ignore[misc]
    marked = {wires(one.inputs)[1] for one in operation.step.boxes if isinstance(one.operation, Recur)}
    # What a product is added to is along all batch axes that the product is along.
    given = [forward.align_one(forward.terms[wire], level, expand=True) if inner in marked else forward.terms[wire]
             for wire, inner in zip(wires(elements), wires(inner_elements), strict=True)]
    arrays = {inner: term.expression for inner, term in zip(wires(inner_elements), given, strict=True)}
    places = {inner: -term.rank for inner, term in zip(wires(inner_elements), given, strict=True)}
    derived.recurrences(forward, operation.step, arrays, places, operation.backwards)
    parameters = []
    for wire in wires(inner_state):
        parameters.append(forward.parameter(wire, level))
    for wire, term in zip(wires(inner_elements), given, strict=True):
        parameters.append(forward.parameter(wire, term.levels))
    after, emitted = operation.step.outputs  # type: ignore[misc]
    inputs = [_tuple([arrays[wire], number(places[wire])]) for wire in wires(inner_elements)]
    steady = _steady(forward, operation.step)
    before = {wire: forward.terms[wire] for wire in steady}
    for wire in steady:
        # The same at every place: a view, whose gradient is then one sum, not one more sum at each step.
        term = before[wire]
        shape = [forward.size(operation.size), *forward.batch_shape(level), *[number(-1)] * term.rank]
        inputs.append(_tuple([ast.Call(ast.Attribute(term.expression, "expand", ast.Load()), shape, []), number(0)]))
        parameters.append(forward.shadow(wire, level))
    name = forward.function("step", parameters, operation.step, [*wires(after), *wires(emitted)], level, box.span)
    forward.terms.update(before)
    arguments = [name, _single([term.expression for term in begin]), _tuple(inputs), forward.size(operation.size)]
    ranks = [len(axes_of(wire.object)) for wire in wires(emitted)]
    if ranks:
        arguments.append(_tuple([number(-rank - 1) for rank in ranks]))
    named: dict[str, ast.expr] = {}
    if isinstance(lengths, Wire):
        named["lengths"] = forward.align_one(forward.terms[lengths], level, expand=False).expression
    if operation.backwards:
        named["backwards"] = number(True)
    helper = "run_along" if ranks else "fold_along"
    forward.owner.helper(helper)
    final, outputs = box.outputs  # type: ignore[misc]
    value = call(helper, *arguments, **named)
    groups = [wires(final), wires(outputs)] if ranks else [wires(final)]
    forward.store(box, groups, value, level)


def _steady(forward: Forward, step: Diagram) -> list[Wire]:
    """Weights that a step uses entry by entry: the same at every place, and for all of the batch."""
    found: dict[Wire, None] = {}
    for wire in d.captured(step):
        term = forward.terms[wire]
        uses = [box for box in step.boxes if wire in wires(box.inputs)]
        learned = isinstance(term.made, ast.Attribute)
        if learned and not term.levels and uses and all(isinstance(box.operation, MultiplyAdd) or (
                isinstance(box.operation, d.Use) and box.operation.definition.name in ("add", "sub", "mul"))
                for box in uses):
            found[wire] = None
    return list(found)


def grow(forward: Forward, box: Box, operation: Grow) -> None:
    """A list unfolded from a state."""
    level = _levels(forward, wires(box.inputs), operation.step)
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(box.inputs)]
    parameters = [forward.parameter(wire, level) for wire in wires(operation.step.inputs)]
    tag, emitted, after = operation.step.outputs  # type: ignore[misc]
    outputs = [*wires(tag), *wires(after), *wires(emitted)]
    name = forward.function("step", parameters, operation.step, outputs, level, box.span)
    places = _tuple([number(-len(axes_of(wire.object)) - 1) for wire in wires(emitted)])
    forward.owner.helper("grow_along")
    value = call("grow_along", name, _single([term.expression for term in begin]), forward.size(operation.bound),
                 places)
    lengths, grown = box.outputs  # type: ignore[misc]
    forward.store(box, [wires(lengths), wires(grown)], value, level)


def fold_tree(forward: Forward, box: Box, operation: FoldTree) -> None:
    """A pass over trees, level by level."""
    [tree] = wires(box.inputs)
    term = forward.terms[tree]
    captured = [wire for branch in operation.branches for wire in d.captured(branch) if forward.terms[wire].levels]
    captured = list(dict.fromkeys(captured))
    level = term.levels.union(*(forward.terms[wire].levels for wire in captured))
    tree_term = forward.align_one(term, level, expand=True)
    around = [forward.align_one(forward.terms[wire], level, expand=True) for wire in captured]
    functions: list[ast.expr] = []
    for place, (shape, branch) in enumerate(zip(operation.shapes, operation.branches, strict=True)):
        functions.append(_branch(forward, f"constructor_{place}", shape.parts(), branch, captured, box.span))
    forward.owner.helper("fold_trees")
    named: dict[str, ast.expr] = {"around": _tuple([one.expression for one in around])} if around else {}
    parts = [shape.parts() for shape in operation.shapes]
    if any(isinstance(part, Listed | Children) for one in parts for part in one) and not any(
            all(isinstance(part, Data) for part in one) for one in parts):
        # Where a node has no children, something has to say what their states would be.
        named["like"] = _tuple([forward.example(wire) for wire in wires(box.outputs)])
    value = call("fold_trees", tree_term.expression, _tuple(functions), **named)
    forward.store(box, [wires(box.outputs)], value, level, tuples=True)


def _branch(forward: Forward, name: str, parts: list[Shape], branch: Diagram, captured: list[Wire],
            span: Span) -> ast.expr:
    """The function of a constructor: all nodes of a level at once."""
    assert isinstance(branch.inputs, tuple)
    parameters: list[str] = []
    unpacked: list[ast.stmt] = []
    first: ast.expr | None = None
    own = list(branch.inputs)
    node_level = (branch, ast.Name("nodes", ast.Load()))
    level: Levels = frozenset({node_level})
    for part, value in zip(parts, own, strict=True):
        if isinstance(part, Data):
            label, statements, probe = _data(forward, value, level)
        elif isinstance(part, Child):
            label, statements, probe = _states(forward, value, level, "child", lambda one: one)
        elif isinstance(part, Children):
            shape = [forward.size(axis) for axis in part.axes]
            reshape = (lambda one: one) if len(shape) == 1 else (lambda one, shape=shape: ast.Call(
                ast.Attribute(one, "unflatten", ast.Load()), [number(1), _tuple(shape)], []))
            label, statements, probe = _states(forward, value, level, "children", reshape)
        else:
            assert isinstance(part, Listed)
            label, statements, probe = _listed(forward, value, level)
        parameters.append(label)
        unpacked += statements
        first = first if first is not None else probe
    before = {wire: forward.terms[wire] for wire in captured}
    for wire in captured:
        parameters.append(forward.shadow(wire, level))
        first = first if first is not None else ast.Name(parameters[-1], ast.Load())
    outside, forward.context = forward.context, (node_level,)
    made = forward.function(name, parameters, branch, wires(branch.outputs),
                            level if first is not None else frozenset(), span, unpacked=unpacked, always_tuple=True,
                            sized=("nodes", first) if first is not None else None)
    forward.context = outside
    forward.terms.update({wire: before[wire] for wire in captured})
    return made


def _data(forward: Forward, value: Value, level: Levels) -> tuple[str, list[ast.stmt], ast.expr | None]:
    """A datum: a tensor, or nested tuples of them."""
    if isinstance(value, Wire):
        label = forward.parameter(value, level)
        return label, [], ast.Name(label, ast.Load())
    label = forward.fresh_name("data")
    targets: list[ast.expr] = []
    statements: list[ast.stmt] = []
    probe: ast.expr | None = None
    for part in value:
        inner, more, found = _data(forward, part, level)
        targets.append(ast.Name(inner, ast.Store()))
        statements += more
        probe = probe if probe is not None else found
    if targets:
        statements.insert(0, ast.Assign([ast.Tuple(targets, ast.Store())], ast.Name(label, ast.Load())))
    return label, statements, probe


def _states(forward: Forward, value: Value, level: Levels, name: str,
            change: Any) -> tuple[str, list[ast.stmt], ast.expr | None]:
    """The states of children, a tuple of tensors."""
    label = forward.fresh_name(name)
    found = wires(value)
    names = [forward.parameter(wire, level, name) for wire in found]
    statements: list[ast.stmt] = [ast.Assign([ast.Tuple([ast.Name(one, ast.Store()) for one in names], ast.Store())],
                                             ast.Name(label, ast.Load()))]
    for one in names:
        changed = change(ast.Name(one, ast.Load()))
        if not isinstance(changed, ast.Name):
            statements.append(ast.Assign([ast.Name(one, ast.Store())], changed))
    return label, statements, ast.Name(names[0], ast.Load()) if names else None


def _listed(forward: Forward, value: Value, level: Levels) -> tuple[str, list[ast.stmt], ast.expr | None]:
    """The states of a list of children."""
    lengths, states = value  # type: ignore[misc]
    assert isinstance(lengths, Wire)
    label = forward.fresh_name("children")
    size = forward.parameter(lengths, level, f"{label}_lengths")
    names = [forward.parameter(wire, level, label) for wire in wires(states)]
    for one, wire in zip(names, wires(states), strict=True):
        for variable in dims.variables(axes_of(wire.object)[0]):  # type: ignore[arg-type]
            place = number(-len(axes_of(wire.object)))
            forward.local[variable] = ast.Subscript(ast.Attribute(ast.Name(one, ast.Load()), "shape", ast.Load()),
                                                    place, ast.Load())
    inner: ast.expr = ast.Attribute(ast.Name(label, ast.Load()), "data", ast.Load())
    targets: list[ast.expr] = [ast.Name(one, ast.Store()) for one in names]
    return label, [
        ast.Assign([ast.Name(size, ast.Store())], ast.Attribute(ast.Name(label, ast.Load()), "lengths", ast.Load())),
        ast.Assign([targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())], inner),
    ], ast.Name(size, ast.Load())


def grow_tree(forward: Forward, box: Box, operation: GrowTree) -> None:
    """Trees unfolded from a state, level by level."""
    level = _levels(forward, wires(box.inputs), operation.step)
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(box.inputs)]
    node_level = (operation.step, ast.Name("nodes", ast.Load()))
    inner: Levels = frozenset({node_level})
    label, unpacked, probe = _states(forward, operation.step.inputs, inner, "states", lambda one: one)
    assert probe is not None
    outside, forward.context = forward.context, (node_level,)
    tag, *summands = operation.step.outputs  # type: ignore[misc]
    name = forward.function("step", [label], operation.step, [], inner, box.span, unpacked, sized=("nodes", probe),
                            result=lambda: _grown(forward, operation.shapes, tag, summands, inner))
    forward.context = outside
    forward.owner.helper("unfold_trees")
    shape = _tuple(forward.batch_shape(level))
    value = call("unfold_trees", name, _tuple([term.expression for term in begin]), forward.size(operation.bound),
                 number_tree(constructors(operation.shapes, forward)), number(operation.stop),
                 batch_rank=call("len", shape))
    forward.store(box, [wires(box.outputs)], value, level)


def _grown(forward: Forward, shapes: list[Shape], tag: Value, summands: list[Value], level: Levels) -> ast.expr:
    def out(wire: Wire) -> ast.expr:
        return forward.align_one(forward.terms[wire], level, expand=True).expression

    def part(shape: Shape, value: Value) -> ast.expr:
        if isinstance(shape, Data):
            if isinstance(value, Wire):
                return out(value)
            return _tuple([part(shape, one) for one in value])
        if isinstance(shape, Listed):
            lengths, states = value  # type: ignore[misc]
            forward.owner.helper("Lists")
            return call("Lists", _single([out(wire) for wire in wires(states)]), out(lengths))  # type: ignore[arg-type]
        return _tuple([out(wire) for wire in wires(value)])

    made = []
    for shape, value in zip(shapes, summands, strict=True):
        parts = shape.parts()
        values = _split(shape, value)
        made.append(_tuple([part(one, inner) for one, inner in zip(parts, values, strict=True)]))
    [tag_wire] = wires(tag)
    return _tuple([out(tag_wire), _tuple(made)])


def _split(shape: Shape, value: Value) -> list[Value]:
    """The values of a shape's parts."""
    inner = getattr(shape, "shape", None)
    if inner is not None:
        return _split(inner, value)
    items = getattr(shape, "items", None)
    if items is not None:
        assert isinstance(value, tuple)
        return [one for item, part in zip(items, value, strict=True) for one in _split(item, part)]
    return [value] if shape.parts() else []


def constructors(shapes: list[Shape], forward: Any = None) -> tuple[tuple[Any, ...], ...]:
    """The constructors of a functor as containers have them."""
    found = []
    for shape in shapes:
        parts: list[Any] = []
        for part in shape.parts():
            if isinstance(part, Children):
                total: Any = 1
                for axis in part.axes:
                    total = total * axis
                parts.append(total)
            else:
                parts.append({Data: "data", Child: "tree", Listed: "list"}[type(part)])
        found.append(tuple(parts))
    return tuple(found)


def number_tree(value: Any) -> ast.expr:
    if isinstance(value, tuple):
        return _tuple([number_tree(one) for one in value])
    return number(value)


# -------------------------------------------------------------------- lists


def mask(forward: Forward, box: Box, operation: Mask) -> None:
    [lengths] = wires(box.inputs)
    term = forward.terms[lengths]
    forward.owner.helper("inside")
    arguments = [term.expression, forward.size(operation.size)] + ([number(1)] if operation.safe else [])
    forward.assign(box, [call("inside", *arguments)], term.levels)


def opened(forward: Forward, box: Box, operation: Opened) -> None:
    """Another name for the size of an axis: the array is the same."""
    [source], [target] = wires(box.inputs), wires(box.outputs)
    forward.terms[target] = forward.terms[source]


def of_lists(forward: Forward, box: Box, operation: OfLists) -> None:
    _OF_LISTS[operation.kind](forward, box, operation)


def _shift(expression: ast.expr, by: int) -> ast.expr:
    return ast.BinOp(expression, ast.Add() if by > 0 else ast.Sub(), number(abs(by)))


def _lengths(forward: Forward, box: Box, wire: Wire, value: ast.expr, level: Levels) -> None:
    forward.assign(Box(box.operation, box.inputs, wire, None, box.span), [value], level)


def _moved(forward: Forward, box: Box, helper: str, x: Wire, y: Wire, level: Levels, *more: ast.expr,
           first: ast.expr | None = None) -> None:
    """One array of the elements, by a helper that takes the place of the axis last."""
    forward.owner.helper(helper)
    term = forward.align_one(forward.terms[x], level, expand=True)
    arguments = [*([first] if first is not None else []), term.expression, *more, number(-term.rank)]
    forward.assign(Box(box.operation, box.inputs, y, None, box.span), [call(helper, *arguments)], level)


def _grows(forward: Forward, box: Box, operation: OfLists) -> None:
    """An element more, in front or behind."""
    element, (lengths, elements) = box.inputs  # type: ignore[misc]
    longer, outputs = box.outputs  # type: ignore[misc]
    level = _levels(forward, wires(box.inputs))
    size = forward.align_one(forward.terms[lengths], level, expand=True).expression  # type: ignore[index]
    for one, x, y in zip(wires(element), wires(elements), wires(outputs), strict=True):
        own = forward.align_one(forward.terms[one], level, expand=True).expression
        if operation.kind == "cons":
            _moved(forward, box, "list_cons", x, y, level, first=own)
        else:
            _moved(forward, box, "list_end", x, y, level, size, first=own)
    _lengths(forward, box, longer, _shift(size, 1), level)  # type: ignore[arg-type]


def _shrinks(forward: Forward, box: Box, operation: OfLists) -> None:
    lengths, elements = box.inputs  # type: ignore[misc]
    shorter, outputs = box.outputs  # type: ignore[misc]
    for x, y in zip(wires(elements), wires(outputs), strict=True):
        if operation.kind == "tail":
            _moved(forward, box, "list_tail", x, y, forward.terms[x].levels)
        else:
            forward.terms[y] = forward.terms[x]
    term = forward.terms[lengths]  # type: ignore[index]
    value = ast.Call(ast.Attribute(_shift(term.expression, -1), "clamp", ast.Load()), [],
                     [ast.keyword("min", number(0))])
    _lengths(forward, box, shorter, value, term.levels)  # type: ignore[arg-type]


def _reverse(forward: Forward, box: Box, operation: OfLists) -> None:
    lengths, elements = box.inputs  # type: ignore[misc]
    same, outputs = box.outputs  # type: ignore[misc]
    level = _levels(forward, wires(box.inputs))
    term = forward.align_one(forward.terms[lengths], level, expand=True)  # type: ignore[index]
    for x, y in zip(wires(elements), wires(outputs), strict=True):
        _moved(forward, box, "list_reverse", x, y, level, term.expression)
    forward.terms[same] = forward.terms[lengths]  # type: ignore[index]


def _zip(forward: Forward, box: Box, operation: OfLists) -> None:
    (lengths, left), (others, right) = box.inputs  # type: ignore[misc]
    shorter, (first, second) = box.outputs  # type: ignore[misc]
    one, other = forward.terms[lengths], forward.terms[others]  # type: ignore[index]
    for x, y in zip(wires(left), wires(first), strict=True):
        forward.terms[y] = forward.terms[x]
    for x, y in zip(wires(right), wires(second), strict=True):
        if axes_of(x.object) == axes_of(y.object):
            forward.terms[y] = forward.terms[x]
        else:
            _moved(forward, box, "list_fit", x, y, forward.terms[x].levels, forward.size(axes_of(y.object)[0]))
    if lengths is others:
        forward.terms[shorter] = one  # type: ignore[index]
        return
    level = one.levels | other.levels
    one, other = forward.align_one(one, level, False), forward.align_one(other, level, False)
    _lengths(forward, box, shorter, call("torch.minimum", one.expression, other.expression), level)  # type: ignore[arg-type]


def _length(forward: Forward, box: Box, operation: OfLists) -> None:
    [lengths] = wires(box.inputs)
    term = forward.terms[lengths]
    value = ast.Call(ast.Attribute(term.expression, "to", ast.Load()), [forward.owner.real(forward)], [])
    forward.assign(box, [value], term.levels)


def _full(forward: Forward, box: Box, operation: OfLists) -> None:
    value = call("torch.tensor", forward.size(operation.size), device=forward.owner.device(forward))
    forward.assign(box, [value], frozenset())


def _tag(forward: Forward, box: Box, operation: OfLists) -> None:
    [wire] = wires(box.inputs)
    term = forward.terms[wire]
    forward.assign(box, [ast.Call(ast.Attribute(term.expression, "long", ast.Load()), [], [])], term.levels)


_OF_LISTS = {"cons": _grows, "end": _grows, "tail": _shrinks, "but_last": _shrinks, "reverse": _reverse, "zip": _zip,
             "length": _length, "full": _full, "tag": _tag}


def _levels(forward: Forward, given: list[Wire], body: Diagram | None = None) -> Levels:
    """The batch axes that a loop goes along: those of what it takes and of what it uses from around it."""
    found: Levels = frozenset().union(*(forward.terms[wire].levels for wire in given))
    if body is not None:
        found = found.union(*(forward.terms[wire].levels for wire in d.captured(body) if wire in forward.terms))
        if any(isinstance(box.operation, d.Use) and box.operation.definition.noise is not None
               or getattr(getattr(box.operation, "network", None), "stochastic", False)
               for _, box in d.everything(body)):
            found |= frozenset(forward.context)
    return found


def _tuple(items: list[ast.expr]) -> ast.expr:
    return ast.Tuple(items, ast.Load())


def _single(items: list[ast.expr]) -> ast.expr:
    """One by itself, several as a tuple."""
    return items[0] if len(items) == 1 else _tuple(items)


EMITTERS: dict[type, Any] = {
    Scan: scan, Grow: grow, FoldTree: fold_tree, GrowTree: grow_tree, Mask: mask, Opened: opened, OfLists: of_lists,
}

