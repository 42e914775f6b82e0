"""PNG: the text is drawn without any font of the machine, in the widths that it is measured by, and the bytes are the
same every time."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from catlang.picture.metrics import ASCII, width
from catlang.picture.png import LARGEST, png

from .specs import picture_of, picture_of_text


def pixels(data: bytes) -> tuple[int, int, bytes]:
    """Width, height, and the raw rows of a PNG, unfiltered as far as that matters: not at all."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", data[16:24])
    at, found = 8, b""
    while at < len(data):
        size = struct.unpack(">I", data[at:at + 4])[0]
        if data[at + 4:at + 8] == b"IDAT":
            found += data[at + 8:at + 8 + size]
        at += size + 12
    return wide, high, zlib.decompress(found)


def test_text_is_drawn_by_the_font_that_comes_along() -> None:
    svg = picture_of("banks").svg
    *_, whole = pixels(png(svg))
    *_, without = pixels(png(svg.replace("<text ", '<text opacity="0" ')))
    assert whole != without
    # Were no font found, a text would be nothing at all.
    import resvg_py

    *_, bare = pixels(bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=2.0, skip_system_fonts=True)))
    assert bare == without


def test_it_is_the_same_every_time() -> None:
    assert picture_of("minilm").png == picture_of("minilm").png


def test_text_is_measured_by_the_font() -> None:
    fonts = pytest.importorskip("fontTools.ttLib")
    import fontpkg

    font = fonts.TTFont(Path(fontpkg.path("Roboto")))
    names, advances = font.getBestCmap(), font["hmtx"]
    assert font["head"].unitsPerEm == 2048
    assert tuple(advances[names[code]][0] for code in range(32, 127)) == ASCII
    assert width("affine", 2048) == sum(advances[names[ord(one)]][0] for one in "affine")


def test_a_huge_one_is_made_smaller() -> None:
    chain = " >> ".join(["affine[d, d]"] * 350)
    wide, high, _ = pixels(picture_of_text(f"dim d\nmorphism f : R[d] -> R[d] = {chain}", "f", 0).png)
    assert wide <= LARGEST and high <= LARGEST


def test_letters_that_the_font_has_not_do_no_harm() -> None:
    picture = picture_of("net", 0)
    for node in picture.graph.nodes:
        node.title = "自然 \U0001f600 \u0627"
    assert picture.png.startswith(b"\x89PNG")
