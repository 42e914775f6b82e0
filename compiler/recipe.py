"""A recipe: how one tensor of a module is made from those of a checkpoint.

It takes a tensor by name, or joins, splits, slices and transposes what other recipes make. A placeholder
in a name, `{i}`, stands for one number and is filled in by `at`.

>>> import torch
>>> first = Split(Read("layer.{i}.qkv"), part=0, parts=3, axis=0).at({"i": "7"})
>>> first.names
('layer.7.qkv',)
>>> first.value({"layer.7.qkv": torch.arange(6)})
tensor([0, 1])
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}", re.ASCII)


class MisfitError(Exception):
    """A recipe that cannot be followed with the tensors at hand; the text says why."""


def shown(shape: Iterable[int]) -> str:
    """A shape as messages have it."""
    return f"[{', '.join(str(size) for size in shape)}]"


@dataclass(frozen=True)
class Read:
    """The tensor of that name."""

    name: str

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name,)

    def at(self, numbers: Mapping[str, str]) -> Read:
        return Read(PLACEHOLDER.sub(lambda hit: numbers[hit[1]], self.name))

    def value(self, tensors: Mapping[str, Tensor]) -> Tensor:
        return tensors[self.name]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Join:
    """Several tensors, one after the other along an axis, or on an axis of their own when stacked."""

    parts: tuple[Recipe, ...]
    axis: int
    stacked: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for part in self.parts for name in part.names)

    def at(self, numbers: Mapping[str, str]) -> Join:
        return Join(tuple(part.at(numbers) for part in self.parts), self.axis, self.stacked)

    def value(self, tensors: Mapping[str, Tensor]) -> Tensor:
        values = [part.value(tensors) for part in self.parts]
        if len({value.dtype for value in values}) > 1:
            raise MisfitError(f"the parts of `{self}` differ in dtype")
        try:
            return torch.stack(values, self.axis) if self.stacked else torch.cat(values, self.axis)
        except (RuntimeError, IndexError):
            shapes = ", ".join(shown(value.shape) for value in values)
            raise MisfitError(f"shapes {shapes} do not join along axis {self.axis}") from None

    def __str__(self) -> str:
        return f"{'stack' if self.stacked else 'concat'}({', '.join(map(str, self.parts))})"


@dataclass(frozen=True)
class Split:
    """Part `part` (from 0) of `parts` equal ones."""

    of: Recipe
    part: int
    parts: int
    axis: int

    @property
    def names(self) -> tuple[str, ...]:
        return self.of.names

    def at(self, numbers: Mapping[str, str]) -> Split:
        return Split(self.of.at(numbers), self.part, self.parts, self.axis)

    def value(self, tensors: Mapping[str, Tensor]) -> Tensor:
        whole = self.of.value(tensors)
        size = _size(whole, self.axis, self.of)
        if size % self.parts:
            raise MisfitError(
                f"axis {self.axis} of `{self.of}` {shown(whole.shape)} does not split into {self.parts}"
            )
        step = size // self.parts
        return whole.narrow(self.axis, self.part * step, step)

    def __str__(self) -> str:
        return f"part {self.part} of {self.parts} of {self.of}"


@dataclass(frozen=True)
class Slice:
    """The entries from `start` up to `stop`."""

    of: Recipe
    start: int
    stop: int
    axis: int

    @property
    def names(self) -> tuple[str, ...]:
        return self.of.names

    def at(self, numbers: Mapping[str, str]) -> Slice:
        return Slice(self.of.at(numbers), self.start, self.stop, self.axis)

    def value(self, tensors: Mapping[str, Tensor]) -> Tensor:
        whole = self.of.value(tensors)
        if self.stop > _size(whole, self.axis, self.of):
            raise MisfitError(f"axis {self.axis} of `{self.of}` {shown(whole.shape)} ends before {self.stop}")
        return whole.narrow(self.axis, self.start, self.stop - self.start)

    def __str__(self) -> str:
        return f"{self.start}..{self.stop} of {self.of}"


@dataclass(frozen=True)
class Transpose:
    """The axes in another order; no order means that the last two change places."""

    of: Recipe
    order: tuple[int, ...] | None

    @property
    def names(self) -> tuple[str, ...]:
        return self.of.names

    def at(self, numbers: Mapping[str, str]) -> Transpose:
        return Transpose(self.of.at(numbers), self.order)

    def value(self, tensors: Mapping[str, Tensor]) -> Tensor:
        whole = self.of.value(tensors)
        if self.order is None and whole.dim() >= 2:
            return whole.transpose(-1, -2)
        if self.order is not None and whole.dim() == len(self.order):
            return whole.permute(self.order)
        axes = "its last two axes" if self.order is None else f"its axes by {list(self.order)}"
        raise MisfitError(f"`{self.of}` {shown(whole.shape)} has no way to transpose {axes}")

    def __str__(self) -> str:
        return f"transpose of {self.of}"


Recipe = Read | Join | Split | Slice | Transpose


def _size(tensor: Tensor, axis: int, of: Recipe) -> int:
    if not -tensor.dim() <= axis < tensor.dim():
        raise MisfitError(f"`{of}` {shown(tensor.shape)} has no axis {axis}")
    return tensor.shape[axis]
