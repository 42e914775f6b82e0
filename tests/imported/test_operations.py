"""Protects the rows of the importer's table, by small modules of few operations each, there and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from roundtrip import apart, exported
from small_modules import CASES

import catlang

#: Those whose input is whole numbers that are no indices and no truth values.
COMPUTED = ("numbers that are whole", "rows at computed places")


@pytest.mark.parametrize("name", CASES)
def test_there_and_back(name: str, tmp_path: Path) -> None:
    model, args = CASES[name]()
    for buffer in model.buffers():
        if buffer.dtype.is_floating_point:
            buffer.uniform_(0.5, 1.5)
    path = exported(model, args, tmp_path / "model.pt2")
    made = catlang.import_program(path)
    (tmp_path / "model.cat").write_text(made.text, encoding="utf-8")
    net = catlang.compile(tmp_path / "model.cat", made.name).eval()
    catlang.load(net, model.state_dict(), rename=made.rename)
    for batch in (1, 3):
        inputs = [torch.cat([one, one])[:batch] for one in args]
        with torch.no_grad():
            theirs = model(*inputs)
        # A compiled network takes numbers where it computes with them.
        given = [one.float() if name in COMPUTED else one for one in inputs]
        assert apart(lambda *_, found=theirs: found, net, *given) < 1e-5
