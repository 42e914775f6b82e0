"""Protects against programs that somebody made on purpose: what they hold is data. Names never become text of the spec,
sizes are arithmetic and nothing else, and nothing runs without bound.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from roundtrip import exported
from torch import nn

import catlang
from catlang.imported import ImportRefused

CODES = {"E0820", "E0821", "E0822", "E0823", "E0824"}


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(4, 8), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(torch.relu(self.up(x))) + x


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Block(), Block()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(self.one(x)) * 2


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(Net(), (torch.randn(2, 4),), tmp_path_factory.mktemp("hostile") / "net.pt2")


def altered(program: Path, to: Path, edit: Callable[[str], str]) -> Path:
    """The program with another graph."""
    with zipfile.ZipFile(program) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(("models/model.json", "_config.json")):
                data = edit(data.decode()).encode("utf-8", "surrogatepass")
            new.writestr(name, data)
    return to


NAMES = ["a\nmorphism evil : R[1] -> R[1] = relu", "a`b", "# comment", "\x1b[2Jx", "\u202eabc", "日本語", "ﬁt",
         "import", "self", "to", "forward", "class", "__x__", "1", "", "-", "a" * 5000, "as", "mu", "q", "n",
         "Hidden", "relu", "each", "\ud800", "a,b", "a;b", "R"]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_are_names(name: str, program: Path, tmp_path: Path) -> None:
    """Of modules, of classes, and of inputs: the spec checks, and its weights load."""
    quoted = json.dumps(name)[1:-1]

    def edit(text: str) -> str:
        text = text.replace("test_hostile.Block", f"test_hostile.{quoted}").replace('"one.', f'"{quoted}.')
        return text.replace(",one,", f",{quoted},").replace(",one.", f",{quoted}.").replace('"x"', f'"{quoted}"')

    path = altered(program, tmp_path / "net.pt2", edit)
    try:
        made = catlang.import_program(path)
    except ImportRefused as refused:
        assert {one.code for one in refused.diagnostics} <= CODES
        return
    spec = tmp_path / "net.cat"
    spec.write_text(made.text, encoding="utf-8")
    assert catlang.check(spec).report() == ""
    assert made.text.isprintable() or all(one.isprintable() or one == "\n" for one in made.text)
    assert "\nmorphism evil" not in made.text
    catlang.compile(spec, made.name)


@pytest.mark.parametrize("size", [
    "__import__('os').system('touch evil')", "(lambda: 1)()", "9**9**9", "s0 if 1 else 2", "[1 for _ in range(10**9)]",
    "f'{1}'", "s0.real", "open('evil', 'w')", "Symbol('a b')", "Symbol(open)", "((((((((((" * 1000, "-" * 9000 + "1",
    "1//0", "Pow(s0, 100000)", "", "\n", "1e9"], ids=range(17))
def test_sizes_are_arithmetic(size: str, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    quoted = json.dumps(size)[1:-1]
    path = altered(program, tmp_path / "net.pt2", lambda text: text.replace(
        json.dumps("Symbol('")[1:-1], "\0", 1).split("\0")[0] + quoted + text.split("integer=True)", 1)[1]
        if "integer=True)" in text else text)
    started = time.monotonic()
    try:
        catlang.import_program(path)
    except ImportRefused as refused:
        assert {one.code for one in refused.diagnostics} <= CODES
    assert time.monotonic() - started < 20
    assert not Path("evil").exists()


def changed(value: Any, steps: list[int], new: Any) -> Any:
    """A graph in which one thing is something else: where, the steps say."""
    if not steps or not isinstance(value, dict | list) or not value:
        return new
    first, *rest = steps
    if isinstance(value, dict):
        key = list(value)[first % len(value)]
        return {**value, key: changed(value[key], rest, new)}
    place = first % len(value)
    return [*value[:place], changed(value[place], rest, new), *value[place + 1:]]


@pytest.mark.parametrize("seed", range(48))
def test_a_graph_with_something_else_in_it(seed: int, program: Path, tmp_path: Path) -> None:
    """Is told, or imported to a spec that checks; it is never a mistake of catlang's own."""
    generator = torch.Generator().manual_seed(seed)
    steps = torch.randint(0, 1000, (2 + seed % 9,), generator=generator).tolist()
    new = [None, -1, 10**30, "", "x", [], {}, [[]], {"as_int": -3}, True, 1.5, {"as_name": "nothing"}][seed % 12]
    path = altered(program, tmp_path / "net.pt2", lambda text: json.dumps(changed(json.loads(text), steps, new)))
    try:
        made = catlang.import_program(path)
        list(made.safetensors())
    except ImportRefused as refused:
        assert {one.code for one in refused.diagnostics} <= CODES
        return
    (tmp_path / "net.cat").write_text(made.text, encoding="utf-8")
    assert catlang.check(tmp_path / "net.cat").report() == ""


