"""Learned products in the steps of loops, of which emitted sources carry copies."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - as emitted sources import it


class Lookup:
    """A learned product of a learned point: a row of the product with all points, where so many uses are worth that."""

    def __init__(self, points, weight, bias, uses):
        self.points, self.weight, self.bias = points, weight, bias
        self.table = F.linear(points, weight, bias) if uses >= points.shape[0] else None

    def __call__(self, index):
        if self.table is None:
            return F.linear(F.embedding(index, self.points), self.weight, self.bias)
        return F.embedding(index, self.table)


class Recurrence:
    """A learned product in each step of a loop, added to an entry, or `alone`: then the entries are zeros.

    Where gradients are wanted the weight's is not added up step by step: it is one product over all steps, taken when
    the gradients of all entries are there."""

    def __init__(self, weight, bias, alone=False):
        self.weight, self.bias, self.alone = weight, bias, alone
        self.seen, self.turned = None, weight.t()

    def begin(self, x, backwards):
        """The entries, before the loop begins; their order is that in which the loop goes along them, or the
        opposite."""
        if self.bias is not None and (not self.alone or self.defers(x)):
            x = x + self.bias
        if self.defers(x):
            self.seen = []
            x, self.turned = Deferred.apply(x, self.weight, self.seen, backwards), self.weight.detach().t()
        return x

    def defers(self, x):
        """Whether the gradient of the weight waits."""
        return torch.is_grad_enabled() and self.weight.requires_grad and not watched(self.weight, x)

    def __call__(self, x, entry=None):
        if self.seen is not None and entry is not None:
            self.seen.append(x.detach())
        elif entry is None or self.alone:
            return F.linear(x, self.weight, self.bias)
        return torch.addmm(entry, x, self.turned) if x.dim() == 2 else entry + x @ self.turned


def between(x, y, t, out=None):
    """`(1 - t) x + t y`, of any kinds of numbers, which under autocast differ."""
    if x.dtype == y.dtype == t.dtype:
        return torch.lerp(x, y, t, out=out)
    return torch.add(x, t * (y - x), out=out)


class Deferred(torch.autograd.Function):
    """The same array; its gradient is, with what the loop has seen, also that of a weight."""

    @staticmethod
    def forward(ctx, x, weight, seen, backwards):
        ctx.seen, ctx.backwards = seen, backwards
        return x.view_as(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        rows = [x.reshape(-1, x.shape[-1]) for x in ctx.seen]
        if not len(gradient):
            # Of no steps; one was taken for its shapes.
            return gradient, gradient.new_zeros(gradient.shape[-1], rows[0].shape[-1]), None, None
        weight = gradient.reshape(-1, gradient.shape[-1]).t() @ torch.cat(rows[::-1] if ctx.backwards else rows)
        return gradient, weight, None, None


def watched(*tensors):
    """Whether somebody looks at every single step: a graph being traced, a transformation of functions, many gradients
    at once, derivatives forwards, autocast."""
    return (torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
            or torch.autograd.forward_ad._current_level >= 0
            or any(one.is_meta or torch._C._functorch.is_legacy_batchedtensor(one) for one in tensors)
            or torch.is_autocast_enabled(tensors[0].device.type))
