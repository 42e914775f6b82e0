"""The columns of a graph: which nodes lie in which, in what order, and how far apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catlang.picture.graph import Graph, Strand
    from catlang.picture.measure import Measure
    from catlang.picture.placing import Place, Placed

#: So many places for strands that pass columns may there be in a graph; what is left goes below all of it.
MOST_PASSING = 2500

BEGIN, END = 0, 1


class Columns:
    """Arranges the places of a graph, which are made but lie nowhere yet."""

    def __init__(self, graph: Graph, placed: Placed, measure: Measure) -> None:
        self.graph = graph
        self.placed = placed
        self.measure = measure
        self.sources: dict[Strand, tuple[int, int]] = {}
        self.ends: dict[Strand, list[tuple[int, int]]] = {}
        self._meet()

    def _meet(self) -> None:
        """Where each strand begins, and where it goes."""
        for port, strand in enumerate(self.graph.inputs):
            self.sources.setdefault(strand, (BEGIN, port))
        for number, node in enumerate(self.graph.nodes):
            for port, strand in enumerate(node.outputs):
                self.sources.setdefault(strand, (number + 2, port))
        for strand in self.sources:
            self.ends[strand] = []
        for number, node in enumerate(self.graph.nodes):
            for port, strand in enumerate(node.taken):
                self.ends[strand].append((number + 2, port))
        for port, strand in enumerate(self.graph.outputs):
            self.ends[strand].append((END, port))

    def arrange(self) -> None:
        self._choose()
        self._lines()
        self._order()
        self._straighten()
        self._spread()

    # ---------------------------------------------------------------- which column

    def _choose(self) -> None:
        """Each node as far to the left as what it takes allows; what takes nothing as far to the right as it can."""
        places = self.placed.places
        taken: list[list[int]] = [[] for _ in places]
        given: list[list[int]] = [[] for _ in places]
        for strand, (source, _) in self.sources.items():
            for target, _ in self.ends[strand]:
                taken[target].append(source)
                given[source].append(target)
        for number in range(2, len(places)):
            places[number].column = 1 + max((places[source].column for source in taken[number]), default=0)
        last = 1 + max((place.column for place in places[2:]), default=0)
        places[END].column = last
        floating = [number >= 2 and all(places[one].node is not None for one in taken[number])
                    for number in range(len(places))]
        for number in range(2, len(places)):
            floating[number] = all(floating[source] for source in taken[number])
        for number in range(len(places) - 1, 1, -1):
            if floating[number] and given[number]:
                places[number].column = min(places[target].column for target in given[number]) - 1

    # ---------------------------------------------------------------- strands past columns

    def _lines(self) -> None:
        from catlang.picture.placing import Line, Place, Stretch

        places, left, under = self.placed.places, MOST_PASSING, 0
        for strand, (source, port) in self.sources.items():
            line = Line(strand, source, port, self._label(strand, places[source]))
            self.placed.lines.append(line)
            at = {places[source].column: (source, port)}
            furthest = max((places[target].column for target, _ in self.ends[strand]), default=0)
            count = furthest - places[source].column - 1
            if count > left:
                line.under, under = under, under + 1
                line.stretches += [Stretch(source, port, *end) for end in self.ends[strand]]
                continue
            left -= max(count, 0)
            for column in range(places[source].column + 1, furthest):
                passing = Place(None, 0, self.measure.passing, self.measure.ports(1, 0, self.measure.passing),
                                self.measure.ports(1, 0, self.measure.passing))
                passing.column = column
                places.append(passing)
                before, out = at[column - 1]
                line.stretches.append(Stretch(before, out, len(places) - 1, 0))
                at[column] = (len(places) - 1, 0)
            for target, into in self.ends[strand]:
                before, out = at[places[target].column - 1]
                line.stretches.append(Stretch(before, out, target, into))

    def _label(self, strand: Strand, source: Place) -> str:
        """What is written on a strand; a number says by itself what it is."""
        constant = source.node is not None and source.node.kind == "constant"
        return "" if constant and strand.name is None else self.measure.label(strand)

    # ---------------------------------------------------------------- how high

    def _order(self) -> None:
        """Asks Graphviz how high everything lies."""
        from catlang.picture.graphviz import heights

        places = self.placed.places
        edges = [(one.source, one.port, one.target, one.target_port,
                  1 + 2 * (places[one.source].node is None) + 2 * (places[one.target].node is None))
                 for line in self.placed.lines for one in line.stretches
                 if places[one.target].column == places[one.source].column + 1]
        for place, middle in zip(places, heights(places, edges, self.measure.between), strict=True):
            place.y = self.measure.snapped(middle - place.height / 2)
        for _ in range(2):
            self._align(False)
            self._align(True)

    def _align(self, back: bool) -> None:
        """Moves what is nearly in a line with what it takes from (or, going ``back``, what it gives to) wholly into it,
        where there is room."""
        places = self.placed.places
        columns: dict[int, list[int]] = {}
        for number in range(2, len(places)):
            columns.setdefault(places[number].column, []).append(number)
        moves: dict[int, list[tuple[int, float, float]]] = {}
        for line in self.placed.lines:
            for one in line.stretches:
                if one.source >= 2 and one.target >= 2:
                    here, there = (one.source, one.target) if back else (one.target, one.source)
                    port = places[one.source].gives[one.port] if back else places[one.target].takes[one.target_port]
                    other = places[one.target].takes[one.target_port] if back else places[one.source].gives[one.port]
                    moves.setdefault(here, []).append((there, other, port))
        for column in sorted(columns, reverse=back):
            row = sorted(columns[column], key=lambda number: places[number].y)
            for at, number in enumerate(row):
                place = places[number]
                found = [places[there].y + other - place.y - port for there, other, port in moves.get(number, ())]
                if not found or any(abs(move) < 0.05 for move in found):
                    continue
                move = min(found, key=abs)
                if abs(move) > self.measure.nearly:
                    continue
                top = places[row[at - 1]].y + places[row[at - 1]].height if at else float("-inf")
                floor = places[row[at + 1]].y if at + 1 < len(row) else float("inf")
                least = self.measure.between * 0.6
                if place.y + move >= top + least and place.y + move + place.height <= floor - least:
                    place.y += move

    def _straighten(self) -> None:
        """The ports of the boundaries lie where their strands go, as far as their order allows."""
        places = self.placed.places
        wanted: dict[tuple[int, int], list[float]] = {}
        for line in self.placed.lines:
            for one in line.stretches:
                source, target = places[one.source], places[one.target]
                if one.source == BEGIN and one.target != END:
                    wanted.setdefault((BEGIN, one.port), []).append(target.y + target.takes[one.target_port])
                if one.target == END and one.source != BEGIN:
                    wanted.setdefault((END, one.target_port), []).append(source.y + source.gives[one.port])
        for boundary in (BEGIN, END):
            ports = places[boundary].gives if boundary == BEGIN else places[boundary].takes
            heights = []
            for port, height in enumerate(ports):
                found = sorted(wanted.get((boundary, port), ()))
                heights.append(found[(len(found) - 1) // 2] if found else places[boundary].y + height)
            settled = _apart(heights, self.measure.port)
            places[boundary].y = 0.0
            ports[:] = [self.measure.snapped(height) for height in settled]
        highest = min([place.y for place in places[2:]] + [port - self.measure.above for port in (
            *places[BEGIN].gives, *places[END].takes)], default=0.0)
        for place in places[2:]:
            place.y -= highest
        for place in places[:2]:
            place.gives = [port - highest for port in place.gives]
            place.takes = [port - highest for port in place.takes]
        lowest = max([place.y + place.height for place in places[2:]] + [port + self.measure.port / 2 for port in (
            *places[BEGIN].gives, *places[END].takes)], default=self.measure.port)
        lowest += self.measure.under * (1 + max((line.under for line in self.placed.lines), default=-1))
        self.placed.height = lowest
        places[BEGIN].height = places[END].height = lowest

    # ---------------------------------------------------------------- how far apart

    def _spread(self) -> None:
        placed, measure = self.placed, self.measure
        places = placed.places
        count = places[END].column + 1
        widths, leads = [0.0] * count, [measure.lead] * count
        rises: list[list[float]] = [[] for _ in range(count)]
        for place in places:
            widths[place.column] = max(widths[place.column], place.width)
        for line in placed.lines:
            source = places[line.source]
            room = measure.across((widths[source.column] - source.width) / 2)
            leads[source.column] = max(leads[source.column], measure.named(line.label) - room)
            bent: dict[int, float] = {}
            for one in line.stretches:
                start, end = places[one.source], places[one.target]
                rise = abs(start.y + start.gives[one.port] - end.y - end.takes[one.target_port])
                bent[start.column] = max(bent.get(start.column, 0.0), rise)
            for column, rise in bent.items():
                if rise > 0.05:
                    rises[column].append(rise)
        x = 0.0
        for column in range(count):
            placed.left.append(x)
            x += widths[column]
            placed.right.append(x)
            placed.lead.append(x + leads[column])
            if column < count - 1:
                x += leads[column] + measure.bend(rises[column])
        placed.width = placed.right[-1]
        for place in places:
            place.x = placed.left[place.column] + measure.across((widths[place.column] - place.width) / 2)
            if place.node is None and place.column not in (0, count - 1):
                # A strand that passes goes from edge to edge.
                place.x, place.width = placed.left[place.column], widths[place.column]


def _apart(heights: list[float], gap: float) -> list[float]:
    """Heights in the given order, at least a gap apart, each as near to what is wanted as that allows.

    >>> _apart([5.0, 5.0, 40.0], 10)
    [0.0, 10.0, 40.0]
    """
    # The wanted heights less what lies above them may only grow; those that would not share their mean.
    pools: list[tuple[float, int]] = []
    for number, height in enumerate(heights):
        total, count = height - number * gap, 1
        while pools and pools[-1][0] / pools[-1][1] > total / count:
            before, size = pools.pop()
            total, count = total + before, count + size
        pools.append((total, count))
    settled = [total / count for total, count in pools for _ in range(count)]
    return [height + number * gap for number, height in enumerate(settled)]
