"""Values with lists and trees in them, laid out for exact evaluation and for PyTorch alike.

A value of an array is a tensor; of a product, or of a sum with its tag in front, a tuple of values; of a list a list of
values; a tree is a tuple of its constructor's number and its parts. Laid out, a list is its length beside its elements
along an axis; what stands behind its end is ``Garbage``.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import torch

import catlang
from catlang.diagram.diagram import Value, Wire
from catlang.meaning.exact import Array
from catlang.network.erasure import carrier
from catlang.objects.colour import BOOL, Finite, Object, Power, Product, axes_of, base_of, resolve
from catlang.objects.functor import Fixed, Functor, element_of
from catlang.objects.shapes import Child, Children, Data, Shape, shapes

#: The kind of lengths, until they are given to PyTorch: behind the end of a list there may be any index, but how long a
#: list would be there lies within what its array has.
LENGTHS = torch.int32


class Garbage:
    """What stands behind the end of lists; ``behind`` says how much of it there is beyond what has to be, ``least`` how
    long lists are in any case."""

    def __init__(self, behind: int = 0, number: float = 0.0, index: int = 0, truth: bool = False,
                 least: int = 0) -> None:
        self.behind = behind
        self.least = least
        self.number = torch.tensor(number, dtype=torch.float64, requires_grad=True)
        self.index = torch.tensor(index)
        self.truth = torch.tensor(truth)
        self.length = torch.tensor(1 if behind else 0, dtype=LENGTHS)

    def like(self, x: torch.Tensor) -> torch.Tensor:
        found = {torch.float64: self.number, torch.bool: self.truth, torch.int64: self.index, LENGTHS: self.length}
        return found[x.dtype]


# -------------------------------------------------------------------- kinds of objects


def listed(obj: Object) -> Object | None:
    """What a list is one of; None where an object is no list."""
    return element_of(carrier(resolve(obj)))


def powered(obj: Object) -> tuple[tuple[int, ...], Object] | None:
    """The axes of an array of lists, and what it is one of; None where an object is no such."""
    obj = carrier(resolve(obj))
    return (axes_of(obj), obj.base) if isinstance(obj, Power) and element_of(obj.base) is not None else None


def factors(obj: Object) -> tuple[Object, ...] | None:
    """The factors of a product; of a sum its tag and its summands. None where an object is neither."""
    obj = carrier(resolve(obj))
    return obj.items if isinstance(obj, Product) else None


def functor_of(obj: Object) -> Functor | None:
    """The functor that a tree is a value of the fixed point of; None where an object has no trees."""
    obj = carrier(resolve(obj))
    return obj.functor if isinstance(obj, Fixed) and element_of(obj) is None else None  # type: ignore[return-value]


# -------------------------------------------------------------------- drawing


def drawn(obj: Object, chance: random.Random, length: int | None = None) -> Any:
    """A value of an object, its lists as long as told, its trees some three levels deep."""
    if (element := listed(obj)) is not None:
        count = chance.randrange(4) if length is None else length
        return [drawn(element, chance) for _ in range(count)]
    if (power := powered(obj)) is not None:
        return [drawn(power[1], chance, length) for _ in range(sizes_product(power[0]))]
    if (functor := functor_of(obj)) is not None:
        return drawn_tree(functor, chance, 3 if length is None else min(length, 4))
    if (items := factors(obj)) is not None:
        return tuple(drawn(item, chance, length) for item in items)
    obj = carrier(resolve(obj))
    base, axes = base_of(obj), axes_of(obj)
    if isinstance(base, Finite):
        entries: list[Any] = [chance.randrange(base.size) for _ in range(sizes_product(axes))]
    elif base is BOOL:
        entries = [chance.random() < 0.5 for _ in range(sizes_product(axes))]
    else:
        entries = [float(chance.randint(-3, 3)) for _ in range(sizes_product(axes))]
    dtype = torch.int64 if isinstance(base, Finite) else torch.bool if base is BOOL else torch.float64
    return torch.tensor(entries, dtype=dtype).reshape(axes)


def drawn_tree(functor: Functor, chance: random.Random, depth: int) -> tuple[Any, ...]:
    kinds = [shape.parts() for shape in shapes(functor)]
    ends = [number for number, parts in enumerate(kinds)
            if not any(isinstance(part, Child | Children) for part in parts)]
    number = chance.choice(ends if depth == 0 else range(len(kinds)))

    def part(shape: Shape) -> Any:
        if isinstance(shape, Data):
            return drawn(shape.object, chance)
        if isinstance(shape, Child):
            return drawn_tree(functor, chance, depth - 1)
        count = sizes_product(shape.axes) if isinstance(shape, Children) else chance.randrange(3) if depth else 0
        return [drawn_tree(functor, chance, depth - 1) for _ in range(count)]

    return (number, *map(part, kinds[number]))


def sizes_product(axes: Sequence[Any]) -> int:
    total = 1
    for axis in axes:
        total *= axis
    return total


# -------------------------------------------------------------------- laying out


def laid(obj: Object, value: Any, garbage: Garbage) -> Any:
    """A value in nested tuples of tensors, one for each wire; trees stay what they are."""
    if (element := listed(obj)) is not None:
        rows = [laid(element, one, garbage) for one in value]
        like = laid(element, drawn(element, random.Random(0), 0), garbage)
        behind = max(garbage.behind, garbage.least - len(rows))
        return torch.tensor(len(rows), dtype=LENGTHS), stacked(rows, like, garbage, behind)
    if (power := powered(obj)) is not None:
        axes, inner = power
        whole = stacked([laid(inner, one, garbage) for one in value], (), garbage)
        return over(lambda x: x.reshape((*axes, *x.shape[1:])), whole)
    if (items := factors(obj)) is not None:
        return tuple(laid(item, part, garbage) for item, part in zip(items, value, strict=True))
    return value


def stacked(rows: list[Any], like: Any, garbage: Garbage, behind: int = 0) -> Any:
    """Values of one object along a new axis in front, all of them as large as the largest."""
    if isinstance(rows[0] if rows else like, tuple):
        return tuple(stacked([row[place] for row in rows], like[place] if like else (), garbage, behind)
                     for place in range(len(rows[0] if rows else like)))
    shape = [max(sizes) for sizes in zip(*(x.shape for x in rows or [like]), strict=True)]
    for axis, size in enumerate(shape):
        rows = [with_garbage(x, axis, size - x.shape[axis], garbage) for x in rows]
    whole = torch.stack(rows) if rows else like.new_zeros(0, *like.shape)
    return with_garbage(whole, 0, behind, garbage)


def with_garbage(x: torch.Tensor, axis: int, count: int, garbage: Garbage) -> torch.Tensor:
    if not count:
        return x
    return torch.cat([x, garbage.like(x).expand(*x.shape[:axis], count, *x.shape[axis + 1:])], axis)


def over(function: Callable[[Any], Any], nest: Any) -> Any:
    return tuple(over(function, part) for part in nest) if isinstance(nest, tuple) else function(nest)


def wrapped(obj: Object, nest: Any) -> Any:
    """What PyTorch is given for a value that is laid out."""
    if (element := listed(obj)) is not None or (power := powered(obj)) is not None:
        element = element if element is not None else listed(power[1])  # type: ignore[index]
        assert element is not None
        return catlang.Lists(wrapped(element, nest[1]), nest[0].long())
    if (items := factors(obj)) is not None:
        return tuple(wrapped(item, part) for item, part in zip(items, nest, strict=True))
    return nest


def for_pytorch(obj: Object, values: list[Any], garbage: Garbage, batch: tuple[int, ...] | None) -> Any:
    """Values as a batch of this shape, of one axis where it is None, or the only one as itself where it is ``()``."""
    functor = functor_of(obj)
    if functor is not None:
        kinds = [[part_of(part) for part in shape.parts()] for shape in shapes(functor)]
        likes = [[drawn(part.object, random.Random(0)) for part in shape.parts() if isinstance(part, Data)]
                 for shape in shapes(functor)]
        if batch == ():
            return catlang.tree_of(values[0], kinds, likes=likes)
        return catlang.trees(values, kinds, likes=likes)
    items = factors(obj)
    if items is not None:
        return tuple(for_pytorch(item, [value[place] for value in values], garbage, batch)
                     for place, item in enumerate(items))
    nest = stacked([laid(obj, value, garbage) for value in values], (), garbage)
    if batch is not None:
        nest = over(lambda x: x.reshape((*batch, *x.shape[1:])), nest)
    return wrapped(obj, nest)


def part_of(shape: Shape) -> Any:
    """A part of a constructor as PyTorch's trees call it."""
    if isinstance(shape, Children):
        return sizes_product(shape.axes)
    return "data" if isinstance(shape, Data) else "tree" if isinstance(shape, Child) else "list"


