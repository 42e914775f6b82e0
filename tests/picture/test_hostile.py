"""Whatever files hold, a picture is what it says it is: looked at by parsers, where no browser is needed.

What a browser makes of the same pictures `test_browser.py` looks at.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from catlang.diagnostic import Diagnostic, Label
from catlang.notebook.display import diagnostics
from catlang.picture.page import page
from catlang.span import Source, Span

from .hostile import EVIL, hostile
from .specs import NAMES, picture_of

#: All that a picture is made of.
SHAPES = {"svg", "title", "style", "rect", "text", "g", "path", "circle", "polygon"}
PAGE = {"html", "head", "meta", "body", "header", "h1", "p", "button", "main", "footer", "script"}
ATTRIBUTES = {
    "aria-expanded", "aria-label", "class", "cx", "cy", "d", "data-bank", "data-kind", "data-mark", "data-object",
    "fill", "fill-opacity", "font-family", "font-size", "height", "id", "lengthadjust", "points", "r", "role", "rx",
    "stroke", "stroke-dasharray", "stroke-linecap", "stroke-width", "tabindex", "text-anchor", "textlength",
    "transform", "viewbox", "width", "x", "xmlns", "y"}


class Tags(HTMLParser):
    """The tags of a page, their attributes, and the texts of what may run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self.policy = ""
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        found = dict(attrs)
        if tag == "meta":
            self.policy = found.get("content") or "" if found.get("http-equiv") else self.policy
        elif tag == "script":
            assert found in ({}, {"type": "application/json", "id": "numbers"})
        elif tag not in ("html", "button"):
            self.attributes.update(found)
        self.within = tag

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within in self.texts:
            self.texts[self.within].append(data)


def test_svg_is_made_of_shapes_alone() -> None:
    tree = ElementTree.fromstring(hostile().svg)
    for one in tree.iter():
        assert one.tag.removeprefix("{http://www.w3.org/2000/svg}") in SHAPES
        assert {name.lower() for name in one.attrib} <= ATTRIBUTES
    assert any("<script>" in (one.text or "") for one in tree.iter("{http://www.w3.org/2000/svg}text"))


def test_a_page_is_made_of_shapes_and_one_script() -> None:
    text = page(hostile())
    found = Tags()
    found.feed(text)
    assert found.tags == SHAPES - {"polygon", "circle"} | PAGE
    assert found.attributes <= ATTRIBUTES
    [numbers, script] = found.texts["script"]
    assert re.fullmatch(r'[-0-9.,:\[\]{}"a-z]*', numbers)
    [sheet] = found.texts["style"]
    for kind, body in (("script", script), ("style", sheet)):
        digest = b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in found.policy
    assert found.policy.startswith("default-src 'none'; ")


@pytest.mark.parametrize("name", NAMES)
def test_the_script_is_the_same_in_every_page(name: str) -> None:
    scripts = set()
    for one in (picture_of(name), hostile()):
        found = Tags()
        found.feed(one.html)
        scripts.add(found.texts["script"][1])
    assert len(scripts) == 1
    assert "http" not in scripts.pop().replace("http://www.w3.org", "")


def test_diagnostics_are_text() -> None:
    for text in EVIL:
        source = Source(text, None, f"{text}\n{text}")
        shown = diagnostics([Diagnostic("E0201", text, [Label(Span(source, 0, len(text)), text)], [text], [text])])
        found = Tags()
        found.feed(shown)
        assert found.tags == {"pre", "span"} and found.attributes == {"style"}
        ElementTree.fromstring(shown)


def test_text_cannot_steer_a_terminal() -> None:
    assert not {one for one in hostile().text if not one.isprintable()} - {"\n"}
