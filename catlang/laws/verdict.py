"""What a law turned out to be.

>>> from catlang.meaning.exact import Array
>>> print(Proved("normal form").show(), Tested(200, 0).show(), Unknown("`scan` has no normal form").show(), sep="\\n")
proved by normal form
tested on 200 points (seed 0)
unknown: `scan` has no normal form
>>> found = Refuted({"n": 2}, [Array.of([1, 0]), Array.of(Fraction(1, 2))], [Array.of(2)], [Array.of(3)])
>>> found.show(["x", "y"])
'refuted: at n = 2, x = [1, 0], y = 1/2 the left is 2, the right 3'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from catlang.meaning.exact.array import UNTOLD, Array

#: What is no rational number is shown to so many digits.
DIGITS = 10


class Verdict:
    """What a law turned out to be."""

    __slots__ = ()

    def show(self, names: Sequence[str] | None = None) -> str:
        """In words; ``names`` are those of the inputs, one for each wire."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{self.show()}>"


class Proved(Verdict):
    """It holds for all inputs, weights and sizes for which both sides are defined; ``by`` says what shows it."""

    __slots__ = ("by",)

    def __init__(self, by: str) -> None:
        self.by = by

    def show(self, names: Sequence[str] | None = None) -> str:
        return f"proved by {self.by}"


class Tested(Verdict):
    """It holds at so many points, drawn from a seed, and nothing is proved."""

    __slots__ = ("count", "seed")
    # By its name pytest would take it for a class of tests.
    __test__ = False

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.seed = seed

    def show(self, names: Sequence[str] | None = None) -> str:
        return f"tested on {self.count} point{'s' if self.count > 1 else ''} (seed {self.seed})"


class Unknown(Verdict):
    """Nothing is known, and ``why``."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why

    def show(self, names: Sequence[str] | None = None) -> str:
        return f"unknown: {self.why}"


class Refuted(Verdict):
    """It does not hold at these sizes, inputs and weights: there the left side gives one thing, the right another.

    ``sizes`` are by name, ``inputs`` in the order of the wires of the inputs, ``weights`` by address, ``left`` and
    ``right`` in the order of the wires of the outputs. Where ``rounded``, what the sides give are no rational numbers,
    but close to these.
    """

    __slots__ = ("inputs", "left", "names", "right", "rounded", "sizes", "weights")

    def __init__(self, sizes: Mapping[str, int], inputs: Sequence[Array], left: Sequence[Array],
                 right: Sequence[Array], weights: Mapping[str, Array] | None = None, rounded: bool = False,
                 names: Sequence[str] | None = None) -> None:
        self.sizes = dict(sizes)
        self.inputs = list(inputs)
        self.left = list(left)
        self.right = list(right)
        self.weights = dict(weights or {})
        self.rounded = rounded
        self.names = list(names) if names is not None else [f"input {place}" for place in range(1, len(inputs) + 1)]

    def show(self, names: Sequence[str] | None = None) -> str:
        names = self.names if names is None else names
        point = [f"{name} = {size}" for name, size in self.sizes.items()]
        point += [f"{name} = {_shown(x.nested(), False)}" for name, x in zip(names, self.inputs, strict=True)]
        point += [f"{address} = {_shown(x.nested(), False)}" for address, x in self.weights.items()]
        at = f"at {', '.join(point)} " if point else ""
        return f"refuted: {at}the left is {self._side(self.left)}, the right {self._side(self.right)}"

    def _side(self, arrays: Sequence[Array]) -> str:
        shown = [_shown(x.nested(), self.rounded) for x in arrays]
        return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"


def _shown(value: Any, rounded: bool) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_shown(part, rounded) for part in value)}]"
    if value is UNTOLD:
        return "_"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction) and rounded and value.denominator.bit_length() > 40:
        context = Context(prec=DIGITS)
        return str(context.divide(Decimal(value.numerator), Decimal(value.denominator)))
    return str(value)
