"""A row: what one primitive costs.

``flops`` is the number of multiplications and additions of what is a product of matrices at heart (a multiplication
with the addition after it is two), ``pointwise`` the number of entries that anything else goes over: those that it
gives, or, where it reduces, those that it takes. ``arithmetic`` is how many operations on single numbers it does
besides the flops: each addition, multiplication, division, comparison and elementary function (``exp``, ``sqrt``,
``erf``, an activation) of one number is one, a sum of ``n`` numbers ``n``, a number drawn one; what only moves entries
does none.
A ``view`` only says where entries lie; it costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.objects.colour import BOOL, Finite, axes_of, base_of

if TYPE_CHECKING:
    from catlang.dims import Dim
    from catlang.network.functor import Site
    from catlang.objects.colour import Object

Formula = Callable[["Site[Any]"], "Dim"]


class Row:
    __slots__ = ("arithmetic", "flops", "pointwise", "view")

    def __init__(self, flops: Formula, pointwise: Formula, arithmetic: Formula,
                 view: Callable[[Site[Any]], bool]) -> None:
        self.arithmetic = arithmetic
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


def stored(obj: Object) -> Dim:
    """The bytes of an array in PyTorch: four for a real number, eight for an index, one for a truth value.

    >>> from catlang.objects.colour import BOOL, array, power
    >>> stored(array(3)), stored(power(BOOL, (3,)))
    (12, 3)
    """
    base = base_of(obj)
    return entries(obj) * (1 if base is BOOL else 8 if isinstance(base, Finite) else 4)


def over_result(site: Site[Any]) -> Dim:
    """The entries of what is made."""
    return sum((entries(obj) for obj in site.outputs), 0)


def over_input(site: Site[Any]) -> Dim:
    """The entries of the first input."""
    return entries(site.given[0])


def nothing(site: Site[Any]) -> Dim:
    return 0


def costs(*names: str, flops: Formula = nothing, pointwise: Formula = over_result, arithmetic: Formula | None = None,
          view: Callable[[Site[Any]], bool] = lambda site: False) -> None:
    """Declares the rows of primitives that cost alike; where nothing else is said, one operation an entry gone over."""
    for name in names:
        assert name not in ROWS, name
        ROWS[name] = Row(flops, pointwise, pointwise if arithmetic is None else arithmetic, view)


def matrices(*names: str, flops: Formula, pointwise: Formula = nothing, arithmetic: Formula = nothing) -> None:
    """Declares primitives that are products of matrices at heart."""
    costs(*names, flops=flops, pointwise=pointwise, arithmetic=arithmetic)


def moves(*names: str) -> None:
    """Declares primitives that write entries without computing any."""
    costs(*names, arithmetic=nothing)


def views(*names: str) -> None:
    """Declares primitives that compute nothing."""
    costs(*names, pointwise=nothing, view=lambda site: True)
