"""How a mistake is shown: one exact report for each thing that a layout must cope with."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from catlang.diagnostic import Diagnostic, Label
from catlang.report import render, summary
from catlang.span import Source, Span

# A label as the tests write it: what it points at, its text, and whether it is primary.
Pointed = tuple[str, str] | tuple[str, str, bool]


def labelled(source: Source, *pointed: Pointed) -> list[Label]:
    labels = []
    for needle, text, *primary in pointed:
        start = source.text.index(needle)
        labels.append(Label(Span(source, start, start + len(needle)), text, *primary))
    return labels


def picture(text: str, *pointed: Pointed) -> str:
    """What is drawn below the place, without the frame's first line."""
    diagnostic = Diagnostic("E0301", "headline", labelled(Source("model.cat", None, text), *pointed))
    return "\n".join(render(diagnostic).split("\n")[3:])


def drawn(text: str) -> str:
    """An expected picture, as it stands indented in a test."""
    return dedent(text).strip("\n")


CHAIN = "morphism net : A -> B =\n  f >> k\n"


def test_all_of_a_report() -> None:
    labels = labelled(Source("model.cat", None, CHAIN), (">>", "differ"), ("A", "declared here", False))
    diagnostic = Diagnostic(
        "E0301", "`f` and `k` do not compose", labels, ["axis 0 is 3\nand 2"], ["write one", "or other"]
    )
    assert render(diagnostic) == drawn("""
        error[E0301]: `f` and `k` do not compose
         --> model.cat:2:5
          |
        1 | morphism net : A -> B =
          |                - declared here
        2 |   f >> k
          |     ^^ differ
          |
          = why: axis 0 is 3
                 and 2
          = help: write one
          = help: or other
    """)


def test_a_warning_in_one_line() -> None:
    labels = labelled(Source("model.cat", None, CHAIN), ("k", "here"))
    diagnostic = Diagnostic("W0101", "`k` is\nunused", labels, severity="warning")
    assert render(diagnostic, "concise") == "model.cat:2:8: warning[W0101]: `k` is␊unused"


def test_without_a_place() -> None:
    diagnostic = Diagnostic("E0901", "no dim is called `q`", help=["did you mean `k`?"])
    assert render(diagnostic, "concise") == "error[E0901]: no dim is called `q`"
    assert render(diagnostic) == drawn("""
        error[E0901]: no dim is called `q`
          = help: did you mean `k`?
    """)


def test_a_file_of_which_nothing_was_read() -> None:
    labels = [Label(Span(Source("modle.cat", None, ""), 0, 0))]
    diagnostic = Diagnostic("E0001", "no file `modle.cat`", labels, help=["did you mean `model.cat`?"])
    assert render(diagnostic) == drawn("""
        error[E0001]: no file `modle.cat`
         --> modle.cat
          = help: did you mean `model.cat`?
    """)


def test_labels_of_one_line_hang_from_bars() -> None:
    labels = ("f", "gives `R[3]`", False), (">>", "differ"), ("k", "takes `R[2]`", False)
    assert picture(CHAIN, *labels) == drawn("""
        2 |   f >> k
          |   - ^^ - takes `R[2]`
          |   | |
          |   | differ
          |   gives `R[3]`
    """)


def test_a_label_within_another() -> None:
    assert picture(CHAIN, ("f >> k", "this", False), (">>", "differ")) == drawn("""
        2 |   f >> k
          |   --^^--
          |   | |
          |   | differ
          |   this
    """)


def test_two_labels_of_one_span() -> None:
    assert picture(CHAIN, ("k", "one", False), ("k", "other")) == drawn("""
        2 |   f >> k
          |        ^ other
          |        |
          |        one
    """)


def test_labels_without_text_are_underlined_only() -> None:
    assert picture(CHAIN, ("f", ""), ("k", "", False)) == drawn("""
        2 |   f >> k
          |   ^    -
    """)


def test_one_line_between_is_shown_and_more_are_left_out() -> None:
    text = "a\n1\nb\n2\n3\nc\n4\n5\n6\n7\nd\n"
    assert picture(text, ("a", "a"), ("b", "b", False), ("c", "c", False), ("d", "d", False)) == drawn("""
        1  | a
           | ^ a
        2  | 1
        3  | b
           | - b
        ...
        6  | c
           | - c
        ...
        11 | d
           | - d
    """)


FOLD = "morphism go = fold(\n  [a,\n   b,\n\n   c])\n"


def test_several_lines_from_the_first_word() -> None:
    assert picture(FOLD, (FOLD.rstrip("\n"), "this")) == drawn("""
        1 | / morphism go = fold(
        ... |
        5 | |    c])
          | |______^ this
    """)


def test_several_lines_from_within_one() -> None:
    assert picture(FOLD, ("fold(\n  [a", "this")) == drawn("""
        1 |   morphism go = fold(
          |  _______________^
        2 | |   [a,
          | |____^ this
    """)


