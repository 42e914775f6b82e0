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
from catlang.dims import Dim, Variable
from catlang.network.erasure import Padded, erase
from catlang.network.network import Choose, Each, Family, Loop, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import BOOL, REAL, Finite, Object, Run, axes_of, base_of, leaves, power
from catlang.objects.functor import Fixed, element_of
from catlang.objects.shapes import Both, Child, Children, Data, Listed, Shape, Summand
from catlang.objects.substitution import Substitution
from catlang.span import Span

#: What is wrong, and where.
Wrong = tuple[str, Span | None]

#: The operations of networks; the others of diagrams are gone.
KINDS = (d.Use, d.Literal, d.FrozenWeight, d.WeightOf, d.Shuffle, Sub, Each, Choose, Scan, Grow, FoldTree, GrowTree,
         OfLists, Mask, Opened)


class Broken(AssertionError):
    """A network breaks an invariant: a mistake of what made it, never of the ``.cat`` file."""

    def __init__(self, name: str, what: str, span: Span | None) -> None:
        super().__init__(f"{name}: {what}" + (f" ({span.place})" if span is not None else ""))
        self.name = name


# -------------------------------------------------------------------- looking around


def diagrams(network: Network) -> list[Diagram]:
    """The bodies of a network and the 2-cells of its instances, those in its loops too. A network that is only held has
    none: what its instances are for stands in the one that has the loop."""
    return [] if network.held else [*network.bodies, *_cells(network)]


def _cells(network: Network) -> Iterator[Diagram]:
    for instance in network.instances.values():
        if instance.reparameterisation is not None:
            yield instance.reparameterisation
        if isinstance(instance.operation, Sub) and instance.operation.network.held:
            yield from _cells(instance.operation.network)


def within(diagram: Diagram) -> Iterator[Diagram]:
    """A diagram, and all that its boxes hold."""
    yield diagram
    for box in diagram.boxes:
        for inner in box.operation.inside().values():
            yield from within(inner)


def boxes(network: Network) -> Iterator[Box]:
    for diagram in diagrams(network):
        for _, box in d.everything(diagram):
            yield box


def below(network: Network) -> list[Network]:
    """A network and all that it uses or holds, each once."""
    found: dict[Network, None] = {}
    todo = [network]
    while todo:
        one = todo.pop()
        if one not in found:
            found[one] = None
            todo += [operation.network for operation in (
                *(box.operation for box in boxes(one)), *(instance.operation for instance in one.instances.values()))
                if isinstance(operation, Sub)]
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
        for diagram in within(body):
            inside.update(wires(diagram.inputs), *(wires(box.outputs) for box in diagram.boxes))
    for cell in diagrams(network)[len(network.bodies):]:
        yield from visit(cell, inside | set(network.free))


def arrays(network: Network) -> Iterator[Wrong]:
    def look(value: Value, span: Span | None) -> Iterator[Wrong]:
        for wire in wires(value):
            obj, base = wire.object, base_of(wire.object)
            if not (base is REAL or base is BOOL or isinstance(base, Finite) or _is_tree(obj)) or any(
                    isinstance(axis, Run) for axis in axes_of(obj)):
                yield f"{obj} is no array", span

    for diagram in diagrams(network):
        for one in within(diagram):
            yield from look(one.inputs, one.span)
            for box in one.boxes:
                yield from look(box.outputs, box.span)


def _is_tree(obj: Object) -> bool:
    """Whether an object is one of trees: a list is its length and its elements, and those of ``nu F`` are no data."""
    return isinstance(obj, Fixed) and obj.kind == "mu" and element_of(obj) is None


