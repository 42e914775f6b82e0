"""Pictures in the characters of a terminal: boxes, and wires in rows and columns.

The layout is that of every other form; a row of characters is ten of its units high, a character one unit wide. In the
room between two columns each strand that goes up or down does so in a column of characters of its own.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from catlang.picture.graph import NOISE, STATE, WEIGHTS
from catlang.picture.measure import Measure, full
from catlang.visible import visible, width

if TYPE_CHECKING:
    from catlang.picture.graph import Graph, Node, Strand
    from catlang.picture.placing import Place, Placed

ROW = 10.0

#: No title and no name has more columns.
WIDEST, WIDEST_NAME = 40, 28

#: A picture is wider only where somebody asks for it, or where nothing in it is open.
NARROW = 110.0

LEFT, RIGHT, UP, DOWN = 1, 2, 4, 8

LINES = {LEFT: "─", RIGHT: "─", LEFT | RIGHT: "─", UP: "│", DOWN: "│", UP | DOWN: "│", RIGHT | DOWN: "╭",
         LEFT | DOWN: "╮", RIGHT | UP: "╰", LEFT | UP: "╯", LEFT | RIGHT | DOWN: "┬", LEFT | RIGHT | UP: "┴",
         UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", LEFT | RIGHT | UP | DOWN: "┼"}
#: A side of a box where a strand comes in from the left, and where one goes out to the right.
ENTERED = {"│": "┤", "║": "╢", "┆": "┤", "├": "┼", "╟": "╫"}
LEFT_BY = {"│": "├", "║": "╟", "┆": "├", "┤": "┼", "╢": "╫"}

DASHED = {"─": "╌", "│": "┆"}

#: The corners and edges of boxes: left upper, upper, right upper, side, left lower, lower, right lower.
PLAIN, MANY, SOFT, FIXED, BROKEN = "┌─┐│└─┘", "╔═╗║╚═╝", "╭─╮│╰─╯", "╓─╖║╙─╜", "┌┄┐┆└┄┘"


class Cells(Measure):
    """Measures in rows and columns of characters."""

    port = 2 * ROW
    above = ROW
    margin = 2.0
    below = ROW
    title = ROW
    between = 2 * ROW
    passing = ROW
    lead = 2.0
    under = ROW
    nearly = 2 * ROW

    def label(self, strand: Strand) -> str:
        return cut(full(strand), WIDEST_NAME)

    def named(self, label: str) -> float:
        return float(width(label) + 3) if label else self.lead

    def box(self, node: Node) -> tuple[float, float, float, float]:
        ports = max(len(node.taken), len(node.outputs), 1)
        rows = max(2 * ports + 1, 4 if node.subtitle else 3)
        wide = max(width(cut(node.title, WIDEST)), width(cut(node.subtitle, WIDEST)), 3)
        return float(wide + 4), rows * ROW, 0.0, 0.0

    def marks(self, node: Node) -> tuple[float, float]:
        return 0.0, 0.0

    def frame(self, node: Node) -> tuple[float, float, float, float]:
        return float(width(heading(node)) + 12), ROW, 0.0, 0.0

    def titled(self, title: str) -> float:
        return float(width(cut(title, WIDEST)))

    def bend(self, rises: list[float]) -> float:
        # A few have to go up and down in two places.
        return len(rises) + len(rises) // 2 + 3.0

    def ports(self, count: int, top: float, room: float) -> list[float]:
        rows = int(room // ROW)
        gap = max((rows - 1) // max(count, 1), 1)
        start = max((rows - gap * (count - 1) - 1) // 2, 0)
        return [top + ROW * (start + gap * number) for number in range(count)]

    def snapped(self, height: float) -> float:
        return int(height // ROW + (height % ROW >= ROW / 2)) * ROW

    def across(self, x: float) -> float:
        return float(int(x))


def cut(text: str, most: int) -> str:
    """A text of at most so many columns, every character of it visible, its end left out where it has more."""
    text = visible(text)
    if width(text) <= most:
        return text
    while width(text) > most - 1:
        text = text[:-1]
    return text + "…"


def heading(node: Node) -> str:
    return " · ".join(cut(one, WIDEST) for one in (node.title, node.subtitle, node.plate) if one)


class Canvas:
    """Rows of characters; of strands it is known which way they go in each."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[int, str]] = {}
        self.wires: dict[tuple[int, int], dict[int, tuple[int, bool]]] = {}
        self.count = 0

    def write(self, x: int, y: int, text: str, over: bool = True) -> None:
        row = self.rows.setdefault(y, {})
        for character in text:
            wide = width(character)
            if wide == 0:
                # A mark on the character before it.
                row[x - 1] = row.get(x - 1, " ") + character
                continue
            if over or x not in row:
                row[x] = character
                if wide == 2:
                    row[x + 1] = ""
            x += wide

    def wire(self, line: int, x: int, y: int, ways: int, dashed: bool) -> None:
        known, _ = self.wires.setdefault((x, y), {}).get(line, (0, False))
        self.wires[x, y][line] = (known | ways, dashed)

    def across(self, line: int, x: int, to: int, y: int, dashed: bool) -> None:
        for at in range(x, to + 1):
            self.wire(line, at, y, (LEFT if at > x else 0) | (RIGHT if at < to else 0), dashed)

    def joint(self, x: int, y: int, joints: dict[str, str]) -> None:
        """Shows where a strand meets the side of a box."""
        row = self.rows.get(y, {})
        if x in row:
            row[x] = joints.get(row[x], row[x])

    def down(self, line: int, x: int, y: int, to: int, dashed: bool) -> None:
        low, high = min(y, to), max(y, to)
        for at in range(low, high + 1):
            self.wire(line, x, at, (UP if at > low else 0) | (DOWN if at < high else 0), dashed)

    def settle(self) -> None:
        """Writes the strands, below everything that is written already."""
        for (x, y), lines in self.wires.items():
            ways = 0
            for one, _ in lines.values():
                ways |= one
            character = LINES.get(ways, "─")
            if all(dashed for _, dashed in lines.values()):
                character = DASHED.get(character, character)
            self.rows.setdefault(y, {}).setdefault(x, character)
        self.wires.clear()

    def text(self) -> str:
        found = []
        for y in range(max(self.rows, default=-1) + 1):
            row = self.rows.get(y, {})
            found.append("".join(row.get(x, " ") for x in range(max(row, default=-1) + 1)).rstrip())
        return "\n".join(found)


