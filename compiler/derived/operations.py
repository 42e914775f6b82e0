"""The operations that derived forms are made of; only the emission of PyTorch knows them."""

from __future__ import annotations

from catlang.compiler.derived.gates import Kernel
from catlang.diagram.diagram import Box, Diagram, Instance, Operation, Wire
from catlang.dims import Dim, Variable
from catlang.network.recursion import FoldTree, GrowTree, Scan


class Fused(Operation):
    """One of PyTorch's recurrent kernels along an axis.

    Takes ``(lengths, state, entries)`` as a scan does, its entries being what the kernel takes; gives its last state
    and the first part of its state at every place."""

    __slots__ = ("kernel", "backwards", "size")

    def __init__(self, kernel: Kernel, backwards: bool, size: Dim) -> None:
        self.kernel = kernel
        self.backwards = backwards
        self.size = size


class Recur(Operation):
    """In a step, the product of something with the weight of a learned map, or with some of its ``columns``, added to
    an entry that is used for nothing else, ``(x, e) |-> W x + b + e``, or to nothing, ``x |-> W x + b``. The gradient
    of W is a product over many steps, once they are there. The bias may have been added to the entries (``biased`` is
    then false)."""

    __slots__ = ("biased", "columns")

    def __init__(self, biased: bool, columns: tuple[Dim, Dim] | None) -> None:
        self.biased = biased
        self.columns = columns


class Pieces(Operation):
    """An array cut along its first axis into pieces of some sizes, each a result of its own."""

    __slots__ = ("sizes",)

    def __init__(self, sizes: list[Dim]) -> None:
        self.sizes = sizes


class Columns(Operation):
    """A product with the weight of an instance, or with some of its columns (``first`` up to ``last``), and the biases
    of several instances added: ``x |-> W[:, first:last] x + b + c``."""

    __slots__ = ("biases", "columns")

    def __init__(self, biases: list[Instance], columns: tuple[Dim, Dim] | None = None) -> None:
        self.biases = biases
        self.columns = columns


class Looked(Operation):
    """A learned product of a learned point, which is a row of the product with all points: ``i |-> W E[i] + b``. The
    ``biases`` of other products may come in with it."""

    __slots__ = ("biases", "points")

    def __init__(self, points: Instance) -> None:
        self.points = points
        self.biases: list[Instance] = []


class Between(Operation):
    """``(x, y, t) |-> (1 - t) x + t y``, entry by entry."""

    __slots__ = ()


class MultiplyAdd(Operation):
    """``(x, y, z) |-> x + y * z``, entry by entry."""

    __slots__ = ()


class Rows(Operation):
    """All rows of an array along its first axis, each a result of its own."""

    __slots__ = ()


class Back(Operation):
    """What comes back through the product of a ``Recur``: ``y |-> W^T y``."""

    __slots__ = ("of",)

    def __init__(self, of: Box) -> None:
        self.of = of


class Slope(Operation):
    """The derivative of an entrywise function, from what the function gave; behind a factor times that factor."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Joined(Operation):
    """Arrays one behind the other along their first axes: what ``Pieces`` takes apart."""

    __slots__ = ()


class Stacked(Operation):
    """Arrays as the rows of one: what ``Rows`` takes apart."""

    __slots__ = ()


class Reverse:
    """How gradients go back along a loop.

    ``diagram`` is along an axis of ``size``. It takes the lengths (where the loop does), what comes back to the last
    state and to what was emitted, and ``kept``, what these wires of the step held at every place. It gives what comes
    back to the first state, and, at every place, to ``entries`` and to what is ``around`` (None where nothing does).
    ``products`` are the products with weights, each with what comes back to it at every place and what it was taken
    of."""

    __slots__ = ("around", "diagram", "entries", "kept", "products", "size")

    def __init__(self, size: Variable, kept: list[Wire], diagram: Diagram, entries: list[Wire | None],
                 around: dict[Wire, Wire | None], products: list[tuple[Box, Wire, Wire]]) -> None:
        self.size = size
        self.kept = kept
        self.diagram = diagram
        self.entries = entries
        self.around = around
        self.products = products


class Words(Scan):
    """A loop along words, lists of symbols of finite objects, from a start that is one for all: ``before`` gives what
    ``step`` takes at a place, of the symbols there. Takes ``(lengths, state, symbols)``."""

    __slots__ = ("before",)

    def __init__(self, loop: Scan, before: Diagram) -> None:
        super().__init__(loop.size, loop.backwards, loop.step)
        self.reverse = loop.reverse
        self.before = before

    def inside(self) -> dict[str, Diagram]:
        return {"before": self.before, "step": self.step}


class Hylo(Operation):
    """What is unfolded is folded at once: no list stands in between.

    Takes the state of ``grown`` and the state of ``folded``, which are the steps of a ``Grow`` and of a ``Scan``; gives
    the latter's last state."""

    __slots__ = ("backwards", "bound", "folded", "grown")

    def __init__(self, bound: Dim, grown: Diagram, folded: Diagram, backwards: bool) -> None:
        self.bound = bound
        self.grown = grown
        self.folded = folded
        self.backwards = backwards

    def inside(self) -> dict[str, Diagram]:
        return {"grown": self.grown, "folded": self.folded}


class HyloTree(Operation):
    """The same for trees: takes the state of ``grown``, gives the roots' states."""

    __slots__ = ("folded", "grown")

    def __init__(self, grown: GrowTree, folded: FoldTree) -> None:
        self.grown = grown
        self.folded = folded

    def inside(self) -> dict[str, Diagram]:
        return {**self.grown.inside(), **self.folded.inside()}


class Affine(Operation):
    """A state that each step maps affinely, along an axis: ``s' = A s + b``.

    Takes ``(lengths, state, coefficients, offsets)``. Of a state of k parts there are k by k coefficients, entry by
    entry, of which those that are 0 everywhere are no wires; with an axis of places or (``constant``) the same at each.
    Gives the last state and the state at every place. ``present`` says by rows which coefficients there are."""

    __slots__ = ("backwards", "present", "size")

    def __init__(self, size: Dim, backwards: bool, present: tuple[tuple[bool, ...], ...]) -> None:
        self.size = size
        self.backwards = backwards
        self.present = present


class Linear(Operation):
    """The same for ``s' = W s + b`` with the weight of an instance. Takes ``(lengths, state, offsets)``."""

    __slots__ = ("backwards", "size")

    def __init__(self, size: Dim, backwards: bool) -> None:
        self.size = size
        self.backwards = backwards


class Associative(Operation):
    """A step that is associative, ``(a . b) . c = a . (b . c)``, along an axis: any bracketing gives the same.

    ``combine`` takes two states, ``(first, second)``, and gives ``(first . second, ())``. Takes ``(lengths, state,
    elements)``, the elements a state at every place. Gives the last state and, where they are wanted, those at every
    place."""

    __slots__ = ("backwards", "combine", "size")

    def __init__(self, size: Dim, backwards: bool, combine: Diagram) -> None:
        self.size = size
        self.backwards = backwards
        self.combine = combine

    def inside(self) -> dict[str, Diagram]:
        return {"combine": self.combine}
