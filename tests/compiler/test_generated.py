"""Checked means runs: what the checker accepts compiles and runs, at any sizes, under any batch; what is an edit away
from that is refused.

A slice of it runs everywhere; ``CATLANG_GENERATED=2000`` runs that many of each.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catlang
from catlang.checking import check_source
from catlang.source import decoded

from .generated import GIVEN, OPEN, Pair, Specification, mistakes, specifications

CASES = int(os.environ.get("CATLANG_GENERATED", "120"))
slice_of = settings(max_examples=CASES, deadline=None, derandomize=CASES == 120, print_blob=True,
                    suppress_health_check=list(HealthCheck))
FILE = "generated.cat"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def element(obj: Any, sizes: dict[str, int], batch: tuple[int, ...]) -> Any:
    """An element of the object for each index of the batch."""
    if isinstance(obj, Pair):
        return element(obj.left, sizes, batch), element(obj.right, sizes, batch)
    shape = (*batch, *obj.shape(sizes))
    if obj.base == "R":
        return torch.randn(shape, requires_grad=True)
    if obj.base == "Bool":
        return torch.rand(shape) < 0.5
    return torch.randint(eval(obj.base[4:-1], {}, dict(sizes)), shape)


def flat(value: Any) -> list[torch.Tensor]:
    return [one for part in value for one in flat(part)] if isinstance(value, tuple) else [value]


def at(value: Any, index: Any) -> Any:
    return tuple(at(part, index) for part in value) if isinstance(value, tuple) else value[index]


def conforms(value: Any, obj: Any, sizes: dict[str, int], batch: tuple[int, ...]) -> None:
    """Whether a value is an element of the object for each index of the batch."""
    if isinstance(obj, Pair):
        assert isinstance(value, tuple) and len(value) == 2
        conforms(value[0], obj.left, sizes, batch), conforms(value[1], obj.right, sizes, batch)
        return
    assert value.shape == (*batch, *obj.shape(sizes)), obj
    assert value.dtype == {"R": torch.float32, "Bool": torch.bool}.get(obj.base, torch.int64)


def called(net: torch.nn.Module, domain: Any, value: Any) -> Any:
    return net(*value) if isinstance(domain, Pair) else net(value)


@slice_of
@given(specifications(), st.data())
def test_what_checks_runs(specification: Specification, data: st.DataObject) -> None:
    torch.manual_seed(0)
    Path(FILE).write_text(specification.text(), encoding="utf-8")
    net = catlang.compile(FILE, "net", **GIVEN)
    for batch in [(), (2,), (3, 2)]:
        sizes = GIVEN | {name: data.draw(st.integers(*limits), label=name) for name, limits in OPEN.items()}
        value = element(specification.domain, sizes, batch)
        out = called(net.train(), specification.domain, value)
        conforms(out, specification.codomain, sizes, batch)
        learnt = [one for one in flat(out) if one.requires_grad]
        if learnt:
            sum(one.sum() for one in learnt).backward()
    # One element of a batch at a time gives the same as all at once.
    with torch.no_grad():
        net.eval()
        whole = called(net, specification.domain, value)
        single = called(net, specification.domain, at(value, (1, 0)))
    if not stochastic(specification.text()):
        for one, other in zip(flat(at(whole, (1, 0))), flat(single), strict=True):
            if one.is_floating_point():
                torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3, equal_nan=True)


def stochastic(text: str) -> bool:
    return "normal()" in text


@slice_of
@given(mistakes())
def test_what_is_an_edit_away_is_refused(text: str) -> None:
    module = check_source(decoded(text.encode(), FILE, None))
    assert any(found.severity == "error" for found in module.bag)
    Path(FILE).write_text(text, encoding="utf-8")
    with pytest.raises(catlang.compiler.CompileError):
        catlang.compile(FILE, "net", **GIVEN)
