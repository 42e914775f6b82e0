"""The way there and back: a model is exported, saved, imported by the command line, compiled, and loaded."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.export import Dim, export

import catlang


def exported(model: nn.Module, args: tuple[Any, ...], path: Path, keywords: Mapping[str, Any] | None = None,
             dynamic: Any = None) -> Path:
    """The model as a `.pt2` file, with an open batch where nothing else is said."""
    batch = Dim("batch", min=1, max=1024)
    every = tuple({0: batch} for _ in args)
    starred = any(one.kind is one.VAR_POSITIONAL for one in inspect.signature(model.forward).parameters.values())
    shapes = dynamic if dynamic is not None else (every,) if starred else every
    with torch.no_grad():
        program = export(model.eval(), args, dict(keywords or {}), dynamic_shapes=shapes, strict=False)
    torch.export.save(program, path)
    return path


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    """`catlang import`, in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "catlang", "import", *map(str, arguments)], capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def imported(path: Path, weights: Mapping[str, Any]) -> nn.Module:
    """What the command line makes of a file, compiled, with the weights of a checkpoint of the model in it."""
    spec, table = path.with_suffix(".cat"), path.with_suffix(".toml")
    done = run(path, "-o", spec, "--rename", table)
    name = done.stdout.split("`")[1]
    net = catlang.compile(spec, name)
    catlang.load(net, weights, rename=table)
    return net.eval()


def outputs(found: Any) -> list[torch.Tensor]:
    """The tensors that come out of a model, in order."""
    if isinstance(found, torch.Tensor):
        return [found]
    return list(found.to_tuple()) if hasattr(found, "to_tuple") else list(found)


@torch.no_grad()
def apart(model: nn.Module, net: nn.Module, *inputs: torch.Tensor) -> float:
    """The largest difference between what the two give."""
    ours, theirs = outputs(net(*inputs)), outputs(model(*inputs))
    assert [one.shape for one in ours] == [one.shape for one in theirs]
    return max(float((one - other).abs().max()) for one, other in zip(ours, theirs, strict=True))
