"""Constants and indices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from catlang.meaning.exact.array import Array
from catlang.meaning.exact.row import means, rational, shape_of

if TYPE_CHECKING:
    from catlang.network.functor import Site


@means("const")
def const(site: Site[Array]) -> Array:
    value = rational(site["value"], site)
    return Array.build(shape_of(site.outputs[0]), lambda place: value)


@means("zero")
def zero(site: Site[Array]) -> Array:
    return Array.build(shape_of(site.outputs[0]), lambda place: 0)


@means("one")
def one(site: Site[Array]) -> Array:
    return Array.build(shape_of(site.outputs[0]), lambda place: 1)


@means("index")
def index(site: Site[Array]) -> Array:
    [size] = shape_of(site.outputs[0])
    return Array((size,), list(range(size)))


@means("one_hot")
def one_hot(site: Site[Array], x: Array) -> Array:
    return Array.build(shape_of(site.outputs[0]), lambda place: int(place[0] == x[()]))


@means("to_real")
def to_real(site: Site[Array], x: Array) -> Array:
    return x


@means("to_index")
def to_index(site: Site[Array], x: Array) -> Array:
    return Array((), [min(max(math.floor(x[()]), 0), int(site["n"]) - 1)])


@means("equal_index")
def equal_index(site: Site[Array], x: Array, y: Array) -> Array:
    return Array((), [x[()] == y[()]])


@means("include")
def include(site: Site[Array], x: Array) -> Array:
    return x
