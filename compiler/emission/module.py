"""A network as an ``nn.Module`` class."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from catlang import dims
from catlang.checker.arguments import arguments_as_substitution
from catlang.checker.conditions import shown_type
from catlang.checker.reserved import MODULE_ATTRIBUTES
from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.forward import Forward
from catlang.compiler.emission.site import Site
from catlang.compiler.emission.trees import constructors, number_tree
from catlang.compiler.lowering.row import call, fill, number, quote, row_of
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram, Instance, Value, Wire, wires
from catlang.dims import Variable
from catlang.network.erasure import erase
from catlang.network.network import Family, Loop, Network, Sub
from catlang.network.recursion import Opened
from catlang.objects.colour import REAL, Run, axes_of, base_of, leaves
from catlang.objects.functor import Fixed, Functor
from catlang.objects.shapes import shapes


class NotGiven(ValueError):
    """Sizes without which there is no module."""

    def __init__(self, sizes: list[Variable]) -> None:
        super().__init__(", ".join(variable.name for variable in sizes))
        self.sizes = sizes


class Unshaped(ValueError):
    """A generic run of axes whose sizes something needs: a module has any number of batch axes beside them."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.name)
        self.run = run


#: Names that mean something else in emitted code.
RESERVED = frozenset((
    "self", "super", "torch", "nn", "F", "batch", "like", "range", "tuple", "list", "len", "isinstance", "ValueError",
    "TypeError", "namedtuple", "Output",
))


