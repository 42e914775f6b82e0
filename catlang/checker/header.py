"""Headers: the generics, parameters and types of objects, morphisms and primitives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang import dims
from catlang.checker import algebras
from catlang.checker.colours import BUILT_IN, built_in, colour, functor, place
from catlang.checker.constants import constant, constant_kind
from catlang.checker.entry import (
    BrokenEntry,
    ConstantEntry,
    Definition,
    DimEntry,
    Entry,
    Formal,
    FunctorEntry,
    FunctorVariableEntry,
    Given,
    ObjectEntry,
    ObjectVariableEntry,
    RunEntry,
    SortEntry,
)
from catlang.checker.extern import extern_header
from catlang.checker.representable import fixed, function_in, of_reals
from catlang.checker.scope import Fault, Scope, bad_name, fault
from catlang.checker.sizes import constraints, dim
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Variable
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, decide
from catlang.objects.colour import Object, ObjectVariable, Product, Run, dims_of, show
from catlang.objects.functor import Functor, FunctorVariable
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterable


def _used_as_object(nodes: Iterable[tree.Node], name: str, exponents: bool, scope: Scope) -> bool | None:
    """Whether a name stands where an object stands (True), only where a size does (False), or nowhere (None).

    Above an object either may stand; with ``exponents`` a capital says that it is an object."""
    found: bool | None = None
    stack: list[tuple[tree.Node, bool]] = [(node, True) for node in nodes]
    while stack:
        node, as_object = stack.pop()
        if isinstance(node, tree.Name):
            if node.text == name:
                if as_object:
                    return True
                found = False
        elif isinstance(node, tree.Index):
            stack += [(argument, as_object and kind)
                      for argument, kind in zip(node.arguments, _kinds(node, name, scope), strict=True)]
        elif isinstance(node, tree.Binary) and node.operator == "^":
            capital = exponents and isinstance(node.right, tree.Name) and node.right.text[:1].isupper()
            stack += [(node.left, as_object), (node.right, as_object and capital)]
        else:
            stack += [(child, as_object) for child in node.children()]
    return found


def _kinds(node: tree.Index, name: str, scope: Scope) -> list[bool]:
    """Of each argument in brackets whether an object is wanted there; a capital says so where nothing else does."""
    head = node.function
    if isinstance(head, tree.Name) and head.text in ("R", "Fin", "Bool"):
        return [False] * len(node.arguments)
    entry = scope.find(head.text) if isinstance(head, tree.Name) else None
    if isinstance(entry, ObjectEntry | FunctorEntry):
        if isinstance(entry, ObjectEntry):
            entry.module.object_header(entry)
        else:
            entry.module.functor_header(entry)
        if len(entry.generics) == len(node.arguments):
            return [isinstance(generic, ObjectVariableEntry) for generic in entry.generics]
    return [isinstance(argument, tree.Name) and argument.text == name and argument.text[:1].isupper()
            for argument in node.arguments]


def generics(nodes: list[tree.Generic], types: list[tree.Node], scope: Scope, outer: Scope,
             exponents: bool = False) -> list[Given]:
    """Binds the generics of a header in ``scope``; what kind each is, its annotation or its use in the types says."""
    made: list[Given] = []
    for node in nodes:
        span = Span(scope.source, node.start, node.start + len(node.name))
        if node.name in scope.names:
            raise Fault(Diagnostic("E0202", f"two generics are called `{node.name}`",
                                   [Label(span, "again here"), Label(scope.names[node.name].span, "first here", False)],
                                   help=("rename one of them",)))
        bad = bad_name(node.name, span)
        if bad is not None:
            raise Fault(bad)
        if node.name in BUILT_IN:
            raise Fault(built_in(node.name, span))
        shadowed = outer.names.get(node.name)
        if (shadowed is not None and not isinstance(shadowed, DimEntry | BrokenEntry)
                and not scope.allows("E0203", span)):
            raise Fault(Diagnostic("E0203", f"the generic `{node.name}` hides {shadowed.called} of this file",
                                   [Label(span, "hides the other"), Label(shadowed.span, "declared here", False)],
                                   help=("a generic may only hide a dim; choose another name",)))
        entry = _generic(node, span, types, scope, exponents)
        scope.names[node.name] = entry
        default = node.default
        if default is not None and isinstance(entry, ConstantEntry):
            entry.constant.default = constant(default, scope, entry.constant)
        made.append(Given(entry, default))
    return made


def _generic(node: tree.Generic, span: Span, types: list[tree.Node], scope: Scope, exponents: bool) -> Entry:
    name = node.name
    if node.spread:
        return RunEntry(name, span, Run(name))
    if node.kind is not None:
        wanted = constant_kind(node.kind, name)
        if wanted is not None:
            return ConstantEntry(name, span, wanted)
        if isinstance(node.kind, tree.Name) and node.kind.text in ("dim", "nat", "object", "endofunctor"):
            if node.kind.text == "endofunctor":
                return FunctorVariableEntry(name, span, FunctorVariable(name))
            if node.kind.text == "object":
                return ObjectVariableEntry(name, span, ObjectVariable(name))
            return DimEntry(name, span, Variable(name, 0 if node.kind.text == "nat" else 1).poly)
        raise fault("E0504", "a generic is a size, `nat`, `object`, `endofunctor`, `real`, `int`, `bool` or "
                    "`choice(...)`", scope, node.kind, "no kind of generic")
    if _used_as_object(types, name, exponents, scope):
        return ObjectVariableEntry(name, span, ObjectVariable(name))
    return DimEntry(name, span, Variable(name).poly)


def object_header(entry: ObjectEntry, outer: Scope) -> None:
    """Elaborates ``object A[m] = ...``; afterwards its state is ``done`` or ``broken``."""
    scope = Scope(outer, outer.source)
    entry.generics = [given.entry for given in generics(entry.node.generics, [entry.node.body], scope, outer)]
    runs = [generic for generic in entry.generics if isinstance(generic, RunEntry)]
    if runs and (entry.node.nominal or len(runs) > 1):
        which = "a new colour" if entry.node.nominal else "an object"
        many = "no run of axes" if entry.node.nominal else "at most one run of axes"
        raise Fault(Diagnostic("E0504", f"{which} is generic in {many}", [Label(runs[-1].span, "a run")],
                               help=("name each of the axes: `[m, n]`",)))
    entry.body = colour(entry.node.body, scope)
    if entry.node.nominal:
        own = {variable for given in entry.generics if isinstance(given, DimEntry)
               for variable in dims.variables(given.value)}
        around = dict.fromkeys(variable for size in dims_of(entry.body) for variable in dims.variables(size))
        entry.closed = [DimEntry(variable.name, entry.span, variable.poly) for variable in around
                        if variable not in own]
    if not entry.node.nominal and entry.node.where:
        raise fault("E0309", "only a new colour can have conditions", scope, entry.node.where[0],
                    help=(f"write `object {entry.name} : ...`",))
    if isinstance(entry, SortEntry):
        # What of a model's generics is used is a matter of all that it says.
        return
    for given in entry.generics:
        _unused(given, scope, entry.name)


def functor_header(entry: FunctorEntry, outer: Scope) -> None:
    """Elaborates ``endofunctor F[A](X) = ...``."""
    node = entry.node
    scope = Scope(outer, outer.source)
    entry.generics = [given.entry for given in generics(node.generics, [node.body], scope, outer, exponents=True)]
    if node.variable is None:
        found = functor(node.body, scope)
        assert isinstance(found, Functor)
        entry.functor = found
    else:
        span = Span(scope.source, node.variable_start, node.variable_start + len(node.variable))
        if node.variable in scope.names:
            raise Fault(Diagnostic("E0202", f"`{node.variable}` is a generic and the variable of one functor", [
                Label(span, "again here"), Label(scope.names[node.variable].span, "first here", False)],
                help=("rename one of them",)))
        entry.functor = place(node.variable, span, node.body, scope)
    for given in entry.generics:
        _unused(given, scope, entry.name)


def _unused(entry: Entry, scope: Scope, owner: str) -> None:
    if not getattr(entry, "used", True) and not scope.allows("E0205", entry.span):
        raise Fault(unused(entry, owner))


def unused(entry: Entry, owner: str) -> Diagnostic:
    return Diagnostic("E0205", f"the generic `{entry.name}` of `{owner}` is never used",
                      [Label(entry.span, "could be anything")], help=("remove it, or use it in the type",))


def mark_uses(scope: Scope, nodes: Iterable[tree.Node]) -> None:
    """Notes which generics occur in the header, so that those of the body alone can be told from those of nothing."""
    for top in nodes:
        for node in tree.walk(top):
            name = node.text if isinstance(node, tree.Name | tree.Spread) else None
            entry = scope.names.get(name) if name else None
            if entry is not None and hasattr(entry, "used"):
                entry.used = True


def definition_header(definition: Definition, outer: Scope) -> None:
    """Gives a definition its generics, parameters, type, banks and conditions."""
    node = definition.node
    scope = Scope(outer, outer.source)
    definition.scope = scope
    types: list[tree.Node] = [node.type, *(parameter.type for parameter in node.parameters)]
    banks = node.banks if isinstance(node, tree.Primitive) else [node.state] if node.state is not None else []
    objects = [bank.body for bank in banks if bank.kind in ("weights", "state", "noise")]
    definition.generics = generics(node.generics, [*types, *objects], scope, outer)
    for parameter in node.parameters:
        _parameter(parameter, definition, scope, outer)
    definition.domain = colour(node.type.domain, scope)
    definition.codomain = colour(node.type.codomain, scope)
    if getattr(node, "keyword", None) in ("algebra", "coalgebra"):
        algebras.structure(definition, scope)
    if isinstance(node, tree.Primitive) and not definition.structural and not definition.extern:
        for obj, written in ((definition.domain, node.type.domain), (definition.codomain, node.type.codomain)):
            function = function_in(obj)
            if function is not None:
                raise fault("E0321", f"`{show(function)}` is no array, and a primitive takes and gives arrays", scope,
                            written, "is in here", ("take a morphism as a parameter: `(f : A -> B)`",))
    if isinstance(node, tree.Extern):
        extern_header(definition, node, scope)
    for bank in banks:
        _bank(bank, definition, scope)
    if isinstance(node, tree.Primitive) and not definition.structural and definition.copies is None:
        _of_arrays(node, definition, scope)
    if isinstance(node, tree.Morphism) and node.state is not None:
        raise fault("E0901", "a state bank of a morphism is not there yet", scope, node.state,
                    help=("let the state be an object of its own: `S * A -> S * B`",))
    for relation in node.where:
        if relation.guard is not None and definition.primitive:
            guard = _guard(relation.guard, relation, scope)
            definition.guarded += [(*guard, found) for found in constraints(relation, scope, guarded=True)]
        else:
            definition.where += constraints(relation, scope)
    made = node.given if isinstance(node, tree.Extern) else []
    mark_uses(scope, [*types, *(bank.body for bank in banks), *node.where, *made,
                      *(generic.default for generic in node.generics if generic.default is not None)])
    definition.learned = not definition.primitive or bool(
        definition.weights or definition.stateful or definition.copies)
    if not definition.primitive:
        sizes_allowed(definition)
    else:
        for entry in (given.entry for given in definition.generics):
            # A constant such as `eps` is used by the functors, not by the signature, and so is a scheme's bound.
            if not isinstance(entry, ConstantEntry) and not (definition.structural and entry.name == "bound"):
                _unused(entry, scope, definition.name)


def _parameter(parameter: tree.Parameter, definition: Definition, scope: Scope, outer: Scope) -> None:
    """One more parameter: a morphism, where its type is an arrow, else an element."""
    name = parameter.name
    span = Span(scope.source, parameter.start, parameter.start + len(name))
    first = [Label(formal.span, "first here", False) for formal in definition.parameters if formal.name == name]
    if first or name in scope.names:
        raise Fault(Diagnostic("E0202", f"two parameters are called `{name}`", [Label(span, "again here"), *first],
                               help=("rename one of them",)))
    bad = bad_name(name, span)
    if bad is not None:
        raise Fault(bad)
    if name in BUILT_IN:
        raise Fault(built_in(name, span))
    shadowed = outer.names.get(name)
    if shadowed is not None and not isinstance(shadowed, BrokenEntry) and not scope.allows("E0203", span):
        raise Fault(Diagnostic("E0203", f"the parameter `{name}` hides {shadowed.called} of this file",
                               [Label(span, "hides the other"), Label(shadowed.span, "declared here", False)],
                               help=("choose another name",)))
    if isinstance(parameter.type, tree.Arrow):
        domain, codomain = colour(parameter.type.domain, scope), colour(parameter.type.codomain, scope)
        definition.parameters.append(Formal(name, domain, codomain, span))
    else:
        definition.parameters.append(Formal(name, colour(parameter.type, scope), None, span))


def _of_arrays(node: tree.Primitive, definition: Definition, scope: Scope) -> None:
    """What is given elsewhere may run the morphisms that it takes on arrays only."""
    for formal, parameter in zip(definition.parameters, node.parameters, strict=True):
        if not isinstance(parameter.type, tree.Arrow) or formal.codomain is None:
            continue
        for obj, written in ((formal.domain, parameter.type.domain), (formal.codomain, parameter.type.codomain)):
            if fixed(obj):
                raise fault("E0321", f"`{show(obj)}` is no array, and what a primitive runs takes and gives arrays",
                            scope, written, f"in the type of `{formal.name}`",
                            (f"let `{definition.name}` take what `{formal.name}` gives, as an input: its own may be "
                             "lists",) if function_in(obj) is None else ())


def _bank(bank: tree.Bank, definition: Definition, scope: Scope) -> None:
    if bank.kind == "weights":
        definition.weights = _parts(stored(bank.body, scope), "weight")
        for name, obj in definition.weights:
            if not of_reals(obj):
                raise fault("E0321", f"`{show(obj)}` is no array of real numbers, and cannot be a weight", scope,
                            bank.body, f"the object of `{name}`")
    elif bank.kind == "state":
        definition.states = _parts(stored(bank.body, scope), "state")
    elif bank.kind == "noise":
        definition.noise = stored(bank.body, scope)
    elif bank.kind == "copies":
        definition.copies = dim(bank.body, scope)
    elif isinstance(bank.body, tree.Name):
        definition.reduces = bank.body.text


def stored(node: tree.Node, scope: Scope) -> Object:
    """An object whose elements are kept as arrays of one shape."""
    found = colour(node, scope)
    if fixed(found):
        raise fault("E0321", f"`{show(found)}` is no array, and cannot be a weight, a state or noise", scope, node,
                    "is to be kept here")
    return found


def weight(node: tree.Node, scope: Scope) -> Object:
    """The object of a weight by itself: an array of real numbers."""
    found = stored(node, scope)
    if not of_reals(found):
        raise fault("E0321", f"`{show(found)}` is no array of real numbers, and cannot be a weight", scope, node,
                    "is to be kept here", ("declare a weight for each part",) if isinstance(found, Product) else ())
    return found


def _guard(guard: tuple[str, str], relation: tree.Relation, scope: Scope) -> tuple[str, str]:
    name, value = guard
    entry = scope.find(name)
    if not isinstance(entry, ConstantEntry) or value not in entry.constant.choices:
        raise fault("E0507", f"`{name} == {value}` is no choice that this primitive has", scope, relation)
    return guard


def sizes_allowed(definition: Definition) -> None:
    """The sizes in a header must be such, whatever the values of their variables."""
    hypotheses = [*definition.module.assumed(), *definition.where]
    for size in [*dims_of(definition.domain), *dims_of(definition.codomain)]:
        if not isinstance(size, int) and not obviously(size):
            _allowed(size, definition, hypotheses)


def _allowed(size: dims.Dim, definition: Definition, hypotheses: list[Constraint]) -> None:
    """A size in a header that is not always one is a condition of the morphism."""
    constraint = Constraint(">=", size, least_size(size))
    if constraint not in definition.inferred and not isinstance(
            decide(constraint, [*hypotheses, *definition.inferred]), Proved):
        definition.inferred.append(constraint)


def least_size(size: dims.Dim) -> int:
    """The smallest value allowed: 0 only where a dim declared ``>= 0`` is in it."""
    return 0 if any(variable.least == 0 for variable in dims.variables(size)) else 1


def obviously(size: dims.Dim) -> bool:
    """Whether the size is an allowed one for all values of its variables, at a glance."""
    least = dims.least_value(size)
    return least is not None and least >= least_size(size)


def _parts(obj: Object, name: str) -> list[tuple[str, Object]]:
    """A bank's parts by name."""
    if isinstance(obj, Product):
        names = obj.names or (None,) * len(obj.items)
        return [(part or f"{name}{place}", item)
                for place, (part, item) in enumerate(zip(names, obj.items, strict=True))]
    return [(name, obj)]
