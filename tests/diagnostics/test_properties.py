"""Reports hold for any text and any spans, since what is wrong with a source is not known beforehand."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from catlang.diagnostic import Diagnostic, Label
from catlang.layout import ELLIPSIS, WIDEST
from catlang.report import render
from catlang.source import Source, Span
from catlang.visible import HARMLESS, visible, width

# What breaks layouts comes often: line endings, tabs, wide, combining and control characters.
CHARACTERS = st.one_of(
    st.sampled_from("ab(] \n\n\n\t\r自é\u0301\u202e\x1b\x00\x85\u2028\u200d\ud800"), st.characters(codec=None)
)
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=60),
    st.builds(lambda text, n: text * n, st.text(CHARACTERS, max_size=20), st.integers(1, 60)),
)


@st.composite
def diagnostics(draw: st.DrawFn) -> Diagnostic:
    sources = [Source(draw(st.sampled_from(["a.cat", "b\n.cat"])), None, draw(TEXTS)) for _ in range(2)]
    labels = []
    for _ in range(draw(st.integers(0, 5))):
        source = draw(st.sampled_from(sources))
        offsets = st.integers(-1, len(source.text) + 1)
        start, end = draw(offsets), draw(offsets)
        text = draw(st.sampled_from(["", "label", "two\nlines", "\x1b[2J"]))
        labels.append(Label(Span(source, start, end), text, draw(st.booleans())))
    words = st.lists(st.text(CHARACTERS, max_size=9), max_size=2)
    return Diagnostic("E0301", draw(st.text(CHARACTERS, max_size=9)), labels, draw(words), draw(words))


def steers(character: str) -> bool:
    if character == "\n" or character in HARMLESS:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


@given(diagnostics())
def test_reports_never_fail_and_never_steer_a_terminal(diagnostic: Diagnostic) -> None:
    report = render(diagnostic)
    assert not any(map(steers, report))
    assert report.encode("utf-8")
    concise = render(diagnostic, "concise")
    assert not any(map(steers, concise)) and "\n" not in concise
    assert re.sub(r"\x1b\[[0-9;]*m", "", render(diagnostic, color=True)) == report
    assert render(diagnostic) == report


@given(TEXTS, st.data())
@example("x" * 500, None)
def test_lines_are_shown_as_they_are_and_each_label_once(text: str, data: st.DataObject | None) -> None:
    source = Source("model.cat", None, text)
    spans = [(0, 3)]
    if data is not None:
        offsets = st.integers(0, len(source.text))
        spans = data.draw(st.lists(st.tuples(offsets, offsets), min_size=1, max_size=4))
    labels = [Label(Span(source, start, end), f"label {i} of all") for i, (start, end) in enumerate(spans)]
    report = render(Diagnostic("E0301", "headline", labels)).split("\n")
    if source.text:
        said = [row.partition("label ")[2] for row in report if "label " in row]
        assert sorted(said) == [f"{i} of all" for i in range(len(spans))]
    shown = {}
    for row in report:
        if match := re.fullmatch(r"(\d+) *\|(.*)", row, re.DOTALL):
            shown[int(match[1])] = match[2]
    for start, _ in spans:
        assert source.position(start)[0] in shown
    for number, row in shown.items():
        line = visible(source.line(number))
        if width(line) <= WIDEST:
            assert row.endswith(line.rstrip())
        elif ELLIPSIS not in line:
            # Each part that is shown; left of the first are the rails.
            assert all(part.strip(" |/") in line for part in row.split(ELLIPSIS))


@given(TEXTS, st.integers(-2, 80))
def test_positions_and_offsets_are_inverse(text: str, offset: int) -> None:
    source = Source("model.cat", None, text)
    line, column = source.position(offset)
    clamped = min(max(offset, 0), len(source.text))
    assert source.offset(line, column) == clamped
    assert source.line(line)[column - 1 :] == source.text[clamped:].split("\n")[0]
    assert "\n".join(source.line(n + 1) for n in range(len(source.starts))) == source.text
