"""Names applied: definitions at their arguments, parameters, ``let`` names, conversions; instances and their weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.conditions import impossible
from catlang.checker.entry import (
    ConstantEntry,
    Definition,
    DimEntry,
    ElementEntry,
    Entry,
    Formal,
    FormalEntry,
    FrozenEntry,
    LocalEntry,
    ModuleEntry,
    ObjectEntry,
    ObjectVariableEntry,
    RunEntry,
)
from catlang.checker.kinds import axis, colour, constant, dim, fault, member
from catlang.checker.mismatch import Joint
from catlang.checker.reserved import MODULE_ATTRIBUTES
from catlang.checker.scope import Fault, Scope, bad_name, expected, lookup
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import (
    Convert,
    Diagram,
    FrozenWeight,
    Group,
    Instance,
    Repeat,
    Use,
    Value,
    WeightOf,
    fresh,
    object_of,
)
from catlang.diagram.diagram import Formal as FormalUse
from catlang.dims import Variable
from catlang.dims.constraint import Constraint
from catlang.objects.colour import (
    REAL,
    UNKNOWN,
    Nominal,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Substitution,
    Sum,
    dims_of,
    power,
    product,
    show,
)
from catlang.span import Span
from catlang.suggest import nearest
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator

#: How a weight may begin, and how many numbers that takes.
INITIALISERS = {"normal": 2, "uniform": 2, "constant": 1, "zeros": 0, "ones": 0, "xavier_uniform": 0, "xavier_normal": 0,
                "kaiming_uniform": 0, "kaiming_normal": 0, "orthogonal": 0, "eye": 0}


def previous(elaborator: Elaborator, node: tree.Node | None) -> tree.Node | None:
    """Sets what stands before the next morphism in its chain, for messages; returns what did."""
    before, elaborator.before = elaborator.before, node
    return before


def applied(elaborator: Elaborator, node: tree.Apply) -> None:
    """The next morphism is applied to the elements of this node."""
    elaborator.before = node


# ------------------------------------------------------------------ what an expression is


def head_of(node: tree.Node) -> tree.Node:
    """The name in front of brackets and parentheses."""
    while isinstance(node, tree.Index | tree.Apply | tree.Labelled | tree.Initialised):
        node = node.function if isinstance(node, tree.Index | tree.Apply) else node.body
    return node


def _entry(node: tree.Node, scope: Scope) -> Entry | None:
    if isinstance(node, tree.Name):
        return scope.find(node.text)
    if isinstance(node, tree.Attribute) and isinstance(node.value, tree.Name):
        entry = scope.find(node.value.text)
        if isinstance(entry, ModuleEntry):
            return entry.module.scope.find(node.name)
    return None


def takes_parameters(node: tree.Node, scope: Scope) -> bool:
    """Whether the next parentheses give morphisms, not elements."""
    while isinstance(node, tree.Labelled | tree.Initialised):
        node = node.body
    if isinstance(node, tree.Apply):
        return False
    entry = _entry(head_of(node), scope)
    return isinstance(entry, Definition) and bool(entry.node.parameters)


def is_single(node: tree.Node, scope: Scope) -> bool:
    """Whether the expression is one use of one definition."""
    if isinstance(node, tree.Apply):
        return takes_parameters(node.function, scope)
    return isinstance(node, tree.Name | tree.Index | tree.Attribute)


def is_element(node: tree.Node, scope: Scope) -> bool:
    """Whether the expression is an element: it mentions a variable or a literal, applied or paired."""
    if isinstance(node, tree.Number):
        return True
    if isinstance(node, tree.Name):
        return isinstance(scope.find(node.text), ElementEntry | FrozenEntry)
    if isinstance(node, tree.Apply):
        return not takes_parameters(node.function, scope)
    if isinstance(node, tree.Tuple):
        return any(is_element(item, scope) for item in node.items)
    if isinstance(node, tree.Attribute):
        return not (isinstance(node.value, tree.Name) and isinstance(scope.find(node.value.text), ModuleEntry))
    if isinstance(node, tree.Let):
        # What the names of the bindings stand for matters to the body.
        inside = Scope(scope, scope.source)
        for binding in node.bindings:
            element = is_element(binding.value, inside)
            for part in tree.walk(binding.pattern):
                if isinstance(part, tree.Name):
                    span = scope.span(part)
                    inside.names[part.text] = (ElementEntry(part.text, span, ()) if element
                                               else Entry(part.text, span))
        return is_element(node.body, inside)
    return isinstance(node, tree.Prefix) and isinstance(node.body, tree.Number)


# ------------------------------------------------------------------ applying a name


def apply(elaborator: Elaborator, node: tree.Node, value: Value, scope: Scope, label: str | None = None) -> Value:
    """Applies ``name``, ``name[...]``, ``name(...)`` or ``module.name`` to a value."""
    before = previous(elaborator, None)
    head, brackets, arguments = node, [], None
    if isinstance(head, tree.Apply):
        if not takes_parameters(head.function, scope):
            elaborator.join(product(()), value, Joint("input", None, node, scope, before))
            return elaborator.element(node, scope)
        arguments, head = head.arguments, head.function
    if isinstance(head, tree.Index):
        brackets, head = head.arguments, head.function
    if isinstance(head, tree.Labelled):
        label, head = head.label, head.body
        if isinstance(head, tree.Index):
            brackets, head = head.arguments, head.function
    given: dict[Variable, dims.Dim] | None = None
    if isinstance(head, tree.Attribute):
        entry, given = _member(elaborator, head, scope)
    elif isinstance(head, tree.Name):
        entry = lookup(scope, head, "morphism")
    else:
        raise fault("E0307", f"`{scope.span(head).text}` takes no brackets", scope, node)
    if isinstance(entry, Definition):
        if given is None:
            given = elaborator.module.given.get(entry.module)
        call = Call(elaborator, entry, node, head, brackets, arguments or [], given, before, scope)
        return call.apply(value, label)
    if brackets:
        raise fault("E0501", f"`{scope.span(head).text}` takes no arguments in brackets", scope, node)
    if isinstance(entry, FormalEntry):
        return _formal(elaborator, entry, node, value, scope, label, before)
    if isinstance(entry, LocalEntry):
        return _local(elaborator, entry, node, value, scope, before)
    if isinstance(entry, ObjectEntry):
        return _convert(elaborator, entry, node, value, scope, before, given or {})
    if isinstance(entry, ElementEntry | FrozenEntry) and value == ():
        return elaborator.element(node, scope)
    problem = expected(scope, head, entry, "a morphism", "E0307")
    assert problem.diagnostic is not None
    help: tuple[str, ...] = ()
    if isinstance(entry, ElementEntry):
        help = ("inside a lambda morphisms are applied: `f(x)`",)
    raise Fault(Diagnostic("E0307", problem.diagnostic.headline, problem.diagnostic.labels, help=help))


def _member(elaborator: Elaborator, node: tree.Attribute, scope: Scope) -> tuple[Entry, dict[Variable, dims.Dim] | None]:
    """``module.name``, ``Colour.carrier`` and ``module.Colour.carrier``."""
    if isinstance(node.value, tree.Attribute) and node.name == "carrier":
        entry, given = _member(elaborator, node.value, scope)
        if isinstance(entry, ObjectEntry):
            return _Carrier(entry), given
    if isinstance(node.value, tree.Name):
        entry = lookup(scope, node.value, "module")
        if isinstance(entry, ModuleEntry):
            found = member(node, scope)
            return found, entry.given
        if isinstance(entry, ObjectEntry) and node.name == "carrier":
            return _Carrier(entry), None
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
        problem = expected(scope, node, entry, "a morphism", "E0307")
        assert problem.diagnostic is not None
        raise Fault(Diagnostic("E0307", problem.diagnostic.headline, problem.diagnostic.labels,
                               help=("the morphism that changes nothing is `id`",)))
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
    shared = elaborator.diagram.scope.instances.get(label) if label is not None else None
    if shared is not None and not (isinstance(shared.operation, FormalUse) and shared.operation.name == formal.name):
        raise _clash(label or "", shared, scope.span(node))
    if shared is None and label is not None:
        check_label(elaborator, label, scope.span(node))
    instance = shared or elaborator.instance(formal.name, label, operation, scope.span(node))
    return elaborator.box(operation, value, formal.codomain, scope.span(node), instance)


def _local(elaborator: Elaborator, entry: LocalEntry, node: tree.Node, value: Value, scope: Scope,
           before: tree.Node | None) -> Value:
    """A name given by ``let``: one instance, owned by the scope of the ``let``."""
    span = scope.span(node)
    if is_single(entry.node, entry.scope) and not _has_elements(entry.node, entry.scope):
        outer = elaborator.diagram
        shared = Shared(outer, entry.owner)
        elaborator.before = before
        return _in_scope(elaborator, shared, lambda: apply(elaborator, entry.node, value, entry.scope, label=entry.name))
    if entry.group is None:
        domain = ObjectVariable("_", flexible=True)
        elaborator.join(domain, value, Joint("input", None, node, scope, before))

        def make(inputs: Value) -> Value:
            return elaborator.morphism(entry.node, inputs, entry.scope)

        outer = elaborator.diagram
        entry.group = elaborator.inner(entry.name, object_of(value), entry.scope.span(entry.node), make, transparent=False)
        entry.group.parent = entry.owner
        elaborator.instance(entry.name, entry.name, Group(entry.group), entry.scope.span(entry.node), scope=entry.owner)
    else:
        elaborator.join(object_of(entry.group.inputs), value, Joint("input", None, node, scope, before))
    instance = entry.owner.instances[entry.name]
    return elaborator.box(instance.operation, value, object_of(entry.group.outputs), span, instance)


class Shared:
    """Boxes go to one diagram, instances to another: the use of a ``let`` name inside a copied body."""

    def __init__(self, diagram: Diagram, owner: Diagram) -> None:
        self.diagram = diagram
        self.owner = owner


def _in_scope(elaborator: Elaborator, shared: Shared, run: Any) -> Value:
    diagram, scope = shared.diagram, shared.diagram.scope
    diagram.scope = shared.owner
    try:
        return run()
    finally:
        diagram.scope = scope


def _has_elements(node: tree.Node, scope: Scope) -> bool:
    return any(isinstance(part, tree.Name) and isinstance(scope.find(part.text), ElementEntry)
               for part in tree.walk(node))


# ------------------------------------------------------------------ definitions


def instantiate(definition: Definition, brackets: list[tree.Node], scope: Scope, given: dict[Variable, dims.Dim] | None,
                node: tree.Node | None = None) -> tuple[dict[str, Any], Substitution]:
    """Arguments for every generic: those in brackets, defaults, and fresh ones to be inferred."""
    arguments = _bracketed(definition, brackets, scope, node)
    substitution = Substitution(dims=dict(given) if given else {})
    for generic in definition.generics:
        entry = generic.entry
        name = entry.name
        if isinstance(entry, DimEntry):
            [rigid] = dims.variables(entry.value)
            if name not in arguments:
                if generic.default is not None:
                    arguments[name] = substitution.dim(dim(generic.default, definition.scope))
                else:
                    arguments[name] = Variable(name, rigid.least, flexible=True).poly
            substitution.dims[rigid] = arguments[name]
        elif isinstance(entry, ObjectVariableEntry):
            if name not in arguments:
                arguments[name] = ObjectVariable(name, flexible=True)
            solution = entry.variable.solution
            if solution is not None and name not in {named for named in arguments if not isinstance(
                    arguments[named], ObjectVariable)}:
                # The body uses it as numbers: it is an array of any shape.
                run = solution.axes[0]  # type: ignore[attr-defined]
                fresh_run = Run(name, flexible=True)
                substitution.runs[run] = (fresh_run,)
                made = arguments[name]
                if isinstance(made, ObjectVariable) and made.flexible and made.solution is None:
                    made.solution = power(REAL, (fresh_run,))
            substitution.objects[entry.variable] = arguments[name]
        elif isinstance(entry, RunEntry):
            if name not in arguments:
                arguments[name] = (Run(name, flexible=True),)
            substitution.runs[entry.run] = arguments[name]
        elif isinstance(entry, ConstantEntry) and name not in arguments:
            if entry.constant.default is None:
                raise fault("E0505", f"`{definition.name}` needs its `{name}`", scope, node or definition.node,
                            help=(f"write `{definition.name}[{name} = ...]`",))
            arguments[name] = entry.constant.default
    return arguments, substitution


def _bracketed(definition: Definition, brackets: list[tree.Node], scope: Scope, node: tree.Node | None) -> dict[str, Any]:
    entries = [generic.entry for generic in definition.generics]
    by_name = {entry.name: entry for entry in entries}
    found: dict[str, Any] = {}
    place = 0
    for item in brackets:
        if isinstance(item, tree.Named):
            entry = by_name.get(item.name)
            if entry is None:
                near = nearest(item.name, by_name)
                raise fault("E0502", f"`{definition.name}` has no generic `{item.name}`", scope, _name_of(item),
                            help=(f"did you mean `{near}`?",) if near else _listed(definition))
            if item.name in found:
                raise fault("E0503", f"`{item.name}` is given twice", scope, _name_of(item))
            if isinstance(entry, RunEntry):
                values = item.value.items if isinstance(item.value, tree.Tuple) else [item.value]
                found[item.name] = tuple(axis(one, scope) for one in values)
            else:
                found[item.name] = _argument(entry, item.value, scope, definition)
            continue
        if place >= len(entries):
            raise fault("E0501", f"`{definition.name}` takes {_number(len(entries))} in brackets, "
                        f"{len(brackets)} given", scope, item, "one too many", _listed(definition))
        entry = entries[place]
        if isinstance(entry, RunEntry):
            if not (isinstance(item, tree.Wildcard) and entry.name not in found):
                found[entry.name] = (*found.get(entry.name, ()), axis(item, scope))
            continue
        place += 1
        if isinstance(item, tree.Wildcard):
            continue
        found[entry.name] = _argument(entry, item, scope, definition)
    return found


def _name_of(item: tree.Named) -> tree.Node:
    """The name in ``name = value``, as a place."""
    return tree.Name(item.start, item.start + len(item.name), item.name)


def _number(count: int) -> str:
    return "nothing" if count == 0 else "one argument" if count == 1 else f"{count} arguments"


def _listed(definition: Definition) -> tuple[str, ...]:
    names = [f"{generic.entry.name}..." if isinstance(generic.entry, RunEntry) else generic.entry.name
             for generic in definition.generics]
    return (f"its generics are {', '.join(f'`{name}`' for name in names)}",) if names else ()


def _argument(entry: Entry, node: tree.Node, scope: Scope, definition: Definition) -> Any:
    if isinstance(entry, DimEntry):
        if isinstance(node, tree.Index) or isinstance(node, tree.Name) and isinstance(
                scope.find(node.text), ObjectEntry | ObjectVariableEntry):
            raise fault("E0504", f"`{entry.name}` of `{definition.name}` is a size, this is an object", scope, node,
                        "a size is wanted here")
        value = dim(node, scope)
        [rigid] = dims.variables(entry.value)
        if isinstance(value, int) and value < rigid.least:
            raise fault("E0405", f"`{entry.name}` of `{definition.name}` cannot be {value}", scope, node,
                        f"it is at least {rigid.least}")
        return value
    if isinstance(entry, ObjectVariableEntry):
        return colour(node, scope)
    assert isinstance(entry, ConstantEntry)
    return constant(node, scope, entry.constant)


class Call:
    """A definition, at its arguments, applied in one place."""

    def __init__(self, elaborator: Elaborator, definition: Definition, node: tree.Node, head: tree.Node,
                 brackets: list[tree.Node], arguments: list[tree.Node], given: dict[Variable, dims.Dim] | None,
                 before: tree.Node | None, scope: Scope) -> None:
        self.elaborator = elaborator
        self.definition = definition
        self.node = node
        self.head = head
        self.brackets = brackets
        self.arguments = arguments
        self.given = given
        self.before = before
        self.scope = scope
        self.span = scope.span(node)

    def apply(self, value: Value, label: str | None) -> Value:
        elaborator, definition, scope = self.elaborator, self.definition, self.scope
        self._known()
        shared = self._shared(label)
        generics, substitution = self._arguments(shared)
        target: tree.Node = self.node
        before = self.before
        if isinstance(before, tree.Apply) and before.function is not self.node:
            before = None
        if not elaborator.join(substitution.object(definition.domain), value,
                               Joint("input", None, target, scope, before)):
            return self._unjoined(substitution, generics, label)
        value = elaborator.shaped(value, substitution.object(definition.domain), self.span)
        bodies, elements = self._parameters(substitution)
        if shared is not None:
            # One instance has one set of bodies.
            bodies = shared.operation.bodies if isinstance(shared.operation, Use) else bodies
        conditions = [*definition.where, *definition.inferred]
        if definition.module is not elaborator.module:
            # What its file assumes of its dims must hold of the sizes given for them.
            conditions += definition.module.hypotheses
        for condition in conditions:
            try:
                needed = Constraint(condition.relation, substitution.dim(condition.left), substitution.dim(condition.right))
            except ZeroDivisionError:
                raise fault("E0407", f"`{definition.name}` divides by zero at these sizes", scope, self.node) from None
            asked = condition.show()
            if _false(needed):
                # Told at once: what comes out then makes no sense either.
                elaborator.module.bag.add(impossible(definition.name, needed, self.span, asked))
                elaborator.spoil(*(entry for entry in generics.values() if isinstance(entry, Object)))
                conditions_of = elaborator.conditions
                conditions_of.sizes = [size for size in conditions_of.sizes if size[1] != self.span]
                return fresh(UNKNOWN, self.span)
            elaborator.conditions.need(needed, self.span, definition.name, asked)
        operation = Use(definition, generics, bodies)
        if given := self.given:
            operation.arguments = {**generics, "": given}
        instance: Instance | None = shared
        if instance is None and definition.learned:
            instance = elaborator.instance(definition.name, label, operation, self.span)
        if elements:
            value = (*elements, value)
        try:
            codomain = substitution.object(definition.codomain)
        except ZeroDivisionError:
            raise fault("E0407", f"`{definition.name}` divides by zero at these sizes", scope, self.node) from None
        return elaborator.box(operation if shared is None else shared.operation, value, codomain, self.span, instance)

    def _unjoined(self, substitution: Substitution, generics: dict[str, Any], label: str | None) -> Value:
        """What comes out where what came in did not fit: what was promised, or, where that depends on what came in,
        something that is nobody's mistake any more."""
        definition, conditions = self.definition, self.elaborator.conditions
        if label is not None and definition.learned and label not in self.elaborator.diagram.scope.instances:
            self.elaborator.instance(definition.name, label, Use(definition, generics, {}), self.span)
        conditions.sizes = [size for size in conditions.sizes if size[1] != self.span]
        codomain = substitution.object(definition.codomain)
        if definition.parameters or _generics_in(definition.domain) & _generics_in(definition.codomain):
            codomain = UNKNOWN
        return fresh(codomain, self.span)

    def _known(self) -> None:
        """The definition's type must be known, and what its body needs; a circle of definitions is told here."""
        definition = self.definition
        definition.module.header(definition)
        if definition.state == "open":
            raise Fault(Diagnostic("E0206", f"`{definition.name}` is defined by itself", [
                Label(self.scope.span(self.head), "leads back to it"),
                *([Label(definition.span, "defined here", False)] if definition.span.source is self.scope.source else [])],
                help=("a morphism is a finite diagram; recursion over data is `fold`, repetition is `f^n`",)))
        if definition.state == "header":
            self.elaborator.check(definition)
        if definition.state == "broken" and not definition.scope:
            raise Fault(None)
        if definition.state == "broken" and definition.codomain == product(()) and definition.domain == product(()):
            raise Fault(None)

    def _shared(self, label: str | None) -> Instance | None:
        """The instance that this label already names, if it may be this one."""
        if label is None:
            return None
        elaborator, span = self.elaborator, labelled_at(self.elaborator, self.span)
        shared = elaborator.diagram.scope.instances.get(label)
        if shared is None:
            check_label(elaborator, label, span)
            if not self.definition.learned:
                return None
            _no_copies(elaborator, label, span)
            return None
        operation = shared.operation
        if not isinstance(operation, Use) or operation.definition is not self.definition:
            raise _clash(label, shared, span)
        return shared

    def _arguments(self, shared: Instance | None) -> tuple[dict[str, Any], Substitution]:
        elaborator, definition = self.elaborator, self.definition
        generics, substitution = instantiate(definition, self.brackets, self.scope, self.given, self.node)
        if shared is not None:
            assert isinstance(shared.operation, Use)
            for name, value in shared.operation.arguments.items():
                if name:
                    self._same(name, generics.get(name), value, shared)
        for generic in definition.generics:
            entry = generic.entry
            if isinstance(entry, ObjectVariableEntry) and entry.variable.solution is not None:
                self._numbers(entry, generics[entry.name], substitution)
            if isinstance(entry, DimEntry):
                value = generics[entry.name]
                if isinstance(value, dims.Poly):
                    for variable in dims.variables(value):
                        if variable.flexible:
                            elaborator.conditions.size(variable, self.span, definition.name, entry.name)
        return generics, substitution

    def _numbers(self, entry: ObjectVariableEntry, given: Object, substitution: Substitution) -> None:
        """An object given for a generic that the body uses as numbers must be an array."""
        from catlang.objects.unify import Mismatch

        solution = entry.variable.solution
        assert isinstance(solution, Power)
        [run] = solution.axes
        assert isinstance(run, Run)
        if run not in substitution.runs:
            substitution.runs[run] = (Run(entry.name, flexible=True),)
        try:
            self.elaborator.unifier.unify(power(REAL, substitution.runs[run]), given)
        except Mismatch:
            raise fault("E0504", f"`{entry.name}` of `{self.definition.name}` is used as numbers, `{show(given)}` is "
                        "none", self.scope, self.node, help=("give an array, `R[...]`",)) from None

    def _same(self, name: str, mine: Any, theirs: Any, shared: Instance) -> None:
        """A shared instance has one set of arguments."""
        from catlang.objects.unify import Mismatch

        try:
            if isinstance(mine, Object):
                self.elaborator.unifier.unify(mine, theirs)
            elif isinstance(mine, int | dims.Poly) and not isinstance(mine, bool):
                self.elaborator.unifier.dims(mine, theirs)
            elif isinstance(mine, tuple):
                from catlang.objects.colour import array

                self.elaborator.unifier.unify(array(*mine), array(*theirs))
            elif mine != theirs:
                raise Mismatch(f"`{mine}` is not `{theirs}`")
        except Mismatch as mismatch:
            raise Fault(Diagnostic("E0601", f"the two instances under one label differ in `{name}`", [
                Label(self.span, "here"), *([Label(shared.span, "and here", False)] if shared.span else [])],
                why=(str(mismatch), "one label is one instance, with one set of weights"),
                help=("give them two labels",))) from None

    def _parameters(self, substitution: Substitution) -> tuple[dict[str, Diagram], list[Value]]:
        """The diagrams for morphism parameters and the values for element parameters."""
        definition, scope = self.definition, self.scope
        if len(self.arguments) != len(definition.parameters):
            wanted = ", ".join(f"`{formal.name} : {_formal_type(formal)}`" for formal in definition.parameters)
            raise fault("E0505" if len(self.arguments) < len(definition.parameters) else "E0506",
                        f"`{definition.name}` takes {_number(len(definition.parameters))}, {len(self.arguments)} given",
                        scope, self.node, help=(f"it takes {wanted}, in parentheses",) if wanted else ())
        bodies: dict[str, Diagram] = {}
        elements: list[Value] = []
        for formal, node in zip(definition.parameters, self.arguments, strict=True):
            domain = substitution.object(formal.domain)
            if formal.codomain is None:
                value = self.elaborator.element(node, scope)
                self.elaborator.join(domain, value, Joint("element", node, None, scope, name=formal.name))
                elements.append(value)
                continue
            bodies[formal.name] = self._body(formal, node, domain, substitution.object(formal.codomain))
        return bodies, elements

    def _body(self, formal: Formal, node: tree.Node, domain: Object, codomain: Object) -> Diagram:
        elaborator, scope = self.elaborator, self.scope
        transparent = self.definition.primitive and self.definition.copies is None

        def make(inputs: Value) -> Value:
            previous(elaborator, None)
            result = elaborator.morphism(node, inputs, scope)
            elaborator.join(codomain, result, Joint("argument", node, None, scope, name=formal.name,
                                                       owner=self.definition.name))
            return elaborator.shaped(result, codomain, scope.span(node))

        return elaborator.inner(formal.name, domain, scope.span(node), make, transparent)


