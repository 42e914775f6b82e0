"""Seeds, and the precision of everything that a test makes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def dtype(request: pytest.FixtureRequest) -> Iterator[torch.dtype]:
    """The precision of everything that a test makes; double where it does not ask."""
    chosen = getattr(request, "param", torch.float64)
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(chosen)
    yield chosen
    torch.set_default_dtype(before)


@pytest.fixture
def double() -> Iterator[None]:
    """Seeded, and in double precision."""
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