def for_exact(obj: Object, value: Any, garbage: Garbage) -> list[Array]:
    """The value for exact evaluation, an array for each wire."""
    if functor_of(obj) is not None:
        return [Array((), [exact_tree(value)])]
    items = factors(obj)
    if items is not None:
        return [one for item, part in zip(items, value, strict=True) for one in for_exact(item, part, garbage)]
    found: list[Array] = []
    over(lambda x: found.append(exact(x)), laid(obj, value, garbage))
    return found


def exact(x: torch.Tensor) -> Array:
    entries = x.detach().flatten().tolist()
    return Array(tuple(x.shape), [Fraction(entry) if isinstance(entry, float) else entry for entry in entries])


def exact_tree(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return exact(value)
    return tuple(map(exact_tree, value)) if isinstance(value, tuple | list) else value


# -------------------------------------------------------------------- reading


def nested(value: Value, parts: Iterator[Any]) -> Any:
    """One for each wire of a value, in its shape."""
    return next(parts) if isinstance(value, Wire) else tuple(nested(part, parts) for part in value)


def bare(output: Any) -> Any:
    """What PyTorch gives in nested tuples of tensors; trees as they are."""
    if hasattr(output, "levels"):
        return output
    if hasattr(output, "lengths"):
        return output.lengths, bare(output.data)
    return tuple(map(bare, output)) if isinstance(output, tuple) else output


def one_of(obj: Object, nest: Any, place: tuple[int, ...]) -> Any:
    """What stands at a place of a batch that PyTorch gives."""
    if functor_of(obj) is not None:
        found = nest.tolist()
        for at in place:
            found = found[at]
        return found
    if (items := factors(obj)) is not None:
        return tuple(one_of(item, part, place) for item, part in zip(items, nest, strict=True))
    return over(lambda x: x[place], nest)


def read(obj: Object, nest: Any) -> Any:
    """The value that is laid out so, with nothing of what is behind the end of lists in it."""
    if functor_of(obj) is not None:
        return nest[()] if isinstance(nest, Array) else nest
    if (element := listed(obj)) is not None:
        lengths, data = nest
        return each_read(element, data, lengths[()] if isinstance(lengths, Array) else int(lengths))
    if (power := powered(obj)) is not None:
        axes, inner = power

        def in_a_row(x: Any) -> Any:
            shape = (sizes_product(axes), *x.shape[len(axes):])
            return x.reshaped(*shape) if isinstance(x, Array) else x.reshape(shape)

        return each_read(inner, over(in_a_row, nest), sizes_product(axes))
    if (items := factors(obj)) is not None:
        return tuple(read(item, part) for item, part in zip(items, nest, strict=True))
    return nest


def each_read(obj: Object, nest: Any, count: int) -> list[Any]:
    return [read(obj, over(lambda x, number=number: entry(x, number), nest)) for number in range(count)]


def entry(x: Any, place: int) -> Any:
    return x.along()[place] if isinstance(x, Array) else x[place]


def leaves(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, tuple | list):
        for part in value:
            yield from leaves(part)
    elif isinstance(value, torch.Tensor):
        yield value


def close(found: Any, wanted: Any) -> bool:
    """Whether what PyTorch gives, or exact evaluation, is a value that exact evaluation gives."""
    if isinstance(wanted, tuple | list):
        return isinstance(found, tuple | list) and len(found) == len(wanted) and all(map(close, found, wanted))
    if isinstance(wanted, Array):
        if isinstance(found, torch.Tensor):
            found = Array(tuple(found.shape), found.detach().flatten().tolist())
        elif not isinstance(found, Array):
            found = Array.of(found)
        pairs = zip(found.entries, wanted.entries, strict=True) if found.shape == wanted.shape else [(0, 1)]
        return all(abs(one - other) <= 1e-9 * (1 + abs(other)) for one, other in pairs)
    return found == wanted
