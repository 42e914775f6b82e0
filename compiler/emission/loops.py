"""Loops along lists, and what is done to lists, as statements of ``forward``.

What a step does is a function of its own inside ``forward``: it takes the state and the entries at one place, and uses
what is around it. It is handed to one of the loops in ``emitted``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from catlang.compiler.derived.hoisting import taken
from catlang.compiler.derived.operations import Associative, Hylo, MultiplyAdd, Reverse, Words
from catlang.compiler.derived.uses import mixes
from catlang.compiler.emission import derived
from catlang.compiler.emission.constancy import draws
from catlang.compiler.emission.functions import function
from catlang.compiler.emission.term import Term
from catlang.compiler.lowering.row import call, number, quote
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.network import Each
from catlang.network.recursion import Grow, Mask, OfLists, Opened, Scan
from catlang.objects.colour import axes_of, base_of

if TYPE_CHECKING:
    from catlang.compiler.emission.forward import Forward

Levels = frozenset[Any]


def scan(forward: Forward, box: Box, operation: Scan) -> None:
    """A loop along an axis."""
    lengths, state, elements = box.inputs  # type: ignore[misc]
    step = operation.step
    level = around_levels(forward, [*wires(box.inputs)], step)
    words = _words(forward, box, operation, level) if isinstance(operation, Words) else None
    inner_state, inner_elements = step.inputs  # type: ignore[misc]
    # Lists of a batch may be packed, if the batch is all that there is to be along.
    packs = isinstance(lengths, Wire) and forward.context == (0,) and 0 in level
    products = derived.recurrences(forward, step)
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(state)]
    whole = packs or operation.reverse is not None
    if words is None:
        given = [forward.align_one(forward.terms[wire], level, expand=True) if inner in products or whole
                 else forward.terms[wire] for wire, inner in zip(wires(elements), wires(inner_elements), strict=True)]
    else:
        # What the loop takes is not there before the loop begins.
        given = [Term(ast.Constant(None), level, len(axes_of(inner.object)) + 1) for inner in wires(inner_elements)]
    parameters = [forward.parameter(wire, level) for wire in wires(inner_state)]
    entries = wires(inner_elements)
    parameters += [forward.parameter(wire, term.levels) for wire, term in zip(entries, given, strict=True)]
    inputs = [tupled([term.expression, number(-term.rank), products.get(wire, ast.Constant(None))])
              for wire, term in zip(wires(inner_elements), given, strict=True)]
    reverse = operation.reverse
    outside = [wire for wire in d.captured(step) if forward.terms[wire].literal is None]
    if reverse is not None:
        # Gradients go to all that stands around, so it is all given.
        steady = [wire for wire in outside if not forward.terms[wire].levels]
    else:
        steady = _steady(forward, step)
    others = [wire for wire in outside if (packs or reverse is not None) and forward.terms[wire].levels]
    before = {wire: forward.terms[wire] for wire in [*steady, *others]}
    if reverse is None:
        for label, entry in derived.alone(forward, step, operation.size, level):
            inputs.append(entry)
            parameters.append(label)
    parameters += [forward.shadow(wire, frozenset()) for wire in steady]
    around = [forward.align_one(before[wire], level, expand=True).expression for wire in others]
    parameters += [forward.shadow(wire, level) for wire in others]
    after, emitted = step.outputs  # type: ignore[misc]
    kept = reverse.kept if reverse is not None else []
    told, sources = _gathered(step, kept) if reverse is not None or forward.into is not None else ([], [])
    name = function(forward, "step", parameters, step, [*wires(after), *wires(emitted), *kept], level, box.span,
                    batch=(parameters[0], begin[0].rank) if packs else None, told=told)
    forward.terms.update(before)
    arguments = [name, single([term.expression for term in begin]), tupled(inputs), forward.size(operation.size)]
    ranks = [len(axes_of(wire.object)) for wire in wires(emitted)]
    if ranks:
        arguments.append(tupled([number(-rank - 1) for rank in ranks]))
    named: dict[str, ast.expr] = {}
    if isinstance(lengths, Wire):
        named["lengths"] = forward.align_one(forward.terms[lengths], level, expand=False).expression
    if operation.backwards:
        named["backwards"] = number(True)
    if packs:
        named["rank"] = number(begin[0].rank)
    if steady:
        named["steady"] = tupled([before[wire].expression for wire in steady])
    if around:
        named["around"] = tupled(around)
    if reverse is not None:
        named["reverse"] = _reverse_of(forward, box, reverse, steady, others, level)
    if told:
        into = [(forward.into or {}).get(wire, ast.Constant(None)) for wire in wires(box.outputs[1])]  # type: ignore[index]
        named["puts"] = tupled([tupled(list(map(number, told))), tupled(list(map(number, sources))), tupled(into)])
    helper = "run_along" if ranks else "fold_along"
    if words is not None:
        helper, named = "run_words" if ranks else "fold_words", {"words": words, **named}
    forward.owner.helper(helper)
    final, outputs = box.outputs  # type: ignore[misc]
    value = call(helper, *arguments, **named)
    groups = [wires(final), wires(outputs)] if ranks else [wires(final)]
    forward.store(box, groups, value, level)


def _gathered(step: Diagram, kept: list[Wire]) -> tuple[list[int], list[int]]:
    """The outputs of a step that are to be put where they are gathered, and what each thing that it gives or keeps is:
    one of these, or by -1 - n the n-th state as the step found it."""
    state, _ = step.inputs  # type: ignore[misc]
    after, emitted = step.outputs  # type: ignore[misc]
    found, given = wires(state), [*wires(emitted), *kept]
    outputs = [*wires(after), *given]
    sources = [-1 - found.index(wire) if wire in found else outputs.index(wire) for wire in given]
    return sorted({source if source >= 0 else -1 - source for source in sources}), sources


def _words(forward: Forward, box: Box, operation: Words, level: Levels) -> ast.expr:
    """What a loop along words is told of them: how its entries are made of symbols, the symbols at all places, and how
    many there are of each."""
    symbols = wires(box.inputs[2])  # type: ignore[index]
    terms = [forward.align_one(forward.terms[wire], level, expand=True) for wire in symbols]
    before, outside = operation.before, forward.context
    # The axis of places, or of letters, is one more of the batch; where there is no batch it is an axis of its own.
    inner, sized = level, None
    if 0 not in level:
        places = forward.fresh_name("places")
        axis = (before, ast.Starred(ast.Name(places, ast.Load()), ast.Load()))
        inner, forward.context = level | {axis}, (axis, *outside)
    parameters = [forward.parameter(wire, inner) for wire in wires(before.inputs)]
    if 0 not in level:
        sized = (places, _in_front(parameters[0], level, 0))
    name = function(forward, "entries", parameters, before, wires(before.outputs), inner, box.span, always_tuple=True,
                    sized=sized, batch=None if sized else (parameters[0], 0))
    forward.context = outside
    numbers = [forward.size(base_of(wire.object).size) for wire in symbols]  # type: ignore[attr-defined]
    return tupled([name, tupled([term.expression for term in terms]), tupled(numbers)])


def associative(forward: Forward, box: Box, operation: Associative) -> None:
    """A scan in any bracketing: of a function that takes two states, or two arrays of states with one axis more."""
    lengths, state, elements = box.inputs  # type: ignore[misc]
    combine = operation.combine
    level = around_levels(forward, wires(box.inputs), combine)
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(state)]
    given = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(elements)]
    rank, outside = begin[0].rank, forward.context
    # Where nothing comes from around, the axis in front is one more of the batch.
    alone = outside == (0,) and 0 in level and not any(forward.terms[wire].levels for wire in d.captured(combine))
    inner, places = level, "" if alone else forward.fresh_name("places")
    if not alone:
        axis = (combine, ast.Starred(ast.Name(places, ast.Load()), ast.Load()))
        inner, forward.context = level | {axis}, (axis, *outside)
    parameters = [forward.parameter(wire, inner) for wire in wires(combine.inputs)]
    name = function(forward, "join", parameters, combine, wires(combine.outputs), inner, box.span,
                    sized=None if alone else (places, _in_front(parameters[0], level, rank)),
                    batch=(parameters[0], rank) if alone else None)
    forward.context = outside
    final, outputs = box.outputs  # type: ignore[misc]
    along = [number(-term.rank) for term in given]
    arguments = [name, single([term.expression for term in begin]),
                 tupled([term.expression for term in given]), tupled(along), forward.size(operation.size)]
    named: dict[str, ast.expr] = {}
    if isinstance(lengths, Wire):
        named["lengths"] = forward.align_one(forward.terms[lengths], level, expand=True).expression
    if operation.backwards:
        named["backwards"] = number(True)
    if alone:
        named["rank"] = number(rank)
    helper = "scan_in_parts" if wires(outputs) else "fold_in_parts"
    forward.owner.helper(helper)
    groups = [wires(final), wires(outputs)] if wires(outputs) else [wires(final)]
    forward.store(box, groups, call(helper, *arguments, **named), level)


def _in_front(label: str, level: Levels, rank: int) -> ast.expr:
    """The sizes of the axes of a parameter in front of those of the batch: of one, or of none."""
    axes = len([one for one in level if one != 0]) + rank
    batch = " - len(batch)" if 0 in level else ""
    return quote(f"{label}.shape[:{label}.dim(){batch}{f' - {axes}' if axes else ''}]")


def _reverse_of(forward: Forward, box: Box, reverse: Reverse, steady: list[Wire], others: list[Wire],
                level: Levels) -> ast.expr:
    """How gradients go back along a loop: a function, the places of the axis in what it is given of the steps, and the
    products whose weights it gives gradients to."""
    diagram = reverse.diagram
    lengths, *others_in = diagram.inputs  # type: ignore[misc]
    inputs = wires(tuple(others_in))
    names = ["back"] * (len(inputs) - len(reverse.kept)) + [wire.name for wire in reverse.kept]
    size, into = forward.fresh_name("steps"), forward.fresh_name("into")
    forward.local[reverse.size] = ast.Name(size, ast.Load())
    parameters = [size, forward.parameter(lengths, level, "lengths") if isinstance(lengths, Wire)
                  else forward.fresh_name("lengths"), into]
    parameters += [forward.parameter(wire, level, name) for wire, name in zip(inputs, names, strict=True)]
    start, _ = diagram.outputs  # type: ignore[misc]

    def value(wire: Wire | None, summed: bool = False) -> ast.expr:
        if wire is None:
            return ast.Constant(None)
        term = forward.align_one(forward.terms[wire], level, expand=True)
        return derived.call_on(term.expression, "sum", number(-term.rank)) if summed else term.expression

    def result() -> ast.expr:
        products = [tupled([value(back), value(x)]) for _, back, x in reverse.products]
        return tupled([tupled([value(wire) for wire in wires(start)]),
                       tupled([*map(value, reverse.entries), *(value(reverse.around[wire]) for wire in steady),
                               *(value(reverse.around[wire], summed=True) for wire in others)]),
                       tupled(products)])

    outside, forward.into = forward.into, {
        _named_first(diagram, wire): quote(f"{into}[{place}]") for place, wire in enumerate(reverse.entries)
        if wire is not None}
    name = function(forward, "reverse", parameters, diagram, [], level, box.span, result=result)
    forward.into = outside
    places = tupled([number(-len(axes_of(wire.object)) - 1) for wire in reverse.kept])
    recurrences = [ast.Name(forward.recurrences[one], ast.Load()) for one, _, _ in reverse.products]
    return tupled([name, places, tupled(list(recurrences))])


def _named_first(diagram: Diagram, wire: Wire) -> Wire:
    """The wire that another is, passed through by maps over the places."""
    for box in reversed(diagram.boxes):
        if isinstance(box.operation, Each) and wire in wires(box.outputs):
            body = box.operation.body
            inner = wires(body.outputs)[wires(box.outputs).index(wire)]
            if inner in wires(body.inputs):
                wire = wires(box.inputs)[wires(body.inputs).index(inner)]
    return wire


def hylo(forward: Forward, box: Box, operation: Hylo) -> None:
    """A list unfolded and folded, without the list."""
    state, start = box.inputs  # type: ignore[misc]
    level = around_levels(forward, wires(box.inputs), operation.grown)
    level |= around_levels(forward, [], operation.folded)
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(state)]
    first = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(start)]
    tag, emitted, after = operation.grown.outputs  # type: ignore[misc]
    parameters = [forward.parameter(wire, level) for wire in wires(operation.grown.inputs)]
    grown = function(forward, "grow", parameters, operation.grown, [*wires(tag), *wires(after), *wires(emitted)], level,
                     box.span)
    parameters = [forward.parameter(wire, level) for wire in wires(operation.folded.inputs)]
    results, _ = operation.folded.outputs  # type: ignore[misc]
    folded = function(forward, "fold", parameters, operation.folded, wires(results), level, box.span)
    forward.owner.helper("hylo_along")
    named = {"backwards": number(True)} if operation.backwards else {}
    value = call("hylo_along", grown, tupled([term.expression for term in begin]), folded,
                 tupled([term.expression for term in first]), forward.size(operation.bound), **named)
    forward.store(box, [wires(box.outputs)], value, level, tuples=True)


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
    level = around_levels(forward, wires(box.inputs), operation.step)
    begin = [forward.align_one(forward.terms[wire], level, expand=True) for wire in wires(box.inputs)]
    step = _telling(operation.step)
    derived.lookups(forward, step, begin[0].expression, begin[0].rank, forward.size(operation.bound))
    derived.recurrences(forward, step)
    parameters = [forward.parameter(wire, level) for wire in wires(step.inputs)]
    tag, emitted, after = step.outputs  # type: ignore[misc]
    outputs = [*wires(tag), *wires(after), *wires(emitted)]
    alone = forward.context == (0,) and 0 in level and not mixes(step.boxes) and not any(
        forward.terms[wire].levels for wire in d.captured(step))
    name = function(forward, "step", parameters, step, outputs, level, box.span,
                    batch=(parameters[0], begin[0].rank) if alone else None)
    places = tupled([number(-len(axes_of(wire.object)) - 1) for wire in wires(emitted)])
    forward.owner.helper("grow_along")
    # A step that has nothing of each list but its state may go on with those lists alone that have not ended.
    named = {"batch_rank": call("len", tupled(forward.batch_shape(level)))} if alone else {}
    value = call("grow_along", name, single([term.expression for term in begin]), forward.size(operation.bound),
                 places, **named)
    lengths, grown = box.outputs  # type: ignore[misc]
    forward.store(box, [wires(lengths), wires(grown)], value, level)


def _telling(step: Diagram) -> Diagram:
    """A step that tells by a truth value whether there is more, where it has made its tag of one."""
    tag, emitted, after = step.outputs  # type: ignore[misc]
    for box in step.boxes:
        if isinstance(box.operation, OfLists) and box.operation.kind == "tag" and box.outputs is tag and not any(
                tag in taken(other) for other in step.boxes) and tag not in [*wires(emitted), *wires(after)]:
            found = Diagram(step.name, step.inputs, None, step.span)
            found.boxes = [other for other in step.boxes if other is not box]
            found.outputs = (box.inputs, emitted, after)
            return found
    return step


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
    level = around_levels(forward, wires(box.inputs))
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
    level = around_levels(forward, wires(box.inputs))
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


def _fit(forward: Forward, box: Box, operation: OfLists) -> None:
    [x] = wires(box.inputs)
    forward.owner.helper("list_fit")
    term = forward.terms[x]
    place = number(operation.place - term.rank)
    forward.assign(box, [call("list_fit", term.expression, forward.size(operation.size), place)], term.levels)


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
             "length": _length, "full": _full, "tag": _tag, "fit": _fit}


def around_levels(forward: Forward, given: list[Wire], body: Diagram | None = None) -> Levels:
    """The batch axes that a loop goes along: those of what it takes and of what it uses from around it."""
    found: Levels = frozenset().union(*(forward.terms[wire].levels for wire in given))
    if body is not None:
        found = found.union(*(forward.terms[wire].levels for wire in d.captured(body) if wire in forward.terms))
        if draws(body):
            found |= frozenset(forward.context)
    return found


def tupled(items: list[ast.expr]) -> ast.expr:
    return ast.Tuple(items, ast.Load())


def single(items: list[ast.expr]) -> ast.expr:
    """One by itself, several as a tuple."""
    return items[0] if len(items) == 1 else tupled(items)


EMITTERS: dict[type, Any] = {Scan: scan, Words: scan, Associative: associative, Grow: grow, Hylo: hylo, Mask: mask,
                             Opened: opened, OfLists: of_lists}

