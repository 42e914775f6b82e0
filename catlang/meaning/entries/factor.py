"""Factors: what is multiplied in the terms of normal forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from catlang.meaning.entries import index, work
from catlang.meaning.entries.index import Index, Var

if TYPE_CHECKING:
    from catlang.meaning.entries.form import Form

#: What a variable is called.
Name = Callable[[Var], str]


def by_key(var: Var) -> str:
    return var.key


def hiding(bound: Sequence[Var], name: Name) -> Name:
    """Names under which variables that are bound are all one."""
    return lambda var: "bound" if var in bound else name(var)


def binders(bound: Sequence[Var]) -> str:
    return " ".join(index.dim_key(var.size) for var in bound)


class Factor:
    """Something that is multiplied; equal where the ``key`` is. ``height`` counts the sums in one another in it,
    ``depth`` the functions, ``size`` its parts."""

    __slots__ = ("_shape", "depth", "free", "height", "key", "size")
    key: str
    free: frozenset[Var]
    height: int
    depth: int
    size: int
    #: Whether it is 0 or 1.
    truth = False

    def __init__(self, free: frozenset[Var], parts: Iterable[Form] = ()) -> None:
        self._shape: str | None = None
        self.free = free
        self.height, self.depth, self.size = 0, 0, 1
        for part in parts:
            self.height = max(self.height, part.height)
            self.depth = max(self.depth, part.depth + 1)
            self.size += part.size
        if self.depth > work.MOST_DEPTH:
            raise work.TooLarge("too many functions stand in one another")
        work.spend(self.size)
        self.key = self.spelt(by_key)

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, Factor) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key

    @property
    def shape(self) -> str:
        """How it is written where all variables are called the same."""
        if self._shape is None:
            self._shape = self.spelt(lambda var: "_")
        return self._shape

    def spelt(self, name: Name) -> str:
        """How it is written where its variables are called so."""
        raise NotImplementedError

    def put(self, values: Mapping[Var, Index]) -> Form:
        """The form that it becomes with indices put for variables."""
        raise NotImplementedError

    @property
    def sign(self) -> int | None:
        """1 where it is evidently more than 0, 0 where it is at least 0."""
        return 0 if self.truth else None
