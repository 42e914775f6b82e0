"""What a morphism costs, by its instances as its ``state_dict`` names them.

Each row has what lies at an address and below it, that of all its copies together; the total is that of everything.
What one box does stands in the row of its own instance if it has one, else in that of the network that it is a box of.
Of what a fold, an unfolding or a run repeats the boxes without weights belong to the network around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.entry import ObjectVariableEntry, RunEntry
from catlang.diagram import diagram as d
from catlang.dims import Dim, Variable
from catlang.meaning.cost import counted, known
from catlang.meaning.cost.tally import Amounts
from catlang.meaning.cost.weights import BUFFER, FROZEN, TRAINED, nodes
from catlang.network.network import Sub
from catlang.objects.colour import array

if TYPE_CHECKING:
    from catlang.meaning.cost.depth import Depth
    from catlang.meaning.cost.weights import Node
    from catlang.network.request import Request
    from catlang.span import Span

#: So long may the text of a composite be that stands for its name.
LONGEST_NAME = 32

#: What a row has that is a polynomial.
AMOUNTS = ("parameters", "frozen", "buffers", "flops", "operations", "memory", "activations")


class Row:
    """One instance, or all of them together: the level it stands at in the tree, how many boxes are applications of it
    (``uses``), and what it costs. ``missing`` are primitives without a cost: the others' is what is known; of the
    ``opaque`` among them, externs, the weights are not known either."""

    __slots__ = ("address", "copies", "depth", "level", "missing", "morphism", "opaque", "uses", *AMOUNTS)

    def __init__(self, address: str, morphism: str, level: int, copies: Dim, amounts: Amounts, depth: Depth | None,
                 stored: Mapping[str, Dim]) -> None:
        self.address = address
        self.morphism = morphism
        self.level = level
        self.copies = copies
        self.parameters, self.frozen, self.buffers = stored[TRAINED], stored[FROZEN], stored[BUFFER]
        self.flops = amounts.flops
        self.operations = amounts.operations
        #: Bytes, of weights and of activations, four a real number.
        self.memory = 4 * (self.parameters + self.frozen + self.buffers)
        self.activations = amounts.activations
        self.depth = depth
        self.uses: Dim = sum(amounts.uses.values(), 0)
        self.missing: dict[str, Span | None] = dict(amounts.unknown)
        self.opaque = frozenset(amounts.opaque)

    def put(self, sizes: Mapping[Variable, Dim]) -> None:
        """Other sizes for its variables."""
        for name in ("copies", "uses", *AMOUNTS):
            setattr(self, name, dims.substitute(getattr(self, name), sizes))
        self.depth = None if self.depth is None else self.depth.substituted(sizes)

    def variables(self) -> set[Variable]:
        every = [getattr(self, name) for name in ("copies", "uses", *AMOUNTS)]
        every += () if self.depth is None else self.depth.candidates
        return {variable for one in every if isinstance(one, dims.Poly) for variable in dims.variables(one)}


class Table:
    """The rows, in the order of the tree, and the total."""

    __slots__ = ("rows", "total")

    def __init__(self, rows: list[Row], total: Row) -> None:
        self.rows = rows
        self.total = total
        self._distinct()

    def _distinct(self) -> None:
        """Two sizes of one name, as of two lists, are called apart."""
        found = sorted(set().union(*(row.variables() for row in [*self.rows, self.total])), key=lambda one: one.key)
        taken = {variable.name for variable in found}
        seen: set[str] = set()
        put: dict[Variable, Dim] = {}
        for variable in found:
            name, number = variable.name, 1
            while name in seen or (number > 1 and name in taken):
                number += 1
                name = f"{variable.name}_{number}"
            seen.add(name)
            if name != variable.name:
                put[variable] = Variable(name, variable.least).poly
        self._put(put)

    @property
    def variables(self) -> dict[str, Variable]:
        """The sizes that are open, by their names."""
        every = set[Variable]().union(*(row.variables() for row in [*self.rows, self.total]))
        return {variable.name: variable for variable in sorted(every, key=lambda variable: variable.key)}

    def put(self, sizes: Mapping[str, int]) -> None:
        """Values for sizes that are open."""
        variables = self.variables
        self._put({variables[name]: value for name, value in sizes.items()})

    def _put(self, sizes: Mapping[Variable, Dim]) -> None:
        if sizes:
            for row in [*self.rows, self.total]:
                row.put(sizes)


def table(request: Request, training: bool = False) -> Table:
    """The costs of what was asked for; an object or a run of axes that is generic is an array of as many entries as a
    size of its name says. Raises ``CompileError`` where it is no network by itself, and ``OverflowError`` where there
    is too much to be counted."""
    arguments: dict[str, Any] = {}
    for generic in request.definition.generics:
        entry = generic.entry
        if isinstance(entry, RunEntry):
            arguments[entry.name] = (Variable(entry.name).poly,)
        elif isinstance(entry, ObjectVariableEntry):
            arguments[entry.name] = array(Variable(entry.name).poly)
    network, _ = request.network(arguments or None)
    counting, far = counted(network, request.sizes, training=training, strict=False)
    gathered = counting.tally.gathered()
    every = list(nodes(network, known(network, request.sizes)))
    stored = _stored(every)
    rows: list[Row] = []
    levels: dict[str, int] = {}
    for node in every:
        level = levels[node.address] = _level(node.address, levels)
        amounts = gathered.get(node.address) or Amounts()
        held = isinstance(node.operation, Sub) and node.operation.network.held
        rows.append(Row(node.shown, _called(node), level, node.copies, amounts, None if held or node.instance is None
                        else amounts.span, stored[node.address]))
    return Table(rows, Row("", request.definition.name, 0, 1, gathered[""], far.span(0), stored[""]))


def _stored(every: list[Node]) -> dict[str, dict[str, Dim]]:
    """The entries of each kind at each address and below it."""
    found: dict[str, dict[str, Dim]] = {"": dict.fromkeys((TRAINED, FROZEN, BUFFER), 0)}
    for node in every:
        counts = {kind: node.count(kind) for kind in found[""]}
        at = node.address
        while True:
            here = found.setdefault(at, dict.fromkeys(found[""], 0))
            for kind, count in counts.items():
                here[kind] = here[kind] + count
            if not at:
                break
            at = at.rpartition(".")[0]
    return found


def _level(address: str, levels: Mapping[str, int]) -> int:
    while address:
        address = address.rpartition(".")[0]
        if address in levels:
            return levels[address] + 1
    return 0


def _called(node: Node) -> str:
    """What an instance is one of: a morphism by its name, a primitive with its sizes, a composite as it is written."""
    operation = node.operation
    if isinstance(operation, d.Use):
        given = []
        for generic in operation.definition.generics:
            value = operation.arguments.get(generic.entry.name)
            if isinstance(value, tuple):
                given += [dims.show(axis) for axis in node.put.axes(value) if isinstance(axis, int | dims.Poly)]
            elif isinstance(value, dims.Poly) or type(value) is int:
                given.append(dims.show(node.put.dim(value)))
        name = str(operation.definition.name)
        return f"{name}[{', '.join(given)}]" if given else name
    if node.instance is None:
        return "frozen"
    if operation.network.definition is not None:
        return str(operation.network.definition.name)
    text = " ".join(node.instance.span.text.split()) if node.instance.span is not None else ""
    if text.startswith("(") and text.endswith(")") and text.count("(") == 1:
        text = text[1:-1]
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME - 3].rstrip()}..."
