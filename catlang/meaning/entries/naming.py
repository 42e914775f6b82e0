"""Canonical names of bound variables: which they are does not depend on the names that they had.

Variables are told apart by where they stand, as far as that goes; of the names that then remain possible those are
taken that make the least key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import permutations, product
from math import factorial, prod
from typing import TYPE_CHECKING

from catlang.meaning.entries import index, work
from catlang.meaning.entries.index import Var

if TYPE_CHECKING:
    from catlang.meaning.entries.factor import Factor

Powers = list[tuple["Factor", int]]


def named(bound: Sequence[Var], powers: Powers) -> tuple[tuple[Var, ...], Powers]:
    """The names that bound variables are to have, and the factors with these."""
    if not bound:
        return (), powers
    height = 1 + max(factor.height for factor, _ in powers)
    cells = coloured(bound, powers)
    if prod(factorial(len(cell)) for cell in cells) > work.MOST_NAMINGS:
        raise work.TooLarge("a sum goes over too many indices that are alike")
    found: tuple[list[str], tuple[Var, ...], Powers] | None = None
    for order in product(*(permutations(cell) for cell in cells)):
        row = [var for cell in order for var in cell]
        names = tuple(index.bound(height, place, var.size) for place, var in enumerate(row))
        made = renamed(powers, dict(zip(row, names, strict=True)))
        key = sorted(f"{factor.key}^{exponent}" for factor, exponent in made)
        if found is None or key < found[0]:
            found = key, names, made
    assert found is not None
    return found[1], found[2]


def coloured(bound: Sequence[Var], powers: Powers) -> list[list[Var]]:
    """Variables in cells, one after the other; in a cell are those that look alike."""
    if len(bound) == 1:
        return [list(bound)]
    colours = _ranked({var: index.dim_key(var.size) for var in bound})
    while True:
        seen = {var: "|".join([str(colours[var]), *sorted(
            f"{factor.spelt(_marking(var, colours))}^{exponent}" for factor, exponent in powers if var in factor.free)])
            for var in bound}
        work.spend(len(bound) * sum(factor.size for factor, _ in powers))
        ranked = _ranked(seen)
        if len(set(ranked.values())) == len(set(colours.values())):
            break
        colours = ranked
    cells: dict[int, list[Var]] = {}
    for var in sorted(bound, key=colours.__getitem__):
        cells.setdefault(colours[var], []).append(var)
    return list(cells.values())


def _ranked(seen: dict[Var, str]) -> dict[Var, int]:
    ranks = {text: rank for rank, text in enumerate(sorted(set(seen.values())))}
    return {var: ranks[text] for var, text in seen.items()}


def _marking(one: Var, colours: dict[Var, int]) -> Callable[[Var], str]:
    """Names under which a variable is told from all others, and these by their colours; what is free stays itself."""
    return lambda var: "@" if var == one else f"c{colours[var]}" if var in colours else var.key


def renamed(factors: Iterable[tuple[Factor, int]], names: Mapping[Var, Var]) -> Powers:
    """Factors with variables under other names, all different: they stay factors."""
    made = []
    for factor, exponent in factors:
        if not factor.free.isdisjoint(names):
            found = factor.put(names).single
            one = found[0].single if found is not None and found[1] == 1 else None
            if one is None:
                raise work.TooLarge("a factor depends on the names of indices")
            factor = one
        made.append((factor, exponent))
    return made
