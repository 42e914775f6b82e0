"""Loops whose step is affine in the state: composition of affine maps is associative, so they are parallel scans.

A step is read with the state as unknowns: every value that depends on it is a sum of a coefficient times each part of
the state, entry by entry, and an offset. Coefficients and offsets are computed by boxes of their own, at all places at
once. A state that goes through one matrix, ``s' = W s + b``, is the other form.
"""

from __future__ import annotations

from typing import Any

from catlang.compiler.derived.hoisting import taken
from catlang.compiler.derived.operations import Affine, Linear
from catlang.compiler.derived.uses import effect
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.copying import copied, fresh_names
from catlang.network.network import Each
from catlang.network.recursion import Scan
from catlang.network.values import with_front
from catlang.objects.colour import REAL, axes_of, base_of

#: A coefficient: none (0), one, or what stands on a wire.
ONE = "one"
Coefficient = Wire | str | None


class Form:
    """A value that is affine in the state."""

    __slots__ = ("coefficients", "offset")

    def __init__(self, coefficients: list[Coefficient], offset: Wire | None) -> None:
        self.coefficients = coefficients
        self.offset = offset


class NotAffine(Exception):
    """A step that is not affine in its state, or not evidently."""


class _Reader:
    """Reads a step, and writes the boxes that compute its coefficients."""

    def __init__(self, operation: Scan) -> None:
        step = operation.step
        state, _ = step.inputs  # type: ignore[misc]
        self.states = wires(state)
        self.boxes: list[Box] = []
        self.forms: dict[Wire, Form] = {}
        self.prelude: Any = None
        for place, wire in enumerate(self.states):
            coefficients: list[Coefficient] = [None] * len(self.states)
            coefficients[place] = ONE
            self.forms[wire] = Form(coefficients, None)
        for box in step.boxes:
            if not any(wire in self.forms for wire in taken(box)):
                if effect(box):
                    raise NotAffine
                self.boxes.append(box)
                continue
            self._box(box)

    def _use(self, name: str, inputs: tuple[Wire, ...], like: Wire, box: Box, **arguments: Any) -> Wire:
        definition = self.prelude.find(name)
        made = Wire(like.object, box.span)
        operation = d.Use(definition, {**arguments, "s": axes_of(like.object)}, {})
        self.boxes.append(Box(operation, inputs if len(inputs) > 1 else inputs[0], made, None, box.span))
        return made

    def _sum(self, left: Coefficient, right: Coefficient, like: Wire, box: Box) -> Coefficient:
        if left is None or right is None:
            return left if right is None else right
        return self._use("add", (self._wire(left, like, box), self._wire(right, like, box)), like, box)

    def _wire(self, one: Coefficient, like: Wire, box: Box) -> Wire:
        if isinstance(one, Wire):
            return one
        made = Wire(like.object, box.span)
        self.boxes.append(Box(d.Literal(1), (), made, None, box.span))
        return made

    def _each(self, one: Coefficient, like: Wire, box: Box, name: str, *other: Wire, **arguments: Any) -> Coefficient:
        if one is None:
            return None
        if one == ONE and name == "mul":
            return other[0]
        return self._use(name, (self._wire(one, like, box), *other), like, box, **arguments)

    def _box(self, box: Box) -> None:
        operation = box.operation
        if not isinstance(operation, d.Use) or box.instance is not None or len(wires(box.outputs)) != 1:
            raise NotAffine
        self.prelude = operation.definition.module.scope
        name = operation.definition.name
        inputs, [output] = wires(box.inputs), wires(box.outputs)
        count = len(self.states)
        forms = [self.forms.get(wire) or Form([None] * count, wire) for wire in inputs]
        if name in ("add", "sub"):
            left, right = forms
            if name == "sub":
                right = self._negated(right, output, box)
            sums = [self._sum(a, b, output, box)
                    for a, b in zip(left.coefficients, right.coefficients, strict=True)]
            offset = self._sum(left.offset, right.offset, output, box)
            self.forms[output] = Form(sums, offset if isinstance(offset, Wire) else None)
        elif name == "neg":
            self.forms[output] = self._negated(forms[0], output, box)
        elif name == "scale":
            factor = operation.arguments["factor"]
            scaled = [self._each(one, output, box, "scale", factor=factor) for one in forms[0].coefficients]
            offset = self._each(forms[0].offset, output, box, "scale", factor=factor)
            self.forms[output] = Form(scaled, offset)  # type: ignore[arg-type]
        elif name == "mul" and sum(wire in self.forms for wire in inputs) == 1:
            place = 0 if inputs[0] in self.forms else 1
            form, other = forms[place], inputs[1 - place]
            products = [self._each(one, output, box, "mul", other) for one in form.coefficients]
            offset = self._each(form.offset, output, box, "mul", other)
            self.forms[output] = Form(products, offset)  # type: ignore[arg-type]
        else:
            raise NotAffine

    def _negated(self, form: Form, like: Wire, box: Box) -> Form:
        coefficients = [self._each(one, like, box, "neg") for one in form.coefficients]
        offset = self._each(form.offset, like, box, "neg")
        return Form(coefficients, offset)  # type: ignore[arg-type]


