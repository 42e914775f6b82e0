"""What the values in a ``forward`` are called.

A value that the source binds to a variable has its name. Others are parts of *chains*: where a value is used once, by a
box with one result, the result takes its name over, as one writes ``x = torch.relu(x)``. A chain is called by the
variable at its end, by the input that it begins at, by the one submodule in it, or just ``y``.
"""

from __future__ import annotations

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.network.network import Each, Loop, Network, Sub
from catlang.network.recursion import Scan

#: What says more as an operator than as a name.
_NAMELESS = frozenset((
    "add", "sub", "mul", "div", "pow", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "neg",
    "scale", "select", "logical_and", "logical_or", "logical_not",
))


class Chain:
    """Values that have one name after each other; ``ended`` where what comes next is not to be called so,
    ``pinned`` where it must not be, ``given`` for an input's."""

    __slots__ = ("name", "wanted", "ended", "given", "pinned", "boxes")

    def __init__(self, wanted: str | None = None, ended: bool = False, given: bool = False,
                 pinned: bool = False) -> None:
        self.name: str | None = None
        self.wanted = wanted
        self.ended = ended
        self.given = given
        self.pinned = pinned
        self.boxes: list[Box] = []

    def base(self) -> str:
        """The name it would have if nothing else had it."""
        if self.wanted is not None:
            return self.wanted
        instances = {box.instance for box in self.boxes if box.instance is not None}
        if len(instances) == 1:
            [instance] = instances
            return plain(instance.name)
        if not instances and len(self.boxes) == 1 and isinstance(self.boxes[0].operation, d.Use):
            name = self.boxes[0].operation.definition.name
            return "y" if name in _NAMELESS else str(name)
        return "y"


def plain(name: str) -> str:
    """The name of an instance without its ordinal.

    >>> plain("conv2d_0"), plain("query"), plain("layer_12_3")
    ('conv2d', 'query', 'layer_12')
    """
    stem, _, ordinal = name.rpartition("_")
    return stem if stem and ordinal.isdigit() else name


class Names:
    """The chains of one body, ``pinned`` inputs not being taken over by what is made of them."""

    def __init__(self, network: Network, body: Diagram, pinned: set[Wire]) -> None:
        self.same: dict[Wire, Wire] = {}
        self.called: dict[Wire, str] = {}
        self.chains: dict[Wire, Chain] = {}
        self.boxes: list[Box] = []
        given = [*wires(body.inputs), *network.free]
        # The inputs of diagrams in loops, and what must not be renamed there.
        self.given: list[Wire] = []
        self.kept: list[Wire] = []
        self._call(given)
        self._flatten(body)
        self.uses = self._count(network, body)
        for wire in [*given, *self.given]:
            called = self.called.get(wire)
            self.chains[wire] = Chain(called, called is not None, given=True, pinned=wire in pinned)
        for box in self.boxes:
            self._box(box)

    def chain(self, wire: Wire) -> Chain | None:
        return self.chains.get(self.root(wire))

    def cut(self, before: list[Wire], after: list[Wire]) -> None:
        """Ends the chains of values that are made outside of a function, for those that are made in it."""
        ended = {id(chain) for wire in before if (chain := self.chain(wire)) is not None}
        new: dict[int, Chain] = {}
        for wire in after:
            chain = self.chain(wire)
            if chain is not None and id(chain) in ended:
                made = new.setdefault(id(chain), Chain(chain.wanted, chain.ended))
                made.boxes = chain.boxes
                self.chains[self.root(wire)] = made

    def root(self, wire: Wire) -> Wire:
        """The wire that this one is, where diagrams inside boxes only go on with a wire around them."""
        while wire in self.same:
            wire = self.same[wire]
        return wire

    def _call(self, found: list[Wire]) -> None:
        for wire in found:
            if wire.name is not None:
                self.called.setdefault(self.root(wire), wire.name)

    def _flatten(self, diagram: Diagram) -> None:
        for box in diagram.boxes:
            if isinstance(box.operation, Each):
                inner = box.operation.body
                self.same.update(zip(wires(inner.inputs), wires(box.inputs), strict=True))
                self._call(wires(inner.inputs))
                self._flatten(inner)
                self.same.update(zip(wires(box.outputs), wires(inner.outputs), strict=True))
            else:
                self.boxes.append(box)
                for inner in box.operation.inside().values():
                    # What a loop has from around it is there for every step: no name of it is taken over.
                    self.kept += d.captured(inner)
                    self._call(wires(inner.inputs))
                    self.given += wires(inner.inputs)
                    self._flatten(inner)
                    self.kept += wires(inner.outputs)
                if isinstance(box.operation, Scan) and box.operation.reverse is not None:
                    self.kept += box.operation.reverse.kept
            self._call(wires(box.outputs))

    def _count(self, network: Network, body: Diagram) -> dict[Wire, int]:
        """How often each value is used, in networks below that have it from here too."""
        counts: dict[Wire, int] = {}

        def use(value: Value) -> None:
            for wire in wires(value):
                root = self.root(wire)
                counts[root] = counts.get(root, 0) + 1

        for box in self.boxes:
            use(box.inputs)
            if isinstance(box.operation, Sub):
                use(tuple(box.operation.network.free))
        use(body.outputs)
        use(tuple(self.kept) * 2)
        for instance in network.instances.values():
            if instance.reparameterisation is not None:
                # Weights are computed where they are first used, wherever that is.
                use(tuple(d.captured(instance.reparameterisation)) * 2)
        return counts

    def _box(self, box: Box) -> None:
        operation = box.operation
        if isinstance(operation, d.Literal | d.WeightOf | d.FrozenWeight):
            return
        outputs = wires(box.outputs)
        if len(outputs) == 1:
            self.chains[outputs[0]] = self._one(box, self.called.get(outputs[0]))
            return
        told = wires(operation.network.diagram.outputs) if isinstance(operation, Sub) else outputs
        kind = operation.definition.name if isinstance(operation, d.Use) else "y"
        stem = plain(box.instance.name) if box.instance is not None else kind
        for place, (output, inside) in enumerate(zip(outputs, told, strict=True)):
            self.chains[output] = Chain(self.called.get(output) or inside.name or f"{stem}_{place}", True)

    def _one(self, box: Box, called: str | None) -> Chain:
        """The chain of a box's only result."""
        chain = self._goes_on(box, called) or Chain()
        if called is not None and not chain.given:
            chain.wanted, chain.ended = called, True
        chain.boxes.append(box)
        return chain

    def _goes_on(self, box: Box, called: str | None) -> Chain | None:
        """The chain of an input that ends in this box."""
        inputs = wires(box.inputs)
        for wire in inputs[:1] if isinstance(box.operation, Loop) else inputs:
            root = self.root(wire)
            chain = self.chains.get(root)
            if chain is None or chain.pinned or self.uses[root] != 1:
                continue
            if not chain.ended and not (called is not None and chain.given):
                return chain
            if called is None and isinstance(box.operation, Loop):
                return chain
        return None