def _false(constraint: Constraint) -> bool:
    """Whether it is false as it stands: no sizes are left open in it."""
    try:
        constraint = constraint.resolve()
        return not constraint.variables() and not constraint.holds({})
    except ZeroDivisionError:
        return False


def _generics_in(obj: Object) -> set[Any]:
    """The generic sizes, runs and objects that occur in an object."""
    if isinstance(obj, ObjectVariable):
        return {obj}
    if isinstance(obj, Power):
        found = _generics_in(obj.base)
        for axis in obj.axes:
            found |= {axis} if isinstance(axis, Run) else set(dims.variables(axis))
        return found
    if isinstance(obj, Product | Sum):
        return set().union(*(_generics_in(item) for item in obj.items))
    return {variable for size in dims_of(obj) for variable in dims.variables(size)}


def _formal_type(formal: Formal) -> str:
    return show(formal.domain) if formal.codomain is None else f"{show(formal.domain)} -> {show(formal.codomain)}"


# ------------------------------------------------------------------ labels


def label_span(node: tree.Labelled, scope: Scope) -> Span:
    """Where the label of ``f as label`` stands."""
    text = scope.source.text[node.body.end : node.end]
    end = len(text.rstrip(") \t\n"))
    start = end
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return Span(scope.source, node.body.end + start, node.body.end + end) if start < end else scope.span(node)