class ModuleClass:
    """Emits one network as a class; ``source`` collects what its file needs besides."""

    def __init__(self, source: Any, network: Network, is_root: bool) -> None:
        self.source = source
        self.network = network
        self.is_root = is_root
        self.constants = source.constants
        self.constant: set[Wire] = source.constants[network]
        self.rows = source.rows
        self.static: set[Variable] = set()
        self.asked: set[Variable] = set()
        self.told = sz.readable(network, self.is_root)
        self.lent: dict[Instance, str] = {}
        self.frozen: dict[Any, ast.expr] = {}
        self.kept: dict[Variable, str] = {}
        self.needs_like = False
        self.needs_batch = False
        self.reserved = RESERVED | source.reserved
        self.bound = {box.operation.length: box.operation.size for body in network.bodies
                      for _, box in d.everything(body) if isinstance(box.operation, Opened)
                      and box.operation.length not in network.sizes}
        self.size_names: dict[Variable, str] = {}
        taken = sz.Taken([*self.reserved, *(self.labels() or ())])
        for variable in network.sizes:
            self.size_names[variable] = sz.python_name(variable.name, taken)

    @property
    def parameters(self) -> list[Variable]:
        """The sizes that the constructor takes: the weights and the number of copies depend on them."""
        return [variable for variable in self.network.sizes if variable in self.static]

    @property
    def untold(self) -> list[Variable]:
        """The sizes that ``forward`` takes: it needs them, and no input tells them."""
        return [variable for variable in self.network.sizes if variable in self.asked]

    def helper(self, name: str) -> None:
        self.source.helper(name)

    # ---------------------------------------------------------------- what forward asks for

    def size(self, dim: Any, forward: Forward) -> ast.expr:
        """A size inside ``forward``."""
        if isinstance(dim, Run):
            raise Unshaped(dim)
        dim = dims.resolve(dim)
        if isinstance(dim, int):
            return number(dim)
        if self.bound:
            dim = dims.substitute(dim, self.bound)
            if isinstance(dim, int):
                return number(dim)
        names: dict[Variable, ast.expr] = {}
        for variable in dims.variables(dim):
            names[variable] = self._size_name(variable, forward)
        return sz.expression(dim, names)

    def _size_name(self, variable: Variable, forward: Forward) -> ast.expr:
        if variable in forward.local:
            return forward.local[variable]
        if variable in self.static:
            return self.attribute(variable)
        if variable in self.told:
            forward.reading.setdefault(variable)
        else:
            self.asked.add(variable)
        return ast.Name(self.size_names[variable], ast.Load())

    def attribute(self, variable: Variable) -> ast.expr:
        """A size that the constructor keeps; what a module has anyway is called so no more."""
        if variable not in self.kept:
            taken = sz.Taken([*MODULE_ATTRIBUTES, *self.network.instances, *self.kept.values(),
                              *(entry.name for entry in self.network.frozen)])
            self.kept[variable] = sz.python_name(self.size_names[variable], taken)
        return ast.Attribute(ast.Name("self", ast.Load()), self.kept[variable], ast.Load())

    def device(self, forward: Forward) -> ast.expr:
        """The device of an input, or of a weight where there is none."""
        return self._property("device", forward)

    def real(self, forward: Forward) -> ast.expr:
        """The floating-point type of an input, or of a weight."""
        return self._property("dtype", forward)

    def _property(self, name: str, forward: Forward) -> ast.expr:
        given = [*wires(forward.body.inputs), *self.network.free]
        for wire in given:
            if isinstance(base_of(wire.object), Fixed):
                continue
            if name == "device" or base_of(wire.object) is REAL:
                return ast.Attribute(forward.given(wire), name, ast.Load())
        weight = self._weight(forward)
        if weight is not None:
            return ast.Attribute(weight, name, ast.Load())
        if not self.is_root:
            self.needs_like = True
            return ast.Attribute(ast.Name("like", ast.Load()), name, ast.Load())
        return quote(f"torch.get_default_{name}()")

    def like(self, forward: Forward) -> ast.expr:
        """Some tensor of real numbers, for its device and type."""
        for wire in [*wires(forward.body.inputs), *self.network.free]:
            if base_of(wire.object) is REAL:
                return forward.given(wire)
        weight = self._weight(forward)
        if weight is not None:
            return weight
        if not self.is_root:
            self.needs_like = True
            return ast.Name("like", ast.Load())
        return call("torch.empty", number(0), device=self.device(forward))

    def _weight(self, forward: Forward) -> ast.expr | None:
        """Some weight of an instance of this network, or of one below."""
        for entry in self.network.frozen:
            return self.frozen_weight(entry)
        for instance in [*self.network.instances.values(), *self.network.lent]:
            path = _path(instance, self.bound)
            if path is not None:
                value = forward.instance(instance)
                for name in path:
                    value = ast.Subscript(value, number(name), ast.Load()) if isinstance(name, int) else (
                        ast.Attribute(value, name, ast.Load()))
                return value
        return None

    def example(self) -> ast.expr | None:
        """Some weight of a root, where ``forward`` begins."""
        return self._weight(Forward(self, self.network, self.network.diagram, set()))

    def frozen_weight(self, entry: Any) -> ast.expr:
        if entry in self.frozen:
            return self.frozen[entry]
        return ast.Attribute(ast.Name("self", ast.Load()), entry.name, ast.Load())

    def labels(self) -> list[str] | None:
        """The names of the inputs where those who call give them, as those of a root."""
        return [leaf.name for port in self.source.ports for leaf in port.leaves()] if self.is_root else None

    # ---------------------------------------------------------------- the class

    def emit(self) -> ast.ClassDef:
        """The class, but for its name."""
        instances = self._instances()
        if self.network.held:
            begin = self._init(instances)
            held: list[ast.stmt] = [begin] if begin is not None else [ast.Pass()]
            return ast.ClassDef("", [quote("nn.Module")], [], held, [])
        parameters, body = self._forward(self.network.diagram, self.labels())
        if self.network.evaluation is not None:
            body = [ast.If(quote("self.training"), body, self._forward(self.network.evaluation, parameters)[1])]
        if self.is_root:
            if self.static or self.asked:
                raise NotGiven([one for one in self.network.sizes if one in self.static | self.asked])
            body = [*self.source.checks(self, parameters), *body]
            parameters = [port.name for port in self.source.ports]
        parameters = [*parameters, *(self.size_names[variable] for variable in self.untold)]
        parameters += ["batch"] * self.needs_batch + ["like"] * self.needs_like
        arguments = [ast.arg("self"), *(ast.arg(name) for name in parameters)]
        forward = ast.FunctionDef("forward", _arguments(arguments), body, [], lineno=0)
        statements: list[ast.stmt] = []
        doc = self._doc()
        if doc:
            statements.append(ast.Expr(ast.Constant(doc)))
        begin = self._init(instances)
        statements += self._constructors()
        if begin is not None:
            statements.append(begin)
        statements.append(forward)
        return ast.ClassDef("", [quote("nn.Module")], [], statements, [])

    def _constructors(self) -> list[ast.stmt]:
        """Of a root that takes trees, what they are made of: `catlang.trees` asks for it."""
        found = [(leaf.name, base_of(leaf.wire.object)) for port in self.source.ports for leaf in port.leaves()
                 if leaf.wire is not None] if self.is_root else []
        known = {name: constructors(shapes(base.functor)) for name, base in found
                 if isinstance(base, Fixed) and isinstance(base.functor, Functor)}
        if not known:
            return []
        table = ast.Dict([ast.Constant(name) for name in known], [number_tree(one) for one in known.values()])
        return [ast.Assign([ast.Name("constructors", ast.Store())], table)]

    def _doc(self) -> str | None:
        definition = self.network.definition
        if definition is None:
            return None
        text = definition.span.source.doc(definition.node.start)
        head = f"{definition.name} : {shown_type(definition)}"
        return f"{head}\n\n{text.strip()}\n" if text else head

    def _forward(self, body: Diagram, labels: list[str] | None) -> tuple[list[str], list[ast.stmt]]:
        forward = Forward(self, self.network, body, set())
        parameters = forward.inputs(labels)
        result = forward.run()
        value = self._result(result, forward)
        if forward.referred:
            # An input that is looked at again must keep its name.
            forward = Forward(self, self.network, body, forward.referred)
            parameters = forward.inputs(labels)
            value = self._result(forward.run(), forward)
        statements: list[ast.stmt] = []
        for variable in forward.reading:
            wire, place, axis = self.told[variable]
            read = sz.read_off(variable, ast.Name(forward.entry[self._same_wire(wire, body)], ast.Load()), place, axis)
            statements.append(ast.Assign([ast.Name(self.size_names[variable], ast.Store())], read))
        if forward.reads_batch:
            statements += self._batch(forward, body)
        if forward.taken_apart:
            self.helper("as_they_are")
            statements.append(ast.Expr(call("as_they_are", *forward.taken_apart.values())))
        reads = list(statements)
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

    def _batch(self, forward: Forward, body: Diagram) -> list[ast.stmt]:
        """Reads the batch axes off an input; where none has them they are told."""
        for wire in [*wires(body.inputs), *self.network.free]:
            if 0 in forward.entry_levels[wire]:
                rank = len(axes_of(wire.object))
                shape: ast.expr = ast.Attribute(ast.Name(forward.entry[wire], ast.Load()), "shape", ast.Load())
                value = shape if rank == 0 else ast.Subscript(shape, ast.Slice(None, number(-rank), None), ast.Load())
                return [ast.Assign([ast.Name("batch", ast.Store())], value)]
        if self.is_root:
            return [ast.Assign([ast.Name("batch", ast.Store())], ast.Tuple([], ast.Load()))]
        self.needs_batch = True
        return []

    def _result(self, value: Value, forward: Forward) -> ast.expr:
        """What is returned; every part has every batch axis, if any input has."""
        found = wires(value)
        drawn = self.network.stochastic and not self.is_root
        batched = drawn or any(0 in levels for levels in forward.entry_levels.values())
        level = frozenset({0}) if batched else frozenset()

        def build(part: Value) -> ast.expr:
            if isinstance(part, Wire):
                term = forward.terms[part]
                if level - term.levels:
                    term = forward.align_one(term, level, expand=True)
                return term.expression
            return ast.Tuple([build(inner) for inner in part], ast.Load())

        if len(found) == 1 and isinstance(value, Wire):
            return build(value)
        if self.is_root:
            return self.source.result(value, build)
        return ast.Tuple([build(wire) for wire in found], ast.Load()) if len(found) != 1 else build(found[0])

    # ---------------------------------------------------------------- __init__

    def _size(self, dim: Any) -> ast.expr:
        """A size in the constructor."""
        dim = dims.resolve(dim)
        if isinstance(dim, int):
            return number(dim)
        self.static.update(dims.variables(dim))
        return sz.expression(dim, {variable: ast.Name(name, ast.Load()) for variable, name in self.size_names.items()})

    def _instances(self) -> list[ast.stmt]:
        """Statements of the constructor that make the weights and the submodules."""
        statements: list[ast.stmt] = []
        if self.is_root:
            for entry in self.network.frozen:
                statements += self._frozen_parameter(entry)
        for instance in self.network.instances.values():
            made = self._constructor(instance)
            if made is not None:
                statements.append(_assign(instance.name, made, instance.span))
                statements += self._initialisers(instance)
        return statements

    def _init(self, instances: list[ast.stmt]) -> ast.FunctionDef | None:
        statements: list[ast.stmt] = [_assign(self.kept[variable], ast.Name(self.size_names[variable], ast.Load()))
                                      for variable in self.parameters if variable in self.kept]
        statements += instances
        if not statements:
            return None
        statements.insert(0, ast.Expr(quote("super().__init__()")))
        arguments = [ast.arg("self"), *(ast.arg(self.size_names[variable]) for variable in self.parameters)]
        return ast.FunctionDef("__init__", _arguments(arguments), statements, [], lineno=0)

    def _constructor(self, instance: Instance) -> ast.expr | None:
        operation = instance.operation
        if isinstance(operation, Sub):
            inner = self.source.classes[operation.network]
            arguments = [self._size(operation.sizes[variable]) for variable in inner.parameters]
            made: ast.expr = ast.Call(self.source.class_of(operation.network), arguments, [])
            if isinstance(operation, Loop) and operation.tied:
                return made
            if isinstance(operation, Loop | Family):
                every = ast.comprehension(ast.Name("_", ast.Store()), call("range", self._size(operation.count)), [], 0)
                return call("nn.ModuleList", ast.ListComp(made, [every]))
            return made
        assert isinstance(operation, d.Use)
        if instance.reparameterisation is not None:
            self.helper("Weights")
            parts = zip(instance.parts or ["base"], wires(instance.reparameterisation.inputs), strict=True)
            shapes = {name: ast.Tuple([self._size(axis) for axis in axes_of(wire.object)], ast.Load())
                      for name, wire in parts}
            return call("Weights", **shapes)
        row = row_of(self.rows, operation.definition)
        if row is None or row.module is None:
            return None
        box = d.Box(operation, (), (), instance, instance.span)  # type: ignore[arg-type]
        site = Site(_Sizes(self), box, operation, [], row, frozenset())
        site.rank = len(axes_of(_input_of(operation)))
        found = row.module(site) if callable(row.module) else fill(row.module, site.values)
        for node in ast.walk(found):
            if isinstance(node, ast.Name):
                self.helper(node.id)
        return found

    def _frozen_parameter(self, entry: Any) -> list[ast.stmt]:
        axes = axes_of(erase(self.network.frozen[entry]))
        shape = ast.Tuple([self._size(self.source.substitution(axis)) for axis in axes], ast.Load())
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
                owner = ast.Attribute(ast.Name("self", ast.Load()), instance.name, ast.Load())
                target = ast.Attribute(owner, part, ast.Load())
                values = [number(self.source.real_constant(value)) for value in numbers]
                statements.append(ast.Expr(call(f"nn.init.{name}_", target, *values)))
        return statements


