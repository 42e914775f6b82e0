"""Looking for a point at which the two sides differ, and making it small."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from catlang import dims
from catlang.diagram.diagram import wires
from catlang.dims import Variable
from catlang.laws.careful import Careful, Inexact, outputs, sized
from catlang.laws.chance import Chance
from catlang.laws.rounded import Rounded
from catlang.laws.sides import Law
from catlang.laws.values import apart, told
from catlang.laws.verdict import Refuted, Tested, Unknown, Verdict
from catlang.meaning.entries import work
from catlang.meaning.entries.work import TooLarge
from catlang.meaning.exact import Undefined
from catlang.meaning.exact.array import Array
from catlang.meaning.exact.row import shape_of
from catlang.network.erasure import Padded
from catlang.network.functor import Meaningless
from catlang.objects.colour import BOOL, REAL, Finite, Object, base_of, show
from catlang.objects.substitution import Substitution

#: How many points are tried, from which seed, and how much work is done for them all.
POINTS = 200
SEED = 0
SEARCH = 200_000
#: The same for making a counterexample small.
SHRINKING = 40_000
#: For what the sides are where they differ, which is to be told in any case.
TELLING = 1_000_000
#: Two rounded numbers differ by so much, as they do at twice as many digits.
DIGITS = 60
DIFFERENCE = Fraction(1, 10**30)
#: By so much, where there is a constant that is known to fewer digits.
COARSE = Fraction(1, 10**6)
SAME_DIFFERENCE = Fraction(1, 10**6)

#: What may be there in place of an entry, simplest first.
SIMPLER = (0, 1, -1, 2)


class Unsampled(Exception):
    """There are no samples of an input."""


class Unevaluated(Undefined):
    """A side was not evaluated to the end: whether it has a value there is not known."""


class Point:
    """Sizes, inputs, and weights by address, as they are asked for."""

    def __init__(self, sizes: Mapping[Variable, int], inputs: Sequence[Array], seed: int,
                 weights: Mapping[str, Array] | None = None) -> None:
        self.sizes = dict(sizes)
        self.inputs = list(inputs)
        self.weights = dict(weights or {})
        self.chance = Chance(seed)
        # The objects of the weights that were asked for.
        self.objects: dict[str, Object] = {}

    def weight(self, address: str, obj: Object) -> Array:
        self.objects[address] = obj
        if address not in self.weights:
            self.weights[address] = drawn(obj, self.chance, plain=False)
        found = self.weights[address]
        if found.shape != shape_of(obj):
            raise Unsampled(f"the weight `{address}` is of two shapes")
        return found

    def arrays(self) -> list[Array]:
        return [*self.inputs, *(self.weights[address] for address in sorted(self.weights))]

    def changed(self, number: int, array: Array) -> Point:
        """With another array, an input or a weight."""
        arrays = self.arrays()
        arrays[number] = array
        rest = dict(zip(sorted(self.weights), arrays[len(self.inputs):], strict=True))
        found = Point(self.sizes, arrays[:len(self.inputs)], 0, rest)
        found.objects.update(self.objects)
        return found


def drawn(obj: Object, chance: Chance, plain: bool) -> Array:
    """An array of an object; ``plain`` is one of small whole numbers."""
    base = base_of(obj)
    try:
        shape, number = shape_of(obj), sized(obj)
    except ValueError:
        raise Unsampled(f"there are no samples of {show(obj)}") from None
    work.spend(number)
    if base is BOOL:
        return Array(shape, [chance.below(2) == 1 for _ in range(number)])
    if isinstance(base, Finite):
        bound = base.size
        assert isinstance(bound, int)
        if bound < 1 and number:
            raise Undefined("Fin", "has no index", None)
        return Array(shape, [chance.below(bound) for _ in range(number)])
    if base is not REAL:
        raise Unsampled(f"there are no samples of {show(obj)}")
    return Array(shape, [chance.below(5) - 2 if plain else chance.number() for _ in range(number)])


class Search:
    """One law, evaluated one way: ``rounded`` or exactly."""

    def __init__(self, law: Law, rounded: bool) -> None:
        self.law = law
        self.rounded = rounded
        self.wires = wires(law.left.diagram.inputs)
        self.names = _names(law)
        # How far the sides have to be apart, and at how many entries they were compared, for what was evaluated last.
        self.least = DIFFERENCE
        self.compared = 0

    # ---------------------------------------------------------------- points

    def points(self) -> Iterator[Point]:
        """Points at all sizes in turn, the first ones of small whole numbers."""
        sizes = self.law.assignments()
        for number in range(POINTS if sizes else 0):
            assignment = sizes[number % len(sizes)]
            try:
                yield self.point(assignment, number)
            except Undefined:
                continue

    def point(self, sizes: Mapping[Variable, int], number: int) -> Point:
        chance = Chance(SEED << 32 | number)
        put = Substitution(dims=dict(sizes))
        inputs = [drawn(put.object(wire.object), chance, plain=number < POINTS // 4) for wire in self.wires]
        return Point(sizes, inputs, chance.next())

    # ---------------------------------------------------------------- what the sides give

    def sides(self, point: Point, digits: int) -> list[list[Array]]:
        """What both sides give."""
        found: list[list[Array]] = []
        functors: list[Careful] = []
        for network, mapping in self.law.sides():
            sizes: dict[Variable, Any] = dict(point.sizes)
            sizes.update({mine: dims.substitute(dim, point.sizes) for mine, dim in mapping.items()})
            functor = Rounded(point.weight, digits) if self.rounded else Careful(point.weight)
            functors.append(functor)
            found.append(outputs(functor, network, point.inputs, sizes))
        self.least = COARSE if any(isinstance(one, Rounded) and one.coarse for one in functors) else DIFFERENCE
        return found

    def apart(self, point: Point, digits: int = DIGITS) -> Fraction | None:
        """How far the sides are apart; None where they are of different kinds. Undefined where one has no value,
        Unevaluated where that is not known."""
        try:
            left, right = self.sides(point, digits)
        except (ValueError, ZeroDivisionError, OverflowError, IndexError) as refused:
            if isinstance(refused, Meaningless):
                raise
            # The largest of nothing, an infinity that is no number.
            raise Unevaluated("a side", f"has no value: {refused}", None) from None
        for x in (*left, *right):
            if any(entry != entry for entry in x.entries):
                raise Unevaluated("a side", "is no number", None)
        found, self.compared = apart(told(self.law.left, left), told(self.law.right, right))
        return found

    def refutes(self, point: Point) -> bool:
        """Whether the sides surely differ at a point; Undefined where one has no value."""
        found = self.apart(point)
        if not self.rounded:
            return found != 0
        if found is not None and found <= self.least:
            return False
        again = self.apart(point, 2 * DIGITS)
        if found is None or again is None:
            return found is again
        return again > self.least and abs(found - again) <= SAME_DIFFERENCE * again

    # ---------------------------------------------------------------- the search

    def run(self) -> Verdict:
        """Refuted, Tested or Unknown; Inexact where it has to be done with rounded numbers."""
        count, spent = 0, False
        found: Point | None = None
        with work.within(SEARCH):
            try:
                for point in self.points():
                    try:
                        if self.refutes(point):
                            found = point
                            break
                        count += self.compared > 0
                    except Undefined:
                        continue
            except TooLarge:
                spent = True
        if found is not None:
            return self.refuted(self.shrunk(found))
        if count:
            return Tested(count, SEED)
        return Unknown("it takes too many steps to evaluate" if spent else
                       "no point was found at which both sides have a value")

    def refuted(self, point: Point) -> Refuted:
        with work.within(TELLING, beyond=True):
            left, right = self.sides(point, DIGITS)
        # How far a list is padded is nothing that the law says.
        sizes: dict[str, int] = {}
        for variable, value in point.sizes.items():
            if not isinstance(variable, Padded):
                name = variable.name
                while name in sizes:
                    name += "'"
                sizes[name] = value
        return Refuted(sizes, point.inputs, left, right, point.weights, self.rounded, self.names)

    # ---------------------------------------------------------------- making it small

    def shrunk(self, point: Point) -> Point:
        """A point of smaller sizes and simpler entries at which the sides differ too."""
        try:
            with work.within(SHRINKING):
                point = self.smaller(point)
        except TooLarge:
            pass
        try:
            with work.within(SHRINKING):
                for simpler in self.simpler(point):
                    point = simpler
        except TooLarge:
            pass
        return point

    def still(self, point: Point) -> bool:
        try:
            return self.refutes(point)
        except Undefined:
            return False

    def smaller(self, point: Point) -> Point:
        """At the smallest sizes where a few points are enough to see that the sides differ."""
        total = sum(point.sizes.values())
        for sizes in self.law.assignments():
            if sum(sizes.values()) >= total:
                break
            for number in range(12):
                try:
                    other = self.point(sizes, number)
                except Undefined:
                    continue
                if self.still(other):
                    return other
        return point

    def simpler(self, point: Point) -> Iterator[Point]:
        """The point with ever simpler entries."""
        again = True
        while again:
            again = False
            for number in range(len(point.arrays())):
                for place in range(len(point.arrays()[number].entries)):
                    array, below = point.arrays()[number], self.below(point, number)
                    for value in _simpler(array.entries[place]):
                        if below is not None and not 0 <= value < below:
                            continue
                        entries = [*array.entries[:place], value, *array.entries[place + 1:]]
                        other = point.changed(number, Array(array.shape, entries))
                        if self.still(other):
                            point, again = other, True
                            yield point
                            break

    def below(self, point: Point, number: int) -> int | None:
        """What the entries of an array of a point are below, where they are indices, tags or lengths."""
        obj = (self.wires[number].object if number < len(self.wires)
               else point.objects.get(sorted(point.weights)[number - len(self.wires)], REAL))
        base = base_of(Substitution(dims=dict(point.sizes)).object(obj))
        return base.size if isinstance(base, Finite) and isinstance(base.size, int) else None


def _simpler(entry: Any) -> list[Any]:
    """Simpler entries than one, the simplest first."""
    if isinstance(entry, bool):
        return [False] if entry else []
    values: list[Any] = [value for value in SIMPLER if _weight(value) < _weight(entry)]
    if isinstance(entry, Fraction) and entry.denominator != 1:
        values.append(int(entry))
    elif abs(entry) > 3:
        values += [int(entry) // 2, int(entry) - (1 if entry > 0 else -1)]
    return values


def _weight(entry: Any) -> tuple[int, int, bool]:
    value = Fraction(entry)
    return value.denominator, abs(value.numerator), value < 0


def _names(law: Law) -> list[str]:
    """What the source calls the inputs, on either side."""
    found = [f"input {place}" for place, _ in enumerate(wires(law.left.diagram.inputs), 1)]
    for network in (law.right, law.left):
        definition = network.definition
        if definition is None or definition.diagram is None:
            continue
        written = wires(definition.diagram.inputs)
        if len(written) == len(found):
            found = [wire.name or name for wire, name in zip(written, found, strict=True)]
    return found


def search(law: Law) -> Verdict:
    """Looks for a point at which the sides differ: exactly, and where that cannot be, with rounded numbers."""
    why = ""
    for rounded in (False, True):
        try:
            return Search(law, rounded).run()
        except Inexact as refused:
            why = str(refused)
        except (Meaningless, Unsampled) as refused:
            return Unknown(str(refused))
        except RecursionError:
            return Unknown("its networks stand too deep in one another")
    return Unknown(why)


__all__ = ["Point", "Search", "search"]
