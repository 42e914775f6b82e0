"""Where everything of a graph lies: columns from left to right, in each the nodes from top to bottom.

A strand that goes past a column lies in it like a node, so that no strand ever crosses a box. In which order the nodes
of a column lie, and how high, Graphviz says; it is told sizes and ports, never a text. How far apart the columns are
follows from what is written on the strands between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.picture.columns import Columns
from catlang.picture.reading import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.picture.graph import Graph, Inside, Node, Strand
    from catlang.picture.measure import Measure


class Place:
    """Where something lies in a graph: a node, a boundary, or (``node`` None) a strand that passes a column.

    ``x``, ``y`` are its left upper corner, ``takes`` and ``gives`` how far below that its ports are. An open node has
    what was ``placed`` inside, each with its corner; ``aligned`` says that its ports are those of what is inside.
    """

    __slots__ = ("aligned", "column", "gives", "height", "node", "placed", "takes", "width", "x", "y")

    def __init__(self, node: Node | None, width: float, height: float, takes: list[float], gives: list[float]) -> None:
        self.node = node
        self.width = width
        self.height = height
        self.takes = takes
        self.gives = gives
        self.column = 0
        self.x = 0.0
        self.y = 0.0
        self.aligned = False
        self.placed: list[tuple[float, float, Inside, Placed]] = []


class Stretch:
    """A piece of a strand between two columns that are neighbours: from a place's port to another's."""

    __slots__ = ("port", "source", "target", "target_port")

    def __init__(self, source: int, port: int, target: int, target_port: int) -> None:
        self.source = source
        self.port = port
        self.target = target
        self.target_port = target_port


class Line:
    """A strand where it is drawn: its stretches, and what is written on it. One that would pass too many columns goes
    ``under`` the whole graph, as the first, the second, ... of these."""

    __slots__ = ("label", "port", "source", "strand", "stretches", "under")

    def __init__(self, strand: Strand, source: int, port: int, label: str) -> None:
        self.strand = strand
        self.source = source
        self.port = port
        self.label = label
        self.under = -1
        self.stretches: list[Stretch] = []


class Placed:
    """A graph with a place for everything. ``places`` begin with the two boundaries; ``left`` and ``right`` are the
    edges of the columns, ``lead`` where behind each the strands begin to bend."""

    __slots__ = ("height", "lead", "left", "lines", "places", "right", "width")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.lines: list[Line] = []
        self.left: list[float] = []
        self.right: list[float] = []
        self.lead: list[float] = []
        self.width = 0.0
        self.height = 0.0


def place(graph: Graph, measure: Measure, is_open: Callable[[Node], bool]) -> Placed:
    """Lays a graph out, and those inside of the nodes that are open. Raises ``ModuleNotFoundError`` where Graphviz is
    not installed."""
    made = Placed()
    made.places = [_boundary(len(graph.inputs), measure, False), _boundary(len(graph.outputs), measure, True)]
    for node in graph.nodes:
        inner = [(inside, place(inside.graph, measure, is_open)) for inside in opened(node)] if is_open(node) else []
        made.places.append(_open(node, inner, measure) if inner else _shut(node, measure))
    columns = Columns(graph, made, measure)
    columns.arrange()
    return made


def _boundary(count: int, measure: Measure, end: bool) -> Place:
    ports = [measure.above + measure.port * number for number in range(count)]
    return Place(None, 0, measure.above + measure.port * count, ports if end else [], [] if end else ports)


def _shut(node: Node, measure: Measure) -> Place:
    width, height, top, bottom = measure.box(node)
    room = height - top - bottom
    return Place(node, width, height, measure.ports(len(node.taken), top, room),
                 measure.ports(len(node.outputs), top, room))


def _open(node: Node, inner: list[tuple[Inside, Placed]], measure: Measure) -> Place:
    """A frame around what lies inside; where that has the node's own boundary, its ports are at the same height."""
    width, head, top, bottom = measure.frame(node)
    head = max(head, top + measure.port * (len(node.weights) + 0.5))
    aligned = is_aligned(node, [inside for inside, _ in inner])
    margin = 0 if aligned else measure.margin
    heights, y = [], head
    for inside, one in inner:
        width = max(width, one.width + 2 * margin, measure.titled(inside.title) + 2 * measure.margin)
        y += measure.title if inside.title else 0
        heights.append(y)
        y += one.height + measure.below
    height = max(y, head + measure.below) + bottom
    if aligned:
        _widen(inner[0][1], width)
        begin, end = inner[0][1].places[:2]
        takes = [heights[0] + begin.y + port for port in begin.gives]
        gives = [heights[0] + end.y + port for port in end.takes]
    else:
        takes, gives = (measure.ports(count, head, height - bottom - head)
                        for count in (len(node.inputs), len(node.outputs)))
    takes = [measure.snapped(top + measure.port * (number + 0.75)) for number in range(len(node.weights))] + takes
    found = Place(node, width, height, takes, gives)
    found.aligned = aligned
    found.placed = [(measure.across((width - one.width) / 2), y, inside, one)
                    for y, (inside, one) in zip(heights, inner, strict=True)]
    return found


def is_aligned(node: Node, inner: list[Inside]) -> bool:
    """Whether what lies inside has the boundary of the node."""
    return len(inner) == 1 and inner[0].aligned and len(inner[0].graph.inputs) == len(node.inputs) and len(
        inner[0].graph.outputs) == len(node.outputs)


def _widen(placed: Placed, width: float) -> None:
    """Moves the end of a graph out to a width."""
    more = width - placed.width
    if more > 0:
        placed.places[1].x += more
        placed.left[-1] += more
        placed.right[-1] += more
        placed.width = width
