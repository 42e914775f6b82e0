"""`catlang compile` and `catlang weights` as they are called: what they write, where, and their exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

import catlang  # noqa: E402

ROOT = Path(catlang.__file__).parents[1]
SPEC = """\
dim d, h
dim n
param p : real = 0.5
morphism net : R[d] -> R[d] = affine[_, h] as up >> gelu >> dropout[p] >> affine as down
morphism rows : R[n, d] -> R[d] = each(net as one) >> reduce(mean, n d -> d)
"""
SIZES = ("-d", "d=3", "-d", "h=5")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.cat"
    path.write_text(SPEC)
    return path


def call(*arguments: object, folder: Path | None = None, python: tuple[str, ...] = ("-m", "catlang"),
         ) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "random"}
    return subprocess.run([sys.executable, *python, *map(str, arguments)], cwd=folder, env=environment, text=True,
                          capture_output=True, check=False)


def alone(source: Path, weights: Path, inputs: Path, outputs: Path) -> None:
    """Runs the last class of a source file on inputs, in a process that has PyTorch and no catlang."""
    code = f"""
import sys
sys.modules["catlang"] = None
import importlib.util, torch
place = importlib.util.spec_from_file_location("model", {str(source)!r})
model = importlib.util.module_from_spec(place)
place.loader.exec_module(model)
last = [kind for kind in vars(model).values() if isinstance(kind, type) and kind.__module__ == "model"][-1]
net = last().eval()
net.load_state_dict(torch.load({str(weights)!r}))
torch.save(net(*torch.load({str(inputs)!r})), {str(outputs)!r})
"""
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def stands_alone(path: Path, name: str, inputs: tuple[object, ...], folder: Path, **sizes: int) -> None:
    source = folder / "model.py"
    given = [part for size, value in sizes.items() for part in ("-d", f"{size}={value}")]
    done = call("compile", f"{path}::{name}", *given, "-o", source)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    net = catlang.compile(path, name, **sizes).eval()
    torch.save(net.state_dict(), folder / "weights.pt")
    torch.save(inputs, folder / "inputs.pt")
    alone(source, folder / "weights.pt", folder / "inputs.pt", folder / "outputs.pt")
    torch.testing.assert_close(torch.load(folder / "outputs.pt"), net(*inputs), rtol=0, atol=1e-6)


# ------------------------------------------------------------------ the source


def test_source_stands_alone(spec: Path, tmp_path: Path) -> None:
    stands_alone(spec, "net", (torch.randn(7, 3),), tmp_path, d=3, h=5)


def test_source_of_the_sentences_example_stands_alone(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "sentences" / "minilm.cat"
    ids = torch.randint(0, 30522, (2, 6))
    mask = torch.tensor([[True] * 6, [True] * 4 + [False] * 2])
    stands_alone(example, "sentence", (ids, mask), tmp_path)


def test_the_same_to_standard_output_every_time(spec: Path, tmp_path: Path) -> None:
    first, second = (call("compile", f"{spec}::net", *SIZES) for _ in range(2))
    assert first.returncode == 0
    assert first.stdout == second.stdout
    assert call("compile", f"{spec}::net", *SIZES, "-o", tmp_path / "model.py").stdout == ""
    assert (tmp_path / "model.py").read_text() == first.stdout
    assert "catlang" not in "".join(line for line in first.stdout.splitlines() if "import" in line)


def test_parameters_by_either_option(spec: Path) -> None:
    by_d = call("compile", f"{spec}::net", *SIZES, "-d", "p=0.25").stdout
    assert "0.25" in by_d
    assert by_d == call("compile", f"{spec}::net", *SIZES, "-p", "p=0.25").stdout


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["net.cat::net"], 1, "`d`, `h` must be given"),
        (["net.cat::nte", *SIZES], 1, "did you mean `net`?"),
        (["net.cat::net", *SIZES, "-d", "n=0"], 1, "at least 1"),
        (["net.cat::net", *SIZES, "-d", "hh=1"], 1, "there is no size `hh`"),
        (["net.cat::net", *SIZES, "-p", "p=a"], 1, "the parameter `p` cannot be 'a'"),
        (["nowhere.cat::net"], 1, "nowhere.cat"),
        (["bad.cat::net"], 1, "error[E"),
        (["net.cat"], 2, "write `net.cat::net`"),
        ([], 2, "no morphism is named"),
        (["net.cat::net", "net.cat::rows"], 2, "one morphism at a time"),
        (["net.cat::net", "-d", "d"], 2, "gives no value"),
        (["net.cat::net", "-d", "d=1", "-d", "d=2"], 2, "given twice"),
        (["net.cat::net", "-d"], 2, "needs a value"),
        (["net.cat::net", "--outptu", "x"], 2, "did you mean `--output`?"),
        (["net.cat::net", *SIZES, "-o", "net.cat"], 2, "is the file to be compiled"),
        (["net.cat::net", *SIZES, "-o", "no/such/folder.py"], 2, "cannot be written"),
    ],
    ids=lambda value: " ".join(value) or "nothing" if isinstance(value, list) else "",
)
def test_refused(spec: Path, arguments: list[str], code: int, told: str) -> None:
    (spec.parent / "bad.cat").write_text("morphism net : R[2] -> R[3] = relu\n")
    done = call("compile", *arguments, folder=spec.parent)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert spec.read_text() == SPEC


def test_concise(spec: Path) -> None:
    done = call("compile", "net.cat::net", "--format=concise", folder=spec.parent)
    first, *_ = done.stderr.splitlines()
    assert first.startswith("net.cat:4:10: error[E0807]: ")


@pytest.mark.parametrize("command", [["compile"], ["weights", "--against", "x.safetensors"]], ids=lambda one: one[0])
def test_without_torch(spec: Path, command: list[str]) -> None:
    code = "import sys; sys.modules['torch'] = None; from catlang.command import main; sys.exit(main())"
    done = call(*command, f"{spec}::net", *SIZES, python=("-c", code))
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'catlang[torch]'" in done.stderr


@pytest.mark.parametrize("command", ["compile", "weights"])
def test_help(command: str) -> None:
    done = call(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: catlang {command} FILE.cat::MORPHISM")
    assert command in call("--help").stdout


# ------------------------------------------------------------------ weights


def test_weights_that_fit(spec: Path, tmp_path: Path) -> None:
    torch.save(catlang.compile(spec, "net", d=3, h=5).state_dict(), tmp_path / "own.pt")
    done = call("weights", f"{spec}::net", *SIZES, "--against", tmp_path / "own.pt")
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 matched" in done.stdout
    assert "[rename]" not in done.stdout


def test_weights_with_a_table(spec: Path, tmp_path: Path) -> None:
    """The table proposed makes them fit."""
    state = catlang.compile(spec, "net", d=3, h=5).state_dict()
    torch.save({f"mlp.{name}": value for name, value in state.items()}, tmp_path / "other.pt")
    arguments = ("weights", f"{spec}::net", *SIZES, "--against", tmp_path / "other.pt")
    done = call(*arguments)
    assert (done.returncode, done.stderr) == (1, "")
    assert "4 proposed" in done.stdout
    (tmp_path / "table.toml").write_text(done.stdout.partition("`--rename`:\n")[2])
    again = call(*arguments, "--rename", tmp_path / "table.toml")
    assert (again.returncode, again.stderr) == (0, "")
    assert "4 matched" in again.stdout


def test_weights_that_do_not_fit(spec: Path, tmp_path: Path) -> None:
    state = catlang.compile(spec, "net", d=4, h=5).state_dict()
    torch.save(state, tmp_path / "wide.pt")
    done = call("weights", f"{spec}::net", *SIZES, "--against", tmp_path / "wide.pt")
    assert (done.returncode, done.stderr) == (1, "")
    assert "misfit" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["net.cat::net", *SIZES], 2, "no checkpoint is named"),
        (["net.cat::net", *SIZES, "--against", "none.safetensors"], 1, "there is no file `none.safetensors`"),
        (["net.cat::net", *SIZES, "--against", "net.cat"], 1, "no ending of a file of weights"),
        (["net.cat::net", "--against", "net.cat"], 1, "must be given"),
    ],
)
def test_weights_refused(spec: Path, arguments: list[str], code: int, told: str) -> None:
    done = call("weights", *arguments, folder=spec.parent)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
