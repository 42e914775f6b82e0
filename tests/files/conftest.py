"""Folders of files that import each other, and what is said of them by way of the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = {
    "base.cat": "dim d\nobject Hidden = R[d]\nmorphism block : Hidden -> Hidden = affine >> relu\n",
    "left.cat": 'import "base.cat" as base\nmorphism f : base.Hidden -> base.Hidden = base.block >> base.block\n',
    "right.cat": 'import "base.cat" as base\nmorphism g : R[3] -> R[4] = affine[_, 5] >> relu\n',
    "deep/top.cat": 'import "../left.cat" as left\nimport "../lost.cat" as lost\nmorphism h : R[3] -> R[4] = rleu\n',
    "alone.cat": "morphism k[m] : R[3] -> R[3] = relu\n",
    "none.cat": "",
}

Run = Callable[..., subprocess.CompletedProcess[str]]


def written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(written(place, FILES))
    return place


@pytest.fixture
def check() -> Run:
    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "catlang", "check", *arguments], capture_output=True, text=True,
                              encoding="utf-8", timeout=120, stdin=subprocess.DEVNULL,
                              env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment})

    return run
