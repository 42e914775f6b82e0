"""Recursion schemes where they are used: what their signatures alone cannot say.

The signatures stand in the prelude, generic in an endofunctor, ``fold[F : endofunctor, X](a : F(X) -> X) : mu F
-> X``. Here is how the endofunctor is found (by what is folded, or by the algebra's own header), what a bound makes of
``nu F``, and which machines ``run`` takes. Besides, what endofunctors do to morphisms.

>>> from catlang.checking import check_source
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

import contextlib
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.arguments import instantiate
from catlang.checker.colours import functor, speaks
from catlang.checker.entry import Definition, Formal, FormalEntry, FunctorVariableEntry
from catlang.checker.meeting import made, over, shown
from catlang.checker.mismatch import Joint, previous
from catlang.checker.representable import function_in
from catlang.checker.scope import Fault, Scope, fault, find_within, shortened
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import FunctorMap, Value, fresh, object_of
from catlang.dims import Dim
from catlang.objects.colour import (
    UNIT,
    UNKNOWN,
    Object,
    ObjectVariable,
    Product,
    Sum,
    power,
    product,
    resolve,
    show,
)
from catlang.objects.functor import (
    AnyFunctor,
    Applied,
    Exponential,
    Fixed,
    Functor,
    FunctorVariable,
    Recursive,
    apply,
    element_of,
    element_speaks,
    shifted,
    solved,
)
from catlang.objects.unify import Mismatch
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.call import Call
    from catlang.checker.elaborate import Elaborator


# -------------------------------------------------------------------- which endofunctor


#: The schemes over lists alone.
_LISTS = frozenset(("foldl", "scan", "scanl"))
#: What `run` takes.
MACHINES = "a Mealy machine is a coalgebra of `(O * X)^I`, a Moore machine one of `O * X^I`"
#: The scheme that takes the same from the other end of a list.
_OTHER_END = {"fold": "foldl", "scan": "scanl", "foldl": "fold", "scanl": "scan"}


def find_functors(call: Call, generics: dict[str, Any]) -> None:
    """Solves the generic endofunctors of a call that its input has not told, by the algebras given for it."""
    for formal, node in zip(call.definition.parameters, call.arguments, strict=False):
        if formal.codomain is None:
            continue
        declared = _declared(call, node)
        if declared is not None:
            _by_header(call, formal, node, *declared, generics)
        elif isinstance(node, tree.Name) and isinstance(entry := call.scope.find(node.text), FormalEntry):
            _by_parameter(call, formal, entry.formal, generics)
    for generic in call.definition.generics:
        if isinstance(generic.entry, FunctorVariableEntry):
            found = solved(generics[generic.entry.name])
            if isinstance(found, FunctorVariable) and found.flexible:
                raise _undetermined(call, generic.entry.name)


def _undetermined(call: Call, generic: str) -> Fault:
    """Nothing says what a generic endofunctor is."""
    name = call.definition.name
    help = f"give it in brackets: `{name}[{generic} = ...]`"
    for formal, node in zip(call.definition.parameters, call.arguments, strict=False):
        if formal.codomain is not None and isinstance(node, tree.Name) and isinstance(
                call.scope.find(node.text), Definition):
            word = _kind(formal)
            if word is not None:
                help = f"declare `{node.text}` by `{word}`, of the endofunctor that is meant"
    return fault("E0316", f"nothing says over which endofunctor `{name}` goes", call.scope, call.node,
                 f"`{generic}` could be any", (help,))


def _kind(formal: Formal) -> str | None:
    """Whether a parameter is an algebra or a coalgebra of a generic endofunctor."""
    return ("algebra" if isinstance(formal.domain, Applied) else
            "coalgebra" if isinstance(formal.codomain, Applied) else None)


def _declared(call: Call, node: tree.Node) -> tuple[Definition, AnyFunctor] | None:
    """An algebra or a coalgebra that was declared as one, and its endofunctor."""
    head: tree.Node = node
    brackets: list[tree.Node] = []
    if isinstance(head, tree.Labelled):
        head = head.body
    if isinstance(head, tree.Apply):
        head = head.function
    if isinstance(head, tree.Index):
        brackets, head = head.arguments, head.function
    entry, given = None, None
    if isinstance(head, tree.Name):
        entry = call.scope.find(head.text)
    elif isinstance(head, tree.Attribute):
        entry, module = find_within(head, call.scope)
        given = module.given if module is not None else None
    if not isinstance(entry, Definition):
        return None
    entry.module.header(entry)
    if entry.functor is None:
        return None
    if given is None:
        given = call.elaborator.module.given.get(entry.module)
    _, substitution = instantiate(entry, brackets, call.scope, given, node)
    return entry, substitution.functor(entry.functor)


def _by_header(call: Call, formal: Formal, node: tree.Node, entry: Definition, own: AnyFunctor,
               generics: dict[str, Any]) -> None:
    """What an algebra's own header says of its endofunctor must be what is wanted."""
    name = call.definition.name
    scheme = name if call.definition.structural else ""
    wanted: AnyFunctor | None = None
    word = _kind(formal)
    if word is not None:
        applied = formal.domain if word == "algebra" else formal.codomain
        assert isinstance(applied, Applied)
        wanted = generics.get(applied.functor.name)
    elif scheme in _LISTS:
        element, hole = shifted(generics["A"], 1), Recursive()
        word, wanted = "algebra", Functor(Sum((UNIT, Product(
            (hole, element) if scheme != "scan" else (element, hole)))))
    elif scheme == "run":
        word = "coalgebra"
    if word is None:
        return
    if entry.called.partition(" ")[2] != word:
        instead = {"algebra": f"a coalgebra is for `unfold({entry.name})`, or for `run` where it is a machine",
                   "coalgebra": f"an algebra is for `fold({entry.name})`"}[word]
        article = "an" if word == "algebra" else "a"
        raise _declared_as(call, node, entry, f"`{name}` takes {article} {word}, `{entry.name}` is {entry.called}",
                           entry.called, (), (instead,))
    if scheme == "run":
        _machine_of(call, node, entry, own)
    if wanted is None or not isinstance(solved(own), Functor):
        return
    try:
        call.elaborator.unifier.functors(wanted, own)
    except Mismatch:
        raise _of_another(call, node, entry, own, wanted) from None


