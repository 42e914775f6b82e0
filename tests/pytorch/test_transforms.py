"""Transformations of functions: gradients of each example, Jacobians, Hessians, ensembles, gradients forwards.

Each is held to the plain way of computing the same.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, stack_module_state, vmap

import catlang

from .inputs import sentences

Compiled = Callable[..., nn.Module]


def test_gradients_of_each_example(compiled: Compiled) -> None:
    net = compiled("encoder").double()
    ids, mask = sentences()
    weights = {name: weight.detach() for name, weight in net.named_parameters()}

    def loss(weights: dict[str, Tensor], ids: Tensor, mask: Tensor) -> Tensor:
        return functional_call(net, weights, (ids, mask)).square().sum()

    found = vmap(grad(loss), in_dims=(None, 0, 0))(weights, ids, mask)
    for place in range(len(ids)):
        expected = torch.autograd.grad(net(ids[place], mask[place]).square().sum(), list(net.parameters()))
        for (name, _), one in zip(net.named_parameters(), expected, strict=True):
            torch.testing.assert_close(found[name][place], one)


def test_jacobians_both_ways(compiled: Compiled) -> None:
    net = compiled("reader").double()
    data = torch.randn(4, 8, dtype=torch.float64)
    length = torch.tensor(4)

    def outputs(data: Tensor) -> Tensor:
        return net(catlang.Lists(data, length)).data

    forwards, backwards = jacfwd(outputs)(data), jacrev(outputs)(data)
    torch.testing.assert_close(forwards, backwards)
    torch.testing.assert_close(torch.autograd.functional.jacobian(outputs, data), backwards)
    _, along = jvp(outputs, (data,), (torch.ones_like(data),))
    torch.testing.assert_close(along, backwards.sum((-1, -2)))


def test_hessian(compiled: Compiled) -> None:
    net = compiled("vision").double().eval()
    x = torch.randn(3, 2, 2, dtype=torch.float64)
    found = hessian(lambda x: net(x).square().sum())(x)
    expected = torch.autograd.functional.hessian(lambda x: net(x).square().sum(), x)
    torch.testing.assert_close(found, expected)


def test_an_ensemble_is_one_call(compiled: Compiled) -> None:
    nets = [compiled("encoder").eval() for _ in range(3)]
    for net in nets[1:]:
        for weight in net.parameters():
            weight.data.normal_(0, 0.3)
    weights, buffers = stack_module_state(nets)
    ids, mask = sentences()
    found = vmap(lambda weights, buffers: functional_call(nets[0], (weights, buffers), (ids, mask)))(weights, buffers)
    torch.testing.assert_close(found, torch.stack([net(ids, mask) for net in nets]), rtol=1e-4, atol=1e-5)
