"""Protects the picture of an extern: its class stands in its box, which may have each of the banks."""

from __future__ import annotations

from pathlib import Path

import catlang

SPEC = """\
dim n
extern morphism encoder : R[n, 4] -> R[n, 4] = python "models:Encoder"
morphism net : R[n, 4] -> R[n, 2] = encoder >> each(affine)
"""


def test_an_extern_is_a_box_with_its_class(tmp_path: Path) -> None:
    path = tmp_path / "net.cat"
    path.write_text(SPEC, encoding="utf-8")
    text = catlang.show(path, "net").text
    assert "encoder" in text and "models:Encoder" in text
    assert all(f"{bank}" in text for bank in ("weights", "state", "noise"))
