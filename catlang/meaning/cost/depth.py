"""Depths: the longest of several paths, each a polynomial long.

They form the tropical semiring over polynomials: a depth is a maximum of polynomials, of which those are left out that
another one exceeds at all sizes.

>>> from catlang.dims import Variable
>>> n, m = Variable("n"), Variable("m")
>>> a, b = Depth.of(n.poly), Depth.of(m.poly + 1)
>>> (a | b | Depth.of(2)), (a | b) + 1
(max(n, m + 1), max(n + 1, m + 2))
>>> (a | Depth.of(n.poly + 2)), (a | b).substituted({n: 5, m: 2})
(n + 2, 5)
"""

from __future__ import annotations

from collections.abc import Mapping

from catlang.dims import Dim, Poly, Variable, least_value, substitute, variables

#: So many candidates may a depth have; a few lines in which paths fork again and again make very many.
MOST = 64


class Depth:
    """The largest of the candidates. Making one of more than ``MOST`` raises ``OverflowError``."""

    __slots__ = ("candidates",)

    def __init__(self, candidates: tuple[Dim, ...]) -> None:
        self.candidates = candidates

    @staticmethod
    def of(*lengths: Dim) -> Depth:
        kept: list[Dim] = []
        for length in lengths:
            if not any(_exceeds(other, length) for other in kept):
                kept = [other for other in kept if not _exceeds(length, other)] + [length]
                if len(kept) > MOST:
                    raise OverflowError("the longest path is the maximum of too many polynomials")
        return Depth(tuple(kept))

    def __or__(self, other: Depth) -> Depth:
        if len(self.candidates) == len(other.candidates) == 1:
            [one], [two] = self.candidates, other.candidates
            if isinstance(one, int) and isinstance(two, int):
                return self if one >= two else other
        return Depth.of(*self.candidates, *other.candidates)

    def __add__(self, other: Depth | Dim) -> Depth:
        if isinstance(other, int):
            return Depth(tuple([length + other for length in self.candidates]))
        more = other.candidates if isinstance(other, Depth) else (other,)
        return Depth.of(*(a + b for a in self.candidates for b in more))

    def times(self, count: Dim) -> Depth:
        """So many of them one after the other."""
        return Depth.of(*(length * count for length in self.candidates))

    def substituted(self, sizes: Mapping[Variable, Dim]) -> Depth:
        """The depth at these sizes."""
        return Depth.of(*(substitute(length, sizes) for length in self.candidates))

    def parted(self, variable: Variable) -> tuple[Depth, Depth]:
        """How much longer than a variable those candidates are that go on from it, and the other candidates."""
        on = [length for length in self.candidates if isinstance(length, Poly) and variable in variables(length)]
        return (Depth(tuple(length - variable.poly for length in on)),
                Depth(tuple(length for length in self.candidates if length not in on)))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Depth):
            return set(self.candidates) == set(other.candidates)
        return self.candidates == (other,)

    def __hash__(self) -> int:
        return hash(frozenset(self.candidates))

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.candidates))
        return shown if len(self.candidates) == 1 else f"max({shown})"


def _exceeds(left: Dim, right: Dim) -> bool:
    """Whether the left one is at least the right one at all sizes, so far as that is seen at once."""
    least = least_value(left - right)
    return least is not None and least >= 0
