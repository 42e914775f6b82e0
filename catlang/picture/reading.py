"""From diagrams to what is drawn of them: one functor more.

The diagram of a morphism is generic; what is drawn is it at its arguments, so that inside a box the wires have the
colours that they have outside. Copying and dropping, projecting and pairing leave no box. Where a body inside a box
uses wires from around it, these go into the box; and so do the weights of an instance that is used both inside and
outside, or by several boxes.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''dim d
... morphism residual[A](f : A -> A) : A -> A = (id, f) >> add
... morphism net : R[d] -> R[d] = residual(affine >> relu)'''
>>> module = check_source(Source("m.cat", None, text))
>>> graph = read(module, module.scope.names["net"])
>>> [box] = graph.nodes
>>> box.title, box.address, sorted(box.banks)
('residual(affine >> relu)', 'residual_0', ['weights'])
>>> [inside] = opened(box)
>>> [node.title for node in inside.graph.nodes], inside.graph.inputs[0].object
(['f', 'add'], R[d])
>>> [body] = opened(inside.graph.nodes[0])
>>> [node.address for node in body.graph.nodes]
['residual_0.f_0.affine_0', '']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang import dims
from catlang.checker.arguments import arguments_as_substitution
from catlang.checker.entry import ConstantEntry, Definition, DimEntry, ObjectVariableEntry, RunEntry
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, captured, everything
from catlang.network.erasure import WIRING
from catlang.objects.colour import axes_of, product, show
from catlang.objects.substitution import Substitution
from catlang.picture import naming
from catlang.picture.banks import Banks
from catlang.picture.environment import Closure, Env
from catlang.picture.folding import folded
from catlang.picture.graph import WEIGHTS, Graph, Inside, Node, Strand, strands
from catlang.picture.spelling import Spelling
from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.checker.module import Module
    from catlang.dims import Dim, Variable

#: Structured boxes whose one body takes and gives what they do, but for an axis.
ALIGNED = frozenset({"each", "map"})


def read(module: Module, definition: Definition, sizes: Mapping[Variable, Dim] | None = None) -> Graph:
    """What is drawn of a morphism of a checked file, at these sizes; those not given stay symbolic."""
    return Reader(module).definition(definition, Substitution(dims=dict(sizes or {})), {}, "", [])


def opened(node: Node) -> list[Inside]:
    """What lies inside a node; nothing where nothing does."""
    if node.inside is None:
        node.inside = [] if node.open is None else node.open()
    return node.inside


class Reader:
    """Reads the diagrams of a module, each where it is used."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.banks = Banks()
        self.spelling = Spelling()
        # Instances of whose weights some are used as values.
        self.split: set[Instance] = set()

    def definition(self, definition: Definition, substitution: Substitution, formals: Mapping[str, Closure],
                   address: str, more: list[Strand], evaluation: bool = False) -> Graph:
        diagram = definition.evaluation if evaluation else definition.diagram
        assert diagram is not None, f"`{definition.name}` was not elaborated"
        return self.graph(diagram, Env(None, self.spelling, substitution, formals, address), more)

    def graph(self, diagram: Diagram, env: Env, more: list[Strand]) -> Graph:
        """A diagram in an environment of its own; ``more`` are the strands from around it that it uses."""
        graph = Graph()
        own = env.fresh(diagram.inputs)
        graph.inputs = [*more, *own]
        uses: dict[Instance, int] = {}
        for box in diagram.boxes:
            for instance in _instances(box):
                uses[instance] = uses.get(instance, 0) + 1
        for _, inner in everything(diagram):
            if isinstance(inner.operation, d.WeightOf) and inner.instance is not None:
                self.split.add(inner.instance)
        for box in diagram.boxes:
            self._share(box, uses, env, graph)
            self.box(box, env, graph)
        graph.outputs = strands(env.value(diagram.outputs))
        return folded(graph)

    # ---------------------------------------------------------------- what several boxes use

    def _share(self, box: Box, uses: dict[Instance, int], env: Env, graph: Graph) -> None:
        """Weights that more than one box of a diagram takes, or that are computed, are strands of it."""
        own = {box.instance, *_along(box)}
        for instance in _instances(box):
            # Where the boxes that take it all lie in this one, it is drawn in there.
            wanted = uses[instance] > 1 or instance in own and (
                instance.reparameterisation is not None or _tied(instance) or isinstance(box.operation, d.WeightOf))
            if wanted and env.given(instance) is None:
                self._weights(instance, env, graph, uses[instance] > 1)

    def _weights(self, instance: Instance, env: Env, graph: Graph, shared: bool) -> None:
        """Where the weights of an instance begin; and the 2-cell along which they are computed."""
        name = visible(instance.name)
        begin = Node("weight", name)
        begin.address = _joined(env.address, instance)
        begin.shared = shared
        parts = self._parts(instance, env, instance.reparameterisation is not None or instance in self.split)
        if instance.reparameterisation is None and not _tied(instance):
            begin.outputs = [strand for _, strand in parts]
            begin.about = [f"weights of {name}" + (", used by several boxes" if shared else "")]
            graph.nodes.append(begin)
            env.weights[instance] = parts
            return
        cell = Node("cell", "along copy" if _tied(instance) else "along")
        cell.address = begin.address
        cell.about = ["a 2-cell: weights computed from weights"]
        env.weights[instance] = parts
        diagram = instance.reparameterisation
        if diagram is None:
            begin.outputs = [Strand(None, "", "P'", WEIGHTS)]
            cell.inputs = list(begin.outputs)
        else:
            inner = env.inner()
            begin.outputs = inner.fresh(diagram.inputs)
            for strand in begin.outputs:
                strand.bank = WEIGHTS
            more = self._needs(diagram, env)
            cell.inputs = [*more, *begin.outputs]
            cell.subtitle = naming.phrase(diagram).replace("…", "")
            cell.open = lambda: [Inside("", self.graph(diagram, env.inner(), more), True)]
        cell.outputs = [strand for _, strand in parts]
        if begin.outputs:
            graph.nodes.append(begin)
        graph.nodes.append(cell)

    def _parts(self, instance: Instance, env: Env, apart: bool) -> list[tuple[str, Strand]]:
        """A strand for all weights of an instance; of a primitive one for each where they go ``apart``."""
        operation = instance.operation
        if isinstance(operation, d.Use) and operation.definition.primitive and not operation.bodies:
            put = arguments_as_substitution(operation)
            parts = [(name, env.object(put.object(obj))) for name, obj in operation.definition.weights
                     if operation.arguments.get(name) is not False]
            if apart or len(parts) == 1:
                return [(name, Strand(obj, self.spelling.of(obj), visible(name), WEIGHTS)) for name, obj in parts]
            if parts:
                whole = product([obj for _, obj in parts])
                return [("", Strand(whole, self.spelling.of(whole), visible(instance.name), WEIGHTS))]
        return [("", Strand(None, "", visible(instance.name), WEIGHTS))]

    def _needs(self, diagram: Diagram, env: Env) -> list[Strand]:
        """The strands from around a diagram that it uses: weights, wires, and what the morphisms it uses need."""
        found: dict[Strand, None] = {}
        for wire in captured(diagram):
            found.update(dict.fromkeys(strands(env.value(wire))))
        for _, box in everything(diagram):
            for instance in (box.instance, *_along(box)):
                if instance is not None:
                    found.update(dict.fromkeys(strand for _, strand in env.given(instance) or ()))
            if isinstance(box.operation, d.Formal) and box.operation.name in env.formals:
                found.update(dict.fromkeys(env.formals[box.operation.name].captured))
        return sorted(found, key=lambda strand: strand.bank != WEIGHTS)

    # ---------------------------------------------------------------- boxes

    def box(self, box: Box, env: Env, graph: Graph) -> None:
        operation = box.operation
        if isinstance(operation, d.Use) and operation.definition.structural and operation.definition.name in WIRING:
            # The value of a wire may be a tuple only once the arguments are put in.
            env.bind(box.outputs, WIRING[operation.definition.name](env.value(box.inputs)))  # type: ignore[arg-type]
            return
        if isinstance(operation, d.Split):
            env.bind(box.outputs, env.value(box.inputs))
            return
        if isinstance(operation, d.WeightOf):
            assert box.instance is not None
            given = dict(env.given(box.instance) or ())
            if operation.part in given:
                env.bind(box.outputs, given[operation.part])
                return
        node = self._node(box, env)
        node.inputs += [*strands(env.value(box.inputs))]
        if box.instance is not None:
            node.weights = [strand for _, strand in env.given(box.instance) or ()]
        node.outputs = env.fresh(box.outputs)
        if node.kind == "frozen":
            for strand in node.outputs:
                strand.bank = WEIGHTS
        self._insides(box, env, node)
        node.about = self._about(box, node)
        graph.nodes.append(node)

    def _node(self, box: Box, env: Env) -> Node:
        operation = box.operation
        kind = "box"
        if isinstance(operation, d.Literal):
            kind = "constant"
        elif isinstance(operation, d.FrozenWeight):
            kind = "frozen"
        elif isinstance(operation, d.Formal) and operation.name not in env.formals:
            kind = "formal"
        node = Node(kind, naming.title(box), naming.subtitle(box))
        label = naming.label(box)
        if label and label != node.title:
            node.subtitle = f"{label} · {node.subtitle}" if node.subtitle else label
        if box.instance is not None:
            node.address = _joined(env.address, box.instance)
        node.banks = self.banks.of(box, {name: one.diagram for name, one in env.formals.items()},
                                   lambda instance: env.given(instance) is not None)
        if isinstance(operation, d.Repeat):
            node.plate = f"{dims.show(env.substitution.dim(operation.count))} times"
            node.several = not (box.instance is not None and _tied(box.instance))
        elif isinstance(operation, d.Use) and operation.definition.structural and operation.bodies:
            if operation.definition.copies is not None:
                size = env.substitution.dim(arguments_as_substitution(operation).dim(operation.definition.copies))
                node.plate, node.several = f"one of {dims.show(size)}", True
            elif operation.definition.name == "each":
                node.plate = f"along {dims.show(env.substitution.dim(operation.arguments['n']))}"
        return node

    def _about(self, box: Box, node: Node) -> list[str]:
        """What else is to be known of a box."""
        told = [node.address] if node.address else []
        told.append(f"{_row(node.inputs)} -> {_row(node.outputs)}")
        if isinstance(box.operation, d.Use):
            told += [f"{name} = {visible(naming.written(value))}" for name, value, _ in
                     naming.constants(box.operation)]
        return told

    def _insides(self, box: Box, env: Env, node: Node) -> None:
        """The strands that bodies inside use go in; and how the node is opened."""
        operation = box.operation
        if isinstance(operation, d.Use) and not operation.definition.primitive:
            closures = {name: Closure(body, env, self._needs(body, env)) for name, body in operation.bodies.items()}
            more = list(dict.fromkeys(strand for one in closures.values() for strand in one.captured))
            node.inputs = [*more, *node.inputs]
            substitution = self._arguments(operation, env)
            bodies = [False] if operation.definition.evaluation is None else [False, True]
            node.open = lambda: [
                Inside(("in evaluation" if second else "in training") if len(bodies) > 1 else "",
                       self.definition(operation.definition, substitution, closures, node.address, more, second), True)
                for second in bodies]
            return
        if isinstance(operation, d.Formal):
            given = env.formals.get(operation.name)
            if given is not None:
                more = given.captured
                node.inputs = [*more, *node.inputs]
                node.open = lambda: [Inside("", self.graph(given.diagram, given.env.inner(node.address),
                                                           given.captured), True)]
            return
        bodies_of = operation.inside()
        if not bodies_of:
            return
        owned = isinstance(operation, d.Group | d.Repeat) or getattr(
            getattr(operation, "definition", None), "copies", None) is not None
        address = node.address if owned else env.address
        if isinstance(operation, d.Repeat) or (owned and not isinstance(operation, d.Group)):
            address += ".{i}"
        needs = {name: self._needs(body, env) for name, body in bodies_of.items()}
        every = list(dict.fromkeys(strand for one in needs.values() for strand in one))
        node.inputs = [*every, *node.inputs]
        aligned = isinstance(operation, d.Group | d.Repeat) or (
            isinstance(operation, d.Use) and operation.definition.name in ALIGNED)
        titles = {name: "" if len(bodies_of) == 1 else naming.phrase(body).replace("…", "")
                  for name, body in bodies_of.items()}
        node.open = lambda: [Inside(titles[name], self.graph(body, env.inner(address), needs[name]), aligned)
                             for name, body in bodies_of.items()]

    def _arguments(self, operation: d.Use, env: Env) -> Substitution:
        """What is put for the generics of a definition that is used here; the sizes given from outside stay."""
        substitution = Substitution(dims=dict(env.substitution.dims))
        for variable, value in operation.arguments.get("", {}).items():
            substitution.dims[variable] = env.substitution.dim(value)
        for generic in operation.definition.generics:
            entry = generic.entry
            if isinstance(entry, ConstantEntry):
                continue
            value = operation.arguments[entry.name]
            if isinstance(entry, DimEntry):
                [rigid] = dims.variables(entry.value)
                substitution.dims[rigid] = env.substitution.dim(value)
            elif isinstance(entry, ObjectVariableEntry):
                found = env.object(value)
                substitution.objects[entry.variable] = found
                if (shape := entry.variable.shape) is not None:
                    substitution.runs[shape] = axes_of(found)
            elif isinstance(entry, RunEntry):
                substitution.runs[entry.run] = env.substitution.axes(value)
            else:
                substitution.functors[entry.variable] = env.substitution.functor(value)
        return substitution


def _row(row: list[Strand]) -> str:
    if not row:
        return "1"
    return visible(" * ".join("P" if one.object is None else show(one.object, loose=len(row) == 1) for one in row))


def _joined(address: str, instance: Instance) -> str:
    return visible(f"{address}.{instance.name}" if address else instance.name)


def _tied(instance: Instance) -> bool:
    """Whether the copies of a power have one set of weights."""
    return instance.tied or isinstance(instance.operation, d.Repeat) and instance.operation.tied


def _along(box: Box) -> list[Instance]:
    """The instances whose weights those of a box are computed from."""
    instance = box.instance
    if instance is None or instance.reparameterisation is None:
        return []
    return [inner.instance for _, inner in everything(instance.reparameterisation) if inner.instance is not None]


def _instances(box: Box) -> list[Instance]:
    """The instances that a box uses, itself and inside, each once."""
    found = dict.fromkeys([] if box.instance is None else [box.instance])
    found.update(dict.fromkeys(_along(box)))
    for body in box.operation.inside().values():
        for _, inner in everything(body):
            if inner.instance is not None:
                found.setdefault(inner.instance)
                found.update(dict.fromkeys(_along(inner)))
    return list(found)
