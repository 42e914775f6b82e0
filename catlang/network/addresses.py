"""Addresses in a `state_dict`: dotted names, in which numbers count layers.

Names that differ by numbers alone are one family, and are written as one.

>>> skeleton("layer.3.block_0.fc1.weight")
'layer.#.block_#.fc1.weight'
>>> folded(["layer.0.fc1", "layer.1.fc1", "layer.2.fc1"])
'layer.0..2.fc1'
>>> folded(["layer.0.fc1", "layer.4.fc1"])
'layer.{0,4}.fc1'
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Digits that stand by themselves: `layer.3` and `block_0` are counted, `fc1` is a name.
NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{1,18}(?![0-9A-Za-z])")


def skeleton(address: str) -> str:
    """The address without its numbers."""
    return NUMBER.sub("#", address)


def families(addresses: Iterable[str]) -> list[list[str]]:
    """The addresses by their skeletons, in the order in which they come."""
    found: dict[str, list[str]] = defaultdict(list)
    for address in addresses:
        found[skeleton(address)].append(address)
    return list(found.values())


def folded(family: Sequence[str]) -> str:
    """The addresses of a family as one. Where several numbers vary, each is folded by itself."""
    columns = iter(list(zip(*(NUMBER.findall(address) for address in family), strict=True)))

    def span(hit: re.Match[str]) -> str:
        numbers = sorted({int(number) for number in next(columns)})
        if len(numbers) == 1:
            return hit[0]
        if numbers[-1] - numbers[0] == len(numbers) - 1:
            return f"{numbers[0]}..{numbers[-1]}"
        return "{" + ",".join(map(str, numbers)) + "}"

    return NUMBER.sub(span, family[0])
