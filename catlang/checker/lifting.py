"""Lists as axes: a morphism generic in an axis is one of lists, since ``List(A)`` is the sum of ``A^n`` over all n.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''morphism centred[n] : R[n, 3] -> R[n, 3] = x |-> sub(x, repeat(d -> n d)(reduce(mean, n d -> d)(x)))
... morphism across[n] : R[n, 3] -> R[3, n] = transpose
... morphism good : List(R[3]) -> List(R[3]) = centred
... morphism bad : List(R[3]) -> List(R[3]) = across'''
>>> [found.headline for found in check_source(Source("m.cat", None, text)).bag]
["`across` gives `R[3, n]`, which is no list: `n` is a list's length"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.entry import DimEntry
from catlang.checker.scope import fault
from catlang.diagram.diagram import Close, Open, Value, Wire, object_of, wires
from catlang.dims import Variable
from catlang.objects.colour import Object, Power, Product, Run, dims_of, leaves, power, resolve, show
from catlang.objects.functor import element_of, list_of
from catlang.objects.substitution import Substitution
from catlang.objects.unify import Mismatch

if TYPE_CHECKING:
    from catlang.checker.call import Call


def opened(call: Call, value: Value, generics: dict[str, Any],
           substitution: Substitution) -> tuple[Value, list[Variable]]:
    """The input of a call with its lists opened wherever the definition is generic in the axis that meets one.

    ``List(A)`` is the sum of ``A^n`` over all ``n``; what is generic in ``n`` is therefore defined on it.
    """
    definition, elaborator = call.definition, call.elaborator
    sizes = {dims.variables(generic.entry.value)[0]: generic.entry.name for generic in definition.generics
             if isinstance(generic.entry, DimEntry)}
    if not sizes:
        return value, []
    found: list[Variable] = []

    def visit(wanted: Object, part: Value) -> Value:
        obj = resolve(object_of(part))
        variable = _leading(wanted, sizes)
        element = element_of(obj) if isinstance(part, Wire) and variable is not None else None
        if element is None or variable is None:
            if isinstance(wanted, Product) and not isinstance(part, Wire) and len(part) == len(wanted.items):
                return tuple(visit(one, inner) for one, inner in zip(wanted.items, part, strict=True))
            return part
        given = dims.resolve(generics[sizes[variable]])
        if not isinstance(given, dims.Poly) or not dims.flexible_variables(given):
            if isinstance(given, dims.Poly) and any(one in found for one in dims.variables(given)):
                raise fault("E0318", f"`{definition.name}` takes two lists of one length, and lists may have any",
                            call.scope, call.node, "two lists come in here",
                            (f"`zip >> {definition.name}` goes as far as both of them do" if len(wires(value)) == 2
                             else "`zip` makes one list of two",))
            return part
        length = Variable(variable.name, 1)
        elaborator.unifier.dims(given, length.poly)
        elaborator.opened[length] = call.span
        elaborator.recursive = True
        found.append(length)
        return elaborator.box(Open(length), part, power(element, (length.poly,)), call.span)

    unifier, boxes = elaborator.unifier, len(elaborator.diagram.boxes)
    mark, waiting = len(unifier.trail), len(unifier.postponed)
    made = visit(definition.domain, value)
    inner, later = len(unifier.trail), len(unifier.postponed)
    try:
        unifier.unify(substitution.object(definition.domain), object_of(made))
    except Mismatch:
        # Nothing is gained by it, and what came in is a list to whoever wrote it.
        for length in found:
            del elaborator.opened[length]
        unifier.undo(mark)
        del unifier.postponed[waiting:]
        del elaborator.diagram.boxes[boxes:]
        return value, []
    unifier.undo(inner)
    del unifier.postponed[later:]
    return made, found


def _leading(obj: Object, sizes: dict[Variable, str]) -> Variable | None:
    """The generic size that every array of an object has in front, and nowhere else."""
    found: set[Any] = set()
    for leaf in leaves(obj):
        if not isinstance(leaf, Power) or isinstance(leaf.axes[0], Run) or not isinstance(leaf.axes[0], dims.Poly):
            return None
        variables = dims.variables(leaf.axes[0])
        if len(variables) != 1 or leaf.axes[0] != variables[0].poly or variables[0] not in sizes:
            return None
        found.add(variables[0])
    return found.pop() if len(found) == 1 else None


def closed(call: Call, value: Value, lengths: list[Variable]) -> Value:
    """What comes out of a call on opened lists: what has the length of one in front is a list again."""
    def visit(part: Value) -> Value:
        obj = resolve(object_of(part))
        for length in lengths:
            if _leading(obj, {length: ""}) is length:
                element = _without_front(obj)
                if length not in {one for size in dims_of(element) for one in dims.variables(size)}:
                    return call.elaborator.box(Close(length), part, list_of(element), call.span)
        if any(length in dims.variables(size) for size in dims_of(obj) for length in lengths):
            if not isinstance(part, Wire) and part:
                return tuple(visit(one) for one in part)
            names = [f"`{length.name}`" for length in lengths]
            whose = f"{names[0]} is a list's length" if len(names) == 1 else (
                f"{', '.join(names[:-1])} and {names[-1]} are lists' lengths")
            raise fault("E0319", f"`{call.definition.name}` gives `{show(obj)}`, which is no list: {whose}", call.scope,
                        call.node, "a list comes in here" if len(names) == 1 else "lists come in here",
                        ("`List(A)` is `A^n` for any `n`: the axis in front of everything, as long as one of the "
                         "lists",) if isinstance(obj, Power) else ())
        return part

    return visit(value)


def _without_front(obj: Object) -> Object:
    if isinstance(obj, Product):
        return Product(tuple(_without_front(item) for item in obj.items), obj.names)
    assert isinstance(obj, Power)
    return power(obj.base, obj.axes[1:])
