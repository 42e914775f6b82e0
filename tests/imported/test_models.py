"""Protects the way there and back for models that others wrote: each is exported with an open batch and length, saved,
imported by the command line, compiled, loaded from a checkpoint of the model, and gives what the model gives, at
batches and lengths other than those that it was exported with. The specs check, and stand in the one style there is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import catlang

pytest.importorskip("transformers")

from exported_models import CASES
from roundtrip import apart, imported, run

Saved = Callable[[str], tuple[nn.Module, Path]]


@pytest.mark.parametrize("name", CASES)
def test_there_and_back(name: str, saved: Saved) -> None:
    model, path = saved(name)
    net = imported(path, model.state_dict())
    for batch, length in ((1, 5), (3, 11)):
        inputs = CASES[name].inputs(batch, length)
        given = [value.bool() if "mask" in word else value for word, value in inputs.items()]
        with torch.no_grad():
            theirs = model(**inputs)
        size = max(float(one.abs().max()) for one in theirs.to_tuple())
        assert size > 0.05, "the outputs are too small to be compared"
        assert apart(lambda *_, found=theirs: found, net, *given) < 1e-5
    spec = path.with_suffix(".cat")
    text = spec.read_text(encoding="utf-8")
    assert catlang.check(spec).report() == ""
    assert catlang.format(text) == text
    assert max(map(len, text.splitlines())) <= 120


def test_weights_of_the_program_need_no_table(saved: Saved, tmp_path: Path) -> None:
    """Also transposed ones, and those that are of a table that two use."""
    model, path = saved("gpt2")
    spec, weights = tmp_path / "gpt2.cat", tmp_path / "gpt2.safetensors"
    run(path, "-o", spec, "--weights", weights)
    net = catlang.compile(spec, "gpt2_lm_head_model").eval()
    catlang.load(net, weights)
    inputs = CASES["gpt2"].inputs(3, 9)
    with torch.no_grad():
        theirs = model(**inputs)
    assert apart(lambda *_: theirs, net, *inputs.values()) < 1e-5


def test_an_exported_program_is_imported_as_its_file_is(saved: Saved) -> None:
    _, path = saved("gpt2")
    made = catlang.import_program(torch.export.load(path))
    of_file = catlang.import_program(path)
    assert made.text.split("\n")[1:] == of_file.text.split("\n")[1:]
    assert made.rename == of_file.rename


def test_the_same_whatever_the_hash_seed(saved: Saved, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = saved("llama")
    found = set()
    for seed in ("0", "1", "7"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        found.add(run(path).stdout)
    assert len(found) == 1


def test_what_is_repeated_is_one_morphism(saved: Saved) -> None:
    """Three blocks are a power of one, under the label of the list that they are in; the same weights every time are
    tied."""
    assert "((bert_layer(mask)^3) as layer)" in catlang.import_program(saved("bert")[1]).text
    assert catlang.import_program(saved("gpt2")[1]).text.count("morphism gpt2_block") == 1
    assert "^3 along copy)" in catlang.import_program(saved("albert")[1]).text


def test_masks_become_what_they_are(saved: Saved) -> None:
    """A causal mask is made of nothing in the program, one that shows all tokens too."""
    assert "attend[causal = true]" in catlang.import_program(saved("gpt2")[1]).text
    assert "each(attend)" in catlang.import_program(saved("electra")[1]).text
    assert "masked_attend" in catlang.import_program(saved("bert")[1]).text


def test_positions_bound_the_length(saved: Saved) -> None:
    assert "dim n where n <= 40" in catlang.import_program(saved("bert")[1]).text
