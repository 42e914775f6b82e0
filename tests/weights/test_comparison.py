"""Comparing: the table tells what matches, and a proposed rename table loads, or is not proposed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from catlang.compiler.comparison import compare
from catlang.compiler.renaming import Rename
from catlang.compiler.weights import load, plan

D, F, LAYERS = 4, 8, 12


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(D, D) for _ in range(4))
        self.attention_norm, self.feed_forward_norm = nn.LayerNorm(D), nn.LayerNorm(D)
        self.up, self.down = nn.Linear(D, F), nn.Linear(F, D)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token, self.position, self.segment = nn.Embedding(50, D), nn.Embedding(16, D), nn.Embedding(2, D)
        self.embedding_norm = nn.LayerNorm(D)
        self.layers = nn.ModuleList(nn.ModuleDict({"block_0": Block()}) for _ in range(LAYERS))


BERT = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "output",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "up",
    "output.dense": "down",
    "output.LayerNorm": "feed_forward_norm",
}


def bert(encoder: Encoder) -> dict[str, Tensor]:
    """The weights of the encoder under the names that BERT has for them."""
    state = {name: torch.randn_like(value) for name, value in encoder.state_dict().items()}
    names = {
        "embeddings.word_embeddings.weight": "token.weight",
        "embeddings.position_embeddings.weight": "position.weight",
        "embeddings.token_type_embeddings.weight": "segment.weight",
    }
    for leaf in ("weight", "bias"):
        names[f"embeddings.LayerNorm.{leaf}"] = f"embedding_norm.{leaf}"
        for layer in range(LAYERS):
            for theirs, ours in BERT.items():
                names[f"encoder.layer.{layer}.{theirs}.{leaf}"] = f"layers.{layer}.block_0.{ours}.{leaf}"
    extra = {"embeddings.position_ids": torch.arange(16)[None], "pooler.dense.weight": torch.zeros(D, D)}
    return {name: state[ours] for name, ours in sorted(names.items())} | extra


def test_a_whole_transformer_is_renamed() -> None:
    encoder = Encoder()
    tensors = bert(encoder)
    found = compare(encoder, tensors)
    statuses = {row.status for row in found.rows}
    assert statuses == {"proposed", "extra"}
    assert found.proposed["layers.{i}.block_0.output.bias"] == "encoder.layer.{i}.attention.output.dense.bias"
    assert len(found.proposed) == 5 + 2 * len(BERT)
    table = Rename.parse(found.toml())
    made = plan(encoder, tensors, table)
    assert {problem.address for problem in made.problems} == {
        "embeddings.position_ids",
        "pooler.dense.weight",
    }
    load(encoder, tensors, table, strict=False)
    for layer in range(LAYERS):
        for theirs, ours in BERT.items():
            weight = getattr(encoder.layers[layer]["block_0"], ours).weight
            assert torch.equal(weight, tensors[f"encoder.layer.{layer}.{theirs}.weight"])


def test_the_table_as_it_is_printed(tmp_path: Path) -> None:
    module = nn.ModuleDict({"layers": nn.ModuleList(nn.Linear(2, 2, bias=False) for _ in range(3))})
    module["head"], module["norm"], module["mask"] = nn.Linear(2, 5), nn.LayerNorm(2), nn.LayerNorm(3)
    tensors = {f"h.{layer}.w": torch.zeros(2, 2) for layer in range(3)} | {"norm.weight": torch.zeros(2)}
    tensors |= {"norm.bias": torch.zeros(3), "head.weight": torch.zeros(5, 2), "pooler.0": torch.zeros(1)}
    tensors |= {"version": torch.tensor(3)}
    save_file(tensors, tmp_path / "x.safetensors")
    found = compare(module, tmp_path / "x.safetensors", {"keep": ["mask.*"], "ignore": ["pooler.*"]})
    # Files keep tensors in an order of their own, which is that of the last rows.
    *lines, counts = found.table().split("\n")
    assert sorted(lines) == sorted(
        [
            "          module              shape   checkpoint   shape",
            "proposed  layers.0..2.weight  [2, 2]  h.0..2.w     [2, 2]  x 3",
            "matched   head.weight         [5, 2]  head.weight  [5, 2]",
            "missing   head.bias           [5]",
            "matched   norm.weight         [2]     norm.weight  [2]",
            "misfit    norm.bias           [2]     norm.bias    [3]",
            "kept      mask.weight         [3]",
            "kept      mask.bias           [3]",
            "ignored                               pooler.0     [1]",
            "extra                                 version      []",
        ]
    )
    assert counts.startswith("3 proposed, 2 matched, 1 missing, 1 misfit, 2 kept, ")
    assert found.toml().split("\n") == [
        'ignore = ["pooler.*"]',
        'keep = ["mask.*"]',
        "# the module has no place for these; `ignore = [...]` passes over them:",
        '#   "version"',
        "",
        "[rename]",
        '"layers.{i}.weight" = "h.{i}.w"',
        "# these have no unambiguous source:",
        '#   "head.bias"',
        '#   "norm.bias"',
        "",
    ]


def proposed(module: nn.Module, tensors: dict[str, Tensor], rename: Any = None) -> dict[str, str]:
    return compare(module, tensors, rename).proposed


def test_what_is_ambiguous_is_not_proposed() -> None:
    module = nn.ModuleDict({name: nn.Linear(2, 2, bias=False) for name in ("one", "two")})
    assert proposed(module, {"a.weight": torch.zeros(2, 2), "b.weight": torch.zeros(2, 2)}) == {}
    assert proposed(module, {"a.weight": torch.zeros(2, 2), "b.one.weight": torch.zeros(2, 2)}) == {
        "one.weight": "b.one.weight",
        "two.weight": "a.weight",
    }


def test_neither_length_nor_order_of_names_decides() -> None:
    module = nn.ModuleDict({name: nn.Linear(2, 2, bias=False) for name in ("out", "other")})
    sources = ["attention.out.dense.weight", "out.dense.weight"]
    for names in (sources, sources[::-1]):
        assert proposed(module, {name: torch.zeros(2, 2) for name in names}) == {}


def test_layers_must_be_the_same() -> None:
    module = nn.ModuleList(nn.Linear(2, 2, bias=False) for _ in range(2))
    assert proposed(module, {f"h.{layer}.w": torch.zeros(2, 2) for layer in (0, 2)}) == {}
    assert proposed(module, {f"h.{layer}.w": torch.zeros(2, 2) for layer in (1, 0)}) == {
        "{i}.weight": "h.{i}.w"
    }


def test_a_placeholder_takes_in_nothing_else() -> None:
    """Layer 2 has a tensor of its own name already; a pattern over all layers would rename too much."""
    module = nn.ModuleList(nn.Linear(2, 2, bias=False) for _ in range(3))
    tensors = {"h.0.w": torch.zeros(2, 2), "h.1.w": torch.zeros(2, 2), "2.weight": torch.zeros(2, 2)}
    assert proposed(module, tensors) == {"0.weight": "h.0.w", "1.weight": "h.1.w"}


def test_a_given_table_is_kept_and_completed() -> None:
    module = nn.ModuleDict({"a": nn.Linear(2, 3), "b": nn.Embedding(7, 2)})
    tensors = {"x": torch.zeros(2, 3), "y": torch.zeros(3), "emb": torch.zeros(7, 2)}
    given = {"a.weight": {"from": "x", "transpose": True}}
    found = compare(module, tensors, given)
    assert found.proposed == {"a.bias": "y", "b.weight": "emb"}
    assert '"a.weight" = { from = "x", transpose = true }' in found.toml()
    assert not plan(module, tensors, Rename.parse(found.toml())).problems


def test_names_swapped_in_shape() -> None:
    """An address whose own name holds a tensor of another shape may be filled from elsewhere."""
    module = nn.ModuleDict({"a": nn.Embedding(3, 2), "b": nn.Embedding(5, 2)})
    tensors = {"a.weight": torch.zeros(5, 2), "b.weight": torch.zeros(3, 2)}
    found = compare(module, tensors)
    assert found.proposed == {"a.weight": "b.weight", "b.weight": "a.weight"}
    assert {row.status for row in found.rows} == {"proposed"}
    assert not plan(module, tensors, Rename.parse(found.toml())).problems


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "a\x7fb", "ä → 层", "`", "'"])
def test_odd_names_survive_the_text(name: str) -> None:
    module = nn.Linear(2, 2, bias=False)
    found = compare(module, {name: torch.zeros(2, 2)})
    assert Rename.parse(found.toml()).resolve(["weight"]).recipes["weight"].names == (name,)


def test_a_name_with_braces_is_never_proposed_as_a_placeholder() -> None:
    found = compare(nn.Linear(2, 2, bias=False), {"a.{i}": torch.zeros(2, 2)})
    assert found.proposed == {}
    Rename.parse(found.toml())
