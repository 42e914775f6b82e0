"""Out of the loop: what does not depend on the state goes in front of it, what the state does not depend on behind it.

A step ``(s, x) |-> (g(s, p(x)), o(s', x))`` is ``p`` at all places at once, then the loop with ``g`` alone, then ``o``
at all places at once: ``scan(step) = map(p) >> scan(g) >> map(o)``. A product with a matrix at each of n places becomes
one product with n times the rows. What draws noise, keeps a state or looks at a whole batch stays where it is.
"""

from __future__ import annotations

from catlang.compiler.derived.uses import effect
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.copying import copied, fresh_names
from catlang.network.network import Each, Sub
from catlang.network.recursion import Scan
from catlang.network.values import renamed, with_front
from catlang.objects.shapes import Data, Shape

#: What costs nothing where it stands, and is not worth an array over all places.
_FREE = (d.Literal, d.WeightOf, d.FrozenWeight)


class Loop:
    """A scan whose step is taken apart: boxes before, inside and behind the loop."""

    def __init__(self, box: Box, operation: Scan) -> None:
        self.box = box
        self.operation = operation
        self.lengths, self.start, self.elements = box.inputs  # type: ignore[misc]
        step = operation.step
        self.state, self.entries = step.inputs  # type: ignore[misc]
        self.after, self.emitted = step.outputs  # type: ignore[misc]
        self.dependent = self._dependent(step, set(wires(self.state)))
        self.timed = self._dependent(step, set(wires(self.entries)))

    def _dependent(self, step: Diagram, found: set[Wire]) -> set[Wire]:
        """The wires of a step that depend on some; effects stay in the loop, as if they did."""
        for box in step.boxes:
            if not found.isdisjoint(taken(box)) or effect(box) or borrows(box):
                found.update(wires(box.outputs))
        return found


def taken(box: Box) -> list[Wire]:
    """All wires that a box uses."""
    return [*wires(box.inputs), *box.operation.around(),
            *(wire for inner in box.operation.inside().values() for wire in d.captured(inner))]


def borrows(box: Box) -> bool:
    """Whether wires are free in the network of an instance: they have their names there."""
    return isinstance(box.operation, Sub) and bool(box.operation.network.free)


def hoisted(box: Box, operation: Scan) -> tuple[list[Box], Box, list[Box], int, int]:
    """A scan as boxes before it, itself, and boxes behind it; and how many of its step's boxes went each way."""
    loop = Loop(box, operation)
    step = operation.step
    needed = closure(step, wires(loop.after))
    constant: list[Box] = []
    before: list[Box] = []
    inside: list[Box] = []
    behind: list[Box] = []
    kept_wires: set[Wire] = set()
    for one in step.boxes:
        outputs = wires(one.outputs)
        stays = effect(one) or borrows(one)
        if not stays and loop.dependent.isdisjoint(outputs):
            (before if not loop.timed.isdisjoint(outputs) else constant).append(one)
        elif not stays and needed.isdisjoint(outputs) and not any(
                not set(outputs).isdisjoint(taken(other)) for other in inside):
            behind.append(one)
        else:
            inside.append(one)
            kept_wires.update(outputs)
    late = {wire for one in behind for wire in wires(one.outputs)}
    # A box that stays and uses what was to go behind the loop keeps it inside.
    while True:
        back = [one for one in behind if any(not set(wires(one.outputs)).isdisjoint(taken(other)) for other in inside)]
        if not back:
            break
        behind = [one for one in behind if one not in back]
        inside = [one for one in step.boxes if one in inside or one in back]
        late = {wire for one in behind for wire in wires(one.outputs)}
    moved = [one for one in before if not isinstance(one.operation, _FREE)]
    if not moved and not behind:
        return [*constant], _rest(loop, constant, inside, before), [], 0, 0
    return _split(loop, constant, before, inside, behind, late)


def closure(step: Diagram, wanted: list[Wire]) -> set[Wire]:
    """All wires that some are made of."""
    needed = set(wanted)
    for box in reversed(step.boxes):
        if not needed.isdisjoint(wires(box.outputs)):
            needed.update(taken(box))
    return needed


def _rest(loop: Loop, constant: list[Box], inside: list[Box], before: list[Box]) -> Box:
    step = Diagram(loop.operation.step.name, loop.operation.step.inputs, None, loop.operation.step.span)
    step.boxes = [one for one in loop.operation.step.boxes if one in inside or one in before]
    step.outputs = loop.operation.step.outputs
    return Box(Scan(loop.operation.size, loop.operation.backwards, step), loop.box.inputs, loop.box.outputs, None,
               loop.box.span)