def labelled_at(elaborator: Elaborator, otherwise: Span) -> Span:
    """The place of the label that is being looked at, taken once."""
    span, elaborator.label_span = elaborator.label_span, None
    return span if span is not None else otherwise


def check_label(elaborator: Elaborator, label: str, span: Span) -> None:
    """A label becomes an attribute of a module: some names cannot be one."""
    bad = bad_name(label, span)
    if bad is not None:
        raise Fault(bad)
    if label in MODULE_ATTRIBUTES:
        raise Fault(Diagnostic("E0602", f"`{label}` cannot be a label", [
            Label(span, "every PyTorch module has an attribute of that name")],
            help=(f"choose another, for example `{label}_`",)))


def _no_copies(elaborator: Elaborator, label: str, span: Span) -> None:
    """One label inside and outside of something copied would be two instances that look like one."""
    scope = elaborator.diagram.scope
    for other, place in elaborator.labels.get(label, []):
        around: Diagram | None = scope
        while around is not None:
            if around is other and around is not scope:
                break
            around = around.parent.scope if around.parent is not None else None
        inner: Diagram | None = other
        while inner is not None:
            if inner is scope and inner is not other:
                break
            inner = inner.parent.scope if inner.parent is not None else None
        if around is not None or inner is not None:
            raise Fault(Diagnostic("E0606", f"the label `{label}` stands inside and outside of something copied", [
                Label(span, "here"), Label(place, "and here", False)],
                why=("each copy has instances of its own, so these would not share their weights",),
                help=(f"name the instance once with `let {label} = ... in`, and use it in both places",)))
    elaborator.labels.setdefault(label, []).append((scope, span))


