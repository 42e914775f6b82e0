"""Where weights live: addresses are labels and ordinals among equals, and equal addresses are equal weights."""

from __future__ import annotations

import torch
from torch import nn


def keys(net: nn.Module) -> list[str]:
    return list(net.state_dict())


def names(net: nn.Module) -> list[str]:
    return [name for name, _ in net.named_modules() if name]


def test_instances_without_a_label_count_their_equals(compiled):
    net = compiled("morphism net : R[4] -> R[4] = affine[_, 6] >> layer_norm >> affine[_, 5] >> relu >> affine")
    assert names(net) == ["affine_0", "layer_norm_0", "affine_1", "affine_2"]


def test_what_has_no_weights_renames_nothing(compiled):
    plain = compiled("morphism net : R[4] -> R[4] = affine[_, 4] >> affine >> layer_norm")
    more = compiled("morphism net : R[4] -> R[4] = relu >> affine[_, 4] >> dropout >> affine >> tanh >> layer_norm")
    assert keys(plain) == keys(more) == [
        f"{name}.{part}" for name in ("affine_0", "affine_1", "layer_norm_0") for part in ("weight", "bias")]
    more.load_state_dict(plain.state_dict())


def test_labels_are_addresses(compiled):
    net = compiled("""
morphism head : R[4] -> R[4] = affine[_, 4] as query >> relu >> (affine >> tanh) as group
morphism net  : R[4] -> R[4] = head as first >> head >> (affine as deep)^3
""")
    assert keys(net) == [f"{name}.{part}" for name in (
        "first.query", "first.group.affine_0", "head_0.query", "head_0.group.affine_0",
        *(key[:-len(".weight")] for key in keys(net)[8::2])) for part in ("weight", "bias")]
    assert sum("deep" in key for key in keys(net)) == 6


def test_one_label_is_one_instance(compiled):
    net = compiled("morphism net : R[4] * R[4] -> R[4] * R[4] = affine as twin * affine as twin")
    assert keys(net) == ["twin.weight", "twin.bias"]
    x, y = torch.randn(4), torch.randn(4)
    one, other = net(x, y)
    assert torch.equal(other, net(y, x)[0]) and torch.equal(one, net(x, y)[0])


def test_a_let_is_one_instance(compiled):
    net = compiled("morphism net : R[4] -> R[4] = let g = affine >> tanh in g >> relu >> g")
    assert keys(net) == ["g.affine_0.weight", "g.affine_0.bias"]


def test_what_is_bound_and_not_used_has_no_axes(compiled):
    """Nothing says what axes it has, and nobody looks at them."""
    net = compiled("morphism net : R[4] -> R[4] = x |-> let w = zero(), p = (parameter as p)() in neg(x)")
    assert {name: one.shape for name, one in net.named_parameters()} == {"p.weight": ()}
    assert torch.equal(net(torch.ones(4)), -torch.ones(4))


def test_gradients_of_one_instance_sum(compiled):
    net = compiled("morphism net : R[4] -> R[4] = let g = linear in g >> tanh >> g")
    [weight] = net.parameters()
    x = torch.randn(3, 4)
    net(x).sum().backward()
    first, second = weight.detach().clone().requires_grad_(), weight.detach().clone().requires_grad_()
    nn.functional.linear(torch.tanh(nn.functional.linear(x, first)), second).sum().backward()
    torch.testing.assert_close(weight.grad, first.grad + second.grad)


def test_along_copy_all_copies_are_one(compiled):
    text = """
morphism deep : R[4] -> R[4] = (affine >> tanh)^6
morphism tied : R[4] -> R[4] = deep along copy
"""
    deep, tied = compiled(text, "deep"), compiled(text, "tied")
    assert sum(weight.numel() for weight in deep.parameters()) == 6 * 20
    assert sum(weight.numel() for weight in tied.parameters()) == 20
    weight, bias = tied.parameters()
    x = y = torch.randn(2, 4)
    for _ in range(6):
        y = torch.tanh(nn.functional.linear(y, weight, bias))
    torch.testing.assert_close(tied(x), y)


# ------------------------------------------------------------------ along a map