def affine(box: Box, operation: Scan) -> tuple[list[Box], str] | None:
    """A loop as a scan of affine maps, with what computes these; None where it is none."""
    step = operation.step
    state, _ = step.inputs  # type: ignore[misc]
    after, emitted = step.outputs  # type: ignore[misc]
    states, results = wires(state), wires(after)
    if not states or any(base_of(wire.object) is not REAL for wire in states):
        return None
    if any(wire not in results for wire in wires(emitted)) or len({wire.object for wire in states}) != 1:
        return None
    try:
        reader = _Reader(operation)
        forms = [reader.forms[wire] for wire in results]
    except (NotAffine, KeyError):
        return _matrix(box, operation)
    return _elementwise(box, operation, reader, forms), "affine in the state, entry by entry"


def _elementwise(box: Box, operation: Scan, reader: _Reader, forms: list[Form]) -> list[Box]:
    lengths, start, elements = box.inputs  # type: ignore[misc]
    step, span = operation.step, box.span
    _, entries = step.inputs  # type: ignore[misc]
    like = reader.states[0]
    literal: list[Box] = []

    def wire(one: Coefficient, value: int) -> Wire:
        if isinstance(one, Wire):
            return one
        made = Wire(like.object, span)
        literal.append(Box(d.Literal(value), (), made, None, span))
        return made

    present = tuple(tuple(one is not None for one in form.coefficients) for form in forms)
    coefficients = [wire(one, 1) for form in forms for one in form.coefficients if one is not None]
    offsets = [wire(form.offset, 0) for form in forms]
    timed = set(wires(entries))
    for one in reader.boxes:
        if not timed.isdisjoint(taken(one)):
            timed.update(wires(one.outputs))
    constant = [one for one in [*reader.boxes, *literal] if timed.isdisjoint(wires(one.outputs))]
    before = [one for one in reader.boxes if not timed.isdisjoint(wires(one.outputs))]
    wanted = list(dict.fromkeys(one for one in [*coefficients, *offsets] if one in timed))
    arrays = dict(zip(wires(entries), wires(elements), strict=True))
    made: list[Box] = list(constant)
    computed = [one for one in wanted if one not in arrays]
    if computed:
        names: dict[Wire, Wire] = {}
        body = Diagram("before", fresh_names(tuple(arrays), names), None, span)
        body.boxes = copied(before, names)
        body.outputs = tuple(names[one] for one in computed)
        outputs = with_front(body.outputs, operation.size)
        size = lengths if isinstance(lengths, Wire) else None
        made.append(Box(Each(operation.size, body, size), tuple(arrays.values()), outputs, None, span))
        arrays.update(zip(computed, wires(outputs), strict=True))
    final, given = box.outputs  # type: ignore[misc]
    inner = with_front(final, operation.size)
    scan = Affine(operation.size, operation.backwards, present)
    inputs = (lengths, start, tuple(arrays.get(one, one) for one in coefficients),
              tuple(arrays.get(one, one) for one in offsets))
    made.append(Box(scan, inputs, (final, inner), None, span))
    return [*made, *among_states(box, operation, wires(inner), wires(given))]


def among_states(box: Box, operation: Scan, arrays: list[Wire], given: list[Wire]) -> list[Box]:
    """What a loop emits, among its states at every place."""
    after, emitted = operation.step.outputs  # type: ignore[misc]
    results = wires(after)
    found: list[Box] = []
    for wire, result in zip(wires(emitted), given, strict=True):
        array = arrays[results.index(wire)]
        inner = Wire(wire.object, box.span)
        body = Diagram("same", inner, None, box.span)
        body.outputs = inner
        found.append(Box(Each(operation.size, body), array, result, None, box.span))
    return found


def _matrix(box: Box, operation: Scan) -> tuple[list[Box], str] | None:
    """``s' = W s + b`` with one matrix, b from what does not depend on the state."""
    step = operation.step
    state, entries = step.inputs  # type: ignore[misc]
    after, _ = step.outputs  # type: ignore[misc]
    states, results = wires(state), wires(after)
    if len(states) != 1 or len(axes_of(states[0].object)) != 1:
        return None
    dependent = {states[0]}
    inside = []
    for one in step.boxes:
        if not dependent.isdisjoint(taken(one)):
            dependent.update(wires(one.outputs))
            inside.append(one)
        elif effect(one):
            return None
    others = [one for one in step.boxes if one not in inside]
    products = [one for one in inside if isinstance(one.operation, d.Use) and one.operation.definition.name == "linear"
                and one.instance is not None and one.instance.reparameterisation is None]
    sums = [one for one in inside if isinstance(one.operation, d.Use) and one.operation.definition.name == "add"]
    if len(products) != 1 or len(sums) != 1 or len(inside) != 2 or others:
        return None
    [product], [total] = products, sums
    if wires(product.inputs) != states or wires(total.outputs) != results:
        return None
    [applied] = wires(product.outputs)
    summands = wires(total.inputs)
    if summands.count(applied) != 1:
        return None
    [offset] = [wire for wire in summands if wire is not applied]
    arrays = dict(zip(wires(entries), wires(box.inputs[2]), strict=True))  # type: ignore[index]
    lengths, start, _ = box.inputs  # type: ignore[misc]
    final, given = box.outputs  # type: ignore[misc]
    inner = with_front(final, operation.size)
    scan = Linear(operation.size, operation.backwards)
    made = Box(scan, (lengths, start, arrays.get(offset, offset)), (final, inner), product.instance, box.span)
    boxes = [made, *among_states(box, operation, wires(inner), wires(given))]
    return boxes, "one matrix times the state, and an offset"
