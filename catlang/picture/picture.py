"""A picture of a morphism: as SVG, as a page whose boxes open, as text, as PNG.

How many of its boxes are open is said, or is as many whole levels as there is room for; what is not in a picture for
there being too much of it, the picture says itself.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.objects.colour import show
from catlang.objects.substitution import Substitution
from catlang.picture.colours import Colours, aliases, objects_of
from catlang.picture.measure import Measure
from catlang.picture.placing import place
from catlang.picture.reading import opened, read
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.checker.entry import Definition
    from catlang.checker.module import Module
    from catlang.dims import Dim, Variable
    from catlang.picture.graph import Graph, Node
    from catlang.picture.placing import Placed

#: So many boxes are drawn where nobody says how deep; where somebody does; and in a page.
ENOUGH, MOST, MOST_IN_PAGE = 40, 900, 2500

#: Where nobody says how deep, a picture is no wider than this unless all its boxes are shut.
WIDEST = 2600.0

#: Deeper than this nothing is opened.
DEEPEST = 40

#: The kinds of pictures, by the end of a file's name.
KINDS = ("svg", "png", "html", "txt")


class Picture:
    """A picture of a morphism. ``svg``, ``html``, ``text`` and ``png`` are its forms; ``save`` writes one of them."""

    def __init__(self, module: Module, definition: Definition, sizes: Mapping[Variable, Dim] | None = None,
                 depth: int | None = None) -> None:
        self.name = definition.name
        self.heading = visible(_heading(definition, dict(sizes or {})))
        self.graph = read(module, definition, sizes)
        self.known = objects_of(module)
        self.aliases = aliases(module, Substitution(dims=dict(sizes or {})))
        self.depth = depth

    @cached_property
    def svg(self) -> str:
        """The picture as SVG. Raises ``ModuleNotFoundError`` where ``catlang[show]`` is not installed."""
        from catlang.picture.sheet import sheet

        placed, _, notes = fitted(self.graph, self.depth, Measure(), WIDEST)
        return sheet(placed, self.colours, self.aliases, self.heading, notes)

    @cached_property
    def html(self) -> str:
        """The picture as a page in which every box opens. Raises as ``svg`` does."""
        from catlang.picture.page import page

        return page(self)

    @cached_property
    def text(self) -> str:
        """The picture in the characters of a terminal. Raises as ``svg`` does."""
        from catlang.picture.terminal import terminal

        return terminal(self.graph, self.depth, self.heading)

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG. Raises as ``svg`` does."""
        from catlang.picture.png import png

        return png(self.svg)

    @property
    def colours(self) -> Colours:
        return Colours(self.known)

    def as_bytes(self, kind: str) -> bytes:
        """The picture in one of the ``KINDS``."""
        if kind == "png":
            return self.png
        return {"svg": lambda: self.svg, "html": lambda: self.html, "txt": lambda: self.text}[kind]().encode(
            "utf-8", "backslashreplace")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the picture, in the form that the end of the name says. Raises ``ValueError`` where it says none, and
        ``OSError`` where the file cannot be written."""
        place_of = os.fspath(path)
        kind = kind_of(place_of)
        if kind is None:
            raise ValueError(f"`{place_of}` ends in none of {', '.join(f'`.{one}`' for one in KINDS)}")
        data = self.as_bytes(kind)
        with open(place_of, "wb") as file:
            file.write(data)

    def __repr__(self) -> str:
        return f"<Picture of {self.heading}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook shows: SVG, and where there is none text."""
        return {"image/svg+xml": self.svg, "text/plain": self.text}

    def interactive(self) -> Page:
        """The page, to be shown in a notebook in a frame of its own."""
        return Page(self)


class Page:
    """A page in a frame, in which scripts of the page run and reach nothing outside of it."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    def _repr_html_(self) -> str:
        from html import escape

        return (f'<iframe sandbox="allow-scripts" srcdoc="{escape(self.picture.html)}" style="width:100%;height:32em;'
                'border:1px solid #aab4c1"></iframe>')

    def __repr__(self) -> str:
        return f"<Page of {self.picture.heading}>"


def kind_of(path: str) -> str | None:
    """The kind of picture that a file's name asks for.

    >>> kind_of("a/net.SVG"), kind_of("net.pdf"), kind_of("svg")
    ('svg', None, None)
    """
    ending = os.path.splitext(path)[1].lower().removeprefix(".")
    return ending if ending in KINDS else None


def fitted(graph: Graph, depth: int | None, measure: Measure, widest: float) -> tuple[Placed, set[Node], list[str]]:
    """A graph laid out with so many levels open, which nodes these are, and what is to be said of it; where ``depth``
    is None with as many as there is room for."""
    if depth is not None:
        chosen, notes = opening(graph, depth, MOST)
        return place(graph, measure, chosen.__contains__), chosen, notes
    chosen = set()
    placed = place(graph, measure, chosen.__contains__)
    for level in range(1, DEEPEST + 1):
        further, notes = opening(graph, level, ENOUGH)
        if notes or further == chosen:
            break
        wider = place(graph, measure, further.__contains__)
        if wider.width > widest:
            break
        placed, chosen = wider, further
    return placed, chosen, []


def opening(graph: Graph, depth: int, most: int) -> tuple[set[Node], list[str]]:
    """The nodes to be open, so many levels of them; and what is to be said of it, where they are fewer than were asked
    for, since there would be more than ``most`` boxes."""
    chosen: set[Node] = set()
    level, count = [graph], len(graph.nodes)
    for number in range(min(depth, DEEPEST)):
        found: list[tuple[Node, list[Graph]]] = []
        for one in level:
            for node in one.nodes:
                if node.open is None:
                    continue
                found.append((node, [inside.graph for inside in opened(node)]))
                count += sum(len(inner.nodes) for inner in found[-1][1])
                if count > most:
                    return chosen, [f"Open to level {number} of the {depth} asked for: with the next there would be "
                                    f"more than {most} boxes."]
        if not found:
            break
        chosen.update(node for node, _ in found)
        level = [inner for _, graphs in found for inner in graphs]
    else:
        if depth > DEEPEST and any(node.open is not None for one in level for node in one.nodes):
            return chosen, [f"Open to level {DEEPEST}, the deepest that is drawn."]
    return chosen, []


def _heading(definition: Definition, sizes: dict[Variable, Dim]) -> str:
    """The header of a morphism, at its sizes."""
    from catlang.checker.entry import DimEntry

    put = Substitution(dims=sizes)
    names = []
    for generic in definition.generics:
        entry = generic.entry
        value = put.dim(entry.value) if isinstance(entry, DimEntry) else entry.name
        names.append(entry.name if str(value) == entry.name or not isinstance(value, int | dims.Poly)
                     else f"{entry.name} = {dims.show(value)}")
    generics = f"[{', '.join(names)}]" if names else ""
    formals = "".join(f"({one.name} : {show(put.object(one.domain))}" + (
        ")" if one.codomain is None else f" -> {show(put.object(one.codomain))})") for one in definition.parameters)
    return (f"{definition.name}{generics}{formals} : {show(put.object(definition.domain))}"
            f" -> {show(put.object(definition.codomain))}")
