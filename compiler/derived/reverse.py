"""The reverse derivative of a step: how gradients go back along a loop.

Of ``f : A -> B`` it is ``R[f] : A * B -> A``, linear in B, and that of a composite is made of those of its parts in the
opposite order (Cockett, Cruttwell, Gallagher, Lemay, MacAdam, Plotkin, Pronk: *Reverse derivative categories*, CSL
2020, axioms RD.2 and RD.5). So the derivative of a loop is a loop from its other end, whose step is the reverse
derivative of the step.

That step is a diagram like any other, and takes the forms that any other takes. Since it is linear in what comes back,
every value in it is a sum of coefficients times a few vectors; coefficients are made of what the step saw, so that they
are maps over the places and go in front of the loop, and what is only for weights goes behind it.
"""

from __future__ import annotations

from typing import Any

from catlang.compiler.derived.hoisting import hoisted, taken
from catlang.compiler.derived.operations import (
    Back,
    Between,
    Joined,
    MultiplyAdd,
    Pieces,
    Recur,
    Reverse,
    Rows,
    Slope,
    Stacked,
)
from catlang.compiler.derived.steps import multiplied_and_added, sloped
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.dims import Variable
from catlang.network.copying import fresh_names
from catlang.network.network import Each
from catlang.network.recursion import Scan
from catlang.network.values import with_front
from catlang.objects.colour import REAL, axes_of, base_of

#: What stands in front of a vector: a wire, or None for 1.
Coefficient = Wire | None
#: A value on its way back: vectors, each with its coefficient.
Sum = dict[Wire, Coefficient]

#: Entrywise functions whose slope is known by their result, finite wherever that is.
SLOPES = frozenset(("sigmoid", "tanh", "relu", "exp"))
#: Those whose slope is another such function of their argument.
SLOPES_BEFORE = {"sin": "cos", "softplus": "sigmoid", "abs": "sign"}


class NotReversible(Exception):
    """A step with something in it whose reverse derivative is not known here."""


def reverse(box: Box, known: dict[Wire, float]) -> Reverse | None:
    """The reverse derivative of a loop; None where its step has something in it that stands in no rule.

    ``known`` are the numbers around it."""
    operation = box.operation
    assert isinstance(operation, Scan)
    try:
        return _Reader(operation.step, known).loop(box, operation)
    except NotReversible:
        return None


