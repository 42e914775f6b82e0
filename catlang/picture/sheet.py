"""The sheet that a picture is drawn on: its heading, the picture, and a legend of colours and marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.picture import theme
from catlang.picture.graph import NOISE, STATE, WEIGHTS
from catlang.picture.measure import MARK, SUBTITLE, Measure
from catlang.picture.metrics import shortened, width
from catlang.picture.svg import Shapes, clean, noise_mark, number, state_mark, text, weight_mark
from catlang.picture.theme import styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.objects.colour import Object
    from catlang.picture.colours import Colours
    from catlang.picture.placing import Placed

#: Around the picture.
MARGIN = 20.0
HEAD = 34.0
ROW = 20.0

#: The marks of the banks and of what else there may be, with what they mean.
MARKS = (
    (WEIGHTS, "weights"), ("several", "weights for each copy"), ("strand", "weights, as a wire"), (STATE, "state"),
    (NOISE, "noise"),
    ("plate", "many copies"), ("cell", "2-cell: weights of weights"), ("frozen", "frozen weights"),
)


def sheet(placed: Placed, colours: Colours, aliases: Mapping[Object, str], heading: str, notes: list[str]) -> str:
    """The whole of an SVG. ``heading`` says what it is of, ``notes`` what is not in it."""
    shapes = Shapes(colours, aliases)
    inner = shapes.graph(placed, 0)
    wide = max(placed.width + 2 * MARGIN, 360.0, width(shortened(heading, 14, 900), 14) + 2 * MARGIN)
    shift = (wide - placed.width) / 2
    legend, below = key(shapes, wide, HEAD + placed.height + 22)
    for note in notes:
        legend += text(MARGIN, below + 13, note, SUBTITLE, styled("faint"), most=wide - 2 * MARGIN)
        below += ROW
    high = below + 10
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(wide)}" height="{number(high)}"'
            f' viewBox="0 0 {number(wide)} {number(high)}" font-family="{theme.FONTS}" role="img">'
            f'<title>{clean(heading)}</title><style>{style(shapes)}</style>'
            f'<rect width="100%" height="100%"{styled("ground")}/>'
            f'{text(MARGIN, 23, heading, 14, styled("ink"), most=wide - 2 * MARGIN)}'
            f'<g transform="translate({number(shift)} {number(HEAD)})">{inner}</g>{legend}</svg>\n')


def style(shapes: Shapes) -> str:
    """The style sheet: the colours on a dark ground, each by what it is on white, so that pictures in one page may
    have one sheet or another."""
    night = "".join(f".cat-k{light[1:]}{{stroke:{dark};fill:{dark}}}.cat-t{light[1:]}{{stroke:none;fill:{dark}}}"
                    for light, dark in shapes.used)
    return f"@media (prefers-color-scheme:dark){{{theme.dark()}{night}}}"


def key(shapes: Shapes, wide: float, y: float) -> tuple[str, float]:
    """The legend, from a height down, and where it ends."""
    found = ""
    x = MARGIN
    for words, colour in shapes.seen.items():
        words = shortened(words, SUBTITLE, 200)
        room = width(words, SUBTITLE) + 44
        if x + room > wide - MARGIN and x > MARGIN:
            x, y = MARGIN, y + ROW
        found += (f'<path d="M{number(x)} {number(y)}h18" class="cat-k{colour[0][1:]}" stroke="{colour[0]}"'
                  f' stroke-width="3" stroke-linecap="round"/>{text(x + 25, y + 4, words, SUBTITLE, styled("ink"))}')
        x += room
    x, y = MARGIN, y + (ROW if shapes.seen else 0) + 2
    for bank, words in MARKS:
        if bank not in shapes.banks:
            continue
        room = width(words, SUBTITLE) + 50
        if x + room > wide - MARGIN and x > MARGIN:
            x, y = MARGIN, y + ROW
        found += sample(bank, x, y) + text(x + 28, y + 4, words, SUBTITLE, styled("ink"))
        x += room
    return f'<g class="cat-key">{found}</g>', y + (ROW if x > MARGIN else 0)


def sample(bank: str, x: float, y: float) -> str:
    """A small picture of a mark."""
    if bank == WEIGHTS:
        return weight_mark(x + 10, y + MARK / 2)
    if bank == "several":
        return weight_mark(x + 10, y + MARK / 2, True)
    if bank == NOISE:
        return noise_mark(x + 10, y + MARK / 2)
    if bank == STATE:
        return state_mark(x + 10, y - 4)
    if bank == "strand":
        return f'<path d="M{number(x)} {number(y)}h20" stroke-width="1.8" stroke-dasharray="6 3"{styled("edge")}/>'
    if bank == "cell":
        return (f'<path d="M{number(x + 5)} {number(y - 6)}h10l5 6l-5 6h-10l-5 -6z"{styled("cell", "edge")}/>')
    if bank == "frozen":
        return (f'<rect x="{number(x)}" y="{number(y - 6)}" width="20" height="12" rx="6"{styled("weight", "edge")}/>'
                f'<rect x="{number(x + 2.5)}" y="{number(y - 3.5)}" width="15" height="7" rx="3.5" fill="none"'
                f'{styled("edge")}/>')
    return "".join(f'<rect x="{number(x + shift)}" y="{number(y - 4 - shift)}" width="15" height="9" rx="2"'
                   f'{styled("box", "edge")}/>' for shift in (4.0, 2.0, 0.0))


__all__ = ["Measure", "sheet"]
