"""Small forms inside of steps: products whose weights' gradients can wait, and arrays taken apart into all their
rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catlang.compiler.derived.hoisting import taken
from catlang.compiler.derived.operations import Between, Columns, Looked, MultiplyAdd, Pieces, Recur, Rows, Slope
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.dims import Dim
from catlang.network.network import Each
from catlang.network.recursion import Scan
from catlang.objects.colour import Finite, axes_of, base_of, power


def side_by_side(step: Diagram) -> int:
    """Products of arrays side by side, ``W (x, y) = U x + V y``, as sums of products, where some of these arrays depend
    on the state and some do not: what does not may then go in front of the loop. How many there are."""
    dependent = set(wires(step.inputs[0]))  # type: ignore[index]
    for box in step.boxes:
        if not dependent.isdisjoint(taken(box)):
            dependent.update(wires(box.outputs))
    uses = _uses(step)
    joined = {wires(box.outputs)[0]: box for box in step.boxes if _named(box, "concat")}

    def parts(wire: Wire) -> list[Wire]:
        inputs = wires(joined[wire].inputs) if wire in joined else []
        if len(inputs) != 2 or len({one in dependent for one in inputs} | {one in joined for one in inputs}) == 1:
            return [wire]
        uses[wire] -= 1
        return [part for one in inputs for part in parts(one)]

    boxes: list[Box] = []
    found = 0
    for box in step.boxes:
        pieces = parts(wires(box.inputs)[0]) if _product(box) else []
        if len(pieces) < 2:
            boxes.append(box)
            continue
        found += 1
        assert isinstance(box.operation, d.Use) and box.instance is not None
        biased = box.operation.definition.name == "affine"
        add = box.operation.definition.module.scope.find("add")
        [output] = wires(box.outputs)
        total: Wire | None = None
        start: Any = 0
        # What does not depend on the state comes first, with the bias: they go in front of the loop together.
        columns: list[tuple[Wire, Dim, Dim]] = []
        for piece in pieces:
            size: Any = axes_of(piece.object)[0]
            columns.append((piece, start, start + size))
            start = start + size
        columns.sort(key=lambda one: one[0] in dependent)
        for number, (piece, first, last) in enumerate(columns):
            made = Wire(output.object, box.span)
            boxes.append(Box(Columns([box.instance] if biased and not number else [], (first, last)), piece, made,
                             box.instance, box.span))
            if total is not None:
                whole = output if number == len(columns) - 1 else Wire(output.object, box.span)
                boxes.append(Box(d.Use(add, {"s": axes_of(output.object)}, {}), (total, made), whole, None, box.span))
                made = whole
            total = made
    step.boxes = [box for box in boxes if not (_named(box, "concat") and uses.get(wires(box.outputs)[0], 0) <= 0)]
    return found


def recurrent(operation: Scan) -> int:
    """Marks the products in a step whose weights' gradients are taken over many steps at once; how many there are."""
    step = operation.step
    uses, entries = _uses(step), set(wires(step.inputs[1]))  # type: ignore[index]

    def product(box: Box) -> bool:
        return _product(box) or isinstance(box.operation, Columns)

    def added(box: Box, one: Box, entry: Wire) -> Box | None:
        if entry not in entries or uses[entry] != 1:
            return None
        return Box(_recur(one), (wires(one.inputs)[0], entry), box.outputs, one.instance, box.span)

    found = _as_one(step, "add", product, added)
    alone = [box for box in step.boxes if product(box)]
    step.boxes = [Box(_recur(box), (wires(box.inputs)[0],), box.outputs, box.instance, box.span)
                  if box in alone else box for box in step.boxes]
    return found + len(alone)


def _recur(product: Box) -> Recur:
    operation = product.operation
    if isinstance(operation, Columns):
        return Recur(bool(operation.biases), operation.columns)
    assert isinstance(operation, d.Use)
    return Recur(operation.definition.name == "affine", None)


def multiplied_and_added(step: Diagram, literals: dict[Wire, float]) -> None:
    """Products that are only added to something become one operation with the sum: for steps that are mostly taken
    without gradients, since backwards PyTorch makes more of it than of the two."""
    def numbers(box: Box) -> bool:
        return any(wire in literals for wire in wires(box.inputs))

    def added(box: Box, one: Box, other: Wire) -> Box | None:
        return None if numbers(box) else Box(MultiplyAdd(), (other, *wires(one.inputs)), box.outputs, None, box.span)

    _as_one(step, "add", lambda box: _named(box, "mul") and not numbers(box), added)


def sloped(step: Diagram, literals: dict[Wire, float]) -> None:
    """Slopes that are only a factor of something become one operation with the product, as PyTorch has it for its own
    way back."""
    def times(box: Box, one: Box, other: Wire) -> Box | None:
        return None if other in literals else Box(one.operation, (other, *wires(one.inputs)), box.outputs, None,
                                                  box.span)

    _as_one(step, "mul", lambda box: isinstance(box.operation, Slope) and len(wires(box.inputs)) == 1, times)


