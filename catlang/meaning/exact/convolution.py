"""Convolution, pooling and upsampling: channels first, the other axes of any number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

from catlang.meaning.exact.array import Array, Shape, count, places
from catlang.meaning.exact.row import Undefined, means, shape_of

if TYPE_CHECKING:
    from catlang.network.functor import Site

#: Where the entry at a place outside lies, for each way of padding; ``None`` where there is a zero.
PADDING: dict[str, Callable[[int, int], int | None]] = {
    "zeros": lambda place, size: place if 0 <= place < size else None,
    "circular": lambda place, size: place % size,
    "replicate": lambda place, size: min(max(place, 0), size - 1),
    "reflect": lambda place, size: size - 1 - abs(size - 1 - abs(place)),
}


def _convolved(site: Site[Array], x: Array, strides: Sequence[int], dilations: Sequence[int],
               befores: Sequence[int]) -> Array:
    """Each entry is the sum over a window, at steps of the stride, of entries times weights, group by group."""
    weight = site.weight("weight")
    bias = site.weight("bias") if site["bias"] else None
    _, inside, *kernel = weight.shape
    shape = shape_of(site.outputs[0])
    out_group = shape[0] // site["groups"]
    find = PADDING[site["padding_mode"]]

    def entry(place: Shape) -> Any:
        total: Any = bias[place[0]] if bias is not None else 0
        first = place[0] // out_group * inside
        for step in places(tuple(kernel)):
            found = [find(at * stride + tap * dilation - before, size) for at, stride, tap, dilation, before, size
                     in zip(place[1:], strides, step, dilations, befores, x.shape[1:], strict=True)]
            source = [at for at in found if at is not None]
            if len(source) == len(found):
                total += sum(weight[(place[0], channel, *step)] * x[(first + channel, *source)]
                             for channel in range(inside))
        return total

    return Array.build(shape, entry)


@means("conv1d")
def conv1d(site: Site[Array], x: Array) -> Array:
    return _convolved(site, x, [site["stride"]], [site["dilation"]], [site["left"]])


@means("conv2d")
def conv2d(site: Site[Array], x: Array) -> Array:
    return _convolved(site, x, [site["stride"], site["stride_w"]], [site["dilation"], site["dilation_w"]],
                      [site["top"], site["left"]])


def _transposed(site: Site[Array], x: Array, strides: Sequence[int], dilations: Sequence[int],
                paddings: Sequence[int]) -> Array:
    """The transpose of the linear map that the convolution with these sizes is: each entry is spread over a window."""
    weight = site.weight("weight")
    inside, out_group, *kernel = weight.shape
    shape = shape_of(site.outputs[0])
    found = {place: site.weight("bias")[place[0]] if site["bias"] else 0 for place in places(shape)}
    in_group = inside // site["groups"]
    for source in places(x.shape):
        for step in places(tuple(kernel)):
            target = tuple(at * stride + tap * dilation - padding for at, tap, stride, dilation, padding
                           in zip(source[1:], step, strides, dilations, paddings, strict=True))
            for channel in range(out_group):
                place = (source[0] // in_group * out_group + channel, *target)
                if place in found:
                    found[place] += x[source] * weight[(source[0], channel, *step)]
    return Array.build(shape, found.__getitem__)


@means("conv_transpose1d")
def conv_transpose1d(site: Site[Array], x: Array) -> Array:
    return _transposed(site, x, [site["stride"]], [site["dilation"]], [site["padding"]])


@means("conv_transpose2d")
def conv_transpose2d(site: Site[Array], x: Array) -> Array:
    return _transposed(site, x, [site["stride"], site["stride_w"]], [site["dilation"], site["dilation_w"]],
                       [site["padding"], site["padding_w"]])


def _pooled(site: Site[Array], x: Array, dilation: int, pool: Callable[[list[Any], int], Any]) -> Array:
    """Each entry is of what a window holds; padding is no part of it."""
    window = (site["k"],) * (len(x.shape) - 1)

    def entry(place: Shape) -> Any:
        sources = [tuple(at * site["stride"] + tap * dilation - site["padding"]
                         for at, tap in zip(place[1:], step, strict=True)) for step in places(window)]
        inside = [x[(place[0], *source)] for source in sources
                  if all(0 <= at < size for at, size in zip(source, x.shape[1:], strict=True))]
        return pool(inside, count(window))

    return Array.build(shape_of(site.outputs[0]), entry)


def _max_pooled(site: Site[Array], x: Array) -> Array:
    def largest(inside: list[Any], size: int) -> Any:
        if not inside:
            raise Undefined(site.name, "has a window of padding alone", site.span)
        return max(inside)

    return _pooled(site, x, site["dilation"], largest)


for dimension in ("1d", "2d"):
    means(f"max_pool{dimension}")(_max_pooled)
    # As in PyTorch padding counts as zeros.
    means(f"avg_pool{dimension}")(
        lambda site, x: _pooled(site, x, 1, lambda inside, size: Fraction(sum(inside)) / size))


def _upsampled(site: Site[Array], x: Array) -> Array:
    """Nearest: every entry ``factor`` times. Linear: entries are at the middles of cells, constant at the borders."""
    factor, nearest = site["factor"], site["mode"] == "nearest"

    def entry(place: Shape) -> Any:
        if nearest:
            return x[(place[0], *(at // factor for at in place[1:]))]
        total: Any = 0
        sides = [_between(Fraction(2 * at + 1, 2 * factor) - Fraction(1, 2), size)
                 for at, size in zip(place[1:], x.shape[1:], strict=True)]
        for step in places((2,) * len(sides)):
            share: Any = 1
            for side, which in zip(sides, step, strict=True):
                share *= side[which][1]
            total += share * x[(place[0], *(side[which][0] for side, which in zip(sides, step, strict=True)))]
        return total

    return Array.build(shape_of(site.outputs[0]), entry)


def _between(at: Fraction, size: int) -> list[tuple[int, Fraction]]:
    """The two places that a point lies between, and the share of each."""
    at = max(at, Fraction(0))
    low = min(floor(at), size - 1)
    return [(low, 1 - (at - low)), (min(low + 1, size - 1), at - low)]


means("upsample1d")(_upsampled)
means("upsample2d")(_upsampled)
