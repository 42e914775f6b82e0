"""A network as an ``nn.Module`` class."""

from __future__ import annotations

import ast
from typing import Any

from catlang import dims
from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.forward import Forward
from catlang.compiler.emission.site import Site
from catlang.compiler.lowering.row import call, number, quote
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, Instance, Value, Wire, wires
from catlang.diagram.network import Family, Loop, Network, Sub
from catlang.dims import Variable
from catlang.objects.colour import REAL, axes_of, base_of


class ModuleClass:
    """Emits one network as a class; ``source`` collects what its file needs besides."""

    def __init__(self, source: Any, network: Network, name: str, is_root: bool) -> None:
        self.source = source
        self.network = network
        self.name = name
        self.is_root = is_root
        self.constants = source.constants
        self.constant: set[Wire] = source.constants[network]
        self.rows = source.rows
        self.static = sz.static_sizes(network)
        self.told = sz.readable(network)
        self.lent: dict[Instance, str] = {}
        self.frozen: dict[Any, ast.expr] = {}
        self.kept: set[Variable] = set()
        self.reserved = {"self", "torch", "nn", "F", "batch", *source.reserved}
        self.fixed: set[str] = set()
        self.size_names: dict[Variable, str] = {}
        taken = set(self.reserved) | set(self.labels() or ())
        for variable in network.sizes:
            self.size_names[variable] = sz.python_name(variable.name, taken)
        self.parameters = [variable for variable in network.sizes if variable in self.static]
        self.reading: dict[Variable, None] = {}

    def helper(self, name: str) -> None:
        self.source.helper(name)

    # ---------------------------------------------------------------- what forward asks for

    def size(self, dim: Any, forward: Forward) -> ast.expr:
        """A size inside ``forward``."""
        dim = dims.resolve(dim)
        if isinstance(dim, int):
            return number(dim)
        names: dict[Variable, ast.expr] = {}
        for variable in dims.variables(dim):
            names[variable] = self._size_name(variable)
        return sz.expression(dim, names)

    def _size_name(self, variable: Variable) -> ast.expr:
        name = self.size_names[variable]
        if variable in self.static:
            self.kept.add(variable)
            return ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())
        self.reading.setdefault(variable)
        return ast.Name(name, ast.Load())

    def device(self, forward: Forward) -> ast.expr:
        """The device of an input, or of a weight where there is none."""
        return self._property("device", forward, any_input=True)

    def real(self, forward: Forward) -> ast.expr:
        """The floating-point type of an input, or of a weight."""
        return self._property("dtype", forward, any_input=False)

    def _property(self, name: str, forward: Forward, any_input: bool) -> ast.expr:
        for wire in [*wires(forward.body.inputs), *self.network.free]:
            if any_input or base_of(wire.object) is REAL:
                return ast.Attribute(ast.Name(forward.names_at_entry[wire], ast.Load()), name, ast.Load())
        for instance in self.network.instances.values():
            operation = instance.operation
            if isinstance(operation, d.Use) and operation.definition.weights:
                part = (instance.parts or [operation.definition.weights[0][0]])[0]
                return ast.Attribute(ast.Attribute(forward.instance(instance), part, ast.Load()), name, ast.Load())
        if self.network.instances or self.network.lent:
            first = next(iter([*self.network.instances.values(), *self.network.lent]))
            return quote_property(forward.instance(first), name)
        return quote("torch.get_default_dtype()") if name == "dtype" else quote("torch.get_default_device()")

    def frozen_weight(self, entry: Any) -> ast.expr:
        if entry in self.frozen:
            return self.frozen[entry]
        return ast.Attribute(ast.Name("self", ast.Load()), entry.name, ast.Load())

    def labels(self) -> list[str] | None:
        """The names of the inputs where those who call give them, as those of a root."""
        return [leaf.name for port in self.source.ports for leaf in port.leaves()] if self.is_root else None

    # ---------------------------------------------------------------- the class

    def emit(self) -> ast.ClassDef:
        forwards = [self._forward(body) for body in self.network.bodies]
        parameters, body = forwards[0]
        if len(forwards) == 2:
            body = [ast.If(quote("self.training"), body, forwards[1][1])]
        if self.is_root:
            body = [*self.source.checks(self, parameters), *body]
            parameters = [port.name for port in self.source.ports]
        arguments = [ast.arg("self"), *(ast.arg(name) for name in parameters)]
        forward = ast.FunctionDef("forward", _arguments(arguments), body, [], lineno=0)
        statements: list[ast.stmt] = []
        doc = self._doc()
        if doc:
            statements.append(ast.Expr(ast.Constant(doc)))
        begin = self._init()
        if begin is not None:
            statements.append(begin)
        statements.append(forward)
        return ast.ClassDef(self.name, [quote("nn.Module")], [], statements, [])

    def _doc(self) -> str | None:
        definition = self.network.definition
        if definition is None:
            return None
        from catlang.checker.conditions import shown_type

        text = definition.span.source.doc(definition.node.start)
        head = f"{definition.name} : {shown_type(definition)}"
        return f"{head}\n\n{text.strip()}\n" if text else head

    def _forward(self, body: Diagram) -> tuple[list[str], list[ast.stmt]]:
        forward = Forward(self, self.network, body)
        for name in self.size_names.values():
            forward.taken.add(name)
        parameters = forward.inputs()
        forward.names_at_entry = dict(forward.names)
        value = self._result(forward.run(), forward)
        statements: list[ast.stmt] = []
        entry = forward.names_at_entry
        reads: list[ast.stmt] = []
        for variable in self.reading:
            found = self.told.get(variable)
            if found is None:
                continue
            wire, place, axis = found
            here = self._same_wire(wire, body)
            value = sz.read_off(variable, ast.Name(entry[here], ast.Load()), place, axis)
            reads.append(ast.Assign([ast.Name(self.size_names[variable], ast.Store())], value))
        if forward.reads_batch:
            reads.append(ast.Assign([ast.Name("batch", ast.Store())], self._batch(forward, body)))
        statements += reads
        for statement, span in forward.statements:
            statement.place = span  # type: ignore[attr-defined]
            statements.append(statement)
        last = statements[-1] if statements else None
        if isinstance(last, ast.Assign) and isinstance(value, ast.Name) and isinstance(last.targets[0], ast.Name) and (
                last.targets[0].id == value.id and last not in reads):
            statements[-1] = returned = ast.Return(last.value)
            returned.place = getattr(last, "place", None)  # type: ignore[attr-defined]
        else:
            statements.append(ast.Return(value))
        return parameters, statements

    def _same_wire(self, wire: Wire, body: Diagram) -> Wire:
        first = wires(self.network.diagram.inputs)
        return wires(body.inputs)[first.index(wire)] if wire in first else wire

    def _batch(self, forward: Forward, body: Diagram) -> ast.expr:
        for wire in [*wires(body.inputs), *self.network.free]:
            term = forward.entry_terms.get(wire)
            if term is not None and 0 in term:
                rank = len(axes_of(wire.object))
                shape: ast.expr = ast.Attribute(ast.Name(forward.names_at_entry[wire], ast.Load()), "shape", ast.Load())
                return shape if rank == 0 else ast.Subscript(shape, ast.Slice(None, number(-rank), None), ast.Load())
        return ast.Tuple([], ast.Load())

    def _result(self, value: Value, forward: Forward) -> ast.expr:
        """What is returned; every part has every batch axis, if any input has."""
        found = wires(value)
        level = frozenset({0}) if any(0 in levels for levels in forward.entry_terms.values()) else frozenset()

        def build(part: Value) -> ast.expr:
            if isinstance(part, Wire):
                term = forward.terms[part]
                if self.is_root and level - term.levels:
                    term = forward._align(term, level, [], expand=True)
                return term.expression
            return ast.Tuple([build(inner) for inner in part], ast.Load())

        if len(found) == 1 and isinstance(value, Wire):
            return build(value)
        if self.is_root:
            return self.source.result(value, build)
        return ast.Tuple([forward.terms[wire].expression for wire in found], ast.Load()) if len(found) != 1 else (
            forward.terms[found[0]].expression)

    # ---------------------------------------------------------------- __init__

    def _init(self) -> ast.FunctionDef | None:
        statements: list[ast.stmt] = []
        names = {variable: ast.Name(self.size_names[variable], ast.Load()) for variable in self.network.sizes}

        def size(dim: Any) -> ast.expr:
            dim = dims.resolve(dim)
            return number(dim) if isinstance(dim, int) else sz.expression(dim, dict(names))

        for variable in self.parameters:
            if variable in self.kept:
                statements.append(_assign(self.size_names[variable], ast.Name(self.size_names[variable], ast.Load())))
        if self.is_root:
            for entry in self.source.frozen_entries(self.network):
                statements += self._frozen_parameter(entry, size)
        for instance in self.network.instances.values():
            made = self._constructor(instance, size)
            if made is None:
                continue
            statements.append(_assign(instance.name, made, instance.span))
            statements += self._initialisers(instance)
        if not statements:
            return None
        statements.insert(0, ast.Expr(quote("super().__init__()")))
        arguments = [ast.arg("self"), *(ast.arg(self.size_names[variable]) for variable in self.parameters)]
        return ast.FunctionDef("__init__", _arguments(arguments), statements, [], lineno=0)

    def _constructor(self, instance: Instance, size: Any) -> ast.expr | None:
        operation = instance.operation
        if isinstance(operation, Sub):
            name = self.source.class_name(operation.network)
            inner = sz.static_sizes(operation.network)
            arguments = [size(operation.sizes[variable]) for variable in operation.network.sizes if variable in inner]
            made: ast.expr = ast.Call(ast.Name(name, ast.Load()), arguments, [])
            if isinstance(operation, Loop) and operation.tied:
                return made
            if isinstance(operation, Loop | Family):
                every = ast.comprehension(ast.Name("_", ast.Store()), call("range", size(operation.count)), [], 0)
                return call("nn.ModuleList", ast.GeneratorExp(made, [every]))
            return made
        assert isinstance(operation, d.Use)
        if instance.reparameterisation is not None:
            self.helper("Weights")
            shapes = {name: ast.Tuple([size(axis) for axis in axes_of(wire.object)], ast.Load())
                      for name, wire in zip(instance.parts or ["base"], wires(instance.reparameterisation.inputs), strict=True)}
            return call("Weights", **shapes)
        row = self.rows.get(operation.definition.name)
        if row is None or row.module is None:
            return None
        box = d.Box(operation, (), (), instance, instance.span)  # type: ignore[arg-type]
        site = Site(_Sizes(self, size), box, operation, [], row, frozenset())
        site.rank = len(axes_of(_input_of(operation)))
        from catlang.compiler.lowering.row import fill

        found = row.module(site) if callable(row.module) else fill(row.module, site.values)
        for node in ast.walk(found):
            if isinstance(node, ast.Name):
                self.helper(node.id)
        return found

    def _frozen_parameter(self, entry: Any, size: Any) -> list[ast.stmt]:
        shape = ast.Tuple([size(self.source.substitution(axis)) for axis in axes_of(entry.object)], ast.Load())
        made = call("nn.Parameter", call("torch.zeros", shape), requires_grad=number(False))
        return [_assign(entry.name, made, entry.span)]

    def _initialisers(self, instance: Instance) -> list[ast.stmt]:
        """``init normal(0, 0.02)`` as PyTorch's own functions."""
        statements: list[ast.stmt] = []
        operation = instance.operation
        if not isinstance(operation, d.Use):
            return statements
        every = instance.parts if instance.reparameterisation is not None else [
            name for name, _ in operation.definition.weights]
        for weight, name, numbers in instance.initialisers:
            for part in [weight] if weight is not None else every:
                if part == "bias" and operation.arguments.get("bias") is False:
                    continue
                target = ast.Attribute(ast.Attribute(ast.Name("self", ast.Load()), instance.name, ast.Load()), part, ast.Load())
                values = [number(self.source.real_constant(value)) for value in numbers]
                statements.append(ast.Expr(call(f"nn.init.{name}_", target, *values)))
        return statements


class _Sizes:
    """What a row's constructor may ask for: sizes in terms of the constructor's own arguments."""

    def __init__(self, owner: ModuleClass, size: Any) -> None:
        self.owner = owner
        self.size = size


def _input_of(operation: d.Use) -> Any:
    """The object of a primitive's first input."""
    from catlang.checker.use import arguments_as_substitution
    from catlang.objects.colour import leaves

    found = leaves(arguments_as_substitution(operation).object(operation.definition.domain))
    return found[0] if found else REAL


def _assign(name: str, value: ast.expr, span: Any = None) -> ast.stmt:
    statement = ast.Assign([ast.Attribute(ast.Name("self", ast.Load()), name, ast.Store())], value)
    statement.place = span  # type: ignore[attr-defined]
    return statement


def _arguments(arguments: list[ast.arg]) -> ast.arguments:
    return ast.arguments(posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[])


def quote_property(module: ast.expr, name: str) -> ast.expr:
    parameters = ast.Call(ast.Attribute(module, "parameters", ast.Load()), [], [])
    return ast.Attribute(call("next", parameters), name, ast.Load())