def _clash(label: str, shared: Instance, span: Span) -> Fault:
    labels = [Label(span, "used again here")]
    if shared.span is not None:
        labels.append(Label(shared.span, "first here", False))
    return Fault(Diagnostic("E0601", f"the label `{label}` already names something else", labels,
                            why=("two occurrences under one label are one instance",), help=("choose another label",)))


# ------------------------------------------------------------------ weights as values, 2-cells, beginnings


def weight(elaborator: Elaborator, label: str, node: tree.Attribute, scope: Scope) -> Value:
    """``token.weight``"""
    instance = elaborator.find_instance(label)
    if instance is None:
        known = list(elaborator.diagram.scope.instances)
        near = nearest(label, known)
        raise fault("E0603", f"there is no instance labelled `{label}` before this", scope, node.value,
                    help=(f"did you mean `{near}`?",) if near else ("a label is given by `as`, earlier in the same body",))
    operation = instance.operation
    parts: list[tuple[str, Object]] = []
    if isinstance(operation, Use):
        substitution = arguments_as_substitution(operation)
        parts = [(name, substitution.object(obj)) for name, obj in operation.definition.weights]
    found = dict(parts).get(node.name)
    if found is None:
        near = nearest(node.name, [name for name, _ in parts])
        help = (f"did you mean `{label}.{near}`?",) if near else (
            f"its weights are {', '.join(f'`{name}`' for name, _ in parts)}",) if parts else (
            "only a primitive's instance has weights of its own; label the primitive",)
        raise fault("E0604", f"`{label}` has no weight `{node.name}`", scope, node, help=help)
    return elaborator.box(WeightOf(node.name), (), found, scope.span(node), instance)


