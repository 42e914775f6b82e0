"""Theories and their models: syntax on one side, semantics on the other.

A theory has sorts, operations between objects made of them, and laws. A model says what each sort and each operation
is. A law is elaborated once, in the theory: each side is a morphism generic in the sorts that takes the operations as
parameters. A model's law is that morphism at the model's objects and operations.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''theory Monoid { sort M, op e : 1 -> M, op m : M * M -> M, law unit (x : M) : m(e, x) == x == m(x, e) }
... model Sum[c] : Monoid { M = R[c], e = zero, m = add }
... morphism total : List(R[4]) -> R[4] = fold(Sum)'''
>>> module = check_source(Source("m.cat", None, text))
>>> list(module.bag), module.scope.names["Sum.m"].domain
([], R[c] * R[c])
>>> [(law.name, verdict.show()) for law, verdict in module.scope.names["Sum"].verdicts]
[('unit', 'proved by normal form')]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker import header
from catlang.checker.colours import BUILT_IN, built_in, colour
from catlang.checker.entry import (
    Law,
    ModelEntry,
    ModuleEntry,
    ObjectVariableEntry,
    OfModel,
    Side,
    Signature,
    SortEntry,
    TheoryEntry,
)
from catlang.checker.scope import Fault, Scope, bad_name, expected, fault, lookup, within
from catlang.checker.sizes import constraints
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Dim, Variable, flexible_variables
from catlang.objects.colour import Object, ObjectVariable, Power, Product, Run, Sum, axes_of, dims_of, resolve
from catlang.objects.substitution import Substitution
from catlang.span import Span
from catlang.suggest import nearest
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.module import Module


def named(module: Module, start: int, name: str) -> Span:
    return Span(module.source, start, start + len(name))


def at(span: Span, name: str) -> tree.Name:
    """A name as if it were written at a place."""
    return tree.Name(span.start, span.end, name)


# -------------------------------------------------------------------- theories


def theory_header(entry: TheoryEntry) -> None:
    """Elaborates a theory's sorts and operations, and makes its laws known. Raises ``Fault``."""
    module = entry.module
    scope = Scope(module.scope, module.source)
    first: dict[str, Span] = {}
    for part in entry.node.entries:
        if part.name is None:
            continue
        span = named(module, part.name_start, part.name)
        _new(part.name, span, first, f"`{part.name}` stands twice in the theory `{entry.name}`")
    for sort in entry.node.entries:
        if isinstance(sort, tree.Sort):
            variable = entry.sorts[sort.name] = ObjectVariable(sort.name)
            scope.names[sort.name] = ObjectVariableEntry(sort.name, first[sort.name], variable)
    for operation in entry.node.entries:
        if isinstance(operation, tree.Operation):
            domain, codomain = colour(operation.type.domain, scope), colour(operation.type.codomain, scope)
            for obj, node in ((domain, operation.type.domain), (codomain, operation.type.codomain)):
                if _left_open(obj):
                    raise fault("E0404", f"the type of `{operation.name}` is left open", scope, node,
                                help=("an operation of a theory has one type; say all of it",))
            entry.operations[operation.name] = Signature(operation.name, first[operation.name], domain, codomain)
    count = 0
    for equation in entry.node.entries:
        if isinstance(equation, tree.Equation):
            count += 1
            entry.laws.append(_law(entry, equation, equation.name or f"law {count}", scope))


def _new(name: str, span: Span, first: dict[str, Span], headline: str) -> None:
    """A name that stands once among those of a theory or a model."""
    if name in first:
        raise Fault(Diagnostic("E0202", headline, [Label(span, "again here"), Label(first[name], "first here", False)],
                               help=("rename one of them",)))
    first[name] = span
    bad = bad_name(name, span)
    if bad is not None:
        raise Fault(bad)
    if name in BUILT_IN:
        raise Fault(built_in(name, span))