def _split(loop: Loop, constant: list[Box], before: list[Box], inside: list[Box], behind: list[Box],
           late: set[Wire]) -> tuple[list[Box], Box, list[Box], int, int]:
    size, span = loop.operation.size, loop.box.span
    lengths = loop.lengths if isinstance(loop.lengths, Wire) else None
    made_before = {wire: one for one in before for wire in wires(one.outputs)}
    entries = wires(loop.entries)
    sources = dict(zip(entries, wires(loop.elements), strict=True))
    # What the loop itself takes at each place: entries as they are, and what was computed in front.
    used_inside = {wire for one in inside for wire in taken(one)} | set(wires(loop.after))
    used_behind = {wire for one in behind for wire in taken(one)} | set(wires(loop.emitted))
    wanted = [wire for wire in made_before if wire in used_inside or wire in used_behind]
    free = [wire for wire in wanted if isinstance(made_before[wire].operation, _FREE)]
    wanted = [wire for wire in wanted if wire not in free]
    found: list[Box] = []
    arrays: dict[Wire, Wire] = dict(sources)
    if wanted:
        names: dict[Wire, Wire] = {}
        body = Diagram("before", fresh_names(tuple(entries), names), None, span)
        body.boxes = copied(before, names)
        body.outputs = tuple(names[wire] for wire in wanted)
        outputs = with_front(body.outputs, size)
        given = tuple(sources[wire] for wire in entries)
        found.append(Box(Each(size, body, lengths, True), given, outputs, None, span))
        arrays.update(zip(wanted, wires(outputs), strict=True))
    taken_in = [wire for wire in [*entries, *wanted] if wire in used_inside]
    # What goes behind the loop needs the state as it was, and whatever else the loop made.
    states = set(wires(loop.state))
    in_loop = {wire for one in inside for wire in wires(one.outputs)} | states
    emitted = wires(loop.emitted)
    kept = list(dict.fromkeys(
        [wire for wire in emitted if wire not in late and wire not in arrays]
        + [wire for one in behind for wire in taken(one) if wire in in_loop]))
    direct = [one for one in before if isinstance(one.operation, _FREE)]
    step = Diagram(loop.operation.step.name, (loop.state, tuple(taken_in)), None, span)
    step.boxes = [one for one in loop.operation.step.boxes if one in inside or one in direct]
    step.outputs = (loop.after, tuple(kept))
    final, results = loop.box.outputs  # type: ignore[misc]
    inner = with_front(tuple(kept), size)
    arrays.update(zip(kept, wires(inner), strict=True))
    whole = Box(Scan(size, loop.operation.backwards, step),
                (loop.lengths, loop.start, tuple(arrays[wire] for wire in taken_in)), (final, inner), None, span)
    after: list[Box] = []
    if behind:
        needed = list(dict.fromkeys(
            [wire for one in behind for wire in taken(one) if wire in arrays]
            + [wire for wire in emitted if wire in arrays]))
        names = {}
        body = Diagram("behind", fresh_names(tuple(needed), names), None, span)
        body.boxes = copied([*direct, *behind], names)
        body.outputs = renamed(loop.emitted, names)
        after.append(Box(Each(size, body, lengths, True), tuple(arrays[wire] for wire in needed), results, None, span))
    else:
        # Nothing is computed behind: what was emitted has another name only.
        names = {}
        for wire, result in zip(emitted, wires(results), strict=True):
            if wire in arrays:
                names.setdefault(arrays[wire], result)
        if len(set(names)) == len(emitted) and all(wire in kept for wire in emitted):
            whole.outputs = (final, renamed(inner, names))
        else:
            body = Diagram("behind", (), None, span)
            inside_names: dict[Wire, Wire] = {}
            body.inputs = fresh_names(tuple(dict.fromkeys(emitted)), inside_names)
            body.outputs = renamed(loop.emitted, inside_names)
            taken_arrays = tuple(arrays[wire] for wire in dict.fromkeys(emitted))
            after.append(Box(Each(size, body, lengths), taken_arrays, results, None, span))
    return [*constant, *found], whole, after, len([one for one in before if one not in direct]), len(behind)


def data_only(branch: Diagram, shapes: list[Shape], timed: set[Wire]) -> list[Box]:
    """The boxes of a constructor that what stands in its children does not go into, nor any of the wires ``timed``."""
    assert isinstance(branch.inputs, tuple)
    dependent = set(timed)
    for shape, value in zip(shapes, branch.inputs, strict=True):
        if not isinstance(shape, Data):
            dependent.update(wires(value))
    found = []
    for box in branch.boxes:
        if dependent.isdisjoint(taken(box)) and not effect(box) and not borrows(box):
            found.append(box)
        else:
            dependent.update(wires(box.outputs))
    return found
