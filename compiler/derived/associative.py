"""Loops whose step is associative: ``((s . x) . y) . z = s . ((x . y) . z)``, so that halves go side by side.

A step is a product of two states where what it takes at each place is such as its state is, wire for wire. That the
product is associative is proved of the diagram, whatever its weights are and whatever stands around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from catlang.compiler.derived.affine import among_states
from catlang.compiler.derived.operations import Associative
from catlang.compiler.derived.uses import effect
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Wire, wires
from catlang.laws.associativity import associative as proved
from catlang.network.copying import copied, fresh_names
from catlang.network.recursion import Scan
from catlang.network.values import renamed, with_front

#: So many ways are tried to say which entry stands for which part of the state.
_MOST = 24


def associative(box: Box, operation: Scan, literals: Mapping[Wire, float]) -> list[Box] | None:
    """A loop as products in any bracketing; None where it is none. ``literals`` are the numbers known around it."""
    step = operation.step
    (state, entries), (after, emitted) = step.inputs, step.outputs  # type: ignore[misc]
    states, results = wires(state), wires(after)
    if not states or any(effect(one) for one in step.boxes) or any(wire not in results for wire in wires(emitted)):
        return None
    names: dict[Wire, Wire] = {}
    first = fresh_names(tuple(states), names)
    places = fresh_names(tuple(wires(entries)), names)
    combine = Diagram("combine", (), None, step.span)
    for wire in d.captured(step):
        # What is known to be a number the proof may need.
        if wire in literals:
            names[wire] = Wire(wire.object, box.span)
            combine.boxes.append(Box(d.Literal(literals[wire]), (), names[wire], None, box.span))
    combine.boxes += copied(step.boxes, names)
    combine.outputs = (renamed(tuple(results), names), ())
    for order in _orders(wires(first), wires(places)):
        combine.inputs = (first, tuple(wires(places)[place] for place in order))
        if proved(combine):
            break
    else:
        return None
    lengths, start, elements = box.inputs  # type: ignore[misc]
    final, given = box.outputs  # type: ignore[misc]
    arrays = wires(elements)
    inner = with_front(final, operation.size) if wires(emitted) else ()
    made = Box(Associative(operation.size, operation.backwards, combine),
               (lengths, start, tuple(arrays[place] for place in order)), (final, inner), None, box.span)
    return [made, *among_states(box, operation, wires(inner), wires(given))]


def _orders(states: list[Wire], entries: list[Wire]) -> Iterator[tuple[int, ...]]:
    """The orders in which the entries are of the states' objects, the one in which they stand first."""
    def orders(chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if len(chosen) == len(states):
            yield chosen
            return
        for place, entry in enumerate(entries):
            if place not in chosen and entry.object == states[len(chosen)].object:
                yield from orders((*chosen, place))

    return islice(orders(()), _MOST) if len(states) == len(entries) else iter(())
