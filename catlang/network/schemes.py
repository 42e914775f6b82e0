"""Recursion specialised: folds, scans, machines and unfoldings become loops along axes and passes over trees.

Two things make that possible. A value whose constructor is known (:class:`Injected`) takes its branch of a case at
once, so that one algebra gives a diagram for each of its constructors. And a morphism that is a value, of an
exponential or of ``nu F`` (:class:`Deferred`), is a diagram with what it was given, to be put where it is applied. So a
loop's step is flat: what it is made of lies open to whoever looks for what need not be in the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.dims import Dim, Variable
from catlang.network.erasure import Padded
from catlang.network.network import Each
from catlang.network.recursion import FoldTree, Grow, GrowTree, Mask, OfLists, Opened, Scan
from catlang.objects.colour import BOOL, UNIT, Finite, Object, Power, Product, Sum, axes_of, dims_of, power, resolve
from catlang.objects.functor import Exponential, Fixed, Functor, Recursive, apply, element_of, element_speaks, solved
from catlang.objects.shapes import Both, Child, Children, Data, Listed, Shape, Summand, shapes
from catlang.objects.substitution import Substitution
from catlang.span import Span

if TYPE_CHECKING:
    from catlang.network.specialise import Env, Specialiser


class Injected(tuple[Value, ...]):
    """A value of a sum whose summand, ``place``, is known: its tag and all its summands, as any value of a sum."""

    place: int

    def __new__(cls, parts: tuple[Value, ...], place: int) -> Injected:
        made = super().__new__(cls, parts)
        made.place = place
        return made


class Deferred:
    """A value that is no array: it is what it does."""

    def applied(self, argument: Value, made: Diagram) -> Any:
        """A morphism at an argument."""
        raise AssertionError("not a morphism")


class Curried(Deferred):
    """``curry(f)`` at its first argument."""

    def __init__(self, scheme: Schemes, body: Diagram, first: Value, env: Env) -> None:
        self.scheme = scheme
        self.body = body
        self.first = first
        self.env = env

    def applied(self, argument: Value, made: Diagram) -> Any:
        return self.scheme.inline(self.body, (self.first, argument), self.env, made)


class After(Deferred):
    """A morphism that is a value, with another one behind it."""

    def __init__(self, first: Deferred, then: Callable[[Any, Diagram], Any]) -> None:
        self.first = first
        self.then = then

    def applied(self, argument: Value, made: Diagram) -> Any:
        return self.then(self.first.applied(argument, made), made)


class Unfolded(Deferred):
    """``unfold(c)`` at a state."""

    def __init__(self, body: Diagram, state: Value, functor: Functor, env: Env) -> None:
        self.body = body
        self.state = state
        self.functor = functor
        self.env = env


def deferred(obj: Object) -> bool:
    """Whether values of an object are no arrays."""
    obj = resolve(obj)
    if isinstance(obj, Exponential) or isinstance(obj, Fixed) and obj.kind == "nu":
        return True
    if isinstance(obj, Fixed):
        return False
    return any(isinstance(part, Object) and deferred(part) for part in (
        obj.items if isinstance(obj, Product | Sum) else (obj.base,) if isinstance(obj, Power) else ()))


class Schemes:
    """The recursion schemes for one specialiser."""

    def __init__(self, specialiser: Specialiser) -> None:
        self.specialiser = specialiser
        # Of each opened list its lengths, and which of its places are in it, with and without the first in any case.
        self.opened: dict[Variable, tuple[Wire, Wire, Wire]] = {}
        self.padded: dict[Variable, Dim] = {}
        # Of the lengths of a list that was made longer, the list that it was.
        self.longer: dict[tuple[Any, Any], Value] = {}
        # Lists of the same lengths, opened in the same diagram, are as long as each other.
        self.lists: dict[tuple[Wire, Diagram], Variable] = {}

    def use(self, box: Box, operation: d.Use, made: Diagram, env: Env) -> bool:
        """Makes something of a use of the prelude's recursion; False where it is none."""
        method = _SCHEMES.get(operation.definition.name)
        if method is None:
            return False
        method(self, box, operation, env.value(box.inputs), made, env)
        return True

    # ---------------------------------------------------------------- what all of them need

    def inline(self, body: Diagram, value: Any, env: Env, made: Diagram) -> Any:
        """What a body makes of a value, its boxes put where it is needed."""
        from catlang.network.specialise import Env as Inner

        inner = Inner(env, None, env.network, env.substitution, env.constants, env.formals)
        inner.inlining = True
        self.specialiser.bind(body.inputs, value, inner)
        for box in body.boxes:
            self.specialiser.box(box, made, inner, False)
        return inner.value(body.outputs)

    def listed(self, size: Dim) -> bool:
        """Whether the length of an opened list is in a size."""
        return bool(self.opened) and isinstance(size, dims.Poly) and any(
            variable in self.opened for variable in dims.variables(size))

    def lengths_of(self, size: Dim) -> Wire | None:
        """The lengths of the lists that an axis is of, if it is just theirs."""
        if self.listed(size):
            [first, *_] = dims.variables(size)
            if size == first.poly:
                return self.opened[first][0]
        return None

    def new(self, obj: Object, env: Env, span: Span | None) -> Value:
        return d.fresh(self.specialiser.object(obj, env), span)

    def shortest(self, obj: Object, env: Env, span: Span | None) -> Value:
        """New wires for a value in which every list is as short as one can be."""
        value = self.new(obj, env, span)

        def short(one: Object) -> Object:
            found: dict[Variable, Dim] = {variable: 1 for size in dims_of(one) for variable in dims.variables(size)
                     if isinstance(variable, Padded)}
            return Substitution(dims=dict(found)).object(one) if found else one

        return changed(value, short)

    def functor(self, operation: d.Use, env: Env) -> Functor:
        found = solved(env.substitution.functor(operation.arguments["F"]))
        assert isinstance(found, Functor)
        return found.mapped(resolve_part)

    def injection(self, shape: Shape, whole: Object, parts: list[Any], made: Diagram, env: Env, span: Span) -> Any:
        """A value of ``F(X)`` that is this constructor at these parts; ``whole`` is ``F(X)``."""
        if isinstance(shape, Data):
            return parts.pop(0) if shape.parts() else ()
        if isinstance(shape, Both):
            assert isinstance(whole, Product)
            return tuple(self.injection(item, obj, parts, made, env, span)
                         for item, obj in zip(shape.items, whole.items, strict=True))
        if isinstance(shape, Summand):
            assert isinstance(whole, Sum)
            summand = self.injection(shape.shape, whole.items[shape.place], parts, made, env, span)
            return self.injected(shape.place, summand, whole, made, env, span)
        return parts.pop(0)

    def injected(self, place: int, value: Any, whole: Sum, made: Diagram, env: Env, span: Span) -> Injected:
        """The tag, the value at its place, zeros at the others."""
        tag = Wire(Finite(len(whole.items)), span)
        made.boxes.append(Box(d.Literal(place), (), tag, None, span))
        summands = [value if number == place else self.zeros(self.shortest(item, env, span), made, span)
                    for number, item in enumerate(whole.items)]
        return Injected((tag, *summands), place)

    def zeros(self, value: Value, made: Diagram, span: Span) -> Value:
        for wire in wires(value):
            made.boxes.append(Box(d.Literal(0), (), wire, None, span))
        return value

    def diagram(self, name: str, inputs: Value, span: Span) -> Diagram:
        return Diagram(name, inputs, None, span)

    # ---------------------------------------------------------------- folds

    def fold(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        functor = self.functor(operation, env)
        if element_of(Fixed("mu", functor)) is not None:
            self._along(box, operation, value, made, env, backwards=True, keep=False)
            return
        [body] = operation.bodies.values()
        kinds = shapes(functor)
        carrier = env.substitution.object(operation.arguments["X"])
        branches = []
        for shape in kinds:
            inner = self.diagram("constructor", (), box.span)
            parts = [self._part(part, carrier, env, box.span) for part in shape.parts()]
            inner.inputs = tuple(parts)
            given = self.injection(shape, resolve(apply(functor, carrier)), list(parts), inner, env, box.span)
            inner.outputs = self.inline(body, given, env, inner)
            branches.append(inner)
        outputs = self.new(carrier, env, box.span)
        made.boxes.append(Box(FoldTree(functor, kinds, branches), value, outputs, None, box.span))
        self.specialiser.bind(box.outputs, outputs, env)

    def _part(self, part: Shape, carrier: Object, env: Env, span: Span) -> Value:
        """New wires for a part of a constructor."""
        if isinstance(part, Data):
            return self.new(part.object, env, span)
        if isinstance(part, Child):
            return self.new(carrier, env, span)
        if isinstance(part, Children):
            return self.new(power(carrier, part.axes), env, span)
        assert isinstance(part, Listed)
        from catlang.objects.functor import list_of

        return self.new(list_of(carrier), env, span)

    def foldl(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        self._along(box, operation, value, made, env, backwards=False, keep=False)

    def scan(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        self._along(box, operation, value, made, env, backwards=True, keep=True)

    def scanl(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        self._along(box, operation, value, made, env, backwards=False, keep=True)

    def _along(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env, backwards: bool,
               keep: bool) -> None:
        """A fold along a list, and what it went through, where that is to be kept."""
        [body] = operation.bodies.values()
        span = box.span
        lengths, elements = value
        size = size_of(lengths)
        whole = resolve(env.substitution.object(d.object_of(body.inputs)))
        assert isinstance(whole, Sum)
        start = self.inline(body, self.injected(0, (), whole, made, env, span), env, made)
        step = self.diagram("step", (alike(start), without_front(elements)), span)
        state, element = step.inputs  # type: ignore[misc]
        pair = (element, state) if backwards else (state, element)
        after = self.inline(body, self.injected(1, pair, whole, step, env, span), env, step)
        step.outputs = (after, after if keep else ())
        final = alike(start)
        states = with_front(start, size) if keep else ()
        made.boxes.append(Box(Scan(size, backwards, step), (lengths, start, elements), (final, states), None, span))
        if not keep:
            self.specialiser.bind(box.outputs, final, env)
            return
        if backwards:
            found = self._ended(lengths, states, start, made, span)
        else:
            found = self._of_lists("cons", (start, (lengths, states)), made, span, size + 1,
                                   with_front(start, size + 1))
        self.specialiser.bind(box.outputs, found, env)

    def _ended(self, lengths: Wire, states: Value, last: Value, made: Diagram, span: Span) -> Value:
        """A list with one element more behind all of its padding, which is that element as well."""
        size = size_of(lengths)
        return self._of_lists("end", (last, (lengths, states)), made, span, size + 1, with_front(last, size + 1))

    # ---------------------------------------------------------------- unfoldings

    def unfold(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        [body] = operation.bodies.values()
        whole = Unfolded(body, value, self.functor(operation, env), env)
        bound = operation.arguments["bound"]
        found: Any = whole if bound is None else self._taken(whole, env.substitution.dim(bound), made, box.span)
        self.specialiser.bind(box.outputs, found, env)

    def take(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        assert isinstance(value, Unfolded)
        found = self._taken(value, env.substitution.dim(operation.arguments["bound"]), made, box.span)
        self.specialiser.bind(box.outputs, found, env)

    def _taken(self, whole: Unfolded, bound: Dim, made: Diagram, span: Span) -> Value:
        """So many steps of an unfolding, or as many as it has."""
        body, functor = whole.body, whole.functor
        step = self.diagram("step", alike(whole.state), span)
        given = self.inline(body, step.inputs, whole.env, step)
        shape = resolve(functor.body)
        if isinstance(shape, Product):
            place = shape.items.index(Recursive())
            rest = tuple(part for number, part in enumerate(given) if number != place)
            emitted: Value = rest[0] if len(rest) == 1 else rest
            step.inputs = (step.inputs, ())
            step.outputs = (given[place], emitted)
            outputs = with_front(emitted, bound)
            final = alike(whole.state)
            made.boxes.append(Box(Scan(bound, False, step), ((), whole.state, ()), (final, outputs), None, span))
            return outputs
        if element_of(Fixed("mu", functor)) is not None:
            tag, _, (emitted, state) = given
            step.outputs = (tag, emitted, state)
            lengths = Wire(Finite(bound + 1), span)
            outputs = with_front(emitted, bound)
            made.boxes.append(Box(Grow(bound, step), whole.state, (lengths, outputs), None, span))
            return (lengths, outputs)
        assert isinstance(shape, Sum)
        step.outputs = given
        grown = Wire(Fixed("mu", functor), span)
        kinds = shapes(functor)
        stop = shape.items.index(UNIT)
        made.boxes.append(Box(GrowTree(functor, kinds, bound, stop, step), whole.state, grown, None, span))
        return grown

    # ---------------------------------------------------------------- machines

    def run(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        [body] = operation.bodies.values()
        span = box.span
        start, (lengths, elements) = value
        size = size_of(lengths)
        step = self.diagram("step", (alike(start), without_front(elements)), span)
        state, element = step.inputs  # type: ignore[misc]
        found = self.inline(body, state, env, step)
        final = alike(start)
        if not operation.arguments.get("moore"):
            output, after = found.applied(element, step)
            step.outputs = (after, output)
            outputs = with_front(output, size)
            made.boxes.append(Box(Scan(size, False, step), (lengths, start, elements), (final, outputs), None, span))
            self.specialiser.bind(box.outputs, ((lengths, outputs), final), env)
            return
        after = found[1].applied(element, step)
        step.outputs = (after, after)
        states = with_front(start, size)
        made.boxes.append(Box(Scan(size, False, step), (lengths, start, elements), (final, states), None, span))
        kept = self._of_lists("cons", (start, (lengths, states)), made, span, size + 1, with_front(start, size + 1))
        lengths, states = kept  # type: ignore[misc]
        assert isinstance(lengths, Wire)
        # What a state puts out depends on it alone: all of them at once.
        read = self.diagram("output", alike(start), span)
        read.outputs = self.inline(body, read.inputs, env, read)[0]
        outputs = with_front(read.outputs, size + 1)
        made.boxes.append(Box(Each(size + 1, read, lengths), states, outputs, None, span))
        self.specialiser.bind(box.outputs, ((lengths, outputs), final), env)

    def curry(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        [body] = operation.bodies.values()
        self.specialiser.bind(box.outputs, Curried(self, body, value, env), env)

    def uncurry(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        [body] = operation.bodies.values()
        first, second = value
        self.specialiser.bind(box.outputs, self.inline(body, first, env, made).applied(second, made), env)

    # ---------------------------------------------------------------- lists

    def map(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        [body] = operation.bodies.values()
        found = self.mapped(value, lambda element, inner: self.inline(body, element, env, inner), made, box.span)
        self.specialiser.bind(box.outputs, found, env)

    def mapped(self, value: Any, f: Callable[[Any, Diagram], Any], made: Diagram, span: Span) -> Value:
        lengths, elements = value
        inner = self.diagram("element", without_front(elements), span)
        inner.outputs = f(inner.inputs, inner)
        size = size_of(lengths)
        outputs = with_front(inner.outputs, size)
        made.boxes.append(Box(Each(size, inner, lengths), elements, outputs, None, span))
        return (lengths, outputs)

    def nil(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        found = self.zeros(self.shortest(d.object_of(box.outputs), env, box.span), made, box.span)
        self.specialiser.bind(box.outputs, found, env)

    def reshape(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        """What gives a list of the elements that came in, in another order, more or fewer of them."""
        name = operation.definition.name
        undone = self.longer.get((_UNDOES.get(name), value[0])) if name in _UNDOES else None
        if undone is not None:
            # tail . cons = snd, and the same at the other end.
            self.specialiser.bind(box.outputs, undone, env)
            return
        if name == "cons":
            value = self._alike(value, made, box.span)
        lengths, elements = value[1] if name == "cons" else value[0] if name == "zip" else value
        size = size_of(lengths) + (name == "cons")
        outputs = with_front(without_front(elements), size)
        if name == "zip":
            outputs = (outputs, with_front(without_front(value[1][1]), size))
        self.specialiser.bind(box.outputs, self._of_lists(name, value, made, box.span, size, outputs), env)

    def _alike(self, value: Any, made: Diagram, span: Span) -> Any:
        """An element and a list, their own lists padded alike."""
        element, (lengths, elements) = value
        names: dict[Wire, Wire] = {}
        for one, other in zip(wires(element), wires(elements), strict=True):
            if axes_of(one.object) != axes_of(other.object)[1:]:
                names[one], names[other] = self.fitted([one, other], made, span, skip=1)
        return (renamed(element, names), (lengths, renamed(elements, names)))

    def _of_lists(self, kind: str, value: Value, made: Diagram, span: Span, size: Dim, outputs: Value) -> Value:
        if kind == "zip":
            (lengths, left), (others, right) = value  # type: ignore[misc]
            both, outputs = outputs, ()
            del lengths, others, left, right
            found = Wire(Finite(size + 1), span)
            made.boxes.append(Box(OfLists(kind), value, (found, both), None, span))
            return (found, both)
        found = Wire(Finite(size + 1), span)
        made.boxes.append(Box(OfLists(kind), value, (found, outputs), None, span))
        if kind in ("cons", "end"):
            self.longer[kind, found] = value[1]  # type: ignore[index]
        return (found, outputs)

    def fitted(self, values: list[Wire], made: Diagram, span: Span, skip: int = 0) -> list[Wire]:
        """Arrays whose lists are padded differently, all padded alike; ``skip`` axes of the last are its own."""
        rows = [list(axes_of(wire.object)) for wire in values]
        rows[-1] = rows[-1][skip:]
        found = list(values)
        for place, sizes in enumerate(zip(*rows, strict=True)):
            if len(set(sizes)) == 1:
                continue
            total = sum(sizes, 0)
            for number, wire in enumerate(found):
                own = place + (skip if number == len(found) - 1 else 0)
                axes = list(axes_of(wire.object))
                axes[own] = total
                base = wire.object.base if isinstance(wire.object, Power) else wire.object
                padded = Wire(power(base, axes), span)
                made.boxes.append(Box(OfLists("fit", total, own), wire, padded, None, span))
                found[number] = padded
        return found

    def to_list(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        size = env.substitution.dim(operation.arguments["n"])
        lengths = Wire(Finite(size + 1), box.span)
        made.boxes.append(Box(OfLists("full", size), (), lengths, None, box.span))
        self.specialiser.bind(box.outputs, (lengths, value), env)

    def decide(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        truth, element = value
        tag = Wire(Finite(2), box.span)
        made.boxes.append(Box(OfLists("tag"), truth, tag, None, box.span))
        self.specialiser.bind(box.outputs, (tag, element, element), env)

    def length(self, box: Box, operation: d.Use, value: Any, made: Diagram, env: Env) -> None:
        outputs = self.new(d.object_of(box.outputs), env, box.span)
        made.boxes.append(Box(OfLists("length"), value[0], outputs, None, box.span))
        self.specialiser.bind(box.outputs, outputs, env)

    # ---------------------------------------------------------------- endofunctors on morphisms

    def act(self, box: Box, operation: d.FunctorMap, made: Diagram, env: Env) -> None:
        found = solved(env.substitution.functor(operation.functor))
        assert isinstance(found, Functor)

        def on(body: Object, value: Any, into: Diagram) -> Any:
            if not element_speaks(body):
                return value
            if body == Recursive():
                return self.inline(operation.body, value, env, into)
            if isinstance(body, Product):
                return tuple(on(item, part, into) for item, part in zip(body.items, value, strict=True))
            if isinstance(body, Sum):
                tag, *summands = value
                parts = [on(item, part, into) if getattr(value, "place", place) == place else part
                         for place, (item, part) in enumerate(zip(body.items, summands, strict=True))]
                return Injected((tag, *parts), value.place) if isinstance(value, Injected) else (tag, *parts)
            if isinstance(body, Power):
                return self._each(body.axes, value, lambda one, inner: on(body.base, one, inner), into, env, box.span)
            if isinstance(body, Exponential):
                return After(value, lambda one, inner: on(body.base, one, inner))
            element = element_of(body)
            assert element is not None, f"{body} is no functor that acts"
            return self.mapped(value, lambda one, inner: on(element, one, inner), into, box.span)

        self.specialiser.bind(box.outputs, on(resolve(found.body), env.value(box.inputs), made), env)

    def _each(self, axes: Any, value: Any, f: Callable[[Any, Diagram], Any], made: Diagram, env: Env,
              span: Span) -> Any:
        if not axes:
            return f(value, made)
        size = env.substitution.dim(axes[0])
        inner = self.diagram("element", without_front(value), span)
        inner.outputs = self._each(axes[1:], inner.inputs, f, inner, env, span)
        outputs = with_front(inner.outputs, size)
        made.boxes.append(Box(Each(size, inner), value, outputs, None, span))
        return outputs

    # ---------------------------------------------------------------- lists as axes

    def open(self, box: Box, operation: d.Open, made: Diagram, env: Env) -> None:
        lengths, elements = env.value(box.inputs)
        size = size_of(lengths)
        known = self.lists.get((lengths, made))
        length = known if known is not None else Variable(operation.size.name, 1)
        env.substitution.dims[operation.size] = length.poly
        found = with_front(without_front(elements), length.poly)
        for source, target in zip(wires(elements), wires(found), strict=True):
            made.boxes.append(Box(Opened(length, size), source, target, None, box.span))
        self.specialiser.bind(box.outputs, found, env)
        if known is not None:
            return
        masks = []
        for safe in (False, True):
            mask = Wire(power(BOOL, (length.poly,)), box.span)
            mask.name = "mask"
            made.boxes.append(Box(Mask(length.poly, safe), lengths, mask, None, box.span))
            masks.append(mask)
        assert isinstance(lengths, Wire)
        self.opened[length] = (lengths, *masks)  # type: ignore[assignment]
        self.padded[length] = size
        self.lists[lengths, made] = length

    def close(self, box: Box, operation: d.Close, made: Diagram, env: Env) -> None:
        [length] = dims.variables(env.substitution.dim(operation.size.poly))
        lengths = self.opened[length][0]
        value = env.value(box.inputs)
        size = self.padded[length]
        found = with_front(without_front(value), size)
        for source, target in zip(wires(value), wires(found), strict=True):
            made.boxes.append(Box(Opened(length, size), source, target, None, box.span))
        self.specialiser.bind(box.outputs, (lengths, found), env)


def renamed(value: Value, names: dict[Wire, Wire]) -> Value:
    """A value with other wires put for some."""
    if isinstance(value, Wire):
        return names.get(value, value)
    return tuple(renamed(part, names) for part in value)


def resolve_part(part: Any) -> Any:
    return resolve(part) if isinstance(part, Object) else part


def size_of(lengths: Value) -> Dim:
    """The padded size of a list, told by the object of its lengths."""
    assert isinstance(lengths, Wire)
    base = lengths.object.base if isinstance(lengths.object, Power) else lengths.object
    assert isinstance(base, Finite)
    return base.size - 1


def changed(value: Value, change: Callable[[Object], Object]) -> Value:
    """New wires for a value, of other objects."""
    if isinstance(value, Wire):
        made = Wire(change(value.object), value.span)
        made.name = value.name
        return made
    return tuple(changed(part, change) for part in value)


def alike(value: Value) -> Value:
    """New wires of the objects of a value."""
    return changed(value, lambda obj: obj)


def with_front(value: Value, size: Dim) -> Value:
    """New wires with one axis more in front."""
    return changed(value, lambda obj: power(obj, (size,)))


def without_front(value: Value) -> Value:
    """New wires without the first axis."""
    def change(obj: Object) -> Object:
        assert isinstance(obj, Power)
        return power(obj.base, axes_of(obj)[1:])

    return changed(value, change)


#: What takes away an element at the end at which another adds one.
_UNDOES = {"tail": "cons", "but_last": "end"}

_SCHEMES: dict[str, Callable[..., None]] = {
    "fold": Schemes.fold, "foldl": Schemes.foldl, "scan": Schemes.scan, "scanl": Schemes.scanl,
    "unfold": Schemes.unfold, "take": Schemes.take, "run": Schemes.run, "curry": Schemes.curry,
    "uncurry": Schemes.uncurry, "map": Schemes.map, "nil": Schemes.nil, "cons": Schemes.reshape,
    "tail": Schemes.reshape, "but_last": Schemes.reshape, "reverse": Schemes.reshape, "zip": Schemes.reshape,
    "to_list": Schemes.to_list, "decide": Schemes.decide, "length": Schemes.length,
}
