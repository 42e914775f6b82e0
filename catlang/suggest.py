"""The name that was probably meant.

Distance is Damerau and Levenshtein's, with a swap of neighbours as one step: how many letters are to be
added, dropped, changed or swapped. It is symmetric, and zero exactly between equal names.

>>> distance("layer", "layer"), distance("lyaer", "layer"), distance("layers", "layer")
(0, 1, 1)

A name is suggested where it is the nearest by itself and near enough; between two that are equally near
nothing is said, since a wrong guess is worse than none.

>>> nearest("Relu", ["relu", "gelu", "elu"])
'relu'
>>> nearest("sofmtax", ["softmax", "sigmoid"])
'softmax'
>>> nearest("norm_layer", ["layer_norm", "batch_norm", "group_norm"])
'layer_norm'
>>> nearest("telu", ["relu", "gelu"]) is None
True
>>> nearest("tanh", ["affine", "embedding"]) is None
True
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Distance takes the product of two lengths, and nobody misspells a longer name than this.
LONGEST = 80


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that was probably meant, if there is one and only one."""
    folded = name.casefold()
    letters = set(folded)
    others = sorted({candidate for candidate in candidates if candidate != name})
    best: tuple[int, int] | None = None
    found: list[str] = []
    for candidate in others:
        longest = max(len(name), len(candidate))
        # A name without rivals may be further off.
        allowed = longest // 2 if len(others) == 1 else longest // 3
        if abs(len(name) - len(candidate)) > allowed or longest > LONGEST:
            continue
        # Each letter that only one of the two has costs a step, which is cheaper to know than the distance.
        theirs = set(candidate.casefold())
        if len(letters - theirs) > allowed or len(theirs - letters) > allowed:
            continue
        near = distance(folded, candidate.casefold())
        if near > allowed or (best is not None and near > best[0]):
            continue
        # Letters of the wrong case count only between candidates that are otherwise equally near.
        key = (near, distance(name, candidate))
        if best is None or key < best:
            best, found = key, [candidate]
        elif key == best:
            found.append(candidate)
    if not found:
        words = sorted(folded.split("_"))
        found = [candidate for candidate in others if sorted(candidate.casefold().split("_")) == words]
    return found[0] if len(found) == 1 else None


def distance(a: str, b: str) -> int:
    """How many letters are to be added, dropped, changed or swapped with a neighbour to make `b` of `a`."""
    a, b = _without_common_ends(a, b)
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            steps = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                steps = min(steps, before[j - 2] + 1)
            row.append(steps)
        before, above = above, row
    return above[-1]


def _without_common_ends(a: str, b: str) -> tuple[str, str]:
    """What remains of two names without the letters that both start and end with, which cost no step."""
    shorter = min(len(a), len(b))
    start = 0
    while start < shorter and a[start] == b[start]:
        start += 1
    end = 0
    while end < shorter - start and a[-1 - end] == b[-1 - end]:
        end += 1
    return a[start : len(a) - end], b[start : len(b) - end]
