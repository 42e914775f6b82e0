"""Pictures as text can be followed: two strands share a character only where one crosses the other straight."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from catlang.checking import check_source
from catlang.picture import terminal
from catlang.picture.picture import Picture
from catlang.picture.terminal import DOWN, LEFT, RIGHT, UP, Canvas
from catlang.span import Source

from .specs import NAMES, REPOSITORY, picture_of, picture_of_text

_SPEC = importlib.util.spec_from_file_location("generated_specs", REPOSITORY / "tests" / "compiler" / "generated.py")
assert _SPEC is not None and _SPEC.loader is not None
generated: Any = importlib.util.module_from_spec(_SPEC)
sys.modules["generated_specs"] = generated
_SPEC.loader.exec_module(generated)


class Checking(Canvas):
    """Looks at where strands meet before they are written."""

    def settle(self) -> None:
        for place, lines in self.wires.items():
            if len(lines) > 1:
                ways = sorted(ways for ways, _ in lines.values())
                assert ways == [LEFT | RIGHT, UP | DOWN], (place, ways)
        super().settle()


def drawn(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as patch:
        patch.setattr(terminal, "Canvas", Checking)
        return picture.text


@pytest.mark.parametrize("depth", [0, 1, 20])
@pytest.mark.parametrize("name", NAMES)
def test_strands_only_cross(name: str, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(picture_of(name, depth), monkeypatch)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(generated.specifications())
def test_strands_of_generated_ones_only_cross(spec: Any) -> None:
    module = check_source(Source("generated.cat", None, spec.text()))
    for definition in module.definitions:
        if not definition.primitive:
            with pytest.MonkeyPatch.context() as patch:
                drawn(Picture(module, definition, None, 30), patch)


@pytest.mark.parametrize(("order", "crossings"), [("y, x", 1), ("z, x, y", 2), ("z, y, x", 3), ("y, x, z", 1)])
def test_permutations(order: str, crossings: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that wait for each other go up and down in two places, and cross no more often than they have to."""
    names = sorted(order.split(", "))
    objects = {name: f"R[{place + 3}]" for place, name in enumerate(names)}
    text = (f"morphism f : {' * '.join(objects.values())} -> {' * '.join(objects[name] for name in order.split(', '))}"
            f" = ({', '.join(names)}) |-> ({order})")
    found = drawn(picture_of_text(text, "f"), monkeypatch)
    assert Counter(found)["┼"] >= crossings
    assert set(found) <= set("┼─│╭╮╰╯ \n") | set(text)
