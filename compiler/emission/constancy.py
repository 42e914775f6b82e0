"""Which inputs of which network are constant along every batch axis: weights, and what is computed from them alone."""

from __future__ import annotations

from catlang.compiler.derived.operations import Associative, Words
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, Wire, wires
from catlang.network.network import Each, Family, Loop, Network, Sub
from catlang.network.recursion import FoldTree, GrowTree

#: A level is a batch axis: 0 all of those in front, a diagram that of the ``each`` whose body it is.
Levels = frozenset[object]
NOWHERE: Levels = frozenset()


def constant_inputs(root: Network) -> dict[Network, set[Wire]]:
    """For each network the input and free wires that at every use of it carry no batch axis."""
    order = callers_first(root)
    batched: dict[Network, set[Wire]] = {network: set() for network in order}
    batched[root].update(wires(root.diagram.inputs))

    def visit(diagram: Diagram, levels: dict[Wire, Levels], context: Levels) -> None:
        for box in diagram.boxes:
            operation = box.operation
            inputs = wires(box.inputs)
            found = NOWHERE.union(*(levels[wire] for wire in inputs))
            if isinstance(operation, Each):
                body = operation.body
                for inner, outer in zip(wires(body.inputs), inputs, strict=True):
                    levels[inner] = levels[outer] | {body}
                visit(body, levels, context | {body})
                packed = NOWHERE
                if operation.lengths is not None:
                    # Of lists that are packed all that comes out has the axes of all that goes in.
                    packed = found.union(levels[operation.lengths], *(levels[wire] for wire in d.captured(body)),
                                         context if draws(body) else NOWHERE)
                for outer, inner in zip(wires(box.outputs), wires(body.outputs), strict=True):
                    levels[outer] = (levels[inner] - {body}) | packed
                continue
            if isinstance(operation, Sub):
                target = operation.network
                found = found.union(*(levels[wire] for wire in target.free))
                if target.stochastic:
                    found |= context
                for wire, given in zip(wires(target.diagram.inputs), arguments(operation, inputs), strict=True):
                    # What goes around in a loop has every axis that comes out of it; a family takes rows in any case.
                    if isinstance(operation, Family) or (found if isinstance(operation, Loop) else levels[given]):
                        batched[target].add(wire)
                for wire in target.free:
                    if isinstance(operation, Family) or levels[wire]:
                        batched[target].add(wire)
            elif isinstance(operation, d.Use) and operation.definition.noisy:
                found |= context
            elif operation.inside():
                found = found.union(*(levels[wire] for inner in operation.inside().values()
                                      for wire in d.captured(inner)))
                # These take all nodes of a kind, all pairs of states, or all letters, at once.
                rows = isinstance(operation, FoldTree | GrowTree | Associative)
                for body in operation.inside().values():
                    letters = isinstance(operation, Words) and body is operation.before
                    nodes: Levels = frozenset({operation}) if rows or letters else NOWHERE
                    for wire in wires(body.inputs):
                        levels[wire] = found | nodes
                    visit(body, levels, context | nodes)
            for wire in wires(box.outputs):
                levels[wire] = found

    for network in order:
        for body in network.bodies:
            levels: dict[Wire, Levels] = {}
            for wire, first in zip(wires(body.inputs), wires(network.diagram.inputs), strict=True):
                levels[wire] = frozenset({0}) if first in batched[network] else NOWHERE
            for wire in network.free:
                levels[wire] = frozenset({0}) if wire in batched[network] else NOWHERE
            visit(body, levels, frozenset({0}))
        for instance in network.instances.values():
            if instance.reparameterisation is not None:
                levels = dict.fromkeys(wires(instance.reparameterisation.inputs), NOWHERE)
                levels.update((wire, NOWHERE) for wire in d.captured(instance.reparameterisation))
                visit(instance.reparameterisation, levels, NOWHERE)
    return {network: {wire for wire in [*wires(network.diagram.inputs), *network.free] if wire not in batched[network]}
            for network in order}


def draws(diagram: Diagram) -> bool:
    """Whether anything in a diagram may give something else at each use."""
    return any(isinstance(box.operation, d.Use) and box.operation.definition.noisy
               or isinstance(box.operation, Sub) and box.operation.network.stochastic
               for _, box in d.everything(diagram))


def arguments(operation: Sub, inputs: list[Wire]) -> list[Wire]:
    """The inputs of a box that are its network's own; the index that chooses among a family is not."""
    return inputs[1:] if isinstance(operation, Family) else inputs


def callers_first(root: Network) -> list[Network]:
    """All networks below the root, each after all that use it."""
    done: dict[Network, None] = {}

    def visit(network: Network) -> None:
        if network in done:
            return
        below: dict[Network, None] = {}
        for body in network.bodies:
            for _, box in d.everything(body):
                if isinstance(box.operation, Sub):
                    below.setdefault(box.operation.network)
        for instance in network.instances.values():
            if instance.reparameterisation is not None:
                for _, box in d.everything(instance.reparameterisation):
                    if isinstance(box.operation, Sub):
                        below.setdefault(box.operation.network)
        for instance in network.instances.values():
            if isinstance(instance.operation, Sub):
                below.setdefault(instance.operation.network)
        for one in below:
            visit(one)
        done[network] = None

    visit(root)
    return list(reversed(list(done)))
