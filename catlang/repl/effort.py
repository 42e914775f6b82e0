"""How many steps a network takes one after the other, each of which PyTorch has to be asked for.

What lies along an axis is one step. Of a tree that is grown every node counts, since all of them could be there.

>>> from catlang.checking import check_source
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> text = "morphism f : R[3] -> R[3] = (affine >> relu)^1000 morphism g : R[5, 3] -> R[5, 3] = each(f)"
>>> scope = check_source(Source("m.cat", None, text)).scope
>>> [steps(Specialiser({}, {}).definition(scope.names[name])) for name in "fg"]
[2000, 2000]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.network.network import Loop, Sub
from catlang.network.recursion import Grow, GrowTree, Scan
from catlang.objects.colour import Run
from catlang.objects.shapes import Child, Children, Listed
from catlang.objects.substitution import Substitution

if TYPE_CHECKING:
    from catlang.diagram.diagram import Diagram, Operation
    from catlang.dims import Dim, Variable
    from catlang.network.network import Network
    from catlang.objects.shapes import Shape

#: Counting ends here.
MOST = 10**9
#: A list of children may have any length; it is counted as this many.
LISTED = 8


def steps(network: Network) -> int:
    """The steps of a network, in evaluation; what has no known number of them counts as one."""
    return _Count().network(network, {})


class _Count:
    """Counts each network at each of its sizes once: those that double one another would take for ever."""

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}

    def network(self, network: Network, sizes: dict[Variable, Dim]) -> int:
        key = (id(network), tuple(sizes.items()))
        if key not in self.known:
            body = network.diagram if network.evaluation is None else network.evaluation
            self.known[key] = self.diagram(body, Substitution(dims=sizes))
        return self.known[key]

    def diagram(self, diagram: Diagram, sizes: Substitution) -> int:
        total = 0
        for box in diagram.boxes:
            total += self.operation(box.operation, sizes)
            if total >= MOST:
                return MOST
        return total

    def operation(self, operation: Operation, sizes: Substitution) -> int:
        if isinstance(operation, Sub):
            times = _known(sizes.dim(operation.count)) if isinstance(operation, Loop) else 1
            return times * self.network(operation.network, {
                variable: sizes.dim(size) for variable, size in operation.sizes.items()})
        inside = max(sum(self.diagram(body, sizes) for body in operation.inside().values()), 1)
        if isinstance(operation, Scan):
            return inside * _known(sizes.dim(operation.size))
        if isinstance(operation, Grow):
            return inside * _known(sizes.dim(operation.bound))
        if isinstance(operation, GrowTree):
            return inside * _grown(_known(sizes.dim(operation.bound)), operation.shapes)
        return inside


def _known(size: Dim) -> int:
    return size if isinstance(size, int) else 1


def _grown(bound: int, shapes: list[Shape]) -> int:
    """How many nodes a tree of a depth may have."""
    widest = max((sum(map(_children, shape.parts())) for shape in shapes), default=0)
    if widest < 2:
        return min(bound, MOST)
    # One level more than twice as many: there are few of them before there are too many.
    return min(sum(widest**level for level in range(min(bound, 32))), MOST)


def _children(part: Shape) -> int:
    if isinstance(part, Child):
        return 1
    if isinstance(part, Listed):
        return LISTED
    found = 0
    if isinstance(part, Children):
        found = 1
        for axis in part.axes:
            found *= _known(axis) if not isinstance(axis, Run) else 1
    return found
