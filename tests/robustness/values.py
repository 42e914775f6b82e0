"""Values that go into networks and come out of them, compared; and the names that say what cannot be asked of them."""

from __future__ import annotations

import random
from typing import Any

import torch

from catlang.meaning.exact import Array
from catlang.objects.colour import Object

from .reused import laid

#: What goes along lists and trees, or makes them.
LOOPS = {"fold", "foldl", "scan", "scanl", "run", "unfold", "take", "map"}
#: What draws numbers anew at each call, in evaluation too.
NOISE = {"normal", "uniform", "gumbel", "bernoulli"}
#: What has poles, or grows so fast that a number need not be one.
POLES = {"log", "sqrt", "rsqrt", "reciprocal", "div", "pow", "exp", "expm1", "tan", "log1p", "cumprod", "prod",
         "square", "nll_loss", "kl_div", "normalize", "cosine_similarity"}
#: Through what no gradient goes, or not everywhere.
FLAT = {"argmax", "argmin", "sign", "floor", "ceil", "round", "less", "less_equal", "greater", "greater_equal", "equal",
        "not_equal", "bernoulli", "topk", "sort", "to_real", "relu", "max", "min", "clamp", "maximum", "minimum",
        "hardswish", "max_pool1d", "max_pool2d", "select", "decide", "frozen"}
#: What may lie on either side of where it jumps, for values that differ by how they are rounded.
JUMPS = FLAT - {"relu", "frozen", "clamp", "maximum", "minimum", "max", "min", "hardswish", "max_pool1d", "max_pool2d"}

#: What divides: of whole numbers it makes numbers that are rounded.
DIVIDES = {"avg_pool1d", "avg_pool2d", "mean", "masked_mean", "div", "reciprocal", "layer_norm", "rms_norm",
           "group_norm", "batch_norm", "normalize", "cosine_similarity", "mse_loss", "l1_loss", "huber_loss",
           "pre_norm", "post_norm", "pre_norm_block", "post_norm_block"}


def tensors(value: Any) -> Any:
    """The arrays in whatever a network gives."""
    if hasattr(value, "levels"):
        yield from tensors(value.data) if hasattr(value, "data") else ()
    elif hasattr(value, "lengths"):
        yield value.lengths
        yield from tensors(value.data)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, torch.Tensor):
        yield value


def softened(value: Any, chance: random.Random) -> Any:
    """The same with numbers that are no integers: nothing lies on a kink or in a tie."""
    if isinstance(value, torch.Tensor):
        return value + torch.rand_like(value) * 0.9 - 0.45 if value.is_floating_point() else value
    return type(value)(softened(one, chance) for one in value) if isinstance(value, tuple | list) else value


def leaves_that_want(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.requires_grad_() if value.is_floating_point() else value
    return type(value)(map(leaves_that_want, value)) if isinstance(value, tuple | list) else value


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list):
        return isinstance(other, tuple | list) and len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and one.shape == other.shape and torch.allclose(
            one.double(), other.double(), rtol=1e-7, atol=1e-7, equal_nan=True)
    return bool(one == other)


def finite(value: Any) -> bool:
    return all(bool(one.isfinite().all()) for one in tensors(value) if one.is_floating_point())


def largest(value: Any) -> float:
    if isinstance(value, tuple | list):
        return max(map(largest, value), default=0.0)
    if isinstance(value, Array):
        return max((abs(float(one)) for one in value.entries), default=0.0)
    return 0.0


def speaks_of_trees(obj: Object) -> bool:
    items = laid.factors(obj)
    return laid.functor_of(obj) is not None or any(map(speaks_of_trees, items or ()))


def speaks_of_lists(obj: Object) -> bool:
    items = laid.factors(obj)
    return (laid.listed(obj) is not None or laid.powered(obj) is not None
            or any(map(speaks_of_lists, items or ())))
