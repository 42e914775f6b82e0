"""A definition at its arguments, applied in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker import lifting, recursion, representable
from catlang.checker.arguments import counted, generics_in, instantiate
from catlang.checker.colours import measured
from catlang.checker.conditions import impossible
from catlang.checker.constancy import depends_on_data
from catlang.checker.entry import (
    Constant,
    Definition,
    DimEntry,
    Formal,
    ObjectVariableEntry,
    RunEntry,
)
from catlang.checker.form import is_single
from catlang.checker.labels import check_label, clash, labelled_at, named_so, no_copies
from catlang.checker.mismatch import Joint, previous
from catlang.checker.scope import Fault, Scope, fault
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import (
    Diagram,
    Instance,
    Use,
    Value,
    fresh,
    object_of,
)
from catlang.dims import Variable
from catlang.dims.constraint import Constraint
from catlang.objects.colour import REAL, UNKNOWN, Object, Run, Unknown, array, power, product, resolve, show
from catlang.objects.functor import Fixed
from catlang.objects.substitution import Substitution
from catlang.objects.unify import Mismatch
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


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
        value, lengths = lifting.opened(self, value, generics, substitution)
        spoilt = isinstance(resolve(object_of(value)), Unknown)
        if not elaborator.join(substitution.object(definition.domain), value,
                               Joint("input", None, target, scope, before)) or spoilt:
            return self._unjoined(substitution, generics, label)
        value = elaborator.shaped(value, substitution.object(definition.domain), self.span)
        recursion.find_functors(self, generics)
        representable.carrier(self, generics)
        bodies, elements = self._parameters(substitution, generics)
        if shared is not None:
            # One instance has one set of bodies.
            bodies = shared.operation.bodies if isinstance(shared.operation, Use) else bodies
        # A choice left to a param of the file, or to a generic, may be any of its own.
        conditions = [*definition.where, *definition.inferred, *(
            condition for name, value, condition in definition.guarded if value in _choices(generics[name]))]
        if definition.module is not elaborator.module:
            # What its file assumes of its dims must hold of the sizes given for them.
            conditions += definition.module.hypotheses
        for condition in conditions:
            try:
                needed = Constraint(condition.relation, substitution.dim(condition.left),
                                    substitution.dim(condition.right))
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
            instance = elaborator.instance(definition.label, label, operation, self.span)
            instance.given = self.arguments
        if elements:
            value = (*elements, value)
        try:
            codomain = substitution.object(definition.codomain)
        except ZeroDivisionError:
            raise fault("E0407", f"`{definition.name}` divides by zero at these sizes", scope, self.node) from None
        codomain = recursion.result(self, generics, codomain)
        if elaborator.recursive or isinstance(codomain, Fixed):
            measured(resolve(codomain))
        made = elaborator.box(operation if shared is None else shared.operation, value, codomain, self.span, instance)
        return lifting.closed(self, made, lengths) if lengths else made

    def _unjoined(self, substitution: Substitution, generics: dict[str, Any], label: str | None) -> Value:
        """What comes out where what came in did not fit, or was a mistake before: what was promised, or, where that
        depends on what came in, something that is nobody's mistake any more."""
        definition, conditions = self.definition, self.elaborator.conditions
        if label is not None and definition.learned and label not in self.elaborator.diagram.scope.instances:
            self.elaborator.instance(definition.label, label, Use(definition, generics, {}), self.span)
        conditions.sizes = [size for size in conditions.sizes if size[1] != self.span]
        codomain = substitution.object(definition.codomain)
        if definition.parameters or generics_in(definition.domain) & generics_in(definition.codomain):
            codomain = UNKNOWN
        codomain = resolve(codomain)
        return fresh(UNKNOWN if codomain.open else codomain, self.span)

    def _known(self) -> None:
        """The definition's type must be known, and what its body needs; a circle of definitions is told here."""
        definition = self.definition
        definition.module.header(definition)
        if definition.state == "open":
            raise Fault(Diagnostic("E0206", f"`{definition.name}` is defined by itself", [
                Label(self.scope.span(self.head), "leads back to it"),
                *([Label(definition.span, "defined here", False)]
                  if definition.span.source is self.scope.source else [])],
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
        shared = named_so(elaborator, label, span)
        if shared is None:
            check_label(elaborator, label, span)
            if not self.definition.learned:
                return None
            no_copies(elaborator, label, span)
            return None
        operation = shared.operation
        if not isinstance(operation, Use) or operation.definition is not self.definition:
            raise clash(label, shared, span)
        if any(formal.codomain is not None for formal in self.definition.parameters) and (
                shared.given is not self.arguments):
            raise Fault(Diagnostic("E0601", f"two mentions under the label `{label}` are given morphisms", [
                Label(span, "here"), *([Label(shared.span, "and here", False)] if shared.span else [])],
                why=("an instance has one set of morphism arguments",),
                help=(f"name it once, `let {label} = ... in`, and mention `{label}` twice",)))
        return shared

    def _arguments(self, shared: Instance | None) -> tuple[dict[str, Any], Substitution]:
        elaborator, definition = self.elaborator, self.definition
        generics, substitution = instantiate(definition, self.brackets, self.scope, self.given, self.node)
        recursion.unbounded(definition, generics)
        if shared is not None:
            assert isinstance(shared.operation, Use)
            for name, value in shared.operation.arguments.items():
                if name:
                    self._same(name, generics.get(name), value, shared)
        for generic in definition.generics:
            entry = generic.entry
            if isinstance(entry, ObjectVariableEntry) and entry.variable.shape is not None:
                self._numbers(entry, generics[entry.name], substitution)
            if isinstance(entry, DimEntry):
                value = generics[entry.name]
                if isinstance(value, dims.Poly):
                    for variable in dims.variables(value):
                        if variable.flexible:
                            elaborator.conditions.size(variable, self.span, definition.name, entry.name)
            elif isinstance(entry, RunEntry):
                elaborator.conditions.runs += [axis for axis in generics[entry.name] if isinstance(axis, Run)]
        return generics, substitution

    def _numbers(self, entry: ObjectVariableEntry, given: Object, substitution: Substitution) -> None:
        """An object given for a generic that the body uses as numbers must be an array."""
        run = entry.variable.shape
        assert run is not None
        if run not in substitution.runs:
            substitution.runs[run] = (Run(entry.name, flexible=True),)
        try:
            self.elaborator.unifier.unify(power(REAL, substitution.runs[run]), given)
        except Mismatch:
            raise fault("E0504", f"`{entry.name}` of `{self.definition.name}` is used as numbers, `{show(given)}` is "
                        "none", self.scope, self.node, help=("give an array, `R[...]`",)) from None

    def _same(self, name: str, mine: Any, theirs: Any, shared: Instance) -> None:
        """A shared instance has one set of arguments."""
        try:
            if isinstance(mine, Object):
                self.elaborator.unifier.unify(mine, theirs)
            elif isinstance(mine, int | dims.Poly) and not isinstance(mine, bool):
                self.elaborator.unifier.dims(mine, theirs)
            elif isinstance(mine, tuple):
                self.elaborator.unifier.unify(array(*mine), array(*theirs))
            elif mine != theirs:
                raise Mismatch(f"`{mine}` is not `{theirs}`")
        except Mismatch as mismatch:
            raise Fault(Diagnostic("E0601", f"the two instances under one label differ in `{name}`", [
                Label(self.span, "here"), *([Label(shared.span, "and here", False)] if shared.span else [])],
                why=(str(mismatch), "one label is one instance, with one set of weights"),
                help=("give them two labels",))) from None

    def _parameters(self, substitution: Substitution,
                    generics: dict[str, Any]) -> tuple[dict[str, Diagram], list[Value]]:
        """The diagrams for morphism parameters and the values for element parameters."""
        definition, scope = self.definition, self.scope
        if len(self.arguments) != len(definition.parameters):
            wanted = ", ".join(f"`{formal.name} : {_formal_type(formal)}`" for formal in definition.parameters)
            raise fault("E0505" if len(self.arguments) < len(definition.parameters) else "E0506",
                        f"`{definition.name}` takes {counted(len(definition.parameters))}, {len(self.arguments)} given",
                        scope, self.node, help=(f"it takes {wanted}, in parentheses",) if wanted else ())
        bodies: dict[str, Diagram] = {}
        elements: list[Value] = []
        for formal, node in zip(definition.parameters, self.arguments, strict=True):
            domain = substitution.object(formal.domain)
            if formal.codomain is None:
                value = self.elaborator.element(node, scope)
                self.elaborator.join(domain, value, Joint("element", node, None, scope, name=formal.name))
                if formal.constant and depends_on_data(self.elaborator, value):
                    raise fault("E0611", f"weights of `{definition.name}` are computed from `{formal.name}`, and this "
                                "depends on the data", scope, node, "only weights and constants may be given here")
                elements.append(value)
                continue
            bodies[formal.name] = self._body(formal, node, domain, substitution.object(formal.codomain), generics)
        return bodies, elements

    def _body(self, formal: Formal, node: tree.Node, domain: Object, codomain: Object,
              generics: dict[str, Any]) -> Diagram:
        elaborator, scope = self.elaborator, self.scope
        transparent = self.definition.primitive and self.definition.copies is None
        lifted = int(self.definition.structural and self.definition.name == "each")

        def make(inputs: Value) -> Value:
            previous(elaborator, None)
            errors = elaborator.module.bag.errors
            elaborator.eaches += lifted
            result = elaborator.morphism(node, inputs, scope)
            elaborator.eaches -= lifted
            wanted = recursion.machine(self, generics, codomain, result)
            if elaborator.module.bag.errors > errors and is_single(node, scope):
                # A name that takes something else need not give what is wanted: that is one mistake.
                result = fresh(wanted, scope.span(node))
            elaborator.join(wanted, result, Joint("argument", node, None, scope, name=formal.name,
                                                     owner=self.definition.name))
            return elaborator.shaped(result, wanted, scope.span(node))

        return elaborator.inner(formal.name, domain, scope.span(node), make, transparent)


def _false(constraint: Constraint) -> bool:
    """Whether it is false as it stands: no sizes are left open in it."""
    try:
        constraint = constraint.resolve()
        return not constraint.variables() and not constraint.holds({})
    except ZeroDivisionError:
        return False


def _formal_type(formal: Formal) -> str:
    return show(formal.domain) if formal.codomain is None else f"{show(formal.domain)} -> {show(formal.codomain)}"


def _choices(given: Any) -> tuple[str, ...]:
    """What a choice may be."""
    return given.choices if isinstance(given, Constant) else (given,)