class _Sizes:
    """What a row's constructor may ask for: sizes in terms of the constructor's own arguments."""

    def __init__(self, owner: ModuleClass) -> None:
        self.owner = owner
        self.size = owner._size


def _input_of(operation: d.Use) -> Any:
    """The object of a primitive's first input."""
    found = leaves(arguments_as_substitution(operation).object(operation.definition.domain))
    return found[0] if found else REAL


def _assign(name: str, value: ast.expr, span: Any = None) -> ast.stmt:
    statement = ast.Assign([ast.Attribute(ast.Name("self", ast.Load()), name, ast.Store())], value)
    statement.place = span  # type: ignore[attr-defined]
    return statement


def _arguments(arguments: list[ast.arg]) -> ast.arguments:
    return ast.arguments(posonlyargs=[], args=arguments, kwonlyargs=[], kw_defaults=[], defaults=[])


def _path(instance: Instance, known: Mapping[Variable, dims.Dim]) -> list[str | int] | None:
    """How to get from an instance to a weight of real numbers in it, whatever is made of the sizes that are not
    ``known``: there may be no layers."""
    operation = instance.operation
    if isinstance(operation, d.Use):
        if instance.reparameterisation is not None:
            return [(instance.parts or ["base"])[0]]
        return [operation.definition.weights[0][0]] if operation.definition.weights else None
    if not isinstance(operation, Sub):
        return None
    several = False
    if isinstance(operation, Family) or (isinstance(operation, Loop) and not operation.tied):
        several = True
        count = dims.substitute(operation.count, known)
        if not isinstance(count, int) or count < 1:
            return None
    sizes = {variable: dims.substitute(size, known) for variable, size in operation.sizes.items()}
    for inner in operation.network.instances.values():
        path = _path(inner, sizes)
        if path is not None:
            return [*([0] if several else []), inner.name, *path]
    return None
