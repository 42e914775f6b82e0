"""The instances of a network, as its ``state_dict`` names them, and the weights that each of them has.

A weight belongs to one instance, however often that is used, and is counted once. Along a 2-cell ``P' -> P`` the
weights are the entries of ``P'``. Copies that differ by a number alone are one :class:`Node`, that of the first of
them, with how many there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.checker.arguments import arguments_as_substitution
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Instance, wires
from catlang.meaning.cost.row import entries
from catlang.network.erasure import erase
from catlang.network.network import Family, Loop, Network, Sub
from catlang.objects.substitution import Substitution

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catlang.dims import Dim, Variable
    from catlang.objects.colour import Object

#: What a part of an instance's banks is: trained, or written in training.
TRAINED, BUFFER, FROZEN = "trained", "buffer", "frozen"

#: Placeholders for the numbers of copies, as rename tables have them.
LETTERS = "ijklmnpqrstuvwxyz"

#: So many instances are looked at; a few lines that double one another make very many.
MOST_INSTANCES = 100_000


class Part:
    """A tensor of an instance: what it is called, what it is, and its object."""

    __slots__ = ("kind", "name", "object")

    def __init__(self, name: str, kind: str, object: Object) -> None:
        self.name = name
        self.kind = kind
        self.object = object


class Node:
    """An instance: its ``address``, that of its first copy, and as it is ``shown``, with placeholders; its parts."""

    __slots__ = ("address", "copies", "instance", "operation", "parts", "put", "shown")

    def __init__(self, address: str, shown: str, copies: Dim, instance: Instance | None, operation: Any,
                 parts: list[Part], put: Substitution) -> None:
        self.address = address
        self.shown = shown
        self.copies = copies
        self.instance = instance
        self.operation = operation
        self.parts = parts
        self.put = put

    def count(self, kind: str) -> Dim:
        """The entries of its own parts of a kind, those of all copies together."""
        return sum((entries(part.object) for part in self.parts if part.kind == kind), 0) * self.copies


def weights(network: Network, sizes: Mapping[Variable, Dim]) -> Dim:
    """The number of weights at these sizes, those not given symbolic."""
    return sum((node.count(TRAINED) for node in nodes(network, sizes)), 0)


def nodes(network: Network, sizes: Mapping[Variable, Dim]) -> Iterator[Node]:
    """The instances in a network, each before those that it holds, then the frozen weights that are used in it. Raises
    ``OverflowError`` where there are too many."""
    put = Substitution(dims=dict(sizes))
    for number, node in enumerate(_below(network, put, "", "", 1)):
        if number == MOST_INSTANCES:
            raise OverflowError(f"it has more than {MOST_INSTANCES:,} instances")
        yield node
    for entry, obj in network.frozen.items():
        yield Node(entry.name, entry.name, 1, None, entry, [Part("", FROZEN, put.object(erase(obj)))], put)


def _below(network: Network, put: Substitution, address: str, shown: str, copies: Dim) -> Iterator[Node]:
    for instance in network.instances.values():
        operation: Any = instance.operation
        at, called = address + instance.name, shown + instance.name
        if not isinstance(operation, Sub):
            yield Node(at, called, copies, instance, operation, _parts(instance, put), put)
            continue
        inside = Substitution(dims={variable: put.dim(value) for variable, value in operation.sizes.items()})
        many: Dim = copies
        if isinstance(operation, Family) or (isinstance(operation, Loop) and not operation.tied):
            many = copies * put.dim(operation.count)
            at, called = f"{at}.0", f"{called}.{{{LETTERS[called.count('{') % len(LETTERS)]}}}"
        yield Node(at, called, many, instance, operation, [], put)
        yield from _below(operation.network, inside, f"{at}.", f"{called}.", many)


def _parts(instance: Instance, put: Substitution) -> list[Part]:
    operation: Any = instance.operation
    assert isinstance(operation, d.Use)
    arguments = arguments_as_substitution(operation)
    states = [Part(name, BUFFER, put.object(arguments.object(obj))) for name, obj in operation.definition.states]
    if instance.reparameterisation is not None:
        inputs = wires(instance.reparameterisation.inputs)
        return [Part(name, TRAINED, put.object(wire.object)) for name, wire in zip(
            instance.parts or ["base"], inputs, strict=True)] + states
    # A part that is named like a Boolean generic is there iff that is true.
    return [Part(name, TRAINED, put.object(arguments.object(obj))) for name, obj in operation.definition.weights
            if operation.arguments.get(name) is not False] + states