def _as_one(step: Diagram, name: str, inner: Callable[[Box], bool],
            made: Callable[[Box, Box, Wire], Box | None]) -> int:
    """Boxes of a name and those inner ones that they alone use become one, ``made`` of both and of what else the first
    takes, unless that makes nothing of them; how many there are."""
    uses = _uses(step)
    inside = {wires(box.outputs)[0]: box for box in step.boxes if inner(box)}
    gone: set[Box] = set()
    replaced: dict[Box, Box] = {}
    for box in step.boxes:
        if not _named(box, name):
            continue
        left, right = wires(box.inputs)
        for wire, other in ((right, left), (left, right)):
            one = inside.get(wire)
            if one is None or one in gone or uses[wire] != 1:
                continue
            whole = made(box, one, other)
            if whole is not None:
                replaced[box] = whole
                gone.add(one)
                break
    step.boxes = [replaced.get(box, box) for box in step.boxes if box not in gone]
    return len(replaced)


def _uses(step: Diagram) -> dict[Wire, int]:
    uses: dict[Wire, int] = {}
    for box in step.boxes:
        for wire in taken(box):
            uses[wire] = uses.get(wire, 0) + 1
    for wire in wires(step.outputs):
        uses[wire] = uses.get(wire, 0) + 1
    return uses


def between(step: Diagram, literals: dict[Wire, float]) -> None:
    """``(1 - t) x + t y`` as one operation, where its parts are used for nothing else."""
    uses = _uses(step)
    made = {wires(box.outputs)[0]: box for box in step.boxes if len(wires(box.outputs)) == 1}
    gone: set[Box] = set()
    replaced: dict[Box, Box] = {}

    def factors(wire: Wire) -> tuple[Box, Wire, Wire] | None:
        box = made.get(wire)
        return (box, *wires(box.inputs)) if box is not None and _named(box, "mul") and uses[wire] == 1 else None  # type: ignore[return-value]

    def complement(wire: Wire) -> tuple[Box, Wire] | None:
        box = made.get(wire)
        if box is None or not _named(box, "sub") or uses[wire] != 1 or literals.get(wires(box.inputs)[0]) != 1:
            return None
        return box, wires(box.inputs)[1]

    for box in step.boxes:
        if not _named(box, "add"):
            continue
        left, right = wires(box.inputs)
        for one, other in ((left, right), (right, left)):
            first, second = factors(one), factors(other)
            if first is None or second is None:
                continue
            for weight, x in (first[1:], first[:0:-1]):
                found = complement(weight)
                if found is None or found[1] not in second[1:]:
                    continue
                y = second[1] if second[2] is found[1] else second[2]
                replaced[box] = Box(Between(), (x, y, found[1]), box.outputs, None, box.span)
                gone |= {first[0], second[0], found[0]}
                break
            if box in replaced:
                break
    step.boxes = [replaced.get(box, box) for box in step.boxes if box not in gone]


def looked_up(step: Diagram) -> int:
    """Products of learned points become rows of one product with all points; how many there are."""
    uses = _uses(step)
    points = {wires(box.outputs)[0]: box for box in step.boxes if _named(box, "embedding") and box.instance is not None
              and box.instance.reparameterisation is None}
    gone: set[Box] = set()
    replaced: dict[Box, Box] = {}
    for box in step.boxes:
        if not _product(box):
            continue
        one = points.get(wires(box.inputs)[0])
        if one is None or uses[wires(box.inputs)[0]] != 1:
            continue
        assert one.instance is not None
        replaced[box] = Box(Looked(one.instance), one.inputs, box.outputs, box.instance, box.span)
        gone.add(one)
    step.boxes = [replaced.get(box, box) for box in step.boxes if box not in gone]
    return len(replaced)


def added_to_looked_up(step: Diagram) -> int:
    """Products that are added to nothing but what is looked up become one operation with the sum, and their biases part
    of the table; how many there are."""
    uses = _uses(step)
    rows = {wires(box.outputs)[0]: box.operation for box in step.boxes if isinstance(box.operation, Looked)}

    def added(box: Box, one: Box, row: Wire) -> Box | None:
        if row not in rows or uses[row] != 1:
            return None
        if _named(one, "affine"):
            assert one.instance is not None
            rows[row].biases.append(one.instance)
        return Box(Recur(False, None), (*wires(one.inputs), row), box.outputs, one.instance, box.span)

    return _as_one(step, "add", _product, added)


def _named(box: Box, name: str) -> bool:
    return isinstance(box.operation, d.Use) and box.operation.definition.name == name


