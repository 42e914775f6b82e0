"""Pairing the addresses of a module with the names of a checkpoint, or of another module, where that is unambiguous.

Each name comes with what it is, its shape and kind of number, say. Addresses are taken a parameter group at a time
(`query.weight` with `query.bias`) and a family at a time (all layers at once). A group of the module may come from a
group of the checkpoint that has the same leaves, kinds and layers. If each is the other's only candidate they are
paired; so they are if each resembles the other, by the words of their names, strictly more than it does any further
candidate. What is paired leaves the game, until nothing changes. Then single tensors, of whatever is left, are paired
likewise.

>>> weight, bias = "[2, 2]", "[2]"
>>> ours = {"query.weight": weight, "query.bias": bias, "out.weight": weight, "out.bias": bias}
>>> theirs = {"q.weight": weight, "q.bias": bias, "final.weight": weight, "final.bias": bias}
>>> pairs = paired(ours, theirs)
>>> pairs["query.bias"], pairs["out.weight"]
('q.bias', 'final.weight')
>>> paired({"a.weight": weight, "b.weight": weight}, {"c.weight": weight, "d.weight": weight})
{}
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catlang.network.addresses import NUMBER, skeleton

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping


def paired(ours: Mapping[str, Hashable], theirs: Mapping[str, Hashable]) -> dict[str, str]:
    """Addresses of the module to names of the checkpoint; only what is equal is ever paired."""
    pairs: dict[str, str] = {}
    for stem_of in (lambda name: name.rpartition(".")[0], lambda name: name):
        taken = set(pairs.values())
        wanted = _groups({name: value for name, value in ours.items() if name not in pairs}, stem_of)
        offered = _groups({name: value for name, value in theirs.items() if name not in taken}, stem_of)
        for kind in {group.kind: None for group in wanted}:
            same_kind = [[group for group in side if group.kind == kind] for side in (wanted, offered)]
            for one, other in _matched(*same_kind):
                for layer, leaves in one.layers.items():
                    pairs |= {name: other.layers[layer][leaf] for leaf, name in leaves.items()}
    return pairs


@dataclass
class _Group:
    """The names under stems that differ by numbers alone: layer by layer, and in a layer leaf by leaf."""

    words: frozenset[str]
    kind: Any
    layers: dict[tuple[str, ...], dict[str, str]]


def _groups(kinds_of: Mapping[str, Hashable], stem_of: Callable[[str], str]) -> list[_Group]:
    under: dict[str, dict[str, str]] = defaultdict(dict)
    for name in kinds_of:
        stem = stem_of(name)
        under[stem][name[len(stem) :]] = name
    families: dict[Any, dict[tuple[str, ...], dict[str, str]]] = defaultdict(dict)
    for stem, leaves in under.items():
        kinds = frozenset((leaf, kinds_of[name]) for leaf, name in leaves.items())
        families[skeleton(stem), kinds][tuple(NUMBER.findall(stem))] = leaves
    found = []
    for (words, kinds), members in families.items():
        # A number that is the same everywhere, as in `layers.3.block_0`, counts nothing.
        varying = [place for place, column in enumerate(zip(*members, strict=True)) if len(set(column)) > 1]
        layers = {tuple(numbers[place] for place in varying): leaves for numbers, leaves in members.items()}
        found.append(_Group(_words(words), (kinds, frozenset(layers)), layers))
    return found


def _words(name: str) -> frozenset[str]:
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return frozenset(word.lower() for word in re.findall(r"[A-Za-z]+", parted))


def _matched(wanted: list[_Group], offered: list[_Group]) -> list[tuple[_Group, _Group]]:
    # Words that all of them have tell nothing apart.
    usual = frozenset[str]().union(
        *(
            frozenset.intersection(*(group.words for group in side))
            for side in (wanted, offered)
            if len(side) > 1
        )
    )
    scores = {
        (id(one), id(other)): _resemblance(one.words - usual, other.words - usual)
        for one in wanted
        for other in offered
    }
    found = []
    changed = True
    while changed:
        changed = False
        for one in list(wanted):
            other = _first([(scores[id(one), id(rival)], rival) for rival in offered])
            if (
                other is not None
                and _first([(scores[id(rival), id(other)], rival) for rival in wanted]) is one
            ):
                found.append((one, other))
                wanted = [group for group in wanted if group is not one]
                offered = [group for group in offered if group is not other]
                changed = True
    return found


def _first(ranking: list[tuple[float, _Group]]) -> _Group | None:
    """The best, if it is strictly better than the second."""
    ranking = sorted(ranking, key=lambda ranked: -ranked[0])
    if not ranking or (len(ranking) > 1 and ranking[0][0] == ranking[1][0]):
        return None
    return ranking[0][1]


def _resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """How many words the two share, where parts of words count half."""
    ways = ((one, other), (other, one))
    return min(
        sum(max((_alike(word, peer) for peer in far), default=0.0) for word in near) for near, far in ways
    )


def _alike(one: str, other: str) -> float:
    short, long = sorted((one, other), key=len)
    if short == long:
        return 1.0
    return 0.5 if long.startswith(short) or (len(short) > 2 and short in long) else 0.0
