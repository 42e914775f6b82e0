"""Loops along words: lists of symbols, which are of finite objects, read from one and the same start.

What a loop gives is a function of the list and of where it starts. From one start, words that begin alike are therefore
in the same states as far as they do: the states belong to the beginnings of words, which make a tree, and not to the
words. Whether two beginnings are one can be told, since symbols can.
"""

from __future__ import annotations

from itertools import pairwise

from catlang.compiler.derived.hoisting import borrows, taken
from catlang.compiler.derived.operations import Words
from catlang.compiler.derived.uses import effect, total
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.network.network import Each
from catlang.network.recursion import Scan
from catlang.objects.colour import Finite, axes_of, base_of


def words(made: list[Box], diagram: Diagram) -> list[Box]:
    """The boxes that a loop was taken apart into, two of them as one where they are a loop along words: what is made
    of the symbols at all places at once, and the loop. The same boxes where they are none."""
    for place, (front, loop) in enumerate(pairwise(made)):
        if _along_words(front, loop, made, diagram):
            assert isinstance(front.operation, Each) and isinstance(loop.operation, Scan)
            lengths, start, elements = loop.inputs  # type: ignore[misc]
            symbols = wires(front.inputs)
            names = dict(zip(wires(front.outputs), wires(front.operation.body.outputs), strict=True))
            names.update(zip(symbols, wires(front.operation.body.inputs), strict=True))
            before = front.operation.body
            before.outputs = tuple(names[wire] for wire in wires(elements))
            whole = Words(loop.operation, before)
            box = Box(whole, (lengths, start, tuple(symbols)), loop.outputs, None, loop.span)
            return [*made[:place], box, *made[place + 2:]]
    return made


def _along_words(front: Box, loop: Box, made: list[Box], diagram: Diagram) -> bool:
    if not (isinstance(front.operation, Each) and front.operation.front and type(loop.operation) is Scan):
        return False
    lengths, start, elements = loop.inputs  # type: ignore[misc]
    step, before = loop.operation.step, front.operation.body
    symbols, results = wires(front.inputs), wires(front.outputs)
    if not isinstance(lengths, Wire) or not wires(start):
        return False
    if not all(isinstance(base_of(wire.object), Finite) and len(axes_of(wire.object)) == 1 for wire in symbols):
        return False
    if not {*wires(elements)} <= {*results, *symbols} or any(
            not {*results}.isdisjoint(taken(other)) for other in made if other is not loop):
        return False
    if not total(before.boxes) or any(effect(box) or borrows(box) for box in [*before.boxes, *step.boxes]):
        return False
    around = [*wires(start), *d.captured(step), *d.captured(before)]
    return _constant([*diagram.boxes, *made], around)


def _constant(boxes: list[Box], wanted: list[Wire]) -> bool:
    """Whether some wires are made of weights and numbers alone, the same for everything that a network is given."""
    makers = {wire: box for box in boxes for wire in wires(box.outputs)}
    left, seen = list(wanted), set(wanted)
    while left:
        box = makers.get(left.pop())
        if box is None or effect(box) or borrows(box):
            return False
        new = [wire for wire in taken(box) if wire not in seen]
        seen.update(new)
        left += new
    return True
