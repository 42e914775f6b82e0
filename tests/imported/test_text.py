"""Protects that a spec is good to read: one that was reviewed stands here, word for word. Layers have their names, what
is repeated is a power, views are patterns, what is used once stands where it is used, and each module says what it was.
"""

from __future__ import annotations

from pathlib import Path

import torch
from roundtrip import exported
from torch import Tensor, nn
from torch.export import Dim

import catlang


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(12, 12) for _ in range(4))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = (layer(x).view(x.shape[0], -1, 3, 4).transpose(1, 2) for layer in (self.query, self.key, self.value))
        made = nn.functional.scaled_dot_product_attention(q, k, v, mask[:, None, None])
        return self.output(made.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention, self.norm = Attention(), nn.LayerNorm(12)
        self.mlp = nn.Sequential(nn.Linear(12, 48), nn.GELU(), nn.Linear(48, 12))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(x, mask)
        return x + self.mlp(self.norm(x))


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token, self.position = nn.Embedding(100, 12), nn.Embedding(64, 12)
        self.blocks = nn.ModuleList(Block() for _ in range(4))
        self.head = nn.Linear(12, 5)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x, mask)
        return self.head(x[:, 0])


SPEC = """\
# reader.pt2, imported: its modules are morphisms, its layers have the names that they have there.

dim n where n <= 64
dim heads = 3

object Token  = Fin[100]
object Hidden = R[12]

## `test_text.Attention`, the first at `blocks.0.attention`.
morphism attention : Hidden^n * Bool[n] -> Hidden^n
    = (x, mask) |->
        let query = (each(affine[_, 12] as query) >> rearrange(n (heads d) -> heads n d))(x),
            key   = (each(affine[_, 12] as key) >> rearrange(n (heads d) -> heads n d))(x),
            value = (each(affine[_, 12] as value) >> rearrange(n (heads d) -> heads n d))(x),
            mixed = each((q, k, v) |-> masked_attend(q, k, v, repeat(s -> q s)(mask)))(query, key, value)
        in (rearrange(d n k -> n (d k)) >> each(affine[_, 12] as output))(mixed)

## `test_text.Block`, the first at `blocks.0`.
morphism block(mask : Bool[n]) : Hidden^n -> Hidden^n
    = x |->
        let total = add(x, attention as attention(x, mask)),
            mlp_2 = each(layer_norm as norm >> affine[_, 48] as mlp_0 >> gelu >> affine[_, 12] as mlp_2)(total)
        in add(total, mlp_2)

## `test_text.Reader`.
morphism reader : (ids : Token^n) * (mask : Bool[n]) -> R[5]
    = (ids, mask) |->
        let total = add(each(embedding[_, 12] as token)(ids), (parameter[64, 12] as position >> slice[0, n])())
        in affine[_, 5] as head(at(((block(mask)^4) as blocks)(total), 0))
"""


def test_a_spec_is_good_to_read(tmp_path: Path) -> None:
    batch, length = Dim("batch"), Dim("length", min=2, max=64)
    args = (torch.randint(0, 100, (2, 7)), torch.ones(2, 7, dtype=torch.bool))
    path = exported(Reader(), args, tmp_path / "reader.pt2", dynamic=({0: batch, 1: length}, {0: batch, 1: length}))
    made = catlang.import_program(path)
    assert made.text.replace(f"{__name__}.", "test_text.") == SPEC
    assert made.rename["blocks.{i}.block_0.attention.query.weight"] == "blocks.{i}.attention.query.weight"
    assert "head.weight" not in made.rename
