"""The formatter: a text in the one style of catlang, with the same tree and the same comments.

``concrete`` reads a text into a tree that still has every token; ``expressions`` and ``declarations`` make of each of
its nodes a document, by the algebra in ``document``; ``comments`` puts the comments at the breaks of a document;
``printer`` chooses which breaks are taken; ``arrange`` sets the declarations one below the other and aligns what stands
in columns; ``sameness`` holds what came out to what went in.

The style is that of the library. Lines are at most 120 characters long, as there, and a definition shares the line of
its header up to 100. A declaration that fits on a line is one line; else its definition, its banks and its ``where``
each begin a line of their own, and where the header alone is too long its type does too. A chain that does not fit has
one part a line, ``>>`` in front. What stands in brackets is aligned behind the bracket. A ``let`` of more than 70
characters has a line for each binding, the ``=`` below each other. Products are written close, ``2*d``, where sizes
stand, and apart, ``A * B``, elsewhere.

What the author chose stays: parentheses, the spelling of names and numbers, ``∘`` or ``>>``, where a blank line stands
between declarations (of several one), what is a comment beside code and what one on a line of its own. What has no
meaning goes: commas at the end of lists, blank lines in a declaration, blanks at the end of lines, carriage returns, a
byte order mark; the signs that have two spellings are written in ASCII.

>>> print(formatted("dim n   object A=R[ 2 * n ,]# doubled\\nmorphism f:A→A=affine>>(relu)"), end="")
dim n
object A = R[2*n]  # doubled
morphism f : A -> A = affine >> (relu)
>>> formatted("morphism f : A -> = relu")
Traceback (most recent call last):
    ...
catlang.formatter.Unparsed: <text>:1:19: error[E0100]: expected an expression, found `=`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.span import Source

if TYPE_CHECKING:
    from catlang.diagnostic import Diagnostic


class Unparsed(ValueError):
    """A text that is not formatted, since it does not parse; ``diagnostics`` say why."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        from catlang.report import render

        super().__init__("\n".join(render(one, "concise") for one in diagnostics))
        self.diagnostics = diagnostics


class Altered(Exception):
    """A mistake of the formatter's own: what it made of a text says something else than the text."""


def formatted(text: str) -> str:
    """A text in the style of catlang; raises :class:`Unparsed` where it does not parse."""
    return formatted_source(Source("<text>", None, text.removeprefix("\ufeff")))


def formatted_source(source: Source) -> str:
    """The text of a source in the style of catlang; raises :class:`Unparsed` where it does not parse, and
    :class:`Altered` rather than give a text that says something else."""
    from catlang.collector import paused
    from catlang.formatter.arrange import arranged
    from catlang.formatter.concrete import read
    from catlang.formatter.sameness import difference
    from catlang.source import scan_characters
    from catlang.syntax.parser import parse

    parsed = parse(source)
    # What is read and not there yet, E0901, is no mistake of syntax.
    diagnostics = [*scan_characters(source), *(found for found in parsed.diagnostics if found.code != "E0901")]
    if diagnostics:
        raise Unparsed(diagnostics)
    with paused():
        text = arranged(read(source.text), source.text)
        found = difference(source, parsed, Source(source.name, source.path, text))
    if found:
        raise Altered(f"the formatted text {found}")
    return text
