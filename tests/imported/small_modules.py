"""Small modules that together use every row of the importer's table; each with an example of its input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

F = nn.functional
Tensor = torch.Tensor


class Of(nn.Module):
    """A module of a function, and of layers that it is given."""

    def __init__(self, function: Callable[..., Any], **layers: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.function = function
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


def x(*sizes: int) -> Tensor:
    return torch.randn(2, *sizes)


def point(function: Callable[[Tensor], Tensor]) -> tuple[nn.Module, tuple[Tensor, ...]]:
    return Of(lambda self, a: function(a)), (x(3, 4),)


def ids(count: int, *sizes: int) -> Tensor:
    return torch.randint(0, count, (2, *sizes))


def buffered(module: nn.Module, **buffers: Tensor) -> nn.Module:
    for name, value in buffers.items():
        module.register_buffer(name, value)
    return module


def _pieces(a: Tensor) -> Tensor:
    b, c = a.split([1, 3], dim=-1)
    d, e = a.chunk(2, dim=2)
    return torch.cat([c, b, d * e, a[:, :, 1:3], a.narrow(2, 0, 1), a[..., -1:]], dim=-1)


def _rotary(a: Tensor) -> Tensor:
    half = torch.cat([-a[..., 2:], a[..., :2]], -1)
    place = torch.arange(a.shape[1], dtype=a.dtype)[:, None]
    return a * torch.cos(place) + half * torch.sin(place)


#: Each: the module, and an example.
CASES: dict[str, Callable[[], tuple[nn.Module, tuple[Tensor, ...]]]] = {
    **{name: lambda name=name: point(getattr(torch, name)) for name in (  # type: ignore[misc]
        "relu", "tanh", "sigmoid", "exp", "neg", "abs", "sin", "cos", "tan", "erf", "floor", "ceil", "round", "sign",
        "square", "expm1", "selu")},
    **{name: lambda name=name: point(lambda a: getattr(torch, name)(a.abs() + 0.5)) for name in (  # type: ignore[misc]
        "log", "sqrt", "rsqrt", "reciprocal", "log1p")},
    **{name: lambda name=name: point(getattr(F, name)) for name in (  # type: ignore[misc]
        "silu", "mish", "hardswish", "gelu", "elu", "leaky_relu", "softplus", "hardtanh", "relu6", "hardsigmoid",
        "logsigmoid")},
    "gelu by tanh": lambda: point(lambda a: F.gelu(a, approximate="tanh")),
    "leaky_relu with a slope": lambda: point(lambda a: F.leaky_relu(a, 0.3)),
    "elu with alpha": lambda: point(lambda a: F.elu(a, 0.5)),
    "clamp": lambda: point(lambda a: a.clamp(-0.5, 0.7) + a.clamp(min=0.1) + a.clamp(max=0.2)),
    "arithmetic": lambda: (Of(lambda self, a, b: (a + b * 2 - b / 3) ** 2 - 1.5 + torch.pow(2 * a, 3) / (b.abs() + 1)),
                           (x(3, 4), x(3, 4))),
    "numbers in front": lambda: point(lambda a: 1.0 - a + 2 / (a.abs() + 1)),
    "alpha": lambda: (Of(lambda self, a, b: torch.add(a, b, alpha=3) - torch.sub(a, b, alpha=0.5)),
                      (x(3, 4), x(3, 4))),
    "rounding": lambda: (Of(lambda self, a, b: torch.div(a, b, rounding_mode="floor") + torch.div(
        a, b, rounding_mode="trunc")), (x(3, 4), x(3, 4).abs() + 0.1)),
    "extremes": lambda: (Of(lambda self, a, b: torch.maximum(a, b) - torch.minimum(a, b) * torch.max(a, b)),
                         (x(3, 4), x(3, 4))),
    "broadcasting": lambda: (Of(lambda self, a, b: a + b[:, :, None] + a[0:, :1] + b[:, None, :3].mean(
        -1, keepdim=True)), (x(3, 4), x(3))),
    "outer": lambda: (Of(lambda self, a: a[:, :, None] - a[:, None, :]), (x(5),)),
    "in place": lambda: point(lambda a: (a * 1.0).add_(1).mul_(a).relu_()),
    "comparisons": lambda: (Of(lambda self, a, b: torch.where((a < b) | (a >= 1) & ~(b > 2), a, b) + torch.where(
        (a != b) & (a <= 0.5), a, 0.0) + (a == a).float()), (x(3, 4), x(3, 4))),
    "masked_fill": lambda: (Of(lambda self, a: a.masked_fill(a > 0.3, -2.0)), (x(3, 4),)),
    "softmax": lambda: point(lambda a: a.softmax(-1) + a.softmax(1) + a.log_softmax(-1)),
    "reductions": lambda: point(lambda a: a.mean(1) + a.sum(dim=1) + a.amax(1) - a.amin(1) + a.mean(
        (1, 2), True)[..., 0]),
    "cumsum": lambda: point(lambda a: a.cumsum(1) + a.cumsum(-1)),
    "views": lambda: point(lambda a: a.view(-1, 3, 2, 2).transpose(1, 2).reshape(-1, 2, 6).permute(0, 2, 1).flatten(1)),
    "squeeze": lambda: (Of(lambda self, a: a.squeeze(1).unsqueeze(-1).expand(-1, 4, 3) + a.squeeze(1)[..., None]),
                        (x(1, 4),)),
    "rows as a batch": lambda: (Of(lambda self, a: self.f(a.view(-1, 4)).view(-1, 3, 5), f=nn.Linear(4, 5)),
                                (x(3, 4),)),
    "pieces": lambda: point(_pieces),
    "select": lambda: point(lambda a: a[:, 0] + a[:, -1] + a[:, 1] * a[..., 2].sum(-1, keepdim=True)),
    "stacked": lambda: point(lambda a: torch.cat([a[:, None], a[:, None]], 1)),
    "pad": lambda: (Of(lambda self, a: F.pad(a, (1, 2, 0, 1), value=0.5)[..., :4] + F.pad(a, (-1, 1, 1, 0))),
                    (x(3, 4),)),
    "rotary": lambda: (Of(lambda self, a: _rotary(a)), (x(5, 4),)),
    "matmul": lambda: (Of(lambda self, a, b: a @ b.transpose(1, 2) @ b), (x(3, 4), x(5, 4))),
    "bmm": lambda: (Of(lambda self, a, b: torch.bmm(a, b) + torch.baddbmm(a @ b, a, b, beta=0.5, alpha=2)),
                    (x(3, 4), x(4, 5))),
    "a matrix for all": lambda: (Of(lambda self, a: a @ self.w, w=nn.Parameter(torch.randn(4, 6))), (x(3, 4),)),
    "fills": lambda: point(lambda a: a + torch.ones(4) * 2 + torch.zeros_like(a) + torch.full(
        (3, 1), 0.5) + a.new_ones(4)),
    "places": lambda: point(lambda a: a * torch.arange(4).float() + (
        torch.arange(3)[:, None] >= torch.arange(4)).float()),
    "linear": lambda: (Of(lambda self, a: self.f(self.g(a)), f=nn.Linear(5, 1), g=nn.Linear(4, 5, bias=False)),
                       (x(3, 4),)),
    "one layer twice": lambda: (Of(lambda self, a: self.f(torch.relu(self.f(a))), f=nn.Linear(4, 4)), (x(3, 4),)),
    "a weight of two": lambda: (Of(lambda self, a: F.linear(self.f(a), self.f.weight.t()), f=nn.Linear(4, 6)),
                                (x(3, 4),)),
    "addmm": lambda: (Of(lambda self, a: torch.addmm(self.b, a, self.w), w=nn.Parameter(torch.randn(4, 6)),
                         b=nn.Parameter(torch.randn(6))), (x(4),)),
    "embedding": lambda: (Of(lambda self, i: self.f(i) + self.g(torch.arange(3)) + self.h(torch.arange(3) * 2),
                             f=nn.Embedding(9, 4), g=nn.Embedding(7, 4), h=nn.Embedding(7, 4)), (ids(9, 3),)),
    "rows at computed places": lambda: (Of(lambda self, i: self.f((i > 3).long() + (i != 2)), f=nn.Embedding(3, 4)),
                                        (ids(9, 3),)),
    "two tables": lambda: (Of(lambda self, i: self.f(i) + self.g(i), f=nn.Embedding(9, 4), g=nn.Embedding(11, 4)),
                           (ids(9, 3),)),
    "a tied table": lambda: (Of(lambda self, i: F.linear(self.f(i), self.f.weight), f=nn.Embedding(9, 4)),
                             (ids(9, 3),)),
    "a buffer": lambda: (buffered(Of(lambda self, a: a * self.c), c=torch.randn(4)), (x(3, 4),)),
    "layer_norm": lambda: (Of(lambda self, a: self.f(a) + self.g(a), f=nn.LayerNorm(4), g=nn.LayerNorm((3, 4), 1e-3)),
                           (x(3, 4),)),
    "layer_norm without weights": lambda: (Of(lambda self, a: self.f(a) + self.g(a), f=nn.LayerNorm(
        4, elementwise_affine=False), g=nn.LayerNorm(4, bias=False)), (x(3, 4),)),
    "rms_norm": lambda: (Of(lambda self, a: self.f(a), f=nn.RMSNorm(4, 1e-6)), (x(3, 4),)),
    "batch_norm": lambda: (Of(lambda self, a: self.f(a), f=nn.BatchNorm2d(3, 1e-3)), (x(3, 4, 5),)),
    "batch_norm of vectors": lambda: (Of(lambda self, a: self.f(a), f=nn.BatchNorm1d(3)), (x(3),)),
    "group_norm": lambda: (Of(lambda self, a: self.f(a), f=nn.GroupNorm(2, 4)), (x(4, 5),)),
    "prelu": lambda: (Of(lambda self, a: self.f(a), f=nn.PReLU(3)), (x(3, 4),)),
    "conv1d": lambda: (Of(lambda self, a: self.g(self.f(a)), f=nn.Conv1d(4, 6, 3, padding=1, stride=2), g=nn.Conv1d(
        6, 6, 2, groups=3, bias=False, dilation=2)), (x(4, 9),)),
    "conv2d": lambda: (Of(lambda self, a: self.g(self.f(a)), f=nn.Conv2d(4, 6, (3, 2), padding=(1, 0), stride=(2, 1)),
                          g=nn.Conv2d(6, 6, 2, groups=6, bias=False, padding=1)), (x(4, 9, 8),)),
    "conv_transpose": lambda: (Of(lambda self, a: self.f(a), f=nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1,
                                                                                  output_padding=1)), (x(4, 5),)),
    "conv_transpose2d": lambda: (Of(lambda self, a: self.f(a), f=nn.ConvTranspose2d(4, 6, (3, 2), stride=2, groups=2)),
                                 (x(4, 5, 4),)),
    "pools": lambda: (Of(lambda self, a: F.max_pool2d(a, 3, 2, 1) + F.avg_pool2d(a, 2)), (x(3, 8, 8),)),
    "pools of rows": lambda: (Of(lambda self, a: F.max_pool1d(a, 2) + F.avg_pool1d(a, 2)), (x(3, 8),)),
    "global pool": lambda: (Of(lambda self, a: F.adaptive_avg_pool2d(a, 1).flatten(1) + F.adaptive_avg_pool2d(
        a, (1, 5)).sum((-1, -2))), (x(3, 4, 5),)),
    "dropout": lambda: (Of(lambda self, a: self.f(a), f=nn.Dropout(0.5)), (x(3, 4),)),
    "attention": lambda: (Of(lambda self, a, b: F.scaled_dot_product_attention(a, b, b)), (x(2, 5, 4), x(2, 3, 4))),
    "causal attention": lambda: (Of(lambda self, a: F.scaled_dot_product_attention(a, a, a, is_causal=True, scale=0.3)),
                                 (x(2, 5, 4),)),
    "masked attention": lambda: (Of(lambda self, a, m: F.scaled_dot_product_attention(a, a, a, m[:, None, None] > 0)),
                                 (x(2, 5, 4), x(5).abs())),
    "attention by a mask for each pair": lambda: (
        Of(lambda self, a, m: F.scaled_dot_product_attention(a, a, a, m[:, None] > 0)), (x(2, 5, 4), x(5, 5).abs())),
    "attention by a mask for each head": lambda: (
        Of(lambda self, a, m: F.scaled_dot_product_attention(a, a, a, m > 0)), (x(2, 5, 4), x(2, 5, 5).abs())),
    "attention with a bias": lambda: (Of(lambda self, a, m: F.scaled_dot_product_attention(a, a, a, m)),
                                      (x(2, 5, 4), x(2, 5, 5))),
    "attention of few keys": lambda: (Of(lambda self, a, b: F.scaled_dot_product_attention(a, b, b, enable_gqa=True)),
                                      (x(4, 5, 4), x(2, 5, 4))),
    "attention of one head": lambda: (Of(lambda self, a, m: F.scaled_dot_product_attention(a, a, a, m[:, None] > 0)),
                                      (x(5, 4), x(5).abs())),
    "PyTorch's attention": lambda: (Of(lambda self, a: self.f(a, a, a, need_weights=False)[0], f=nn.MultiheadAttention(
        8, 2, batch_first=True)), (x(5, 8),)),
    "PyTorch's transformer": lambda: (Of(lambda self, a: self.f(a), f=nn.TransformerEncoder(nn.TransformerEncoderLayer(
        8, 2, 16, batch_first=True), 3, enable_nested_tensor=False)), (x(5, 8),)),
    "several outputs": lambda: (Of(lambda self, a: (a + 1, self.f(a).relu())[::-1], f=nn.Linear(4, 2)), (x(3, 4),)),
    "an output that is an input": lambda: (Of(lambda self, a: (a, a * 2)), (x(3, 4),)),
    "an output of size one": lambda: (Of(lambda self, a: a.mean(-1, keepdim=True)), (x(3, 4),)),
    "an input of size one": lambda: (Of(lambda self, a: a * 2 + torch.arange(4).float()), (x(1, 4),)),
    "copies": lambda: point(lambda a: a.repeat(1, 2, 1) + a.repeat_interleave(2, 1) + a.repeat(1, 2, 2)[..., 2:6]),
    "one by one": lambda: point(lambda a: torch.stack([c * number for number, c in enumerate(a.unbind(1))], 2)),
    "turned": lambda: point(lambda a: a.roll(1, 1) + a.roll((-1, 2), (1, 2)) - a.flip(2)),
    "glu": lambda: point(lambda a: F.glu(a) + F.glu(a, -1)),
    "einsum": lambda: (Of(lambda self, a, b: torch.einsum("bij,bkj->bki", a, b) + torch.einsum(
        "bij,bkj,bij->bki", a, b, a)), (x(3, 4), x(5, 4))),
    "length": lambda: point(lambda a: F.normalize(a, dim=-1) + a.norm(dim=1, keepdim=True)),
    "triangles": lambda: (Of(lambda self, a: a.triu() + a.tril(-1) * 2 + torch.ones(4, 4).tril()), (x(4, 4),)),
    "convolutions that keep the size": lambda: (Of(lambda self, a: self.f(a) + self.g(a), f=nn.Conv2d(
        3, 3, 3, padding="same"), g=nn.Conv2d(3, 3, (1, 5), padding="same")), (x(3, 5, 6),)),
    "larger": lambda: (Of(lambda self, a: F.interpolate(a, scale_factor=2) + F.interpolate(
        a, scale_factor=2, mode="bilinear")), (x(3, 4, 5),)),
    "truth values": lambda: (Of(lambda self, m, a: torch.where(m, a, -a)), (x(3) > 0, x(3))),
    "numbers that are whole": lambda: (Of(lambda self, i: i * 2.0 + 1), (ids(9, 3),)),
}
