"""One body of a network as statements of ``forward``.

A tensor holds a wire's own axes behind its batch axes, its *levels*: level 0 stands for all axes in front, and each
``each`` around adds one. A wire computed from weights alone has none of them. Where inputs with different levels meet,
missing axes are put in: PyTorch broadcasts them, or, for what does not broadcast, they are expanded. So ``each`` costs
nothing, and nothing is copied that is constant.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from catlang.compiler.emission import derived, loops, patterns, trees
from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.broadcasting import broadcast
from catlang.compiler.emission.constancy import arguments
from catlang.compiler.emission.naming import Chain, Names, plain
from catlang.compiler.emission.site import Site
from catlang.compiler.lowering.row import call, number, quote
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Value, Wire, wires
from catlang.dims import Variable
from catlang.network.functor import factors
from catlang.network.network import Choose, Each, Family, Loop, Network, Sub
from catlang.objects.colour import BOOL, Finite, axes_of, base_of

Levels = tuple[Any, ...]


class Unlowered(ValueError):
    """A primitive has no lowering; ``span`` is the place of its use."""

    def __init__(self, name: str, span: Any) -> None:
        super().__init__(name)
        self.name = name
        self.span = span


class Term:
    """What a wire has become: an expression, its levels, and (``literal``) the number where it is just one.

    The expression of a literal is made when it is asked for: most often the number will do."""

    __slots__ = ("made", "levels", "literal", "rank")

    def __init__(self, made: ast.expr | Callable[[], ast.expr], levels: frozenset[Any], rank: int,
                 literal: float | int | None = None) -> None:
        self.made = made
        self.levels = levels
        self.rank = rank
        self.literal = literal

    @property
    def expression(self) -> ast.expr:
        return self.made if isinstance(self.made, ast.expr) else self.made()


class Forward:
    """Emits one body; ``owner`` is the class being emitted, which names instances and keeps what the source needs."""

    def __init__(self, owner: Any, network: Network, body: Diagram, pinned: set[Wire]) -> None:
        self.owner = owner
        self.network = network
        self.body = body
        self.statements: list[tuple[ast.stmt, Any]] = []
        self.terms: dict[Wire, Term] = {}
        self.context: Levels = (0,)
        self.taken: set[str] = {*owner.reserved, *owner.size_names.values()}
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
            self.terms[wire] = self._literal(operation.value, wire)
        elif isinstance(operation, Each):
            self._each(box, operation)
        elif type(operation) in _LOOPS:
            _LOOPS[type(operation)](self, box, operation)
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
            self.assign(box, [call("choose", *(term.expression for term in terms))], terms[0].levels)
        else:
            assert isinstance(operation, d.Use)
            self._use(box, operation)

    def assign(self, box: Box, values: list[ast.expr], levels: frozenset[Any]) -> None:
        """One statement: the box's outputs are these values."""
        outputs = wires(box.outputs)
        names = [self._name(box, wire) for wire in outputs]
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

    def _name(self, box: Box, wire: Wire) -> str:
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

    def function(self, wanted: str, parameters: list[str], body: Diagram, outputs: list[Wire], levels: frozenset[Any],
                 span: Any, unpacked: list[ast.stmt] | None = None, always_tuple: bool = False,
                 sized: tuple[str, ast.expr] | None = None, result: Callable[[], ast.expr] | None = None,
                 batch: tuple[str, int] | None = None) -> ast.expr:
        """A diagram as a function inside ``forward``; what it gives has these levels."""
        outside, self.statements = self.statements, []
        weights, self.weights = self.weights, dict(self.weights)
        self.diagram(body)
        if result is None:
            made = [self._align(self.terms[wire], levels, expand=True).expression for wire in outputs]
            value = made[0] if len(made) == 1 and not always_tuple else ast.Tuple(made, ast.Load())
        else:
            value = result()
        inside, self.statements = self.statements, outside
        self.weights = weights
        statements: list[ast.stmt] = list(unpacked or [])
        for statement, place in inside:
            statement.place = place  # type: ignore[attr-defined]
            statements.append(statement)
        statements.append(ast.Return(value))
        # What the step looks up in the module is looked up once.
        found = _LookedUp(self.taken)
        statements = [found.visit(statement) for statement in statements]
        for label, chain in found.names.values():
            self.statements.append((ast.Assign([ast.Name(label, ast.Store())], chain), None))
        if sized is not None:
            label, probe = sized
            if _mentioned(statements, label):
                first = ast.Subscript(ast.Attribute(probe, "shape", ast.Load()), number(0), ast.Load())
                statements.insert(len(unpacked or []), ast.Assign([ast.Name(label, ast.Store())], first))
        if batch is not None and _mentioned(statements, "batch"):
            # Of a step that some lists of the batch take it is these.
            label, rank = batch
            shape: ast.expr = ast.Attribute(ast.Name(label, ast.Load()), "shape", ast.Load())
            if rank:
                shape = ast.Subscript(shape, ast.Slice(None, number(-rank), None), ast.Load())
            statements.insert(0, ast.Assign([ast.Name("batch", ast.Store())], shape))
        name = sz.python_name(wanted, self.taken)
        arguments = ast.arguments(posonlyargs=[], args=[ast.arg(one) for one in parameters], kwonlyargs=[],
                                  kw_defaults=[], defaults=[])
        self.statements.append((ast.FunctionDef(name, arguments, statements, [], lineno=0), None))
        return ast.Name(name, ast.Load())

    def store(self, box: Box, groups: list[list[Wire]], value: ast.expr, levels: frozenset[Any],
              tuples: bool = False) -> None:
        """One statement for a value that is made of tuples, one of them a single tensor where it is alone."""
        targets: list[ast.expr] = []
        for group in groups:
            names: list[ast.expr] = [ast.Name(self._name(box, wire), ast.Store()) for wire in group]
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

    def align_one(self, term: Term, union: frozenset[Any], expand: bool) -> Term:
        return self._align(term, union, expand)

    def align(self, terms: list[Term], expand: bool, levels: frozenset[Any] | None = None) -> list[Term]:
        """Puts in the batch axes that some have and others lack."""
        union = frozenset().union(*(term.levels for term in terms)) if levels is None else levels
        return [self._align(term, union, expand) for term in terms]

    def _align(self, term: Term, union: frozenset[Any], expand: bool) -> Term:
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
            if len(shape) == 1 and isinstance(shape[0], ast.Starred):
                shape = [shape[0].value]  # a shape that may be empty
            value = ast.Call(ast.Attribute(value, "expand", ast.Load()), shape, [])
        return Term(value, union, term.rank)

    def _unsqueeze(self, value: ast.expr, level: Any, union: frozenset[Any], rank: int) -> ast.expr:
        inner = [one for one in self.context[self.context.index(level) + 1:] if one in union]
        return ast.Call(ast.Attribute(value, "unsqueeze", ast.Load()), [number(-rank - len(inner) - 1)], [])

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

    def _literal(self, value: int | float, wire: Wire) -> Term:
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

    # ---------------------------------------------------------------- boxes

    def _each(self, box: Box, operation: Each) -> None:
        level = (operation.body, operation.size)
        if operation.lengths is not None and self.context == (0,) and not total(operation.body):
            self._packed(box, operation)
            return
        outside = self.context
        for inner, outer in zip(wires(operation.body.inputs), wires(box.inputs), strict=True):
            term = self.terms[outer]
            if term.literal is not None:
                self.terms[inner] = self._literal(term.literal, inner)
                continue
            made = term.made
            if operation.front and term.levels:
                made = _moved(term.expression, -term.rank, 0)
                if sum(inner in wires(one.inputs) for one in operation.body.boxes) > 1:
                    label = self.fresh_name(inner.name or "x")
                    self.statements.append((ast.Assign([ast.Name(label, ast.Store())], made), box.span))
                    made = ast.Name(label, ast.Load())
            self.terms[inner] = Term(made, term.levels | {level}, term.rank - 1)
        # A view, whose memory is then written place by place.
        self.context = (level, *outside) if operation.front else (*outside, level)
        self.diagram(operation.body)
        for outer, inner in zip(wires(box.outputs), wires(operation.body.outputs), strict=True):
            term = self.terms[inner]
            if term.literal is not None:
                self.terms[outer] = self._literal(term.literal, outer)
                continue
            if level not in term.levels:
                term = self._align(term, term.levels | {level}, expand=True)
            levels = term.levels - {level}
            made = _moved(term.expression, 0, -term.rank - 1) if operation.front and levels else term.expression
            self.terms[outer] = Term(made, levels, term.rank + 1)
        self.context = outside

    def _packed(self, box: Box, operation: Each) -> None:
        """A body that is not defined everywhere, or that looks at all of a batch: it is given what lists have, and not
        what stands behind their ends."""
        assert operation.lengths is not None
        body, lengths = operation.body, self.terms[operation.lengths]
        for helper in ("inside", "packed", "packed_for_each", "unpacked"):
            self.owner.helper(helper)
        captured = [wire for wire in d.captured(body) if self.terms[wire].levels]
        given = [self.terms[wire] for wire in wires(box.inputs)]
        union = frozenset(self.context)
        lengths = self._align(lengths, union, expand=True)
        mask = self.fresh_name("there")
        made = call("inside", lengths.expression, self.size(operation.size))
        self.statements.append((ast.Assign([ast.Name(mask, ast.Store())], made), box.span))
        loaded = ast.Name(mask, ast.Load())
        rows: ast.expr = ast.Call(ast.Attribute(loaded, "sum", ast.Load()), [], [])
        level = (body, rows)
        inner = frozenset({level})
        for wire, term in zip(wires(body.inputs), given, strict=True):
            term = self._align(term, union, expand=True)
            name = self.fresh_name(wire.name or "x")
            value = call("packed", term.expression, loaded)
            self.statements.append((ast.Assign([ast.Name(name, ast.Store())], value), box.span))
            self.terms[wire] = Term(ast.Name(name, ast.Load()), inner, len(axes_of(wire.object)))
        before = {wire: self.terms[wire] for wire in captured}
        for wire, term in before.items():
            name = self.fresh_name(wire.name or "around")
            value = call("packed_for_each", self._align(term, union, expand=True).expression, loaded, number(term.rank))
            self.statements.append((ast.Assign([ast.Name(name, ast.Store())], value), box.span))
            self.terms[wire] = Term(ast.Name(name, ast.Load()), inner, term.rank)
        outside, self.context = self.context, (level,)
        self.diagram(body)
        outputs = [self._align(self.terms[wire], inner, expand=True) for wire in wires(body.outputs)]
        self.context = outside
        self.terms.update(before)
        values = [call("unpacked", term.expression, loaded) for term in outputs]
        self.assign(box, values, union)

    def _sub(self, box: Box, operation: Sub) -> None:
        """A call of an instance: its own inputs, then what is free in it."""
        assert box.instance is not None
        network = operation.network
        inputs = wires(box.inputs)
        given = [self.terms[wire] for wire in [*inputs, *network.free]]
        constant = self.owner.constants[network]
        union = frozenset().union(*(term.levels for term in given))
        if network.stochastic:
            union = frozenset(self.context)
        passed: list[ast.expr] = []
        names = [*arguments(operation, inputs), *network.free]
        for wire, target in zip(names, [*wires(network.diagram.inputs), *network.free], strict=True):
            term = self.terms[wire]
            passed.append((term if target in constant else self._align(term, union, expand=True)).expression)
        extras = [self.instance(one) for one in network.lent]
        extras += [self.owner.frozen_weight(entry) for entry in network.frozen]
        extras += self._told(operation, union)
        module = self.instance(box.instance)
        if isinstance(operation, Loop):
            self._loop(box, operation, module, passed, extras, union)
            return
        if isinstance(operation, Family):
            self.owner.helper("of_family")
            index = self._align(self.terms[inputs[0]], union, expand=True)
            value: ast.expr = self._called(box, ast.Name("of_family", ast.Load()), [
                module, index.expression, ast.Tuple(passed, ast.Load()), *extras])
        else:
            value = self._called(box, module, [*passed, *extras])
        self.assign(box, [value], union)

    def _called(self, box: Box, function: ast.expr, given: list[ast.expr]) -> ast.expr:
        """A call of an instance; what is computed anew on the way back is called by what does so."""
        assert box.instance is not None and isinstance(box.operation, Sub)
        if self.owner.source.computed_anew(box.instance, box.operation):
            self.owner.helper("checkpointed")
            return call("checkpointed", function, *given)
        return ast.Call(function, given, [])

    def _told(self, operation: Sub, union: frozenset[Any]) -> list[ast.expr]:
        """What an instance cannot find out from its inputs: sizes, batch axes, a tensor for device and type."""
        made = self.owner.source.classes[operation.network]
        extras = [self.size(operation.sizes[variable]) for variable in made.untold]
        if made.needs_batch:
            extras.append(ast.Tuple(self.batch_shape(union), ast.Load()))
        if made.needs_like:
            extras.append(self.owner.like(self))
        return extras

    def _loop(self, box: Box, operation: Loop, module: ast.expr, passed: list[ast.expr], extras: list[ast.expr],
              union: frozenset[Any]) -> None:
        """``for block in self.layers: x = block(x)``"""
        outputs = wires(box.outputs)
        count = len(outputs)
        state, constant = passed[:count], passed[count:]
        names = [self._name(box, wire) for wire in outputs]
        begin = [(name, value) for name, value in zip(names, state, strict=True)
                 if not (isinstance(value, ast.Name) and value.id == name)]
        if begin:
            targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name, _ in begin]
            first: ast.stmt = ast.Assign([targets[0]], begin[0][1]) if len(begin) == 1 else ast.Assign(
                [ast.Tuple(targets, ast.Store())], ast.Tuple([value for _, value in begin], ast.Load()))
            self.statements.append((first, box.span))
        loads: list[ast.expr] = [ast.Name(name, ast.Load()) for name in names]
        inner = list(operation.network.instances.values())
        member = sz.python_name(plain(inner[0].name) if len(inner) == 1 else "layer", self.taken)
        function: ast.expr = module if operation.tied else ast.Name(member, ast.Load())
        stores: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
        target = stores[0] if count == 1 else ast.Tuple(stores, ast.Store())
        step = ast.Assign([target], self._called(box, function, [*loads, *constant, *extras]))
        over = call("range", self.size(operation.count)) if operation.tied else module
        variable = ast.Name("_" if operation.tied else member, ast.Store())
        self.statements.append((ast.For(variable, over, [step], []), box.span))
        for wire, name in zip(outputs, names, strict=True):
            self.terms[wire] = Term(ast.Name(name, ast.Load()), union, len(axes_of(wire.object)))

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

    def _use(self, box: Box, operation: d.Use) -> None:
        """A primitive, by its row."""
        definition = operation.definition
        row = self.owner.rows.get(definition.name)
        if row is None:
            raise Unlowered(definition.name, box.span)
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
        noisy = definition.noise is not None
        if noisy:
            # Noise is drawn anew along every batch axis, whatever of its input is constant there.
            levels = frozenset(self.context)
        terms = [self._align(term, levels, noisy or (row.align == "expand" and place not in row.loose))
                 for place, term in enumerate(terms)]
        value = Site(self, box, operation, terms, row, levels).lowered()
        if isinstance(value, ast.Attribute):
            # A weight by itself: nothing is computed.
            [wire] = wires(box.outputs)
            self.terms[wire] = Term(value, levels, len(axes_of(wire.object)))
            return
        self.assign(box, [value], levels)

    # ---------------------------------------------------------------- axis patterns

    def _shuffle(self, box: Box, operation: d.Shuffle) -> None:
        terms = [self.terms[wire] for wire in wires(box.inputs)]
        levels = frozenset().union(*(term.levels for term in terms))
        terms = self.align(terms, False, levels)
        value = patterns.lowered(operation, [term.expression for term in terms], self, levels, box in self.broadcast)
        self.assign(box, [value], levels)


