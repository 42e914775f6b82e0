"""What contractions and reductions cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catlang.diagram.diagram import Shuffle
    from catlang.dims import Dim


def flops_of_pattern(operation: Shuffle, sizes: Mapping[str, Dim]) -> tuple[Dim, Dim]:
    """The flops, and the entries gone over besides.

    Several arrays are contracted from left to right, two at a time. An axis that one of them has for itself, and the
    result has not, is summed first; where nothing is left to sum the step is a product of entries.
    """
    sides = [_flat(side) for side in operation.sources]
    kept = set(_flat(operation.target))
    flops: Dim = 0
    pointwise: Dim = 0
    have, *others = sides
    if not others:
        return 0, _size(have, sizes)
    for number, side in enumerate(others):
        later = kept.union(*map(set, others[number + 1:]))
        for one, other in ((have, side), (side, have)):
            alone = [name for name in one if name not in other and name not in later]
            if alone:
                pointwise = pointwise + _size(one, sizes)
                one[:] = [name for name in one if name not in alone]
        joint = list(dict.fromkeys([*have, *side]))
        if all(name in later for name in joint):
            pointwise = pointwise + _size(joint, sizes)
        else:
            flops = flops + 2 * _size(joint, sizes)
        have = [name for name in joint if name in later]
    return flops, pointwise


def _size(names: Iterable[Any], sizes: Mapping[str, Dim]) -> Dim:
    total: Dim = 1
    for name in names:
        total = total * (name if isinstance(name, int) else sizes[name])
    return total


def _flat(side: Any) -> list[Any]:
    return [name for item in side for name in (_flat(item) if isinstance(item, tuple) else [item])]
