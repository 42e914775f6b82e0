"""Functors out of networks: one walk for all of them.

A functor says what becomes of each box; :func:`interpret` says in what order, with which weights, at which sizes. What
stands on a wire is the functor's own (a number, a polynomial, an array): the walk only carries it.

* A primitive has a *row* in the functor's table, beside those of its kin; nothing else knows a primitive by name. One
  generic in an object acts on every factor of a product alike, so a row only ever sees arrays.
* A structured box is a method: ``each`` along an axis, ``loop``, ``family``, ``choose``, ``shuffle``; along lists
  ``scan`` and ``grow``, over trees ``fold_tree`` and ``grow_tree``; ``of_lists`` and ``mask``. What is inside is handed
  over as a function, to be called as often as the functor likes.
* Weights, state and frozen weights are looked up by *address*: the names of the instances on the way down, numbered in
  loops and families, joined by dots. It is the address that the compiled module's ``state_dict`` has.
* A list is as long as it is padded to, and how long it is itself stands on a wire. Padded sizes that nobody gives are
  those that the values tell (``told``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from catlang.checker.arguments import arguments_as_substitution
from catlang.checker.formula import Formula
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Shuffle, Value, Wire, wires
from catlang.dims import Dim, Variable
from catlang.network.network import Choose, Each, Family, Loop, Network, Sub
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import Object, ObjectVariable, Power, Product, Sum
from catlang.objects.shapes import Both, Children, Shape, Summand
from catlang.objects.substitution import Substitution
from catlang.span import Span

V = TypeVar("V")

#: What stands on the wires of a value: one, or a tuple of such.
Nested = Any


class Constructor(Generic[V]):
    """What a step says of one constructor of a tree: it is the one that is meant where the ``tags`` are its ``places``;
    ``parts`` are what it would hold, states at the places of recursion."""

    __slots__ = ("parts", "places", "tags")

    def __init__(self, places: tuple[int, ...], tags: list[V], parts: list[Nested]) -> None:
        self.places = places
        self.tags = tags
        self.parts = parts


class Meaningless(ValueError):
    """A box has no meaning under a functor; ``name`` is the primitive's, ``span`` the place of its use."""

    def __init__(self, name: str, why: str, span: Span | None) -> None:
        super().__init__(f"`{name}` {why}" + (f" ({span.place})" if span is not None else ""))
        self.name = name
        self.span = span


class Site(Generic[V]):
    """One use of one primitive, as its row sees it. ``site["n"]`` is the argument for the generic ``n``: a size, a run
    of sizes, a constant, an object. ``inputs`` are what stands on its wires, ``given`` their objects, ``outputs`` the
    objects it is to make."""

    __slots__ = ("arguments", "box", "frame", "given", "inputs", "instance", "operation", "outputs", "span")

    def __init__(self, frame: Frame[V], box: Box, operation: d.Use, inputs: list[Wire], outputs: list[Wire]) -> None:
        self.frame = frame
        self.box = box
        self.operation = operation
        self.inputs = [frame.values[wire] for wire in inputs]
        self.given = [frame.sizes.object(wire.object) for wire in inputs]
        self.outputs = [frame.sizes.object(wire.object) for wire in outputs]
        self.instance = box.instance
        self.span = box.span
        self.arguments: dict[str, Any] = {}

    @property
    def name(self) -> str:
        return str(self.operation.definition.name)

    @property
    def training(self) -> bool:
        return self.frame.walk.training

    def __getitem__(self, name: str) -> Any:
        if name not in self.arguments:
            self.arguments[name] = self.frame.argument(self.operation.arguments[name])
        return self.arguments[name]

    def weight(self, part: str) -> V:
        """A weight of the primitive's instance, given or computed along its 2-cell."""
        assert self.instance is not None
        return self.frame.weight(self.instance, part)

    def noise(self) -> V:
        """The next of the noise given."""
        return self.frame.walk.draw(self)