def _by_parameter(call: Call, formal: Formal, given: Formal, generics: dict[str, Any]) -> None:
    """A parameter whose type names a generic endofunctor says so too; what does not fit, the types will tell."""
    for wanted, theirs in ((formal.domain, given.domain), (formal.codomain, given.codomain)):
        if isinstance(wanted, Applied) and isinstance(theirs, Applied) and wanted.functor.name in generics:
            with contextlib.suppress(Mismatch):
                call.elaborator.unifier.functors(generics[wanted.functor.name], theirs.functor)


def _of_another(call: Call, node: tree.Node, entry: Definition, own: AnyFunctor, wanted: AnyFunctor) -> Fault:
    """An algebra, or a coalgebra, of another endofunctor than the one that is gone over."""
    name, wanted = call.definition.name, solved(wanted)
    word = entry.called.partition(" ")[2]
    body = wanted.body if isinstance(wanted, Functor) and wanted.name is None else None
    goes = (f"takes one of `{shown(body, call.scope)}`" if body is not None else
            f"goes over `{over(wanted, call.scope)}`" if word == "algebra" else f"takes one of `{wanted}`")
    help: tuple[str, ...] = (f"it folds `{over(own, call.scope)}`",) if word == "algebra" else ()
    if name in _OTHER_END and call.definition.structural and _turned(call, wanted, own):
        end = "front" if name in ("fold", "scan") else "end"
        help = (f"`{_OTHER_END[name]}({entry.name})` takes it as it is, and reads the list from its {end}",)
    return _declared_as(call, node, entry, f"`{entry.name}` is {entry.called} of `{own}`, `{name}` {goes}",
                        f"{entry.called} of `{own}`", tuple(filter(None, (made(call.scope, own, wanted),))), help)


def _turned(call: Call, wanted: AnyFunctor, own: AnyFunctor) -> bool:
    """Whether an endofunctor of lists is the other one read from the other end."""
    body = resolve(wanted.body) if isinstance(wanted, Functor) else None
    if not isinstance(body, Sum) or len(body.items) != 2 or not isinstance(own, Functor):
        return False
    empty, cons = body.items
    return isinstance(cons, Product) and len(cons.items) == 2 and call.elaborator.unifier.fits(
        [(Sum((empty, Product(cons.items[::-1]))), own.body)])


