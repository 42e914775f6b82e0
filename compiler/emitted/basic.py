"""Functions that emitted sources may need: each source that uses one carries a copy of it, and imports nothing."""

from __future__ import annotations

import torch
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


def over_batch(function, x, rank, *options, **named):
    """Applies a function that takes one batch axis to an input with any number of them."""
    leading = x.dim() - rank
    if leading == 1:
        return function(x, *options, **named)
    shape = x.shape[:leading]
    y = function(x.reshape(-1, *x.shape[leading:]), *options, **named)
    return y.reshape(*shape, *y.shape[1:])


def group_normed(x, module):
    """Group norm by a module; of one entry in each of all groups, at which the module stops, it is the bias."""
    if x.numel() == module.num_groups:
        return torch.group_norm(x, module.num_groups, module.weight, module.bias, module.eps)
    return module(x)


def axes_put_in(x, count, behind):
    """`x` with so many axes of one entry in front of its last ones."""
    place = x.dim() - behind
    return x.reshape(*x.shape[:place], *[1] * count, *x.shape[place:])


def gather_rows(x, index, rank):
    """The rows of `x`, along the first of its `rank` own axes, that `index` names."""
    own = x.shape[x.dim() - rank + 1:]
    # Unlike `take_along_dim`, which reads whatever memory there is, this refuses an index out of range.
    return x.gather(-rank, index.reshape(*index.shape, *[1] * len(own)).expand(*index.shape, *own))


def scatter_rows(x, index, y, rank):
    """`x` with each row of `y` added to the row that `index` names."""
    index = index.reshape(*index.shape, *[1] * (rank - 1)).expand(y.shape)
    return x.scatter_add(-rank, index, y)


def causal_mask(queries, keys, device):
    """True where a query may look at a key; the last query is the last key's."""
    return torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)


def choose(tag, *values):
    """Among equally shaped values the one that the tag names."""
    result = values[0]
    for number, value in enumerate(values[1:], start=1):
        where = tag == number
        result = torch.where(where.reshape((*where.shape, *[1] * (value.dim() - where.dim()))), value, result)
    return result


def of_family(members, index, inputs, *shared):
    """Each row of the inputs through the member of a family that the index chooses for it."""
    if not inputs or index.is_meta or torch.compiler.is_compiling():
        # A graph has no branches: every member sees every row.
        rows = [member(*inputs, *shared) for member in members]
        return columnwise(lambda *outputs: by_index(outputs, index, len(inputs) > 0), rows)
    order = index.flatten().argsort(stable=True)
    counts = torch.bincount(index.flatten(), minlength=len(members)).tolist()
    parts = [x.flatten(0, index.dim() - 1)[order].split(counts) for x in inputs] if index.dim() else (
        [x[None].split(counts) for x in inputs])
    rows = [member(*part, *shared) for member, *part in zip(members, *parts, strict=True)]
    back = order.argsort()
    return columnwise(lambda *outputs: torch.cat(outputs)[back].reshape((*index.shape, *outputs[0].shape[1:])), rows)


def by_index(outputs, index, batched):
    """Of several outputs the one that the index chooses, row by row where they have rows."""
    stacked = torch.stack(outputs)
    if not batched:
        return stacked[index]
    index = index.reshape(1, *index.shape, *[1] * (stacked.dim() - 1 - index.dim()))
    return torch.take_along_dim(stacked, index, dim=0).squeeze(0)


def columnwise(function, rows):
    """The function of the first tensors of all rows, of the second ones, and so on; rows may be just tensors."""
    if isinstance(rows[0], tuple):
        return tuple(function(*column) for column in zip(*rows, strict=True))
    return function(*rows)


def refused(name, given, kind, axes, sizes):
    """The exception for an input that is not of its object."""
    if not isinstance(given, torch.Tensor):
        return TypeError(f"{name} takes a tensor, not {type(given).__name__}")
    if kind != given.dtype if kind else not given.is_floating_point():
        return TypeError(f"{name} takes a tensor of {kind or 'floating point'}, not of {given.dtype}")
    shape = tuple(given.shape)
    if len(shape) < len(axes):
        return ValueError(f"{name} has {len(axes)} axes behind those of the batch, but the shape given is {shape}")
    for axis, size, found in zip(axes, sizes, shape[len(shape) - len(axes):], strict=True):
        if size is None and found == 0:
            return ValueError(f"{name} has {axis} = 0, but {axis} is at least 1; the shape given is {shape}")
        if size is not None and found != size:
            wanted = "" if axis == str(size) else f"{axis} = "
            return ValueError(f"{name} has {found} where {wanted}{size} belongs; the shape given is {shape}")
    return ValueError(f"{name} cannot be {given!r}")


def holding(module, **shapes):
    """A module from outside, which has just the weights and the state that its signature says."""
    found = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    if found != shapes:
        raise ValueError(f"{type(module).__name__} has the weights {found}, but its signature says {shapes}")
    return module


def checkpointed(function, *given):
    """The same, of which nothing is kept for the way back: it is computed anew there."""
    if not torch.is_grad_enabled():
        return function(*given)
    return torch.utils.checkpoint.checkpoint(function, *given, use_reentrant=False)


def as_they_are(*modules):
    """Raises a TypeError where calling a module does more than it did when it was made: its weight is used without."""
    if torch.compiler.is_compiling():
        return
    for module in modules:
        called = module.__dict__.get("forward", type(module).forward)
        plain = called in (nn.Linear.forward, nn.Embedding.forward)
        if not plain or module._forward_hooks or module._forward_pre_hooks:
            raise TypeError(f"a weight of {type(module).__name__} is used without calling it, as the derived form of a "
                            "loop does, but it has hooks or is adapted: compile it with `derived=False`")
