"""The grammar is the one source of syntax: strict LALR, and the tables that ship are what Lark makes of it."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest

from catlang.grammar import tables
from catlang.syntax.builder import Builder
from catlang.syntax.tables import DECLARATION

with open(tables.TABLES, encoding="utf-8") as file:
    SHIPPED = json.load(file)
#: The words that the language keeps for itself.
RESERVED = """
    import dim param object morphism primitive frozen init law endofunctor algebra coalgebra transformation
    translation monad theory semiring category cocycle extension strength hom budget let in where over along
    mu nu rearrange repeat contract reduce μ ν _
    """


def test_the_grammar_has_no_conflicts_and_its_terminals_do_not_collide():
    pytest.importorskip("interegular")
    tables.lark()  # strict: it raises at a conflict


def test_the_tables_are_those_of_the_grammar():
    with open(tables.TABLES, encoding="utf-8") as file:
        shipped = file.read()
    assert tables.text(strict=False) == shipped, "run `python -m catlang.grammar.tables`"
    assert tables.text(strict=False) == shipped, "the tables are made in another way each time"


def test_every_rule_has_a_method_of_the_builder():
    methods = {row[2] for row in SHIPPED["rules"] if row[2] is not None and not row[3]}
    assert [name for name in sorted(methods) if not hasattr(Builder, name)] == []


def test_reserved_words_are_those_that_no_name_may_be():
    assert set(SHIPPED["words"]) == set(RESERVED.split())
    name = re.compile(SHIPPED["patterns"]["NAME"])
    assert [word for word in RESERVED.split() if name.fullmatch(word)] == []
    assert [word for word in RESERVED.split() if not name.fullmatch(f"{word}_")] == []


def test_soft_words_are_names_too():
    assert set(SHIPPED["soft"]) == set(tables.SOFT)
    name = re.compile(SHIPPED["patterns"]["NAME"])
    assert [word for word in tables.SOFT if not name.fullmatch(word)] == []


def test_the_words_of_declarations_are_the_grammars():
    starting = {spelling for spelling, terminal in {**SHIPPED["words"], **SHIPPED["soft"]}.items()
                if terminal in SHIPPED["states"][SHIPPED["start"]]}
    assert set(DECLARATION) == starting


def test_names_fold_into_names():
    """NFKC never leads out of the identifiers, nor out of what Python calls one."""
    name = re.compile(SHIPPED["patterns"]["NAME"])
    taken = [text for point in range(0x80, 0x20000) for text in (chr(point), f"a{chr(point)}") if name.fullmatch(text)]
    folded = {text: unicodedata.normalize("NFKC", text) for text in taken}
    assert [one for one, other in folded.items() if not (other.isidentifier() and name.fullmatch(other))] == []