def arguments_as_substitution(operation: Use) -> Substitution:
    """The arguments of a use, put for the generics of its definition."""
    substitution = Substitution(dims=dict(operation.arguments.get("", {})))
    for generic in operation.definition.generics:
        entry = generic.entry
        value = operation.arguments[entry.name]
        if isinstance(entry, DimEntry):
            [rigid] = dims.variables(entry.value)
            substitution.dims[rigid] = value
        elif isinstance(entry, ObjectVariableEntry):
            substitution.objects[entry.variable] = value
            solution = entry.variable.solution
            if solution is not None:
                from catlang.objects.colour import axes_of, resolve

                substitution.runs[solution.axes[0]] = axes_of(resolve(value))  # type: ignore[attr-defined]
        elif isinstance(entry, RunEntry):
            substitution.runs[entry.run] = value
    return substitution


def frozen(elaborator: Elaborator, entry: FrozenEntry, span: Span) -> Value:
    """A frozen weight of the file; one instance, wherever it is named."""
    if entry.object is None:
        entry.object = colour(entry.node.type, entry.module.scope)
    return elaborator.box(FrozenWeight(entry), (), entry.object, span)


def along(elaborator: Elaborator, node: tree.Along, value: Value, scope: Scope) -> Value:
    """``f along r``: the weights of ``f`` are ``r`` of other ones."""
    body, label = node.body, None
    if isinstance(body, tree.Labelled) and not isinstance(node.map, tree.Labelled):
        body, label = body.body, body.label
    is_copy = isinstance(node.map, tree.Name) and node.map.text == "copy"
    if isinstance(body, tree.Binary) and body.operator == "^":
        if not is_copy:
            raise fault("E0605", "the copies of `f^n` are tied along `copy`, and nothing else", scope, node.map,
                        help=("write `along copy`",))
        return elaborator.repeat(body, value, scope, label, tied=True)
    if not is_single(body, scope):
        raise fault("E0607", "`along` takes one box on its left", scope, body,
                    help=("label the box and put the composite in a morphism of its own",))
    elaborator.latest = None
    result = apply(elaborator, body, value, scope, label)
    instance = elaborator.latest
    if instance is None or not isinstance(instance.operation, Use):
        raise fault("E0607", "there are no weights here to compute", scope, body, "no learned box of its own")
    if instance.reparameterisation is not None or instance.tied:
        raise fault("E0605", "these weights are already computed along a map", scope, node)
    operation = instance.operation
    if is_copy:
        if not _is_power(operation):
            raise fault("E0605", "`copy` ties the copies of `f^n`, and this is no `f^n`", scope, node.map,
                        help=(f"`{scope.span(body).text}^n along copy` gives n copies one set of weights",))
        instance.tied = True
        return result
    substitution = arguments_as_substitution(operation)
    parts = [(name, substitution.object(obj)) for name, obj in operation.definition.weights]
    if not parts:
        raise fault("E0607", f"`{operation.definition.name}` has no weights of its own", scope, body,
                    help=("`along` reparameterises a primitive; in a morphism, reparameterise the boxes inside",))
    target = product([obj for _, obj in parts])

    def make(inputs: Value) -> Value:
        found = elaborator.morphism(node.map, inputs, scope)
        elaborator.join(target, found, Joint("weights", node.map, None, scope))
        return elaborator.shaped(found, target, scope.span(node.map))

    pattern = node.map.pattern if isinstance(node.map, tree.Lambda) else None
    names = _pattern_names(pattern)
    domain: Object = ObjectVariable("_", flexible=True)
    if len(names) > 1:
        domain = product([ObjectVariable("_", flexible=True) for _ in names])
    instance.reparameterisation = elaborator.inner("along", domain, scope.span(node.map), make, transparent=False)
    instance.parts = names
    for name in names:
        check_label(elaborator, name, scope.span(node.map))
    return result


