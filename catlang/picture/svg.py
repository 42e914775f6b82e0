"""Pictures as SVG: the shapes of boxes, strands, frames and marks.

All text comes of files that may be anybody's: it is made visible, and escaped, wherever it is put.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from catlang.picture import theme
from catlang.picture.graph import NOISE, STATE, WEIGHTS
from catlang.picture.measure import MARK, NAME, SUBTITLE, TITLE, WIDEST, full
from catlang.picture.metrics import shortened, width
from catlang.picture.theme import styled
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.objects.colour import Object
    from catlang.picture.colours import Colour, Colours
    from catlang.picture.graph import Node
    from catlang.picture.placing import Line, Place, Placed, Stretch


def clean(text: str) -> str:
    """A text of a file as it may stand in XML and HTML, in attributes too.

    >>> clean('<script>"]]>\\x00\\ud800')
    '&lt;script&gt;&quot;]]&gt;␀&lt;U+D800&gt;'
    """
    shown = visible(text)
    # Two code points are no characters of XML, and yet no control characters.
    return escape(shown.replace("\ufffe", "<U+FFFE>").replace("\uffff", "<U+FFFF>"))


def number(value: float) -> str:
    """A number with at most one decimal.

    >>> number(3.0), number(2.25), number(-0.01)
    ('3', '2.2', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def text(x: float, y: float, words: str, size: float, style: str, most: float = WIDEST, anchor: str = "start") -> str:
    """Words at a place, as wide as they were measured, whatever the font."""
    words = shortened(words, size, most)
    if not words:
        return ""
    middle = ' text-anchor="middle"' if anchor == "middle" else ""
    return (f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}"{middle}{style}'
            f' textLength="{number(width(words, size))}" lengthAdjust="spacingAndGlyphs">{clean(words)}</text>')