def test_a_label_over_several_lines_beside_others() -> None:
    assert picture(FOLD, ("= fold(\n  [a,", "this"), ("go", "name", False), ("a,", "a", False)) == drawn("""
        1 |   morphism go = fold(
          |            -- ^
          |            |  |
          |  __________|__|
          | |          name
        2 | |   [a,
          | |    -^
          | |    ||
          | |____|| this
          |      a
    """)


def test_one_over_several_lines_within_another() -> None:
    assert picture(FOLD, ("= fold(\n  [a,\n   b,", "all", False), ("[a,\n   b", "part")) == drawn("""
        1 |     morphism go = fold(
          |  _______________-
        2 | | /   [a,
        3 | | |    b,
          | | |    ^-
          | | |    ||
          | |_|____|| all
          |   |____| part
    """)


def test_the_end_of_a_file() -> None:
    source = Source("model.cat", None, "dim n =\n")
    end = Label(Span(source, 8, 8), "expected a dimension")
    assert render(Diagnostic("E0101", "the file ends too soon", [end])) == drawn("""
        error[E0101]: the file ends too soon
         --> model.cat:2:1
          |
        2 |
          | ^ expected a dimension
    """)


def test_line_feeds_at_the_end_of_a_span_are_no_part_of_it() -> None:
    assert picture("dim n\n\n\ndim d\n", ("dim n\n\n\n", "here")) == picture("dim n\n", ("dim n", "here"))


def test_tabs_wide_characters_and_combining_marks_keep_columns() -> None:
    assert picture("\tdim\t自然 = e\u0301x\n", ("自然", "wide"), ("x", "x", False)) == drawn("""
        1 |     dim    自然 = e\u0301x
          |            ^^^^    - x
          |            |
          |            wide
    """)


def test_a_long_line_is_shown_around_its_labels() -> None:
    text = "x" * 500 + "bad" + "y" * 500 + "worse" + "z" * 500
    line, marks, *_ = picture(text, ("bad", "one"), ("worse", "two", False)).split("\n")
    assert len(line) < 170
    assert re.fullmatch(r"1 \| …x+bady+…y+worsez+…", line)
    assert marks.index("^^^") == line.index("bad")
    assert marks.index("-----") == line.index("worse")


def test_a_long_label_is_shown_around_its_ends() -> None:
    text = "x" * 500 + "y" * 500 + "z" * 500
    line, marks = picture(text, ("y" * 500, "here")).split("\n")
    assert re.fullmatch(r"1 \| …x+y+…y+z+…", line)
    assert (marks.index("^"), marks.rindex("^")) == (line.index("y"), line.rindex("y"))


def test_a_second_source() -> None:
    net = Source("net.cat", None, "\n" * 11 + "morphism net = f\n")
    blocks = Source("blocks.cat", None, "morphism f = id\n")
    labels = [*labelled(blocks, ("f", "declared here", False)), *labelled(net, ("f", "used here"))]
    assert render(Diagnostic("E0301", "headline", labels, why=["so"])) == drawn("""
        error[E0301]: headline
          --> net.cat:12:16
           |
        12 | morphism net = f
           |                ^ used here
           |
          ::: blocks.cat:1:10
           |
        1  | morphism f = id
           |          - declared here
           |
           = why: so
    """)


def test_what_steers_a_terminal_is_shown_and_never_sent() -> None:
    hostile = "\x1b[2J\u202e\x00\u2028"
    source = Source(f"{hostile}.cat", None, f"dim {hostile} d\n")
    label = Label(Span(source, 4, 5), f"{hostile}label")
    diagnostic = Diagnostic("E0301", f"{hostile}headline", [label], [f"{hostile}why"], [f"{hostile}help"])
    seen = "␛[2J<U+202E>␀<U+2028>"
    assert render(diagnostic, "concise") == f"{seen}.cat:1:5: error[E0301]: {seen}headline"
    assert render(diagnostic).split("\n") == [
        f"error[E0301]: {seen}headline",
        f" --> {seen}.cat:1:5",
        "  |",
        f"1 | dim {seen} d",
        f"  |     ^ {seen}label",
        "  |",
        f"  = why: {seen}why",
        f"  = help: {seen}help",
    ]


def test_colours_change_nothing_else() -> None:
    labels = labelled(Source("model.cat", None, FOLD), ("= fold(\n  [a,", "this"), ("go", "name", False))
    diagnostic = Diagnostic("E0301", "headline", labels, ["because"])
    coloured = render(diagnostic, color=True)
    assert coloured.startswith("\x1b[1;31merror[E0301]\x1b[0m\x1b[1m: headline\x1b[0m\n")
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(diagnostic)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="'full' and 'concise'"):
        render(Diagnostic("E0301", "headline"), "verbose")


def test_summary_counts_in_words() -> None:
    assert summary(1, 1, 1) == "1 error and 1 warning in 1 file"
    assert summary(0, 2, 3) == "2 warnings in 3 files"
    assert summary(0, 0, 1) == "no errors in 1 file"