def terminal(graph: Graph, depth: int | None, title: str) -> str:
    """The picture of a graph, its title above it, and below what the marks in it mean. Where nobody says how many
    levels are open, as many are as keep it narrow."""
    from catlang.picture.picture import fitted

    placed, _, notes = fitted(graph, depth, Cells(), NARROW)
    canvas = Canvas()
    seen: set[str] = set()
    _graph(canvas, placed, 0, 0, seen)
    marks = [words for mark, words in (
        (WEIGHTS, "▼ weights"), ("several", "▼▼ weights for each copy"), ("strand", "╌╌ weights, as a wire"),
        (STATE, "↺ state"), (NOISE, "~ noise"),
        ("plate", "╔═╗ many copies"), ("cell", "◇ 2-cell: weights of weights"), ("frozen", "╓─╖ frozen weights"))
        if mark in seen]
    below = ["", "   ".join(marks)] if marks else []
    return "\n".join([visible(title), "", canvas.text(), *below, *(["", *notes] if notes else [])]) + "\n"


def _graph(canvas: Canvas, placed: Placed, x: int, y: int, seen: set[str]) -> None:
    for one in placed.places:
        if one.node is not None:
            _node(canvas, one, x + int(one.x), y + int(one.y // ROW), seen)
    tracks = _tracks(placed)
    for index in range(len(placed.lines)):
        _line(canvas, placed, index, x, y, tracks, seen)
    canvas.settle()


def _node(canvas: Canvas, one: Place, x: int, y: int, seen: set[str]) -> None:
    node = one.node
    assert node is not None
    wide, high = int(one.width), int(one.height // ROW)
    edges = {"constant": SOFT, "weight": SOFT, "frozen": FIXED, "formal": BROKEN, "part": BROKEN}.get(
        node.kind, MANY if node.plate else PLAIN)
    several = node.several and WEIGHTS in node.banks
    seen.update(node.banks - {WEIGHTS} | {"several"} if several else node.banks, {node.kind},
                {"plate"} if node.plate else ())
    top = edges[0] + edges[1] * (wide - 2) + edges[2]
    bottom = edges[4] + edges[5] * (wide - 2) + edges[6]
    canvas.write(x, y, top)
    canvas.write(x, y + high - 1, bottom)
    for row in range(y + 1, y + high - 1):
        canvas.write(x, row, edges[3])
        canvas.write(x + wide - 1, row, edges[3])
    above = ("◇" if node.kind == "cell" else "") + ("▼▼" if several else "▼" if WEIGHTS in node.banks else "") + (
        "~" if NOISE in node.banks else "")
    canvas.write(x + wide - 2 - len(above), y, above)
    if STATE in node.banks:
        canvas.write(x + wide - 3, y + high - 1, "↺")
    if one.placed:
        canvas.write(x + 2, y, f" {heading(node)} ")
        for left, upper, inside, placed in one.placed:
            if inside.title:
                canvas.write(x + int(left) + 1, y + int(upper // ROW) - 1, cut(inside.title, WIDEST))
            _graph(canvas, placed, x + int(left), y + int(upper // ROW), seen)
        return
    lines = [cut(words, WIDEST) for words in (node.title, node.subtitle) if words]
    start = y + (high - len(lines)) // 2
    for number, words in enumerate(lines):
        canvas.write(x + 1, start + number, " " * (wide - 2))
        canvas.write(x + (wide - width(words)) // 2, start + number, words)


#: Behind a column of places, the columns of characters in which a line goes up and down: where it leaves its row, and
#: where it comes into its others. They differ where the two have to lie on both sides of another line.
Tracks = dict[tuple[int, int], tuple[int, int]]


def _tracks(placed: Placed) -> Tracks:
    found: Tracks = {}
    bent: dict[int, dict[int, tuple[float, set[float]]]] = {}
    for index, line in enumerate(placed.lines):
        for one in line.stretches:
            source, target = placed.places[one.source], placed.places[one.target]
            start, end = source.y + source.gives[one.port], target.y + target.takes[one.target_port]
            if abs(start - end) > 0.05 or line.under >= 0:
                bent.setdefault(source.column, {}).setdefault(index, (start, set()))[1].add(end)
    for column, lines in bent.items():
        first = int(placed.lead[column]) + 1
        for at, index in enumerate(_sequence(lines)):
            out, _ = found.get((column, index), (first + at, 0))
            found[column, index] = (out, first + at)
    return found


def _sequence(lines: dict[int, tuple[float, set[float]]]) -> list[int]:
    """Lines from left to right by the row in which each goes out and those in which it comes in: none comes into a row
    before the line that goes out there has left it. Where lines wait for each other one is there twice: where it goes
    out, and where it comes in."""
    leaving = {row: index for index, (row, _) in lines.items()}
    waiting = {index: {leaving[row] for row in rows if leaving.get(row, index) != index}
               for index, (_, rows) in lines.items()}
    blocked: dict[int, list[int]] = {}
    for index, others in waiting.items():
        for other in others:
            blocked.setdefault(other, []).append(index)
    order = sorted(lines, key=lambda index: (lines[index][0], index))
    rank = {index: number for number, index in enumerate(order)}
    free = [rank[index] for index in order if not waiting[index]]
    found: list[int] = []
    gone: set[int] = set()

    def leave(index: int) -> None:
        gone.add(index)
        found.append(index)
        for other in blocked.get(index, ()):
            waiting[other].discard(index)
            if not waiting[other]:
                heapq.heappush(free, rank[other])

    for forced in [*order, None]:
        while free:
            index = order[heapq.heappop(free)]
            if index in gone:
                found.append(index)
            else:
                leave(index)
        if forced is not None and forced not in gone:
            leave(forced)
    return found


def _line(canvas: Canvas, placed: Placed, index: int, x: int, y: int, tracks: Tracks,
          seen: set[str]) -> None:
    line = placed.lines[index]
    dashed = line.strand.bank == WEIGHTS
    if dashed:
        seen.add("strand")
    canvas.count += 1
    number = canvas.count
    begin = placed.places[line.source]
    row, start = y + int((begin.y + begin.gives[line.port]) // ROW), x + int(begin.x + begin.width)
    if not line.stretches:
        canvas.joint(start - (begin.node is not None), row, LEFT_BY)
        canvas.across(number, start, x + int(placed.lead[begin.column]), row, dashed)
        canvas.write(x + int(placed.lead[begin.column]), row, "●")
    counts: dict[tuple[int, int], int] = {}
    for one in line.stretches:
        source, target = placed.places[one.source], placed.places[one.target]
        out = y + int((source.y + source.gives[one.port]) // ROW)
        into = y + int((target.y + target.takes[one.target_port]) // ROW)
        left, right = x + int(source.x if source.node is None else source.x + source.width), x + int(target.x) - 1
        # A boundary lies on the sides of the frame around it.
        if source.node is not None or one.source < 2:
            canvas.joint(left - (source.node is not None), out, LEFT_BY)
        if target.node is not None or one.target < 2:
            canvas.joint(right + (target.node is not None), into, ENTERED)
        counts[one.source, one.port] = counts.get((one.source, one.port), 0) + 1
        if line.under >= 0:
            low = y + int(placed.height // ROW) - line.under - 1
            track, back = x + tracks[source.column, index][0], x + int(placed.left[target.column]) - 2
            canvas.across(number, left, track, out, dashed)
            canvas.down(number, track, out, low, dashed)
            canvas.across(number, track, back, low, dashed)
            canvas.down(number, back, low, into, dashed)
            canvas.across(number, back, right, into, dashed)
        elif out == into:
            canvas.across(number, left, right, out, dashed)
        else:
            track, other = (x + one for one in tracks[source.column, index])
            between = out if other == track else out + (1 if into > out else -1)
            canvas.across(number, left, track, out, dashed)
            canvas.down(number, track, out, between, dashed)
            canvas.across(number, track, other, between, dashed)
            canvas.down(number, other, between, into, dashed)
            canvas.across(number, other, right, into, dashed)
    for (source_, port), count in counts.items():
        if count > 1:
            one_ = placed.places[source_]
            track, _ = tracks.get((one_.column, index), (int(placed.lead[one_.column]), 0))
            canvas.write(x + track, y + int((one_.y + one_.gives[port]) // ROW), "●")
    if line.label:
        canvas.write(start + 1, row - 1, line.label, over=False)
