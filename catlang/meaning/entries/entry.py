"""Entries of arrays, indices as numbers, and whether two indices are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catlang.dims import Dim
from catlang.meaning.entries import index
from catlang.meaning.entries.factor import Factor, Name
from catlang.meaning.entries.form import ONE, SUMS, ZERO, Form, number, of, put, summed
from catlang.meaning.entries.index import Index, Var


class Based(Factor):
    """A factor of which it is known what it is by its ``base``: a ``real`` number, a ``truth`` value (0 or 1), an
    ``index`` (at least 0)."""

    __slots__ = ("base",)
    base: str

    @property
    def truth(self) -> bool:  # type: ignore[override]
        return self.base == "truth"

    @property
    def sign(self) -> int | None:
        return None if self.base == "real" else 0


class Entry(Based):
    """An entry of an input or of a weight; ``base`` says of what: a ``real`` number, a ``truth`` value (0 or 1), an
    ``index`` (at least 0)."""

    __slots__ = ("address", "indices")

    def __init__(self, address: str, indices: tuple[Index, ...], base: str) -> None:
        self.address = address
        self.base = base
        self.indices = tuple(map(index.plain, indices))
        super().__init__(frozenset(var for one in self.indices for var in index.free(one)))

    def spelt(self, name: Name) -> str:
        return f"{self.address!r}[{', '.join(index.spelt(one, name) for one in self.indices)}]"

    def put(self, values: Mapping[Var, Index]) -> Form:
        return of(Entry(self.address, tuple(index.put(one, values) for one in self.indices), self.base))


class Place(Factor):
    """An index as a number."""

    __slots__ = ("index",)

    def __init__(self, at: Index) -> None:
        self.index = at
        super().__init__(index.free(at))

    @property
    def sign(self) -> int | None:
        return 0

    def spelt(self, name: Name) -> str:
        return f"#{index.spelt(self.index, name)}"

    def put(self, values: Mapping[Var, Index]) -> Form:
        return place(index.put(self.index, values))


class Same(Factor):
    """1 where two indices are the same, else 0."""

    __slots__ = ("left", "right")
    truth = True

    def __init__(self, left: Index, right: Index) -> None:
        self.left, self.right = sorted((left, right), key=index.key_of)
        super().__init__(index.free(left) | index.free(right))

    def spelt(self, name: Name) -> str:
        return f"({' = '.join(sorted(index.spelt(one, name) for one in (self.left, self.right)))})"

    def put(self, values: Mapping[Var, Index]) -> Form:
        return same(index.put(self.left, values), index.put(self.right, values))


def entry(address: str, *indices: Index, base: str = "real") -> Form:
    return of(Entry(address, indices, base))


def place(at: Index) -> Form:
    """An index as a number."""
    return number(at) if isinstance(at, int) else of(Place(at))


def same(left: Index, right: Index) -> Form:
    """1 where two indices are the same, else 0."""
    left, right = index.plain(left), index.plain(right)
    if left == right:
        return ONE
    if isinstance(left, int) and isinstance(right, int):
        return ZERO
    if isinstance(left, index.Compound) and isinstance(right, index.Compound) and left.kind == right.kind == "group" \
            and left.sizes == right.sizes:
        made = ONE
        for one, other in zip(left.inner, right.inner, strict=True):
            made = made * same(one, other)
        return made
    return of(Same(left, right))


# ------------------------------------------------------------------ what sums of these are


def _chosen(bound: Sequence[Var], powers: dict[Factor, int]) -> Form | None:
    """With an index put for one that it is the same as; None where nothing is to be done."""
    for factor in powers:
        if not isinstance(factor, Same):
            continue
        rest = [(one, exponent) for one, exponent in powers.items() if one is not factor]
        for var, value in ((factor.left, factor.right), (factor.right, factor.left)):
            if not isinstance(var, Var) or var in index.free(value):
                continue
            if var in bound and _within(value, var.size):
                return put([other for other in bound if other != var], rest, {var: value})
        # The one that comes first stands for both.
        left, right = factor.left, factor.right
        for var, value in ((right, left), (left, right)):
            if isinstance(var, Var) and var not in index.free(value) and (var is right or not isinstance(right, Var)):
                if all(var not in one.free for one, _ in rest):
                    break
                made = put((), rest, {var: value}) * of(factor)
                for other in bound:
                    made = summed(other, made)
                return made
    return None


def _turned(bound: Sequence[Var], powers: dict[Factor, int]) -> Form | None:
    """With indices from the front for such as are counted from the end."""
    turned = {var: index.flipped(var, var.size) for var in bound if backwards(
        var, [factor.key for factor in powers if var in factor.free])}
    return put(bound, powers.items(), turned) if turned else None


def backwards(var: Var, keys: Sequence[str]) -> bool:
    """Whether an index is counted from the end wherever it stands in some keys: a sum may as well begin there."""
    flipped = f"{index.FLIP}({var.key}:"
    return any(flipped in key for key in keys) and all(key.count(flipped) == key.count(var.key) for key in keys)


def _within(value: Index, dim: Dim) -> bool:
    """Whether an index is surely one along an axis."""
    if isinstance(value, int):
        return isinstance(dim, int) and 0 <= value < dim
    return index.reach(value) == dim


SUMS += [_chosen, _turned]
