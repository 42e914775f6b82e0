"""What is drawn: nodes, and strands between them.

A strand is a wire of a diagram where it is drawn: it has one source, the boundary or a node, and any number of ends.
Wiring is gone: it is which strand goes where. A node is a box, or where a strand of weights begins; what lies inside
of it is read when it is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catlang.objects.colour import Object

DATA, WEIGHTS, STATE, NOISE = "data", "weights", "state", "noise"

#: The four banks, in the order in which they are told of.
BANKS = (DATA, WEIGHTS, STATE, NOISE)


class Strand:
    """A wire where it is drawn: its object (None: all weights of an instance) and how that is spelled, its name if it
    has one, its bank."""

    __slots__ = ("bank", "name", "object", "spelled")

    def __init__(self, object: Object | None, spelled: str, name: str | None = None, bank: str = DATA) -> None:
        self.object = object
        self.spelled = spelled
        self.name = name
        self.bank = bank


#: A strand, or a tuple of values.
Value = Strand | tuple["Value", ...]


def strands(value: Value) -> list[Strand]:
    """The strands of a value, from left to right."""
    if isinstance(value, Strand):
        return [value]
    return [strand for part in value for strand in strands(part)]


class Inside:
    """One of the graphs in a node: what it is called there, and whether its boundary is the node's own."""

    __slots__ = ("aligned", "graph", "title")

    def __init__(self, title: str, graph: Graph, aligned: bool) -> None:
        self.title = title
        self.graph = graph
        self.aligned = aligned


class Node:
    """A box. ``kind`` says what it is drawn as: ``box``, ``formal`` (a morphism parameter that nothing was put for),
    ``constant``, ``weight`` (where an instance's weights begin), ``frozen``, ``cell`` (a 2-cell) or ``part`` (some of
    the boxes of a long diagram).

    ``weights`` are the strands of weights that it takes, ``inputs`` all other; ``banks`` are those banks that are its
    own; ``plate`` says that it stands for many copies, side by side or one after the other, and ``several`` that
    each of these has weights of its own. ``open`` reads what lies
    inside, None where nothing does.
    """

    __slots__ = ("about", "address", "banks", "inputs", "inside", "kind", "open", "outputs", "plate", "several",
                 "shared", "subtitle", "title", "weights")

    def __init__(self, kind: str, title: str, subtitle: str = "") -> None:
        self.kind = kind
        self.title = title
        self.subtitle = subtitle
        self.weights: list[Strand] = []
        self.inputs: list[Strand] = []
        self.outputs: list[Strand] = []
        self.banks: frozenset[str] = frozenset()
        self.plate = ""
        self.several = False
        self.address = ""
        self.shared = False
        self.about: list[str] = []
        self.open: Callable[[], list[Inside]] | None = None
        self.inside: list[Inside] | None = None

    @property
    def taken(self) -> list[Strand]:
        """All strands that come in, from the top."""
        return [*self.weights, *self.inputs]


class Graph:
    """Nodes in an order in which each follows what it takes, and the boundary."""

    __slots__ = ("inputs", "nodes", "outputs")

    def __init__(self) -> None:
        self.inputs: list[Strand] = []
        self.outputs: list[Strand] = []
        self.nodes: list[Node] = []