def _law(theory: TheoryEntry, node: tree.Equation, name: str, scope: Scope) -> Law:
    relation = node.relation
    for place, relator in enumerate(relation.relators):
        if relator != "==":
            raise fault("E1004", f"`{relator}` makes no law of a theory", scope, relation.sides[place + 1],
                        "is compared here", ("a law says that two morphisms are equal: `f(x) == g(x)`",))
    if not relation.relators:
        raise fault("E1004", "this law says nothing: it has one side", scope, relation,
                    help=("a law says that two morphisms are equal: `f(x) == g(x)`",))
    if node.where is not None:
        raise fault("E0901", "a law under a condition is not there yet", scope, node.where)
    for parameter in node.parameters:
        if isinstance(parameter.type, tree.Arrow):
            raise fault("E1004", f"`{parameter.name}` is a morphism, and laws of theories are about elements", scope,
                        parameter.type, "an object is wanted here",
                        ("a morphism that every model has is an operation, `op`",))
        if parameter.name in theory.operations or parameter.name in theory.sorts:
            raise fault("E0202", f"`{parameter.name}` is a variable of this law, and stands in its theory", scope,
                        parameter, "stands for an element here", ("rename the variable",))
    for side in relation.sides:
        _known(theory, node, side, scope)
    span = named(theory.module, node.name_start, node.name) if node.name is not None else scope.span(node)
    text = " ".join(scope.span(relation).text.split())
    law = Law(name, span, text, [parameter.name for parameter in node.parameters])
    for side in relation.sides:
        law.sides.append(_side(theory, law, node, side))
    return law


def _known(theory: TheoryEntry, node: tree.Equation, side: tree.Node, scope: Scope) -> None:
    """A name that stands for nothing in a law may be a variable that was not declared."""
    bound = {parameter.name for parameter in node.parameters} | set(theory.operations) | set(BUILT_IN)
    for part in tree.walk(side):
        if isinstance(part, tree.Lambda | tree.Binding):
            bound |= {name.text for name in tree.walk(part.pattern) if isinstance(name, tree.Name)}
    for part in tree.walk(side):
        if isinstance(part, tree.Name) and part.text not in bound and scope.find(part.text) is None and theory.sorts:
            near = nearest(part.text, theory.operations)
            variable = f"{part.text} : {next(iter(theory.sorts))}"
            written = f"law {node.name} ({variable}) : ..." if node.name is not None else f"law ({variable}) : ..."
            raise fault("E0201", f"there is no `{part.text}` in this law", scope, part, "not declared here", (
                f"did you mean `{near}`?" if near else f"declare it, if it is a variable: `{written}`",))


def _side(theory: TheoryEntry, law: Law, node: tree.Equation, side: tree.Node) -> Side:
    """One side of a law as a morphism that is generic in the sorts and takes the operations."""
    mentioned = {part.text for part in tree.walk(side) if isinstance(part, tree.Name)}
    anywhere = {part.text for part in tree.walk(node.relation) if isinstance(part, tree.Name)}
    signatures = [one for one in theory.node.entries if isinstance(one, tree.Operation) and one.name in anywhere]
    operations = [one for one in signatures if one.name in mentioned]
    types: list[tree.Node] = [*(one.type for one in signatures), *(one.type for one in node.parameters)]
    spoken = {part.text for one in types for part in tree.walk(one) if isinstance(part, tree.Name)}
    generics = [tree.Generic(one.start, one.end, one.name, False, tree.Name(one.start, one.end, "object"), None)
                for one in theory.node.entries if isinstance(one, tree.Sort) and one.name in spoken]
    parameters = [tree.Parameter(one.name_start, one.end, one.name, one.type) for one in operations]
    body = side
    domain: tree.Node = tree.Wildcard(side.start, side.end)
    if node.parameters:
        names = [tree.Name(one.start, one.start + len(one.name), one.name) for one in node.parameters]
        place = (names[0].start, names[-1].end)
        pattern = names[0] if len(names) == 1 else tree.Tuple(*place, names)
        body = tree.Lambda(*place, pattern, side)
        written = [one.type for one in node.parameters]
        domain = written[0] if len(written) == 1 else tree.Times(written[0].start, written[-1].end, written)
    first = node.relation.sides[0]
    arrow = tree.Arrow(side.start, side.end, domain, tree.Wildcard(first.start, first.end))
    morphism = tree.Morphism(side.start, side.end, "law", law.name, law.span.start, generics, parameters, arrow, None,
                             body, None, [])
    return Side(law.name, law.span, morphism, theory.module, law)


def side_header(side: Side) -> None:
    """The header of a side; behind the first it has the type of the first."""
    outer = side.module.scope
    header.definition_header(side, Scope(outer, outer.source))
    for given in side.generics:
        # A side need not speak of all that the law is about.
        assert isinstance(given.entry, ObjectVariableEntry)
        given.entry.used = True
    if side.place:
        first = side.law.sides[0]
        ours = [given.entry.variable for given in side.generics if isinstance(given.entry, ObjectVariableEntry)]
        theirs = [given.entry.variable for given in first.generics if isinstance(given.entry, ObjectVariableEntry)]
        turned = Substitution(objects=dict(zip(theirs, ours, strict=True)))
        side.domain, side.codomain = turned.object(first.domain), turned.object(first.codomain)


