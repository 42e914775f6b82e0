"""Rename tables: what each kind of entry makes, and that every mistake in a table is said at once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from catlang.compiler.renaming import Rename, WeightsError

TABLE = """
ignore = ["pooler.*"]
keep = ["head.*"]

[rename]
"token.weight" = "embeddings.word.weight"
"layer.{i}.q" = "encoder.{i}.query"
"layer.0.q" = "first"
"proj" = { from = "c_proj", transpose = true }
"turned" = { from = "cube", transpose = [2, 0, 1] }
"part.{i}" = { from = "attn.{i}", split = [1, 3], axis = 1 }
"cut" = { from = "attn.0", slice = [1, 3], axis = -1 }
"joined" = { concat = ["a", { from = "b", transpose = true }], axis = 0 }
"stacked" = { stack = ["a", "a"], axis = 1 }
"joined_then_turned" = { concat = ["a", "a"], transpose = true }
"turned_then_split" = { from = { from = "c_proj", transpose = true }, split = [0, 2] }
"""

CHECKPOINT = {
    "c_proj": torch.arange(8.0).reshape(2, 4),
    "cube": torch.arange(24.0).reshape(2, 3, 4),
    "attn.0": torch.arange(12.0).reshape(2, 6),
    "a": torch.arange(4.0).reshape(2, 2),
    "b": torch.arange(6.0).reshape(2, 3),
}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("proj", CHECKPOINT["c_proj"].T),
        ("turned", CHECKPOINT["cube"].permute(2, 0, 1)),
        ("part.0", CHECKPOINT["attn.0"][:, 2:4]),
        ("cut", CHECKPOINT["attn.0"][:, 1:3]),
        ("joined", torch.cat([CHECKPOINT["a"], CHECKPOINT["b"].T])),
        ("stacked", torch.stack([CHECKPOINT["a"], CHECKPOINT["a"]], 1)),
        ("joined_then_turned", torch.cat([CHECKPOINT["a"], CHECKPOINT["a"]]).T),
        ("turned_then_split", CHECKPOINT["c_proj"].T[:2]),
    ],
)
def test_what_an_entry_makes(target: str, expected: torch.Tensor) -> None:
    if target == "joined":
        with pytest.raises(Exception, match=r"do not join|differ"):
            Rename.of({"x": {"concat": ["a", "cube"]}}).resolve(["x"]).recipes["x"].value(CHECKPOINT)
    recipe = Rename.parse(TABLE).resolve([target]).recipes[target]
    assert torch.equal(recipe.value(CHECKPOINT), expected)


def test_names_and_layers() -> None:
    found = Rename.parse(TABLE).resolve(
        ["token.weight", "layer.0.q", "layer.11.q", "layer.x.q", "head.bias", "other"]
    )
    names = {address: recipe.names for address, recipe in found.recipes.items()}
    assert names == {
        "token.weight": ("embeddings.word.weight",),
        "layer.0.q": ("first",),
        "layer.11.q": ("encoder.11.query",),
    }
    assert found.kept == {"head.bias"}


def test_a_dictionary_and_a_file_are_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('ignore = ["b"]\n[rename]\n"x" = { from = "y", split = [0, 2] }\n')
    from_file = Rename.of(tmp_path / "x.toml")
    assert (
        from_file == Rename.of({"x": {"from": "y", "split": [0, 2]}, "ignore": ["b"]}) == Rename.of(from_file)
    )
    assert Rename.parse('[rename]\n"x" = { from = "y", split = [0, 2] }\nignore = ["b"]') == from_file


def test_a_placeholder_is_one_number_and_may_recur() -> None:
    found = Rename.of({"a.{i}.b.{j}.c.{i}": "x.{j}.{i}"}).resolve(
        ["a.1.b.2.c.1", "a.1.b.2.c.3", "a.1.b.-2.c.1"]
    )
    assert {address: recipe.names for address, recipe in found.recipes.items()} == {"a.1.b.2.c.1": ("x.2.1",)}


def test_a_star_is_the_only_special_character_of_ignore() -> None:
    table = Rename.of({"ignore": ["pooler.*", "a[0]?"]})
    assert table.ignores("pooler.dense.weight")
    assert table.ignores("a[0]?")
    assert not table.ignores("a0x")
    assert not table.ignores("Pooler.x")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (3, "a source is the name of a tensor"),
        ("", "a source is the name of a tensor"),
        ({}, "a source is the name of a tensor"),
        ({"weight": "y"}, "an address with dots is written in quotes"),
        ({"split": [0, 3]}, "exactly one of `from`"),
        ({"from": "y", "concat": ["z"]}, "exactly one of `from`"),
        ({"from": "y", "transposed": True}, "`transposed` means nothing here; did you mean `transpose`"),
        ({"from": "y", "axis": 1}, "`axis` goes with"),
        ({"from": "y", "split": [0, 2], "axis": True}, "`axis` is a whole number"),
        ({"from": "y", "split": [3, 3]}, "counts parts from 0"),
        ({"from": "y", "split": [False, 2]}, "counts parts from 0"),
        ({"from": "y", "split": [0]}, "counts parts from 0"),
        ({"from": "y", "slice": [2, 2]}, "0 <= start < stop"),
        ({"from": "y", "slice": [-1, 2]}, "0 <= start < stop"),
        ({"from": "y", "slice": [0, 2], "split": [0, 2]}, "do not go together"),
        ({"from": "y", "transpose": [0, 2]}, "the axes in their new order"),
        ({"from": "y", "transpose": 1}, "the axes in their new order"),
        ({"concat": []}, "a list of sources"),
        ({"concat": "y"}, "a list of sources"),
        ({"concat": ["y", 1]}, "a source is the name of a tensor"),
        ("y.{i}", "not a placeholder of the target"),
        ("y.{}", "a brace that is no placeholder"),
        ("y.{0}", "a brace that is no placeholder"),
    ],
)
def test_mistakes_in_an_entry(value: object, says: str) -> None:
    with pytest.raises(WeightsError, match=says) as caught:
        Rename.of({"x": value})
    assert "`x`: " in str(caught.value)


def test_placeholders_side_by_side_are_refused() -> None:
    with pytest.raises(WeightsError, match="need something between them"):
        Rename.of({"x.{i}0{j}": "y"})


def test_nesting_has_an_end() -> None:
    value: object = "y"
    for _ in range(10_000):
        value = {"from": value}
    with pytest.raises(WeightsError, match="nested more than"):
        Rename.of({"x": value})


def test_all_mistakes_of_a_table_are_said_at_once() -> None:
    with pytest.raises(WeightsError) as caught:
        Rename.parse('ignore = "a"\nother = 1\n[rename]\nx = 3\ny.weight = "z"\n')
    assert len(caught.value.problems) == 4
    for part in ("`ignore` is a list", "`other` stands outside `[rename]`", "`x`: ", "`y`: "):
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["[rename", 'x = "a"\nx = "b"', "[rename]\nx = ", "x = " + "[" * 5000])
def test_text_that_is_not_toml(text: str) -> None:
    with pytest.raises(WeightsError, match="is not TOML"):
        Rename.parse(text)


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xff\xfe")
    for name in ("x.toml", "none.toml"):
        with pytest.raises(WeightsError, match="cannot read the rename table"):
            Rename.of(tmp_path / name)


def problems(table: dict[str, object], addresses: list[str]) -> list[str]:
    return [str(problem) for problem in Rename.of(table).resolve(addresses).problems]


def test_entries_that_do_nothing() -> None:
    addresses = ["layer.0.q", "layer.1.q"]
    assert problems({"layers.{i}.q": "x"}, addresses) == [
        "no such target: the module has no `layers.{i}.q`, which the rename table fills; "
        "did you mean `layer.0.q`?"
    ]
    shadowed = {"layer.0.q": "x", "layer.1.q": "y", "layer.{i}.q": "z"}
    assert problems(shadowed, addresses) == [
        "unused: `layer.{i}.q` is never used: other entries fill every address that it means"
    ]
    assert problems({"keep": ["heads.*"]}, addresses) == [
        "no such target: the module has no `heads.*`, which is to be kept"
    ]


def test_entries_at_odds() -> None:
    assert problems({"layer.{i}.q": "x", "layer.{j}.q": "y"}, ["layer.0.q"]) == [
        "ambiguous: `layer.0.q` is meant by `layer.{j}.q` and by `layer.{i}.q`"
    ]
    assert problems({"head": "x", "keep": ["head"]}, ["head"]) == [
        "ambiguous: `head` is meant by `head` and by `keep`"
    ]
