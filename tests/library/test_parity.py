"""Primitives that have no exact values, and noise, are what PyTorch says: at any shape, under any batch axes."""

from __future__ import annotations

import pytest

from catlang.checking import check_source
from catlang.meaning.exact import INEXACT
from catlang.span import Source

torch = pytest.importorskip("torch")
F = torch.nn.functional

ENTRYWISE = {
    **{name: getattr(torch, name) for name in ["sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan",
                                               "erf", "sigmoid", "tanh"]},
    **{name: getattr(F, name) for name in ["elu", "selu", "gelu", "silu", "mish", "softplus", "logsigmoid"]},
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}
#: Along one axis: from a row to a row, or to a number.
ALONG = {
    "softmax": ("R[4]", lambda x: F.softmax(x, dim=-1)),
    "log_softmax": ("R[4]", lambda x: F.log_softmax(x, dim=-1)),
    "logsumexp": ("R[]", lambda x: torch.logsumexp(x, dim=-1)),
}
LOSSES = {
    "bce_with_logits": (F.binary_cross_entropy_with_logits, torch.rand),
    "kl_div": (lambda x, y: F.kl_div(x, y, reduction="sum"), torch.rand),
    "mse_loss": (F.mse_loss, torch.randn), "l1_loss": (F.l1_loss, torch.randn),
    "huber_loss": (F.huber_loss, torch.randn),
}
#: What other tests hold against PyTorch.
ELSEWHERE = {"attend", "masked_attend", "layer_norm", "group_norm", "batch_norm"}


def made(text: str):
    from catlang.compiler.build import Build
    from catlang.compiler.loading import instantiate

    module = check_source(Source("m.cat", None, text))
    assert not list(module.bag), [found.headline for found in module.bag]
    torch.manual_seed(0)
    return instantiate(Build(module, module.scope.names["net"], {}, {}).source(), "net").eval()


def positive(name: str, *shape: int):
    torch.manual_seed(1)
    return torch.rand(shape) + 0.5 if name in ("sqrt", "rsqrt", "log", "log1p") else 2 * torch.randn(shape)


def test_everything_inexact_is_held_against_pytorch():
    assert set(INEXACT) - ELSEWHERE == {*ENTRYWISE, *ALONG, "rms_norm", "bce_with_logits", "kl_div", "cross_entropy"}


@pytest.mark.parametrize("name", ENTRYWISE)
def test_entry_by_entry(name):
    for shape in [(), (3,), (2, 3)]:
        net = made(f"morphism net : R{list(shape)} -> R{list(shape)} = {name}")
        for batch in [(), (4,), (2, 2)]:
            x = positive(name, *batch, *shape)
            torch.testing.assert_close(net(x), ENTRYWISE[name](x))


@pytest.mark.parametrize("name", ALONG)
def test_along_an_axis(name):
    codomain, function = ALONG[name]
    net = made(f"morphism net : R[4] -> {codomain} = {name}")
    under = made(f"morphism net : R[3, 4] -> ({codomain})^3 = each({name})")
    for batch in [(), (4,), (2, 2)]:
        x = torch.randn(*batch, 3, 4)
        torch.testing.assert_close(net(x), function(x))
        torch.testing.assert_close(under(x), function(x))


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_pytorchs_for_each_element(name):
    function, target = LOSSES[name]
    for shape in [(3,)] if name == "kl_div" else [(), (3,), (2, 3)]:
        net = made(f"morphism net : R{list(shape)} * R{list(shape)} -> R[] = {name}")
        x, y = torch.randn(2, 4, *shape), target(2, 4, *shape)
        found = net(x, y)
        assert found.shape == (2, 4)
        for one in range(2):
            for other in range(4):
                torch.testing.assert_close(found[one, other], function(x[one, other], y[one, other]))
        torch.testing.assert_close(net(x[0, 0], y[0, 0]), found[0, 0])


def test_a_loss_against_one_target_for_all():
    for name in ["bce_with_logits", "huber_loss"]:
        net = made(f"morphism net : R[5, 3] * R[3] -> R[5] = (xs, y) |-> each(x |-> {name}(x, y))(xs)")
        x, y = torch.randn(2, 5, 3), torch.rand(2, 3)
        function = LOSSES[name][0]
        wanted = function(x, y[:, None].expand_as(x), reduction="none").mean(-1)
        torch.testing.assert_close(net(x, y), wanted)


