"""Specialisation: objects, constants and morphism arguments put in; one network for each way a morphism is used.

Sizes stay generic, so that two uses at different sizes are two instances of one network; a use at another object, or
with another morphism argument, is another network.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''morphism block[m, n] : R[m] -> R[n] = affine >> relu
... morphism twice[A](f : A -> A) : A -> A = f >> f
... morphism net : R[3] -> R[4] = block[_, 5] >> block >> twice(affine) >> twice(block)'''
>>> module = check_source(Source("m.cat", None, text))
>>> net = Specialiser({}, {}).definition(module.scope.names["net"])
>>> first, second, third, fourth = (box.operation for box in net.diagram.boxes)
>>> first.network is second.network, list(first.sizes.values()), list(second.sizes.values())
(True, [3, 5], [5, 4])
>>> third.network is fourth.network
False
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catlang import dims
from catlang.checker.entry import Constant, Definition, DimEntry
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Operation, Value, Wire, wires
from catlang.dims import Dim, Variable
from catlang.network.cases import case, inject
from catlang.network.deferred import Deferred, deferred
from catlang.network.environment import Env
from catlang.network.erasure import INJECTIONS, WIRING, Padded, inside, spread
from catlang.network.free import close
from catlang.network.generics import Generics
from catlang.network.masking import Masking
from catlang.network.moving import moved, of_lists, padded_as, regrouped
from catlang.network.network import Each, Family, Loop, Network, Sub
from catlang.network.opening import OpenLists
from catlang.network.padding import padded, variables_of
from catlang.network.pruning import pruned
from catlang.network.schemes import Schemes
from catlang.network.values import changed, with_front, without_front
from catlang.objects.colour import Object, Product, Run, axes_of, resolve
from catlang.objects.functor import Exponential
from catlang.objects.substitution import Substitution


class NoNetwork(ValueError):
    """Why a morphism is no network by itself."""


class Endless(NoNetwork):
    """It gives something infinite."""

    def __init__(self, name: str) -> None:
        super().__init__(f"`{name}` gives something infinite")


class Unlowerable(NoNetwork):
    """It uses a primitive of somebody's own that takes morphisms; ``span`` is where."""

    def __init__(self, name: str, span: Any) -> None:
        super().__init__(f"the primitive `{name}` takes a morphism, and a lowering takes arrays")
        self.span = span


class Unlike(NoNetwork):
    """It uses lists of a morphism with two bodies that pad them in two ways; ``span`` is that of this morphism."""

    def __init__(self, name: str, span: Any) -> None:
        super().__init__(f"the lists that `{name}` gives in evaluation are padded differently")
        self.span = span


