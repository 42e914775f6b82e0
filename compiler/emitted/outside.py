"""Modules from outside catlang in emitted sources: made, called with one batch axis, and held to their header."""

from __future__ import annotations

import torch
from torch import nn


def made_outside(called, kind, /, **given):
    """A module of a class from outside; ``called`` is how an exception names it."""
    try:
        module = kind(**given)
    except Exception as error:
        error.add_note(f"while {called} is made with {given}")
        raise
    if not isinstance(module, nn.Module):
        raise TypeError(f"{called} makes a {type(module).__name__}, which is no nn.Module")
    return module


def kind_of_tensor(tensor):
    """What the numbers of a tensor are: real, an index, or a truth value."""
    if tensor.dtype.is_complex:
        return "complex"
    return "truth" if tensor.dtype == torch.bool else "real" if tensor.dtype.is_floating_point else "index"


def of_outside(called, made, promised, names):
    """What a module from outside gave, as the parts that its header names; raises where there are others."""
    if isinstance(promised[0], str):
        if not isinstance(made, torch.Tensor):
            raise TypeError(f"{called} gives a {type(made).__name__} where its header promises one array")
        kind, axes = promised
        if kind_of_tensor(made) != kind:
            wanted = {"real": "real numbers", "index": "indices", "truth": "truth values"}[kind]
            raise TypeError(f"{called} gives {made.dtype} where its header promises {wanted}")
        if tuple(made.shape) != tuple(axes):
            raise ValueError(f"{called} gives {tuple(made.shape)} where its header promises {tuple(axes)}, the batch "
                             "axis first")
        return (made.long() if kind == "index" else made,)
    if hasattr(made, "keys") and all(names):
        missing = [name for name in names if name not in made]
        if missing:
            raise TypeError(f"{called} gives nothing called {missing[0]}, only {', '.join(map(str, made.keys()))}")
        made = tuple(made[name] for name in names)
    if not isinstance(made, tuple | list) or len(made) != len(promised):
        several = f"a {type(made).__name__} of {len(made)}" if isinstance(made, tuple | list) else (
            f"a {type(made).__name__}")
        raise TypeError(f"{called} gives {several} where its header promises {len(promised)} parts")
    return tuple(one for place, part in enumerate(made) for one in of_outside(called, part, promised[place], ()))


def run_outside(module, called, given, named, batch, promised, names):
    """Runs a module from outside on arrays with these batch axes, which for it are one.

    ``promised`` is what its header says of each part of what it gives: of what kind, and of what size without batch."""
    rows = 1
    for size in batch:
        rows *= size

    def as_one(part):
        if isinstance(part, tuple):
            return tuple(as_one(one) for one in part)
        return part.reshape(rows, *part.shape[len(batch):])

    def with_rows(part):
        return (part[0], (rows, *part[1])) if isinstance(part[0], str) else tuple(with_rows(one) for one in part)

    if len(batch) != 1:
        given, named = as_one(given), {name: as_one(part) for name, part in named.items()}
    found = of_outside(called, module(*given, **named), with_rows(promised), names)
    if len(batch) != 1:
        found = tuple(part.reshape(*batch, *part.shape[1:]) for part in found)
    return found if len(found) > 1 else found[0]
