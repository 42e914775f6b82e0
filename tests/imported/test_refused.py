"""Protects what is said where a program cannot be imported: every operation that is unknown, all at once, with its
module and the line that made it; files that are no programs; outputs that cannot be written. Nothing is written then.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
import torch
from roundtrip import exported, run
from torch import nn

import catlang
from catlang.commands.candidates import candidates
from catlang.imported import ImportRefused


class Strange(nn.Module):
    """Operations that there is nothing for, in a module of their own and twice."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.i0(x) + torch.sort(x)[0]


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.linear = Strange(), Strange(), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.erfinv(self.second(torch.relu(self.linear(self.first(x)))))


@pytest.fixture
def unknown(tmp_path: Path) -> Path:
    return exported(Net(), (torch.randn(2, 4),), tmp_path / "net.pt2")


@pytest.fixture
def known(tmp_path: Path) -> Path:
    return exported(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), (torch.randn(2, 4),), tmp_path / "known.pt2")


def test_all_unknown_operations_are_told_at_once(unknown: Path) -> None:
    spec = unknown.with_suffix(".cat")
    told = run(unknown, "-o", spec, code=1)
    assert told.stdout == "" and not spec.exists()
    heads = [line for line in told.stderr.splitlines() if line.startswith("error")]
    assert heads == [
        "error[E0822]: there is nothing in catlang for `erfinv.default`, which is there once",
        "error[E0822]: there is nothing in catlang for `sort.default`, which is there 2 times",
        "error[E0822]: there is nothing in catlang for `special_i0.default`, which is there 2 times"]
    assert "at `first` (Strange), test_refused.py:" in told.stderr
    assert "return torch.special.i0(x) + torch.sort(x)[0]" in told.stderr
    assert told.stderr.endswith("3 errors in 1 file\n")


def test_told_in_one_line_each(unknown: Path) -> None:
    told = run(unknown, "--format", "concise", code=1)
    assert len(told.stderr.splitlines()) == 3 + 1


def test_from_python_the_diagnostics_are_in_the_exception(unknown: Path) -> None:
    with pytest.raises(ImportRefused) as refused:
        catlang.import_program(unknown)
    assert [one.code for one in refused.value.diagnostics] == ["E0822"] * 3
    with pytest.raises(TypeError):
        catlang.import_program(3)