class Functor(Generic[V]):
    """What becomes of each box. ``rows`` gives for each primitive what it makes of a site: one value, or a tuple."""

    rows: Mapping[str, Callable[[Site[V]], Any]] = {}

    def primitive(self, site: Site[V]) -> Sequence[V]:
        row = self.rows.get(site.name)
        if row is None:
            return self.missing(site)
        made = row(site)
        return made if type(made) is tuple else (made,)

    def missing(self, site: Site[V]) -> Sequence[V]:
        """A primitive without a row."""
        raise Meaningless(site.name, f"has no meaning under {type(self).__name__}", site.span)

    def literal(self, number: int | float, obj: Object) -> V:
        """A number as an array of an object."""
        raise NotImplementedError

    def weight(self, address: str, obj: Object, given: Mapping[str, V]) -> V:
        """A weight, or a part of the state, at its address."""
        try:
            return given[address]
        except KeyError:
            raise KeyError(f"there is no weight `{address}`") from None

    def computed(self, frame: Frame[V], instance: Instance, inputs: list[V],
                 body: Callable[[list[V]], list[V]]) -> list[V]:
        """The weights of an instance along its 2-cell, where a box in a frame asks for them."""
        return body(inputs)

    def sub(self, box: Box, address: str, inputs: list[V], body: Callable[[list[V]], list[V]]) -> list[V]:
        """An instance of a network, at an address."""
        return body(inputs)

    def each(self, size: Dim, inputs: list[V], body: Callable[[list[V]], list[V]], outputs: list[Object],
             lengths: V | None = None) -> list[V]:
        """A body along one more axis in front; where that is the axis of a list, ``lengths`` says how long it is."""
        raise NotImplementedError

    def loop(self, count: Dim, inputs: list[V], step: Callable[[int, list[V]], list[V]]) -> list[V]:
        """``count`` steps one after the other."""
        assert isinstance(count, int), f"the number of steps, {count}, has no value"
        for number in range(count):
            inputs = step(number, inputs)
        return inputs

    def family(self, count: Dim, index: V, inputs: list[V], member: Callable[[int, list[V]], list[V]],
               outputs: list[Object]) -> list[V]:
        """Of ``count`` members the one that the index names."""
        raise NotImplementedError

    def choose(self, tag: V, values: list[V], obj: Object) -> V:
        """Of several values the one that the tag names."""
        raise NotImplementedError

    def shuffle(self, operation: Shuffle, sizes: dict[str, Dim], inputs: list[V], obj: Object) -> V:
        """An axis pattern, at these sizes of its names."""
        raise NotImplementedError

    # ---------------------------------------------------------------- recursion

    def told(self, obj: Object, value: V) -> Mapping[Variable, Dim]:
        """The sizes that lists are padded to, as far as a value tells those in its object."""
        return {}

    def scan(self, size: Dim, backwards: bool, lengths: V | None, state: list[V], elements: list[V],
             step: Callable[[list[V], list[V]], tuple[list[V], list[V]]], emitted: list[Object]) -> list[V]:
        """A step along an axis: the state that it ends in, then what was emitted, of these objects."""
        raise NotImplementedError

    def grow(self, bound: Dim, state: list[V], step: Callable[[list[V]], tuple[V, list[V], list[V]]],
             emitted: list[Object]) -> list[V]:
        """A step that gives a tag, what it emits and a state, until the tag is 0 and at most ``bound`` times: how often
        it was taken, then what was emitted."""
        raise NotImplementedError

    def fold_tree(self, tree: V, constructors: list[list[Shape]], branches: list[Callable[[list[V]], list[V]]],
                  outputs: list[Object]) -> list[V]:
        """The fold of a tree by a branch for each constructor, which takes its parts, from left to right. Of the
        children in a list it takes how many there are and their states along an axis."""
        raise NotImplementedError

    def grow_tree(self, bound: Dim, stop: int, constructors: list[list[Shape]], state: list[V],
                  step: Callable[[list[V]], list[Constructor[V]]]) -> V:
        """A tree grown from a state, at most ``bound`` deep, where the constructor ``stop`` stands."""
        raise NotImplementedError

    def of_lists(self, operation: OfLists, size: Dim, inputs: Nested, outputs: list[Object]) -> list[V]:
        """What is done to lists whatever their elements are."""
        raise NotImplementedError

    def mask(self, operation: Mask, size: Dim, lengths: V) -> V:
        """Of each place along an axis whether it lies in the list."""
        raise NotImplementedError


class Walk(Generic[V]):
    """One interpretation: the functor, and what it is given from outside."""

    def __init__(self, functor: Functor[V], weights: Mapping[str, V], noise: Callable[[Site[V]], V] | None,
                 training: bool) -> None:
        self.functor = functor
        self.weights = weights
        self.noise = noise
        self.training = training

    def draw(self, site: Site[V]) -> V:
        if self.noise is None:
            raise Meaningless(site.name, "needs noise, and none was given", site.span)
        return self.noise(site)


