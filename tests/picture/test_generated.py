"""Whatever checks can be drawn: specs made at random, each morphism at every depth, in every form but PNG."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catlang.checker.entry import Definition
from catlang.checking import check_file, check_source
from catlang.picture.picture import Picture
from catlang.span import Source

from .specs import REPOSITORY

_SPEC = importlib.util.spec_from_file_location("generated_specs", REPOSITORY / "tests" / "compiler" / "generated.py")
assert _SPEC is not None and _SPEC.loader is not None
generated: Any = importlib.util.module_from_spec(_SPEC)
sys.modules["generated_specs"] = generated
_SPEC.loader.exec_module(generated)

CASES = int(os.environ.get("CATLANG_GENERATED", "40"))
slice_of = settings(max_examples=CASES, deadline=None, derandomize=CASES == 40, print_blob=True,
                    suppress_health_check=list(HealthCheck))


def draw(picture: Picture) -> None:
    for text in (picture.svg, picture.html.partition("<main>")[2].partition("</main>")[0]):
        ElementTree.fromstring(text)
        assert "NaN" not in text and "inf" not in text.partition("<g")[0]
    lines = picture.text.splitlines()
    assert lines[0] == picture.heading and len(lines) > 2


@slice_of
@given(generated.specifications(), st.sampled_from((None, 0, 1, 30)))
def test_what_checks_can_be_drawn(spec: Any, depth: int | None) -> None:
    module = check_source(Source("generated.cat", None, spec.text()))
    assert not module.bag.errors
    for definition in module.definitions:
        if not definition.primitive:
            draw(Picture(module, definition, None, depth))


FILES = sorted(str(path.relative_to(REPOSITORY)) for folder in ("tests", "examples", "catlang/library/std")
               for path in (REPOSITORY / folder).rglob("*.cat") if "mistakes" not in path.parts)


@pytest.mark.parametrize("path", FILES)
def test_all_of_the_repository_can_be_drawn(path: str) -> None:
    module = check_file(str(REPOSITORY / path))
    if module.bag.errors:
        pytest.skip("a file that is meant to be wrong")
    for definition in module.scope.names.values():
        if isinstance(definition, Definition) and not definition.primitive:
            for depth in (None, 30):
                draw(Picture(module, definition, None, depth))


def test_the_folder_is_found() -> None:
    assert len(FILES) > 30 and Path(REPOSITORY / FILES[0]).exists()
