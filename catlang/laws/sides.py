"""The two sides of a law: networks of one type, and the sizes for which it is said.

Sizes of the right side that have other names than on the left are what the types make them. Those that no type tells
are sizes of the law too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import prod

from catlang import dims
from catlang.checker.entry import Definition
from catlang.diagram.diagram import Wire, wires
from catlang.dims import Constraint, Dim, Poly, Variable, decide
from catlang.dims.decision import Refuted
from catlang.laws.chance import Chance
from catlang.laws.values import fits
from catlang.network.erasure import Padded
from catlang.network.network import Network
from catlang.network.used import used
from catlang.objects.colour import Finite, Object, axes_of, base_of, show
from catlang.objects.substitution import Substitution

#: Sizes are tried up to so much above the least that they may be, and so many of them.
ABOVE_LEAST = 2
MOST_SIZES = 24
MOST_TRIED = 2000
#: The same of sizes that the law does not speak of, but its conditions do.
ABOVE_FOREIGN = 7
MOST_FOREIGN = 96


class Different(Exception):
    """The two sides are not of one type, or one name does not mean the same in both."""


class Law:
    """Two networks, the sizes that the law is about, and what these have to satisfy."""

    def __init__(self, left: Network, right: Network) -> None:
        self.left = left
        self.right = right
        self.mapping = aligned(left, right)
        names: dict[str, object] = {}
        for entry in (*left.frozen, *right.frozen):
            if names.setdefault(entry.name, entry) is not entry:
                raise Different(f"there are two frozen weights `{entry.name}`")
        self.sizes: list[Variable] = list(dict.fromkeys([
            *_sizes(left), *(variable for mine in _sizes(right) for variable in dims.variables(
                self.mapping.get(mine, mine.poly)))]))
        self.conditions = [*_conditions(left),
                           *(condition.substitute(self.mapping) for condition in _conditions(right))]
        for mine, dim in self.mapping.items():
            # What the right side takes for granted of its sizes.
            self.conditions.append(Constraint(">=", dim, mine.least))
        self.conditions = _connected(self.sizes, self.conditions)
        self.foreign = sorted({variable for condition in self.conditions for variable in condition.variables()}
                              .difference(self.sizes), key=lambda variable: variable.key)

    def sides(self) -> list[tuple[Network, Mapping[Variable, Dim]]]:
        """Both networks, each with its sizes in those of the law."""
        return [(self.left, {}), (self.right, self.mapping)]

    def assignments(self) -> list[dict[Variable, int]]:
        """Small sizes that satisfy the conditions, smallest first; of none known there is none."""
        found = [assignment for assignment in self._small() if self._plain(assignment)]
        found.sort(key=lambda assignment: sum(assignment.values()))
        if self.foreign:
            found = [assignment for assignment in _some(found, MOST_FOREIGN) if self.allowed(assignment)]
        found = _some(found, MOST_SIZES)
        if not found:
            answer = decide(Constraint("<=", 1, 0), self.conditions)
            if isinstance(answer, Refuted):
                full = {**{variable: variable.least for variable in self.sizes}, **answer.assignment}
                assignment = {variable: full[variable] for variable in self.sizes}
                if self.allowed(assignment):
                    found.append(assignment)
        return found

    def _small(self) -> Iterator[dict[Variable, int]]:
        """Sizes near the least that they may be: all of them, or some of many."""
        for values in _near(self.sizes, ABOVE_LEAST):
            yield dict(zip(self.sizes, values, strict=True))

    def allowed(self, assignment: Mapping[Variable, int]) -> bool:
        """Whether sizes satisfy the conditions, at some sizes that the law does not speak of."""
        if not self._plain(assignment):
            return False
        if not self.foreign:
            return True
        rest = [condition.substitute(assignment) for condition in self.conditions
                if not set(self.sizes).issuperset(condition.variables())]
        return any(_hold(rest, dict(zip(self.foreign, values, strict=True)))
                   for values in _near(self.foreign, ABOVE_FOREIGN)) or isinstance(
                       decide(Constraint("<=", 1, 0), rest), Refuted)

    def _plain(self, assignment: Mapping[Variable, int]) -> bool:
        """Whether sizes satisfy the conditions that are about nothing else."""
        return _hold([condition for condition in self.conditions
                      if set(self.sizes).issuperset(condition.variables())], assignment)


def _hold(conditions: Iterable[Constraint], assignment: Mapping[Variable, int]) -> bool:
    try:
        return all(condition.holds(assignment) for condition in conditions)
    except ZeroDivisionError:
        return False


def _some(found: list[dict[Variable, int]], most: int) -> list[dict[Variable, int]]:
    """Of many the smallest, and of the others one here and there."""
    if len(found) <= most:
        return found
    few = most // 3
    step = (len(found) - few) / (most - few)
    return [*found[:few], *(found[few + int(step * place)] for place in range(most - few))]


def _near(variables: list[Variable], above: int) -> Iterable[tuple[int, ...]]:
    """Sizes near the least that they may be: all of them, or some of many."""
    ranges = [range(max(variable.least, 0), max(variable.least, 1) + above + 1) for variable in variables]
    if prod(map(len, ranges)) <= MOST_TRIED:
        return product(*ranges)
    chance = Chance(0)
    return [tuple(one[0] for one in ranges), *(tuple(map(chance.one, ranges)) for _ in range(MOST_TRIED // 4))]


def _connected(sizes: Iterable[Variable], conditions: list[Constraint]) -> list[Constraint]:
    """The conditions that speak of sizes, or of some that such a condition speaks of."""
    known = set(sizes)
    found = [condition for condition in conditions if not condition.variables()]
    rest = [condition for condition in conditions if condition.variables()]
    while True:
        more = [condition for condition in rest if not known.isdisjoint(condition.variables())]
        if not more:
            return found
        found += more
        rest = [condition for condition in rest if condition not in more]
        known.update(variable for condition in more for variable in condition.variables())


def externs(network: Network) -> Iterator[str]:
    """The names of the externs in a network."""
    for one in used(box for body in network.bodies for box in body.boxes):
        if isinstance(one, Definition) and one.extern:
            yield one.name


def _sizes(network: Network) -> list[Variable]:
    """The sizes of a network, those of its inputs and outputs that are no sizes of its own too."""
    found = dict.fromkeys(network.sizes)
    for wire in [*wires(network.diagram.inputs), *wires(network.diagram.outputs)]:
        for dim in _dims(wire.object):
            found.update(dict.fromkeys(dims.variables(dim)))
    return list(found)


def _conditions(network: Network) -> list[Constraint]:
    definition = network.definition
    if definition is None:
        return []
    found = [*definition.where, *definition.inferred, *definition.module.assumed()]
    return [condition.substitute(network.given).resolve() for condition in found]


def aligned(left: Network, right: Network) -> dict[Variable, Dim]:
    """What the sizes of the right side are, in those of the left; Different where the types are not the same."""
    pairs = list(_pairs(left, right))
    mapping: dict[Variable, Dim] = {}
    own = set(_sizes(right)).difference(_sizes(left))
    for one, other in pairs:
        for mine, theirs in zip(_dims(one.object), _dims(other.object), strict=True):
            for variable in own.difference(mapping):
                if theirs == variable.poly:
                    mapping[variable] = mine
                elif isinstance(theirs, Poly) and theirs == variable.poly + 1 and isinstance(variable, Padded):
                    mapping[variable] = mine - 1
    put = Substitution(dims=mapping)
    inputs = len(wires(left.diagram.inputs))
    for place, (one, other) in enumerate(pairs):
        first, second = [dims.resolve(dim) for dim in _dims(one.object)], [put.dim(dim) for dim in _dims(other.object)]
        if first == second or place >= inputs and _same_told(left, right, put):
            continue
        if any(isinstance(variable, Padded) for dim in (*first, *second) for variable in dims.variables(dim)):
            raise Different("the two sides pad their lists differently")
        raise Different(f"the left has {show(one.object)} where the right has {show(put.object(other.object))}")
    return mapping


def _same_told(left: Network, right: Network, put: Substitution) -> bool:
    """Whether both sides give values of one object, whose lists may be padded to more on one side."""
    if left.gives is None or right.gives is None:
        return False
    one, other = (Substitution(dims=dict(network.given)).object(gives)
                  for network, gives in ((left, left.gives), (right, right.gives)))
    return one == put.object(other) and fits(one, left.diagram.outputs) and fits(other, right.diagram.outputs)


def _pairs(left: Network, right: Network) -> Iterator[tuple[Wire, Wire]]:
    for mine, theirs, what in ((left.diagram.inputs, right.diagram.inputs, "takes"),
                               (left.diagram.outputs, right.diagram.outputs, "gives")):
        one, other = wires(mine), wires(theirs)
        if len(one) != len(other):
            raise Different(f"the left {what} {len(one)} array{'s' * (len(one) != 1)}, the right {len(other)}")
        for pair in zip(one, other, strict=True):
            first, second = (wire.object for wire in pair)
            if _kind(first) != _kind(second) or len(axes_of(first)) != len(axes_of(second)):
                raise Different(f"the left {what} {show(first)} where the right {what} {show(second)}")
            yield pair


def _kind(obj: Object) -> object:
    base = base_of(obj)
    return Finite if isinstance(base, Finite) else base


def _dims(obj: Object) -> list[Dim]:
    """The axes of an array, then how many indices there are where it is one of such."""
    base = base_of(obj)
    found = [axis for axis in axes_of(obj) if isinstance(axis, int | Poly)]
    return [*found, base.size] if isinstance(base, Finite) else found