class Frame(Generic[V]):
    """One network being walked: what stands on its wires, its sizes, and where its instances are."""

    def __init__(self, walk: Walk[V], network: Network, prefix: str, sizes: dict[Variable, Dim]) -> None:
        self.walk = walk
        self.network = network
        self.values: dict[Wire, V] = {}
        self.sizes = Substitution(dims=sizes)
        self.instances: dict[Instance, tuple[str, Frame[V]]] = {
            instance: (prefix + instance.name, self) for instance in network.instances.values()}

    # ---------------------------------------------------------------- what boxes are about

    def argument(self, value: Any) -> Any:
        if isinstance(value, bool | float | str):
            return value
        if isinstance(value, tuple):
            return self.sizes.axes(value)
        if isinstance(value, Formula):
            return value.evaluate(lambda constant: constant, self.sizes.dim)
        return self.sizes.part(value)

    def objects(self, value: Value) -> list[Object]:
        return [self.sizes.object(wire.object) for wire in wires(value)]

    def located(self, instance: Instance) -> tuple[str, Frame[V]]:
        """The address of an instance, and the frame of the network that owns it or what holds it."""
        if instance.within is None:
            return self.instances[instance]
        address, owner = self.located(instance.within)
        return f"{address}.{instance.name}", owner

    def weight(self, instance: Instance, part: str) -> V:
        """A weight, or a part of the state, of an instance of a primitive."""
        operation = instance.operation
        assert isinstance(operation, d.Use)
        named = [*operation.definition.weights, *operation.definition.states]
        names = [name for name, _ in named]
        address, owner = self.located(instance)
        functor = self.walk.functor
        diagram = instance.reparameterisation
        if diagram is None or part not in names[:len(operation.definition.weights)]:
            obj = owner.sizes.object(arguments_as_substitution(operation).object(named[names.index(part)][1]))
            return functor.weight(f"{address}.{part}", obj, self.walk.weights)
        given = [functor.weight(f"{address}.{name}", obj, self.walk.weights) for name, obj in zip(
            instance.parts or ["base"], owner.objects(diagram.inputs), strict=True)]
        found = functor.computed(self, instance, given, lambda inputs: self.body(diagram, inputs, owner))
        return found[names.index(part)]

    # ---------------------------------------------------------------- the walk

    def body(self, diagram: Diagram, inputs: list[V], owner: Frame[V] | None = None) -> list[V]:
        """What a diagram makes of inputs; its wires from around are looked up here, then with its owner."""
        for wire, value in zip(wires(diagram.inputs), inputs, strict=True):
            self.values[wire] = value
        if owner is not None and owner is not self:
            for wire in d.captured(diagram):
                if wire not in self.values and wire in owner.values:
                    self.values[wire] = owner.values[wire]
        for box in diagram.boxes:
            for wire, value in zip(wires(box.outputs), self.box(box), strict=True):
                self.values[wire] = value
        return [self.values[wire] for wire in wires(diagram.outputs)]

    def box(self, box: Box) -> Sequence[V]:
        operation, functor = box.operation, self.walk.functor
        inputs = [self.values[wire] for wire in wires(box.inputs)]
        if isinstance(operation, d.Use):
            return self._use(box, operation)
        if isinstance(operation, Sub):
            return self._sub(box, operation, inputs)
        if type(operation) in _RECURSION:
            return _RECURSION[type(operation)](self, box, operation)
        outputs = self.objects(box.outputs)
        if isinstance(operation, Each):
            body = operation.body
            lengths = None if operation.lengths is None else self.values[operation.lengths]
            return functor.each(self.sizes.dim(operation.size), inputs, lambda given: self.body(body, given), outputs,
                                lengths)
        if not isinstance(operation, _ARRAYS):
            # What a compiler has put in: it is behind the functors.
            raise Meaningless(type(operation).__name__, f"has no meaning under {type(functor).__name__}", box.span)
        [obj] = outputs
        if isinstance(operation, d.Literal):
            return [functor.literal(operation.value, obj)]
        if isinstance(operation, Choose):
            return [functor.choose(inputs[0], inputs[1:], obj)]
        if isinstance(operation, Shuffle):
            sizes = {name: self.sizes.part(size) for name, size in operation.sizes.items()}
            return [functor.shuffle(operation, sizes, inputs, obj)]
        if isinstance(operation, d.FrozenWeight):
            return [functor.weight(operation.entry.name, obj, self.walk.weights)]
        assert isinstance(operation, d.WeightOf) and box.instance is not None
        return [self.weight(box.instance, operation.part)]

    def _sub(self, box: Box, operation: Sub, inputs: list[V]) -> Sequence[V]:
        assert box.instance is not None
        functor, instance = self.walk.functor, box.instance
        address, _ = self.located(instance)
        count = self.sizes.dim(operation.count) if isinstance(operation, Loop | Family) else 1

        def one(at: str, given: list[V]) -> list[V]:
            return functor.sub(box, at, given, lambda inner: self.enter(operation, at, inner))

        if isinstance(operation, Loop):
            tied = operation.tied
            return functor.loop(count, inputs, lambda number, given: one(
                address if tied else f"{address}.{number}", given))
        if isinstance(operation, Family):
            return functor.family(count, inputs[0], inputs[1:], lambda number, given: one(
                f"{address}.{number}", given), self.objects(box.outputs))
        return one(address, inputs)

    def enter(self, operation: Sub, address: str, inputs: list[V]) -> list[V]:
        """An instance of a network at an address, its free wires and the instances lent to it taken from here."""
        network = operation.network
        sizes = {variable: self.sizes.dim(value) for variable, value in operation.sizes.items()}
        frame = Frame(self.walk, network, f"{address}.", sizes)
        for wire in network.free:
            frame.values[wire] = self.values[wire]
        for instance in network.lent:
            frame.instances[instance] = self.instances[instance]
        return frame.run(inputs)

    def run(self, inputs: list[V]) -> list[V]:
        second = self.network.evaluation
        return self.body(self.network.diagram if self.walk.training or second is None else second, inputs)

    def _use(self, box: Box, operation: d.Use) -> Sequence[V]:
        """A primitive; one generic in an object, at every factor of it."""
        functor = self.walk.functor
        columns = factors(operation, box.inputs)
        outputs = wires(box.outputs)
        if columns is None or len(columns) == 1:
            return functor.primitive(Site(self, box, operation, wires(box.inputs), outputs))
        found: dict[Wire, V] = {}
        for place, column in enumerate(columns):
            mine = outputs[place::len(columns)]
            found.update(zip(mine, functor.primitive(Site(self, box, operation, column, mine)), strict=True))
        return [found[wire] for wire in outputs]


    # ---------------------------------------------------------------- recursion

    def nested(self, value: Value) -> Nested:
        """What stands on the wires of a value, in its shape."""
        return self.values[value] if isinstance(value, Wire) else tuple(self.nested(part) for part in value)

    def flat(self, value: Value) -> list[V]:
        return [self.values[wire] for wire in wires(value)]

    def _scan(self, box: Box, operation: Scan) -> Sequence[V]:
        lengths, state, elements = box.inputs  # type: ignore[misc]
        step = operation.step
        after, _ = step.outputs  # type: ignore[misc]
        count = len(wires(after))

        def one(given: list[V], entries: list[V]) -> tuple[list[V], list[V]]:
            made = self.body(step, [*given, *entries])
            return made[:count], made[count:]

        return self.walk.functor.scan(
            self.sizes.dim(operation.size), operation.backwards,
            self.values[lengths] if isinstance(lengths, Wire) else None, self.flat(state), self.flat(elements), one,
            self.objects(box.outputs)[count:])

    def _grow(self, box: Box, operation: Grow) -> Sequence[V]:
        step = operation.step
        _, emitted, _ = step.outputs  # type: ignore[misc]
        count = 1 + len(wires(emitted))

        def one(given: list[V]) -> tuple[V, list[V], list[V]]:
            made = self.body(step, given)
            return made[0], made[1:count], made[count:]

        return self.walk.functor.grow(self.sizes.dim(operation.bound), self.flat(box.inputs), one,
                                      self.objects(box.outputs)[1:])

    def _fold_tree(self, box: Box, operation: FoldTree) -> Sequence[V]:
        [tree] = self.flat(box.inputs)

        def branch(diagram: Diagram) -> Callable[[list[V]], list[V]]:
            def run(given: list[V]) -> list[V]:
                # How many children there are each node has for itself.
                for wire, value in zip(wires(diagram.inputs), given, strict=True):
                    self.sizes.dims.update(self.walk.functor.told(wire.object, value))
                return self.body(diagram, given)

            return run

        return self.walk.functor.fold_tree(tree, self._constructors(operation.shapes),
                                           [branch(diagram) for diagram in operation.branches],
                                           self.objects(box.outputs))

    def _grow_tree(self, box: Box, operation: GrowTree) -> Sequence[V]:
        step = operation.step

        def one(given: list[V]) -> list[Constructor[V]]:
            self.body(step, given)
            made = self.nested(step.outputs)
            return [Constructor(shape.places, *chosen(shape, made)) for shape in operation.shapes]

        return [self.walk.functor.grow_tree(self.sizes.dim(operation.bound), operation.stop,
                                            self._constructors(operation.shapes), self.flat(box.inputs), one)]

    def _constructors(self, shapes: list[Shape]) -> list[list[Shape]]:
        """The parts of each constructor, at the sizes here."""
        return [[Children(self.sizes.axes(part.axes)) if isinstance(part, Children) else part
                 for part in shape.parts()] for shape in shapes]

    def _of_lists(self, box: Box, operation: OfLists) -> Sequence[V]:
        return self.walk.functor.of_lists(operation, self.sizes.dim(operation.size), self.nested(box.inputs),
                                          self.objects(box.outputs))

    def _mask(self, box: Box, operation: Mask) -> Sequence[V]:
        [lengths] = self.flat(box.inputs)
        return [self.walk.functor.mask(operation, self.sizes.dim(operation.size), lengths)]

    def _opened(self, box: Box, operation: Opened) -> Sequence[V]:
        """An array is as long as it is padded to, under whatever name."""
        self.sizes.dims[operation.length] = self.sizes.dim(operation.size)
        return self.flat(box.inputs)


