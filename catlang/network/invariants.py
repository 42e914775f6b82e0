"""Invariants: what holds of every network, whoever made it.

Each has a name in ``INVARIANTS`` and a checker, which yields what is wrong and where. :func:`check` asks all of them of
a network and of all networks below it. They hold after specialisation, and a pass from networks to networks has to keep
them, and :func:`effects` besides.

>>> from catlang.checker.check import check_source
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> module = check_source(Source("m.cat", None, "morphism f : R[3] -> R[3] = affine >> dropout >> relu"))
>>> network = Specialiser({}, {}).definition(module.scope.names["f"])
>>> check(network)
>>> effects(network)
['dropout']
>>> network.diagram.boxes.reverse()
>>> check(network)
Traceback (most recent call last):
catlang.network.invariants.Broken: used where it is known: a wire R[3] goes into `relu` before it is made (m.cat:1:50)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from catlang import dims
from catlang.checker.arguments import arguments_as_substitution
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.dims import Dim
from catlang.network.erasure import erase
from catlang.network.network import Choose, Each, Family, Loop, Network, Sub
from catlang.objects.colour import BOOL, REAL, Finite, Object, Run, axes_of, base_of, leaves, power
from catlang.objects.substitution import Substitution
from catlang.span import Span

#: What is wrong, and where.
Wrong = tuple[str, Span | None]

#: The operations of networks; the others of diagrams are gone.
KINDS = (d.Use, d.Literal, d.FrozenWeight, d.WeightOf, d.Shuffle, Sub, Each, Choose)


class Broken(AssertionError):
    """A network breaks an invariant: a mistake of what made it, never of the ``.cat`` file."""

    def __init__(self, name: str, what: str, span: Span | None) -> None:
        super().__init__(f"{name}: {what}" + (f" ({span.place})" if span is not None else ""))
        self.name = name


# -------------------------------------------------------------------- looking around


def diagrams(network: Network) -> list[Diagram]:
    """The bodies of a network and the 2-cells of its instances."""
    cells = [instance.reparameterisation for instance in network.instances.values()]
    return [*network.bodies, *(cell for cell in cells if cell is not None)]


def boxes(network: Network) -> Iterator[Box]:
    for diagram in diagrams(network):
        for _, box in d.everything(diagram):
            yield box


def below(network: Network) -> list[Network]:
    """A network and all that it uses, each once."""
    found: dict[Network, None] = {}
    todo = [network]
    while todo:
        one = todo.pop()
        if one not in found:
            found[one] = None
            todo += [box.operation.network for box in boxes(one) if isinstance(box.operation, Sub)]
    return list(found)


def called(box: Box) -> str:
    operation = box.operation
    if isinstance(operation, d.Use):
        return f"`{operation.definition.name}`"
    return f"`{box.instance.name}`" if box.instance is not None else f"a {type(operation).__name__}"


def consumed(box: Box) -> list[Wire]:
    """The wires that a box takes: its inputs, and what is free in its network."""
    return [*wires(box.inputs), *box.operation.around()]


# -------------------------------------------------------------------- the checkers


def first_order(network: Network) -> Iterator[Wrong]:
    for box in boxes(network):
        operation = box.operation
        if not isinstance(operation, KINDS):
            yield f"a {type(operation).__name__} is left", box.span
        elif isinstance(operation, d.Use) and (not operation.definition.primitive or operation.bodies):
            yield f"{called(box)} is no primitive, or holds diagrams", box.span


def made_once(network: Network) -> Iterator[Wrong]:
    seen: set[Wire] = set(network.free)

    def make(value: Value, span: Span | None) -> Iterator[Wrong]:
        for wire in wires(value):
            if wire in seen:
                yield f"a wire {wire.object} is made twice", span
            seen.add(wire)

    def visit(diagram: Diagram) -> Iterator[Wrong]:
        yield from make(diagram.inputs, diagram.span)
        for box in diagram.boxes:
            for inner in box.operation.inside().values():
                yield from visit(inner)
            yield from make(box.outputs, box.span)

    for diagram in diagrams(network):
        yield from visit(diagram)


def used_where_known(network: Network) -> Iterator[Wrong]:
    def visit(diagram: Diagram, known: set[Wire]) -> Iterator[Wrong]:
        known = known | set(wires(diagram.inputs))
        for box in diagram.boxes:
            for wire in consumed(box):
                if wire not in known:
                    yield f"a wire {wire.object} goes into {called(box)} before it is made", box.span
            for inner in box.operation.inside().values():
                yield from visit(inner, known)
            known.update(wires(box.outputs))
        for wire in wires(diagram.outputs):
            if wire not in known:
                yield f"a wire {wire.object} comes out of `{diagram.name}` and from nowhere", diagram.span

    inside: set[Wire] = set()
    for body in network.bodies:
        yield from visit(body, set(network.free))
        inside.update(wires(body.inputs), *(wires(box.outputs) for box in body.boxes))
    for cell in diagrams(network)[len(network.bodies):]:
        yield from visit(cell, inside | set(network.free))


def arrays(network: Network) -> Iterator[Wrong]:
    def look(value: Value, span: Span | None) -> Iterator[Wrong]:
        for wire in wires(value):
            obj, base = wire.object, base_of(wire.object)
            if not (base is REAL or base is BOOL or isinstance(base, Finite)) or any(
                    isinstance(axis, Run) for axis in axes_of(obj)):
                yield f"{obj} is no array", span

    for diagram in diagrams(network):
        held = [box.operation.body for _, box in d.everything(diagram) if isinstance(box.operation, Each)]
        for one in [diagram, *held]:
            yield from look(one.inputs, one.span)
            for box in one.boxes:
                yield from look(box.outputs, box.span)


def sizes_listed(network: Network) -> Iterator[Wrong]:
    known = set(network.sizes)
    if len(known) != len(network.sizes):
        yield "a size is listed twice", network.span

    def look(values: Iterator[Any], span: Span | None) -> Iterator[Wrong]:
        for value in values:
            if isinstance(value, dims.Poly):
                for variable in dims.variables(value):
                    if variable not in known:
                        yield f"the size `{variable.name}` is not listed", span

    for wire in [*wires(network.diagram.inputs), *network.free]:
        yield from look(_dims(wire.object), network.span)
    for box in boxes(network):
        for wire in wires(box.outputs):
            yield from look(_dims(wire.object), box.span)
        operation = box.operation
        if isinstance(operation, Sub):
            yield from look(iter([*operation.sizes.values(), getattr(operation, "count", 0)]), box.span)
            if set(operation.sizes) != set(operation.network.sizes):
                yield f"{called(box)} is not given just the sizes that it has", box.span
        elif isinstance(operation, Each):
            yield from look(iter([operation.size]), box.span)
        elif isinstance(operation, d.Use):
            yield from look(iter(operation.arguments.values()), box.span)
        elif isinstance(operation, d.Shuffle):
            yield from look(iter(operation.sizes.values()), box.span)


def signatures(network: Network) -> Iterator[Wrong]:
    for box in boxes(network):
        for what, value, wanted in expected(box):
            given = [wire.object for wire in wires(value)]
            if len(given) != len(wanted) or not all(map(alike, given, wanted)):
                shown = " * ".join(map(str, given)), " * ".join(map(str, wanted))
                yield f"{called(box)} {what} {shown[0]}, and its signature says {shown[1]}", box.span
    first = network.diagram
    for body in network.bodies[1:]:
        for one, other in ((first.inputs, body.inputs), (first.outputs, body.outputs)):
            left, right = [wire.object for wire in wires(one)], [wire.object for wire in wires(other)]
            if len(left) != len(right) or not all(map(alike, left, right)):
                yield "its two bodies differ in what they take or give", network.span


def expected(box: Box) -> Iterator[tuple[str, Value, list[Object]]]:
    """What a box should take and give."""
    operation = box.operation
    if isinstance(operation, d.Use):
        substitution = arguments_as_substitution(operation)
        yield "takes", box.inputs, leaves(erase(substitution.object(operation.definition.domain)))
        yield "gives", box.outputs, leaves(erase(substitution.object(operation.definition.codomain)))
    elif isinstance(operation, Each):
        body = operation.body
        yield "takes", box.inputs, [power(wire.object, (operation.size,)) for wire in wires(body.inputs)]
        yield "gives", box.outputs, [power(wire.object, (operation.size,)) for wire in wires(body.outputs)]
    elif isinstance(operation, Sub):
        put = Substitution(dims=dict(operation.sizes))
        inner = operation.network.diagram
        takes = [put.object(wire.object) for wire in wires(inner.inputs)]
        gives = [put.object(wire.object) for wire in wires(inner.outputs)]
        yield "takes", box.inputs, [Finite(operation.count), *takes] if isinstance(operation, Family) else takes
        yield "gives", box.outputs, gives
        if isinstance(operation, Loop):
            yield "takes", box.inputs, gives
    elif isinstance(operation, Choose):
        tag, *values = wires(box.inputs)
        axes = axes_of(tag.object)
        yield "chooses by", tag, [power(Finite(len(values)), axes)]
        yield "gives", box.outputs, [values[0].object]
        yield "chooses among", tuple(values), [wire.object for wire in wires(box.outputs)] * len(values)
    elif isinstance(operation, d.Shuffle):
        sides = [*operation.sources, operation.target]
        for what, value, side in zip(["takes"] * len(operation.sources) + ["gives"],
                                     [*wires(box.inputs), box.outputs], sides, strict=True):
            [wire] = wires(value)
            yield what, value, [power(base_of(wire.object), tuple(_axis(item, operation) for item in side))]
    else:
        yield "takes", box.inputs, []


def _axis(item: Any, operation: d.Shuffle) -> Dim:
    if isinstance(item, tuple):
        total: Dim = 1
        for part in item:
            total = total * _axis(part, operation)
        return total
    return item if isinstance(item, int) else operation.sizes[item]


def alike(left: Object, right: Object) -> bool:
    """Whether two objects have one base and as many axes, and no size is another for sure: that two symbolic sizes are
    equal may follow from a ``where``."""
    one, other = base_of(left), base_of(right)
    if type(one) is not type(other) or len(axes_of(left)) != len(axes_of(right)):
        return False
    differences = [a - b for a, b in zip(axes_of(left), axes_of(right), strict=True)]  # type: ignore[operator]
    if isinstance(one, Finite) and isinstance(other, Finite):
        differences.append(one.size - other.size)
    return not any(isinstance(difference, int) and difference != 0 for difference in differences)


def instances_owned(network: Network) -> Iterator[Wrong]:
    around = {*network.instances.values(), *network.lent}
    for name, instance in network.instances.items():
        if name != instance.name or not name.isidentifier():
            yield f"the instance `{instance.name}` is listed as `{name}`", instance.span
    taken = {entry.name for entry in network.frozen} & set(network.instances)
    for name in taken:
        yield f"an instance and a frozen weight are both called `{name}`", network.span
    for box in boxes(network):
        operation = box.operation
        learned = isinstance(operation, Sub | d.WeightOf) or (
            isinstance(operation, d.Use) and bool(operation.definition.weights or operation.definition.states))
        if learned and box.instance is None:
            yield f"{called(box)} has no instance", box.span
        if box.instance is not None and box.instance not in around:
            yield f"the instance `{box.instance.name}` belongs to another network", box.span


def one_operation(network: Network) -> Iterator[Wrong]:
    for box in boxes(network):
        operation, instance = box.operation, box.instance
        if instance is None:
            continue
        if isinstance(operation, Sub) and operation is not instance.operation:
            yield f"{called(box)} is an instance of another network", box.span
        if isinstance(operation, d.Use):
            other = instance.operation
            if not isinstance(other, d.Use) or other.definition is not operation.definition or not all(
                    map(alike, _weights(operation), _weights(other))):
                yield f"{called(box)} has the weights of something else", box.span


def _weights(operation: d.Use) -> list[Object]:
    put = arguments_as_substitution(operation)
    return [put.object(obj) for _, obj in [*operation.definition.weights, *operation.definition.states]]


def free_and_lent(network: Network) -> Iterator[Wrong]:
    made: set[Wire] = set()
    used: set[Wire] = set()
    lent: set[d.Instance] = set()
    frozen: set[Any] = set()
    everywhere = diagrams(network)
    for diagram in everywhere:
        made.update(wires(diagram.inputs))
        used.update(wires(diagram.outputs))
    for box in boxes(network):
        made.update(wires(box.outputs))
        used.update(consumed(box))
        for inner in box.operation.inside().values():
            made.update(wires(inner.inputs))
            used.update(wires(inner.outputs))
        if box.instance is not None:
            lent.add(box.instance)
        if isinstance(box.operation, Sub):
            lent.update(box.operation.network.lent)
            frozen.update(box.operation.network.frozen)
        if isinstance(box.operation, d.FrozenWeight):
            frozen.add(box.operation.entry)
    lent -= set(network.instances.values())
    for what, listed, found in (("free wires", network.free, used - made), ("instances lent", network.lent, lent),
                                ("frozen weights", network.frozen, frozen)):
        if len(set(listed)) != len(listed) or set(listed) != found:
            yield f"it lists {len(listed)} {what}, and uses {len(found)}", network.span


def cells_deterministic(network: Network) -> Iterator[Wrong]:
    for instance in network.instances.values():
        cell, operation = instance.reparameterisation, instance.operation
        if cell is None:
            continue
        if not isinstance(operation, d.Use):
            yield f"`{instance.name}` has no weights of its own to compute", instance.span
            continue
        given = [wire.object for wire in wires(cell.outputs)]
        wanted = _weights(operation)[:len(operation.definition.weights)]
        if len(given) != len(wanted) or not all(map(alike, given, wanted)):
            yield f"what is computed for `{instance.name}` is not its weights", instance.span
        parts = instance.parts or ["base"]
        if len(set(parts)) != len(parts) or len(parts) != len(wires(cell.inputs)):
            yield f"the weights that `{instance.name}` is computed from are not named one by one", instance.span
        for _, box in d.everything(cell):
            if _effect(box):
                yield f"the weights of `{instance.name}` depend on noise or state", box.span


def noise_known(network: Network) -> Iterator[Wrong]:
    found = any(_noisy(box) for body in network.bodies for _, box in d.everything(body))
    if found != network.stochastic:
        yield f"it is {'not ' if found else ''}marked as stochastic", network.span


def _noisy(box: Box) -> bool:
    operation = box.operation
    if isinstance(operation, Sub):
        return operation.network.stochastic
    return isinstance(operation, d.Use) and operation.definition.noise is not None


def _effect(box: Box) -> bool:
    return _noisy(box) or (isinstance(box.operation, d.Use) and bool(box.operation.definition.states))


def _dims(obj: Object) -> Iterator[Any]:
    yield from axes_of(obj)
    base = base_of(obj)
    if isinstance(base, Finite):
        yield base.size


Checker = Callable[[Network], Iterator[Wrong]]

INVARIANTS: dict[str, Checker] = {
    "first order": first_order,
    "made once": made_once,
    "used where it is known": used_where_known,
    "wires are arrays": arrays,
    "sizes are listed": sizes_listed,
    "signatures are kept": signatures,
    "instances are owned": instances_owned,
    "an instance is one operation": one_operation,
    "what is free is listed": free_and_lent,
    "2-cells compute weights from weights": cells_deterministic,
    "noise is known": noise_known,
}


def check(network: Network) -> None:
    """Raises ``Broken``, with the name of the first invariant that the network or one below it breaks."""
    for one in below(network):
        for name, checker in INVARIANTS.items():
            for what, span in checker(one):
                raise Broken(name, what, span)


def effects(network: Network, training: bool = True) -> list[str]:
    """The boxes with noise or state in the order in which they run, each by its address: no pass may change it."""
    found: list[str] = []

    def visit(diagram: Diagram, prefix: str, names: dict[d.Instance, str]) -> None:
        for box in diagram.boxes:
            operation = box.operation
            address = names.get(box.instance, prefix + box.instance.name) if box.instance is not None else ""
            if isinstance(operation, Sub):
                inner = operation.network
                body = inner.diagram if training or inner.evaluation is None else inner.evaluation
                own = {instance: f"{address}.{name}" for name, instance in inner.instances.items()}
                visit(body, f"{address}.", {**names, **own})
            elif isinstance(operation, Each):
                visit(operation.body, prefix, names)
            elif _effect(box):
                assert isinstance(operation, d.Use)
                found.append(address or prefix + operation.definition.name)

    body = network.diagram if training or network.evaluation is None else network.evaluation
    visit(body, "", {instance: name for name, instance in network.instances.items()})
    return found


__all__ = ["INVARIANTS", "Broken", "check", "effects"]