@pytest.mark.parametrize(("name", "function"), [("cross_entropy", F.cross_entropy), ("nll_loss", F.nll_loss)])
def test_a_loss_of_classes(name, function):
    net = made(f"morphism net : R[5] * Fin[5] -> R[] = {name}")
    x, y = torch.randn(6, 5), torch.randint(5, (6,))
    torch.testing.assert_close(net(x, y), function(x, y, reduction="none"))
    torch.testing.assert_close(net(x[0], y[0]), function(x[0], y[0]))


def test_prelu_is_pytorchs():
    for shape in [(3,), (3, 5), (3, 4, 5)]:
        net = made(f"morphism net : R{list(shape)} -> R{list(shape)} = prelu")
        [weight] = net.parameters()
        assert weight.eq(0.25).all()
        torch.nn.init.normal_(weight)
        x = torch.randn(2, 6, *shape)
        torch.testing.assert_close(net(x), F.prelu(x.flatten(0, 1), weight).reshape(x.shape))
        torch.testing.assert_close(net(x[0, 0]), net(x)[0, 0])
    twice = made("morphism net : R[3] -> R[3] = prelu as act along w |-> scale[2](w)")
    x = torch.randn(4, 3)
    torch.testing.assert_close(twice(x), F.prelu(x, 2 * twice.act.w))


def test_rms_norm_is_pytorchs():
    for shape in [(4,), (3, 4)]:
        net = made(f"morphism net : R{list(shape)} -> R{list(shape)} = rms_norm")
        x = torch.randn(2, 5, *shape)
        torch.testing.assert_close(net(x), F.rms_norm(x, shape, eps=1e-5))


def test_norms_of_a_single_number():
    """PyTorch's own take one axis at least, and group norm two numbers."""
    for x in (torch.tensor(3.0), torch.randn(4), torch.randn(2, 4)):
        layer, rms = made("morphism net : R[] -> R[] = layer_norm"), made("morphism net : R[] -> R[] = rms_norm")
        for net in (layer, rms):
            for weight in net.parameters():
                torch.nn.init.normal_(weight)
        column = x[..., None]
        torch.testing.assert_close(layer(x), F.layer_norm(
            column, (1,), layer.layer_norm_0.weight[None], layer.layer_norm_0.bias[None])[..., 0])
        torch.testing.assert_close(rms(x), F.rms_norm(column, (1,), rms.rms_norm_0.weight[None], eps=1e-5)[..., 0])
    shared = made("morphism net : R[] -> R[] = layer_norm along (u : R[]) |-> (u, u)")
    assert shared(torch.randn(4)).shape == (4,)
    for axes in ("3", "3, 1", "3, 1, 1"):
        alone = made(f"morphism net : R[{axes}] -> R[{axes}] = group_norm[3]")
        bias = alone.group_norm_0.bias
        torch.nn.init.normal_(bias)
        shape = [*map(int, axes.split(", "))]
        torch.testing.assert_close(alone(torch.randn(shape)), bias.detach().reshape(shape), rtol=0, atol=1e-4)


def test_gumbel_numbers_choose_by_probability():
    net = made("morphism net : R[3] -> Fin[3] = x |-> argmax(add(x, gumbel()))")
    probability = torch.tensor([0.2, 0.5, 0.3])
    drawn = torch.bincount(net(probability.log().expand(20000, 3)), minlength=3) / 20000
    torch.testing.assert_close(drawn, probability, rtol=0, atol=0.02)


def test_bernoulli():
    net = made("morphism net : R[4] -> Bool[4] = bernoulli")
    probability = torch.tensor([0.0, 0.3, 0.9, 1.0])
    drawn = net(probability.expand(20000, 4))
    assert drawn.dtype == torch.bool
    torch.testing.assert_close(drawn.float().mean(0), probability, rtol=0, atol=0.02)
    assert drawn[:, 0].logical_not().all() and drawn[:, 3].all()


def test_a_smaller_set_lies_in_a_larger_one():
    net = made("morphism net : Fin[3] * Fin[5] -> Bool = (x, y) |-> equal_index(include(x), y)")
    x, y = torch.tensor([0, 1, 2]), torch.tensor([0, 4, 2])
    assert net(x, y).tolist() == [True, False, True]
