"""The source that specifications compile to, to the letter.

They protect that emission changes only where somebody wants it to: that the same specification gives the same source on
every machine, at every run. What the sources compute is held elsewhere, against networks written by hand.

After a wanted change: ``CATLANG_UPDATE_GOLDEN=1 pytest tests/golden_source``, and read the difference.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from catlang.compiler import emit
from catlang.compiler.loading import instantiate

HERE = Path(__file__).parent
SIZES = {
    "stack": {"d": 8},
    "image": {"c": 3, "width": 4},
    "sampler": {"d": 5},
    "adapted": {"d": 6, "v": 10, "r": 2},
    "experts": {"d": 4, "e": 3},
}
INPUTS = {
    "stack": ((2, 8),),
    "image": ((2, 3, 5, 7), (2, 4)),
    "sampler": ((2, 3, 5),),
    "adapted": ((2, 3),),
    "experts": ((2, 3, 4),),
}
every = pytest.mark.parametrize("name", SIZES)


def golden(name: str) -> Path:
    return HERE / f"{name}.golden"


@every
def test_source_is_as_it_was(name: str) -> None:
    source = emit(HERE / f"{name}.cat", "net", **SIZES[name])
    if os.environ.get("CATLANG_UPDATE_GOLDEN"):
        golden(name).write_text(source)
    assert source == golden(name).read_text()


@every
def test_source_runs_by_itself(name: str) -> None:
    network = instantiate(golden(name).read_text(), "net")
    inputs = [torch.randint(10, shape) if name == "adapted" else torch.randn(shape) for shape in INPUTS[name]]
    assert network(*inputs) is not None


def test_source_is_the_same_whatever_the_hash_seed() -> None:
    """Sets of strings have another order in each; nothing of it may show."""
    script = (
        "import sys; from catlang.compiler import emit\n"
        f"sizes = {SIZES!r}\n"
        "for name in sizes: print(emit(f'{sys.argv[1]}/{name}.cat', 'net', **sizes[name]))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", script, str(HERE)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "20")
    }
    assert len(printed) == 1
    assert printed.pop() == "".join(golden(name).read_text() + "\n" for name in SIZES)


def test_source_tells_no_path_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file compiles to the same source wherever it lies and however it is called."""
    copy = tmp_path / "deeper" / "stack.cat"
    copy.parent.mkdir()
    copy.write_text((HERE / "stack.cat").read_text())
    monkeypatch.chdir(copy.parent)
    for path in (copy, Path("stack.cat"), Path("../deeper/stack.cat")):
        assert emit(path, "net", **SIZES["stack"]) == golden("stack").read_text()
