"""Recursion schemes where they are used: what their signatures alone cannot say.

The signatures stand in the prelude, generic in an endofunctor, ``fold[F : endofunctor, X](a : F(X) -> X) : mu F
-> X``. Here is how the endofunctor is found (by what is folded, or by the algebra's own header), what a bound makes of
``nu F``, and which machines ``run`` takes. Besides, what endofunctors do to morphisms, and how a morphism that is
generic in an axis is one of lists.

>>> from catlang.checker.check import check_source
>>> from catlang.span import Source
>>> text = '''endofunctor Out[O](X) = O * X
... endofunctor May[O](X) = 1 + O * X
... morphism stream[d] : R[d] -> nu Out[R[2]] = unfold[F = Out[R[2]]]((affine, affine))
... morphism begin[d] : R[d] -> R[5, 2] = stream >> take[5]
... morphism words[d] : R[d] -> List(R[2]) = unfold[5, May[R[2]]]((affine, id) >> inr)'''
>>> [found.headline for found in check_source(Source("m.cat", None, text)).bag]
[]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.arguments import instantiate
from catlang.checker.colours import functor
from catlang.checker.entry import Definition, DimEntry, FunctorVariableEntry, ModuleEntry
from catlang.checker.mismatch import Joint, previous
from catlang.checker.scope import Fault, Scope, fault, shortened
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import Close, FunctorMap, Open, Value, Wire, everything, object_of, wires
from catlang.dims import Dim, Variable
from catlang.objects.colour import (
    UNIT,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    dims_of,
    leaves,
    power,
    product,
    resolve,
    show,
)
from catlang.objects.functor import (
    Applied,
    Exponential,
    Fixed,
    Functor,
    FunctorVariable,
    Recursive,
    apply,
    element_of,
    element_speaks,
    list_of,
    shifted,
    solved,
)
from catlang.objects.shapes import Data, NotPolynomial, shapes
from catlang.objects.unify import Mismatch
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.call import Call
    from catlang.checker.elaborate import Elaborator


# -------------------------------------------------------------------- which endofunctor


def find_functors(call: Call, generics: dict[str, Any]) -> None:
    """Solves the generic endofunctors of a call that its input has not told, by the algebras given for it."""
    for formal, node in zip(call.definition.parameters, call.arguments, strict=False):
        if formal.codomain is None:
            continue
        for side in (formal.domain, formal.codomain):
            if isinstance(side, Applied) and side.functor.name in generics:
                _by_header(call, node, generics[side.functor.name])
    for generic in call.definition.generics:
        if isinstance(generic.entry, FunctorVariableEntry):
            found = solved(generics[generic.entry.name])
            if isinstance(found, FunctorVariable) and found.flexible:
                name = call.definition.name
                raise fault("E0316", f"nothing says over which endofunctor `{name}` goes", call.scope, call.node,
                            help=(f"declare what is given to it: `algebra a : F(X) -> X = ...`, `{name}(a)`",
                                  "or give the endofunctor in brackets"))


def _by_header(call: Call, node: tree.Node, wanted: Any) -> None:
    """An algebra that was declared as one says what its endofunctor is."""
    head, brackets = node, []
    if isinstance(head, tree.Labelled):
        head = head.body
    if isinstance(head, tree.Apply):
        head = head.function
    if isinstance(head, tree.Index):
        head, brackets = head.function, head.arguments
    entry, given = None, None
    if isinstance(head, tree.Name):
        entry = call.scope.find(head.text)
    elif isinstance(head, tree.Attribute) and isinstance(head.value, tree.Name):
        module = call.scope.find(head.value.text)
        if isinstance(module, ModuleEntry):
            entry, given = module.module.scope.names.get(head.name), module.given
    if not isinstance(entry, Definition):
        return
    entry.module.header(entry)
    if entry.functor is None:
        return
    if given is None:
        given = call.elaborator.module.given.get(entry.module)
    _, substitution = instantiate(entry, brackets, call.scope, given, node)
    own = substitution.functor(entry.functor)
    try:
        call.elaborator.unifier.functors(wanted, own)
    except Mismatch as mismatch:
        goes = "fold" if entry.called == "an algebra" else "unfold"
        raise Fault(Diagnostic(
            "E0315", f"`{entry.name}` is {entry.called} of `{own}`, `{call.definition.name}` goes over "
            f"`{solved(wanted)}`",
            [Label(call.scope.span(node), f"{entry.called} of `{own}`"),
             *([Label(entry.span, "declared here", False)] if entry.span.source is call.scope.source else [])],
            why=(mismatch.reason,) if mismatch.reason else (),
            help=(f"what it can {goes} is `mu {own}`",) if goes == "fold" else ())) from None


# -------------------------------------------------------------------- what comes out


def unbounded(definition: Definition, generics: dict[str, Any]) -> None:
    """``unfold`` without a bound has none, and is infinite."""
    if definition.structural and definition.name == "unfold":
        bound = generics["bound"]
        if isinstance(bound, dims.Poly) and dims.flexible_variables(bound):
            generics["bound"] = None


def result(call: Call, generics: dict[str, Any], codomain: Object) -> Object:
    """The codomain of a call: where a bound is given, what is left of ``nu F`` up to there."""
    name = call.definition.name
    if not call.definition.structural or name not in ("unfold", "take"):
        return codomain
    found = solved(generics["F"])
    if name == "unfold" and generics["bound"] is None:
        return codomain
    if not isinstance(found, Functor):
        return codomain
    return bounded(found, generics["bound"], call)


def bounded(found: Functor, bound: Dim, call: Call) -> Object:
    """What ``bound`` steps of unfolding make.

    Of a stream, ``A * X``, they make ``A^bound``; where ``F`` has a constructor without anything in it, that is what
    stands where the bound is reached, and they make a ``mu F``.
    """
    body = resolve(found.body)
    if isinstance(body, Product):
        rest = [item for item in body.items if item != Recursive()]
        if len(rest) == len(body.items) - 1 and not any(element_speaks(item) for item in rest):
            return power(product([shifted(item, -1) for item in rest]), (bound,))
    if isinstance(body, Sum) and UNIT in body.items:
        return Fixed("mu", found)
    raise fault("E0317", f"nothing stands where the bound is reached: `{found}` has no constructor `1`", call.scope,
                call.node, help=(f"add one: `1 + {show(body)}`",))


def machine(call: Call, generics: dict[str, Any], codomain: Object, value: Value) -> Object:
    """The codomain that ``run`` wants of its coalgebra: Mealy's, or Moore's where that is given."""
    found = resolve(object_of(value))
    if call.definition.name == "run" and call.definition.structural and isinstance(found, Product) and (
            len(found.items) == 2 and isinstance(found.items[1], Exponential)):
        generics["moore"] = True
        assert isinstance(codomain, Exponential) and isinstance(codomain.base, Product)
        output, state = codomain.base.items
        return Product((output, Exponential(state, codomain.exponent)))
    return codomain


# -------------------------------------------------------------------- what can be laid out


def represented(elaborator: Elaborator) -> None:
    """Tells of objects in a body that no arrays and no trees can hold."""
    if not elaborator.recursive:
        return
    told: set[Any] = set()
    for one in (elaborator.definition.domain, *(formal.domain for formal in elaborator.definition.parameters)):
        if resolved_function(one):
            elaborator.module.bag.add(Diagnostic(
                "E0321", f"`{show(one)}` comes in, and it is no array",
                [Label(elaborator.definition.span, "its domain")],
                why=("the elements of `A^I` and of `nu F` are morphisms: they come out of `curry` and `unfold`, and go "
                     "into `uncurry`, `run` and `take`",),
                help=("take a morphism as a parameter: `(f : I -> A)`",)))
    definition = elaborator.definition
    for obj in (definition.domain, definition.codomain):
        why = unfit(obj)
        if why is not None and not told:
            told.add(None)
            elaborator.module.bag.add(Diagnostic("E0321", f"nothing can hold `{show(obj)}`", [
                Label(definition.span, "in its type")], why=(why,)))
    for _, box in everything(elaborator.diagram) if not told else ():
        for wire in wires(box.outputs):
            why = unfit(wire.object)
            if why is not None and box.span not in told:
                told.add(box.span)
                elaborator.module.bag.add(Diagnostic("E0321", f"nothing can hold `{show(resolve(wire.object))}`", [
                    Label(box.span, "comes out here")], why=(why,)))


def mentioned(definition: Definition) -> bool:
    """Whether a header speaks of fixed points or exponentials."""
    return any(_fixed(obj) for obj in (definition.domain, definition.codomain)) or definition.functor is not None


def resolved_function(obj: Object) -> bool:
    """Whether morphisms are among the elements of an object."""
    obj = resolve(obj)
    if isinstance(obj, Exponential) or isinstance(obj, Fixed) and obj.kind == "nu":
        return True
    return isinstance(obj, Product | Sum) and any(resolved_function(item) for item in obj.items)


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
        try:
            parts = [part for shape in shapes(functor) for part in shape.parts()]
        except NotPolynomial as found:
            return f"`{functor}` is no sum of products: `{found}` is neither data nor a place of recursion in it"
        for part in parts:
            if isinstance(part, Data) and _fixed(part.object):
                return f"the data of a tree are arrays, `{show(part.object)}` is none"
        return None
    if isinstance(obj, Power):
        return unfit(obj.base, "an array")
    if isinstance(obj, Sum):
        return next((why for item in obj.items if (why := unfit(item, "a sum")) is not None), None)
    if isinstance(obj, Product):
        return next((why for item in obj.items if (why := unfit(item, inside)) is not None), None)
    if inside is not None and resolved_function(obj):
        return f"`{show(obj)}` is no array, and not to be kept inside of {inside}"
    return None


def _fixed(obj: Object) -> bool:
    obj = resolve(obj)
    return isinstance(obj, Fixed | Exponential) or any(_fixed(part) for part in (
        obj.items if isinstance(obj, Product | Sum) else (obj.base,) if isinstance(obj, Power) else ()))


def carrier(call: Call, generics: dict[str, Any]) -> None:
    """The state of a loop is made of arrays; it is held to that once everything is inferred."""
    definition, elaborator = call.definition, call.elaborator
    if not definition.structural or definition.name not in _STATES:
        return
    elaborator.recursive = True
    state = generics[_STATES[definition.name]]

    def check() -> None:
        if _fixed(state):
            elaborator.module.bag.add(Diagnostic(
                "E0321", f"the state of `{definition.name}` is `{show(resolve(state))}`, and it is no array",
                [Label(call.span, "goes on step by step")],
                why=("a loop carries arrays of one shape from step to step",)))

    elaborator.pending.append(check)


#: Of each scheme the generic that is its state.
_STATES = {"fold": "X", "foldl": "X", "scan": "X", "scanl": "X", "unfold": "X", "run": "S"}


# -------------------------------------------------------------------- lists as axes


def opened(call: Call, value: Value, generics: dict[str, Any]) -> tuple[Value, list[Variable]]:
    """The input of a call with its lists opened wherever the definition is generic in the axis that meets one.

    ``List(A)`` is the sum of ``A^n`` over all ``n``; what is generic in ``n`` is therefore defined on it.
    """
    definition, elaborator = call.definition, call.elaborator
    sizes = {dims.variables(generic.entry.value)[0]: generic.entry.name for generic in definition.generics
             if isinstance(generic.entry, DimEntry)}
    if not sizes:
        return value, []
    found: list[Variable] = []

    def visit(wanted: Object, part: Value) -> Value:
        obj = resolve(object_of(part))
        variable = _leading(wanted, sizes)
        element = element_of(obj) if isinstance(part, Wire) and variable is not None else None
        if element is None or variable is None:
            if isinstance(wanted, Product) and not isinstance(part, Wire) and len(part) == len(wanted.items):
                return tuple(visit(one, inner) for one, inner in zip(wanted.items, part, strict=True))
            return part
        given = dims.resolve(generics[sizes[variable]])
        if not isinstance(given, dims.Poly) or not dims.flexible_variables(given):
            if isinstance(given, dims.Poly) and any(one in found for one in dims.variables(given)):
                raise fault("E0318", f"`{definition.name}` takes two lists of one length, and lists may have any",
                            call.scope, call.node, help=("`zip` makes one list of two",))
            return part
        length = Variable(variable.name, 1)
        elaborator.unifier.dims(given, length.poly)
        elaborator.opened[length] = call.span
        elaborator.recursive = True
        found.append(length)
        return elaborator.box(Open(length), part, power(element, (length.poly,)), call.span)

    return visit(definition.domain, value), found


def _leading(obj: Object, sizes: dict[Variable, str]) -> Variable | None:
    """The generic size that every array of an object has in front, and nowhere else."""
    found: set[Any] = set()
    for leaf in leaves(obj):
        if not isinstance(leaf, Power) or isinstance(leaf.axes[0], Run) or not isinstance(leaf.axes[0], dims.Poly):
            return None
        variables = dims.variables(leaf.axes[0])
        if len(variables) != 1 or leaf.axes[0] != variables[0].poly or variables[0] not in sizes:
            return None
        found.add(variables[0])
    return found.pop() if len(found) == 1 else None


def closed(call: Call, value: Value, lengths: list[Variable]) -> Value:
    """What comes out of a call on opened lists: what has the length of one in front is a list again."""
    def visit(part: Value) -> Value:
        obj = resolve(object_of(part))
        for length in lengths:
            if _leading(obj, {length: ""}) is length:
                element = _without_front(obj)
                if length not in {one for size in dims_of(element) for one in dims.variables(size)}:
                    return call.elaborator.box(Close(length), part, list_of(element), call.span)
        if any(length in dims.variables(size) for size in dims_of(obj) for length in lengths):
            if not isinstance(part, Wire) and part:
                return tuple(visit(one) for one in part)
            raise fault("E0319", f"the length of a list is left in `{show(obj)}`, which is no list", call.scope,
                        call.node, help=("only an axis in front of everything can be a list's",))
        return part

    return visit(value)


def _without_front(obj: Object) -> Object:
    if isinstance(obj, Product):
        return Product(tuple(_without_front(item) for item in obj.items), obj.names)
    assert isinstance(obj, Power)
    return power(obj.base, obj.axes[1:])


# -------------------------------------------------------------------- on morphisms


def act(elaborator: Elaborator, node: tree.Apply, value: Value, scope: Scope, before: tree.Node | None) -> Value:
    """``F(f) : F(A) -> F(B)``: one instance of ``f``, wherever in ``F`` its variable stands."""
    found = functor(node.function, scope)
    if not isinstance(found, Functor):
        raise fault("E0314", f"`{shortened(scope, node.function)}` is not known here: it acts on no morphism", scope,
                    node.function)
    if len(node.arguments) != 1:
        raise fault("E0501", f"an endofunctor acts on one morphism, {len(node.arguments)} given", scope, node)
    source = ObjectVariable("A", flexible=True)
    elaborator.join(apply(found, source), value, Joint("input", None, node, scope, before))
    value = elaborator.shaped(value, apply(found, source), scope.span(node))

    def make(inputs: Value) -> Value:
        previous(elaborator, None)
        return elaborator.morphism(node.arguments[0], inputs, scope)

    body = elaborator.inner("f", source, scope.span(node.arguments[0]), make, transparent=True)
    target: Object = object_of(body.outputs)
    return elaborator.box(FunctorMap(found, body), value, apply(found, target), scope.span(node))