def test_low_rank(compiled):
    net = compiled("""
dim m, r
morphism lora[m, r](W0 : R[m, m]) : R[m] -> R[m]
    = (linear along (U, V) |-> add(W0, matmul[_, r, _](U, V))) init (U = zeros, V = normal(0, 0.02))
frozen W : R[m, m]
morphism net : R[m] -> R[m] = lora[_, r](W) as adapted
""", m=5, r=2)
    assert {key: tuple(value.shape) for key, value in net.state_dict().items()} == {
        "W": (5, 5), "adapted.U": (5, 2), "adapted.V": (2, 5)} or {
        key: tuple(value.shape) for key, value in net.state_dict().items()} == {
        "W": (5, 5), "adapted.linear_0.U": (5, 2), "adapted.linear_0.V": (2, 5)}
    u, v = (next(value for key, value in net.state_dict().items() if key.endswith(part)) for part in [".U", ".V"])
    assert (u == 0).all() and v.std() < 0.1
    assert [name for name, one in net.named_parameters() if not one.requires_grad] == ["W"]
    with torch.no_grad():
        for one in net.parameters():
            one.normal_()
    x = torch.randn(3, 5)
    torch.testing.assert_close(net(x), nn.functional.linear(x, net.state_dict()["W"] + u @ v))


def test_symmetric(compiled):
    net = compiled("""
dim m
morphism net : R[m] -> R[m] = linear along (upper : R[m, m]) |-> add(upper, transpose(upper))
""", m=4)
    assert keys(net) == ["linear_0.upper"]
    matrix = net(torch.eye(4))
    torch.testing.assert_close(matrix, matrix.T)
    net(torch.randn(2, 4)).sum().backward()
    assert all(one.grad is not None for one in net.parameters())


def test_weight_normalised_is_pytorchs(compiled):
    net = compiled("""
dim m, n
morphism net : R[m] -> R[n]
    = affine along (g : R[n], v : R[n, m], b : R[n]) |-> (each((g1, v1) |->
        mul(v1, repeat(-> m)(div(g1, sqrt(reduce(sum, m ->)(square(v1)))))))(g, v), b)
""", m=3, n=4)
    shapes = {key.rpartition(".")[2]: tuple(value.shape) for key, value in net.state_dict().items()}
    assert shapes == {"g": (4,), "v": (4, 3), "b": (4,)}
    theirs = nn.utils.parametrizations.weight_norm(nn.Linear(3, 4))
    weights = theirs.parametrizations.weight
    prefix = keys(net)[0].rpartition(".")[0]
    net.load_state_dict({f"{prefix}.g": weights.original0.squeeze(-1), f"{prefix}.v": weights.original1,
                         f"{prefix}.b": theirs.bias})
    x = torch.randn(5, 3)
    torch.testing.assert_close(net(x), theirs(x))
    net(x).square().sum().backward()
    theirs(x).square().sum().backward()
    torch.testing.assert_close(net.get_parameter(f"{prefix}.v").grad, weights.original1.grad)


# ------------------------------------------------------------------ how weights begin


def test_initialisers(compiled):
    net = compiled("""
morphism net : R[100] -> R[100]
    = affine[_, 100] as a init normal(3, 0.1) >> affine[_, 100] as b init (weight = zeros, bias = constant(-1))
    >> affine as c init (weight = orthogonal)
""")
    assert abs(net.a.weight.mean() - 3) < 0.05 and abs(net.a.bias.mean() - 3) < 0.1
    assert (net.b.weight == 0).all() and (net.b.bias == -1).all()
    torch.testing.assert_close(net.c.weight @ net.c.weight.T, torch.eye(100), rtol=0, atol=1e-4)


def test_without_an_initialiser_weights_begin_as_pytorchs(compiled):
    torch.manual_seed(3)
    net = compiled("morphism net : R[4] -> R[3] = affine")
    torch.manual_seed(3)
    assert torch.equal(net.affine_0.weight, nn.Linear(4, 3).weight)


def test_a_frozen_weight_is_loaded_and_never_trained(compiled):
    net = compiled("""
frozen W : R[3, 3]
morphism net : R[3] -> R[3] = x |-> contract(n m, m -> n)(W, linear(x))
""")
    assert "W" in net.state_dict()
    net.load_state_dict({**net.state_dict(), "W": 2 * torch.eye(3)})
    x = torch.randn(3)
    torch.testing.assert_close(net(x), 2 * net.linear_0(x))
    net(x).sum().backward()
    assert net.W.grad is None and net.linear_0.weight.grad is not None


def test_learned_modules_are_pytorchs_own(compiled):
    net = compiled("morphism net : Fin[7] -> R[4] = embedding[_, 8] >> layer_norm >> affine")
    assert [type(one) for one in net.children()] == [nn.Embedding, nn.LayerNorm, nn.Linear]
