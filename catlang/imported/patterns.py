"""Patterns of axes as text: which name an axis has in one.

A size that is a dim of the file is called by it, the first time; other axes have letters. Where one axis of several is
cut, all but one of them must have a size that is known, so these have dims of the file, which are made as they are
needed.

>>> from catlang.dims import Variable
>>> from catlang.imported.layout import Atom
>>> n, h, k = Atom(Variable("n").poly), Atom(12), Atom(64)
>>> names = SizeNames()
>>> text(Pattern("rearrange", "", (((n,), (h, k)),), ((h,), (n,), (k,))), names, "heads")
'rearrange(n (heads d) -> heads n d)'
>>> names.made
{('heads', 0): ('heads', 12)}
"""

from __future__ import annotations

from catlang.dims import Dim, Poly, Variable
from catlang.imported.layout import Atom, Group, Groups
from catlang.imported.wiring import Pattern

LETTERS = ("d", "k", "c", "e", "f", "g", "p", "r", "u", "v", "w")
SECOND = ("s", "t", "q", "z")


class SizeNames:
    """Dims of the file that patterns need: by their size and how many of that size one pattern has."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, int], tuple[str, int]] = {}
        self.by_size: dict[tuple[int, int], str] = {}

    def name(self, size: int, number: int, hint: str) -> str:
        found = self.by_size.get((size, number))
        if found is None:
            count = sum(1 for key, _ in self.made if key == hint)
            found = hint if count == 0 else f"{hint}_{count + 1}"
            self.made[hint, count] = (found, size)
            self.by_size[size, number] = found
        return found


def dim_of(size: Dim) -> str:
    """The name of a size that is a dim by itself; else nothing."""
    if isinstance(size, Poly) and len(size.terms) == 1:
        [(monomial, factor)] = size.terms.items()
        if factor == 1 and len(monomial) == 1 and monomial[0][1] == 1 and isinstance(monomial[0][0], Variable):
            return monomial[0][0].name
    return ""


def text(pattern: Pattern, sizes: SizeNames, hint: str) -> str:
    """The morphism of a pattern."""
    names: dict[Atom, str] = {}
    used: set[str] = set()
    needed = _cut(pattern.left)
    left_atoms = {atom for groups in pattern.left for group in groups for atom in group}

    def free(pool: tuple[str, ...]) -> str:
        return next(one for one in (*pool, *(f"a{number}" for number in range(1000))) if one not in used)

    def name(atom: Atom) -> str:
        if atom not in names:
            called = dim_of(atom.size)
            if called and called not in used:
                made = called
            elif atom in needed and isinstance(atom.size, int):
                number = 0
                while (made := sizes.name(atom.size, number, hint)) in used:
                    number += 1
            elif atom not in left_atoms and isinstance(atom.size, int):
                return str(atom.size)
            else:
                made = free(SECOND if called else LETTERS)
            names[atom] = made
            used.add(made)
        return names[atom]

    def side(groups: Groups) -> str:
        return " ".join(one(group) for group in groups)

    def one(group: Group) -> str:
        if not group:
            return "1"
        inner = " ".join(name(atom) for atom in group)
        return inner if len(group) == 1 else f"({inner})"

    # The names of dims go first, so that no letter for one size takes the place of another.
    left = ", ".join(side(groups) for groups in pattern.left)
    right = side(pattern.right)
    mode = f"{pattern.mode}, " if pattern.mode else ""
    return f"{pattern.word}({mode}{left} ->{' ' if right else ''}{right})"


def _cut(every: tuple[Groups, ...]) -> set[Atom]:
    """The parts of axes whose size has to be known: all but the last of what has no dim for its name."""
    needed: set[Atom] = set()
    for groups in every:
        for group in groups:
            if len(group) > 1:
                open_ = [atom for atom in group if not dim_of(atom.size)]
                needed.update(open_[:-1])
    return needed
