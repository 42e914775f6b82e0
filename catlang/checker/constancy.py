"""What depends on the data, and what on weights alone.

Weights that are computed along a 2-cell are weights: they may be computed from other weights, from frozen ones and from
constants, and never from the data. An element parameter that goes into such a map is therefore one that only constants
may be given for; where it is used, that is checked in turn.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> def told(text):
...     return [found.headline for found in check_source(Source("m.cat", None, text)).bag]
>>> told('''frozen W : R[3, 3]
... morphism f : R[3] -> R[3] = linear along (w |-> add(W, w))''')
[]
>>> told("morphism f : R[3] -> R[3] = x |-> (linear along (w |-> add(w, repeat(n -> 3 n)(x))))(x)")
['these weights would depend on the data']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker.entry import Definition
from catlang.diagram.diagram import Use, Value, Wire, captured, everything, wires

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def depends_on_data(elaborator: Elaborator, value: Value) -> bool:
    """Whether a value, somewhere in the body being elaborated, depends on data or noise.

    What depends on element parameters makes those constant ones (``Formal.constant``).
    """
    return any(_depends(elaborator, wire, {}) for wire in wires(value))


def _depends(elaborator: Elaborator, wire: Wire, known: dict[Wire, bool]) -> bool:
    if wire not in known:
        known[wire] = False
        known[wire] = _look(elaborator, wire, known)
    return known[wire]


def _look(elaborator: Elaborator, wire: Wire, known: dict[Wire, bool]) -> bool:
    if wire in elaborator.weight_wires:
        return False
    formal = elaborator.element_wires.get(wire)
    if formal is not None:
        formal.constant = True
        return False
    box = elaborator.made_by.get(wire)
    if box is None:
        return True
    operation = box.operation
    if isinstance(operation, Use) and noisy(operation.definition):
        return True
    taken = [*wires(box.inputs), *(one for inner in operation.inside().values() for one in captured(inner))]
    return any(_depends(elaborator, one, known) for one in taken)


def noisy(definition: Definition) -> bool:
    """Whether there is noise in a definition, at any depth."""
    if definition.primitive:
        return definition.noisy
    if definition.diagram is None:
        return False
    return any(isinstance(box.operation, Use) and noisy(box.operation.definition)
               for _, box in everything(definition.diagram))
