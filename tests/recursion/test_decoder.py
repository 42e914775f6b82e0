"""Text that a network speaks, word by word, is that of a loop by hand, and its logits have the loop's gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import catlang

from .parity import agree, compiled, every_precision, reference

pytestmark = pytest.mark.usefixtures("dtype")

DECODER = {
    "token.weight": "embedding.weight",
    **{f"cell.of_{side}.{kind}": f"gru.{kind}_{short}" for side, short in (("input", "ih"), ("state", "hh"))
       for kind in ("weight", "bias")},
    "head.weight": "logits.weight", "head.bias": "logits.bias",
}


@every_precision
def test_a_greedy_decoder_against_a_loop(dtype: torch.dtype) -> None:
    """Generation by `unfold` stops for every text by itself; the logits have the gradients of the loop's."""
    sizes = {"width": 3, "hidden": 5, "v": 6}
    ours = compiled("decoder.cat", "text", **sizes)
    # Whether the network had been compiled before or not: texts of all lengths.
    torch.manual_seed(0)
    theirs = reference("decoder").Decoder(**sizes)
    lengths: list[int] = []

    def call(start: Tensor) -> Any:
        texts = [theirs(one, 12) for one in start]
        lengths[:] = [len(words) for words, _ in texts]
        return (torch.tensor([word for words, _ in texts for word in words]),
                torch.stack([one for _, found in texts for one in found]))

    agree(ours, theirs, {f"speak_0.{address}": name for address, name in DECODER.items()}, 3 * torch.randn(60, 5),
          call=call)
    assert {0, 1, 12} <= set(lengths), "texts that end at once, that never do, and others"
    words = compiled("decoder.cat", "words", **sizes)
    catlang.load(words, theirs.state_dict(), {f"text_0.speak_0.{ours}": name for ours, name in DECODER.items()})
    start = torch.randn(7, 5)
    assert words(start).tolist() == [theirs(one, 12)[0] for one in start]
