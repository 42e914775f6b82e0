"""The measures of a picture: how large boxes, frames and names are, in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.picture.graph import NOISE, STATE, WEIGHTS
from catlang.picture.metrics import shortened, width
from catlang.visible import visible

if TYPE_CHECKING:
    from catlang.picture.graph import Node, Strand

#: The sizes of the font: of titles, of what stands below them, of the names of strands.
TITLE, SUBTITLE, NAME = 13.0, 11.0, 10.5

#: No text of a box is wider, and no name of a strand.
WIDEST, WIDEST_NAME = 300.0, 170.0

#: How far the mark of a bank stands out of a box.
MARK = 13.0


class Measure:
    """Of pictures in pixels."""

    port = 18.0
    above = 16.0
    margin = 12.0
    below = 12.0
    title = 20.0
    between = 16.0
    passing = 2.0
    lead = 16.0
    under = 6.0
    nearly = 9.0

    def label(self, strand: Strand) -> str:
        """What stands on a strand: its name and its object, or one of them."""
        return shortened(full(strand), NAME, WIDEST_NAME)

    def named(self, label: str) -> float:
        """How much of a strand a name takes."""
        return width(label, NAME) + 12 if label else self.lead

    def box(self, node: Node) -> tuple[float, float, float, float]:
        """The width and the height of a box that is shut, and how much of the height lies above and below it."""
        title = width(shortened(node.title, TITLE, WIDEST), TITLE)
        subtitle = width(shortened(node.subtitle, SUBTITLE, WIDEST), SUBTITLE)
        round_ = node.kind in ("constant", "weight", "frozen")
        wide = max(title, subtitle) + (18 if round_ else 22)
        ports = max(len(node.taken), len(node.outputs))
        high = max(38.0 if node.subtitle else 24.0 if round_ else 28.0, self.port * ports + 6)
        top, bottom = self.marks(node)
        return max(wide, 34.0), high + top + bottom, top, bottom

    def marks(self, node: Node) -> tuple[float, float]:
        """How much room above and below a box the marks of its banks and its plate take."""
        top = MARK if node.banks & {WEIGHTS, NOISE} else 0.0
        plate = 4.0 if node.plate else 0.0
        return top + plate, MARK if STATE in node.banks else plate

    def frame(self, node: Node) -> tuple[float, float, float, float]:
        """The least width of a frame around an open node, where what is inside begins, and the room for marks."""
        top, bottom = self.marks(node)
        title = width(shortened(node.title, TITLE, WIDEST), TITLE) + 40
        if node.subtitle:
            title += width(shortened(node.subtitle, SUBTITLE, WIDEST), SUBTITLE) + 10
        if node.plate:
            title += width(shortened(visible(node.plate), SUBTITLE, WIDEST), SUBTITLE) + 10
        return title, top + 28.0, top, bottom

    def titled(self, title: str) -> float:
        return width(shortened(title, SUBTITLE, WIDEST), SUBTITLE)

    def bend(self, rises: list[float]) -> float:
        """How much room strands need that go up or down so far."""
        return min(max(14.0, 0.45 * max(rises, default=0.0) + 6), 90.0)

    def ports(self, count: int, top: float, room: float) -> list[float]:
        """The heights of so many ports, in the middle of so much room."""
        start = top + (room - self.port * (count - 1)) / 2
        return [self.snapped(start + self.port * number) for number in range(count)]

    def snapped(self, height: float) -> float:
        return round(height * 2) / 2

    def across(self, x: float) -> float:
        return x


def full(strand: Strand) -> str:
    """The name of a strand and its object."""
    if strand.name and strand.spelled:
        return f"{strand.name} : {strand.spelled}"
    return strand.name or strand.spelled
