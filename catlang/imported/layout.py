"""Axes as somebody sees them, and as they lie.

PyTorch's programs are full of views: reshapes, transposes, axes of size one. A view computes nothing, so none is
written until something needs another layout. A :class:`Value` is a wire together with how it is seen: each axis, of the
wire and of the view, is a group of atoms, and an atom is an axis that nothing has split so far.

>>> batch, n, d = Atom(2, batch=True), Atom(5), Atom(12)
>>> seen = Value(Wire("R", (5, 12)), ((n,), (d,)), ((batch,), (n,), (d,)))
>>> heads = regrouped(seen, (2, 5, 3, 4))
>>> [[atom.size for atom in group] for group in heads.axes], [len(group) for group in heads.shape]
([[5], [3, 4]], [1, 1, 1, 1])
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catlang.dims import Dim, exact_quotient, product

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catlang.imported.wiring import Statement


class Atom:
    """An axis that is not split; two of one size are two. That of the batch stands in no object of the language."""

    __slots__ = ("batch", "size")

    def __init__(self, size: Dim, batch: bool = False) -> None:
        self.size = size
        self.batch = batch

    def __repr__(self) -> str:
        return f"<Atom {self.size}>"


Group = tuple[Atom, ...]
Groups = tuple[Group, ...]
#: Numbers, truth values, or indices below a size.
Kind = str | int


class Unsaid(Exception):
    """An operation that is known, but not with these arguments; the text says which."""


class Mixed(Unsaid):
    """An operation along the batch."""

    def __init__(self) -> None:
        super().__init__("it goes along the batch, whose elements are independent in catlang")


class Wire:
    """What one box gives: its kind and the sizes of its axes, the batch left out."""

    __slots__ = ("hint", "kind", "maker", "sizes")

    def __init__(self, kind: Kind, sizes: tuple[Dim, ...], hint: str = "") -> None:
        self.kind = kind
        self.sizes = sizes
        self.hint = hint
        self.maker: Statement | None = None


@dataclass(frozen=True)
class Value:
    """A wire, the atoms of its axes, and those of the axes by which it is seen."""

    wire: Wire
    axes: Groups
    shape: Groups

    @property
    def kind(self) -> Kind:
        return self.wire.kind

    @property
    def atoms(self) -> list[Atom]:
        """The atoms that the wire has, in its order."""
        return [atom for group in self.axes for atom in group]

    def has(self, atom: Atom) -> bool:
        """Whether the value can differ along the atom: all do along the batch."""
        return atom.batch or any(atom is one for one in self.atoms)

    def seen(self, shape: Iterable[Group]) -> Value:
        return replace(self, shape=tuple(shape))


def size_of(group: Group) -> Dim:
    """The size of an axis."""
    made: Dim = 1
    for atom in group:
        made = product(made, atom.size)
    return made


def without_batch(groups: Iterable[Group]) -> Groups:
    """Axes as those of a wire."""
    return tuple(tuple(atom for atom in group if not atom.batch) for group in groups)


def replaced(value: Value, table: Mapping[Atom, Group]) -> Value:
    """The same value where some atoms are others, or several."""
    def of(groups: Groups) -> Groups:
        return tuple(tuple(new for atom in group for new in table.get(atom, (atom,))) for group in groups)

    return Value(value.wire, of(value.axes), of(value.shape)) if table else value


def renewed(value: Value) -> Value:
    """The same value, which shares no atom with any other; the batch is one for all."""
    every = {atom for groups in (value.axes, value.shape) for group in groups for atom in group if not atom.batch}
    return replaced(value, {atom: (Atom(atom.size),) for atom in every})


def split(atom: Atom, front: Dim, back: Dim) -> Group:
    """An atom as two."""
    if atom.batch:
        raise Mixed
    return Atom(front), Atom(back)


def regrouped(value: Value, sizes: Sequence[Dim]) -> Value:
    """The value seen with axes of other sizes, as by ``view``; raises ``Unsaid`` where axes do not go together so."""
    waiting = [atom for group in value.shape for atom in group]
    table: dict[Atom, Group] = {}
    shape: list[Group] = []
    for size in sizes:
        group: list[Atom] = []
        rest = size
        while rest != 1:
            if not waiting:
                raise Unsaid("its axes do not go together to those sizes")
            atom = waiting.pop(0)
            if atom.size == rest:
                group.append(atom)
                break
            if (more := exact_quotient(rest, atom.size)) is not None:
                group.append(atom)
                rest = more
                continue
            left = exact_quotient(atom.size, rest)
            if left is None:
                raise Unsaid("its axes do not go together to those sizes")
            front, back = split(atom, rest, left)
            table = {one: tuple(new for old in group_ for new in ((front, back) if old is atom else (old,)))
                     for one, group_ in table.items()}
            table[atom] = (front, back)
            group.append(front)
            waiting.insert(0, back)
            break
        shape.append(tuple(group))
    if waiting:
        raise Unsaid("its axes do not go together to those sizes")
    return replaced(value, table).seen(shape)


def aligned(values: Sequence[Value]) -> list[Value]:
    """Values of one number of axes, with one atom for what is one axis of all of them; an axis of size 1 stays beside
    any other, as in broadcasting."""
    made = [values[0]]
    for value in values[1:]:
        other = renewed(value)
        for place in range(len(other.shape)):
            for number in range(len(made)):
                if made[number].shape[place] and other.shape[place]:
                    made[number], other = _joined(made, number, other, place)
        made.append(other)
    return made


def _joined(made: list[Value], number: int, other: Value, place: int) -> tuple[Value, Value]:
    """Two values whose axes at a place are the same atoms."""
    position = 0
    while True:
        ours, theirs = made[number].shape[place], other.shape[place]
        if position >= len(ours) or position >= len(theirs):
            if len(ours) != len(theirs):
                raise Unsaid("sizes that meet are not the same")
            return made[number], other
        mine, its = ours[position], theirs[position]
        position += 1
        if mine is its:
            continue
        if mine.size == its.size:
            # What does not change along its axis takes the place of any.
            if not other.has(its):
                other = replaced(other, {its: (mine,)})
            elif not any(one.has(mine) for one in made):
                made[:] = [replaced(one, {mine: (its,)}) for one in made]
            elif mine.batch or its.batch:
                raise Mixed
            else:
                other = replaced(other, {its: (mine,)})
            continue
        position -= 1
        if (left := exact_quotient(mine.size, its.size)) is not None:
            parts = split(mine, its.size, left)
            made[:] = [replaced(one, {mine: parts}) for one in made]
        elif (left := exact_quotient(its.size, mine.size)) is not None:
            other = replaced(other, {its: split(its, mine.size, left)})
        else:
            raise Unsaid("sizes that meet are not the same")
