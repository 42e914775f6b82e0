"""What is generic in an axis does to each list of a batch what it, or PyTorch's own, does to that list alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from catlang import Lists

from .parity import agree, compiled, entries, every_precision, same

pytestmark = pytest.mark.usefixtures("dtype")

BLOCK_TABLE = {
    **{f"net.block.attention.{ours}.{kind}": {"from": f"self_attn.in_proj_{kind}", "split": [place, 3]}
       for place, ours in enumerate(("query", "key", "value")) for kind in ("weight", "bias")},
    **{f"net.block.{ours}.{kind}": f"{theirs}.{kind}" for kind in ("weight", "bias") for ours, theirs in (
        ("attention.output", "self_attn.out_proj"), ("norm1", "norm1"), ("norm2", "norm2"),
        ("feed_forward.up", "linear1"), ("feed_forward.down", "linear2"))},
}


@every_precision
@pytest.mark.parametrize(("name", "options"), [
    ("pre_lists", {"norm_first": True, "activation": "gelu"}), ("post_lists", {"activation": "relu"}),
    ("causal_lists", {"norm_first": True, "activation": "gelu"})])
def test_a_transformer_block_on_lists(name: str, options: Any, dtype: torch.dtype) -> None:
    """What is generic in an axis is one of lists: a block does to each list what PyTorch's does to it alone."""
    theirs = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True, **options)
    xs = Lists(torch.randn(5, 9, 8), torch.tensor([4, 9, 1, 7, 9]))

    def call(xs: Lists) -> Any:
        found = []
        for row, length in enumerate(xs.lengths.tolist()):
            mask = nn.Transformer.generate_square_subsequent_mask(length) if name == "causal_lists" else None
            found.append(theirs(xs.data[row:row + 1, :length], src_mask=mask)[0])
        return torch.cat(found)

    agree(compiled("block.cat", name, d=8, hidden=12), theirs, BLOCK_TABLE, xs, call=call)


@pytest.mark.parametrize("name", ["pre_lists", "post_lists", "causal_lists", "deep_lists"])
def test_lists_together_and_one_by_one(name: str) -> None:
    """A batch of lists gives what each list gives as an array of its own."""
    net = compiled("block.cat", name, d=8, hidden=12)
    xs = Lists(torch.randn(5, 9, 8), torch.tensor([4, 9, 1, 7, 9]))
    together = net(xs)
    alone = [net(Lists(xs.data[row, :length], xs.lengths[row])) for row, length in enumerate(xs.lengths.tolist())]
    if isinstance(together, Tensor):
        same(together, torch.stack(alone), "vectors")
    else:
        same(entries(together)[0], torch.cat([one.data for one in alone]), "lists")
    plain = compiled("block.cat", name.removesuffix("_lists"), d=8, hidden=12) if name != "deep_lists" else None
    if plain is not None:
        plain.load_state_dict({address.removeprefix("net."): tensor for address, tensor in net.state_dict().items()})
        same(torch.cat([plain(one) for one in (xs.data[0, :4], xs.data[2, :1])]),
             torch.cat([alone[0].data, alone[2].data]), "arrays")