def sizes_listed(network: Network) -> Iterator[Wrong]:
    known = set(network.sizes)
    if len(known) != len(network.sizes):
        yield "a size is listed twice", network.span
    if network.held:
        for instance in network.instances.values():
            if isinstance(instance.operation, Sub) and set(instance.operation.sizes) != set(
                    instance.operation.network.sizes):
                yield f"`{instance.name}` is not given just the sizes that it has", instance.span
    for box in boxes(network):
        # Names for sizes that a network gives itself: of one list, and of how many children a node has.
        own: set[Variable] = set()
        if isinstance(box.operation, Opened):
            own.add(box.operation.length)
        elif isinstance(box.operation, FoldTree):
            own.update(variable for branch in box.operation.branches for wire in wires(branch.inputs)
                       for size in _dims(wire.object) if isinstance(size, dims.Poly)
                       for variable in dims.variables(size) if isinstance(variable, Padded))
        for variable in own.intersection(network.sizes):
            yield f"the size `{variable.name}` is listed, and is told inside", box.span
        known.update(own)

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
        elif isinstance(operation, Each | Scan | OfLists | Mask | Opened):
            yield from look(iter([operation.size]), box.span)
        elif isinstance(operation, Grow | GrowTree):
            yield from look(iter([operation.bound]), box.span)
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
        if operation.lengths is not None:
            yield "counts by", operation.lengths, [_lengths(operation.lengths)]
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
    elif type(operation) in _RECURSION:
        yield from _RECURSION[type(operation)](box, operation)
    else:
        yield "takes", box.inputs, []


Expected = Iterator[tuple[str, Value, list[Object]]]


def _objects(value: Value) -> list[Object]:
    return [wire.object for wire in wires(value)]


def _along(value: Value, size: Dim) -> list[Object]:
    return [power(obj, (size,)) for obj in _objects(value)]


def _scan(box: Box, operation: Scan) -> Expected:
    lengths, _, _ = box.inputs  # type: ignore[misc]
    state, entries = operation.step.inputs  # type: ignore[misc]
    after, emitted = operation.step.outputs  # type: ignore[misc]
    counted: list[Object] = [Finite(operation.size + 1)] if wires(lengths) else []
    yield "takes", box.inputs, [*counted, *_objects(state), *_along(entries, operation.size)]
    yield "goes on with", after, _objects(state)
    yield "gives", box.outputs, [*_objects(state), *_along(emitted, operation.size)]


def _grow(box: Box, operation: Grow) -> Expected:
    tag, emitted, after = operation.step.outputs  # type: ignore[misc]
    yield "takes", box.inputs, _objects(operation.step.inputs)
    yield "stops by", tag, [Finite(2)]
    yield "goes on with", after, _objects(operation.step.inputs)
    yield "gives", box.outputs, [Finite(operation.bound + 1), *_along(emitted, operation.bound)]


def _fold_tree(box: Box, operation: FoldTree) -> Expected:
    yield "takes", box.inputs, [Fixed("mu", operation.functor)]
    for shape, branch in zip(operation.shapes, operation.branches, strict=True):
        assert isinstance(branch.inputs, tuple)
        for part, value in zip(shape.parts(), branch.inputs, strict=True):
            yield "hands on", value, _part(part, _objects(box.outputs))
        yield "gives", branch.outputs, _objects(box.outputs)


def _grow_tree(box: Box, operation: GrowTree) -> Expected:
    state = _objects(operation.step.inputs)
    yield "takes", box.inputs, state
    for shape in operation.shapes:
        yield from _constructor(shape, operation.step.outputs, state)
    yield "gives", box.outputs, [Fixed("mu", operation.functor)]


def _part(part: Shape, state: list[Object]) -> list[Object]:
    """What stands for a part of a constructor where states stand for trees."""
    if isinstance(part, Data):
        return leaves(erase(part.object))
    if isinstance(part, Child):
        return state
    if isinstance(part, Children):
        return [power(obj, part.axes) for obj in state]
    assert isinstance(part, Listed)
    size = Padded("length", 1).poly
    return [Finite(size + 1), *(power(obj, (size,)) for obj in state)]


