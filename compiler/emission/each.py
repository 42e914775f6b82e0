"""``each`` as statements of ``forward``: its body with one batch axis more, and no loop.

A body that may not see what stands behind the ends of lists is given what lists have, packed into one batch.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import TYPE_CHECKING

from catlang.compiler.derived.uses import total
from catlang.compiler.emission.constancy import draws
from catlang.compiler.emission.term import Term
from catlang.compiler.lowering.row import call, number
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, wires
from catlang.network.network import Each
from catlang.objects.colour import axes_of

if TYPE_CHECKING:
    from catlang.compiler.emission.forward import Forward

def each(forward: Forward, box: Box, operation: Each) -> None:
    level = (operation.body, operation.size)
    if operation.lengths is not None and forward.context == (0,) and not total(operation.body.boxes):
        _packed(forward, box, operation)
        return
    outside = forward.context
    uses = Counter(wire for one in operation.body.boxes for wire in {*wires(one.inputs)}) if operation.front else {}
    for inner, outer in zip(wires(operation.body.inputs), wires(box.inputs), strict=True):
        term = forward.terms[outer]
        if term.literal is not None:
            forward.terms[inner] = forward.literal(term.literal, inner)
            continue
        made = term.made
        if operation.front and term.levels:
            made = _moved(term.expression, -term.rank, 0)
            if uses[inner] > 1:
                label = forward.fresh_name(inner.name or "x")
                forward.statements.append((ast.Assign([ast.Name(label, ast.Store())], made), box.span))
                made = ast.Name(label, ast.Load())
        forward.terms[inner] = Term(made, term.levels | {level}, term.rank - 1)
    # A view, whose memory is then written place by place.
    forward.context = (level, *outside) if operation.front else (*outside, level)
    forward.diagram(operation.body)
    for outer, inner in zip(wires(box.outputs), wires(operation.body.outputs), strict=True):
        term = forward.terms[inner]
        if term.literal is not None:
            forward.terms[outer] = forward.literal(term.literal, outer)
            continue
        if level not in term.levels:
            term = forward.align_one(term, term.levels | {level}, expand=True)
        levels = term.levels - {level}
        made = _moved(term.expression, 0, -term.rank - 1) if operation.front and levels else term.expression
        forward.terms[outer] = Term(made, levels, term.rank + 1)
    forward.context = outside


def _packed(forward: Forward, box: Box, operation: Each) -> None:
    """A body that is not defined everywhere, or that looks at all of a batch: it is given what lists have, and not
    what stands behind their ends."""
    assert operation.lengths is not None
    body, lengths = operation.body, forward.terms[operation.lengths]
    for helper in ("inside", "packed", "packed_for_each", "unpacked"):
        forward.owner.helper(helper)
    captured = [wire for wire in d.captured(body) if forward.terms[wire].levels]
    given = [forward.terms[wire] for wire in wires(box.inputs)]
    # What is the same for the whole batch stays so: networks that take it are told (see ``constancy``).
    union = frozenset(forward.context) if draws(body) else lengths.levels.union(
        *(term.levels for term in given), *(forward.terms[wire].levels for wire in captured))
    lengths = forward.align_one(lengths, union, expand=True)
    mask = forward.fresh_name("there")
    made = call("inside", lengths.expression, forward.size(operation.size))
    forward.statements.append((ast.Assign([ast.Name(mask, ast.Store())], made), box.span))
    loaded = ast.Name(mask, ast.Load())
    rows: ast.expr = ast.Call(ast.Attribute(loaded, "sum", ast.Load()), [], [])
    level = (body, rows)
    inner = frozenset({level})
    for wire, term in zip(wires(body.inputs), given, strict=True):
        term = forward.align_one(term, union, expand=True)
        name = forward.fresh_name(wire.name or "x")
        value = call("packed", term.expression, loaded)
        forward.statements.append((ast.Assign([ast.Name(name, ast.Store())], value), box.span))
        forward.terms[wire] = Term(ast.Name(name, ast.Load()), inner, len(axes_of(wire.object)))
    before = {wire: forward.terms[wire] for wire in captured}
    for wire, term in before.items():
        name = forward.fresh_name(wire.name or "around")
        aligned = forward.align_one(term, union, expand=True).expression
        value = call("packed_for_each", aligned, loaded, number(term.rank))
        forward.statements.append((ast.Assign([ast.Name(name, ast.Store())], value), box.span))
        forward.terms[wire] = Term(ast.Name(name, ast.Load()), inner, term.rank)
    outside, forward.context = forward.context, (level,)
    forward.diagram(body)
    outputs = [forward.align_one(forward.terms[wire], inner, expand=True) for wire in wires(body.outputs)]
    forward.context = outside
    forward.terms.update(before)
    values = [call("unpacked", term.expression, loaded) for term in outputs]
    forward.assign(box, values, union)


def _moved(value: ast.expr, source: int, target: int) -> ast.expr:
    """An array with one axis at another place; there and back again it is the array."""
    if (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "movedim"
            and [ast.dump(one) for one in value.args] == [ast.dump(number(one)) for one in (target, source)]):
        return value.func.value
    return ast.Call(ast.Attribute(value, "movedim", ast.Load()), [number(source), number(target)], [])
