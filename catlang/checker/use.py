"""Names applied: definitions, morphism parameters, names given by ``let``, conversions into and out of colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.call import Call
from catlang.checker.colours import BUILT_IN, acts
from catlang.checker.entry import (
    Definition,
    DimEntry,
    ElementEntry,
    Entry,
    FormalEntry,
    FrozenEntry,
    FunctorEntry,
    FunctorVariableEntry,
    LocalEntry,
    ModelEntry,
    ModuleEntry,
    ObjectEntry,
    ObjectVariableEntry,
    OfModel,
    RunEntry,
    Side,
    TheoryEntry,
)
from catlang.checker.form import is_single, known, takes_parameters
from catlang.checker.labels import check_label, clash, named_so
from catlang.checker.mismatch import Joint, previous
from catlang.checker.recursion import act
from catlang.checker.scope import Fault, Scope, expected, fault, find_within, lookup, path, shortened, within
from catlang.diagram.diagram import (
    Convert,
    Group,
    Value,
    object_of,
)
from catlang.diagram.diagram import Formal as FormalUse
from catlang.dims import Variable
from catlang.objects.colour import Nominal, ObjectVariable, Run, product
from catlang.objects.substitution import Substitution
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def apply(elaborator: Elaborator, node: tree.Node, value: Value, scope: Scope, label: str | None = None) -> Value:
    """Applies ``name``, ``name[...]``, ``name(...)`` or ``module.name`` to a value."""
    before = previous(elaborator, None)
    head, brackets, arguments = node, [], None
    if isinstance(head, tree.Apply):
        if not takes_parameters(head.function, scope):
            known(node, scope)
            elaborator.join(product(()), value, Joint("input", None, node, scope, before))
            return elaborator.element(node, scope)
        if acts(head.function, scope):
            return act(elaborator, head, value, scope, before)
        arguments, head = head.arguments, head.function
    if isinstance(head, tree.Index):
        brackets, head = head.arguments, head.function
    if isinstance(head, tree.Labelled):
        label, head = head.label, head.body
        if isinstance(head, tree.Index):
            brackets, head = head.arguments, head.function
    given: dict[Variable, dims.Dim] | None = None
    if isinstance(head, tree.Attribute):
        entry, given = _member(head, scope)
    elif isinstance(head, tree.Name):
        if head.text in BUILT_IN and scope.find(head.text) is None:
            raise _built_in(head, node, scope)
        entry = lookup(scope, head, "morphism")
    else:
        raise fault("E0307", f"`{scope.span(head).text}` takes no brackets", scope, node)
    if isinstance(entry, Definition):
        if isinstance(entry, Side) and isinstance(elaborator.definition, OfModel):
            # A law of a model's theory, at the sizes that its file was given.
            given = elaborator.definition.model.given
        if given is None:
            given = elaborator.module.given.get(entry.module)
        call = Call(elaborator, entry, node, head, brackets, arguments or [], given, before, scope)
        return call.apply(value, label)
    if isinstance(entry, ModelEntry):
        whole, inside = _structure(entry, head, brackets, node, scope)
        if isinstance(whole, tree.Case):
            return elaborator.morphism(whole, value, inside)
        return apply(elaborator, whole, value, inside, label)
    if isinstance(entry, FunctorEntry | FunctorVariableEntry):
        raise expected(scope, node, entry, "a morphism", "E0307",
                       (f"`{shortened(scope, node)}(f)` acts on a morphism `f`",))
    if brackets:
        raise fault("E0501", f"`{scope.span(head).text}` takes no arguments in brackets", scope, node)
    if isinstance(entry, FormalEntry):
        return _formal(elaborator, entry, node, value, scope, label, before)
    if isinstance(entry, LocalEntry):
        return _local(elaborator, entry, node, value, scope, before)
    if isinstance(entry, ObjectEntry):
        if given is None:
            given = scope.put(entry.module.scope)
        return _convert(elaborator, entry, node, value, scope, before, given)
    if isinstance(entry, ElementEntry | FrozenEntry) and value == ():
        return elaborator.element(node, scope)
    if isinstance(entry, TheoryEntry):
        raise expected(scope, head, entry, "a morphism", "E0307",
                       (f"a model of `{entry.name}` is one, that of its operations together",))
    raise expected(scope, head, entry, "a morphism", "E0307",
                   ("inside a lambda morphisms are applied: `f(x)`",) if isinstance(entry, ElementEntry) else ())


def _built_in(head: tree.Name, node: tree.Node, scope: Scope) -> Fault:
    """An object, or the endofunctor ``List``, where a morphism belongs."""
    text = shortened(scope, node)
    if head.text == "List":
        return fault("E0307", "`List` is an endofunctor, not a morphism", scope, node, "a morphism is wanted here",
                     ("`List(f)` acts on a morphism `f`, as `map(f)` does",))
    return fault("E0307", f"`{text}` is an object, not a morphism", scope, node, "a morphism is wanted here",
                 ("the morphism that changes nothing is `id`",))


def _structure(model: ModelEntry, head: tree.Node, brackets: list[tree.Node], node: tree.Node,
               scope: Scope) -> tuple[tree.Node, Scope]:
    """What a model is as a morphism, and where that is to be read: its operations, one for each summand of what they
    take together, all of them at the same generics."""
    if model.theory is None:
        raise Fault(None)
    if not model.theory.operations:
        raise fault("E0307", f"`{model.name}` is no morphism: its theory has no operations", scope, node)
    inside = Scope(scope, scope.source)
    if not brackets and len(model.theory.operations) > 1:
        for generic in model.generics:
            shared = _open(generic.entry) if generic.default is None else None
            if shared is not None:
                inside.names[shared.name] = shared
                kind = tree.Spread if isinstance(shared, RunEntry) else tree.Name
                written = kind(node.start, node.end, shared.name)
                brackets = [*brackets, tree.Named(node.start, node.end, shared.name, written)]
    parts: list[tree.Node] = []
    for name in model.theory.operations:
        operation: tree.Node = tree.Attribute(head.start, head.end, head, name)
        parts.append(tree.Index(node.start, node.end, operation, brackets) if brackets else operation)
    return parts[0] if len(parts) == 1 else tree.Case(node.start, node.end, parts), inside


def _open(entry: Entry) -> Entry | None:
    """A generic as something of its name that is still to be inferred."""
    if isinstance(entry, DimEntry):
        [rigid] = dims.variables(entry.value)
        return DimEntry(entry.name, entry.span, Variable(entry.name, rigid.least, flexible=True).poly)
    if isinstance(entry, RunEntry):
        return RunEntry(entry.name, entry.span, Run(entry.name, flexible=True))
    if isinstance(entry, ObjectVariableEntry):
        return ObjectVariableEntry(entry.name, entry.span, ObjectVariable(entry.name, flexible=True))
    return None


def _member(node: tree.Attribute, scope: Scope) -> tuple[Entry, dict[Variable, dims.Dim] | None]:
    """``module.name``, ``Model.operation``, ``Colour.carrier`` and ``module.Colour.carrier``."""
    if node.name == "carrier":
        entry, module = find_within(node.value, scope)
        if isinstance(entry, ObjectEntry):
            return _Carrier(entry), None if module is None else module.given
    if path(node):
        root: tree.Node = node
        while isinstance(root, tree.Attribute):
            root = root.value
        assert isinstance(root, tree.Name)
        holder = lookup(scope, root, "module")
        if isinstance(holder, ModuleEntry | ModelEntry):
            found, module = within(node, scope)
            return found, None if module is None else module.given
        if isinstance(holder, TheoryEntry) and node.name in {part.name for part in holder.node.entries}:
            raise fault("E0307", f"`{scope.span(node).text}` is no morphism: a theory says only of what type it is",
                        scope, node, help=(f"a model of `{holder.name}` has it, `Model.{node.name}`",))
    raise fault("E0307", f"`{scope.span(node).text}` is no morphism", scope, node)


class _Carrier(ObjectEntry):
    """``Kelvin.carrier``"""

    __slots__ = ("of",)

    def __init__(self, of: ObjectEntry) -> None:
        super().__init__(of.name, of.span, of.node, of.module)
        self.of = of


def _convert(elaborator: Elaborator, entry: ObjectEntry, node: tree.Node, value: Value, scope: Scope,
             before: tree.Node | None, given: dict[Variable, dims.Dim]) -> Value:
    """``Kelvin : R[1] -> Kelvin`` and ``Kelvin.carrier : Kelvin -> R[1]``."""
    into = not isinstance(entry, _Carrier)
    if isinstance(entry, _Carrier):
        entry = entry.of
    entry.module.object_header(entry)
    if entry.state == "broken":
        raise Fault(None)
    if not entry.node.nominal:
        raise expected(scope, node, entry, "a morphism", "E0307", ("the morphism that changes nothing is `id`",))
    substitution = Substitution(dims=dict(given))
    values: list[Any] = []
    for generic in entry.generics:
        if isinstance(generic, DimEntry):
            [rigid] = dims.variables(generic.value)
            substitution.dims[rigid] = Variable(generic.name, rigid.least, flexible=True).poly
            values.append(substitution.dims[rigid])
        elif isinstance(generic, ObjectVariableEntry):
            substitution.objects[generic.variable] = ObjectVariable(generic.name, flexible=True)
            values.append(substitution.objects[generic.variable])
    values += [substitution.dim(closed.value) for closed in entry.closed]
    carrier = substitution.object(entry.body)
    nominal = Nominal(entry, entry.name, tuple(values))
    source, target = (carrier, nominal) if into else (nominal, carrier)
    elaborator.join(source, value, Joint("input", None, node, scope, before))
    return elaborator.box(Convert(entry.name), value, target, scope.span(node))


def _formal(elaborator: Elaborator, entry: FormalEntry, node: tree.Node, value: Value, scope: Scope, label: str | None,
            before: tree.Node | None) -> Value:
    formal = entry.formal
    assert formal.codomain is not None
    elaborator.join(formal.domain, value, Joint("input", None, node, scope, before))
    operation = FormalUse(formal.name)
    if label is None and isinstance(elaborator.definition, Side):
        # Within a law a name denotes one instance.
        label = formal.name
    shared = named_so(elaborator, label, scope.span(node)) if label is not None else None
    if shared is not None and not (isinstance(shared.operation, FormalUse) and shared.operation.name == formal.name):
        raise clash(label or "", shared, scope.span(node))
    if shared is None and label is not None:
        check_label(elaborator, label, scope.span(node))
    instance = shared or elaborator.instance(formal.name, label, operation, scope.span(node))
    return elaborator.box(operation, value, formal.codomain, scope.span(node), instance)


def _local(elaborator: Elaborator, entry: LocalEntry, node: tree.Node, value: Value, scope: Scope,
           before: tree.Node | None) -> Value:
    """A name given by ``let``: one instance, owned by the scope of the ``let``."""
    span = scope.span(node)
    if is_single(entry.node, entry.scope) and not _has_elements(entry.node, entry.scope):
        # Inside a copied body its boxes go there, its instance to where the `let` stands.
        diagram, owner = elaborator.diagram, elaborator.diagram.scope
        elaborator.before = before
        diagram.scope = entry.owner
        try:
            return apply(elaborator, entry.node, value, entry.scope, label=entry.name)
        finally:
            diagram.scope = owner
    if entry.group is None:
        if entry.name in entry.owner.instances:
            # Another `let` of this name, elsewhere in the body, has given it to something else.
            raise clash(entry.name, entry.owner.instances[entry.name], span)
        domain = ObjectVariable("_", flexible=True)
        elaborator.join(domain, value, Joint("input", None, node, scope, before))

        def make(inputs: Value) -> Value:
            return elaborator.morphism(entry.node, inputs, entry.scope)

        entry.group = elaborator.inner(entry.name, object_of(value), entry.scope.span(entry.node), make,
                                       transparent=False)
        entry.group.parent = entry.owner
        elaborator.instance(entry.name, entry.name, Group(entry.group), entry.scope.span(entry.node), scope=entry.owner)
    else:
        elaborator.join(object_of(entry.group.inputs), value, Joint("input", None, node, scope, before))
    instance = entry.owner.instances[entry.name]
    return elaborator.box(instance.operation, value, object_of(entry.group.outputs), span, instance)


def _has_elements(node: tree.Node, scope: Scope) -> bool:
    return any(isinstance(part, tree.Name) and isinstance(scope.find(part.text), ElementEntry)
               for part in tree.walk(node))
