"""Pictures as pages of HTML, in which every box opens to its insides, by click and by keyboard.

A page is one file that asks for nothing else. Its only script is one of ours, which is the same in every page, and the
page's own policy lets no other run; what the script is told are numbers.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from catlang.picture import theme
from catlang.picture.measure import SUBTITLE, Measure
from catlang.picture.placing import is_aligned, place
from catlang.picture.reading import opened
from catlang.picture.sheet import MARGIN, key, style
from catlang.picture.svg import Shapes, about, clean, number, text
from catlang.picture.theme import styled

if TYPE_CHECKING:
    from catlang.picture.graph import Node
    from catlang.picture.picture import Picture
    from catlang.picture.placing import Place, Placed

#: So many points above the picture are left for marks.
ABOVE = 16.0

STYLE = """\
:root{color-scheme:light dark}
body{margin:0;font-family:FONTS;background:GROUND0;color:INK0}
header,footer,.cat-notes{padding:12px 20px}
h1{font-size:16px;font-weight:500;margin:0 0 8px;overflow-wrap:anywhere}
p{font-size:13px;margin:4px 0;max-width:60em}
button{font:inherit;font-size:12px;padding:3px 10px;margin-right:6px;cursor:pointer}
main{overflow-x:auto}
svg{display:block;max-width:none}
svg text{pointer-events:none}
.cat-off{display:none}
.cat-shut,.cat-head{cursor:pointer}
.cat-shut:focus,.cat-head:focus{outline:none}
.cat-shut:focus-visible .cat-shape{stroke-width:3}
.cat-head:focus-visible rect{fill-opacity:.5;stroke:#0072b2;stroke-width:2}
.cat-shut:hover .cat-shape{stroke-width:2}
@media (prefers-color-scheme:dark){body{background:GROUND1;color:INK1}}
"""


class Openable(Shapes):
    """Draws a picture in which all boxes are shut, and what lies inside of them beside it, not shown yet."""

    def __init__(self, picture: Picture, chosen: set[Node]) -> None:
        super().__init__(picture.colours, picture.aliases)
        self.chosen = chosen
        self.graphs: list[dict[str, Any]] = []
        self.nodes: list[dict[str, Any]] = []
        self.measure = Measure()

    def whole(self, placed: Placed, depth: int = 0) -> str:
        """A graph and all that lies inside; what the script has to know of it comes to ``graphs``."""
        told: dict[str, Any] = {"w": placed.width, "h": placed.height, "left": placed.left, "right": placed.right,
                                "lead": placed.lead}
        index = len(self.graphs)
        self.graphs.append(told)
        numbers = []
        boxes = ""
        lines = "".join(self.line(placed, line) for line in placed.lines)
        for one in placed.places:
            numbers.append([one.column, one.x, one.y, one.width, one.height, one.takes, one.gives,
                            -1 if one.node is None else len(self.nodes)])
            if one.node is not None:
                boxes += self.node(one, depth)
        told["places"] = numbers
        told["lines"] = [[line.source, line.port, line.under, [[one.source, one.port, one.target, one.target_port]
                                                               for one in line.stretches]] for line in placed.lines]
        return f'<g id="g{index}"><g>{boxes}</g><g>{lines}</g></g>'

    def node(self, place_: Place, depth: int) -> str:
        node = place_.node
        assert node is not None
        index = len(self.nodes)
        told: dict[str, Any] = {}
        self.nodes.append(told)
        at = f'transform="translate({number(place_.x)} {number(place_.y)})"'
        body = self.box(place_)
        if node not in self.chosen:
            return f'<g class="cat-node" id="n{index}" data-kind="{node.kind}" {at}>{about(node)}{body}</g>'
        width, head, top, bottom = self.measure.frame(node)
        told |= {"min": width, "head": head, "top": top, "bottom": bottom, "weights": len(node.weights),
                 "port": self.measure.port, "margin": self.measure.margin, "inside": []}
        inner = ""
        insides = opened(node)
        aligned = is_aligned(node, insides)
        told["aligned"] = aligned
        for inside in insides:
            title = ""
            if inside.title:
                title = text(2, -6, inside.title, SUBTITLE, styled("faint"))
            told["inside"].append([len(self.graphs), self.measure.title if inside.title else 0,
                                   self.measure.titled(inside.title)])
            edge = "" if aligned else f'<rect rx="4" fill="none" stroke-dasharray="2 3"{styled("rim")}/>'
            shut = place(inside.graph, self.measure, lambda one: False)
            inner += f"<g>{edge}{title}{self.whole(shut, depth + 1)}</g>"
        fill = "cell" if node.kind == "cell" else f"frame{depth % 2}"
        plates = f'<rect rx="6"{styled("box", "rim")}/>' * (2 if node.plate else 0)
        marks = self.marks(node, 0, top, 0)
        name = node.title if not node.subtitle else f"{node.title}, {node.subtitle}"
        frame = (f'{plates}<rect rx="6"{styled(fill, "rim")}/>'
                 f'<g class="cat-marks">{marks}</g>'
                 f'<g class="cat-head" {_handle(name, True)}>'
                 f'<rect y="{number(top)}" height="26" fill-opacity="0"{styled("ground")}/>'
                 f'{_sign(8, top + 9, False)}{self.heading(node, top, 22)}</g>{inner}')
        return (f'<g class="cat-node cat-opens" id="n{index}" data-kind="{node.kind}" {at} role="group"'
                f' aria-label="{clean(name)}">{about(node)}'
                f'<g class="cat-shut" {_handle(name, False)}>{body}{_sign(place_.width - 10, top + 4, True)}</g>'
                f'<g class="cat-frame cat-off">{frame}</g></g>')


def _handle(name: str, is_open: bool) -> str:
    """The attributes of what opens a box, or shuts it."""
    return (f'role="button" tabindex="0" aria-expanded="{"true" if is_open else "false"}" '
            f'aria-label="{clean(name)}"')


def _sign(x: float, y: float, plus: bool) -> str:
    """What says that a box opens, or that a frame shuts."""
    up = f"M{number(x + 3)} {number(y)}v6" if plus else ""
    return f'<path d="M{number(x)} {number(y + 3)}h6{up}" fill="none" stroke-width="1.2"{styled("rim")}/>'


def page(picture: Picture) -> str:
    """The page of a picture."""
    from catlang.picture.picture import DEEPEST, MOST_IN_PAGE, WIDEST, fitted, opening

    chosen, notes = opening(picture.graph, DEEPEST, MOST_IN_PAGE)
    if notes:
        notes = [f"Not every box opens: there would be more than {MOST_IN_PAGE} in all."]
    _, first, _ = fitted(picture.graph, picture.depth, Measure(), WIDEST)
    shapes = Openable(picture, chosen)
    placed = place(picture.graph, shapes.measure, lambda node: False)
    drawn = shapes.whole(placed)
    legend, high = key(shapes, 900, 12)
    order = [index for index, node in enumerate(_numbered(shapes, picture)) if node in first]
    data = json.dumps({"graphs": shapes.graphs, "nodes": shapes.nodes, "open": order, "margin": MARGIN, "above": ABOVE,
                       "pitch": shapes.measure.port},
                      separators=(",", ":"))
    script = files("catlang.picture").joinpath("opening.js").read_text(encoding="utf-8")
    sheet = (STYLE.replace("FONTS", theme.FONTS).replace("GROUND0", theme.GROUND[0]).replace("GROUND1", theme.GROUND[1])
             .replace("INK0", theme.INK[0]).replace("INK1", theme.INK[1]) + style(shapes))
    policy = (f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(sheet)}'; base-uri 'none'; "
              "form-action 'none'")
    wide, tall = placed.width + 2 * MARGIN, placed.height + 2 * ABOVE
    told = "".join(f"<p>{clean(note)}</p>" for note in notes)
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width">
<title>{clean(picture.heading)}</title>
<style>{sheet}</style>
</head>
<body>
<header><h1>{clean(picture.heading)}</h1>
<p><button type="button" id="all">open all</button><button type="button" id="none">shut all</button>
A box marked + opens, by a click or by the Enter key.</p>{told}</header>
<main><svg xmlns="http://www.w3.org/2000/svg" id="picture" role="group"\
 aria-label="{clean(picture.heading)}" width="{number(wide)}" height="{number(tall)}"
 font-family="{theme.FONTS}"><g transform="translate({number(MARGIN)} {number(ABOVE)})">{drawn}</g></svg></main>
<footer><svg xmlns="http://www.w3.org/2000/svg" width="900" height="{number(high)}" font-family="{theme.FONTS}"\
>{legend}</svg></footer>
<script type="application/json" id="numbers">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def _numbered(shapes: Openable, picture: Picture) -> list[Node]:
    """The nodes in the order of their numbers."""
    found: list[Node] = []

    def walk(node: Node) -> None:
        found.append(node)
        if node in shapes.chosen:
            for inside in opened(node):
                for one in inside.graph.nodes:
                    walk(one)

    for node in picture.graph.nodes:
        walk(node)
    return found


def _hash(text: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