class Specialiser:
    """Makes networks; one for each definition at its objects and constants, one for each place of an argument."""

    def __init__(self, sizes: dict[Variable, Dim], constants: dict[Constant, Any]) -> None:
        self.sizes = sizes
        self.lists = OpenLists()
        self.generics = Generics(sizes, constants, self.lists)
        self.schemes = Schemes(self)
        self.made: dict[Any, Network] = {}
        self.prelude: Any = None
        self.views: dict[Instance, dict[str, Instance]] = {}

    # ---------------------------------------------------------------- networks

    def definition(self, definition: Definition, arguments: dict[str, Any] | None = None,
                   bodies: dict[str, tuple[Diagram, Env]] | None = None, env: Env | None = None,
                   tied: bool = False) -> Network:
        """The network of a morphism at its objects, constants and bodies; its sizes stay generic."""
        if self.prelude is None:
            self.prelude = definition.module.loader.prelude.scope
        substitution, constants, key = self.generics.put(definition, arguments, env)
        key.append(tied)
        cached = tuple(key)
        if not bodies and cached in self.made:
            return self.made[cached]
        network = Network(definition.name, definition, definition.span)
        network.given = dict(self.sizes)
        if not bodies:
            self.made[cached] = network
        assert definition.diagram is not None, f"`{definition.name}` was not elaborated"
        new = Env(None, definition.diagram, network, substitution, constants, bodies or {})
        self._fill(network, definition.diagram, new, tied)
        first = wires(network.diagram.inputs)
        if deferred(definition.codomain):
            self._uncurried(network, new)
        if definition.evaluation is not None:
            second = Env(None, definition.evaluation, network, substitution, constants, bodies or {})
            inputs = second.inputs(definition.evaluation.inputs)
            for wire, same in zip(wires(inputs), first, strict=True):
                # Lists are as long in one body as in the other.
                wire.object = same.object
            network.evaluation = self.filled(definition.evaluation, inputs, second, tied)
        self._close(network, {variable for generic in definition.generics if isinstance(generic.entry, DimEntry)
                              for variable in dims.variables(generic.entry.value)})
        return network

    def _close(self, network: Network, mine: set[Variable]) -> None:
        """What is free in a network, those first that are never called."""
        for body in network.bodies:
            pruned(body)
        for instance in reversed(network.holders):
            assert isinstance(instance.operation, Sub)
            holder = instance.operation.network
            if not holder.held:
                continue
            close(holder, set())
            instance.operation.sizes.update({variable: variable.poly for variable in holder.sizes})
        close(network, mine)

    def closure(self, name: str, body: Diagram, env: Env) -> Network:
        """The network of a diagram held by a box, seen from where it stands."""
        network = Network(name, None, body.span)
        inner = Env(env, body, network, env.substitution, env.constants, env.formals)
        self._fill(network, body, inner, False)
        self._close(network, set())
        return network

    def _uncurried(self, network: Network, env: Env) -> None:
        """A network gives arrays: in place of morphisms it gives what they give, and takes what they take."""
        made, definition = network.diagram, network.definition
        assert definition is not None
        taken: list[tuple[Object, Value]] = []

        def given(obj: Object, value: Any) -> tuple[Object, Value]:
            obj = resolve(obj)
            if isinstance(obj, Exponential) and isinstance(value, Deferred):
                argument = d.fresh(env.object(obj.exponent), made.span)
                taken.append((obj.exponent, argument))
                return given(obj.base, value.applied(argument, made))
            if isinstance(value, Deferred):
                raise Endless(definition.name)
            if isinstance(obj, Product) and deferred(obj):
                found = [given(item, part) for item, part in zip(obj.items, value, strict=True)]
                return Product(tuple(one for one, _ in found), obj.names), tuple(part for _, part in found)
            return obj, value

        network.codomain, made.outputs = given(definition.codomain, made.outputs)
        if taken:
            network.domain = Product((definition.domain, *(obj for obj, _ in taken)))
            made.inputs = (made.inputs, *(value for _, value in taken))

    def _fill(self, network: Network, diagram: Diagram, env: Env, tied: bool) -> None:
        network.diagram = self._body(diagram, env, tied)
        network.diagram.instances = network.instances

    def _body(self, diagram: Diagram, env: Env, tied: bool) -> Diagram:
        return self.filled(diagram, env.inputs(diagram.inputs), env, tied)

    def filled(self, diagram: Diagram, inputs: Value, env: Env, tied: bool) -> Diagram:
        """A diagram specialised, on these inputs."""
        made = Diagram(diagram.name, inputs, None, diagram.span)
        env.bind(diagram.inputs, inputs)
        for box in diagram.boxes:
            self.box(box, made, env, tied)
        made.outputs = env.value(diagram.outputs)
        return made

    # ---------------------------------------------------------------- what lies open

    def _opens(self, box: Box, body: Diagram | None, env: Env) -> bool:
        """Whether a body is put where it is used, not called: in a loop, and where what goes in or out is no array."""
        return body is not None and (env.inlining or deferred(d.object_of(box.outputs)) or deferred(
            d.object_of(box.inputs)))

    def _inline(self, box: Box, body: Diagram, inner: Env, made: Diagram, env: Env) -> None:
        """The boxes of an instance of a diagram, here; the instance holds those in it, and is never called."""
        assert box.instance is not None
        instance = env.instance(box.instance)
        if instance is None:
            operation = box.operation
            name = operation.definition.name if isinstance(operation, d.Use) else _inside(env, box)
            holder = Network(name, None, body.span)
            holder.held = True
            instance = self._instance(box.instance, Sub(holder, {}), env)
            env.network.holders.append(instance)
        inner.within = instance
        inner.inlining = True
        inner.bind(body.inputs, env.value(box.inputs))
        for one in body.boxes:
            self.box(one, made, inner, False)
        env.bind(box.outputs, inner.value(body.outputs))

    # ---------------------------------------------------------------- boxes

    def box(self, box: Box, made: Diagram, env: Env, tied: bool) -> None:
        operation = box.operation
        if isinstance(operation, d.Open):
            self.lists.open(box, operation, made, env)
        elif isinstance(operation, d.Close):
            self.lists.close(box, operation, made, env)
        elif isinstance(operation, d.FunctorMap):
            self.schemes.act(box, operation, made, env)
        elif isinstance(operation, d.Split | d.Convert):
            env.bind(box.outputs, env.value(box.inputs))
        elif isinstance(operation, d.Use):
            self._use(box, operation, made, env)
        elif isinstance(operation, d.Formal):
            body, where = env.formals[operation.name]
            if self._opens(box, body, env):
                self._inline(box, body, Env(where, body, env.network, where.substitution, where.constants,
                                            where.formals), made, env)
                return
            self._sub(box, lambda: self.closure(_inside(env, box), body, where), made, env)
        elif isinstance(operation, d.Group) and self._opens(box, operation.body, env):
            self._inline(box, operation.body, Env(env, operation.body, env.network, env.substitution, env.constants,
                                                  env.formals), made, env)
        elif isinstance(operation, d.Group):
            self._sub(box, lambda: self.closure(_inside(env, box), operation.body, env), made, env)
        elif isinstance(operation, d.Repeat):
            count = env.substitution.dim(operation.count)
            self._sub(box, lambda: self.closure(_inside(env, box), operation.body, env), made, env,
                      lambda network, sizes: Loop(network, sizes, count, operation.tied or tied))
        elif isinstance(operation, d.CaseOf):
            case(self, box, operation, made, env, tied)
        elif isinstance(operation, d.Shuffle):
            sizes = {name: env.substitution.dim(size) if not isinstance(size, Run) else env.substitution.axes((size,))
                     for name, size in operation.sizes.items()}
            self._shuffle(box, spread(operation, sizes), made, env)
        else:
            self._plain(box, operation, made, env)

    def _shuffle(self, box: Box, operation: d.Shuffle, made: Diagram, env: Env) -> None:
        """A pattern; where it moves whole elements, every array that they are made of, with its own axes behind."""
        if operation.kind not in ("rearrange", "repeat"):
            if self.lists.opened and self._masked(box, operation, made, env):
                return
            self._plain(box, operation, made, env)
            return
        sources, outputs = wires(env.value(box.inputs)), env.inputs(box.outputs)
        if any(map(of_lists, wires(outputs))):
            outputs = regrouped(outputs, [padded_as(target, [source], len(operation.target))
                                          for source, target in zip(sources, wires(outputs), strict=True)])
            env.bind(box.outputs, outputs)
        for source, target in zip(sources, wires(outputs), strict=True):
            made.boxes.append(Box(inside(operation, axes_of(source.object)), source, target, None, box.span))

    def _masked(self, box: Box, operation: d.Shuffle, made: Diagram, env: Env) -> bool:
        """A sum along the axis of a list."""
        output = env.inputs(box.outputs)
        masking = Masking(self.lists, made, box.span, self.prelude)
        assert isinstance(output, Wire)
        return masking.pattern(operation, wires(env.value(box.inputs)), output)

    def _plain(self, box: Box, operation: Operation, made: Diagram, env: Env, instance: Instance | None = None) -> None:
        outputs = env.inputs(box.outputs)
        value = env.value(box.inputs)
        if box.instance is not None and instance is None:
            instance = env.instance(box.instance)
        generic = box.operation.arguments.get("A") if isinstance(box.operation, d.Use) else None
        if isinstance(generic, Object) and any(map(of_lists, wires(outputs))):
            element = env.inputs(d.fresh(env.substitution.object(generic)))
            value, outputs = moved(element, value, outputs, made, box.span)
            env.bind(box.outputs, outputs)
        made.boxes.append(Box(operation, value, outputs, instance, box.span))

    def _use(self, box: Box, operation: d.Use, made: Diagram, env: Env) -> None:
        definition = operation.definition
        if definition.structural and self.schemes.use(box, operation, made, env):
            return
        if not definition.primitive:
            bodies = {name: (body, env) for name, body in operation.bodies.items()}
            if definition.evaluation is None and self._opens(box, definition.diagram, env) and not (
                    box.instance is not None and box.instance.tied):
                substitution, constants = self.generics.entered(definition, operation, env)
                self._inline(box, definition.diagram, Env(None, definition.diagram, env.network, substitution,
                                                          constants, bodies), made, env)
                return
            reparameterised = box.instance is not None and box.instance.tied
            self._sub(box, lambda: self.definition(definition, operation.arguments, bodies, env, reparameterised), made,
                      env, arguments=operation.arguments, definition=definition)
            return
        if definition.structural and definition.name in WIRING:
            env.bind(box.outputs, WIRING[definition.name](env.value(box.inputs)))
            return
        if definition.structural and definition.name in INJECTIONS:
            inject(box, made, env, INJECTIONS[definition.name])
            return
        if definition.copies is not None:
            [body] = operation.bodies.values()
            count = self.generics.size(operation, definition.copies, env)
            self._sub(box, lambda: self.closure(_inside(env, box), body, env), made, env,
                      lambda network, sizes: Family(network, sizes, count))
            return
        if operation.bodies:
            if not definition.structural:
                raise Unlowerable(definition.name, box.span)
            [body] = operation.bodies.values()
            size = env.substitution.dim(operation.arguments["n"])
            value = env.value(box.inputs)
            inner = self.filled(body, without_front(value), env, False)
            outputs = with_front(inner.outputs, size)
            made.boxes.append(Box(Each(size, inner, self.lists.lengths_of(size)), value, outputs, None, box.span))
            env.bind(box.outputs, outputs)
            return
        arguments = {name: self.generics.argument(value, env) for name, value in operation.arguments.items() if name}
        if definition.extern:
            # What its class is made with stands beside the generics, under names that none of them has.
            entered = Env(None, None, env.network, *self.generics.entered(definition, operation, env), {})
            arguments |= {f"{name}=": self.generics.argument(value, entered)
                          for name, value in definition.given.items()}
        plain = d.Use(definition, arguments, {})
        instance = self._primitive_instance(box, plain, env)
        if definition.structural and self.lists.opened and Masking(
                self.lists, made, box.span, definition.module.scope, instance).primitive(
                    plain, env.value(box.inputs), env.inputs(box.outputs)):
            return
        self._plain(box, plain, made, env, instance)

    def _primitive_instance(self, box: Box, operation: Operation, env: Env) -> Instance | None:
        """The instance of a primitive in the network; made at its first box."""
        if box.instance is None:
            return None
        found = env.instance(box.instance)
        if found is not None:
            return found
        return self._instance(box.instance, operation, env)

    def _instance(self, old: Instance, operation: Operation, env: Env) -> Instance:
        """The instance in the network whose scope owns it; the second body of a network has those of the first."""
        owner = env
        while owner.outer is not None and (owner.scope is None or owner.scope.instances.get(old.name) is not old):
            owner = owner.outer
        held, seen = owner.network, owner.network.instances
        if owner.within is not None:
            assert isinstance(owner.within.operation, Sub)
            held = owner.within.operation.network
            # Where the instance is called as well, its network has instances of its own: these are views of them.
            seen = held.instances if held.held else self.views.setdefault(owner.within, {})
        made = seen.get(old.name)
        if made is None:
            made = Instance(old.name, operation, old.span)
            made.within = owner.within
            made.initialisers = old.initialisers
            made.parts = old.parts
            made.tied = old.tied
            seen[old.name] = made
            if old.reparameterisation is not None:
                inner = Env(env, old.reparameterisation, env.network, env.substitution, env.constants, env.formals)
                made.reparameterisation = self._body(old.reparameterisation, inner, False)
        owner.instances[old] = made
        return made

    def _sub(self, box: Box, make: Callable[[], Network], made: Diagram, env: Env,
             wrap: Callable[[Network, dict[Variable, Dim]], Sub] | None = None, arguments: dict[str, Any] | None = None,
             definition: Definition | None = None) -> None:
        """A box that is an instance of a network."""
        assert box.instance is not None
        instance = env.instance(box.instance)
        known = instance.operation if instance is not None else None
        if instance is None or isinstance(known, Sub) and known.network.held:
            network = make()
            sizes: dict[Variable, Dim] = {variable: variable.poly for variable in network.sizes}
            if definition is not None and arguments is not None:
                for generic in definition.generics:
                    if isinstance(generic.entry, DimEntry):
                        [rigid] = dims.variables(generic.entry.value)
                        if rigid in sizes:
                            sizes[rigid] = env.substitution.dim(arguments[generic.entry.name])
            padded(sizes, network.diagram.inputs, env.value(box.inputs))
            operation = wrap(network, sizes) if wrap is not None else Sub(network, sizes)
            if instance is None:
                instance = self._instance(box.instance, operation, env)
            else:
                # So far it only held; now it is called too.
                assert isinstance(known, Sub)
                self.views[instance] = dict(known.network.instances)
                instance.operation = operation
        called = instance.operation
        assert isinstance(called, Sub)
        outputs = env.inputs(box.outputs)
        if any(isinstance(variable, Padded) for wire in wires(outputs) for variable in variables_of(wire.object)):
            if len({tuple(wire.object for wire in wires(body.outputs)) for body in called.network.bodies}) > 1:
                # Whoever takes these lists knows one size.
                raise Unlike(called.network.name, called.network.span)
            # How long a list is padded is no part of its object: the network says what comes out.
            put = Substitution(dims=dict(called.sizes))
            outputs = changed(called.network.diagram.outputs, put.object)
            env.bind(box.outputs, outputs)
        made.boxes.append(Box(called, env.value(box.inputs), outputs, instance, box.span))


def _inside(env: Env, box: Box) -> str:
    """What a network without a name of its own is called: after the network that it lies in, and its instance there."""
    assert box.instance is not None
    stem, _, ordinal = box.instance.name.rpartition("_")
    return f"{env.network.name}_{stem if stem and ordinal.isdigit() else box.instance.name}"
