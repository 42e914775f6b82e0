"""Reading files of weights: what is no named tensors is refused in words, and nothing in a file is run."""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from catlang.compiler.checkpoint import read
from catlang.compiler.renaming import WeightsError


class Trap:
    """Unpickling this writes a file."""

    def __init__(self, where: Path) -> None:
        self.where = where

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.where,)


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return set(one) == set(other) and all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    return {
        "a.weight": torch.arange(6.0).reshape(2, 3),
        "count": torch.tensor(3),
        "half": torch.ones(2).bfloat16(),
    }


def test_both_formats_give_the_same_tensors(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    save_file(weights, tmp_path / "x.safetensors")
    assert equal(read(tmp_path / "x.safetensors"), weights)
    for ending in ("pt", "pth", "bin", "ckpt"):
        torch.save(OrderedDict(weights), tmp_path / f"x.{ending}")
        assert equal(read(str(tmp_path / f"x.{ending}")), weights)


def test_parameters_come_without_a_graph(tmp_path: Path) -> None:
    torch.save(dict(nn.Linear(2, 3).named_parameters()), tmp_path / "x.pt")
    assert not any(tensor.requires_grad for tensor in read(tmp_path / "x.pt").values())


def test_the_old_format_of_pytorch(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    torch.save(weights, tmp_path / "x.pt", _use_new_zipfile_serialization=False)
    assert equal(read(tmp_path / "x.pt"), weights)


def test_a_training_checkpoint_gives_its_one_dictionary(
    tmp_path: Path, weights: dict[str, torch.Tensor]
) -> None:
    training = {"epoch": 3, "optimizer": {"state": {0: {"step": torch.tensor(1)}}}, "state_dict": weights}
    torch.save(training, tmp_path / "x.pt")
    assert equal(read(tmp_path / "x.pt"), weights)
    torch.save({**training, "average": weights}, tmp_path / "y.pt")
    with pytest.raises(WeightsError, match=r"several dictionaries of tensors .`state_dict`, `average`."):
        read(tmp_path / "y.pt")


def test_shards(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    where = {}
    for place, (name, tensor) in enumerate(weights.items()):
        where[name] = f"part-{place}.safetensors"
        save_file({name: tensor}, tmp_path / where[name])
    index = tmp_path / "x.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": where}))
    assert equal(read(index), weights)
    index.write_text(json.dumps({"weight_map": {**where, "lost": "part-0.safetensors"}}))
    with pytest.raises(WeightsError, match="lack `lost`"):
        read(index)


@pytest.mark.parametrize("shard", ["../x.safetensors", "/etc/x.pt", "x.safetensors.index.json", 3])
def test_an_index_speaks_of_its_own_folder_only(tmp_path: Path, shard: object) -> None:
    index = tmp_path / "x.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": shard}}))
    with pytest.raises(WeightsError, match="not a file beside it"):
        read(index)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {"a": []}}', "[" * 100_000]
)
def test_an_index_that_is_none(tmp_path: Path, text: str) -> None:
    index = tmp_path / "x.index.json"
    index.write_text(text)
    with pytest.raises(WeightsError, match="index of shards"):
        read(index)


@pytest.mark.parametrize("by_torch", [True, False])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path, by_torch: bool) -> None:
    path, sprung = tmp_path / "x.pt", tmp_path / "sprung"
    if by_torch:
        torch.save({"a": torch.ones(1), "b": Trap(sprung)}, path)
    else:
        path.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(WeightsError, match=r"refused.*unpickling that can run any code"):
        read(path)
    assert not sprung.exists()


def test_the_environment_cannot_lift_the_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save(Trap(tmp_path / "sprung"), tmp_path / "x.pt")
    with pytest.raises(WeightsError, match="refused"):
        read(tmp_path / "x.pt")
    assert not (tmp_path / "sprung").exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Linear(1, 1), tmp_path / "x.pt")
    with pytest.raises(WeightsError, match=r"it would run `torch.nn.modules.linear.Linear`"):
        read(tmp_path / "x.pt")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (torch.ones(2), "holds one `Tensor`"),
        ([torch.ones(2)], "holds one `list`"),
        ({1: torch.ones(2)}, "the key `1`, which is not a name"),
        ({"a": torch.ones(2), "epoch": 3}, "holds a `int` at `epoch`"),
        ({"a": torch.eye(2).to_sparse()}, "sparse"),
        ({"a": torch.ones(2, device="meta")}, "empty"),
    ],
)
def test_content_that_is_not_named_tensors(tmp_path: Path, content: object, says: str) -> None:
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(WeightsError, match=says):
        read(tmp_path / "x.pt")


def test_places_that_are_no_file_of_weights(tmp_path: Path) -> None:
    (tmp_path / "folder.pt").mkdir()
    (tmp_path / "x.txt").write_text("hello")
    for name, says in (("none.pt", "there is no file"), ("folder.pt", "not a file"), ("x.txt", "no ending")):
        with pytest.raises(WeightsError, match=says):
            read(tmp_path / name)


@pytest.mark.parametrize("ending", ["safetensors", "pt", "old.pt"])
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_said_or_harmless(tmp_path: Path, ending: str, data: st.DataObject) -> None:
    """Whatever happens to the bytes, there is a WeightsError or there are tensors, and nothing else."""
    path = tmp_path / f"x.{ending}"
    tensors = {"a": torch.arange(6.0), "b": torch.ones(2, 2)}
    if ending == "safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=ending == "pt")
    whole = path.read_bytes()
    content = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, max(len(content) - 1, 0)), max_size=3)):
        if content:
            content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        found = read(path)
    except WeightsError as why:
        assert str(path) in str(why)
    else:
        assert all(isinstance(tensor, torch.Tensor) for tensor in found.values())


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_a_truncated_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    if ending == "pt":
        torch.save({"a": torch.ones(100)}, path)
    else:
        save_file({"a": torch.ones(100)}, path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="damaged"):
        read(path)
