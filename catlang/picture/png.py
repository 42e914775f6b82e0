"""Pictures as PNG, by resvg; in Roboto, which comes as a package, so that they look alike on every machine."""

from __future__ import annotations

import re

from catlang.picture.needed import needed

#: A picture has at most so many points in each direction; a larger one is made smaller.
LARGEST = 12_000


def png(svg: str) -> bytes:
    """An SVG of ours as PNG, twice as large. Raises ``ModuleNotFoundError`` where resvg or the font is missing."""
    needed("fontpkg_roboto")
    size = re.match(r'<svg [^>]*? width="([\d.]+)" height="([\d.]+)"', svg)
    assert size is not None
    zoom = min(2.0, LARGEST / max(float(size[1]), float(size[2])))
    # Letters that Roboto has not are looked for among the fonts of the machine.
    foreign = any(ord(character) > 0x52F for character in svg)
    return bytes(needed("resvg_py").svg_to_bytes(
        svg_string=svg, zoom=zoom, skip_system_fonts=not foreign, font_family="Roboto", sans_serif_family="Roboto",
        font_files=[str(needed("fontpkg").path("Roboto"))]))