class Shapes:
    """Draws one picture, and remembers what is in it: colours, objects, marks."""

    def __init__(self, colours: Colours, aliases: Mapping[Object, str]) -> None:
        self.colours = colours
        self.aliases = aliases
        self.used: dict[Colour, None] = {}
        self.seen: dict[str, Colour] = {}
        self.banks: set[str] = set()

    def graph(self, placed: Placed, depth: int) -> str:
        """A graph: its boxes, and above them its strands, which end at their edges."""
        lines = "".join(self.line(placed, line) for line in placed.lines)
        boxes = "".join(self.place(place, depth) for place in placed.places if place.node is not None)
        return f"<g>{boxes}</g><g>{lines}</g>"

    # ---------------------------------------------------------------- strands

    def line(self, placed: Placed, line: Line) -> str:
        strand = line.strand
        colour = self.colours.of(strand.object)
        self.used.setdefault(colour)
        alias = "" if strand.object is None else self.aliases.get(strand.object, "")
        known = f"{strand.spelled} = {visible(alias)}" if alias else strand.spelled or "weights of an instance"
        self.seen.setdefault(known, colour)
        dashes = ""
        if strand.bank == WEIGHTS:
            self.banks.add("strand")
            dashes = ' stroke-dasharray="6 3"'
        source = placed.places[line.source]
        x, y = source.x + source.width + 6, source.y + source.gives[line.port] - 4.5
        path = " ".join(stretch(placed, line, one) for one in line.stretches) or _end(placed, line)
        dots = "".join(f'<circle cx="{number(cx)}" cy="{number(cy)}" r="3"/>' for cx, cy in copies(placed, line))
        label = text(x, y, line.label, NAME, f' stroke="none" fill="{colour[0]}" class="cat-t{colour[0][1:]}"')
        return (f'<g class="cat-wire cat-k{colour[0][1:]}" stroke="{colour[0]}" fill="{colour[0]}"'
                f' data-bank="{strand.bank}" data-object="{clean(strand.spelled)}">'
                f'<title>{clean(full(strand))}</title>'
                f'<path d="{path}" fill="none" stroke-width="1.8" stroke-linecap="round"{dashes}/>{dots}{label}</g>')

    # ---------------------------------------------------------------- boxes

    def place(self, place: Place, depth: int) -> str:
        """A node where it lies, shut or open."""
        assert place.node is not None
        body = self.frame(place, depth) if place.placed else self.box(place)
        return (f'<g class="cat-node" data-kind="{place.node.kind}" transform="translate({number(place.x)} '
                f'{number(place.y)})">{about(place.node)}{body}</g>')

    def box(self, place: Place) -> str:
        """A node that is shut."""
        node = place.node
        assert node is not None
        top, bottom = _room(node)
        wide, high = place.width, place.height - top - bottom
        shape = self.plate(node, wide, high, top) + self.shape(node, wide, high, top)
        middle = top + high / 2
        marks = self.marks(node, wide, top, top + high)
        if node.subtitle:
            return (f'{shape}{marks}{text(wide / 2, middle - 1.5, node.title, TITLE, styled("ink"), anchor="middle")}'
                    f'{text(wide / 2, middle + 13, node.subtitle, SUBTITLE, styled("faint"), anchor="middle")}')
        return f'{shape}{marks}{text(wide / 2, middle + 4.5, node.title, TITLE, styled("ink"), anchor="middle")}'

    def shape(self, node: Node, wide: float, high: float, top: float) -> str:
        kind = node.kind
        fill = {"weight": "weight", "frozen": "weight", "cell": "cell", "constant": "constant"}.get(kind, "box")
        self.banks.update({kind} & {"cell", "frozen"})
        dashes = ' stroke-dasharray="4 3"' if kind in ("formal", "part") else ""
        if kind == "cell":
            edge = min(high / 2, 9.0)
            points = [(edge, top), (wide - edge, top), (wide, top + high / 2), (wide - edge, top + high),
                      (edge, top + high), (0.0, top + high / 2)]
            joined = " ".join(f"{number(x)},{number(y)}" for x, y in points)
            return f'<polygon class="cat-shape cat-{fill} cat-edge" points="{joined}"{_plain(fill, "edge")}/>'
        round_ = high / 2 if kind in ("constant", "weight", "frozen") else 5
        found = _rect(0, top, wide, high, min(round_, 14), f"cat-shape cat-{fill} cat-edge",
                      _plain(fill, "edge") + dashes)
        if kind == "frozen":
            found += _rect(2.5, top + 2.5, wide - 5, high - 5, min(round_, 12), "cat-edge",
                           _plain("edge") + ' fill="none"')
        return found

    def plate(self, node: Node, wide: float, high: float, top: float) -> str:
        """Copies behind a box that stands for many."""
        if not node.plate:
            return ""
        self.banks.add("plate")
        return "".join(_rect(shift, top - shift, wide, high, 5, "cat-box cat-rim", _plain("box", "rim"))
                       for shift in (4.0, 2.0))

    def marks(self, node: Node, wide: float, top: float, bottom: float) -> str:
        """Where a box takes from the banks of its own: weights and noise from above, state from below and back."""
        found = ""
        several = node.several and WEIGHTS in node.banks
        self.banks.update(node.banks - {WEIGHTS} | {"several"} if several else node.banks)
        if WEIGHTS in node.banks:
            found += weight_mark(wide / 2 - (9 if NOISE in node.banks else 0), top, several)
        if NOISE in node.banks:
            found += noise_mark(wide / 2 + (9 if WEIGHTS in node.banks else 0), top)
        if STATE in node.banks:
            found += f'<g data-mark="state">{state_mark(wide / 2, bottom)}</g>'
        return found

    def frame(self, place: Place, depth: int) -> str:
        """A node that is open: what lies inside, in a frame."""
        node = place.node
        assert node is not None
        top, bottom = _room(node)
        wide, high = place.width, place.height - top - bottom
        fill = "cell" if node.kind == "cell" else f"frame{depth % 2}"
        self.banks.update({node.kind} & {"cell"})
        ground = self.plate(node, wide, high, top)
        dashes = ' stroke-dasharray="4 3"' if node.kind == "part" else ""
        ground += _rect(0, top, wide, high, 6, f"cat-shape cat-{fill} cat-rim", _plain(fill, "rim") + dashes)
        marks = self.marks(node, wide, top, top + high)
        return ground + marks + self.heading(node, top, 12) + self.insides(place, depth)

    def heading(self, node: Node, top: float, x: float) -> str:
        """The title of a frame, in one line."""
        found = ""
        for words, size, style in ((node.title, TITLE, "ink"), (node.subtitle, SUBTITLE, "faint"),
                                   (node.plate, SUBTITLE, "faint")):
            if words:
                found += text(x, top + 18, words, size, styled(style))
                x += width(shortened(words, size, WIDEST), size) + 10
        return found

    def insides(self, place: Place, depth: int) -> str:
        found = ""
        for x, y, inside, placed in place.placed:
            title = text(x + 2, y - 6, inside.title, SUBTITLE, styled("faint")) if inside.title else ""
            edge = "" if place.aligned else _rect(x, y, placed.width, placed.height, 4, "cat-rim", _plain("rim")
                                                   + ' fill="none" stroke-dasharray="2 3"')
            found += (f'{title}{edge}<g transform="translate({number(x)} {number(y)})">'
                      f'{self.graph(placed, depth + 1)}</g>')
        return found


