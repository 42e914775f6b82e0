"""What stands in a box: the words of an operation, in catlang's spelling.

Everything here is text of somebody's file: whoever puts it anywhere makes it harmless there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.checker.entry import Constant, ConstantEntry
from catlang.diagram import diagram as d
from catlang.diagram.diagram import wires
from catlang.dims import Poly, show
from catlang.objects.colour import Object
from catlang.objects.colour import show as shown
from catlang.visible import visible

if TYPE_CHECKING:
    from catlang.diagram.diagram import Box, Diagram, Operation

#: What is only wiring is no box.
WIRING = frozenset({"id", "copy", "drop", "swap", "fst", "snd"})

#: A phrase in a title has no more characters than this.
LONGEST = 46


def wiring(operation: Operation) -> bool:
    """Whether an operation only says which wire goes where."""
    return isinstance(operation, d.Split) or (
        isinstance(operation, d.Use) and operation.definition.structural and operation.definition.name in WIRING)


def title(box: Box) -> str:
    """What a box does, in a few words."""
    return visible(_title(box.operation, 3))


def _title(operation: Operation, depth: int) -> str:
    if isinstance(operation, d.Use):
        name = str(operation.definition.name)
        if not operation.bodies:
            return name
        inside = ", ".join(_phrase(body, depth - 1) for body in operation.bodies.values())
        return f"{name}({inside if len(inside) <= LONGEST else '…'})"
    if isinstance(operation, d.Formal):
        return operation.name
    if isinstance(operation, d.Group):
        return _phrase(operation.body, depth - 1)
    if isinstance(operation, d.Repeat):
        inside = _phrase(operation.body, depth - 1)
        count = show(operation.count)
        return f"({inside})^{count}" if " >> " in inside and not _lone(operation.body) else f"{inside}^{count}"
    if isinstance(operation, d.CaseOf):
        inside = (", " if operation.together else " + ").join(_phrase(one, depth - 1) for one in operation.branches)
        inside = inside if len(inside) <= LONGEST else "…"
        return f"[{inside}]" if operation.together else f"({inside})"
    if isinstance(operation, d.FunctorMap):
        return f"{getattr(operation.functor, 'name', None) or 'F'}({_phrase(operation.body, depth - 1)})"
    if isinstance(operation, d.Literal):
        return str(operation.value)
    if isinstance(operation, d.Shuffle):
        return operation.kind if operation.how is None else f"{operation.kind} {operation.how}"
    if isinstance(operation, d.Convert):
        return f"as {operation.name}"
    if isinstance(operation, d.Open):
        return "as an axis"
    if isinstance(operation, d.Close):
        return "as a list"
    if isinstance(operation, d.FrozenWeight):
        return str(operation.entry.name)
    return type(operation).__name__.lower()


def _lone(diagram: Diagram) -> bool:
    """Whether there is one box in a diagram, whatever else is wiring."""
    return sum(not wiring(box.operation) for box in diagram.boxes) == 1


def _phrase(diagram: Diagram, depth: int) -> str:
    """A diagram in a line, where it is a short chain; `…` where it is not."""
    boxes = [box for box in diagram.boxes if not wiring(box.operation)]
    if not boxes:
        return "id" if wires(diagram.inputs) == wires(diagram.outputs) else "…"
    if depth < 0 or len(boxes) > 4:
        return "…"
    before = wires(diagram.inputs)
    for box in boxes:
        if wires(box.inputs) != before:
            return "…"
        before = wires(box.outputs)
    if before != wires(diagram.outputs):
        return "…"
    text = " >> ".join(_title(box.operation, depth) for box in boxes)
    return text if len(text) <= LONGEST else "…"


def phrase(diagram: Diagram) -> str:
    """A diagram in a line, where it is a short chain."""
    return visible(_phrase(diagram, 2))


def subtitle(box: Box) -> str:
    """The pattern of a shuffle; the class of an extern; of a use the constants that are not as they would be anyway."""
    operation = box.operation
    if isinstance(operation, d.Shuffle):
        return visible(pattern(operation))
    if isinstance(operation, d.Use) and operation.definition.extern:
        return visible(operation.definition.node.reference)
    if isinstance(operation, d.Use):
        return visible(", ".join(f"{name} = {written(value)}" for name, value, default in constants(operation)
                                 if value is not default and value != default))
    return ""


def constants(operation: d.Use) -> list[tuple[str, Any, Any]]:
    """The constants of a use: name, value, default."""
    found = []
    for generic in operation.definition.generics:
        if isinstance(generic.entry, ConstantEntry):
            name = generic.entry.name
            found.append((name, operation.arguments.get(name), generic.entry.constant.default))
    return found


def written(value: Any) -> str:
    """A constant as it is written."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Constant):
        return value.name
    if isinstance(value, Poly):
        return show(value)
    if isinstance(value, Object):
        return shown(value)
    return str(value)


def pattern(operation: d.Shuffle) -> str:
    """The axes of a shuffle, as they are written."""
    def row(items: Any) -> str:
        return " ".join(f"({row(item)})" if isinstance(item, tuple) else str(item) for item in items)

    sources = ", ".join(row(side) for side in operation.sources)
    return f"{sources} -> {row(operation.target)}".strip()


def label(box: Box) -> str:
    """The label of an instance, where it was given one."""
    instance = box.instance
    if instance is None:
        return ""
    stem, _, number = instance.name.rpartition("_")
    operation = box.operation
    own = {d.Repeat: "power", d.Group: "group"}.get(type(operation))
    if isinstance(operation, d.Use):
        own = operation.definition.name
    elif isinstance(operation, d.Formal):
        own = operation.name
    return "" if number.isdigit() and stem == own else visible(instance.name)
