"""Words and signs: which are reserved, which are only sometimes, how they may be spelled, what is trivia."""

from __future__ import annotations

import unicodedata

import pytest

from catlang.grammar import tables
from catlang.source import scan_characters
from catlang.span import Source
from catlang.syntax import parser, tree

from .material import expression, only, read, shape

RESERVED = sorted(set(parser.tables().words) - {"_"})


@pytest.mark.parametrize("word", RESERVED)
def test_a_reserved_word_is_no_name(word):
    header = "morphism f"
    for text in (f"dim {word}", f"{header}[{word}] : A -> B = g", f"{header} : A -> B = let {word} = g in g"):
        parsed = read(text)
        assert len(parsed.diagnostics) == 1, text


@pytest.mark.parametrize("word", tables.SOFT)
def test_a_soft_word_is_a_name_wherever_one_may_stand(word):
    assert only(f"dim {word}").items[0].name == word
    assert only(f"param {word} : real").name == word
    assert only(f"object {word}[{word}] = {word}").generics[0].name == word
    node = only(f"morphism {word}[{word} : {word}]({word} : {word}) : {word} -> {word} "
                f"= {word} >> {word} as {word} >> {word}.{word}")
    assert isinstance(node, tree.Morphism)
    assert (node.name, node.parameters[0].name) == (word, word)
    assert expression(f"({word}, {word}) |-> {word}({word})").pattern.items[0].text == word
    assert expression(f"let {word} = {word} in {word}").bindings[0].pattern.text == word
    assert expression(f"rearrange({word} -> {word})").target.items[0].text == word
    assert expression(f"f[{word} = {word}] init ({word} = {word}({word}))").body.arguments[0].name == word
    assert only(f'import "a.cat" ({word} = 2) as {word}').alias == word


@pytest.mark.parametrize("word", sorted({*RESERVED, *tables.SOFT}))
def test_what_begins_or_ends_like_a_word_is_a_name(word):
    for name in (f"{word}_", f"{word}2", f"{word}x", f"x{word}", word.capitalize()):
        if name != word and name not in parser.tables().words:
            assert only(f"dim {name}").items[0].name == unicodedata.normalize("NFKC", name)


@pytest.mark.parametrize(("one", "other"), [
    ("morphism f : A × B → C = (x ↦ g(x)) where n ≤ 1, m ≥ 2, k ≠ 3",
     "morphism f : A * B -> C = (x |-> g(x)) where n <= 1, m >= 2, k != 3"),
    ("morphism f[s…] : R[s…] -> A = …", "morphism f[s...] : R[s...] -> A = ..."),
    ("object A = μ F + ν G", "object A = mu F + nu G"),
    ("cell c : f ⇒ g = r", "cell c : f => g = r"),
    ("dim past ≥ 0", "dim past >= 0"),
    ("law l ∀ (x : A) : f(x) ≤ g(x)", "law l (x : A) : f(x) <= g(x)"),
])
def test_a_sign_means_the_same_in_unicode(one, other):
    assert shape(only(one)) == shape(only(other))


@pytest.mark.parametrize(("one", "other"), [
    ("ﬁn", "fin"), ("ℝ", "R"), ("ℕ", "N"), ("Ａ", "A"), ("x₁", "x1"), ("K", "K"), ("Å", "Å"),
])
def test_names_are_folded(one, other):
    assert only(f"dim {one}").items[0].name == other
    first, second = (expression(f"{name} >> {name}.{name} as {name}") for name in (one, other))
    assert shape(first) == shape(second)


@pytest.mark.parametrize("text", ["dim α, β₁, Ж, Ünï, ﬀ, ℓ", "object ℳ = R[1]"])
def test_letters_of_other_scripts_are_letters(text):
    assert not read(text).diagnostics


@pytest.mark.parametrize("character", "·\u037eͺ℀℃℅⅀™🙂²“@$&;!")
def test_what_is_no_letter_is_told(character):
    [found] = read(f"dim a{character}").diagnostics
    assert found.labels[0].span.text == character


def test_comments_and_blanks_are_trivia():
    plain = read("dim n object A = R[n]")
    spaced = read("# first\n\n  dim\t# dim m\r\n n ## no\n\nobject A # =\n= R[n] # last")
    assert shape(plain.declarations) == shape(spaced.declarations)
    assert not spaced.diagnostics


@pytest.mark.parametrize("text", ["", "#", "# a", "\n", " \t\n# b\n  ", "\ufeff"])
def test_a_text_may_be_empty(text):
    parsed = read(text)
    assert parsed.declarations == []
    assert parsed.diagnostics == [] or text == "\ufeff"


def test_documentation_is_the_comment_directly_above():
    source = Source("test.cat", None, "## Not of n.\n\n## Of\n##   n.\ndim n\n# plain\ndim m\n#### a rule\n## Of d.\n"
                    "  dim d\ndim e ## not of f\ndim f")
    docs = {node.items[0].name: source.doc(node.start) for node in parser.parse(source).declarations}
    assert docs == {"n": "Of\n  n.", "m": None, "d": "Of d.", "e": None, "f": None}


def test_characters_that_turn_a_text_around_are_refused():
    found = scan_characters(Source("test.cat", None, "dim n # \u202eand\u2066\ndim m"))
    assert [one.code for one in found] == ["E0007", "E0007"]


@pytest.mark.parametrize(("text", "value"), [
    ("0", 0), ("007", 7), ("1_000", 1000), ("1.5", 1.5), ("1e3", 1000.0), ("2.5E-1", 0.25), ("1e+2", 100.0),
])
def test_numbers(text, value):
    found = expression(text)
    assert isinstance(found, tree.Number)
    assert (found.value, type(found.value)) == (value, type(value))


@pytest.mark.parametrize("text", ["1e999", "9" * 100])
def test_numbers_end(text):
    assert [found.code for found in read(f"morphism f : A -> B = {text}").diagnostics] == ["E0107"]


def test_nesting_ends():
    """Past a depth that nobody writes there is one message, and no later stage need fear for its stack."""
    for text in ("(" * 300 + "f" + ")" * 300, "[" * 180 + "f" + "]" * 180, "-" * 5000 + "1",
                 "f" + "(x)" * 5000, "a >> b >> (" * 160 + "c" + ")" * 160, "x |-> " * 400 + "x", "a^" * 400 + "a"):
        found = read(f"morphism f : A -> B = {text}").diagnostics
        assert [one.code for one in found] == ["E0106"], text[:20]
    for text in (" >> ".join("f" * 5000), " * ".join("f" * 5000), " ∘ ".join("f" * 5000)):
        assert expression(text).depth == 1
    inner = "a >> b >> (" * 70 + "c" + ")" * 70
    assert expression(inner).depth <= tree.DEEPEST
