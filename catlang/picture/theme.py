"""How a picture looks, on white and on a dark ground: each thing has a name, by which the dark ground has its own."""

from __future__ import annotations

#: On white, and on a dark ground.
GROUND = ("#ffffff", "#12161c")
INK = ("#1b2430", "#e6eaf0")
FAINT = ("#5c6675", "#a3adba")
BOX = ("#ffffff", "#1d242e")
EDGE = ("#3a4556", "#8995a7")
#: Frames in frames are told apart by their grounds.
FRAMES = (("#f6f8fa", "#171d25"), ("#edf1f5", "#1e2630"))
FRAME_EDGE = ("#aab4c1", "#4d5969")
WEIGHT = ("#fdf3d8", "#3b3115")
CELL = ("#efe6fb", "#33264a")
CONSTANT = ("#eef1f5", "#2a323d")

#: The name, what it colours, and its two colours.
STYLES = {
    "ground": ("fill", GROUND), "ink": ("fill", INK), "faint": ("fill", FAINT), "box": ("fill", BOX),
    "edge": ("stroke", EDGE), "frame0": ("fill", FRAMES[0]), "frame1": ("fill", FRAMES[1]),
    "rim": ("stroke", FRAME_EDGE), "weight": ("fill", WEIGHT), "cell": ("fill", CELL), "constant": ("fill", CONSTANT),
    "mark": ("fill", EDGE),
}

#: The font that texts are measured by, and what may stand in for it.
FONTS = "Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def styled(*names: str) -> str:
    """The attributes of something that has these styles: the colours on white, and the classes for a dark ground."""
    colours = "".join(f' {STYLES[name][0]}="{STYLES[name][1][0]}"' for name in names)
    return f' class="{" ".join(f"cat-{name}" for name in names)}"{colours}'


def dark() -> str:
    """The rules of a style sheet for a dark ground."""
    return "".join(f".cat-{name}{{{what}:{colours[1]}}}" for name, (what, colours) in STYLES.items())
