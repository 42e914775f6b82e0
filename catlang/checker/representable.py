"""What can be laid out: which objects arrays and trees can hold, and which come in or go on from step to step.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''endofunctor TreeF[A](X) = A + X * X
... morphism trees : List(mu TreeF[R[3]]) -> R[] = length
... morphism value : R[2]^R[3] * R[3] -> R[2] = uncurry(id)
... morphism same : List(R[3]) -> List(R[3]) = fold([nil, cons])'''
>>> [found.headline for found in check_source(Source("m.cat", None, text)).bag]  # doctest: +NORMALIZE_WHITESPACE
['nothing can hold `List(mu TreeF[R[3]])`', '`R[2]^R[3]` comes in, and it is no array',
 'the state of `fold` is `List(R[3])`, and it is no array']
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from catlang.checker.colours import speaks
from catlang.checker.entry import Definition
from catlang.checker.meeting import shown
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import Box, CaseOf, Use, captured, everything, wires
from catlang.objects.colour import (
    REAL,
    Nominal,
    Object,
    ObjectVariable,
    Power,
    Product,
    Sum,
    Unknown,
    resolve,
    show,
)
from catlang.objects.functor import Exponential, Fixed, Functor, element_of, solved
from catlang.objects.shapes import MOST_SHAPES, Data, NotPolynomial, shapes
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.call import Call
    from catlang.checker.elaborate import Elaborator


def represented(elaborator: Elaborator) -> None:
    """Tells of objects in a body that no arrays and no trees can hold."""
    if not elaborator.recursive:
        return
    definition, bag = elaborator.definition, elaborator.module.bag
    node, span = definition.node, definition.scope.span
    taken: list[tuple[Object, tree.Node]] = [(definition.domain, node.type.domain)]
    for formal, parameter in zip(definition.parameters, node.parameters, strict=True):
        written = parameter.type
        taken.append((formal.domain, written.domain if isinstance(written, tree.Arrow) else written))
    for obj, written in taken:
        function = function_in(obj)
        if function is not None:
            bag.add(_comes_in(function, span(written)))
    for obj, written in ((definition.domain, node.type.domain), (definition.codomain, node.type.codomain)):
        why = unfit(obj)
        if why is not None:
            bag.add(Diagnostic("E0321", f"nothing can hold `{show(obj)}`", [Label(span(written), "in the type")],
                               (why,)))
            return
    told: set[Any] = set()
    for _, box in everything(elaborator.diagram):
        for what, why in _moved(box):
            told.add(box.span)
            bag.add(Diagnostic("E0321", f"a tree goes into {what}", [Label(box.span, "here")], (why,)))
        for wire in wires(box.outputs):
            why = unfit(wire.object)
            if why is not None and box.span not in told:
                told.add(box.span)
                bag.add(Diagnostic("E0321", f"nothing can hold `{shown(wire.object, definition.scope)}`", [
                    Label(box.span, "comes out here")], why=(why,)))


def _moved(box: Box) -> Iterator[tuple[str, str]]:
    """Where a whole batch of trees would have to be copied or mixed."""
    why = "trees are laid out by level, a whole batch of them together: there is one of each, where it came in"
    operation = box.operation
    if isinstance(operation, Use) and operation.definition.structural and operation.definition.copies is None:
        for inner in operation.inside().values():
            if any(_tree(wire.object) for wire in captured(inner)):
                yield f"what `{operation.definition.name}` does many times", why
                return
    if isinstance(operation, CaseOf) and any(_tree(wire.object) for wire in wires(box.outputs)):
        yield "a choice between two", why


def _tree(obj: Object) -> bool:
    obj = resolve(obj)
    return isinstance(obj, Fixed) and obj.kind == "mu" and element_of(obj) is None


def _comes_in(function: Exponential | Fixed, span: Span) -> Diagnostic:
    """A morphism among the inputs."""
    if isinstance(function, Exponential):
        why = "the elements of `A^I` are morphisms: they come out of `curry`, and go into `uncurry` and `run`"
        help = f"take a morphism as a parameter: `(f : {show(function.exponent)} -> {show(function.base)})`"
    else:
        why = "the elements of `nu F` go on for ever: they come out of `unfold`, and go into `take`"
        help = f"take a coalgebra as a parameter: `(c : S -> {solved(function.functor)}(S))`"
    return Diagnostic("E0321", f"`{show(function)}` comes in, and it is no array", [Label(span, "comes in here")],
                      (why,), (help,))


def mentioned(definition: Definition) -> bool:
    """Whether a header speaks of fixed points or exponentials."""
    return definition.functor is not None or any(map(fixed, (
        definition.domain, definition.codomain, *(formal.domain for formal in definition.parameters))))


def function_in(obj: Object) -> Exponential | Fixed | None:
    """What in an object has morphisms for its elements; None where nothing has."""
    obj = resolve(obj)
    if isinstance(obj, Exponential) or isinstance(obj, Fixed) and obj.kind == "nu":
        return obj
    items = obj.items if isinstance(obj, Product | Sum) else ()
    return next((found for item in items if (found := function_in(item)) is not None), None)


def unfit(obj: Object, inside: str | None = None) -> str | None:
    """Why values of an object cannot be laid out; None where they can."""
    obj = resolve(obj)
    if isinstance(obj, Fixed) and obj.kind == "mu":
        element = element_of(obj)
        if element is not None:
            return unfit(element, "a list")
        if inside is not None:
            return f"`{show(obj)}` is laid out by level, a whole batch of them together, and not inside of {inside}"
        functor = solved(obj.functor)
        if not isinstance(functor, Functor):
            return None
        count = constructors(resolve(functor.body))
        if count > MOST_SHAPES:
            return f"`{functor}` has {count:,} constructors, and {MOST_SHAPES} is the most"
        try:
            parts = [part for shape in shapes(functor) for part in shape.parts()]
        except NotPolynomial as found:
            return f"`{functor}` is no sum of products: `{found}` is neither data nor a place of recursion in it"
        for part in parts:
            if isinstance(part, Data) and fixed(part.object):
                return f"the data of a tree are arrays, `{show(part.object)}` is none"
        return None
    if isinstance(obj, Power):
        return unfit(obj.base, "an array")
    if isinstance(obj, Sum):
        return next((why for item in obj.items if (why := unfit(item, "a sum")) is not None), None)
    if isinstance(obj, Product):
        return next((why for item in obj.items if (why := unfit(item, inside)) is not None), None)
    if inside is not None and function_in(obj) is not None:
        return f"`{show(obj)}` is no array, and not to be kept inside of {inside}"
    return None


def constructors(body: Object) -> int:
    """How many constructors a functor has: a choice of summand at every sum that its place is in."""
    if not speaks(body, 0):
        return 1
    counts = [constructors(item) for item in body.items] if isinstance(body, Product | Sum) else [1]
    return sum(counts) if isinstance(body, Sum) else math.prod(counts)


def fixed(obj: Object) -> bool:
    """Whether a fixed point or an exponential is in an object."""
    obj = resolve(obj)
    return isinstance(obj, Fixed | Exponential) or any(fixed(part) for part in (
        obj.items if isinstance(obj, Product | Sum) else (obj.base,) if isinstance(obj, Power) else ()))


def of_reals(obj: Object) -> bool:
    """Whether an object is one array of real numbers, of whatever colour; a generic object may be one."""
    obj = resolve(obj)
    if isinstance(obj, Nominal):
        obj.declaration.module.object_header(obj.declaration)
        return of_reals(obj.declaration.body)
    if isinstance(obj, Power):
        return of_reals(obj.base)
    return obj is REAL or isinstance(obj, ObjectVariable | Unknown)


def carrier(call: Call, generics: dict[str, Any]) -> None:
    """The state of a loop is made of arrays; it is held to that once everything is inferred."""
    definition, elaborator = call.definition, call.elaborator
    if not definition.structural or definition.name not in _STATES:
        return
    elaborator.recursive = True
    state = generics[_STATES[definition.name]]

    def check() -> None:
        if fixed(state):
            lists = element_of(state) is not None
            elaborator.module.bag.add(Diagnostic(
                "E0321", f"the state of `{definition.name}` is `{shown(state, call.scope)}`, and it is no array",
                [Label(call.span, "goes on step by step")],
                why=("a loop carries arrays of one shape from step to step",),
                help=("`map`, `scan`, `zip` and `reverse` make a list of a list",) if lists else ()))

    elaborator.pending.append(check)


#: Of each scheme the generic that is its state.
_STATES = {"fold": "X", "foldl": "X", "scan": "X", "scanl": "X", "unfold": "X", "run": "S"}