def _constructor(shape: Shape, value: Value, state: list[Object]) -> Expected:
    """The part of a step's output that says what this constructor would be made of."""
    if isinstance(shape, Summand):
        tag, *summands = value if isinstance(value, tuple) else (value,)
        yield "chooses by", tag, [Finite(len(shape.sum.items))]
        if shape.place < len(summands):
            yield from _constructor(shape.shape, summands[shape.place], state)
    elif isinstance(shape, Both) and isinstance(value, tuple):
        for item, part in zip(shape.items, value, strict=True):
            yield from _constructor(item, part, state)
    elif shape.parts():
        yield "hands on", value, _part(shape, state)


def _of_lists(box: Box, operation: OfLists) -> Expected:
    """Lists of what elements they have, as many as there are before and after."""
    given: Any = box.inputs
    made: Any = box.outputs
    kind = operation.kind
    if kind == "fit":
        axes = list(axes_of(given.object))
        axes[operation.place] = operation.size
        yield "gives", made, [power(base_of(given.object), axes)]
        return
    if kind in ("length", "full", "tag"):
        if kind == "length":
            yield "counts by", given, [_lengths(given)]
        else:
            yield "takes", given, [BOOL] if kind == "tag" else []
        result: Object = Finite(operation.size + 1) if kind == "full" else Finite(2) if kind == "tag" else REAL
        yield "gives", made, [result]
        return
    sources = given if kind == "zip" else [given[1]] if kind in ("cons", "end") else [given]
    targets = made[1] if kind == "zip" else [made[1]]
    rest = _objects(given[0]) if kind in ("cons", "end") else None
    longer = 0 if rest is None else 1
    for (lengths, elements), target in zip(sources, targets, strict=True):
        yield "counts by", lengths, [_lengths(lengths)]
        size = _padded_size(lengths)
        element = [power(base_of(obj), axes_of(obj)[1:]) for obj in _objects(elements)]
        yield "takes a list of", elements, [power(obj, (size,)) for obj in element]
        if rest is not None:
            yield "takes besides", given[0], element
        # Of two lists the first says how long what comes out is padded.
        size = size if kind != "zip" else _padded_size(sources[0][0])
        yield "gives a list of", target, [power(obj, (size + longer,)) for obj in element]
        yield "counts by", made[0], [Finite(size + longer + 1)]


def _padded_size(lengths: Wire) -> Dim:
    """To how many entries the lists are padded that are so long."""
    return lengths.object.size - 1 if isinstance(lengths.object, Finite) else 0


def _lengths(lengths: Value) -> Object:
    """The object of what says how long a list is, which is told by nothing but itself."""
    return Finite(_padded_size(lengths) + 1) if isinstance(lengths, Wire) else Finite(1)


def _mask(box: Box, operation: Mask) -> Expected:
    yield "takes", box.inputs, [Finite(operation.size + 1)]
    yield "gives", box.outputs, [power(BOOL, (operation.size,))]


def _opened(box: Box, operation: Opened) -> Expected:
    """One of the two has the one name for its size in front, the other one the other."""
    for what, value in (("takes", box.inputs), ("gives", box.outputs)):
        [wire] = wires(value)
        front = axes_of(wire.object)[:1]
        size = operation.length.poly if front == (operation.length.poly,) else operation.size
        [other] = wires(box.outputs if what == "takes" else box.inputs)
        yield what, value, [power(base_of(other.object), (size, *axes_of(other.object)[1:]))]


_RECURSION: dict[type, Callable[..., Expected]] = {
    Scan: _scan, Grow: _grow, FoldTree: _fold_tree, GrowTree: _grow_tree, OfLists: _of_lists, Mask: _mask,
    Opened: _opened,
}


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
    if isinstance(one, Fixed) and one != other:
        return False
    if isinstance(one, Finite) and isinstance(other, Finite):
        differences.append(one.size - other.size)
    return not any(isinstance(difference, int) and difference != 0 for difference in differences)


