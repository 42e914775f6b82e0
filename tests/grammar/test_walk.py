"""Our walk over the tables is Lark's own parse: the same reductions of the same children, in the same order."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lark.exceptions import UnexpectedInput

from catlang.grammar import tables
from catlang.syntax import parser, tree
from catlang.syntax.builder import Builder

from .material import body, sentence, shape, text_of

METHODS = sorted({row[2] for row in parser.tables().rules if row[2] is not None and hasattr(Builder, row[2])})


def seen(child: Any) -> Any:
    """A child of a reduction, as it stood then: nodes grow afterwards."""
    if isinstance(child, list | tuple):
        return [seen(one) for one in child]
    if isinstance(child, tree.Node):
        return (type(child).__name__, child.start, child.end)
    return (child.type, str(child), child.start_pos, child.end_pos) if hasattr(child, "type") else child


class Recording(Builder):
    """A builder that notes what it is asked to do."""

    def __init__(self) -> None:
        super().__init__()
        self.reductions: list[Any] = []
        for name in METHODS:
            setattr(self, name, self.noting(name, getattr(self, name)))

    def noting(self, name: str, method: Any) -> Any:
        def noted(children: list[Any]) -> Any:
            self.reductions.append((name, seen(children)))
            return method(children)

        return noted


class Forwarding:
    """One parser of Lark's for many texts: it is bound to its transformer when it is made, and that takes long."""

    def __init__(self) -> None:
        self.to: Any = None
        for name in METHODS:
            setattr(self, name, lambda children, name=name: getattr(self.to, name)(children))


@cache
def forwarding() -> tuple[Forwarding, Any]:
    forwards = Forwarding()
    return forwards, tables.lark(strict=False, transformer=forwards)


def larks(text: str) -> tuple[Recording, bool]:
    """What Lark's parse asks of the builder, and whether it comes to the end."""
    forwards, lark = forwarding()
    builder = forwards.to = Recording()
    try:
        lark.parse(text)
        return builder, True
    except UnexpectedInput:
        return builder, False


def ours(text: str) -> tuple[Recording, bool]:
    builder = Recording()
    try:
        parser._walk(text, 0, len(text), builder)
        return builder, True
    except parser.Mistake:
        return builder, False


def check_alike(text: str) -> bool:
    (one, whole), (other, larks_whole) = ours(text), larks(text)
    assert one.reductions == other.reductions
    assert shape(one.declarations) == shape(other.declarations)
    assert whole == larks_whole
    return whole


def test_fixtures(path):
    assert check_alike(text_of(path))


def test_soft_words_are_told_from_names_alike():
    assert check_alike("\n".join(
        f"dim {w} object o_{w} = {w} where {w} divides {w} morphism {w}[{w}]({w} : {w} -> {w}) : {w} -> {w} state {w} "
        f"= let {w} = {w} as {w} in ({w} : {w}) |-> {w}.{w}({w}[{w} = {w}], rearrange({w} -> {w})) in eval {w}"
        for w in tables.SOFT))


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**40), st.sampled_from((sentence, body)))
def test_sentences(seed, made):
    """Random derivations of the grammar; soft words as names may make others of them, or none, for both alike."""
    check_alike(made(seed))


def test_sentences_are_long_enough_to_mean_something():
    texts = [made(seed) for seed in range(200) for made in (sentence, body)]
    assert sum(len(text.split()) for text in texts) > 8000
    words = {word for text in texts for word in text.split()}
    assert len(set(parser.tables().words) - words) <= 3