def _machine_of(call: Call, node: tree.Node, entry: Definition, own: AnyFunctor) -> None:
    """``run`` takes coalgebras of two kinds of endofunctors; whether inputs and outputs are those wanted, types say."""
    own = solved(own)
    if isinstance(own, Functor):
        out, into, state = (ObjectVariable("O", flexible=True), ObjectVariable("I", flexible=True), Recursive())
        mealy, moore = Exponential(Product((out, state)), into), Product((out, Exponential(state, into)))
        if any(call.elaborator.unifier.fits([(one, own.body)]) for one in (mealy, moore)):
            return
    raise _declared_as(call, node, entry, f"`{entry.name}` is a coalgebra of `{own}`, `run` takes a machine",
                       f"a coalgebra of `{own}`", (*filter(None, (made(call.scope, own),)), MACHINES), ())


def _declared_as(call: Call, node: tree.Node, entry: Definition, headline: str, said: str, why: tuple[str, ...],
                 help: tuple[str, ...]) -> Fault:
    """A fault about what is given for a parameter, and how that was declared."""
    labels = [Label(call.scope.span(node), said)]
    if entry.span.source is call.scope.source:
        labels.append(Label(entry.span, "declared here", False))
    return Fault(Diagnostic("E0315", headline, labels, why, help))


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
    if isinstance(body, Sum) and UNIT in body.items and not any(
            element_speaks(part) and isinstance(part, Sum) for item in body.items if isinstance(item, Product)
            for part in item.items):
        return Fixed("mu", found)
    if isinstance(body, Sum) and UNIT in body.items:
        raise fault("E0317", f"`{found}` has a sum inside of a product, and nothing says where that would end",
                    call.scope, call.node, help=("write it as one sum of products",))
    if function_in(body) is not None:
        raise fault("E0317", f"`{call.definition.name}` cannot end: `{found}` makes morphisms, which have no bound",
                    call.scope, call.node, why=tuple(filter(None, (made(call.scope, found),))),
                    help=("`run` feeds a machine with inputs",))
    raise fault("E0317", f"nothing stands where the bound is reached: `{found}` has no constructor `1`", call.scope,
                call.node, why=tuple(filter(None, (made(call.scope, found),))),
                help=(f"let the endofunctor be `1 + {show(body)}`",))


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


# -------------------------------------------------------------------- on morphisms


def act(elaborator: Elaborator, node: tree.Apply, value: Value, scope: Scope, before: tree.Node | None) -> Value:
    """``F(f) : F(A) -> F(B)``: one instance of ``f``, wherever in ``F`` its variable stands."""
    found = functor(node.function, scope)
    if not isinstance(found, Functor):
        raise fault("E0316", f"`{shortened(scope, node.function)}` may be any endofunctor, and acts on no morphism "
                    "here", scope, node.function, "not known here",
                    ("an endofunctor that is declared acts on morphisms",))
    inside = _under_fixed(found.body, 0)
    if inside is not None:
        raise fault("E0901", f"`{shortened(scope, node.function)}` acts on no morphism yet: its place is in "
                    f"`{show(inside)}`", scope, node.function)
    if len(node.arguments) != 1:
        raise fault("E0501", f"an endofunctor acts on one morphism, {len(node.arguments) or 'none'} given", scope, node,
                    help=(f"write `{shortened(scope, node.function)}(f)`",))
    source = ObjectVariable("A", flexible=True)
    if not elaborator.join(apply(found, source), value, Joint("input", None, node, scope, before)):
        return fresh(UNKNOWN, scope.span(node))
    value = elaborator.shaped(value, apply(found, source), scope.span(node))

    def make(inputs: Value) -> Value:
        previous(elaborator, None)
        return elaborator.morphism(node.arguments[0], inputs, scope)

    body = elaborator.inner("f", source, scope.span(node.arguments[0]), make, transparent=True)
    target: Object = object_of(body.outputs)
    return elaborator.box(FunctorMap(found, body), value, apply(found, target), scope.span(node))


def _under_fixed(obj: Object, level: int) -> Object | None:
    """The fixed point, not of lists, that the place of a functor stands in; None where it stands in none."""
    if isinstance(obj, Fixed):
        element = element_of(obj)
        if element is not None:
            return _under_fixed(element, level)
        return obj if speaks(obj, level) else None
    parts = obj.items if isinstance(obj, Product | Sum) else obj.parts()
    return next((found for part in parts if isinstance(part, Object) and (
        found := _under_fixed(part, level)) is not None), None)