def _pattern_names(pattern: tree.Node | None) -> list[str]:
    if isinstance(pattern, tree.Name):
        return [pattern.text]
    if isinstance(pattern, tree.Typed):
        return [pattern.name]
    if isinstance(pattern, tree.Tuple):
        return [name for item in pattern.items for name in _pattern_names(item)] or ["base"]
    return ["base"]


def _is_power(operation: Use) -> bool:
    """Whether all the weights of a definition are those of one ``f^n``."""
    diagram = operation.definition.diagram
    return diagram is not None and len(diagram.instances) == 1 and all(
        isinstance(instance.operation, Repeat) for instance in diagram.instances.values())


def initialised(elaborator: Elaborator, node: tree.Initialised, value: Value, scope: Scope) -> Value:
    """``f init normal(0, 0.02)``"""
    for initialiser in node.initialisers:
        check_initialiser(initialiser, scope)
    elaborator.latest = None
    result = elaborator.morphism(node.body, value, scope)
    instance = elaborator.latest
    if instance is None or not isinstance(instance.operation, Use) or not instance.operation.definition.weights:
        raise fault("E0607", "there are no weights here to initialise", scope, node.body,
                    help=("`init` stands behind one learned primitive",))
    known = instance.parts or [name for name, _ in instance.operation.definition.weights]
    for initialiser in node.initialisers:
        if initialiser.weight is not None and initialiser.weight not in known:
            near = nearest(initialiser.weight, known)
            raise fault("E0604", f"there is no weight `{initialiser.weight}` here", scope, initialiser,
                        help=(f"did you mean `{near}`?",) if near else ())
        numbers = [constant(argument, scope, _REAL) for argument in initialiser.arguments]
        instance.initialisers.append((initialiser.weight, initialiser.name, numbers))
    return result


