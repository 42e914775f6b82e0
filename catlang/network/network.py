"""Networks: diagrams made closed, flat and first-order, generic in sizes only.

Elaboration leaves a diagram generic in objects and in morphism arguments. A ``Specialiser`` puts all of those in. What
comes out is what every functor works on:

* every wire is an array: its base is the reals, the truth values or a finite set, its axes are sizes;
* products are tuples of wires, nominal colours their carriers, sums a tag beside all their summands;
* wiring (``id``, ``copy``, ``swap``, projections, conversions) is gone: it is which wire goes where;
* a morphism argument has become a network at the place where it was used, and may use wires and instances of the
  networks around it: those are *free* in it, and are handed to it as further inputs.
"""

from __future__ import annotations

from catlang.checker.entry import Definition, FrozenEntry
from catlang.diagram.diagram import Diagram, Instance, Operation, Wire
from catlang.dims import Dim, Variable
from catlang.objects.colour import Object
from catlang.span import Span


class Network:
    """A specialised diagram: one class of the compiled source.

    ``sizes`` are its free dimension variables, in a fixed order; ``free`` the wires and ``lent`` the instances of
    networks around it that it uses; ``evaluation`` is its second body, if it has one.
    """

    def __init__(self, name: str, definition: Definition | None, span: Span | None) -> None:
        self.name = name
        self.definition = definition
        self.span = span
        self.diagram = Diagram(name, (), None, span)
        self.evaluation: Diagram | None = None
        self.instances: dict[str, Instance] = {}
        self.sizes: list[Variable] = []
        self.free: list[Wire] = []
        self.lent: list[Instance] = []
        # The frozen weights that it uses, of these objects.
        self.frozen: dict[FrozenEntry, Object] = {}
        # The sizes of the file that were put in when it was made.
        self.given: dict[Variable, Dim] = {}
        self.stochastic = False
        # Where what it takes and gives is not what its definition does: morphisms have become their arguments.
        self.domain: Object | None = None
        self.codomain: Object | None = None
        # Of instances whose diagrams were put where they are used there are networks that only hold: never called.
        self.held = False
        self.holders: list[Instance] = []

    @property
    def takes(self) -> Object | None:
        """The object of what it takes, as its header has it."""
        return self.domain if self.domain is not None or self.definition is None else self.definition.domain

    @property
    def gives(self) -> Object | None:
        """The object of what it gives."""
        return self.codomain if self.codomain is not None or self.definition is None else self.definition.codomain

    @property
    def bodies(self) -> list[Diagram]:
        return [self.diagram] if self.evaluation is None else [self.diagram, self.evaluation]


class Sub(Operation):
    """An instance of a network, at sizes."""

    __slots__ = ("network", "sizes")

    def __init__(self, network: Network, sizes: dict[Variable, Dim]) -> None:
        self.network = network
        self.sizes = sizes

    def around(self) -> tuple[Wire, ...]:
        return tuple(self.network.free)


class Loop(Sub):
    """``count`` instances of a network, one after the other; one instance, ``tied``, that many times."""

    __slots__ = ("count", "tied")

    def __init__(self, network: Network, sizes: dict[Variable, Dim], count: Dim, tied: bool) -> None:
        super().__init__(network, sizes)
        self.count = count
        self.tied = tied


class Family(Sub):
    """``count`` instances of a network, of which the first input chooses one."""

    __slots__ = ("count",)

    def __init__(self, network: Network, sizes: dict[Variable, Dim], count: Dim) -> None:
        super().__init__(network, sizes)
        self.count = count


class Each(Operation):
    """A diagram along one more axis in front; wires from around are constant along it. Where the axis is that of padded
    lists, ``lengths`` says how many of its entries are theirs; ``front`` that a loop goes along it: it lies best in
    front of all others."""

    __slots__ = ("size", "body", "lengths", "front")

    def __init__(self, size: Dim, body: Diagram, lengths: Wire | None = None, front: bool = False) -> None:
        self.front = front
        self.size = size
        self.body = body
        self.lengths = lengths

    def inside(self) -> dict[str, Diagram]:
        return {"body": self.body}

    def around(self) -> tuple[Wire, ...]:
        return () if self.lengths is None else (self.lengths,)


class Choose(Operation):
    """Among equally shaped values the one that the first input, a tag, names."""

    __slots__ = ()