#: The operations that make one array, whatever a functor makes of arrays.
_ARRAYS = (d.Literal, Choose, Shuffle, d.FrozenWeight, d.WeightOf)

_RECURSION: dict[type, Callable[..., Any]] = {
    Scan: Frame._scan, Grow: Frame._grow, FoldTree: Frame._fold_tree, GrowTree: Frame._grow_tree,
    OfLists: Frame._of_lists, Mask: Frame._mask, Opened: Frame._opened,
}


def chosen(shape: Shape, value: Nested) -> tuple[list[Any], list[Nested]]:
    """Of a value of ``F(X)`` the tags that would say that it is this constructor, and what its parts would be."""
    if isinstance(shape, Summand):
        tag, *summands = value
        tags, parts = chosen(shape.shape, summands[shape.place])
        return [tag, *tags], parts
    if isinstance(shape, Both):
        found = [chosen(item, part) for item, part in zip(shape.items, value, strict=True)]
        return [tag for tags, _ in found for tag in tags], [part for _, parts in found for part in parts]
    return [], [value] if shape.parts() else []


def factors(operation: d.Use, inputs: Value) -> list[list[Wire]] | None:
    """The inputs of a primitive generic in an object, for each factor of that object; those that do not mention the
    object go to all of them. None where the primitive is not generic in one."""
    domain = operation.definition.domain
    parts = domain.items if isinstance(domain, Product) else (domain,)
    generic = [mentions_object(part) for part in parts]
    if not any(generic):
        return None
    values: Sequence[Value] = inputs if isinstance(domain, Product) else (inputs,)  # type: ignore[assignment]
    columns = [wires(value) for value in values]
    count = max(len(column) for column, own in zip(columns, generic, strict=True) if own)
    return [[column[place] if own else column[0] for column, own in zip(columns, generic, strict=True)]
            for place in range(count)]