class _Reader:
    """Reads a step from its end, and writes its reverse derivative."""

    def __init__(self, step: Diagram, known: dict[Wire, float]) -> None:
        self.step = step
        self.captured = [wire for wire in d.captured(step) if wire not in known]
        self.literals = {wires(box.outputs)[0]: box.operation.value for box in step.boxes
                         if isinstance(box.operation, d.Literal)} | known
        self.prelude = _prelude(step)
        self.boxes: list[Box] = []
        self.span = step.boxes[-1].span
        self.sums: dict[Wire, Sum] = {}
        # What the step saw, by the name that it has on the way back.
        self.kept: dict[Wire, Wire] = {}
        self.numbers: dict[tuple[Any, float], Wire] = {}
        self.made: dict[tuple[Wire, Coefficient], Wire] = {}
        # Of what is around: the sums that come back to it, each with a factor.
        self.around: dict[Wire, list[tuple[Sum, Coefficient]]] = {}
        self.products: list[tuple[Box, Wire, Wire]] = []
        after, emitted = step.outputs  # type: ignore[misc]
        self.after = wires(fresh_names(after, {}))
        self.given = [_like(wire) for wire in wires(emitted)]
        for wire, back in zip([*wires(after), *wires(emitted)], [*self.after, *self.given], strict=True):
            if base_of(wire.object) is not REAL:
                raise NotReversible
            self._give(wire, {back: None})
        for box in reversed(step.boxes):
            self.span = box.span
            self._box(box)

    # ---------------------------------------------------------------- values on their way back

    def _use(self, name: str, like: Wire, *inputs: Wire, **arguments: Any) -> Wire:
        made = _like(like)
        operation = d.Use(self.prelude.find(name), {**arguments, "s": axes_of(like.object)}, {})
        self._put(operation, inputs if len(inputs) > 1 else inputs[0], made)
        return made

    def _put(self, operation: d.Operation, inputs: d.Value, outputs: d.Value) -> None:
        self.boxes.append(Box(operation, inputs, outputs, None, self.span))

    def _number(self, value: float, like: Wire) -> Wire:
        key = (like.object, value)
        if key not in self.numbers:
            self.numbers[key] = _like(like)
            self._put(d.Literal(value), (), self.numbers[key])
        return self.numbers[key]

    def _saw(self, wire: Wire) -> Wire:
        """What a wire held when the step was taken."""
        if wire in self.literals:
            return self._number(self.literals[wire], wire)
        if wire in self.captured:
            return wire
        if wire not in self.kept:
            self.kept[wire] = _like(wire)
            self.kept[wire].name = wire.name
        return self.kept[wire]

    def _times(self, sum_: Sum, factor: Coefficient, like: Wire) -> Sum:
        if factor is None:
            return sum_
        return {vector: factor if one is None else self._use("mul", like, one, factor) for vector, one in sum_.items()}

    def _give(self, wire: Wire, back: Sum, factor: Coefficient = None) -> None:
        """Adds to what comes back to a wire."""
        if wire in self.literals:
            return
        if wire in self.captured:
            self.around.setdefault(wire, []).append((back, factor))
            return
        own = self.sums.setdefault(wire, {})
        for vector, one in self._times(back, factor, wire).items():
            if vector in own:
                left, right = (self._number(1.0, wire) if each is None else each for each in (own[vector], one))
                own[vector] = self._use("add", wire, left, right)
            else:
                own[vector] = one

    def _vector(self, sum_: Sum, like: Wire) -> Wire:
        """A sum as one vector."""
        total: Wire | None = None
        for vector, one in sum_.items():
            if one is None:
                made = vector
            elif (vector, one) in self.made:
                made = self.made[vector, one]
            else:
                made = self.made[vector, one] = self._use("mul", like, vector, one)
            total = made if total is None else self._use("add", like, total, made)
            if like.name is not None and total.name is None:
                total.name = f"{like.name}_back"
        return self._number(0.0, like) if total is None else total

    # ---------------------------------------------------------------- rules

    def _box(self, box: Box) -> None:
        operation, outputs = box.operation, wires(box.outputs)
        if isinstance(operation, d.Literal) or not any(self.sums.get(wire) for wire in outputs):
            return
        if any(base_of(wire.object) is not REAL for wire in [*taken(box), *outputs]):
            raise NotReversible
        name = operation.definition.name if isinstance(operation, d.Use) and box.instance is None else None
        if isinstance(operation, (Pieces, Rows)) or name == "split":
            self._apart(box)
            return
        [output] = outputs
        back = self.sums[output]
        if len(back) > 1:
            # One vector from here on: each term would go its way by itself.
            back = {self._vector(back, output): None}
        inputs = wires(box.inputs)
        if name is not None:
            self._entrywise(box, name, inputs, output, back)
        elif isinstance(operation, MultiplyAdd):
            total, x, y = inputs
            self._give(total, back)
            self._give(x, back, self._saw(y))
            self._give(y, back, self._saw(x))
        elif isinstance(operation, Between):
            x, y, t = inputs
            part, whole = self._saw(t), self._number(1.0, output)
            self._give(x, back, self._use("sub", output, whole, part))
            self._give(y, back, part)
            self._give(t, back, self._use("sub", output, self._saw(y), self._saw(x)))
        elif isinstance(operation, Recur):
            self._product(box, self._vector(back, output), inputs)
        elif isinstance(operation, d.Shuffle) and operation.kind == "rearrange" and len(inputs) == 1:
            made = _like(inputs[0])
            turned = d.Shuffle("rearrange", operation.how, [operation.target], operation.sources[0], operation.sizes)
            self._put(turned, self._vector(back, output), made)
            self._give(inputs[0], {made: None})
        else:
            raise NotReversible

    def _entrywise(self, box: Box, name: str, inputs: list[Wire], output: Wire, back: Sum) -> None:
        operation = box.operation
        assert isinstance(operation, d.Use)
        if name in ("add", "sub"):
            self._give(inputs[0], back)
            self._give(inputs[1], back, self._number(-1.0, output) if name == "sub" else None)
        elif name == "neg":
            self._give(inputs[0], back, self._number(-1.0, output))
        elif name == "scale" and isinstance(operation.arguments["factor"], (int, float)):
            self._give(inputs[0], back, self._number(float(operation.arguments["factor"]), output))
        elif name == "mul":
            self._give(inputs[0], back, self._saw(inputs[1]))
            self._give(inputs[1], back, self._saw(inputs[0]))
        elif name in SLOPES:
            slope = self._saw(output)
            if name != "exp":
                slope = _like(output)
                self._put(Slope(name), self._saw(output), slope)
            self._give(inputs[0], back, slope)
        elif name in SLOPES_BEFORE:
            self._give(inputs[0], back, self._use(SLOPES_BEFORE[name], output, self._saw(inputs[0])))
        elif name == "square":
            twice = self._use("scale", output, self._saw(inputs[0]), factor=2.0)
            self._give(inputs[0], back, twice)
        elif name == "concat" and all(len(axes_of(wire.object)) == 1 for wire in inputs):
            pieces = tuple(map(_like, inputs))
            self._put(Pieces(_sizes(inputs)), self._vector(back, output), pieces)
            for wire, piece in zip(inputs, pieces, strict=True):
                self._give(wire, {piece: None})
        else:
            raise NotReversible

    def _apart(self, box: Box) -> None:
        """What was taken apart comes back in one; its parts are then parts of that."""
        [array], parts = wires(box.inputs), wires(box.outputs)
        sums = [self.sums.get(wire, {}) for wire in parts]
        terms = [next(iter(sum_.items())) for sum_ in sums if len(sum_) == 1]
        if len(terms) == len(sums) and all(one is not None for _, one in terms):
            # One product: the coefficients are put together in front of the loop.
            vectors, coefficients = (self._together(box, [term[side] for term in terms], array) for side in (0, 1))
            whole = self._use("mul", array, vectors, coefficients)
        else:
            whole = self._together(box, [self._vector(sum_, wire) for sum_, wire in zip(sums, parts, strict=True)],
                                   array)
        again = tuple(map(_like, parts))
        apart = Rows() if isinstance(box.operation, Rows) else Pieces(_sizes(parts))
        self._put(apart, whole, again)
        for sum_, part in zip(sums, again, strict=True):
            if len(sum_) == 1:
                [(vector, one)] = sum_.items()
                if one is not None:
                    self.made[vector, one] = part
        self._give(array, {whole: None})

    def _together(self, box: Box, parts: list[Any], like: Wire) -> Wire:
        """Parts as the array that was taken apart into such."""
        made = _like(like)
        self._put(Stacked() if isinstance(box.operation, Rows) else Joined(), tuple(parts), made)
        return made

    def _product(self, box: Box, back: Wire, inputs: list[Wire]) -> None:
        if len(axes_of(back.object)) != 1 or inputs[0] in self.captured or inputs[0] in self.literals:
            raise NotReversible
        made = _like(inputs[0])
        self._put(Back(box), back, made)
        self.products.append((box, back, self._saw(inputs[0])))
        self._give(inputs[0], {made: None})
        for entry in inputs[1:]:
            self._give(entry, {back: None})

    # ---------------------------------------------------------------- the loop

    def loop(self, box: Box, operation: Scan) -> Reverse:
        """The loop from the other end."""
        lengths, _, _ = box.inputs  # type: ignore[misc]
        state, entries = self.step.inputs  # type: ignore[misc]
        size = Variable("length")
        lengths = _like(lengths) if isinstance(lengths, Wire) else ()
        before = [self._vector(self.sums.get(wire, {}), wire) for wire in wires(state)]
        to_entries = [self._vector(self.sums[wire], wire) if self.sums.get(wire) else None for wire in wires(entries)]
        to_around = [self._contribution(wire) for wire in self.captured]
        emitted = list(dict.fromkeys([one for one in [*to_entries, *to_around] if one is not None]
                                     + [vector for _, vector, _ in self.products]))
        kept = list(self.kept.values())
        step = Diagram("reverse", (tuple(self.after), (*self.given, *kept)), None, self.step.span)
        step.boxes, step.outputs = self._needed([*before, *emitted]), (tuple(before), tuple(emitted))
        final = tuple(fresh_names(tuple(self.after), {}))  # type: ignore[arg-type]
        arrays = with_front((*self.given, *kept), size.poly)
        begun = tuple(map(_like, before))
        results = with_front(tuple(map(_like, emitted)), size.poly)
        back = Box(Scan(size.poly, not operation.backwards, step), (lengths, final, arrays), (begun, results), None,
                   box.span)
        front, inner, behind, _, _ = hoisted(back, back.operation)  # type: ignore[arg-type]
        diagram = Diagram("reverse", (lengths, final, arrays), None, box.span)
        diagram.boxes = [*front, inner, *behind]
        diagram.outputs = (begun, results)
        for one in diagram.boxes:
            # There are no gradients of gradients here: the two as one operation are the faster.
            if isinstance(one.operation, (Scan, Each)):
                inside = one.operation.step if isinstance(one.operation, Scan) else one.operation.body
                literals = {wire: number for (_, number), wire in self.numbers.items()}
                sloped(inside, literals)
                multiplied_and_added(inside, literals)
        found = dict(zip(emitted, wires(results), strict=True))
        saw = dict(zip(kept, wires(arrays)[len(self.given):], strict=True))
        return Reverse(size, list(self.kept), diagram, [None if one is None else found[one] for one in to_entries],
                       {wire: None if one is None else found[one]
                        for wire, one in zip(self.captured, to_around, strict=True)},
                       [(one, found[vector], saw[x]) for one, vector, x in self.products])

    def _contribution(self, wire: Wire) -> Wire | None:
        """What one step gives to something around the loop."""
        total: Wire | None = None
        for sum_, factor in self.around.get(wire, []):
            made = self._vector(sum_, wire)
            made = made if factor is None else self._use("mul", wire, made, factor)
            total = made if total is None else self._use("add", wire, total, made)
        return total

    def _needed(self, wanted: list[Wire]) -> list[Box]:
        """The boxes that some wires are made by."""
        needed = set(wanted)
        found = []
        for box in reversed(self.boxes):
            if not needed.isdisjoint(wires(box.outputs)):
                needed.update(taken(box))
                found.append(box)
        return found[::-1]


def _like(wire: Wire) -> Wire:
    return Wire(wire.object, wire.span)


def _sizes(pieces: list[Wire]) -> list[Any]:
    return [axes_of(wire.object)[0] for wire in pieces]


def _prelude(step: Diagram) -> Any:
    for box in step.boxes:
        use = box.instance.operation if box.instance is not None else box.operation
        if isinstance(use, d.Use) and hasattr(use.definition.module, "scope"):
            return use.definition.module.scope
    raise NotReversible
