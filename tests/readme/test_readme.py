"""Protects the README: its specs are as good or as bad as it says, its commands print what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

TRANSCRIPT = re.compile(r"^```\n(> .*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [body for found, body in BLOCK.findall(README.read_text(encoding="utf-8")) if found == kind]


#: What the README's reader is said to have already.
MODEL = """\
from torch import nn

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, batch_first=True), 2)

    def forward(self, x):
        return self.layers(x)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the README's specs, each under the name in its first line, and the model that one names."""
    (tmp_path / "my_models").mkdir()
    (tmp_path / "my_models" / "text.py").write_text(MODEL, encoding="utf-8")
    for body in blocks("cat"):
        name = re.match(r"# (\S+\.cat)\n", body)
        assert name is not None, "a spec in the README begins with its file's name"
        (tmp_path / name.group(1)).write_text(body, encoding="utf-8")
    return tmp_path


def export(folder: Path) -> None:
    """The reader's model as an exported program, and its weights."""
    torch, safetensors = pytest.importorskip("torch"), pytest.importorskip("safetensors.torch")
    scope: dict[str, object] = {"__name__": "text"}
    exec(compile(MODEL, "text.py", "exec"), scope)
    model = scope["Encoder"]().eval()  # type: ignore[operator]
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("n")}
    program = torch.export.export(model, (torch.randn(2, 5, 64),), dynamic_shapes=(sizes,))
    torch.export.save(program, folder / "model.pt2")
    safetensors.save_file(model.state_dict(), folder / "checkpoint.safetensors")


@pytest.mark.parametrize("body", blocks("console"))
def test_a_command_prints_what_is_shown(body: str, folder: Path) -> None:
    command, _, expected = body.partition("\n")
    if "--allow-extern" in command:
        pytest.importorskip("torch")
    if " import " in command:
        export(folder)
    assert command.startswith("$ catlang ")
    done = subprocess.run([sys.executable, "-m", "catlang", *shlex.split(command)[2:]], cwd=folder, text=True,
                          capture_output=True, env={**os.environ, "NO_COLOR": "1"}, timeout=60)
    assert (done.stdout + done.stderr).rstrip() == expected.rstrip()


def test_the_python_block_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(folder)
    scope: dict[str, object] = {"torch": torch}
    for body in blocks("python")[:2]:
        exec(compile(body, "README.md", "exec"), scope)
    assert tuple(scope["y"].shape) == (32, 7, 10)
    assert "power_0.3.residual_0.f_0.mlp_0.affine_1.weight" in scope["net"].state_dict()


def test_the_block_about_a_model_that_exists_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export(folder)
    torch = pytest.importorskip("torch")
    import catlang

    monkeypatch.chdir(folder)
    words = ["import", "model.pt2", "-o", "model.cat", "--rename", "model.toml"]
    subprocess.run([sys.executable, "-m", "catlang", *words], check=True, capture_output=True, timeout=60)
    scope: dict[str, object] = {"catlang": catlang}
    exec(compile(blocks("python")[2], "README.md", "exec"), scope)
    x = torch.randn(3, 7, 64)
    found = scope["net"].eval()(x)  # type: ignore[attr-defined]
    torch.testing.assert_close(found, torch.export.load("model.pt2").module()(x), atol=1e-5, rtol=1e-5)


def test_the_block_about_lists_and_trees_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    import catlang

    monkeypatch.chdir(folder)
    x, y, z = torch.randn(3, 64)
    scope: dict[str, object] = {"torch": torch, "catlang": catlang, "x": x, "y": y, "z": z,
                                "first": torch.randn(5, 64), "second": torch.randn(2, 64)}
    exec(compile(blocks("python")[3], "README.md", "exec"), scope)
    assert scope["trees"].shape == (2,)


def test_the_commands_are_those_of_the_scripts() -> None:
    shown = "\n".join(blocks("sh"))
    assert "sh .ci/test" in shown and "examples/sentences/run.py" in shown


def test_the_commands_around_a_spec_do_what_is_said(folder: Path) -> None:
    """Each in a repository with the README's first file in it; what changes nothing is no change."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "net.cat"], ["commit", "-qm", "net"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    [block] = [body for body in blocks("sh") if "catlang new" in body]
    said = {}
    for line in block.splitlines():
        command = line.partition("  #")[0].removeprefix('eval "$(').removesuffix(')"').strip().removesuffix(')"')
        _, *words = shlex.split(command)
        done = subprocess.run([sys.executable, "-m", "catlang", *words], cwd=folder, text=True, capture_output=True,
                              input="affine >> relu\ncumsum([1, 2, 3.5])\n", timeout=120)
        assert done.returncode == 0, (line, done.stderr)
        said[words[0]] = done.stdout
    assert {*said} == {"new", "fmt", "repl", "cost", "show", "laws", "diff", "completion"}
    assert said["diff"] == "nothing changed in meaning\n"
    assert said["fmt"] == "no errors in 6 files, 0 formatted\n"
    [transcript] = TRANSCRIPT.findall(README.read_text(encoding="utf-8"))
    shown = [line for line in transcript.splitlines() if not line.startswith("> ")]
    assert said["repl"].splitlines() == ["5 declarations of net.cat", *shown]
    assert (folder / "my_net" / "train.py").exists()


def test_the_settings_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from catlang.commands.check import FORMATS
    from catlang.settings import nearest

    (tmp_path / "pyproject.toml").write_text(blocks("toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert nearest(FORMATS) is not None


def test_the_workflow_calls_catlang_as_it_can_be_called(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    steps = yaml.safe_load(blocks("yaml")[0])["jobs"]["check"]["steps"]
    calls = [step["run"] for step in steps if step.get("run", "").startswith("catlang ")]
    assert len(calls) == 2
    (tmp_path / "net.cat").write_text("morphism net : R[3] -> R[3] = relu\n")
    for call in calls:
        words = shlex.split(call.partition(" > ")[0])
        subprocess.run([sys.executable, "-m", *words], cwd=tmp_path, check=True, capture_output=True, timeout=60)
