"""The library written in catlang: it checks, generic as it is, and computes what PyTorch's own layers do."""

from __future__ import annotations

import os

import pytest

from catlang.checker.loader import LIBRARY
from catlang.checking import check_file, check_source
from catlang.span import Source
from catlang.syntax.parser import parse

torch = pytest.importorskip("torch")
SPEC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "std.cat")
STD = os.path.join(LIBRARY, "std")
SHIPPED = sorted(name for name in os.listdir(STD) if name.endswith(".cat"))


def made(name: str, **sizes: int):
    import catlang

    torch.manual_seed(0)
    return catlang.compile(SPEC, name, **sizes).eval()


@pytest.mark.parametrize("name", SHIPPED)
def test_a_library_file_checks_as_any_other(name):
    module = check_file(os.path.join(STD, name))
    assert list(module.bag) == []
    assert all(definition.state == "done" for definition in module.definitions)


@pytest.mark.parametrize("name", SHIPPED)
def test_all_of_a_library_file_is_found_by_importing_it_and_documented(name):
    path = os.path.join(STD, name)
    with open(path, encoding="utf-8") as file:
        source = Source(name, path, file.read())
    importing = check_source(Source("m.cat", None, f"import std.{name[:-4]}"))
    assert list(importing.bag) == []
    for node in parse(source).declarations:
        assert importing.scope.find(node.name) is not None
        assert source.doc(node.start), node.name


def test_uses_check():
    module = check_file(SPEC)
    assert list(module.bag) == []


def test_addresses():
    def addresses(name: str, **sizes: int) -> list[str]:
        return sorted({key.rpartition(".")[0] for key in made(name, **sizes).state_dict()})

    projections = ["attention.key", "attention.output", "attention.query", "attention.value"]
    assert addresses("own") == projections
    assert addresses("masked") == projections
    block = [*(f"block.{name}" for name in projections), "block.feed_forward.down", "block.feed_forward.up",
             "block.norm1", "block.norm2"]
    assert addresses("before") == addresses("after") == block
    layers = [f"layer.{copy}.pre_norm_block_0" for copy in range(3)]
    assert addresses("layers") == sorted(name.replace("block", layer) for name in block for layer in layers)
    assert addresses("normed", d=4) == ["one.f_0.map", "one.norm", "two.f_0.map", "two.norm"]
    assert addresses("carried", d=4) == ["branch.f_0.mlp.down", "branch.f_0.mlp.up"]
    assert addresses("gated", d=4) == ["mlp.down", "mlp.gate", "mlp.up"]


def peer_of(attention):
    """PyTorch's own multi-head attention with the same weights."""
    peer = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
    parts = [attention.query, attention.key, attention.value]
    peer.in_proj_weight.data = torch.cat([part.weight for part in parts])
    peer.in_proj_bias.data = torch.cat([part.bias for part in parts])
    peer.out_proj.load_state_dict(attention.output.state_dict())
    return peer


def test_self_attention_is_pytorchs():
    x = torch.randn(3, 5, 8)
    net = made("own")
    torch.testing.assert_close(net(x), peer_of(net.attention)(x, x, x)[0])


def test_causal_attention_is_pytorchs():
    x = torch.randn(3, 5, 8)
    net = made("causal")
    hidden = torch.ones(5, 5, dtype=torch.bool).triu(1)
    torch.testing.assert_close(net(x), peer_of(net.attention)(x, x, x, attn_mask=hidden)[0])


def test_masked_attention_is_pytorchs():
    x, mask = torch.randn(3, 5, 8), (torch.rand(5, 5) < 0.5) | torch.eye(5, dtype=torch.bool)
    net = made("masked")
    found = net(x, mask.expand(3, 5, 5))
    torch.testing.assert_close(found, peer_of(net.attention)(x, x, x, attn_mask=~mask)[0])


def test_cross_attention_is_pytorchs():
    x, y = torch.randn(3, 5, 8), torch.randn(3, 7, 8)
    net = made("other")
    torch.testing.assert_close(net(x, y), peer_of(net.attn)(x, y, y)[0])


@pytest.mark.parametrize(("name", "first", "act"), [("before", True, "gelu"), ("after", False, "relu")])
def test_blocks_are_pytorchs(name, first, act):
    net = made(name)
    peer = torch.nn.TransformerEncoderLayer(8, 2, 32, 0.0, act, batch_first=True, norm_first=first).eval()
    attention = peer_of(net.block.attention)
    peer.self_attn.load_state_dict(attention.state_dict())
    mlp = net.block.feed_forward
    for ours, theirs in [(mlp.up, peer.linear1), (mlp.down, peer.linear2), (net.block.norm1, peer.norm1),
                         (net.block.norm2, peer.norm2)]:
        torch.nn.init.normal_(ours.weight)
        theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, 5, 8)
    torch.testing.assert_close(net(x), peer(x), rtol=1e-4, atol=1e-4)


def test_residual_branches():
    x = torch.randn(2, 5, 4)
    carried = made("carried", d=4)
    torch.testing.assert_close(carried(x), x + carried.branch.f_0(x))
    normed = made("normed", d=4)
    one, two = normed.one, normed.two
    y = x + one.f_0.map(one.norm(x))
    torch.testing.assert_close(normed(x), two.norm(y + two.f_0.map(y)))


def test_gated_mlp():
    net, x = made("gated", d=4), torch.randn(3, 4)
    mlp = net.mlp
    torch.testing.assert_close(net(x), mlp.down(torch.nn.functional.silu(mlp.gate(x)) * mlp.up(x)))


def test_vectors_are_as_in_pytorch():
    x, y = torch.randn(6, 4), torch.randn(6, 4)
    torch.testing.assert_close(made("unit")(x), torch.nn.functional.normalize(x, dim=-1))
    torch.testing.assert_close(made("inner")(x, y), (x * y).sum(-1))
    torch.testing.assert_close(made("cosine")(x, y), torch.nn.functional.cosine_similarity(x, y, dim=-1))
    assert made("unit")(torch.zeros(4)).eq(0).all()


def test_masked_mean_leaves_out_what_the_mask_hides():
    x, mask = torch.randn(2, 3, 4), torch.tensor([[True, False, True], [False, False, False]])
    found = made("pooled")(x, mask)
    torch.testing.assert_close(found[0], (x[0, 0] + x[0, 2]) / 2)
    assert found[1].eq(0).all()


def test_positions():
    place = made("place", n=7, d=4)()
    angle = torch.arange(7)[:, None] * 10000.0 ** (-torch.arange(4) / 4)
    torch.testing.assert_close(place, torch.cat([angle.sin(), angle.cos()], dim=-1))


def test_rotary_positions_turn_and_only_their_difference_matters():
    rotate = made("rotate", n=7, d=4)
    x, y = torch.randn(8), torch.randn(8)
    one, other = rotate(x.expand(7, 8)), rotate(y.expand(7, 8))
    torch.testing.assert_close(one.norm(dim=-1), x.norm().expand(7))
    scores = one @ other.T
    for shift in range(1, 7):
        torch.testing.assert_close(scores.diagonal(shift), scores[0, shift].expand(7 - shift))
    assert made("turned", n=7)(torch.randn(2, 7, 8)).shape == (2, 7, 8)
