"""Specs beside the modules that they name, in a folder of their own from which both are found."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a spec beside `outside.py`, in the current folder; gives its name."""
    shutil.copy(Path(__file__).parent / "outside.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "outside", raising=False)

    def write(text: str) -> str:
        (tmp_path / "spec.cat").write_text(text, encoding="utf-8")
        return "spec.cat"

    return write