# -------------------------------------------------------------------- paths


def stretch(placed: Placed, line: Line, one: Stretch) -> str:
    """The path of a piece of a strand."""
    source, target = placed.places[one.source], placed.places[one.target]
    start = source.x if source.node is None else source.x + source.width
    y, end = source.y + source.gives[one.port], target.y + target.takes[one.target_port]
    lead, left = placed.lead[source.column], placed.left[target.column]
    if line.under >= 0:
        low = placed.height - 6.0 * line.under - 3
        back = placed.right[target.column - 1] + 4
        return (f"M{number(start)} {number(y)}H{number(lead)}{_bent(lead, y, lead + 12, low)}H{number(back)}"
                f"{_bent(back, low, left, end)}H{number(target.x)}")
    if abs(y - end) < 0.05:
        return f"M{number(start)} {number(y)}H{number(target.x)}"
    return f"M{number(start)} {number(y)}H{number(lead)}{_bent(lead, y, left, end)}H{number(target.x)}"


def _bent(x: float, y: float, to: float, end: float) -> str:
    middle = (x + to) / 2
    return f"C{number(middle)} {number(y)} {number(middle)} {number(end)} {number(to)} {number(end)}"


def copies(placed: Placed, line: Line) -> list[tuple[float, float]]:
    """Where a strand is copied, or ends without being used."""
    starts: dict[tuple[int, int], int] = {}
    for one in line.stretches:
        starts[one.source, one.port] = starts.get((one.source, one.port), 0) + 1
    if not line.stretches:
        starts[line.source, line.port] = 2
    found = []
    for (source, port), count in starts.items():
        if count > 1:
            place = placed.places[source]
            found.append((placed.lead[place.column], place.y + place.gives[port]))
    return found


def _end(placed: Placed, line: Line) -> str:
    place = placed.places[line.source]
    return (f"M{number(place.x + place.width)} {number(place.y + place.gives[line.port])}"
            f"H{number(placed.lead[place.column])}")


# -------------------------------------------------------------------- marks


def weight_mark(x: float, y: float, several: bool = False) -> str:
    """Weights go in: a wedge that points into the box; two where each copy has its own."""
    if several:
        return weight_mark(x - 6, y) + weight_mark(x + 6, y)
    return (f'<path d="M{number(x - 4.5)} {number(y - MARK + 3)}H{number(x + 4.5)}L{number(x)} {number(y - 3.5)}Z'
            f'M{number(x)} {number(y - 4)}V{number(y)}" stroke-width="1.3"{styled("mark", "edge")}/>')


def noise_mark(x: float, y: float) -> str:
    """Noise goes in: a zigzag."""
    return (f'<path d="M{number(x - 3)} {number(y - MARK + 1)}l6 3l-6 3l6 3L{number(x)} {number(y)}"'
            f' fill="none" stroke-width="1.3"{styled("edge")}/>')


def state_mark(x: float, y: float) -> str:
    """State goes in and comes out new: a loop with an arrow."""
    return (f'<path d="M{number(x + 9)} {number(y)}v3a5 5 0 0 1 -5 5h-8a5 5 0 0 1 -5 -5v-1" fill="none"'
            f' stroke-width="1.3"{styled("edge")}/>'
            f'<path d="M{number(x - 9)} {number(y)}l-2.8 4.2h5.6z"{styled("mark")}/>')


def about(node: Node) -> str:
    lines = [node.title if not node.subtitle else f"{node.title} · {node.subtitle}", *node.about]
    return f"<title>{clean(' | '.join(lines))}</title>"


def _room(node: Node) -> tuple[float, float]:
    from catlang.picture.measure import Measure

    return Measure().marks(node)


def _rect(x: float, y: float, wide: float, high: float, round_: float, classes: str, rest: str) -> str:
    return (f'<rect class="{classes}" x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}"'
            f' rx="{number(round_)}"{rest}/>')


def _plain(*names: str) -> str:
    return "".join(f' {theme.STYLES[name][0]}="{theme.STYLES[name][1][0]}"' for name in names)
