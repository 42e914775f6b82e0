"""Pictures in a real browser: boxes open and shut, by click and by keyboard, what is written stays in its box, and
whatever files are called and hold, nothing of it runs, and nothing is asked for.

Where no browser is on the machine these are left out, and say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catlang.notebook.display import diagnostics
from catlang.picture.page import page

from .hostile import EVIL, HOSTILE, hostile
from .specs import NAMES, picture_of, picture_of_text


class Visit:
    """A page that is open, and everything that it did besides being shown."""

    def __init__(self, page_: Any, folder: Path) -> None:
        self.page = page_
        self.folder = folder
        self.requests: list[str] = []
        self.refused: list[str] = []
        self.faults: list[str] = []
        page_.on("request", lambda request: self.requests.append(request.url))
        page_.on("requestfailed", lambda request: self.refused.append(f"{request.url} {request.failure}"))
        page_.on("dialog", lambda dialog: (self.faults.append("a dialog"), dialog.dismiss()))
        page_.on("console", lambda message: self.faults.append(message.text))
        page_.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, name: str, text: str) -> Any:
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        self.page.goto(file.as_uri())
        return self.page

    def still(self) -> None:
        """Nothing was asked for but the file, nothing was said, and nothing ran."""
        assert len(self.requests) == 1 and self.requests[0].startswith("file:"), self.requests
        assert self.faults == []
        assert self.page.evaluate("typeof window.evil") == "undefined"


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1600, "height": 900}, offline=True)
    yield Visit(context.new_page(), tmp_path)
    context.close()


def shown(page_: Any, title: str) -> int:
    """How many boxes of a title can be seen."""
    found: int = page_.evaluate(
        """(title) => [...document.querySelectorAll('.cat-node')].filter((one) => one.getBoundingClientRect().width > 0
            && [...one.querySelectorAll(':scope > text, :scope > .cat-shut:not(.cat-off) > text')].some(
                (text) => text.textContent === title)).length""", title)
    return found


def test_a_click_opens_a_box_and_another_shuts_it(visit: Visit) -> None:
    page_ = visit.open("net.html", picture_of("net", 0).html)
    assert shown(page_, "gelu") == 0
    outer = page_.locator(".cat-opens").first
    assert page_.get_by_role("button", expanded=False).count() == 1
    before = page_.locator("#picture").get_attribute("width")
    outer.locator(":scope > .cat-shut").click()
    assert page_.get_by_role("button", expanded=True).count() == 1
    assert shown(page_, "affine") == 1
    assert float(page_.locator("#picture").get_attribute("width")) > float(before)
    # The ground of a frame is no handle: its head is.
    outer.locator(":scope > .cat-frame > .cat-head").click(position={"x": 30, "y": 12})
    assert page_.get_by_role("button", expanded=True).count() == 0
    assert shown(page_, "affine") == 0
    assert page_.locator("#picture").get_attribute("width") == before
    visit.still()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_opens_all_the_way_down(visit: Visit, key: str) -> None:
    page_ = visit.open("net.html", picture_of("net", 0).html)
    page_.locator("#none").focus()
    for _ in range(5):
        page_.keyboard.press("Tab")
        page_.keyboard.press(key)
    assert shown(page_, "gelu") == 1 and shown(page_, "layer_norm") == 1
    assert page_.evaluate("document.activeElement.getAttribute('aria-label')") == "mlp"
    page_.keyboard.press(key)
    assert shown(page_, "gelu") == 0 and shown(page_, "layer_norm") == 1
    visit.still()


@pytest.mark.parametrize("name", NAMES)
def test_all_open_nothing_overlaps_and_all_wires_end_at_boxes(visit: Visit, name: str) -> None:
    """The layout that the page makes for itself when boxes open, measured in the browser."""
    page_ = visit.open("all.html", picture_of(name, 0).html)
    page_.locator("#all").click()
    wrong = page_.evaluate("""() => {
        const wrong = [];
        const of = (one) => one.getBoundingClientRect();
        const shape = (node) => {
            const open = node.querySelector(':scope > .cat-frame:not(.cat-off)');
            if (open) return of([...open.querySelectorAll(':scope > rect')].pop());
            return of(node.querySelector(':scope > .cat-shape, :scope > .cat-shut > .cat-shape'));
        };
        for (const graph of document.querySelectorAll('g[id^=g]')) {
            if (of(graph).width === 0) continue;
            const boxes = [...graph.firstElementChild.children].map((node) => [node, shape(node)]);
            for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
                const [a, b] = [boxes[i][1], boxes[j][1]];
                if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5
                    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.5) wrong.push('overlap');
            }
            for (const line of graph.lastElementChild.children) {
                const path = line.querySelector('path');
                if (/NaN|undefined|Infinity/.test(path.getAttribute('d'))) wrong.push('path');
                for (const piece of path.getAttribute('d').split(' M')) if (!piece) wrong.push('piece');
            }
            const frame = graph.closest('.cat-frame');
            if (frame) {
                const around = of([...frame.querySelectorAll(':scope > rect')].pop());
                for (const [, box] of boxes) {
                    if (box.left < around.left - 1 || box.right > around.right + 1
                        || box.top < around.top - 1 || box.bottom > around.bottom + 1) wrong.push('outside');
                }
            }
        }
        return wrong;
    }""")
    assert wrong == []
    visit.still()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_stays_in_its_box(visit: Visit, name: str) -> None:
    """By the boxes that the browser measures, in whatever font it has."""
    page_ = visit.open("net.svg", picture_of(name, 20).svg)
    wrong = page_.evaluate("""() => [...document.querySelectorAll('.cat-node')].flatMap((node) => {
        const shape = node.querySelector(':scope > .cat-shape').getBBox();
        return [...node.querySelectorAll(':scope > text')].filter((text) => {
            const box = text.getBBox();
            return box.x < shape.x || box.x + box.width > shape.x + shape.width
                || box.y < shape.y || box.y + box.height > shape.y + shape.height + 1;
        }).map((text) => text.textContent);
    })""")
    assert wrong == []
    visit.still()


@pytest.mark.parametrize("kind", ["svg", "html", "notebook"])
def test_hostile_names_run_no_script(visit: Visit, kind: str) -> None:
    picture = hostile()
    if kind == "notebook":
        text = f"<!DOCTYPE html><meta charset=utf-8><body>{picture.svg}"
    else:
        text = picture.svg if kind == "svg" else page(picture)
    page_ = visit.open(f"a.{'svg' if kind == 'svg' else 'html'}", text)
    if kind == "html":
        page_.locator("#all").click()
    elif kind == "notebook":
        page_.mouse.click(100, 100)
    page_.wait_for_timeout(100)
    assert page_.evaluate("document.querySelectorAll('img, iframe, object, embed, a, foreignObject').length") == 0
    assert page_.evaluate("document.querySelectorAll('script').length") == (2 if kind == "html" else 0)
    assert page_.evaluate("""[...document.querySelectorAll('*')].filter((one) => [...one.attributes].some(
        (attribute) => attribute.name.startsWith('on') || attribute.value.trim().startsWith('javascript:')
            && !['data-object', 'aria-label'].includes(attribute.name))).length""") == 0
    visit.still()


def test_hostile_files_run_no_script(visit: Visit) -> None:
    """By the way that files go: comments, documentation, and names as far as a file may hold them."""
    page_ = visit.open("a.html", picture_of_text(HOSTILE, "f").html)
    assert shown(page_, "relu") == 1
    visit.still()


def test_the_policy_of_the_page_stops_what_is_not_ours(visit: Visit) -> None:
    """Were anything to get in, it would not run: not a script, not a handler, not a picture from elsewhere."""
    text = picture_of("net").html.replace("</body>", '<script>window.evil=1</script><img src="http://127.0.0.1:9/x"'
                                          ' onerror="window.evil=1"><style>body{display:none}</style></body>')
    page_ = visit.open("a.html", text)
    page_.wait_for_timeout(100)
    assert page_.evaluate("typeof window.evil") == "undefined"
    assert page_.evaluate("getComputedStyle(document.body).display") == "block"
    assert visit.refused == ["http://127.0.0.1:9/x csp"]
    assert any("Content Security Policy" in fault for fault in visit.faults)


def test_diagnostics_run_no_script(visit: Visit) -> None:
    from catlang.diagnostic import Diagnostic, Label
    from catlang.span import Source, Span

    found = []
    for text in EVIL:
        source = Source(text, None, f"{text}\n{text}")
        found.append(Diagnostic("E0201", text, [Label(Span(source, 0, len(text)), text)], [text], [text]))
    visit.open("a.html", f"<!DOCTYPE html><meta charset=utf-8><body>{diagnostics(found)}")
    visit.still()


def test_a_page_in_a_notebook_is_in_a_frame_of_its_own(visit: Visit) -> None:
    html = picture_of("net", 0).interactive()._repr_html_()
    page_ = visit.open("a.html", f"<!DOCTYPE html><meta charset=utf-8><body>{html}")
    inner = page_.frame_locator("iframe")
    inner.get_by_role("button", expanded=False).first.click()
    assert inner.get_by_role("button", expanded=True).count() == 1
    assert visit.faults == []


def test_the_dark(browser: Any, tmp_path: Path) -> None:
    """On a dark ground boxes are dark, and wires light."""
    context = browser.new_context(color_scheme="dark", offline=True)
    page_ = context.new_page()
    for kind in ("svg", "html"):
        file = tmp_path / f"net.{kind}"
        picture_of("net").save(file)
        page_.goto(file.as_uri())

        def light(script: str) -> float:
            red, green, blue = page_.evaluate(f"{script}.match(/[0-9]+/g).slice(0, 3).map(Number)")
            return float(red + green + blue) / 3

        ground = "document.body" if kind == "html" else "document.querySelector('.cat-ground')"
        what = "backgroundColor" if kind == "html" else "fill"
        assert light(f"getComputedStyle({ground}).{what}") < 60
        assert light("getComputedStyle(document.querySelector('.cat-wire')).stroke") > 90
        assert light("getComputedStyle(document.querySelector('text.cat-ink')).fill") > 200
    context.close()
