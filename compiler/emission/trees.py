"""Passes over trees as statements of ``forward``: each constructor a function of all its nodes in one level.

What a constructor makes of its data alone is computed in front, for all nodes of all levels at once.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.compiler.derived.hoisting import data_only, taken
from catlang.compiler.derived.operations import HyloTree
from catlang.compiler.emission.functions import function
from catlang.compiler.emission.loops import Levels, around_levels, single, tupled
from catlang.compiler.lowering.row import call, number
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.network.recursion import FoldTree, GrowTree
from catlang.objects.colour import axes_of
from catlang.objects.shapes import Child, Children, Data, Listed, Shape
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.compiler.emission.forward import Forward


def fold_tree(forward: Forward, box: Box, operation: FoldTree) -> None:
    """A pass over trees, level by level."""
    [tree] = wires(box.inputs)
    term = forward.terms[tree]
    captured = _captured(forward, operation)
    level = term.levels.union(*(forward.terms[wire].levels for wire in captured))
    tree_term = forward.align_one(term, level, expand=True)
    around = [forward.align_one(forward.terms[wire], level, expand=True) for wire in captured]
    functions: list[ast.expr] = []
    prepared: list[ast.expr] = []
    for place, (shape, branch) in enumerate(zip(operation.shapes, operation.branches, strict=True)):
        before, early, late = _prepared(forward, tree_term.expression, place, shape.parts(), branch, set(captured))
        prepared.append(before)
        functions.append(_branch(forward, f"constructor_{place}", shape.parts(), late, captured, box.span, early))
    named = _named(forward, operation, around, box)
    if any(not isinstance(one, ast.Constant) for one in prepared):
        named["prepared"] = tupled(prepared)
    forward.owner.helper("fold_trees")
    value = call("fold_trees", tree_term.expression, tupled(functions), **named)
    forward.store(box, [wires(box.outputs)], value, level, tuples=True)


def _captured(forward: Forward, operation: FoldTree) -> list[Wire]:
    """What constructors use from around them that is another one for each tree."""
    found = [wire for branch in operation.branches for wire in d.captured(branch) if forward.terms[wire].levels]
    return list(dict.fromkeys(found))


def _named(forward: Forward, operation: FoldTree, around: list[Any], box: Box) -> dict[str, ast.expr]:
    named: dict[str, ast.expr] = {"around": tupled([one.expression for one in around])} if around else {}
    parts = [shape.parts() for shape in operation.shapes]
    if any(isinstance(part, Listed | Children) for one in parts for part in one) and not any(
            all(isinstance(part, Data) for part in one) for one in parts):
        # Where a node has no children, something has to say what their states would be.
        named["like"] = tupled([forward.example(wire) for wire in wires(box.outputs)])
    return named


def _prepared(forward: Forward, tree: ast.expr, place: int, parts: list[Shape], branch: Diagram,
              captured: set[Wire]) -> tuple[ast.expr, list[Wire] | None, Diagram]:
    """What a constructor makes of its data alone, for all of its nodes; the wires that its function then takes, and
    what is left for it to do."""
    early = data_only(branch, parts, captured)
    assert isinstance(branch.inputs, tuple)
    data = [value for part, value in zip(parts, branch.inputs, strict=True) if isinstance(part, Data)]
    given = [wire for value in data for wire in wires(value)]
    if not given or not any(not set(taken(one)).isdisjoint(given) for one in early):
        return ast.Constant(None), None, branch
    own: ast.expr = ast.Subscript(ast.Attribute(tree, "data", ast.Load()), number(place), ast.Load())
    level: Levels = frozenset({(branch, ast.Subscript(ast.Attribute(ast.Name("", ast.Load()), "shape", ast.Load()),
                                                     number(0), ast.Load()))})
    [(_, size)] = level
    names = [forward.parameter(wire, level, wire.name or "data") for wire in given]
    probe = ast.Name(names[0], ast.Load())
    size.value.value = probe

    def targets(value: Value) -> ast.expr:
        if isinstance(value, Wire):
            term = forward.terms[value].expression
            assert isinstance(term, ast.Name)
            return ast.Name(term.id, ast.Store())
        return ast.Tuple([targets(part) for part in value], ast.Store())

    forward.statements.append((ast.Assign([ast.Tuple([targets(value) for value in data], ast.Store())], own),
                               branch.span))
    outside, forward.context = forward.context, tuple(level)
    for one in early:
        forward.box(one)
    forward.context = outside
    late = [one for one in branch.boxes if one not in early]
    forward.names.cut([wire for one in early for wire in wires(one.outputs)],
                      [wire for one in late for wire in wires(one.outputs)])
    made = {wire for one in early for wire in wires(one.outputs)} | set(given)
    used = dict.fromkeys(wire for one in late for wire in taken(one) if wire in made)
    used.update(dict.fromkeys(wire for wire in wires(branch.outputs) if wire in made))
    kept = [wire for wire in used if forward.terms[wire].levels]
    arrays = [forward.terms[wire].expression for wire in kept]
    rest = Diagram(branch.name, branch.inputs, None, branch.span)
    rest.boxes, rest.outputs = late, branch.outputs
    # In the place of the first datum stands all that was computed, in the places of the others nothing.
    return tupled([tupled(arrays), *(tupled([]) for _ in data[1:])]), kept, rest


def _branch(forward: Forward, name: str, parts: list[Shape], branch: Diagram, captured: list[Wire],
            span: Span, early: list[Wire] | None) -> ast.expr:
    """The function of a constructor: all nodes of a level at once."""
    assert isinstance(branch.inputs, tuple)
    parameters: list[str] = []
    unpacked: list[ast.stmt] = []
    first: ast.expr | None = None
    own = list(branch.inputs)
    node_level = (branch, ast.Name("nodes", ast.Load()))
    level: Levels = frozenset({node_level})
    for part, value in zip(parts, own, strict=True):
        if isinstance(part, Data) and early is not None:
            # Only the first datum's place holds anything.
            label, statements, probe = _data(forward, tuple(early), level)
            early = []
        elif isinstance(part, Data):
            label, statements, probe = _data(forward, value, level)
        elif isinstance(part, Child):
            label, statements, probe = _states(forward, value, level, "child", lambda one: one)
        elif isinstance(part, Children):
            shape = [forward.size(axis) for axis in part.axes]
            reshape = (lambda one: one) if len(shape) == 1 else (lambda one, shape=shape: ast.Call(
                ast.Attribute(one, "unflatten", ast.Load()), [number(1), tupled(shape)], []))
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
    made = function(forward, name, parameters, branch, wires(branch.outputs),
                    level if first is not None else frozenset(), span, unpacked=unpacked, always_tuple=True,
                    sized=("nodes", _rows(first)) if first is not None else None)
    forward.context = outside
    forward.terms.update({wire: before[wire] for wire in captured})
    return made


def _rows(probe: ast.expr) -> ast.expr:
    """How many nodes there are, of something with a row for each."""
    return ast.Subscript(ast.Attribute(probe, "shape", ast.Load()), number(0), ast.Load())


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
    level = around_levels(forward, wires(box.inputs), operation.step)
    arguments, shape = _growth(forward, box, operation, level)
    forward.owner.helper("unfold_trees")
    value = call("unfold_trees", *arguments, batch_rank=call("len", shape))
    forward.store(box, [wires(box.outputs)], value, level)


def hylo_tree(forward: Forward, box: Box, operation: HyloTree) -> None:
    """Trees unfolded and folded, without the trees."""
    level = around_levels(forward, wires(box.inputs), operation.grown.step)
    captured = _captured(forward, operation.folded)
    level = level.union(*(forward.terms[wire].levels for wire in captured))
    arguments, shape = _growth(forward, box, operation.grown, level)
    around = [forward.align_one(forward.terms[wire], level, expand=True) for wire in captured]
    functions = [_branch(forward, f"constructor_{place}", one.parts(), branch, captured, box.span, None)
                 for place, (one, branch) in enumerate(zip(
                     operation.folded.shapes, operation.folded.branches, strict=True))]
    named = _named(forward, operation.folded, around, box)
    forward.owner.helper("hylo_trees")
    value = call("hylo_trees", *arguments, tupled(functions), batch_rank=call("len", shape), **named)
    forward.store(box, [wires(box.outputs)], value, level, tuples=True)


def _growth(forward: Forward, box: Box, operation: GrowTree, level: Levels) -> tuple[list[ast.expr], ast.expr]:
    """The step of a growth with what it begins with, its bound, and where it stops; and the axes of its batch."""
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(box.inputs)]
    node_level = (operation.step, ast.Name("nodes", ast.Load()))
    inner: Levels = frozenset({node_level})
    label, unpacked, probe = _states(forward, operation.step.inputs, inner, "states", lambda one: one)
    assert probe is not None
    outside, forward.context = forward.context, (node_level,)
    tag, *summands = operation.step.outputs  # type: ignore[misc]
    name = function(forward, "step", [label], operation.step, [], inner, box.span, unpacked,
                    sized=("nodes", _rows(probe)),
                    result=lambda: _grown(forward, operation.shapes, tag, summands, inner))
    forward.context = outside
    shape = tupled(forward.batch_shape(level))
    return [name, tupled([term.expression for term in begin]), forward.size(operation.bound),
            number_tree(constructors(operation.shapes)), number(operation.stop)], shape


def _grown(forward: Forward, shapes: list[Shape], tag: Value, summands: list[Value], level: Levels) -> ast.expr:
    def out(wire: Wire) -> ast.expr:
        return forward.align_one(forward.terms[wire], level, expand=True).expression

    def part(shape: Shape, value: Value) -> ast.expr:
        if isinstance(shape, Data):
            if isinstance(value, Wire):
                return out(value)
            return tupled([part(shape, one) for one in value])
        if isinstance(shape, Listed):
            lengths, states = value  # type: ignore[misc]
            forward.owner.helper("Lists")
            return call("Lists", single([out(wire) for wire in wires(states)]), out(lengths))  # type: ignore[arg-type]
        axes = shape.axes if isinstance(shape, Children) else ()
        found = [out(wire) for wire in wires(value)]
        if len(axes) > 1:
            found = [ast.Call(ast.Attribute(one, "flatten", ast.Load()), [number(1), number(len(axes))], [])
                     for one in found]
        return tupled(found)

    made = []
    for shape, value in zip(shapes, summands, strict=True):
        parts = shape.parts()
        values = _split(shape, value)
        made.append(tupled([part(one, inner) for one, inner in zip(parts, values, strict=True)]))
    [tag_wire] = wires(tag)
    return tupled([out(tag_wire), tupled(made)])


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
        return tupled([number_tree(one) for one in value])
    return number(value)


EMITTERS: dict[type, Any] = {FoldTree: fold_tree, GrowTree: grow_tree, HyloTree: hylo_tree}
