"""How long lists are padded: their arrays have one size along the axis of a list, however long each of them is."""

from __future__ import annotations

from catlang import dims
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.dims import Dim, Variable
from catlang.network.erasure import Padded
from catlang.network.recursion import OfLists
from catlang.network.values import changed
from catlang.objects.colour import Finite, Object, Power, Run, axes_of, base_of, dims_of, power
from catlang.objects.substitution import Substitution
from catlang.span import Span


def size_of(lengths: Value) -> Dim:
    """The padded size of a list, told by the object of its lengths."""
    assert isinstance(lengths, Wire)
    base = lengths.object.base if isinstance(lengths.object, Power) else lengths.object
    assert isinstance(base, Finite)
    return base.size - 1


def shortest(value: Value) -> Value:
    """New wires for a value in which every list is as short as one can be."""
    def short(one: Object) -> Object:
        found: dict[Variable, Dim] = {variable: 1 for variable in variables_of(one) if isinstance(variable, Padded)}
        return Substitution(dims=dict(found)).object(one) if found else one

    return changed(value, short)


def fitted(values: list[Wire], made: Diagram, span: Span, skip: int = 0) -> list[Wire]:
    """Arrays whose lists are padded differently, all padded alike; ``skip`` axes of the last are its own."""
    rows = [list(axes_of(wire.object)) for wire in values]
    rows[-1] = rows[-1][skip:]
    found = list(values)
    for place, sizes in enumerate(zip(*rows, strict=True)):
        if len(set(sizes)) == 1:
            continue
        total = sum(sizes, 0)
        for number, wire in enumerate(found):
            own = place + (skip if number == len(found) - 1 else 0)
            axes = list(axes_of(wire.object))
            axes[own] = total
            base = wire.object.base if isinstance(wire.object, Power) else wire.object
            padded = Wire(power(base, axes), span)
            made.boxes.append(Box(OfLists("fit", total, own), wire, padded, None, span))
            found[number] = padded
    return found


def padded(sizes: dict[Variable, Dim], formal: Value, given: Value) -> None:
    """Adds the padded sizes of the lists that a network takes, as those given have them."""
    formals = wires(formal)
    for one, other in zip(formals, wires(given)[-len(formals):] if formals else [], strict=True):
        first, second = base_of(one.object), base_of(other.object)
        pairs = list(zip(axes_of(one.object), axes_of(other.object), strict=True))
        if isinstance(first, Finite) and isinstance(second, Finite):
            pairs.append((first.size, second.size))
        for axis, size in pairs:
            if isinstance(axis, Run) or isinstance(size, Run):
                continue
            for variable in dims.variables(axis):
                if isinstance(variable, Padded):
                    sizes[variable] = size - (axis - variable.poly)


def variables_of(obj: Object) -> list[Variable]:
    """The variables in the sizes of an object, in order."""
    return [variable for size in dims_of(obj) for variable in dims.variables(size)]
