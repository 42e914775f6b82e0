"""One body of a network as statements of ``forward``.

A tensor holds a wire's own axes behind its batch axes, its *levels*: level 0 stands for all axes in front, and each
``each`` around adds one. A wire computed from weights alone has none of them. Where inputs with different levels meet,
missing axes are put in: PyTorch broadcasts them, or, for what does not broadcast, they are expanded. So ``each`` costs
nothing, and nothing is copied that is constant.
"""

from __future__ import annotations

import ast
from typing import Any

from catlang.compiler.emission import calls, derived, loops, patterns, trees
from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.broadcasting import broadcast
from catlang.compiler.emission.each import each
from catlang.compiler.emission.naming import Chain, Names
from catlang.compiler.emission.site import Site
from catlang.compiler.emission.term import Term
from catlang.compiler.lowering.row import call, number, quote, row_of
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Value, Wire, wires
from catlang.dims import Variable
from catlang.network.functor import factors
from catlang.network.network import Choose, Each, Network, Sub
from catlang.objects.colour import BOOL, Finite, axes_of, base_of

Levels = tuple[Any, ...]


class Unlowered(ValueError):
    """A primitive has no lowering, or an extern is not to be resolved; ``span`` is the place of its use."""

    def __init__(self, definition: Any, span: Any) -> None:
        super().__init__(definition.name)
        self.name = definition.name
        self.extern = definition.extern
        self.span = span