def check_initialiser(initialiser: tree.Initialiser, scope: Scope) -> None:
    if initialiser.name not in INITIALISERS:
        near = nearest(initialiser.name, INITIALISERS)
        raise fault("E0608", f"there is no initialiser `{initialiser.name}`", scope, initialiser,
                    help=(f"did you mean `{near}`?" if near else
                          f"there are {', '.join(f'`{name}`' for name in sorted(INITIALISERS))}",))
    wanted = INITIALISERS[initialiser.name]
    if len(initialiser.arguments) != wanted:
        raise fault("E0608", f"`{initialiser.name}` takes {_number(wanted)}, {len(initialiser.arguments)} given", scope,
                    initialiser)


from catlang.checker.entry import Constant as _Constant  # noqa: E402

_REAL = _Constant("value", "real", (), None)


# ------------------------------------------------------------------ holes


def hole(elaborator: Elaborator, node: tree.Node, source: Object, target: Object, scope: Scope) -> Diagnostic:
    """What a hole stands for, and what in scope would fit."""
    fits: list[str] = []
    names: set[str] = set()
    for name, entry in scope.all():
        if name in names or not isinstance(entry, Definition) or entry is elaborator.definition:
            continue
        names.add(name)
        entry.module.header(entry)
        if entry.state == "broken" or entry.parameters or entry.module.is_prelude and entry.module is not elaborator.module:
            continue
        try:
            _, substitution = instantiate(entry, [], scope, None)
        except Fault:
            continue
        if elaborator.unifier.fits([(substitution.object(entry.domain), source),
                                    (substitution.object(entry.codomain), target)]):
            fits.append(name)
    text = f"{show(source)} -> {show(target)}"
    if source == product(()):
        text = show(target)
    help = (f"{', '.join(f'`{name}`' for name in sorted(fits)[:5])} would fit",) if fits else ()
    return Diagnostic("E0207", f"a hole of type `{text}`", [Label(scope.span(node), "to be filled")], help=help)


__all__ = ["Call", "Fault", "along", "apply", "fresh", "initialised", "instantiate"]
