"""The prelude: the signature of every primitive makes sense, and no name is declared twice."""

from __future__ import annotations

import os
import re

from catlang.checker.loader import LIBRARY, Loader
from catlang.span import Source
from catlang.syntax import tree
from catlang.syntax.parser import parse

with open(os.path.join(LIBRARY, "prelude.cat"), encoding="utf-8") as file:
    SOURCE = Source("<prelude>", None, file.read())


def test_every_header_makes_sense():
    prelude = Loader(None).prelude
    for name in prelude.declared_names():
        definition = prelude.scope.find(name)
        prelude.header(definition)
        assert definition.state == "done", name
    assert list(prelude.bag) == []


def test_the_index_by_lines_finds_what_the_parser_finds():
    """Declarations of the library are read one at a time, found by a pattern."""
    parsed = parse(SOURCE)
    assert parsed.diagnostics == []
    assert all(isinstance(node, tree.Primitive) for node in parsed.declarations)
    assert [node.name for node in parsed.declarations] == Loader(None).prelude.declared_names()


def test_what_its_name_does_not_say_is_documented():
    """A primitive with parameters or weights has something to explain, or a layer of PyTorch's to name."""
    said = re.compile(r"conv|norm|elu|parameter$")
    for node in parse(SOURCE).declarations:
        if any(bank.kind in ("noise", "copies") for bank in node.banks) or node.parameters:
            assert SOURCE.doc(node.start), node.name
        elif any(bank.kind == "weights" for bank in node.banks):
            assert SOURCE.doc(node.start) or said.search(node.name), node.name