def mentions_object(obj: Object) -> bool:
    """Whether a generic object stands in this one that may turn out to be a product."""
    if isinstance(obj, ObjectVariable):
        return obj.solution is None
    if isinstance(obj, Power):
        return mentions_object(obj.base)
    if isinstance(obj, Product | Sum):
        return any(mentions_object(item) for item in obj.items)
    return False


def interpret(network: Network, functor: Functor[V], inputs: Sequence[V], *,
              sizes: Mapping[Variable, Dim] | None = None, weights: Mapping[str, V] | None = None,
              noise: Callable[[Site[V]], V] | None = None, training: bool = False) -> list[V]:
    """What a functor makes of a network: a value for each wire of its outputs, from left to right.

    ``inputs`` has one value for each wire of its inputs. Sizes that are not given stay symbolic.
    """
    known: dict[Variable, Dim] = {variable: variable.poly for variable in network.sizes}
    for wire, value in zip(wires(network.diagram.inputs), inputs, strict=True):
        known.update(functor.told(wire.object, value))
    known.update(sizes or {})
    walk = Walk(functor, weights if weights is not None else {}, noise, training)
    return Frame(walk, network, "", known).run(list(inputs))


def at_sizes(network: Network, **values: int) -> dict[Variable, Dim]:
    """The sizes of a network by their names."""
    return {variable: values[variable.name] for variable in network.sizes if variable.name in values}


__all__ = ["Constructor", "Frame", "Functor", "Meaningless", "Nested", "Site", "Walk", "at_sizes", "factors",
           "interpret"]