def instances_owned(network: Network) -> Iterator[Wrong]:
    around = {*network.instances.values(), *network.lent}
    for name, instance in network.instances.items():
        if name != instance.name or not name.isidentifier():
            yield f"the instance `{instance.name}` is listed as `{name}`", instance.span
        if (instance.within is not None) != network.held:
            yield f"the instance `{instance.name}` is held by another one than it says", instance.span
    taken = {entry.name for entry in network.frozen} & set(network.instances)
    for name in taken:
        yield f"an instance and a frozen weight are both called `{name}`", network.span
    for box in boxes(network):
        operation = box.operation
        learned = isinstance(operation, Sub | d.WeightOf) or (
            isinstance(operation, d.Use) and bool(operation.definition.weights or operation.definition.states))
        if learned and box.instance is None:
            yield f"{called(box)} has no instance", box.span
        if isinstance(operation, Sub) and operation.network.held:
            yield f"{called(box)} only holds instances, and is called", box.span
        if box.instance is not None and not _reached(box.instance, around):
            yield f"the instance `{box.instance.name}` belongs to another network", box.span


def _reached(instance: d.Instance, around: set[d.Instance]) -> bool:
    """Whether an instance is one of these, or is held by one; a view of what a network owns that is called as well."""
    if instance.within is None:
        return instance in around
    holder = instance.within.operation
    if not isinstance(holder, Sub):
        return False
    own = holder.network.instances.get(instance.name)
    known = own is instance if holder.network.held else own is not None
    return known and _reached(instance.within, around)


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
    if network.held:
        return
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
            lent.add(box.instance.root)
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
    operations = [instance.operation for instance in network.instances.values()] if network.held else [
        box.operation for body in network.bodies for _, box in d.everything(body)]
    found = any(map(_noisy, operations))
    if found != network.stochastic:
        yield f"it is {'not ' if found else ''}marked as stochastic", network.span


def _noisy(operation: d.Operation) -> bool:
    if isinstance(operation, Sub):
        return operation.network.stochastic
    return isinstance(operation, d.Use) and operation.definition.noise is not None


def _effect(box: Box) -> bool:
    return _noisy(box.operation) or (isinstance(box.operation, d.Use) and bool(box.operation.definition.states))


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
    """Raises ``Broken``, with the name of the first invariant that the network or one below it breaks.

    The network itself is one that is called from outside, where there is nothing that it could use."""
    for one in below(network):
        for name, checker in INVARIANTS.items():
            for what, span in checker(one):
                raise Broken(name, what, span)
    if network.free or network.lent:
        wanted = [f"a wire {wire.object}" for wire in network.free] + [f"`{one.name}`" for one in network.lent]
        raise Broken("what is used is there", f"nobody gives it {wanted[0]}", network.span)


def effects(network: Network, training: bool = True) -> list[str]:
    """The boxes with noise or state in the order in which they run, each by its address: no pass may change it."""
    found: list[str] = []

    def named(instance: d.Instance, prefix: str, names: dict[d.Instance, str]) -> str:
        if instance.within is not None:
            return f"{named(instance.within, prefix, names)}.{instance.name}"
        return names.get(instance, prefix + instance.name)

    def visit(diagram: Diagram, prefix: str, names: dict[d.Instance, str]) -> None:
        for box in diagram.boxes:
            operation = box.operation
            address = named(box.instance, prefix, names) if box.instance is not None else ""
            if isinstance(operation, Sub):
                inner = operation.network
                body = inner.diagram if training or inner.evaluation is None else inner.evaluation
                own = {instance: f"{address}.{name}" for name, instance in inner.instances.items()}
                visit(body, f"{address}.", {**names, **own})
            elif operation.inside():
                for held in operation.inside().values():
                    visit(held, prefix, names)
            elif _effect(box):
                assert isinstance(operation, d.Use)
                found.append(address or prefix + operation.definition.name)

    body = network.diagram if training or network.evaluation is None else network.evaluation
    visit(body, "", {instance: name for name, instance in network.instances.items()})
    return found


__all__ = ["INVARIANTS", "Broken", "check", "effects"]
