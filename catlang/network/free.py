"""What is free in a network: sizes, wires and instances of those around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from catlang import dims
from catlang.checker.entry import FrozenEntry
from catlang.checker.formula import Formula
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, Instance, Operation, Wire, wires
from catlang.dims import Variable
from catlang.network.erasure import Padded
from catlang.network.network import Each, Family, Loop, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import Object, dims_of, resolve
from catlang.objects.substitution import Substitution


def close(network: Network, mine: set[Variable]) -> None:
    """Finds what is free in a network, and whether there is noise in it.

    The sizes of its own header, ``mine``, are its first ones.
    """
    found = _Free(network)
    for body in network.bodies:
        found.diagram(body, set())
    inside = {wire for body in network.bodies for wire in wires(body.inputs)}
    for body in network.bodies:
        for _, box in d.everything(body):
            inside.update(wires(box.outputs), *(wires(inner.inputs) for inner in box.operation.inside().values()))
    for cell in _cells(network):
        found.diagram(cell, inside)
    for wire in found.wires:
        found.size(wire.object)
    if network.held:
        for instance in network.instances.values():
            found.operation(instance)
    network.sizes = sorted((size for size in found.sizes if size not in found.bound),
                           key=lambda variable: (variable not in mine, variable.name, variable.serial))
    network.free, network.lent, network.frozen = list(found.wires), list(found.instances), found.frozen
    network.stochastic = found.noisy


def _cells(network: Network) -> Iterator[Diagram]:
    """The 2-cells of the instances of a network, and of those that they hold."""
    for instance in network.instances.values():
        if instance.reparameterisation is not None:
            yield instance.reparameterisation
        if isinstance(instance.operation, Sub) and instance.operation.network.held:
            yield from _cells(instance.operation.network)


class Divided(ValueError):
    """A frozen weight of a file that is imported at several sizes: it would have several shapes under one name."""

    def __init__(self, entry: FrozenEntry) -> None:
        super().__init__(f"the frozen weight `{entry.name}` has several shapes")
        self.entry = entry


class _Free:
    """What was met so far that is not the network's own, in the order of meeting it."""

    def __init__(self, network: Network) -> None:
        self.owned = set(network.instances.values())
        self.sizes: dict[Variable, None] = {}
        self.wires: dict[Wire, None] = {}
        self.instances: dict[Instance, None] = {}
        self.frozen: dict[FrozenEntry, Object] = {}
        self.noisy = False
        # Names for sizes that the network gives itself.
        self.bound: set[Variable] = set()

    def size(self, value: Any) -> None:
        """The sizes in an argument, whatever that is."""
        if isinstance(value, dims.Poly):
            for variable in dims.variables(value):
                self.sizes.setdefault(variable)
        elif isinstance(value, Formula):
            for part in value.parts:
                self.size(part)
        elif isinstance(value, Object):
            for one in dims_of(value):
                self.size(one)
        elif isinstance(value, tuple):
            for one in value:
                self.size(one)

    def operation(self, instance: Instance) -> None:
        """The sizes of an instance that no box here is of."""
        self._operation(instance.operation, set())

    def diagram(self, diagram: Diagram, known: set[Wire]) -> None:
        known = known | set(wires(diagram.inputs))
        for wire in wires(diagram.inputs):
            self.size(wire.object)
        for box in diagram.boxes:
            self._taken(wires(box.inputs), known)
            self._taken(list(box.operation.around()), known)
            for wire in wires(box.outputs):
                self.size(wire.object)
            if box.instance is not None:
                self._lent(box.instance)
            if isinstance(box.operation, d.FrozenWeight):
                [wire] = wires(box.outputs)
                self._frozen(box.operation.entry, wire.object)
            self._operation(box.operation, known)
            for inner in box.operation.inside().values():
                self.diagram(inner, known)
            known |= set(wires(box.outputs))
        self._taken(wires(diagram.outputs), known)

    def _frozen(self, entry: FrozenEntry, obj: Object) -> None:
        if resolve(self.frozen.setdefault(entry, obj)) != resolve(obj):
            raise Divided(entry)

    def _operation(self, operation: Operation, known: set[Wire]) -> None:
        if isinstance(operation, d.Use):
            for value in operation.arguments.values():
                self.size(value)
            self.noisy |= operation.definition.noisy
        elif isinstance(operation, d.Shuffle):
            for value in operation.sizes.values():
                self.size(value)
        elif isinstance(operation, Sub):
            for value in operation.sizes.values():
                self.size(value)
            if isinstance(operation, Loop | Family):
                self.size(operation.count)
            for instance in operation.network.lent:
                self._lent(instance)
            inside = Substitution(dims=dict(operation.sizes))
            for entry, obj in operation.network.frozen.items():
                self._frozen(entry, inside.object(obj))
            self.noisy |= operation.network.stochastic
        elif isinstance(operation, Each | Scan | Mask | OfLists):
            self.size(operation.size)
        elif isinstance(operation, Grow | GrowTree):
            self.size(operation.bound)
        elif isinstance(operation, FoldTree):
            # How many children there are at most, in one level, is told there.
            for branch in operation.branches:
                self.bound.update(variable for wire in wires(branch.inputs) for size in dims_of(wire.object)
                                  for variable in dims.variables(size) if isinstance(variable, Padded))
        elif isinstance(operation, Opened):
            self.bound.add(operation.length)
            self.size(operation.size)

    def _taken(self, used: list[Wire], known: set[Wire]) -> None:
        for wire in used:
            if wire not in known:
                self.wires.setdefault(wire)

    def _lent(self, instance: Instance) -> None:
        instance = instance.root
        if instance not in self.owned:
            self.instances.setdefault(instance)