class Forward:
    """Emits one body; ``owner`` is the class being emitted, which names instances and keeps what the source needs."""

    def __init__(self, owner: Any, network: Network, body: Diagram, pinned: set[Wire]) -> None:
        self.owner = owner
        self.network = network
        self.body = body
        self.statements: list[tuple[ast.stmt, Any]] = []
        self.terms: dict[Wire, Term] = {}
        self.context: Levels = (0,)
        self.taken = sz.Taken([*owner.reserved, *owner.size_names.values()])
        self.names = Names(network, body, pinned)
        self.broadcast = broadcast(self.names, owner.rows)
        self.entry: dict[Wire, str] = {}
        self.entry_levels: dict[Wire, frozenset[Any]] = {}
        self.referred: set[Wire] = set()
        self.reading: dict[Variable, None] = {}
        self.reads_batch = False
        self.weights: dict[Instance, dict[str, ast.expr]] = {}
        # What the products with weights in loops are called.
        self.recurrences: dict[Box, str] = {}
        self.nothing: dict[Box, str] = {}
        # Submodules whose weights are used without calling them.
        self.taken_apart: dict[Instance, ast.expr] = {}
        # Sizes that functions inside are told by what they take.
        self.local: dict[Variable, ast.expr] = {}
        # On the way back along a loop: arrays that what comes back to its entries may be put into.
        self.into: dict[Wire, ast.expr] | None = None

    # ---------------------------------------------------------------- naming

    def inputs(self, labels: list[str] | None) -> list[str]:
        """Names the inputs, free wires, lent instances and frozen weights; returns the parameters of ``forward``.

        ``labels`` are names for the inputs that those who call have settled."""
        given = wires(self.body.inputs)
        if labels is None:
            known = [label or self.names.chains[wire].wanted
                     for wire, label in zip(given, _labels(self.body.inputs), strict=True)]
            labels = [name or ("x" if known.count(None) == 1 else f"x{place}") for place, name in enumerate(known)]
        names = [self._input(wire, label) for wire, label in zip(given, labels, strict=False)]
        names += [self._input(wire, self.names.chains[wire].wanted or "outer") for wire in self.network.free]
        for instance in self.network.lent:
            self.owner.lent[instance] = sz.python_name(instance.name, self.taken)
            names.append(self.owner.lent[instance])
        if not self.owner.is_root:
            for entry in self.network.frozen:
                name = sz.python_name(entry.name, self.taken)
                self.owner.frozen[entry] = ast.Name(name, ast.Load())
                names.append(name)
        return names

    def _input(self, wire: Wire, wanted: str) -> str:
        chain = self.names.chains[wire]
        name = chain.name = sz.python_name(wanted, self.taken)
        place = wires(self.body.inputs)
        first = wires(self.network.diagram.inputs)[place.index(wire)] if wire in place else wire
        levels: frozenset[Any] = frozenset() if first in self.owner.constant else frozenset({0})
        self.terms[wire] = Term(ast.Name(name, ast.Load()), levels, len(axes_of(wire.object)))
        self.entry[wire] = name
        self.entry_levels[wire] = levels
        return name

    def given(self, wire: Wire) -> ast.expr:
        """An input as it came in, wherever in the body that is asked for."""
        self.referred.add(wire)
        return ast.Name(self.entry[wire], ast.Load())

    # ---------------------------------------------------------------- the body

    def run(self) -> Value:
        self.diagram(self.body)
        return self.body.outputs

    def diagram(self, diagram: Diagram) -> None:
        for box in diagram.boxes:
            self.box(box)

    def box(self, box: Box) -> None:
        operation = box.operation
        if isinstance(operation, d.Literal):
            [wire] = wires(box.outputs)
            self.terms[wire] = self.literal(operation.value, wire)
        elif isinstance(operation, Each):
            each(self, box, operation)
        elif type(operation) in _LOOPS:
            _LOOPS[type(operation)](self, box, operation)
        elif isinstance(operation, Sub):
            calls.sub(self, box, operation)
        elif isinstance(operation, d.Shuffle):
            self._shuffle(box, operation)
        elif isinstance(operation, d.WeightOf):
            assert box.instance is not None
            [wire] = wires(box.outputs)
            rank = len(axes_of(wire.object))
            self.terms[wire] = Term(self.weight(box.instance, operation.part), frozenset(), rank)
        elif isinstance(operation, d.FrozenWeight):
            [wire] = wires(box.outputs)
            self.terms[wire] = Term(self.owner.frozen_weight(operation.entry), frozenset(), len(axes_of(wire.object)))
        elif isinstance(operation, Choose):
            self.owner.helper("choose")
            terms = self.align([self.terms[wire] for wire in wires(box.inputs)], expand=True)
            self.assign(box, [call("choose", *(term.expression for term in terms))], terms[0].levels)
        else:
            assert isinstance(operation, d.Use)
            self._use(box, operation)

    def assign(self, box: Box, values: list[ast.expr], levels: frozenset[Any]) -> None:
        """One statement: the box's outputs are these values."""
        outputs = wires(box.outputs)
        names = [self.name_of(box, wire) for wire in outputs]
        targets: list[ast.expr] = [ast.Name(one, ast.Store()) for one in names]
        if len(values) == len(outputs) == 1:
            statement: ast.stmt = ast.Assign([targets[0]], values[0])
        else:
            value = values[0] if len(values) == 1 else ast.Tuple(values, ast.Load())
            statement = ast.Assign([ast.Tuple(targets, ast.Store())], value)
        if outputs:
            self.statements.append((statement, box.span))
        for wire, one in zip(outputs, names, strict=True):
            self.terms[wire] = Term(ast.Name(one, ast.Load()), levels, len(axes_of(wire.object)))

    def name_of(self, box: Box, wire: Wire) -> str:
        """The name of the value's chain; one of its own for what lies in no chain, such as a computed weight."""
        chain = self.names.chain(wire)
        if chain is None:
            chain = Chain(wire.name)
            chain.boxes.append(box)
            return sz.python_name(chain.base(), self.taken)
        if chain.name is None:
            chain.name = sz.python_name(chain.base(), self.taken)
        return chain.name

    # ---------------------------------------------------------------- functions inside

    def parameter(self, wire: Wire, levels: frozenset[Any], wanted: str | None = None) -> str:
        """Names a wire that a function inside takes."""
        chain = self.names.chain(wire)
        if chain is None:
            chain = self.names.chains[wire] = Chain(wire.name)
        name = chain.name = sz.python_name(wanted or chain.wanted or wire.name or "x", self.taken)
        self.terms[wire] = Term(ast.Name(name, ast.Load()), levels, len(axes_of(wire.object)))
        return name

    def shadow(self, wire: Wire, levels: frozenset[Any]) -> str:
        """Names what a function inside takes in place of a value from around it."""
        name = sz.python_name(wire.name or "around", self.taken)
        self.terms[wire] = Term(ast.Name(name, ast.Load()), levels, len(axes_of(wire.object)))
        return name

    def fresh_name(self, wanted: str) -> str:
        return sz.python_name(wanted, self.taken)

    def store(self, box: Box, groups: list[list[Wire]], value: ast.expr, levels: frozenset[Any],
              tuples: bool = False) -> None:
        """One statement for a value that is made of tuples, one of them a single tensor where it is alone."""
        targets: list[ast.expr] = []
        for group in groups:
            names: list[ast.expr] = [ast.Name(self.name_of(box, wire), ast.Store()) for wire in group]
            for wire, name in zip(group, names, strict=True):
                assert isinstance(name, ast.Name)
                self.terms[wire] = Term(ast.Name(name.id, ast.Load()), levels, len(axes_of(wire.object)))
            targets.append(names[0] if len(names) == 1 and not tuples else ast.Tuple(names, ast.Store()))
        target = targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())
        self.statements.append((ast.Assign([target], value), box.span))

    # ---------------------------------------------------------------- levels

    def levels_of(self, given: list[Wire]) -> frozenset[Any]:
        """The batch axes that some of these wires have."""
        return frozenset().union(*(self.terms[wire].levels for wire in given))

    def align(self, terms: list[Term], expand: bool, levels: frozenset[Any] | None = None) -> list[Term]:
        """Puts in the batch axes that some have and others lack."""
        union = frozenset().union(*(term.levels for term in terms)) if levels is None else levels
        return [self.align_one(term, union, expand) for term in terms]

    def align_one(self, term: Term, union: frozenset[Any], expand: bool) -> Term:
        """Puts in the batch axes that are in ``union`` and that this one lacks."""
        missing = [level for level in self.context if level in union and level not in term.levels]
        if not missing or (term.literal is not None and not expand):
            return term
        value = term.expression
        for level in reversed(missing):
            # In front of everything PyTorch puts axes in by itself.
            if any(one in term.levels for one in self.context[:self.context.index(level)]):
                value = self._unsqueeze(value, level, union, term.rank)
        if expand:
            shape = [*self.batch_shape(union), *[number(-1)] * term.rank]
            if all(isinstance(one, ast.Starred) for one in shape):
                # A shape that may be empty.
                shape = [shape[0].value if len(shape) == 1 else ast.Tuple(shape, ast.Load())]  # type: ignore[attr-defined]
            value = ast.Call(ast.Attribute(value, "expand", ast.Load()), shape, [])
        return Term(value, union, term.rank)

    def _unsqueeze(self, value: ast.expr, level: Any, union: frozenset[Any], rank: int) -> ast.expr:
        inner = [one for one in self.context[self.context.index(level) + 1:] if one in union]
        if level == 0 or 0 in inner:
            return self._among_batch(value, level, inner, rank)
        return ast.Call(ast.Attribute(value, "unsqueeze", ast.Load()), [number(-rank - len(inner) - 1)], [])

    def _among_batch(self, value: ast.expr, level: Any, inner: list[Any], rank: int) -> ast.expr:
        """An axis put in where the batch is not in front: the batch is as many axes as there are."""
        self.reads_batch = True
        self.owner.helper("axes_put_in")
        behind: ast.expr = number(rank + len([one for one in inner if one != 0]))
        if 0 in inner:
            behind = ast.BinOp(behind, ast.Add(), quote("len(batch)"))
        return call("axes_put_in", value, quote("len(batch)") if level == 0 else number(1), behind)

    def batch_shape(self, union: frozenset[Any]) -> list[ast.expr]:
        """The sizes of these levels, from the outermost in."""
        shape: list[ast.expr] = []
        for level in self.context:
            if level not in union:
                continue
            if level == 0:
                self.reads_batch = True
                shape.append(ast.Starred(ast.Name("batch", ast.Load()), ast.Load()))
            else:
                shape.append(level[1] if isinstance(level[1], ast.expr) else self.size(level[1]))
        return shape

    def literal(self, value: int | float, wire: Wire) -> Term:
        """A number, all along a wire's object."""
        base, axes = base_of(wire.object), axes_of(wire.object)

        def made() -> ast.expr:
            shape = ast.Tuple([self.size(axis) for axis in axes], ast.Load())
            kind = quote("torch.long") if isinstance(base, Finite) else quote("torch.bool") if base is BOOL else (
                self.owner.real(self))
            return call("torch.full", shape, number(value), dtype=kind, device=self.owner.device(self))

        return Term(made, frozenset(), len(axes), literal=None if base is BOOL else value)

    def example(self, wire: Wire) -> ast.expr:
        """Some array of a wire's object."""
        base = base_of(wire.object)
        kind = quote("torch.long") if isinstance(base, Finite) else quote("torch.bool") if base is BOOL else (
            self.owner.real(self))
        shape = ast.Tuple([self.size(axis) for axis in axes_of(wire.object)], ast.Load())
        return call("torch.empty", shape, dtype=kind, device=self.owner.device(self))

    def size(self, dim: Any) -> ast.expr:
        return self.owner.size(dim, self)

    # ---------------------------------------------------------------- instances and weights

    def instance(self, instance: Instance) -> ast.expr:
        """The expression for an instance: an attribute, or what was lent."""
        if instance.within is not None:
            return ast.Attribute(self.instance(instance.within), instance.name, ast.Load())
        if instance in self.owner.lent:
            return ast.Name(self.owner.lent[instance], ast.Load())
        return ast.Attribute(ast.Name("self", ast.Load()), instance.name, ast.Load())

    def weight(self, instance: Instance, part: str) -> ast.expr:
        """A weight of an instance: PyTorch's own parameter, or what is computed for it."""
        if instance.reparameterisation is not None:
            return self.computed(instance)[part]
        return ast.Attribute(self.instance(instance), part, ast.Load())

    def computed(self, instance: Instance) -> dict[str, ast.expr]:
        """The weights of an instance along its 2-cell, by name."""
        if instance in self.weights:
            return self.weights[instance]
        diagram = instance.reparameterisation
        assert diagram is not None and isinstance(instance.operation, d.Use)
        for wire, part in zip(wires(diagram.inputs), instance.parts or ["base"], strict=True):
            value = ast.Attribute(self.instance(instance), part, ast.Load())
            self.terms[wire] = Term(value, frozenset(), len(axes_of(wire.object)))
        outside, self.context = self.context, ()
        self.diagram(diagram)
        self.context = outside
        names = [name for name, _ in instance.operation.definition.weights]
        terms = [self.terms[wire] for wire in wires(diagram.outputs)]
        assert not any(term.levels for term in terms), f"the weights of `{instance.name}` are computed from data"
        self.weights[instance] = {name: term.expression for name, term in zip(names, terms, strict=True)}
        return self.weights[instance]

    # ---------------------------------------------------------------- primitives

    def _use(self, box: Box, operation: d.Use) -> None:
        """A primitive, by its row."""
        definition = operation.definition
        row = row_of(self.owner.rows, definition)
        if row is None:
            raise Unlowered(definition, box.span)
        columns = factors(operation, box.inputs)
        if columns is None or len(columns) == 1:
            self._primitive(box, operation, row)
            return
        outputs = wires(box.outputs)
        for place, column in enumerate(columns):
            made = tuple(outputs[place::len(columns)])
            self._primitive(Box(operation, tuple(column), made, box.instance, box.span), operation, row)

    def _primitive(self, box: Box, operation: d.Use, row: Any) -> None:
        terms = [self.terms[wire] for wire in wires(box.inputs)]
        levels = frozenset().union(*(term.levels for term in terms)) if terms else frozenset()
        definition = operation.definition
        noisy = definition.noisy
        if noisy:
            # Noise is drawn anew along every batch axis, whatever of its input is constant there.
            levels = frozenset(self.context)
        terms = [self.align_one(term, levels, noisy or (row.align == "expand" and place not in row.loose))
                 for place, term in enumerate(terms)]
        value = Site(self, box, operation, terms, row, levels).lowered()
        if isinstance(value, ast.Attribute):
            # A weight by itself: nothing is computed.
            [wire] = wires(box.outputs)
            self.terms[wire] = Term(value, levels, len(axes_of(wire.object)))
            return
        self.assign(box, [value], levels)

    def _shuffle(self, box: Box, operation: d.Shuffle) -> None:
        terms = [self.terms[wire] for wire in wires(box.inputs)]
        levels = frozenset().union(*(term.levels for term in terms))
        terms = self.align(terms, False, levels)
        value = patterns.lowered(operation, [term.expression for term in terms], self, levels, box in self.broadcast)
        self.assign(box, [value], levels)


_LOOPS = {**loops.EMITTERS, **trees.EMITTERS, **derived.EMITTERS}


def _labels(value: Value) -> list[str | None]:
    """The names of the parts of a value, where its object gives them."""
    if isinstance(value, Wire):
        return [None]
    names = getattr(value, "names", None) or (None,) * len(value)
    found: list[str | None] = []
    for name, part in zip(names, value, strict=True):
        inner = _labels(part)
        found += [name] if len(inner) == 1 and name else inner
    return found