def open_law(law: Law) -> Diagnostic | None:
    """A law whose first side does not say of what type it is."""
    first = law.sides[0]
    if not (_left_open(first.domain) or _left_open(first.codomain)):
        return None
    return Diagnostic("E0404", f"the law `{law.name}` is about morphisms of any type", [
        Label(Span(first.module.source, first.node.start, first.node.end), "nothing says which")],
        help=("say for which elements it holds: `law name (x : M) : f(x) == g(x)`",))


def _left_open(obj: Object) -> bool:
    """Whether something in an object is still to be inferred."""
    obj = resolve(obj)
    if isinstance(obj, ObjectVariable):
        return obj.flexible
    if isinstance(obj, Power) and any(isinstance(axis, Run) and axis.flexible for axis in axes_of(obj)):
        return True
    if isinstance(obj, Power):
        return _left_open(obj.base) or any(flexible_variables(size) for size in dims_of(obj))
    if isinstance(obj, Product | Sum):
        return any(_left_open(item) for item in obj.items)
    return any(_left_open(part) for part in obj.parts()) or any(flexible_variables(size) for size in dims_of(obj))


# -------------------------------------------------------------------- models


def declare_model(entry: ModelEntry) -> None:
    """Puts what a model makes of its theory beside it: ``Sum.M``, ``Sum.m``. Raises ``Fault``."""
    module, node = entry.module, entry.node
    theory, entry.given = _theory(node.theory, module.scope)
    entry.theory = theory
    theory.module.theory_header(theory)
    if theory.state == "broken":
        raise Fault(None)
    objects = [part.value for part in node.entries if part.name in theory.sorts]
    entry.generics = header.generics(node.generics, objects, Scope(module.scope, module.source), module.scope)
    given: dict[str, Span] = {}
    for part in node.entries:
        span = named(module, part.name_start, part.name)
        if part.name not in theory.sorts and part.name not in theory.operations:
            _unknown(entry, theory, part.name, span)
        if part.name in given:
            raise Fault(Diagnostic("E0202", f"the model `{entry.name}` says twice what `{part.name}` is", [
                Label(span, "again here"), Label(given[part.name], "first here", False)], help=("leave one out",)))
        given[part.name] = span
    missing = [name for name in [*theory.sorts, *theory.operations] if name not in given]
    if missing:
        told = ", ".join(f"`{name}`" for name in missing)
        labels = [Label(entry.span, "says nothing of " + ("it" if len(missing) == 1 else "them"))]
        raise Fault(Diagnostic("E1002", f"the model `{entry.name}` of `{theory.name}` lacks {told}", labels,
                               help=(f"`{missing[0]}` is {_kind(theory, missing[0])}: add `{missing[0]} = ...`",)))
    for part in node.entries:
        name, span = f"{entry.name}.{part.name}", given[part.name]
        if part.name in theory.sorts:
            body = tree.Object(part.start, part.end, name, part.name_start, node.generics, False, part.value, [])
            module.scope.names[name] = SortEntry(name, span, body, module)
        else:
            signature = theory.operations[part.name]
            operation = OfModel(name, span, _morphism(entry, "operation", name, span, part.value), entry, signature)
            module.scope.names[name] = operation
            module.definitions.append(operation)


def _theory(node: tree.Node, scope: Scope) -> tuple[TheoryEntry, dict[Variable, Dim]]:
    """The theory that a model is of, and the sizes put for the dims of its file."""
    module: ModuleEntry | None = None
    if isinstance(node, tree.Name):
        found = lookup(scope, node, "theory")
    elif isinstance(node, tree.Attribute):
        found, module = within(node, scope)
    else:
        raise fault("E1001", "a model is of a theory, by its name", scope, node, "no name of a theory")
    if not isinstance(found, TheoryEntry):
        raise expected(scope, node, found, "a theory", "E1001",
                       ("a theory is declared by `theory Name { sort M, op m : M * M -> M, law ... }`",))
    return found, scope.put(found.module.scope) if module is None else module.given


