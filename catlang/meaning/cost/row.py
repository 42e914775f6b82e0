"""A row: what one primitive costs.

``flops`` is the number of multiplications and additions of what is a product of matrices at heart (a multiplication
with the addition after it is two), ``pointwise`` the number of entries that anything else goes over: those that it
gives, or, where it reduces, those that it takes. A ``view`` only says where entries lie; it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.objects.colour import axes_of

if TYPE_CHECKING:
    from catlang.dims import Dim
    from catlang.network.functor import Site
    from catlang.objects.colour import Object

Formula = Callable[["Site[Any]"], "Dim"]


class Row:
    __slots__ = ("flops", "pointwise", "view")

    def __init__(self, flops: Formula, pointwise: Formula, view: Callable[[Site[Any]], bool]) -> None:
        self.flops = flops
        self.pointwise = pointwise
        self.view = view


ROWS: dict[str, Row] = {}


def entries(obj: Object) -> Dim:
    """The number of entries of an array.

    >>> from catlang.objects.colour import array
    >>> from catlang.dims import Variable
    >>> entries(array(Variable("n").poly, 3))
    3*n
    """
    total: Dim = 1
    for axis in axes_of(obj):
        total = total * axis  # type: ignore[operator]
    return total


def over_result(site: Site[Any]) -> Dim:
    """The entries of what is made."""
    return sum((entries(obj) for obj in site.outputs), 0)


def over_input(site: Site[Any]) -> Dim:
    """The entries of the first input."""
    return entries(site.given[0])


def costs(*names: str, flops: Formula = lambda site: 0, pointwise: Formula = over_result,
          view: Callable[[Site[Any]], bool] = lambda site: False) -> None:
    """Declares the rows of primitives that cost alike."""
    for name in names:
        assert name not in ROWS, name
        ROWS[name] = Row(flops, pointwise, view)


def matrices(*names: str, flops: Formula, pointwise: Formula = lambda site: 0) -> None:
    """Declares primitives that are products of matrices at heart."""
    costs(*names, flops=flops, pointwise=pointwise)


def views(*names: str) -> None:
    """Declares primitives that compute nothing."""
    costs(*names, pointwise=lambda site: 0, view=lambda site: True)
