"""Indices: what stands between the brackets of an entry.

An index is a variable, which goes through an axis, a number, several indices as one (``(h k)``, of which the last goes
fastest), one of several that an index is (its part), or an index counted from the end.

>>> i, j = fresh(2), fresh(3)
>>> group([(i, 2), (j, 3)]).key == f"({i.key} {j.key}:3)"
True
>>> part(group([(i, 2), (j, 3)]), (2, 3), 1) is j, group([(part(j, (2, 4), 0), 2), (part(j, (2, 4), 1), 4)]) is j
(True, True)
>>> part(5, (2, 3), 0), part(5, (2, 3), 1), group([(1, 2), (2, 3)]), flipped(flipped(i, 2), 2) is i
(1, 2, 5, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count

from catlang.dims import Dim, Poly, Quotient

_serials = count(1)


def dim_key(dim: Dim) -> str:
    """A spelling that tells any two sizes apart."""
    if not isinstance(dim, Poly):
        return str(dim)
    found = []
    for monomial, coefficient in dim.terms.items():
        atoms = [f"{atom_key(atom)}^{exponent}" for atom, exponent in monomial]
        found.append("*".join([str(coefficient), *sorted(atoms)]))
    return "{" + "+".join(sorted(found)) + "}"


def atom_key(atom: object) -> str:
    """The same of a variable or of a quotient."""
    if isinstance(atom, Quotient):
        return f"<{dim_key(atom.num)}//{dim_key(atom.den)}>"
    return f"{atom.name}#{atom.serial}"  # type: ignore[attr-defined]


class Var:
    """An index variable; ``key`` is its name, ``size`` how far it goes."""

    __slots__ = ("key", "size")

    def __init__(self, key: str, size: Dim) -> None:
        self.key = key
        self.size = size

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, Var) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key


class Compound:
    """An index made of others: ``kind`` says how, ``sizes`` at which sizes, ``place`` which part it is."""

    __slots__ = ("free", "inner", "key", "kind", "place", "sizes")

    def __init__(self, kind: str, inner: tuple[Index, ...], sizes: tuple[Dim, ...], place: int = 0) -> None:
        self.kind = kind
        self.inner = inner
        self.sizes = sizes
        self.place = place
        self.key = self.spelt(key_of)
        self.free = frozenset(var for one in inner for var in free(one))

    def spelt(self, name: Callable[[Index], str]) -> str:
        """How it is written where its parts are written so."""
        if self.kind == "group":
            # How far the first goes does not matter for what number this is.
            first, *rest = self.inner
            parts = [f"{name(one)}:{dim_key(size)}" for one, size in zip(rest, self.sizes[1:], strict=True)]
            return f"({' '.join([name(first), *parts])})"
        sizes = " ".join(map(dim_key, self.sizes))
        return f"{self.kind}{self.place}({name(self.inner[0])}:{sizes})"

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, Compound) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key


Index = int | Var | Compound

#: How the key of an index begins that is counted from the end.
FLIP = "flip0"


def fresh(size: Dim) -> Var:
    """A variable that there is nowhere else."""
    return Var(f"v{next(_serials):09}", size)


def bound(height: int, place: int, size: Dim) -> Var:
    """The variable that is bound at a place: of two in one another the outer one has the greater height."""
    return Var(f"b{height}.{place}:{dim_key(size)}", size)


def key_of(index: Index) -> str:
    return str(index) if isinstance(index, int) else index.key


def spelt(index: Index, name: Callable[[Var], str]) -> str:
    """An index where its variables have these names."""
    if isinstance(index, int):
        return str(index)
    return name(index) if isinstance(index, Var) else index.spelt(lambda one: spelt(one, name))


def free(index: Index) -> frozenset[Var]:
    """The variables of an index."""
    if isinstance(index, int):
        return frozenset()
    return frozenset((index,)) if isinstance(index, Var) else index.free


def plain(index: Index) -> Index:
    """Along an axis of size 1 there is one index."""
    return 0 if isinstance(index, Var) and index.size == 1 else index


def put(index: Index, values: Mapping[Var, Index]) -> Index:
    """An index with others put for variables."""
    if isinstance(index, int):
        return index
    if isinstance(index, Var):
        return plain(values.get(index, index))
    if index.free.isdisjoint(values):
        return index
    inner = [put(one, values) for one in index.inner]
    if index.kind == "group":
        return group(list(zip(inner, index.sizes, strict=True)))
    if index.kind == "part":
        return part(inner[0], index.sizes, index.place)
    return flipped(inner[0], index.sizes[0])


def reach(index: Index) -> Dim | None:
    """How far an index goes, where that is known: it is less than this."""
    if isinstance(index, int):
        return None
    if isinstance(index, Var):
        return index.size
    return index.sizes[index.place] if index.kind == "part" else _product(index.sizes)


def _product(sizes: Sequence[Dim]) -> Dim:
    total: Dim = 1
    for size in sizes:
        total = total * size
    return total


def group(parts: Sequence[tuple[Index, Dim]]) -> Index:
    """Several indices as one, the last going fastest."""
    flat: list[tuple[Index, Dim]] = []
    for index, size in parts:
        if size == 1:
            continue
        if isinstance(index, Compound) and index.kind == "group" and _product(index.sizes) == size:
            flat += zip(index.inner, index.sizes, strict=True)
        else:
            flat.append((plain(index), size))
    if len(flat) < 2:
        return flat[0][0] if flat else 0
    inner, sizes = tuple(index for index, _ in flat), tuple(size for _, size in flat)
    if all(isinstance(index, int) for index in inner) and all(isinstance(size, int) for size in sizes[1:]):
        return _composed(inner, sizes)
    first = inner[0]
    if isinstance(first, Compound) and first.kind == "part" and first.sizes == sizes and all(
            isinstance(one, Compound) and one.kind == "part" and one.inner == first.inner and one.sizes == sizes
            and one.place == place for place, one in enumerate(inner)):
        return first.inner[0]
    return Compound("group", inner, sizes)


def _composed(inner: tuple[Index, ...], sizes: tuple[Dim, ...]) -> int:
    total = 0
    for index, size in zip(inner, sizes, strict=True):
        assert isinstance(index, int)
        total = total * size + index if total else index  # type: ignore[assignment]
    return total


def part(index: Index, sizes: tuple[Dim, ...], place: int) -> Index:
    """The index at a place, where an index is several as one."""
    if sizes[place] == 1:
        return 0
    kept = [number for number, size in enumerate(sizes) if size != 1]
    place, sizes = kept.index(place), tuple(sizes[number] for number in kept)
    if len(sizes) == 1:
        return index
    if isinstance(index, int) and all(isinstance(size, int) for size in sizes[1:]):
        for size in reversed(sizes[place + 1:]):
            index //= size  # type: ignore[assignment]
        return index if place == 0 else index % sizes[place]  # type: ignore[return-value]
    if isinstance(index, Compound) and index.kind == "group":
        split = _split(index, sizes)
        if split is not None:
            return split[place]
    return Compound("part", (index,), sizes, place)


def _split(index: Compound, sizes: tuple[Dim, ...]) -> list[Index] | None:
    """A group as groups of these sizes, where its parts fall into them."""
    rest = list(zip(index.inner, index.sizes, strict=True))
    found: list[Index] = []
    for size in sizes:
        taken: list[tuple[Index, Dim]] = []
        while rest and _product([one for _, one in taken]) != size:
            taken.append(rest.pop(0))
        if _product([one for _, one in taken]) != size:
            return None
        found.append(group(taken))
    return None if rest else found


def flipped(index: Index, size: Dim) -> Index:
    """An index counted from the end."""
    if isinstance(index, Compound) and index.kind == "flip" and index.sizes == (size,):
        return index.inner[0]
    if size == 1:
        return 0
    if isinstance(index, int) and isinstance(size, int):
        return size - 1 - index
    return Compound("flip", (index,), (size,))