def _mentioned(statements: list[ast.stmt], name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for one in statements for node in ast.walk(one))


class _LookedUp(ast.NodeTransformer):
    """Puts names for submodules and weights, ``self.a.b.weight``; what they stand for is in ``names``."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.names: dict[str, tuple[str, ast.expr]] = {}

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        path: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            path.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name) or inner.id != "self" or path == ["training"]:
            return self.generic_visit(node)
        text = ast.dump(node)
        if text not in self.names:
            wanted = plain(path[0] if path[0] not in ("weight", "bias") or len(path) == 1 else path[1])
            self.names[text] = (sz.python_name(wanted, self.taken), node)
        return ast.Name(self.names[text][0], ast.Load())


def _moved(value: ast.expr, source: int, target: int) -> ast.expr:
    """An array with one axis at another place; there and back again it is the array."""
    if (isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "movedim"
            and [ast.dump(one) for one in value.args] == [ast.dump(number(one)) for one in (target, source)]):
        return value.func.value
    return ast.Call(ast.Attribute(value, "movedim", ast.Load()), [number(source), number(target)], [])


#: Primitives that give, or whose gradients are, no number for some numbers, or that look at all of a batch.
_PARTIAL = frozenset(("log", "log1p", "exp", "expm1", "sqrt", "rsqrt", "reciprocal", "div", "pow", "tan", "cumprod",
                      "batch_norm", "nll_loss", "kl_div"))


def total(body: Diagram) -> bool:
    """Whether a body is defined for all numbers, and for each element by itself: then what it makes of padding is a
    number, which nobody looks at."""
    for _, box in d.everything(body):
        operation = box.operation
        if isinstance(operation, Sub):
            if not all(total(one) for one in operation.network.bodies):
                return False
        elif isinstance(operation, d.Use):
            definition = operation.definition
            if definition.name in _PARTIAL or not definition.structural or definition.reduces is not None:
                return False
    return True


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
