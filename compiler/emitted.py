"""Functions that emitted sources may need: each source that uses one carries a copy of it, and imports nothing."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own custom
from torch import nn


class Point(nn.Module):
    """A learned point."""

    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(shape))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.normal_(self.weight)


class Weights(nn.Module):
    """Weights from which others are computed."""

    def __init__(self, **shapes):
        super().__init__()
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape)))
        self.reset_parameters()

    def reset_parameters(self):
        for weight in self.parameters():
            bound = weight.shape[-1] ** -0.5 if weight.dim() > 0 else 1.0
            nn.init.uniform_(weight, -bound, bound)


def over_batch(function, x, rank):
    """Applies a function that takes one batch axis to an input with any number of them."""
    leading = x.dim() - rank
    if leading == 1:
        return function(x)
    shape = x.shape[:leading]
    y = function(x.reshape(-1, *x.shape[leading:]))
    return y.reshape(*shape, *y.shape[1:])


def padding(rank, left, right):
    """The widths for `F.pad` along the first of `rank` own axes."""
    return [0, 0] * (rank - 1) + [left, right]


def gather(x, index, rank):
    """The rows of `x`, along the first of its `rank` own axes, that `index` names."""
    index = index.reshape(*index.shape, *[1] * (rank - 1))
    return torch.take_along_dim(x, index, dim=-rank)


def scatter(x, index, y, rank):
    """`x` with each row of `y` added to the row that `index` names."""
    index = index.reshape(*index.shape, *[1] * (rank - 1)).expand(y.shape)
    return x.scatter_add(-rank, index, y)


def causal_mask(queries, keys, device):
    """True where a query may look at a key; the last query is the last key's."""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


def interpolate(x, factor, mode, rank):
    """Upsampling by interpolation under any number of batch axes."""
    return over_batch(lambda x: F.interpolate(x, scale_factor=factor, mode=mode), x, rank)


def choose(tag, *values):
    """Among equally shaped values the one that the tag names."""
    result = values[0]
    for number, value in enumerate(values[1:], start=1):
        where = tag == number
        result = torch.where(where.reshape(*where.shape, *[1] * (value.dim() - where.dim())), value, result)
    return result


def of_family(members, index, *inputs):
    """Every member of a family on the inputs, of which the index chooses one."""
    outputs = torch.stack([member(*inputs) for member in members])
    index = index.reshape(1, *index.shape, *[1] * (outputs.dim() - 1 - index.dim()))
    return torch.take_along_dim(outputs, index, dim=0).squeeze(0)


def refused(name, given, kind, axes, sizes):
    """The exception for an input that is not of its object."""
    if not isinstance(given, torch.Tensor):
        return TypeError(f"{name} takes a tensor, not {type(given).__name__}")
    if kind != given.dtype if kind else not given.is_floating_point():
        return TypeError(f"{name} takes a tensor of {kind or 'floating point'}, not of {given.dtype}")
    shape = tuple(given.shape)
    if len(shape) < len(axes):
        return ValueError(f"{name} has {len(axes)} axes behind those of the batch, but the shape given is {shape}")
    for axis, size, found in zip(axes, sizes, shape[len(shape) - len(axes):]):
        if size is None and found == 0:
            return ValueError(f"{name} has {axis} = 0, but {axis} is at least 1; the shape given is {shape}")
        if size is not None and found != size:
            wanted = "" if axis == str(size) else f"{axis} = "
            return ValueError(f"{name} has {found} where {wanted}{size} belongs; the shape given is {shape}")
    return ValueError(f"{name} cannot be {given!r}")
