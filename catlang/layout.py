"""Labels drawn under the lines of source they are about.

A label within one line is underlined. One over several lines is drawn as a rail to the left of them, from a
corner where it starts to its last character. The labels of one line hang below it one a row, the rightmost
first, each from a bar under its own start, so that no two of them meet.

>>> from catlang.diagnostic import Label
>>> from catlang.span import Source, Span
>>> source = Source("model.cat", None, "fold(\\n  a,\\n  b)\\n")
>>> labels = [Label(Span(source, 0, 15), "this"), Label(Span(source, 8, 9), "a", primary=False)]
>>> for number, row in draw(source, labels):
...     print(f"{number:2}|", "".join(text for text, _ in row).rstrip())
1 | / fold(
2 | |   a,
  | |   - a
3 | |   b)
  | |____^ this
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.visible import shown, visible, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catlang.diagnostic import Label
    from catlang.span import Source

    Row = list[tuple[str, str]]
    """Pieces of text and their roles: primary, frame (which secondary marks share), strong, or none."""

WIDEST = 160
ELLIPSIS = "…"
# Stands in place of a line number for lines that are not shown.
SKIPPED = "..."


class Mark:
    """What is drawn of a label below one line, all or one end of it, in the columns from `start` to `end`."""

    __slots__ = ("end", "kind", "lane", "primary", "start", "text")

    def __init__(self, kind: str, start: int, end: int, text: str, primary: bool, lane: int = -1) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.text = text
        self.primary = primary
        self.lane = lane

    @property
    def role(self) -> str:
        return "primary" if self.primary else "frame"


class Place:
    """A label by lines and by indices in them; its last line is that of its last character."""

    __slots__ = ("end", "first", "label", "lane", "last", "start", "text")

    def __init__(self, label: Label) -> None:
        source, span = label.span.source, label.span
        size = len(source.text)
        start = min(max(span.start, 0), size)
        end = min(max(span.end, start), size)
        # Line feeds at the end of a span are no part of what it points at.
        end = max(start, start + len(source.text[start:end].rstrip("\n")))
        self.label = label
        self.first, column = source.position(start)
        self.start = column - 1
        self.last, column = source.position(max(start, end - 1))
        self.end = column if end > start else column - 1
        self.lane = -1
        self.text = " ".join(label.text.split("\n"))


def draw(source: Source, labels: list[Label]) -> list[tuple[str, Row]]:
    """The lines that labels are about, each with its number, and below each what is drawn, without one."""
    places = [Place(label) for label in labels]
    lanes = _assign_lanes([place for place in places if place.last > place.first])
    numbers = sorted({place.first for place in places} | {place.last for place in places})
    drawing = Drawing(lanes)
    before = numbers[0] - 1
    for number in numbers:
        if number == before + 2:
            drawing.line(source, number - 1, [])
        elif number > before + 2:
            drawing.skip()
        drawing.line(source, number, places)
        before = number
    return drawing.rows


def _assign_lanes(places: list[Place]) -> int:
    """Gives each label a rail, the outer ones further left, and says how many rails there are."""
    free_after: list[int] = []
    for place in sorted(places, key=lambda place: (place.first, -place.last, place.start)):
        free = (lane for lane, last in enumerate(free_after) if last < place.first)
        place.lane = next(free, len(free_after))
        free_after[place.lane : place.lane + 1] = [place.last]
    return len(free_after)


class Drawing:
    """Rows drawn so far, and the rails that go on through the next."""

    def __init__(self, lanes: int) -> None:
        self.rows: list[tuple[str, Row]] = []
        self.lanes = lanes
        self.open: dict[int, str] = {}

    def skip(self) -> None:
        self.rows.append((SKIPPED, self._rails()))

    def line(self, source: Source, number: int, places: list[Place]) -> None:
        """One line of source and the marks below it."""
        text = source.line(number)
        here = [place for place in places if number in (place.first, place.last)]
        line = Line(text, [index for place in here for index in _indices(place, number)])
        column = line.column
        marks = []
        corners: dict[int, str] = {}
        for place in here:
            role = "primary" if place.label.primary else "frame"
            if place.lane < 0:
                start, end = column(place.start), column(place.end)
                marks.append(Mark("whole", start, max(end, start + 1), place.text, place.label.primary))
            elif number == place.first:
                if text[: place.start].strip():
                    start = column(place.start)
                    marks.append(Mark("opening", start, start + 1, "", place.label.primary, place.lane))
                else:
                    corners[place.lane] = role
            else:
                last = column(max(place.end - 1, 0))
                marks.append(Mark("closing", last, last + 1, place.text, place.label.primary, place.lane))
        self.rows.append((str(number), [*self._rails(corners), (line.text, "")]))
        self.open.update(corners)
        if marks:
            self._hang(marks)

    def _hang(self, marks: list[Mark]) -> None:
        """The row of underlines, then one row for each mark that could not be finished in it."""
        # Rightmost last: the order in which rows are taken from the end.
        marks = sorted(marks, key=lambda mark: (mark.start, -mark.end, mark.primary))
        underlines = Canvas()
        for mark in sorted(marks, key=lambda mark: (mark.primary, mark.start - mark.end)):
            underlines.put(mark.start, ("^" if mark.primary else "-") * (mark.end - mark.start), mark.role)
        furthest = max(mark.end for mark in marks)
        inline = marks[-1] if marks[-1].end == furthest else None
        if inline is not None and inline.kind != "whole" and len(marks) > 1:
            inline = None
        rails = self._rails()
        if inline is not None:
            marks.pop()
            rails = self._joined(inline, underlines)
            underlines.write(furthest + 1, inline.text, inline.role)
        self.rows.append(("", [*rails, *underlines.row()]))
        hanging = [mark for mark in marks if mark.text or mark.kind != "whole"]
        if hanging:
            bars = Canvas()
            for mark in hanging:
                bars.put(mark.start, "|", mark.role)
            self.rows.append(("", [*self._rails(), *bars.row()]))
        while hanging:
            mark = hanging.pop()
            canvas = Canvas()
            for other in hanging:
                canvas.put(other.start, "|", other.role)
            if mark.kind == "whole":
                rails = self._rails()
                canvas.write(mark.start, mark.text, mark.role)
            else:
                canvas.put(mark.start, "|", mark.role)
                rails = self._joined(mark, canvas)
                canvas.write(mark.start + 2, mark.text, mark.role)
            self.rows.append(("", [*rails, *canvas.row()]))

    def _joined(self, mark: Mark, canvas: Canvas) -> Row:
        """The rails of a row in which one starts or ends, with a line drawn from it to its mark."""
        if mark.kind == "whole":
            return self._rails()
        canvas.fill(mark.start, "_", mark.role)
        rails = self._rails(joined=mark)
        if mark.kind == "opening":
            self.open[mark.lane] = mark.role
        else:
            self.open.pop(mark.lane, None)
        return rails

    def _rails(self, corners: dict[int, str] | None = None, joined: Mark | None = None) -> Row:
        row: Row = []
        for lane in range(self.lanes):
            if corners and lane in corners:
                row.append(("/", corners[lane]))
            elif lane in self.open:
                row.append(("|", self.open[lane]))
            elif joined is not None and lane > joined.lane:
                row.append(("_", joined.role))
            else:
                row.append((" ", ""))
            reached = joined is not None and lane >= joined.lane
            row.append(("_", joined.role) if joined is not None and reached else (" ", ""))
        return row


class Canvas:
    """A row being drawn: single cells, then at most one text to the right of them."""

    def __init__(self) -> None:
        self.cells: list[tuple[str, str]] = []
        self.tail: Row = []

    def put(self, column: int, marks: str, role: str) -> None:
        end = column + len(marks)
        self.cells += [(" ", "")] * (end - len(self.cells))
        self.cells[column:end] = [(mark, role) for mark in marks]

    def fill(self, end: int, mark: str, role: str) -> None:
        """Draws a mark in every cell before `end` that is still empty."""
        self.put(max(end, len(self.cells)), "", "")
        self.cells[:end] = [(mark, role) if cell[0] == " " else cell for cell in self.cells[:end]]

    def write(self, column: int, text: str, role: str) -> None:
        if text:
            del self.cells[column:]
            self.put(column, "", "")
            self.tail = [(visible(text), role)]

    def row(self) -> Row:
        row: Row = []
        for mark, role in self.cells:
            if row and row[-1][1] == role:
                row[-1] = (row[-1][0] + mark, role)
            else:
                row.append((mark, role))
        return row + self.tail


def _indices(place: Place, number: int) -> Iterator[int]:
    """The indices in a line that a label needs to be seen."""
    if number == place.first:
        yield place.start
    if number == place.last:
        yield max(place.end - 1, 0)


class Line:
    """A line of source as it is shown: all of it, or where that is too wide the parts around its labels.

    >>> line = Line("x" * 400 + "y" + "z" * 400, [400])
    >>> line.text.strip("xz…"), len(line.text) <= WIDEST, line.text[line.column(400)]
    ('y', True, 'y')
    """

    __slots__ = ("_parts", "text")

    def __init__(self, line: str, labelled: list[int]) -> None:
        self._parts: list[tuple[int, int, list[int]]] = []
        self.text = ""
        at = 0
        for start, end in _kept(line, labelled):
            if start > 0:
                self.text += ELLIPSIS
                at += 1
            columns = [at]
            for character in line[start:end]:
                character = shown(character)
                self.text += character
                at += width(character)
                columns.append(at)
            self._parts.append((start, end, columns))
        if self._parts[-1][1] < len(line):
            self.text += ELLIPSIS

    def column(self, index: int) -> int:
        """The column at which a code point of the line is shown; that of the ellipsis where it is not."""
        for start, end, columns in self._parts:
            if index < start:
                return columns[0] - 1
            if index <= end:
                return columns[index - start]
        return self._parts[-1][2][-1]


def _kept(line: str, labelled: list[int]) -> list[tuple[int, int]]:
    """The parts of a line to show: all, or those around the labelled indices, as much as the width allows."""
    size = len(line)
    if size <= WIDEST and width(visible(line)) <= WIDEST:
        return [(0, size)]
    around = sorted({min(index, size) for index in labelled}) or [0]
    for reach in (150, 100, 75, 50, 36, 24, 16, 8):
        parts: list[tuple[int, int]] = []
        for index in around:
            start, end = max(index - reach // 2, 0), min(index + reach, size)
            # An ellipsis is not shorter than what it stands for where that is one character.
            if parts and start <= parts[-1][1] + 1:
                parts[-1] = (parts[-1][0], max(end, parts[-1][1]))
            else:
                parts.append((start if start > 1 else 0, end))
        total = sum(width(visible(line[start:end])) + 2 for start, end in parts)
        if total <= WIDEST:
            break
    return parts
