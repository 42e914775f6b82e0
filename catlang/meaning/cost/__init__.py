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

A list is as long as it is padded to: a variable called ``length``, one of the sizes of the network. A step along it is
taken so often, that of an unfolding as often as its bound allows. Of a tree the sizes of a network say nothing, so each
tree has variables of its own: ``nodes0``, ``nodes1``, ... for how many nodes it has of each constructor, ``height`` for
how many levels. A fold runs the branch of a constructor once for each of its nodes, and is as deep as its deepest
branch times the height; where nodes have lists of children, each of these is ``length`` long, a variable again. The
step that grows a tree is run once for each node, in so many levels as the bound says.

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
from catlang.network.erasure import erase
from catlang.network.functor import Functor, Site, interpret
from catlang.network.network import Network
from catlang.network.specialise import Specialiser
from catlang.objects.colour import leaves
from catlang.objects.shapes import Data, Listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.checker.entry import Definition
    from catlang.diagram.diagram import Instance, Shuffle
    from catlang.network.functor import Constructor, Frame
    from catlang.network.recursion import Mask, OfLists
    from catlang.objects.colour import Object
    from catlang.objects.shapes import Shape


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

    @property
    def variables(self) -> list[Variable]:
        """The sizes that it is in, by their names: of the network, of its lists and of its trees."""
        found = {variable for one in (self.params, self.flops, self.pointwise, self.memory, *self.depth.candidates)
                 if isinstance(one, dims.Poly) for variable in dims.variables(one)}
        return sorted(found, key=lambda variable: (variable.name, variable.serial))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cost) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Cost(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__) + ")"


class Level:
    """An ``each`` that is being walked, or the nodes of a tree: an axis that wires may depend on."""

    __slots__ = ("size",)

    def __init__(self, size: Dim) -> None:
        self.size = size


class Tree:
    """How many nodes a tree has of each constructor, and in how many levels."""

    __slots__ = ("height", "nodes")

    def __init__(self, constructors: int, height: Dim | None = None) -> None:
        self.nodes: list[Dim] = [Variable(f"nodes{number}", 0).poly for number in range(constructors)]
        self.height: Dim = Variable("height").poly if height is None else height


