"""Pairs of addresses and names as the entries of a rename table, those of many layers as one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from catlang.compiler.recipe import Read
from catlang.compiler.renaming import Entry
from catlang.network.addresses import NUMBER, skeleton

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def generalised(pairs: Mapping[str, str], addresses: Iterable[str]) -> dict[str, str]:
    """The pairs as entries of a rename table: those of many layers as one, if that one means exactly them."""
    addresses = list(addresses)
    families: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for target, source in pairs.items():
        families[skeleton(target), skeleton(source)][target] = source
    entries: dict[str, str] = {}
    for family in families.values():
        target, source = _with_placeholders(list(family), list(family.values()))
        entry = Entry(target, Read(source), source)
        meant = {
            name: entry.recipe.at(numbers) for name in addresses if (numbers := entry.match(name)) is not None
        }
        exact = meant == {name: Read(source) for name, source in family.items()}
        entries |= {target: source} if exact else family
    return entries


def _with_placeholders(targets: list[str], sources: list[str]) -> tuple[str, str]:
    """One target and one source for all, a placeholder for each number that varies."""
    ours, theirs = (list(zip(*map(NUMBER.findall, names), strict=True)) for names in (targets, sources))
    letters = iter("ijklmnpqrstuvwxyz")
    places: dict[tuple[str, ...], str] = {}
    for column in ours:
        if len(set(column)) > 1 and column not in places and (letter := next(letters, "")):
            places[column] = f"{{{letter}}}"
    return _refilled(targets[0], ours, places), _refilled(sources[0], theirs, places)


def _refilled(name: str, columns: list[tuple[str, ...]], places: Mapping[tuple[str, ...], str]) -> str:
    left = iter(columns)
    return NUMBER.sub(lambda hit: places.get(next(left), hit[0]), name)
