"""Cost: a functor from networks to polynomials in their sizes.

For one element of a batch :func:`cost` gives

* ``params``, the entries of the weights that are trained, each instance counted once; beside them ``frozen``, those of
  weights that are loaded and kept, and ``buffers``, those of the state;
* ``flops``, two for each multiplication with the addition after it in products of matrices, contractions, convolutions
  and attention, forward, as ``torch.utils.flop_counter`` counts them: biases are free, and a causal mask saves nothing
  (what that counter sees nothing of, ``bilinear`` and kernels that a CPU fuses, counts too);
* ``operations``, all arithmetic on numbers: the flops, and what else is done (see ``row``), one an addition, a
  multiplication, a division, a comparison, an elementary function of one number;
* ``pointwise``, the entries that everything but the products goes over;
* ``memory``, the entries that all boxes together write, views excepted, and ``activations`` the same in bytes, four a
  real number, eight an index, one a truth value: what a backward pass may have to keep, weights and inputs aside;
* ``depth``, the number of boxes with weights on the longest path through the network, and ``span``, that of boxes which
  write anything. A loop, a fold, a scan counts as it is written down, its step as often as it is taken one after the
  other, whatever faster form the compiler may derive for it; a step's longest way through counts.

A box is run once for each index of the ``each`` around it *that its inputs depend on*: what is computed from weights
alone, or from wires of further out, is computed once. A step of a loop counts as often as it is taken; of a family the
one member that is chosen. Costs are those of evaluation, unless ``training``.

A list is as long as it is padded to: a variable called ``length``, one of the sizes of the network. A step along it is
taken so often, that of an unfolding as often as its bound allows. Of a tree the sizes of a network say nothing, so each
tree has variables of its own: ``nodes0``, ``nodes1``, ... for how many nodes it has of each constructor, ``height`` for
how many levels. A fold runs the branch of a constructor once for each of its nodes, and is as deep as its deepest
branch times the height; where nodes have lists of children, each of these is ``length`` long, a variable again. The
step that grows a tree is run once for each node, in so many levels as the bound says.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = "dim n, d, k\\nmorphism f : R[n, d] -> R[n, d] = each(affine[_, 4*d] >> relu >> affine)^k"
>>> found = cost(check_source(Source("m.cat", None, text)).scope.names["f"])
>>> found.params, found.flops, found.pointwise, found.memory, found.depth
(8*d^2*k + 5*d*k, 16*d^2*k*n, 4*d*k*n, 9*d*k*n, 2*k)
>>> found.operations, found.activations, found.span
(16*d^2*k*n + 9*d*k*n, 36*d*k*n, 3*k)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from catlang import dims
from catlang.diagram.diagram import wires
from catlang.dims import Dim, Variable
from catlang.meaning.cost.counting import FLAT, NOWHERE, Counting, Strand, deepest
from catlang.meaning.cost.depth import Depth
from catlang.meaning.cost.row import ROWS
from catlang.meaning.cost.weights import BUFFER, FROZEN, TRAINED, nodes, weights
from catlang.network.functor import interpret
from catlang.network.network import Network
from catlang.network.specialise import Specialiser

if TYPE_CHECKING:
    from catlang.checker.entry import Definition
    from catlang.meaning.cost.reach import Reach

POLYNOMIALS = ("params", "frozen", "buffers", "flops", "operations", "pointwise", "memory", "activations")


class Cost:
    """What a network costs, in its sizes."""

    __slots__ = (*POLYNOMIALS, "depth", "span")

    def __init__(self, amounts: Mapping[str, Dim], depth: Depth, span: Depth) -> None:
        self.params, self.frozen, self.buffers = (amounts[name] for name in POLYNOMIALS[:3])
        self.flops, self.operations, self.pointwise = (amounts[name] for name in POLYNOMIALS[3:6])
        self.memory, self.activations = amounts["memory"], amounts["activations"]
        self.depth = depth
        self.span = span

    def at(self, sizes: Mapping[Variable, Dim]) -> Cost:
        """The cost at these sizes."""
        return Cost({name: dims.substitute(getattr(self, name), sizes) for name in POLYNOMIALS},
                    self.depth.substituted(sizes), self.span.substituted(sizes))

    @property
    def variables(self) -> list[Variable]:
        """The sizes that it is in, by their names: of the network, of its lists and of its trees."""
        every = [*(getattr(self, name) for name in POLYNOMIALS), *self.depth.candidates, *self.span.candidates]
        found = {variable for one in every if isinstance(one, dims.Poly) for variable in dims.variables(one)}
        return sorted(found, key=lambda variable: (variable.name, variable.serial))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cost) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "Cost(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__) + ")"


def cost(of: Definition | Network, sizes: Mapping[Variable, Dim] | None = None, *, training: bool = False) -> Cost:
    """The cost of a morphism, or of a network, for one element of a batch; sizes not given stay symbolic.

    Raises ``Meaningless`` where a primitive has no cost, and ``OverflowError`` where there is too much to be counted.
    """
    network = of if isinstance(of, Network) else Specialiser(dict(sizes or {}), {}).definition(of)
    counting, far = counted(network, sizes, training=training)
    kinds: dict[str, Dim] = dict.fromkeys((TRAINED, FROZEN, BUFFER), 0)
    for node in nodes(network, known(network, sizes)):
        for kind in kinds:
            kinds[kind] = kinds[kind] + node.count(kind)
    found = counting.tally.below("")
    amounts = {"params": kinds[TRAINED], "frozen": kinds[FROZEN], "buffers": kinds[BUFFER], "flops": found.flops,
               "operations": found.operations, "pointwise": found.pointwise, "memory": found.memory,
               "activations": found.activations}
    return Cost(amounts, far.learned, far.span(0))


def counted(network: Network, sizes: Mapping[Variable, Dim] | None = None, *, training: bool = False,
            strict: bool = True) -> tuple[Counting, Reach]:
    """What was counted in a network, and how far its outputs are from its inputs; where it is not ``strict``,
    primitives without a cost are noted in the tally. Raises as :func:`cost` does."""
    counting = Counting(strict)
    strands = [Strand(FLAT, NOWHERE) for _ in wires(network.diagram.inputs)]
    made = interpret(network, counting, strands, sizes=sizes, training=training)
    return counting, deepest(made)


def known(network: Network, sizes: Mapping[Variable, Dim] | None) -> dict[Variable, Dim]:
    """The sizes of a network: those given, the others as they are."""
    return {**network.given, **{variable: variable.poly for variable in network.sizes}, **(sizes or {})}


__all__ = ["ROWS", "Cost", "Depth", "cost", "counted", "known", "weights"]
