"""One body of a network as statements of ``forward``.

A tensor holds a wire's own axes behind its batch axes, its *levels*: level 0 stands for all axes in front, and each
``each`` around adds one. A wire computed from weights alone has none of them. Where inputs with different levels meet,
missing axes are put in: PyTorch broadcasts them, or, for what does not broadcast, they are expanded. So ``each`` costs
nothing, and nothing is copied that is constant.
"""

from __future__ import annotations

import ast
from typing import Any

from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.constancy import arguments
from catlang.compiler.emission.site import Site
from catlang.compiler.lowering import ROWS
from catlang.compiler.lowering.row import call, fill, number, quote
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Value, Wire, wires
from catlang.diagram.network import Choose, Each, Family, Loop, Network, Sub
from catlang.objects.colour import BOOL, REAL, Finite, axes_of, base_of

Levels = tuple[Any, ...]


class Unlowered(ValueError):
    """A primitive has no lowering; ``span`` is the place of its use."""

    def __init__(self, name: str, span: Any) -> None:
        super().__init__(name)
        self.name = name
        self.span = span


class Term:
    """What a wire has become: an expression, its levels, and (``literal``) the number where it is just one."""

    __slots__ = ("expression", "levels", "literal", "rank")

    def __init__(self, expression: ast.expr, levels: frozenset[Any], rank: int, literal: float | int | None = None) -> None:
        self.expression = expression
        self.levels = levels
        self.rank = rank
        self.literal = literal


