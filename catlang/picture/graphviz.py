"""Graphviz, asked for one thing: in which order the places of the columns lie, and how high.

It is PyGraphviz, which has Graphviz in its wheels. What it is told are numbers alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.picture.needed import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.picture.placing import Place

#: How often the order is tried anew; Graphviz's own measures of effort, so that it always ends.
EFFORT = {"nslimit": "2", "nslimit1": "2", "mclimit": "0.5"}


def heights(places: Sequence[Place], edges: Sequence[tuple[int, int, int, int, int]], between: float) -> list[float]:
    """The heights of the middles of places, downwards; an edge goes from a place and a port to another, and has a
    weight. Raises ``ModuleNotFoundError`` where PyGraphviz is not installed."""
    limits = ";".join(f"{name}={value}" for name, value in EFFORT.items())
    lines = [f"digraph {{rankdir=LR;splines=none;ranksep=0.02;nodesep={between / 72:.4f};{limits};"
             "node[shape=plain];edge[arrowhead=none];"]
    for number, place in enumerate(places):
        lines.append(f"n{number}[{_shape(place)}];")
    # A line through all columns. An edge goes from a column to the next, so what hangs together lies in the right ones
    # as soon as one of it does.
    last = max(place.column for place in places)
    lines += [f'c{column}[label="",shape=point,width=0.01,height=0.01];' for column in range(last + 1)]
    lines += [f"c{column}->c{column + 1}[style=invis,weight=100];" for column in range(last)]
    lines += [f"{{rank=same;c{places[number].column};n{number}}}" for number in _apart(len(places), edges)]
    for source, port, target, into, weight in edges:
        start = f"n{source}:o{port}:e" if _has_ports(places[source]) else f"n{source}:e"
        end = f"n{target}:i{into}:w" if _has_ports(places[target]) else f"n{target}:w"
        lines.append(f"{start}->{end}[weight={weight}];")
    lines.append("}")
    graph = needed("pygraphviz").AGraph(string="\n".join(lines))
    graph.layout(prog="dot")
    found = [float(graph.get_node(f"n{number}").attr["pos"].rstrip("!").split(",")[1]) for number in range(len(places))]
    graph.close()
    top = max(found, default=0.0)
    return [top - height for height in found]


def _apart(count: int, edges: Sequence[tuple[int, int, int, int, int]]) -> list[int]:
    """One place of all that hang together."""
    above = list(range(count))

    def top(number: int) -> int:
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    for source, _, target, _, _ in edges:
        one, other = sorted((top(source), top(target)))
        above[other] = one
    return [number for number in range(count) if above[number] == number]


def _has_ports(place: Place) -> bool:
    """Whether the ports of a place are not all in its middle."""
    return any(abs(port - place.height / 2) > 0.6 for port in (*place.takes, *place.gives))


def _shape(place: Place) -> str:
    if _has_ports(place):
        return f"label=<{_ports(place)}>"
    return f'label="",shape=box,fixedsize=true,width=0.1,height={max(place.height, 1) / 72:.4f}'


def _ports(place: Place) -> str:
    """A table of the size of a place, with a cell at the height of each port."""
    sides = "".join(f"<TD>{_side(ports, letter, place.height)}</TD>" for ports, letter in (
        (place.takes, "i"), (place.gives, "o")))
    return f'{_TABLE}<TR>{sides}</TR></TABLE>'


_TABLE = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'


def _side(ports: Sequence[float], letter: str, height: float) -> str:
    rows = []
    at = 0
    for number, port in enumerate(ports):
        start = max(round(port) - 1, at)
        if start > at:
            rows.append(_cell("", start - at))
        rows.append(_cell(f' PORT="{letter}{number}"', 2))
        at = start + 2
    rest = max(round(height) - at, 0 if rows else 1)
    if rest:
        rows.append(_cell("", rest))
    return f'{_TABLE}{"".join(rows)}</TABLE>'


def _cell(port: str, height: int) -> str:
    return f'<TR><TD{port} FIXEDSIZE="TRUE" WIDTH="4" HEIGHT="{height}"></TD></TR>'
