"""The examples of the language as fixtures: what is in reach checks, what is to come says so, once a construct.

A line that ends in ``not yet`` is the only kind that may have a mistake. When a construct lands, the mark goes.
"""

from __future__ import annotations

import os

from catlang.checking import check_file

from .material import text_of


def test_fixtures(path):
    module = check_file(path)
    spans = [(mistake.code, mistake.labels[0].span) for mistake in module.bag]
    found = [(code, span.source.position(span.start)[0]) for code, span in spans]
    wanted = "E0207" if os.path.basename(path) == "holes.cat" else "E0901"
    mark = ">> ... >>" if wanted == "E0207" else "not yet"
    lines = text_of(path).splitlines()
    assert sorted(found) == [(wanted, number) for number, line in enumerate(lines, 1) if mark in line]


def test_what_has_no_mistake_has_a_diagram(path):
    module = check_file(path)
    broken = [definition.name for definition in module.definitions if definition.state != "done"]
    assert bool(broken) <= bool(list(module.bag)), broken


def test_documentation_is_what_stands_above(path):
    """``##`` belongs to the declaration below it."""
    if os.path.basename(path) != "declarations.cat":
        return
    module = check_file(path)
    docs = {definition.name: module.source.doc(definition.node.start) for definition in module.definitions}
    assert docs["heads"] == "Every part of an image of `n` heads goes its own way.\n\nA second paragraph."
    assert docs["net"] is None
