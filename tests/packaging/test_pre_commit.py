"""Protects the hook for pre-commit: the file has the shape that pre-commit reads, and what it calls runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
#: The keys that a hook may have, and their types.
KEYS = {"id": str, "name": str, "entry": str, "language": str, "description": str, "files": str, "exclude": str,
        "args": list, "types": list, "types_or": list, "pass_filenames": bool, "require_serial": bool,
        "always_run": bool, "stages": list, "minimum_pre_commit_version": str, "additional_dependencies": list,
        "verbose": bool}


@pytest.fixture
def hook() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    hooks = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert isinstance(hooks, list)
    [found] = hooks
    return found


def test_the_hook_has_its_shape(hook: dict[str, Any]) -> None:
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert all(isinstance(value, KEYS[key]) for key, value in hook.items())
    assert all(isinstance(argument, str) for argument in hook["args"])
    assert (hook["id"], hook["language"]) == ("catlang-check", "python")
    assert re.search(hook["files"], "specs/net.cat") and not re.search(hook["files"], "specs/net.catalogue")


def test_the_entry_is_a_command_that_is_installed(hook: dict[str, Any]) -> None:
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert shlex.split(hook["entry"])[0] in scripts


def test_the_entry_runs(hook: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "part.cat").write_text('import "../dims.cat" as dims\nmorphism f : R[3] -> R[3] = relu\n')
    (tmp_path / "dims.cat").write_text("dim n\n")

    def run() -> tuple[int, str]:
        # The command by its module: which script stands first on the path is the installation's matter.
        call = [sys.executable, "-m", *shlex.split(hook["entry"]), *hook["args"]]
        done = subprocess.run(call, capture_output=True, text=True, timeout=30, cwd=tmp_path,
                              env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
        return done.returncode, done.stdout

    assert hook["pass_filenames"] is False
    assert run() == (0, "no errors in 2 files\n")
    (tmp_path / "blocks" / "part.cat").write_text("morphism f : R[3] -> R[4] = relu\n")
    assert run()[0] == 1
