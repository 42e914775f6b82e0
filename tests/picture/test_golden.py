"""Pictures as text, character by character, and that they are the same whatever the seed of hashes is.

``CATLANG_UPDATE=1`` writes the files anew; look at what was written before it is kept.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import catlang

from .specs import FILES, NAMES, REPOSITORY, picture_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", NAMES)
def test_text(name: str) -> None:
    for depth in (None, 2):
        found = picture_of(name, depth).text
        file = GOLDEN / (f"{name}.txt" if depth is None else f"{name}_{depth}.txt")
        if os.environ.get("CATLANG_UPDATE"):
            file.write_text(found, encoding="utf-8")
        assert found == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["speech", "unet"])
def test_it_is_the_same_at_every_seed(name: str) -> None:
    """In processes of their own, since a seed is one process's."""
    path, morphism = FILES[name]
    found = set()
    for seed in ("0", "1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(catlang.__file__).parents[1])}
        digest = hashlib.sha256()
        for kind in ("svg", "html", "txt"):
            done = subprocess.run([sys.executable, "-m", "catlang", "show", f"{path}::{morphism}", "--format", kind,
                                   "--depth", "9"], cwd=REPOSITORY, capture_output=True, env=environment, timeout=120)
            assert done.returncode == 0, done.stderr
            digest.update(done.stdout)
        found.add(digest.hexdigest())
    assert len(found) == 1