@pytest.mark.parametrize(("function", "reason"), [
    (lambda x: x - x.mean(0), "along the batch"),
    (lambda x: x.flatten(0), "batch"),
    (lambda x: torch.cat([x, x]), "along the batch"),
    (lambda x: x.softmax(0), "along the batch"),
    (lambda x: x.t() @ x, "along the batch"),
    (lambda x: x.cumsum(0), "along the batch"),
    (lambda x: x[0], "along the batch"),
    (lambda x: x[::2], "every so many"),
    (lambda x: nn.functional.dropout(x, 0.5, True), "eval()"),
    (lambda x: nn.functional.max_pool2d(x[:, None], (1, 2)), "unlike sides"),
], ids=range(10))
def test_what_cannot_be_said_is_told_with_the_reason(function: object, reason: str, tmp_path: Path) -> None:
    """Above all: nothing that mixes the elements of a batch becomes something else in silence."""
    class Of(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return function(x)  # type: ignore[operator]

    path = exported(Of(), (torch.randn(2, 4),), tmp_path / "net.pt2", dynamic=({},))
    with pytest.raises(ImportRefused) as refused:
        catlang.import_program(path)
    [diagnostic] = refused.value.diagnostics
    assert diagnostic.code in ("E0823", "E0824")
    assert reason in " ".join([diagnostic.headline, *diagnostic.why])


def test_inputs_without_a_batch_in_common(tmp_path: Path) -> None:
    class Of(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x * y

    path = exported(Of(), (torch.randn(2, 4), torch.randn(4)), tmp_path / "net.pt2", dynamic=({}, {}))
    assert "E0824" in run(path, code=1).stderr


# ------------------------------------------------------------------ files that are no programs


@pytest.mark.parametrize(("content", "code"), [
    (b"", "E0820"), (b"weights", "E0820"), (b"PK\x03\x04", "E0820"), (b"\x00" * 1000, "E0820"), (None, "E0001")])
def test_files_that_are_none(content: bytes | None, code: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    if content is not None:
        path.write_bytes(content)
    told = run(path, "-o", tmp_path / "model.cat", code=1)
    assert f"error[{code}]" in told.stderr and "Traceback" not in told.stderr
    assert not (tmp_path / "model.cat").exists()


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_truncated(part: float, known: Path, tmp_path: Path) -> None:
    data = known.read_bytes()
    path = tmp_path / "short.pt2"
    path.write_bytes(data[: int(len(data) * part)])
    assert "error[E0820]" in run(path, code=1).stderr


@pytest.mark.parametrize("at", range(0, 100, 7))
def test_damaged(at: int, known: Path, tmp_path: Path) -> None:
    """A byte that is another one somewhere: told, or of no consequence, never a mistake of catlang's own."""
    data = bytearray(known.read_bytes())
    data[len(data) * at // 100] ^= 0x5A
    path = tmp_path / "damaged.pt2"
    path.write_bytes(data)
    try:
        list(catlang.import_program(path).safetensors())
    except ImportRefused as refused:
        assert {one.code for one in refused.diagnostics} <= {"E0820", "E0821", "E0822", "E0823", "E0824"}


@pytest.mark.parametrize(("members", "code"), [
    ({"a.txt": "b"}, "E0820"), ({"serialized_exported_program.json": "{}"}, "E0821"),
    ({"m/models/a.json": "[", }, "E0820"), ({"m/models/a.json": "[1]"}, "E0820"),
    ({"m/models/a.json": "{}"}, "E0821"), ({"m/models/a.json": '{"schema_version": {"major": 99}}'}, "E0821"),
    ({"m/models/a.json": '{"schema_version": {"major": 8}}'}, "E0820"),
    ({"m/models/a.json": "[" * 100_000}, "E0820"),
    ({"m/models/a.json": "{}", "m/models/b.json": "{}"}, "E0821")], ids=range(9))
def test_archives_that_are_none(members: dict[str, str], code: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt2"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    with pytest.raises(ImportRefused) as refused:
        catlang.import_program(path)
    assert [one.code for one in refused.value.diagnostics] == [code]


def test_a_folder_is_no_program(tmp_path: Path) -> None:
    assert "error[E0002]" in run(tmp_path, code=1).stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(known: Path) -> None:
    known.chmod(0)
    assert "error[E0003]" in run(known, code=1).stderr


# ------------------------------------------------------------------ the command line


def test_outputs_that_cannot_be_written(known: Path, tmp_path: Path) -> None:
    for option in ("-o", "--rename", "--weights"):
        told = run(known, option, tmp_path / "nowhere" / "out", code=2)
        assert "cannot be written" in told.stderr and told.stdout == ""
    assert "is the file to be imported" in run(known, "-o", known, code=2).stderr
    assert "written twice" in run(known, "-o", tmp_path / "a", "--rename", tmp_path / "a", code=2).stderr


def test_misuse(known: Path) -> None:
    assert "no program is named" in run(code=2).stderr
    assert "one program at a time" in run(known, known, code=2).stderr
    assert "did you mean `--rename`?" in run(known, "--rname", "x", code=2).stderr
    assert "needs a file" in run(known, "--weights", "-", code=2).stderr


def test_programs_are_completed(known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "known.cat").touch()
    monkeypatch.chdir(tmp_path)
    assert [word for word, _ in candidates(["import", "kn"])] == ["known.pt2"]
    assert [word for word, _ in candidates(["import", "known.pt2", "-o", "kn"])] == ["known.cat"]


def test_without_an_output_the_spec_is_printed(known: Path) -> None:
    done = run(known)
    assert done.stdout == catlang.import_program(known).text


def test_it_needs_no_torch(known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program is read as data, so the base installation can."""
    for name in ("torch", "numpy", "sympy"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not installed')\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    run(known, "-o", tmp_path / "out.cat", "--weights", tmp_path / "out.safetensors")
    assert (tmp_path / "out.cat").exists()