def test_pickled_tensors_are_not_loaded(program: Path, tmp_path: Path) -> None:
    path = altered(program, tmp_path / "net.pt2", lambda text: text.replace(
        '"use_pickle": false', '"use_pickle": true'))
    made = catlang.import_program(path)
    with pytest.raises(ImportRefused) as refused:
        list(made.safetensors())
    assert [one.code for one in refused.value.diagnostics] == ["E0820"]


def test_many_layers(tmp_path: Path) -> None:
    """Forty blocks are read in seconds, and are one morphism."""
    path = exported(nn.Sequential(*(Block() for _ in range(40))), (torch.randn(2, 4),), tmp_path / "deep.pt2")
    started = time.monotonic()
    made = catlang.import_program(path)
    assert time.monotonic() - started < 20
    assert "block^40" in made.text and made.text.count("\nmorphism ") == 2


class Sums(nn.Module):
    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for number in range(self.steps):
            x = (x + number) * x if number % 2 else x.relu()
        return x


def test_a_long_program(tmp_path: Path) -> None:
    """A body of the language has a bound; what is longer is told, and no spec comes out that does not check."""
    with pytest.raises(ImportRefused) as refused:
        catlang.import_program(exported(Sums(1100), (torch.randn(2, 4),), tmp_path / "longer.pt2"))
    assert [one.code for one in refused.value.diagnostics] == ["E0824"]
    made = catlang.import_program(exported(Sums(300), (torch.randn(2, 4),), tmp_path / "long.pt2"))
    (tmp_path / "long.cat").write_text(made.text, encoding="utf-8")
    assert catlang.check(tmp_path / "long.cat").report() == ""


class Places(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        place = torch.arange(4)
        for _ in range(40):
            place = (place * place).abs()
        return x + place


def test_a_formula_may_be_long(tmp_path: Path) -> None:
    path = exported(Places(), (torch.randn(2, 4),), tmp_path / "deep.pt2")
    with pytest.raises(ImportRefused) as refused:
        catlang.import_program(path)
    assert {one.code for one in refused.value.diagnostics} <= CODES


def test_an_archive_that_would_become_large(program: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(program) as old, zipfile.ZipFile(tmp_path / "bomb.pt2", "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, b"[" * 10**8 if name.endswith("model.json") else old.read(name))
    with pytest.raises(ImportRefused) as refused:
        catlang.import_program(tmp_path / "bomb.pt2")
    assert [one.code for one in refused.value.diagnostics] == ["E0820"]


def test_many_layers_that_differ(tmp_path: Path) -> None:
    layers = [nn.Linear(width, width + 1) for width in range(1, 60)]
    made = catlang.import_program(exported(nn.Sequential(*layers), (torch.randn(2, 1),), tmp_path / "wide.pt2"))
    (tmp_path / "wide.cat").write_text(made.text, encoding="utf-8")
    assert catlang.check(tmp_path / "wide.cat").report() == ""