def biases_in_front(before: list[Box], loop: Box) -> None:
    """Biases that a loop adds to entries which are products themselves are added with these products' own."""
    operation = loop.operation
    assert isinstance(operation, Scan)
    arrays = wires(loop.inputs[2])  # type: ignore[index]
    entries = wires(operation.step.inputs[1])  # type: ignore[index]
    for box in operation.step.boxes:
        if not isinstance(box.operation, Recur) or not box.operation.biased or len(wires(box.inputs)) < 2:
            continue
        array = arrays[entries.index(wires(box.inputs)[1])]
        for each in before:
            if not isinstance(each.operation, Each) or array not in wires(each.outputs):
                continue
            body = each.operation.body
            inner = wires(body.outputs)[wires(each.outputs).index(array)]
            for place, one in enumerate(body.boxes):
                alone = sum(inner in taken(other) for other in body.boxes) + wires(body.outputs).count(inner) == 1
                if wires(one.outputs) != [inner] or not alone or box.instance is None or one.instance is None:
                    continue
                if isinstance(one.operation, Columns | Looked):
                    one.operation.biases.append(box.instance)
                elif _product(one):
                    own = [one.instance] if one.operation.definition.name == "affine" else []  # type: ignore[attr-defined]
                    body.boxes[place] = Box(Columns([*own, box.instance]), one.inputs, one.outputs, one.instance,
                                            one.span)
                else:
                    continue
                box.operation.biased = False


def _product(box: Box) -> bool:
    """A learned product of a vector, its weight its own."""
    return (isinstance(box.operation, d.Use) and box.operation.definition.name in ("linear", "affine")
            and box.instance is not None and box.instance.reparameterisation is None
            and len(axes_of(wires(box.inputs)[0].object)) == 1)


def pieces_at_once(boxes: list[Box], diagram: Diagram) -> list[Box]:
    """Cuts of cuts are made at once."""
    uses: dict[Wire, int] = {}
    for box in boxes:
        for wire in taken(box):
            uses[wire] = uses.get(wire, 0) + 1
    for wire in wires(diagram.outputs):
        uses[wire] = uses.get(wire, 0) + 1
    cuts = {wires(box.inputs)[0]: box for box in boxes if _named(box, "split") and len(wires(box.inputs)) == 1}
    gone: set[Box] = set()
    made: dict[Box, Box] = {}

    def pieces(wire: Wire, size: Dim) -> list[tuple[Wire, Dim]]:
        box = cuts.get(wire)
        if box is None or uses[wire] != 1:
            return [(wire, size)]
        gone.add(box)
        operation = box.operation
        assert isinstance(operation, d.Use)
        first, second = wires(box.outputs)
        return [*pieces(first, operation.arguments["n"]), *pieces(second, operation.arguments["m"])]

    for box in boxes:
        if box not in cuts.values() or box in gone:
            continue
        operation = box.operation
        assert isinstance(operation, d.Use)
        first, second = wires(box.outputs)
        found = [*pieces(first, operation.arguments["n"]), *pieces(second, operation.arguments["m"])]
        if len(found) > 2:
            made[box] = Box(Pieces([size for _, size in found]), box.inputs, tuple(wire for wire, _ in found), None,
                            box.span)
    return [made.get(box, box) for box in boxes if box not in gone]


def rows_at_once(boxes: list[Box], diagram: Diagram, known: dict[Wire, float]) -> list[Box]:
    """Where an array is used only row by row, at places that are known, all its rows are taken at once."""
    literals = {wire: value for wire, value in known.items() if isinstance(base_of(wire.object), Finite)}
    looked: dict[Wire, list[Box]] = {}
    others: set[Wire] = set(wires(diagram.outputs))
    for box in boxes:
        inputs = wires(box.inputs)
        if isinstance(box.operation, d.Use) and box.operation.definition.name == "at" and len(inputs) == 2 and (
                inputs[1] in literals):
            looked.setdefault(inputs[0], []).append(box)
        else:
            others.update(taken(box))
    found: list[Box] = []
    gone: dict[Box, Wire] = {}
    taken_apart: dict[Wire, tuple[Wire, ...]] = {}
    for array, places in looked.items():
        size = axes_of(array.object)[0]
        numbers = [int(literals[wires(box.inputs)[1]]) for box in places]
        if array in others or len(places) < 2 or not isinstance(size, int) or size > 64 or len(set(numbers)) != len(
                numbers):
            continue
        rows = [Wire(power(base_of(array.object), axes_of(array.object)[1:]), places[0].span) for _ in range(size)]
        for box, number in zip(places, numbers, strict=True):
            [rows[number]] = wires(box.outputs)
            gone[box] = array
        taken_apart[array] = tuple(rows)
    done: set[Wire] = set()
    for box in boxes:
        if box not in gone:
            found.append(box)
            continue
        array = gone[box]
        if array not in done:
            done.add(array)
            found.append(Box(Rows(), array, taken_apart[array], None, box.span))
    return found
