"""Networks for PyTorch's tools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import catlang

SPEC = Path(__file__).parent / "networks.cat"


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def compiled() -> Callable[..., nn.Module]:
    """A morphism of `networks.cat`."""
    def compile(name: str, **given: Any) -> nn.Module:
        torch.manual_seed(0)
        return catlang.compile(SPEC, name, **{} if name == "vision" else {"d": 8}, **given)

    return compile
