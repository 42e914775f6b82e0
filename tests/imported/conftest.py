"""Models to be imported: each is exported once, whichever tests want it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[nn.Module, Path]]:
    """A model of `exported_models.py`, and the `.pt2` file of it."""
    pytest.importorskip("transformers")
    from exported_models import CASES, made
    from roundtrip import exported

    folder = tmp_path_factory.mktemp("exported")
    done: dict[str, tuple[nn.Module, Path]] = {}

    def save(name: str) -> tuple[nn.Module, Path]:
        if name not in done:
            case = CASES[name]
            model = made(case)
            done[name] = model, exported(model, (), folder / f"{name}.pt2", case.inputs(2, 7), case.dynamic())
        return done[name]

    return save
