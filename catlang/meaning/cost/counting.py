"""The functor that counts: it adds up while it walks.

A box is run once for each index of the ``each`` around it that its inputs depend on: what stands on a wire is on which
of these *levels* it depends, and how far it is from the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

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
from catlang.meaning.cost.reach import Course, Reach, start
from catlang.meaning.cost.row import ROWS, entries, stored
from catlang.meaning.cost.tally import Tally
from catlang.network.erasure import erase
from catlang.network.functor import Functor, Site
from catlang.network.network import Loop
from catlang.objects.colour import BOOL, leaves, power
from catlang.objects.shapes import Data, Listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.diagram.diagram import Box, Instance, Shuffle
    from catlang.network.functor import Constructor, Frame
    from catlang.network.recursion import Mask, OfLists
    from catlang.objects.colour import Object
    from catlang.objects.shapes import Shape

#: So many boxes are walked, each counted as often as instances lie around it; a few lines that double one another make
#: very many.
MOST_WORK = 300_000

ONE = Depth.of(1)


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

    def __init__(self, depth: Reach, levels: frozenset[Level], tree: Tree | None = None) -> None:
        self.depth = depth
        self.levels = levels
        self.tree = tree


FLAT = Reach()
NOWHERE: frozenset[Level] = frozenset()


class Counting(Functor[Strand]):
    """The functor: it adds up while it walks."""

    def __init__(self, strict: bool = True) -> None:
        # Whether a primitive that nobody gave a cost is a mistake, or is noted.
        self.strict = strict
        self.tally = Tally()
        self.repeated: Dim = 1
        self.context: tuple[Level, ...] = ()
        self.known: dict[tuple[Any, Instance], list[Strand]] = {}
        # The addresses of the instances being walked, the root's first.
        self.inside: list[str] = [""]
        # While it is found out what a state depends on nothing is counted.
        self.quiet = 0
        self.work = 0
        self.asking = False
        # How often the loops being walked go round.
        self.counts: list[Dim] = []

    def add(self, levels: frozenset[Level], outputs: Sequence[Object], flops: Dim = 0, pointwise: Dim = 0,
            more: Dim = 0, at: str | None = None) -> None:
        """A box that depends on these levels, and writes these arrays."""
        self.work += len(self.inside)
        if self.work > MOST_WORK:
            raise OverflowError("it has too many boxes")
        if self.quiet:
            return
        times = self.repeated
        for level in levels:
            times = times * level.size
        amounts = self.tally.at(self.inside[-1] if at is None else at)
        amounts.flops = amounts.flops + flops * times
        amounts.pointwise = amounts.pointwise + pointwise * times
        amounts.arithmetic = amounts.arithmetic + more * times
        for obj in outputs:
            amounts.memory = amounts.memory + entries(obj) * times
            amounts.activations = amounts.activations + stored(obj) * times

    # ---------------------------------------------------------------- boxes

    def primitive(self, site: Site[Strand]) -> Sequence[Strand]:
        row = ROWS.get(site.name) if site.operation.definition.structural else None
        if row is None and self.strict:
            return self.missing(site)
        definition = site.operation.definition
        levels = _levels(site.inputs)
        if definition.noisy and not site.inputs:
            levels = frozenset(self.context)
        at = None
        if definition.weights or definition.stateful:
            assert site.instance is not None
            at, _ = site.frame.located(site.instance)
            self.tally.at(at).uses[self.inside[-1], site.box] = 1
        taken = list(site.inputs)
        if definition.weights and site.instance is not None and site.instance.reparameterisation is not None:
            self.asking = True
            taken.append(site.weight(definition.weights[0][0]))
            self.asking = False
        writes = row is None or not row.view(site)
        if row is None:
            self.add(levels, site.outputs, at=at)
            amounts = self.tally.at(self.inside[-1] if at is None else at)
            amounts.unknown.setdefault(site.name, site.span)
            if definition.extern:
                amounts.opaque.add(site.name)
        else:
            self.add(levels, site.outputs if writes else (), row.flops(site), row.pointwise(site),
                     row.arithmetic(site), at)
        depth = deepest(taken).past(bool(definition.weights), writes, len(self.inside))
        if at is not None and writes:
            self.tally.at(at).span = ONE
        return [Strand(depth, levels)] * len(site.outputs)

    def literal(self, number: int | float, obj: Object) -> Strand:
        return Strand(FLAT, NOWHERE)

    def weight(self, address: str, obj: Object, given: Mapping[str, Strand]) -> Strand:
        instance, _, _ = address.rpartition(".")
        if instance and not self.asking:
            self.tally.at(instance).uses[self.inside[-1], "as a value"] = 1
        return Strand(FLAT, NOWHERE)

    def computed(self, frame: Frame[Strand], instance: Instance, inputs: list[Strand],
                 body: Callable[[list[Strand]], list[Strand]]) -> list[Strand]:
        """Weights along a 2-cell are computed once for all that use them in one network."""
        key = (frame, instance)
        if key not in self.known:
            asking, self.asking = self.asking, False
            self.inside.append(frame.located(instance)[0])
            made = body(inputs)
            self.inside.pop()
            self.asking = asking
            self.known[key] = [Strand(one.depth.out(1), one.levels) for one in made]
        return self.known[key]

    def sub(self, box: Box, address: str, inputs: list[Strand],
            body: Callable[[list[Strand]], list[Strand]]) -> list[Strand]:
        level = len(self.inside)
        amounts = self.tally.at(address)
        operation = box.operation
        tied = isinstance(operation, Loop) and operation.tied
        amounts.uses[self.inside[-1], box] = self.counts[-1] if tied else 1
        self.inside.append(address)
        made = body(inputs)
        self.inside.pop()
        amounts.span = amounts.span | deepest(made).span(level)
        return [Strand(one.depth.out(level), one.levels, one.tree) for one in made]

    def choose(self, tag: Strand, values: list[Strand], obj: Object) -> Strand:
        levels = _levels([tag, *values])
        self.add(levels, (obj,), 0, entries(obj), entries(obj))
        return self.made([tag, *values], levels)

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[Strand], obj: Object) -> Strand:
        levels = _levels(inputs)
        if operation.kind not in ("contract", "reduce"):
            return Strand(deepest(inputs), levels)
        flops, pointwise = flops_of_pattern(operation, sizes)
        divided = entries(obj) if operation.how == "mean" else 0
        self.add(levels, (obj,), flops, pointwise, pointwise + divided)
        return self.made(inputs, levels)

    def made(self, inputs: Sequence[Strand], levels: frozenset[Level]) -> Strand:
        """What a box without weights writes."""
        return Strand(deepest(inputs).past(False, True, len(self.inside)), levels)

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
        self.counts.append(count)
        state, _ = self.steps(count, inputs, lambda given: (step(0, given), []))
        self.counts.pop()
        return state

    def steps(self, count: Dim, begin: list[Strand],
              step: Callable[[list[Strand]], tuple[list[Strand], list[Strand]]],
              long: Dim | None = None) -> tuple[list[Strand], list[Strand]]:
        """So many steps from a state: the state in the end, and what else a step gives. The way through them is
        ``long`` steps, if not as many as there are."""
        long = count if long is None else long
        known = self.known
        unknown = start(len(self.inside))
        state = [Strand(unknown, one.levels) for one in begin]
        self.quiet += 1
        # Outside of every axis nothing depends on any.
        while self.context:
            # Weights computed in a step are computed in each.
            self.known = dict(known)
            made, _ = step(state)
            after = [Strand(unknown, one.levels | two.levels) for one, two in zip(state, made, strict=True)]
            if all(one.levels == two.levels for one, two in zip(state, after, strict=True)):
                break
            state = after
        self.quiet -= 1
        outside, self.repeated = self.repeated, self.repeated * count
        self.known = dict(known)
        made, given = step(state)
        self.repeated, self.known = outside, known
        first, on = deepest(begin), Course(deepest(made))
        final = on.after(first, long)
        # What is given last is given from where the state is before the last step.
        last = Course(deepest(given)).after(on.after(first, long - 1), 1) if given else final
        return ([Strand(final, one.levels) for one in state], [Strand(last, one.levels) for one in given])

    def family(self, count: Dim, index: Strand, inputs: list[Strand],
               member: Callable[[int, list[Strand]], list[Strand]], outputs: list[Object]) -> list[Strand]:
        made = member(0, [Strand(one.depth | index.depth, one.levels | index.levels, one.tree) for one in inputs])
        return [Strand(one.depth | index.depth, one.levels | index.levels) for one in made]

    # ---------------------------------------------------------------- recursion

    def scan(self, size: Dim, backwards: bool, lengths: Strand | None, state: list[Strand], elements: list[Strand],
             step: Callable[[list[Strand], list[Strand]], tuple[list[Strand], list[Strand]]],
             emitted: list[Object]) -> list[Strand]:
        # Where lists end their states depend on their lengths.
        begin = state if lengths is None else [Strand(one.depth | lengths.depth, one.levels | lengths.levels)
                                               for one in state]
        final, given = self.steps(size, begin, lambda now: step(now, elements))
        return [*final, *given]

    def grow(self, bound: Dim, state: list[Strand],
             step: Callable[[list[Strand]], tuple[Strand, list[Strand], list[Strand]]],
             emitted: list[Object]) -> list[Strand]:
        def one(now: list[Strand]) -> tuple[list[Strand], list[Strand]]:
            tag, given, after = step(now)
            return [Strand(strand.depth, strand.levels | tag.levels) for strand in after], [tag, *given]

        final, given = self.steps(bound, state, one)
        return [Strand(one.depth, one.levels | _levels(final)) for one in given]

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
                        given += [Strand(tree.depth, tree.levels) for _ in leaves(erase(part.object))]
                    else:
                        given += [Strand(tree.depth, tree.levels)] * isinstance(part, Listed) + states
                outside, self.context = self.context, (*self.context, level)
                made = branch([Strand(one.depth, one.levels | {level}) for one in given])
                self.context = outside
                found.append([Strand(one.depth, (one.levels - {level}) | tree.levels) for one in made])
            return [Strand(deepest(column), _levels(column)) for column in zip(*found, strict=True)], []

        begin = [Strand(tree.depth, tree.levels) for _ in outputs]
        final, _ = self.steps(1, begin, all_of_them, known.height)
        return final

    def grow_tree(self, bound: Dim, stop: int, constructors: list[list[Shape]], state: list[Strand],
                  step: Callable[[list[Strand]], list[Constructor[Strand]]]) -> Strand:
        tree = Tree(len(constructors), bound + 1)
        level = Level(sum(tree.nodes, 0))
        everything = _levels(state)
        outside, self.context = self.context, (*self.context, level)

        def one(now: list[Strand]) -> tuple[list[Strand], list[Strand]]:
            found = step([Strand(strand.depth, strand.levels | {level}) for strand in now])
            made = [strand for each in found for strand in [*each.tags, *flat(each.parts)]]
            depth = deepest(made)
            return [Strand(depth, (strand.levels | _levels(made)) - {level}) for strand in now], made

        _, given = self.steps(1, state, one, bound)
        self.context = outside
        return Strand(deepest(given), (everything | _levels(given)) - {level}, tree)

    def of_lists(self, operation: OfLists, size: Dim, inputs: Any, outputs: list[Object]) -> list[Strand]:
        """What moves the elements writes them anew; the others say which are meant."""
        strands = flat(inputs)
        levels = _levels(strands)
        if operation.kind in ("cons", "end", "tail", "reverse"):
            self.add(levels, outputs[1:], 0, sum((entries(obj) for obj in outputs[1:]), 0))
            return [self.made(strands, levels)] * len(outputs)
        return [Strand(deepest(strands), levels) for _ in outputs]

    def mask(self, operation: Mask, size: Dim, lengths: Strand) -> Strand:
        self.add(lengths.levels, (power(BOOL, (size,)),), 0, size, size)
        return self.made([lengths], lengths.levels)


def flat(value: Any) -> list[Strand]:
    return [value] if isinstance(value, Strand) else [one for part in value for one in flat(part)]


def _levels(strands: Sequence[Strand]) -> frozenset[Level]:
    return NOWHERE.union(*(one.levels for one in strands))


def deepest(strands: Sequence[Strand]) -> Reach:
    """Behind all of these."""
    found = FLAT
    for one in strands:
        found = found | one.depth
    return found