class Forward:
    """Emits one body; ``owner`` is the class being emitted, which names instances and keeps what the source needs."""

    def __init__(self, owner: Any, network: Network, body: Diagram) -> None:
        self.owner = owner
        self.network = network
        self.body = body
        self.statements: list[tuple[ast.stmt, Any]] = []
        self.terms: dict[Wire, Term] = {}
        self.context: Levels = (0,)
        self.taken: set[str] = set(owner.reserved)
        self.used: set[Any] = set()
        self.uses = _count_uses(network, body)
        self.names: dict[Wire, str] = {}
        self.reads_batch = False
        self.names_at_entry: dict[Wire, str] = {}
        self.entry_terms: dict[Wire, frozenset[Any]] = {}

    # ---------------------------------------------------------------- naming

    def inputs(self) -> list[str]:
        """Names the inputs, free wires, lent instances and frozen weights; returns the parameters of ``forward``."""
        names: list[str] = []
        given = wires(self.body.inputs)
        labels = _labels(self.body.inputs)
        for place, wire in enumerate([*given, *self.network.free]):
            label = labels[place] if place < len(labels) else None
            names.append(self._input(wire, label or ("x" if len(given) == 1 or place >= len(given) else f"x{place}")))
        for instance in self.network.lent:
            name = sz.python_name(instance.name, self.taken)
            self.owner.lent[instance] = name
            names.append(name)
        for entry in self.network.frozen:
            if not self.owner.is_root:
                name = sz.python_name(entry.name, self.taken)
                self.owner.frozen[entry] = ast.Name(name, ast.Load())
                names.append(name)
        return names

    def _input(self, wire: Wire, name: str) -> str:
        name = sz.python_name(name, self.taken)
        place = wires(self.body.inputs)
        first = wires(self.network.diagram.inputs)[place.index(wire)] if wire in place else wire
        levels: frozenset[Any] = frozenset() if first in self.owner.constant else frozenset({0})
        self.terms[wire] = Term(ast.Name(name, ast.Load()), levels, len(axes_of(wire.object)))
        self.names[wire] = name
        self.entry_terms[wire] = levels
        return name

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
            self.terms[wire] = self._literal(operation.value, wire)
        elif isinstance(operation, Each):
            self._each(box, operation)
        elif isinstance(operation, Sub):
            self._sub(box, operation)
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
            self.assign(box, [call("choose", *(term.expression for term in terms))], terms[0].levels, box.inputs)
        else:
            assert isinstance(operation, d.Use)
            self._use(box, operation)

    def assign(self, box: Box, values: list[ast.expr], levels: frozenset[Any], inputs: Value, name: str | None = None) -> None:
        """One statement: the box's outputs are these values."""
        outputs = wires(box.outputs)
        names = [self._name(box, wire, inputs, name, place, len(outputs)) for place, wire in enumerate(outputs)]
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
            self.names[wire] = one

    def _name(self, box: Box, wire: Wire, inputs: Value, wanted: str | None, place: int, count: int) -> str:
        """The name of the wire that ends here, if one does, else one after what made it."""
        instance = box.instance
        if instance is not None and not instance.name.rsplit("_", 1)[-1].isdigit() and count == 1:
            return sz.python_name(instance.name, self.taken)
        if count == 1:
            for used in wires(inputs):
                if used in self.names and self.uses.get(used, 0) == 1 and self.names[used] not in self.owner.fixed:
                    return self.names[used]
        if wanted is None:
            operation = box.operation
            wanted = {"Shuffle": getattr(operation, "kind", "x")}.get(type(operation).__name__, "y")
            if isinstance(operation, d.Use):
                wanted = operation.definition.name
            elif instance is not None:
                wanted = instance.name.rsplit("_", 1)[0]
        if count > 1:
            wanted = f"{wanted}_{place}"
        return sz.python_name({"add": "y", "mul": "y", "sub": "y", "div": "y"}.get(wanted, wanted), self.taken)

    # ---------------------------------------------------------------- levels

    def align(self, terms: list[Term], expand: bool, levels: frozenset[Any] | None = None) -> list[Term]:
        """Puts in the batch axes that some have and others lack."""
        union = frozenset().union(*(term.levels for term in terms)) if levels is None else levels
        return [self._align(term, union, terms, expand) for term in terms]

    def _align(self, term: Term, union: frozenset[Any], others: list[Term], expand: bool) -> Term:
        missing = [level for level in self.context if level in union and level not in term.levels]
        if not missing or (term.literal is not None and not expand):
            return term
        value = self.concrete(term)
        if expand:
            shape = self.batch_shape(union, term)
            own = [_shape(value, place - term.rank) for place in range(term.rank)]
            for level in [level for level in self.context if level in union]:
                if level in missing and level != 0 and any(
                        outer in term.levels for outer in self.context[:self.context.index(level)]):
                    value = self._unsqueeze(value, level, union, term.rank)
            return Term(ast.Call(ast.Attribute(value, "expand", ast.Load()), [*shape, *own], []), union, term.rank)
        for level in missing:
            before = [one for one in self.context[:self.context.index(level)] if one in term.levels]
            if before:
                value = self._unsqueeze(value, level, union, term.rank)
        return Term(value, union, term.rank)

    def _unsqueeze(self, value: ast.expr, level: Any, union: frozenset[Any], rank: int) -> ast.expr:
        inner = [one for one in self.context[self.context.index(level) + 1:] if one in union]
        return ast.Call(ast.Attribute(value, "unsqueeze", ast.Load()), [number(-rank - len(inner) - 1)], [])

    def batch_shape(self, union: frozenset[Any], like: Term | None = None) -> list[ast.expr]:
        """The sizes of these levels, from the outermost in."""
        shape: list[ast.expr] = []
        for level in self.context:
            if level not in union:
                continue
            if level == 0:
                self.reads_batch = True
                shape.append(ast.Starred(ast.Name("batch", ast.Load()), ast.Load()))
            else:
                shape.append(self.size(level[1]))
        return shape

    def concrete(self, term: Term) -> ast.expr:
        return term.expression

    def _literal(self, value: int | float, wire: Wire) -> Term:
        base = base_of(wire.object)
        axes = axes_of(wire.object)
        if isinstance(base, Finite):
            kind: ast.expr = quote("torch.long")
        elif base is BOOL:
            kind = quote("torch.bool")
        else:
            kind = self.owner.real(self)
            value = float(value) if not isinstance(value, int) or axes else value
        shape = ast.Tuple([self.size(axis) for axis in axes], ast.Load())
        made = call("torch.full", shape, number(value), dtype=kind, device=self.owner.device(self))
        return Term(made, frozenset(), len(axes), literal=value if base is REAL else None)

    def size(self, dim: Any) -> ast.expr:
        return self.owner.size(dim, self)

    # ---------------------------------------------------------------- boxes

    def _each(self, box: Box, operation: Each) -> None:
        level = (operation.body, operation.size)
        for inner, outer in zip(wires(operation.body.inputs), wires(box.inputs), strict=True):
            term = self.terms[outer]
            self.terms[inner] = Term(term.expression, term.levels | {level}, term.rank - 1)
            if outer in self.names:
                self.names[inner] = self.names[outer]
                self.uses[inner] = self.uses.get(inner, 0) + max(self.uses.get(outer, 0) - 1, 0)
        self.context = (*self.context, level)
        self.diagram(operation.body)
        for outer, inner in zip(wires(box.outputs), wires(operation.body.outputs), strict=True):
            term = self.terms[inner]
            if level not in term.levels:
                term = self._align(term, term.levels | {level}, [], expand=True)
            self.terms[outer] = Term(term.expression, term.levels - {level}, term.rank + 1)
            if inner in self.names:
                self.names[outer] = self.names[inner]
        self.context = self.context[:-1]

    def _sub(self, box: Box, operation: Sub) -> None:
        """A call of an instance: its own inputs, then what is free in it."""
        assert box.instance is not None
        network = operation.network
        inputs = wires(box.inputs)
        given = [self.terms[wire] for wire in [*inputs, *network.free]]
        own = wires(network.diagram.inputs)
        constant = self.owner.constants[network]
        union = frozenset().union(*(term.levels for term in given))
        if network.stochastic:
            union = frozenset(self.context)
        passed: list[ast.expr] = []
        names = [*arguments(operation, inputs), *network.free]
        for wire, target in zip(names, [*own, *network.free], strict=True):
            term = self.terms[wire]
            passed.append(self.materialise(term, wire) if target in constant else self.materialise(
                self._align(term, union, given, expand=True), wire))
        extras = [self.instance(one) for one in network.lent]
        extras += [self.owner.frozen_weight(entry) for entry in network.frozen]
        module = self.instance(box.instance)
        if isinstance(operation, Loop):
            return self._loop(box, operation, module, passed, extras, union)
        if isinstance(operation, Family):
            self.owner.helper("of_family")
            index = self._align(self.terms[inputs[0]], union, given, expand=True)
            value: ast.expr = call("of_family", module, index.expression, *passed, *extras)
        else:
            value = ast.Call(module, [*passed, *extras], [])
        self.assign(box, [value], union, box.inputs)

    def materialise(self, term: Term, wire: Wire) -> ast.expr:
        return term.expression

    def _loop(self, box: Box, operation: Loop, module: ast.expr, passed: list[ast.expr], extras: list[ast.expr],
              union: frozenset[Any]) -> None:
        """``for block in self.layers: x = block(x)``"""
        outputs = wires(box.outputs)
        count = len(outputs)
        state, constant = passed[:count], passed[count:]
        names = [self._name(box, wire, box.inputs, "x", place, count) for place, wire in enumerate(outputs)]
        begin = [(name, value) for name, value in zip(names, state, strict=True)
                 if not (isinstance(value, ast.Name) and value.id == name)]
        if begin:
            targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name, _ in begin]
            first: ast.stmt = ast.Assign([targets[0]], begin[0][1]) if len(begin) == 1 else ast.Assign(
                [ast.Tuple(targets, ast.Store())], ast.Tuple([value for _, value in begin], ast.Load()))
            self.statements.append((first, box.span))
        loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
        member = sz.python_name("member", self.taken)
        function: ast.expr = module if operation.tied else ast.Name(member, ast.Load())
        stores: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
        target = stores[0] if count == 1 else ast.Tuple(stores, ast.Store())
        step = ast.Assign([target], ast.Call(function, [*loads, *constant, *extras], []))
        over = call("range", self.size(operation.count)) if operation.tied else module
        variable = ast.Name("_" if operation.tied else member, ast.Store())
        self.statements.append((ast.For(variable, over, [step], []), box.span))
        for wire, name in zip(outputs, names, strict=True):
            self.terms[wire] = Term(ast.Name(name, ast.Load()), union, len(axes_of(wire.object)))
            self.names[wire] = name

    def instance(self, instance: Instance) -> ast.expr:
        """The expression for an instance: an attribute, or what was lent."""
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
        diagram = instance.reparameterisation
        assert diagram is not None and isinstance(instance.operation, d.Use)
        for wire, part in zip(wires(diagram.inputs), instance.parts or ["base"], strict=True):
            value = ast.Attribute(self.instance(instance), part, ast.Load())
            self.terms[wire] = Term(value, frozenset(), len(axes_of(wire.object)))
        outside, self.context = self.context, ()
        self.diagram(diagram)
        self.context = outside
        names = [name for name, _ in instance.operation.definition.weights]
        return {name: self.terms[wire].expression for name, wire in zip(names, wires(diagram.outputs), strict=True)}

    def _use(self, box: Box, operation: d.Use) -> None:
        """A primitive, by its row."""
        definition = operation.definition
        row = self.owner.rows.get(definition.name)
        if row is None:
            raise Unlowered(definition.name, box.span)
        inputs = box.inputs if isinstance(box.inputs, tuple) and len(wires(box.inputs)) != 1 else (box.inputs,)
        if row.leafwise:
            return self._leafwise(box, operation, row, inputs)
        terms = [self.terms[wire] for wire in wires(box.inputs)]
        levels = frozenset().union(*(term.levels for term in terms)) if terms else frozenset()
        if definition.noise is not None and definition.weights == [] and not terms:
            levels = frozenset(self.context)
        terms = self.align(terms, row.align == "expand", levels)
        site = Site(self, box, operation, terms, row, levels)
        self.assign(box, [site.lowered()], levels, box.inputs)

    def _leafwise(self, box: Box, operation: d.Use, row: Any, inputs: tuple[Value, ...]) -> None:
        """A primitive generic in an object acts on every factor of it alike."""
        shared = {place: self.terms[wires(value)[0]] for place, value in enumerate(inputs) if place in row.shared}
        columns = [wires(value) for place, value in enumerate(inputs) if place not in row.shared]
        outputs = wires(box.outputs)
        count = len(columns[0])
        results = len(outputs) // count
        for leaf in range(count):
            terms = [self.terms[column[leaf]] for column in columns]
            for place, term in sorted(shared.items()):
                terms.insert(place, term)
            levels = frozenset().union(*(term.levels for term in terms))
            terms = self.align(terms, row.align == "expand", levels)
            site = Site(self, box, operation, terms, row, levels)
            part = Box(operation, tuple(column[leaf] for column in columns),
                       tuple(outputs[leaf + place * count] for place in range(results)), box.instance, box.span)
            self.assign(part, [site.lowered()], levels, part.inputs)

    # ---------------------------------------------------------------- axis patterns

    def _shuffle(self, box: Box, operation: d.Shuffle) -> None:
        from catlang.compiler.emission import patterns

        terms = [self.terms[wire] for wire in wires(box.inputs)]
        levels = frozenset().union(*(term.levels for term in terms))
        terms = self.align(terms, False, levels)
        value = patterns.lowered(operation, [term.expression for term in terms], self)
        self.assign(box, [value], levels, box.inputs)


def _shape(value: ast.expr, place: int) -> ast.expr:
    return ast.Subscript(ast.Attribute(value, "shape", ast.Load()), number(place), ast.Load())


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


def _count_uses(network: Network, body: Diagram) -> dict[Wire, int]:
    """How often each wire is used in a body, in diagrams inside and by what is free in its networks."""
    counts: dict[Wire, int] = {}

    def use(value: Value) -> None:
        for wire in wires(value):
            counts[wire] = counts.get(wire, 0) + 1

    def visit(diagram: Diagram, depth: int) -> None:
        for box in diagram.boxes:
            use(box.inputs)
            if isinstance(box.operation, Sub):
                use(tuple(box.operation.network.free))
            for inner in box.operation.inside().values():
                visit(inner, depth + 1)
        use(diagram.outputs)

    visit(body, 0)
    for instance in network.instances.values():
        if instance.reparameterisation is not None:
            visit(instance.reparameterisation, 0)
    return counts


__all__ = ["Forward", "Unlowered", "ROWS", "fill"]