class Strand:
    """What stands on a wire: how deep it lies, and on which levels it depends; ``tree`` is what is known of a tree once
    somebody asks."""

    __slots__ = ("depth", "levels", "tree")

    def __init__(self, depth: Depth, levels: frozenset[Level], tree: Tree | None = None) -> None:
        self.depth = depth
        self.levels = levels
        self.tree = tree


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
             outputs: list[Object], lengths: Strand | None = None) -> list[Strand]:
        level = Level(size)
        outside, self.context = self.context, (*self.context, level)
        made = body([Strand(one.depth, one.levels | {level}) for one in inputs])
        self.context = outside
        return [Strand(one.depth, one.levels - {level}) for one in made]

    def loop(self, count: Dim, inputs: list[Strand], step: Callable[[int, list[Strand]], list[Strand]]) -> list[Strand]:
        """All steps are alike: one is walked, with what its state depends on in the end."""
        state, _, deepest = self.steps(count, inputs, lambda given: (step(0, given), []))
        depth = _deepest(inputs) + deepest.times(count)
        return [Strand(depth, one.levels) for one in state]

    def steps(self, count: Dim, begin: list[Strand],
              step: Callable[[list[Strand]], tuple[list[Strand], list[Strand]]]
              ) -> tuple[list[Strand], list[Strand], Depth]:
        """So many steps from a state: the state in the end, what else a step gives, and how deep one step is."""
        before, known = (self.flops, self.pointwise, self.memory), self.known
        state = [Strand(FLAT, one.levels) for one in begin]
        while True:
            # Weights computed in a step are computed in each.
            self.known = dict(known)
            made, _ = step(state)
            self.flops, self.pointwise, self.memory = before
            after = [Strand(FLAT, one.levels | two.levels) for one, two in zip(state, made, strict=True)]
            if all(one.levels == two.levels for one, two in zip(state, after, strict=True)):
                break
            state = after
        outside, self.repeated = self.repeated, self.repeated * count
        self.known = dict(known)
        made, given = step(state)
        self.repeated, self.known = outside, known
        return state, given, _deepest([*made, *given])

    def family(self, count: Dim, index: Strand, inputs: list[Strand],
               member: Callable[[int, list[Strand]], list[Strand]], outputs: list[Object]) -> list[Strand]:
        made = member(0, [Strand(one.depth | index.depth, one.levels | index.levels, one.tree) for one in inputs])
        return [Strand(one.depth | index.depth, one.levels | index.levels) for one in made]

    # ---------------------------------------------------------------- recursion

    def scan(self, size: Dim, backwards: bool, lengths: Strand | None, state: list[Strand], elements: list[Strand],
             step: Callable[[list[Strand], list[Strand]], tuple[list[Strand], list[Strand]]],
             emitted: list[Object]) -> list[Strand]:
        around = [*state, *elements, *([] if lengths is None else [lengths])]
        # Where lists end their states depend on their lengths.
        begin = state if lengths is None else [Strand(one.depth, one.levels | lengths.levels) for one in state]
        entries = [Strand(FLAT, one.levels) for one in elements]
        final, given, deepest = self.steps(size, begin, lambda now: step(now, entries))
        depth = _deepest(around) + deepest.times(size)
        return [Strand(depth, one.levels) for one in [*final, *given]]

    def grow(self, bound: Dim, state: list[Strand],
             step: Callable[[list[Strand]], tuple[Strand, list[Strand], list[Strand]]],
             emitted: list[Object]) -> list[Strand]:
        def one(now: list[Strand]) -> tuple[list[Strand], list[Strand]]:
            tag, given, after = step(now)
            return [Strand(strand.depth, strand.levels | tag.levels) for strand in after], [tag, *given]

        final, given, deepest = self.steps(bound, state, one)
        depth = _deepest(state) + deepest.times(bound)
        return [Strand(depth, one.levels | _levels(final)) for one in given]

    def fold_tree(self, tree: Strand, constructors: list[list[Shape]],
                  branches: list[Callable[[list[Strand]], list[Strand]]], outputs: list[Object]) -> list[Strand]:
        known = tree.tree = tree.tree or Tree(len(constructors))
        levels = [Level(nodes) for nodes in known.nodes]

        def all_of_them(states: list[Strand]) -> tuple[list[Strand], list[Strand]]:
            """Every branch once, on children in these states."""
            found: list[list[Strand]] = []
            for parts, branch, level in zip(constructors, branches, levels, strict=True):
                given: list[Strand] = []
                for part in parts:
                    if isinstance(part, Data):
                        given += [Strand(FLAT, tree.levels) for _ in leaves(erase(part.object))]
                    else:
                        given += [Strand(FLAT, tree.levels)] * isinstance(part, Listed) + states
                outside, self.context = self.context, (*self.context, level)
                made = branch([Strand(one.depth, one.levels | {level}) for one in given])
                self.context = outside
                found.append([Strand(one.depth, (one.levels - {level}) | tree.levels) for one in made])
            return [Strand(_deepest(column), _levels(column)) for column in zip(*found, strict=True)], []

        begin = [Strand(FLAT, tree.levels) for _ in outputs]
        final, _, deepest = self.steps(1, begin, all_of_them)
        depth = tree.depth + deepest.times(known.height)
        return [Strand(depth, one.levels) for one in final]

    def grow_tree(self, bound: Dim, stop: int, constructors: list[list[Shape]], state: list[Strand],
                  step: Callable[[list[Strand]], list[Constructor[Strand]]]) -> Strand:
        tree = Tree(len(constructors), bound + 1)
        level = Level(sum(tree.nodes, 0))
        everything = _levels(state)
        outside, self.context = self.context, (*self.context, level)

        def one(now: list[Strand]) -> tuple[list[Strand], list[Strand]]:
            found = step([Strand(FLAT, strand.levels | {level}) for strand in now])
            made = [strand for each in found for strand in [*each.tags, *flat(each.parts)]]
            return [Strand(FLAT, (strand.levels | _levels(made)) - {level}) for strand in now], made

        _, given, deepest = self.steps(1, state, one)
        self.context = outside
        return Strand(_deepest(state) + deepest.times(bound), (everything | _levels(given)) - {level}, tree)

    def of_lists(self, operation: OfLists, size: Dim, inputs: Any, outputs: list[Object]) -> list[Strand]:
        """What moves the elements writes them anew; the others say which are meant."""
        strands = flat(inputs)
        levels = _levels(strands)
        if operation.kind in ("cons", "end", "tail", "reverse"):
            written = sum((entries(obj) for obj in outputs[1:]), 0)
            self.add(levels, 0, written, written)
        return [Strand(_deepest(strands), levels) for _ in outputs]

    def mask(self, operation: Mask, size: Dim, lengths: Strand) -> Strand:
        self.add(lengths.levels, 0, size, size)
        return Strand(lengths.depth, lengths.levels)


def flat(value: Any) -> list[Strand]:
    return [value] if isinstance(value, Strand) else [one for part in value for one in flat(part)]


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