def _kind(theory: TheoryEntry, name: str) -> str:
    """What a sort or an operation is, in words."""
    if name in theory.sorts:
        return "a sort"
    operation = next(one for one in theory.node.entries if isinstance(one, tree.Operation) and one.name == name)
    text = " ".join(Span(theory.module.source, operation.type.start, operation.type.end).text.split())
    return f"an operation `{text}`"


def _unknown(entry: ModelEntry, theory: TheoryEntry, name: str, span: Span) -> None:
    known = [*theory.sorts, *theory.operations]
    near = nearest(name, known)
    raise Fault(Diagnostic("E1003", f"the theory `{theory.name}` has no sort or operation `{name}`", [
        Label(span, f"given by the model `{entry.name}`")],
        help=(f"did you mean `{near}`?",) if near else (
            (f"it has {', '.join(f'`{one}`' for one in known)}",) if known else ("it has none",))))


def _morphism(model: ModelEntry, keyword: str, name: str, span: Span, body: tree.Node) -> tree.Morphism:
    """A morphism of a model as a node: of its type the theory says what it is."""
    told = tree.Hole(span.start, span.end)
    return tree.Morphism(body.start, body.end, keyword, name, span.start, model.node.generics, [],
                         tree.Arrow(span.start, span.end, told, told), None, body, None, model.node.where)


def model_header(definition: OfModel) -> None:
    """The type of a morphism of a model: its theory's, the model's objects put for the sorts. Raises ``Fault``."""
    model = definition.model
    outer = definition.module.scope
    scope = Scope(outer, outer.source)
    definition.scope = scope
    values = [part.value for part in model.node.entries]
    assert model.theory is not None
    objects = [part.value for part in model.node.entries if part.name in model.theory.sorts]
    definition.generics = header.generics(model.node.generics, objects, scope, outer)
    sorts = {part.name: colour(part.value, scope) for part in model.node.entries if part.name in model.theory.sorts}
    substitution = Substitution(dims=dict(model.given),
                                objects={model.theory.sorts[name]: obj for name, obj in sorts.items()})
    definition.domain = substitution.object(definition.signature.domain)
    definition.codomain = substitution.object(definition.signature.codomain)
    for relation in model.node.where:
        definition.where += constraints(relation, scope)
    header.mark_uses(scope, [*values, *model.node.where])
    for given in definition.generics:
        if not getattr(given.entry, "used", True) and not scope.allows("E0205", given.entry.span):
            raise Fault(header.unused(given.entry, model.name))
    definition.learned = True
    header.sizes_allowed(definition)


def equations(model: ModelEntry) -> list[tuple[Law, list[OfModel]]]:
    """A theory's laws as equations between morphisms of a model."""
    theory = model.theory
    assert theory is not None
    found: list[tuple[Law, list[OfModel]]] = []
    for law in theory.laws:
        sides: list[OfModel] = []
        for side in law.sides:
            turned = Substitution(objects={
                given.entry.variable: theory.sorts[given.entry.name] for given in side.generics
                if isinstance(given.entry, ObjectVariableEntry)})
            signature = Signature(law.name, law.span, turned.object(side.domain), turned.object(side.codomain))
            operations = [_at_generics(model, at(model.span, f"{model.name}.{formal.name}"))
                          for formal in side.parameters]
            # What stands for the side has a name that nobody can write.
            called = f"the law {law.name}"
            whole = at(model.span, called)
            body = tree.Apply(model.span.start, model.span.end, whole, operations) if operations else whole
            made = OfModel(f"{model.name}.{law.name}", model.span,
                           _morphism(model, "law", law.name, model.span, body), model, signature)
            model.module.header(made)
            if made.state == "broken":
                raise Fault(None)
            made.scope.names[called] = side
            sides.append(made)
        for other in sides[1:]:
            # Both are about the same sizes.
            other.generics, other.where, other.inferred = sides[0].generics, sides[0].where, sides[0].inferred
            other.scope.names.update({given.entry.name: given.entry for given in other.generics})
            other.domain, other.codomain = sides[0].domain, sides[0].codomain
        found.append((law, sides))
    return found


def _at_generics(model: ModelEntry, operation: tree.Node) -> tree.Node:
    """An operation of a model at the model's own generics: not all of them need stand in its type."""
    start, end = operation.start, operation.end
    given = [tree.Named(start, end, one.name, (tree.Spread if one.spread else tree.Name)(start, end, one.name))
             for one in model.node.generics]
    return tree.Index(start, end, operation, given) if given else operation


__all__ = ["declare_model", "equations", "model_header", "open_law", "side_header", "theory_header"]
