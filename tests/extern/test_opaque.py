"""Protects those who read a spec of somebody else's: without the flag nothing that it names of Python is looked at.

The module named here says so when it is imported.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """\
dim n
extern morphism trap[n] : R[n, 4] -> R[n, 4] = python "trap:Trap"
morphism net : R[n, 4] -> R[n, 2] = trap >> each(affine)
"""
TRAP = """\
open("sprung", "w").close()
from torch import nn
class Trap(nn.Linear):
    def __init__(self):
        super().__init__(4, 4)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.cat").write_text(SPEC, encoding="utf-8")
    (tmp_path / "old.cat").write_text(SPEC.replace("trap:Trap", "trap:Other"), encoding="utf-8")
    (tmp_path / "trap.py").write_text(TRAP, encoding="utf-8")
    return tmp_path


def catlang(folder: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run([sys.executable, "-m", "catlang", *arguments], cwd=folder, env=environment, text=True,
                          capture_output=True, input=given, timeout=120)


@pytest.mark.parametrize(("arguments", "code"), [
    (["check", "."], 0), (["check", "spec.cat", "--format", "json"], 0), (["fmt", "--check", "."], 0),
    (["cost", "spec.cat::net"], 0), (["diff", "old.cat", "spec.cat"], 1), (["compile", "spec.cat::net"], 1),
    (["weights", "spec.cat::net", "--against", "none.pt"], 1),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_nothing_is_imported_without_the_flag(folder: Path, arguments: list[str], code: int) -> None:
    done = catlang(folder, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert not (folder / "sprung").exists()


def test_the_repl_does_not_import(folder: Path) -> None:
    done = catlang(folder, "repl", "spec.cat", given="net\nzero[2, 4] >> trap\n")
    assert ": R[n, 4] -> R[n, 2]\n" in done.stdout and "R[2, 4]" in done.stdout, done.stdout + done.stderr
    assert not (folder / "sprung").exists()


def test_no_setting_of_a_project_allows_it(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.catlang]\nallow-extern = true\n", encoding="utf-8")
    assert catlang(folder, "check", ".").returncode == 2
    assert not (folder / "sprung").exists()


def test_what_is_known_without_it_says_so(folder: Path) -> None:
    assert "? without `trap`, an extern (spec.cat:3:37)" in catlang(folder, "cost", "spec.cat::net").stdout
    assert 'python "trap:Trap"' in catlang(folder, "diff", "old.cat", "spec.cat").stdout
    told = catlang(folder, "compile", "spec.cat::net").stderr
    assert "error[E0831]: the extern `trap` is not resolved" in told and "--allow-extern" in told


def test_with_it_a_check_tells_what_was_found(folder: Path) -> None:
    done = catlang(folder, "check", "spec.cat", "--allow-extern")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("extern `trap` (trap:Trap): proved for n >= 2, run at n = 1\n"
                           "no errors in 1 file\n")
    assert catlang(folder, "check", "spec.cat", "--allow-extern", "-q").stdout == ""
    wrong = catlang(folder, "check", ".", "--allow-extern", "--format", "json")
    found = json.loads(wrong.stdout)
    assert wrong.returncode == 1 and [one["code"] for one in found["diagnostics"]] == ["E0832"]
    assert found["diagnostics"][0]["labels"][0]["file"] == "old.cat"


def test_standard_input_names_no_classes(folder: Path) -> None:
    done = catlang(folder, "check", "-", "--allow-extern", given=SPEC)
    assert done.returncode == 2 and "not those of standard input" in done.stderr
    assert not (folder / "sprung").exists()


def test_a_mistake_may_be_known_already(folder: Path) -> None:
    assert catlang(folder, "check", ".", "--allow-extern", "--write-baseline", "known.json").returncode == 0
    assert catlang(folder, "check", ".", "--allow-extern", "--baseline", "known.json").returncode == 0
    assert catlang(folder, "check", ".", "--allow-extern").returncode == 1


def test_a_network_in_a_file_of_its_own(folder: Path) -> None:
    """The source that is written imports the class, and nothing of catlang."""
    assert catlang(folder, "compile", "spec.cat::net", "--allow-extern", "-o", "net.py").returncode == 0
    program = ("import torch, net, sys; module = net.Net(); print(tuple(module(torch.randn(5, 3, 4)).shape));"
               "print(any(one.startswith('catlang') for one in sys.modules))")
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, text=True, capture_output=True, timeout=120)
    assert done.stdout == "(5, 3, 2)\nFalse\n", done.stderr


def test_a_checkpoint_of_the_class_loads(folder: Path) -> None:
    program = ("import torch, trap; one = trap.Trap(); "
               "torch.save({'trap_0.' + name: value for name, value in one.state_dict().items()} | "
               "{'affine_0.weight': torch.zeros(2, 4), 'affine_0.bias': torch.ones(2)}, 'all.pt')")
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True, timeout=120)
    done = catlang(folder, "weights", "spec.cat::net", "--allow-extern", "--against", "all.pt")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "trap_0.weight" in done.stdout
