"""What was counted, by the address of the instance it was counted for.

An amount lies at the innermost instance that a box belongs to: one with weights at its own, any other at that of the
network that it is a box of, the root's being empty. What is below an address belongs to it too.

>>> tally = Tally()
>>> tally.at("block.up").flops += 6
>>> tally.at("block").arithmetic += 1
>>> tally.at("blocked").flops += 1
>>> tally.below("block").flops, tally.below("block").operations, tally.below("").flops
(6, 7, 7)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.dims import substitute
from catlang.meaning.cost.reach import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.dims import Dim, Variable
    from catlang.meaning.cost.depth import Depth
    from catlang.span import Span

COUNTED = ("flops", "pointwise", "arithmetic", "memory", "activations")


class Amounts:
    """What boxes cost together; ``unknown`` has the primitives that nobody gave a cost, each with the place of its
    first use, ``opaque`` those of them whose weights are not known either, and ``uses`` the boxes that are applications
    of one instance."""

    __slots__ = (*COUNTED, "opaque", "span", "unknown", "uses")

    def __init__(self) -> None:
        self.flops: Dim = 0
        self.pointwise: Dim = 0
        self.arithmetic: Dim = 0
        self.memory: Dim = 0
        self.activations: Dim = 0
        self.unknown: dict[str, Span | None] = {}
        self.opaque: set[str] = set()
        self.span: Depth = NOTHING
        self.uses: dict[Any, Dim] = {}

    @property
    def operations(self) -> Dim:
        """All arithmetic: the flops and what is done besides."""
        return self.flops + self.arithmetic

    def add(self, other: Amounts) -> None:
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name, span in other.unknown.items():
            self.unknown.setdefault(name, span)
        self.opaque |= other.opaque

    def at(self, sizes: Mapping[Variable, Dim]) -> Amounts:
        """The same at these sizes."""
        made = Amounts()
        for name in COUNTED:
            setattr(made, name, substitute(getattr(self, name), sizes))
        made.span = self.span.substituted(sizes)
        made.uses = {key: substitute(count, sizes) for key, count in self.uses.items()}
        made.unknown, made.opaque = self.unknown, self.opaque
        return made


class Tally:
    """Amounts by addresses."""

    __slots__ = ("amounts",)

    def __init__(self) -> None:
        self.amounts: dict[str, Amounts] = {}

    def at(self, address: str) -> Amounts:
        found = self.amounts.get(address)
        if found is None:
            found = self.amounts[address] = Amounts()
        return found

    def gathered(self) -> dict[str, Amounts]:
        """For every address there is, what lies at it and below it; for the empty one everything."""
        found: dict[str, Amounts] = {"": Amounts()}
        for address, amounts in self.amounts.items():
            at = address
            while True:
                found.setdefault(at, Amounts()).add(amounts)
                if not at:
                    break
                at = at.rpartition(".")[0]
        for address, amounts in self.amounts.items():
            found[address].span, found[address].uses = amounts.span, amounts.uses
        return found

    def below(self, address: str) -> Amounts:
        return self.gathered().get(address) or Amounts()
