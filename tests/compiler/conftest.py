"""Specifications written in a test, compiled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import catlang


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., nn.Module]:
    """Compiles the morphism `net`, or another, of a text; the file is `model.cat`."""
    monkeypatch.chdir(tmp_path)

    def compile(text: str, name: str = "net", **given: Any) -> nn.Module:
        Path("model.cat").write_text(text, encoding="utf-8")
        return catlang.compile("model.cat", name, **given)

    return compile
