"""Cost: a functor from networks to polynomials in their sizes.

For one element of a batch :func:`cost` gives

* ``params``, the entries of the weights that are trained, each instance counted once;
* ``flops``, two for each multiplication and addition in products of matrices, contractions, convolutions and attention,
  as ``torch.utils.flop_counter`` counts them: biases are free, and a causal mask saves nothing;
* ``pointwise``, the entries that everything else goes over (see ``row``);
* ``memory``, the entries that all boxes together write, views excepted: what a backward pass may have to keep;
* ``depth``, the number of boxes with weights on the longest path through the network. A loop counts as one box, as deep
  as its body times its count.

A box is run once for each index of the ``each`` around it *that its inputs depend on*: what is computed from weights
alone, or from wires of further out, is computed once. A step of a loop counts as often as it is taken; of a family the
one member that is chosen. Costs are those of evaluation, unless ``training``.

>>> from catlang.checker.check import check_source
>>> from catlang.span import Source
>>> text = "dim n, d, k\\nmorphism f : R[n, d] -> R[n, d] = each(affine[_, 4*d] >> relu >> affine)^k"
>>> found = cost(check_source(Source("m.cat", None, text)).scope.names["f"])
>>> found.params, found.flops, found.pointwise, found.memory, found.depth
(8*d^2*k + 5*d*k, 16*d^2*k*n, 4*d*k*n, 9*d*k*n, 2*k)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.diagram.diagram import wires
from catlang.dims import Dim, Variable
from catlang.meaning.cost import (  # noqa: F401 - importing declares the rows
    arithmetic,
    attention,
    axes,
    constants,
    convolution,
    learned,
    losses,
    noise,
    normalisation,
)
from catlang.meaning.cost.depth import Depth
from catlang.meaning.cost.patterns import flops_of_pattern
from catlang.meaning.cost.row import ROWS, entries
from catlang.meaning.cost.weights import weights
from catlang.network.functor import Functor, Site, interpret
from catlang.network.network import Network
from catlang.network.specialise import Specialiser

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.checker.entry import Definition
    from catlang.diagram.diagram import Instance, Shuffle
    from catlang.network.functor import Frame
    from catlang.objects.colour import Object


class Cost:
    """What a network costs, in its sizes."""

    __slots__ = ("params", "flops", "pointwise", "memory", "depth")

    def __init__(self, params: Dim, flops: Dim, pointwise: Dim, memory: Dim, depth: Depth) -> None:
        self.params = params
        self.flops = flops
        self.pointwise = pointwise
        self.memory = memory
        self.depth = depth

    def at(self, sizes: Mapping[Variable, Dim]) -> Cost:
        """The cost at these sizes."""
        params, flops, pointwise, memory = (
            dims.substitute(one, sizes) for one in (self.params, self.flops, self.pointwise, self.memory))
        return Cost(params, flops, pointwise, memory, self.depth.substituted(sizes))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cost) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Cost(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__) + ")"


class Level:
    """An ``each`` that is being walked: an axis that wires may depend on."""

    __slots__ = ("size",)

    def __init__(self, size: Dim) -> None:
        self.size = size


class Strand:
    """What stands on a wire: how deep it lies, and on which levels it depends."""

    __slots__ = ("depth", "levels")

    def __init__(self, depth: Depth, levels: frozenset[Level]) -> None:
        self.depth = depth
        self.levels = levels


FLAT = Depth.of(0)
NOWHERE: frozenset[Level] = frozenset()


class Counting(Functor[Strand]):
    """The functor: it adds up while it walks."""

    def __init__(self) -> None:
        self.flops: Dim = 0
        self.pointwise: Dim = 0
        self.memory: Dim = 0
        self.repeated: Dim = 1
        self.context: tuple[Level, ...] = ()
        self.known: dict[tuple[Any, Instance], list[Strand]] = {}

    def add(self, levels: frozenset[Level], flops: Dim, pointwise: Dim, memory: Dim) -> None:
        """A box that depends on these levels."""
        times = self.repeated
        for level in levels:
            times = times * level.size
        self.flops = self.flops + flops * times
        self.pointwise = self.pointwise + pointwise * times
        self.memory = self.memory + memory * times

    # ---------------------------------------------------------------- boxes

    def primitive(self, site: Site[Strand]) -> Sequence[Strand]:
        row = ROWS.get(site.name)
        if row is None:
            return self.missing(site)
        definition = site.operation.definition
        levels = _levels(site.inputs)
        if definition.noise is not None and not site.inputs:
            levels = frozenset(self.context)
        depth = _deepest(site.inputs)
        if definition.weights:
            depth = depth + 1
            if site.instance is not None and site.instance.reparameterisation is not None:
                site.weight(definition.weights[0][0])
        memory = 0 if row.view(site) else sum((entries(obj) for obj in site.outputs), 0)
        self.add(levels, row.flops(site), row.pointwise(site), memory)
        return [Strand(depth, levels)] * len(site.outputs)

    def literal(self, number: int | float, obj: Object) -> Strand:
        return Strand(FLAT, NOWHERE)

    def weight(self, address: str, obj: Object, given: Mapping[str, Strand]) -> Strand:
        return Strand(FLAT, NOWHERE)

    def computed(self, frame: Frame[Strand], instance: Instance, inputs: list[Strand],
                 body: Callable[[list[Strand]], list[Strand]]) -> list[Strand]:
        """Weights along a 2-cell are computed once for all that use them in one network."""
        key = (frame, instance)
        if key not in self.known:
            self.known[key] = body(inputs)
        return self.known[key]

    def choose(self, tag: Strand, values: list[Strand], obj: Object) -> Strand:
        levels = _levels([tag, *values])
        self.add(levels, 0, entries(obj), entries(obj))
        return Strand(_deepest([tag, *values]), levels)

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Strand], obj: Object) -> Strand:
        levels = _levels(inputs)
        if operation.kind in ("contract", "reduce"):
            flops, pointwise = flops_of_pattern(operation, sizes)
            self.add(levels, flops, pointwise, entries(obj))
        return Strand(_deepest(inputs), levels)

    # ---------------------------------------------------------------- structure

    def each(self, size: Dim, inputs: list[Strand], body: Callable[[list[Strand]], list[Strand]],
             outputs: list[Object]) -> list[Strand]:
        level = Level(size)
        outside, self.context = self.context, (*self.context, level)
        made = body([Strand(one.depth, one.levels | {level}) for one in inputs])
        self.context = outside
        return [Strand(one.depth, one.levels - {level}) for one in made]

    def loop(self, count: Dim, inputs: list[Strand], step: Callable[[int, list[Strand]], list[Strand]]) -> list[Strand]:
        """All steps are alike: one is walked, with what its state depends on in the end."""
        before = (self.flops, self.pointwise, self.memory)
        state = [Strand(FLAT, one.levels) for one in inputs]
        while True:
            made = step(0, state)
            self.flops, self.pointwise, self.memory = before
            after = [Strand(FLAT, one.levels | two.levels) for one, two in zip(state, made, strict=True)]
            if all(one.levels == two.levels for one, two in zip(state, after, strict=True)):
                break
            state = after
        outside, self.repeated = self.repeated, self.repeated * count
        made = step(0, state)
        self.repeated = outside
        depth = _deepest(inputs) + _deepest(made).times(count)
        return [Strand(depth, one.levels) for one in state]

    def family(self, count: Dim, index: Strand, inputs: list[Strand],
               member: Callable[[int, list[Strand]], list[Strand]], outputs: list[Object]) -> list[Strand]:
        made = member(0, [Strand(one.depth | index.depth, one.levels | index.levels) for one in inputs])
        return [Strand(one.depth | index.depth, one.levels | index.levels) for one in made]


def _levels(strands: Sequence[Strand]) -> frozenset[Level]:
    return NOWHERE.union(*(one.levels for one in strands))


def _deepest(strands: Sequence[Strand]) -> Depth:
    found = FLAT
    for one in strands:
        found = found | one.depth
    return found


def cost(of: Definition | Network, sizes: Mapping[Variable, Dim] | None = None, *, training: bool = False) -> Cost:
    """The cost of a morphism, or of a network, for one element of a batch; sizes not given stay symbolic."""
    network = of if isinstance(of, Network) else Specialiser(dict(sizes or {}), {}).definition(of)
    counting = Counting()
    strands = [Strand(FLAT, NOWHERE) for _ in wires(network.diagram.inputs)]
    made = interpret(network, counting, strands, sizes=sizes, training=training)
    known: dict[Variable, Dim] = {variable: variable.poly for variable in network.sizes}
    return Cost(weights(network, {**known, **(sizes or {})}), counting.flops, counting.pointwise, counting.memory,
                _deepest(made))


__all__ = ["ROWS", "Cost", "Depth", "cost", "weights"]
