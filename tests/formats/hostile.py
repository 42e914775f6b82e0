"""What the tests of formats share: diagnostics made of whatever texts and names there may be."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from catlang.codes import CODES
from catlang.diagnostic import Diagnostic, Label
from catlang.formats import Found
from catlang.span import Source, Span

#: What formats, runners and terminals read as more than text.
PIECES = (
    "::", "::error::", "::set-output name=a::", "::stop-commands::x", "::endgroup::", "##[error]", "##[", "]", "%0A",
    "%", ",", "\n", "\r", "\r\n", "\t", " ", "a", "é", "]]>", "<!--", "&", "<", ">", '"', "'", "\\", "{0}", "{", "}",
    "[a](http://b)", "\x00", "\x1b[2J", "\x85", "\u2028", "\u2029", "\ufffe", "\uffff", "\ufeff", "\u202e", "😀",
    "\U0010ffff")
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=4).map("".join)
#: Names may have bytes that are no UTF-8, which Python reads as halves of surrogate pairs, and may be absolute.
NAME_PIECES = st.one_of(st.sampled_from((*PIECES, "\udc80", "\udcff", "../", "/", "C:", "a b")), st.text(max_size=3))
NAMES = st.lists(NAME_PIECES, min_size=1, max_size=4).map("".join).filter(lambda name: name and "\0" not in name)


@st.composite
def diagnostics(draw: st.DrawFn) -> Diagnostic:
    source = Source(draw(NAMES), draw(st.sampled_from((None, "there"))), draw(TEXTS))
    offsets = st.integers(0, len(source.text))
    labels = []
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted((draw(offsets), draw(offsets)))
        labels.append(Label(Span(source, start, end), draw(TEXTS), draw(st.booleans())))
    several = st.lists(TEXTS, max_size=2)
    return Diagnostic(draw(st.sampled_from(sorted(CODES))), draw(TEXTS), labels, draw(several), draw(several),
                      draw(st.sampled_from(("error", "warning"))))


@st.composite
def founds(draw: st.DrawFn) -> Found:
    """A few diagnostics, told often enough for any limit to be met."""
    told = draw(st.lists(diagnostics(), max_size=3)) * draw(st.integers(1, 6))
    return Found(draw(st.lists(NAMES, max_size=2)), told, draw(st.integers(0, 3)), draw(st.integers(0, 3)))


FOUND = founds()
#: How long an example takes says nothing, on a machine that has other things to do.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
