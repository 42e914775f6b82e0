"""Bodies: expressions elaborated to diagrams.

A morphism expression is *applied*: given the value at its input, it adds boxes to the diagram being built and returns
the value at its output. Types flow with the wires and are unified as they meet; what is left open at the end of a body
is a mistake. Inside a lambda an expression may be an *element*, which is a value without an input.

One mistake gives one message: where two colours do not match, the wire goes on with the colour that was promised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from catlang import dims
from catlang.checker import representable
from catlang.checker.conditions import Conditions
from catlang.checker.element import element
from catlang.checker.entry import Definition, ElementEntry, Formal, FormalEntry
from catlang.checker.labels import unlabelled
from catlang.checker.lengths import check_lengths
from catlang.checker.mismatch import Joint, report
from catlang.checker.morphism import MORPHISMS
from catlang.checker.scope import Scope, fault, shortened
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import (
    Box,
    Diagram,
    Instance,
    Operation,
    Split,
    Value,
    Wire,
    call,
    fresh,
    object_of,
    wires,
)
from catlang.objects.colour import UNKNOWN, Object, ObjectVariable, Product, Unknown, dims_of, resolve
from catlang.objects.unify import Mismatch, Unifier
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.module import Module


class Elaborator:
    """Elaborates one definition's body; holds what is common to all of it."""

    def __init__(self, module: Module, definition: Definition, check: Callable[[Definition], None]) -> None:
        self.module = module
        self.definition = definition
        self.check = check
        self.unifier = Unifier([*module.assumed(), *definition.where])
        self.conditions = Conditions(self)
        self.diagram: Diagram = Diagram(definition.name, (), None, definition.span)
        self.counts: dict[Diagram, dict[str, int]] = {}
        self.labels: dict[str, list[tuple[Diagram, Span]]] = {}
        self.pending: list[Callable[[], None]] = []
        self.before: tree.Node | None = None
        self.made_by: dict[Wire, Box] = {}
        self.element_wires: dict[Wire, Formal] = {}
        self.weight_wires: set[Wire] = set()
        self.latest: Instance | None = None
        # Those that are called by what they are.
        self.unlabelled: set[Instance] = set()
        self.spoilt: set[dims.Variable] = set()
        self.label_span: Span | None = None
        self.eaches = 0
        # The lengths of lists that were opened, and where: they may be any.
        self.opened: dict[dims.Variable, Span] = {}
        # Those of which was told that they may not be any after all.
        self.bounded: set[dims.Variable] = set()
        # Whether something in it is a fixed point or a morphism, which not everything can hold.
        self.recursive = representable.mentioned(definition)

    # ---------------------------------------------------------------- the body as a whole

    def body(self, node: tree.Node) -> Diagram:
        """The definition's diagram; its inputs are the element parameters and then the domain."""
        definition = self.definition
        scope = Scope(definition.scope, self.module.source)
        elements: list[Value] = []
        for formal in definition.parameters:
            if formal.codomain is None:
                value = fresh(formal.domain, formal.span)
                elements.append(value)
                self.element_wires.update((wire, formal) for wire in wires(value))
                call(value, formal.name)
                scope.names[formal.name] = ElementEntry(formal.name, formal.span, value)
            else:
                scope.names[formal.name] = FormalEntry(formal.name, formal.span, formal)
        value = fresh(definition.domain, self.span(definition.node.type.domain, scope))
        inputs = (*elements, value) if elements else value
        self.diagram = Diagram(definition.name, inputs, None, definition.span)
        result = self.morphism(node, value, scope)
        self.join(definition.codomain, result, Joint("result", node, definition.node.type.codomain, scope,
                                                     told=definition.told))
        self.diagram.outputs = self.shaped(result, definition.codomain, scope.span(node))
        self.finish()
        for entry in scope.names.values():
            if isinstance(entry, FormalEntry | ElementEntry) and not entry.used and not scope.allows(
                    "E0205", entry.span):
                self.module.bag.add(Diagnostic("E0205", f"the parameter `{entry.name}` of `{definition.name}` is never "
                                               "used", [Label(entry.span, "has no effect")], help=("remove it",)))
        return self.diagram

    def finish(self) -> None:
        """Settles what was put off: equations, literals, conditions."""
        for failed, joint in self.unifier.retry():
            self.spoil(joint.wanted, joint.found)
            self.module.bag.add(report(joint, failed, self))
        for late in self.pending:
            late()
        for one, other, joint in self.unifier.postponed:
            left, right = dims.resolve(one), dims.resolve(other)
            if self.spoilt & {*dims.flexible_variables(left), *dims.flexible_variables(right)}:
                continue
            self.module.bag.add(Diagnostic(
                "E0404", f"the size in `{dims.show(left)} == {dims.show(right)}` cannot be inferred",
                [Label(joint.span, "it is left open here")], help=("give the size in brackets",)))
        self.conditions.settle()
        check_lengths(self, self.diagram)
        representable.represented(self)

    def span(self, node: tree.Node, scope: Scope) -> Span:
        return Span(scope.source, node.start, node.end)

    # ---------------------------------------------------------------- joining

    def join(self, wanted: Object, value: Value, joint: Joint) -> bool:
        """Unifies what is wanted with what a value has; a mismatch is told, and then passed over."""
        self.unifier.context = joint
        joint.wanted, joint.found = wanted, object_of(value)
        try:
            self.unifier.unify(wanted, joint.found)
        except Mismatch as mismatch:
            self.module.bag.add(report(joint, mismatch, self))
            self.spoil(joint.wanted, joint.found)
            return False
        return True

    def spoil(self, *objects: Object | None) -> None:
        """Sizes that are open in objects that did not match may stay open: that is no mistake more."""
        for obj in objects:
            for size in dims_of(resolve(obj)) if obj is not None else ():
                self.spoilt.update(dims.flexible_variables(dims.resolve(size)))

    def box(self, operation: Operation, inputs: Value, codomain: Object, span: Span,
            instance: Instance | None = None) -> Value:
        """Adds a box and returns its output."""
        outputs = fresh(codomain, span)
        self._add(Box(operation, inputs, outputs, instance, span))
        return outputs

    def _add(self, box: Box) -> None:
        self.diagram.boxes.append(box)
        self.made_by.update((wire, box) for wire in wires(box.outputs))

    def components(self, value: Value, count: int, span: Span) -> tuple[Value, ...] | None:
        """The parts of a value that is to be a product of ``count``; None where it is none."""
        if isinstance(value, Wire):
            obj = resolve(value.object)
            if isinstance(obj, Unknown):
                return tuple(Wire(UNKNOWN, span) for _ in range(count))
            if count == 1:
                return (value,)
            parts = Product(tuple(ObjectVariable("_", flexible=True) for _ in range(count)))
            try:
                self.unifier.unify(parts, obj)
            except Mismatch:
                return None
            split = tuple(fresh(item, value.span) for item in parts.items)
            self._add(Box(Split(), value, split, None, span))
            return split
        if len(value) != count:
            return (value,) if count == 1 else None
        return value

    def shaped(self, value: Value, obj: Object, span: Span) -> Value:
        """The value with its wires taken apart wherever the object is a product."""
        obj = resolve(obj)
        if isinstance(obj, Product) and isinstance(value, Wire):
            if not obj.items:
                return ()
            parts = self.components(value, len(obj.items), span)
            return value if parts is None else tuple(
                self.shaped(part, item, span) for part, item in zip(parts, obj.items, strict=True))
        if isinstance(obj, Product) and len(obj.items) == len(value):  # type: ignore[arg-type]
            return tuple(self.shaped(part, item, span) for part, item in zip(value, obj.items, strict=True))  # type: ignore[arg-type]
        return value

    def inner(self, name: str, domain: Object, span: Span, make: Callable[[Value], Value],
              transparent: bool) -> Diagram:
        """A diagram held by a box: built by ``make`` from its input."""
        outer = self.diagram
        inputs = fresh(domain, span)
        self.diagram = Diagram(name, inputs, outer.scope if transparent else None, span, outer)
        try:
            self.diagram.outputs = make(inputs)
            return self.diagram
        finally:
            self.diagram = outer

    # ---------------------------------------------------------------- instances

    def instance(self, name: str, label: str | None, operation: Operation, span: Span,
                 scope: Diagram | None = None) -> Instance:
        """A new instance, named by its label or by what it is and its ordinal among equals."""
        owner = scope if scope is not None else self.diagram.scope
        if label is None:
            counts = self.counts.setdefault(owner, {})
            number = counts.get(name, 0)
            counts[name] = number + 1
            label = f"{name}_{number}"
            if label in owner.instances:
                raise unlabelled(label, owner.instances[label].span, span)
            made = self.latest = Instance(label, operation, span)
            self.unlabelled.add(made)
        else:
            made = self.latest = Instance(label, operation, span)
        owner.instances[label] = made
        return made

    def newest(self, make: Callable[[], Value]) -> tuple[Value, Instance | None]:
        """What ``make`` returns, and the instance it made last, if it made any."""
        self.latest = None
        return make(), self.latest

    def find_instance(self, name: str) -> Instance | None:
        """The instance with this label in this scope or one around it."""
        diagram: Diagram | None = self.diagram
        while diagram is not None:
            found = diagram.scope.instances.get(name)
            if found is not None:
                return found
            diagram = diagram.scope.parent
        return None

    # ---------------------------------------------------------------- morphisms

    def morphism(self, node: tree.Node, value: Value, scope: Scope) -> Value:
        """Applies a morphism expression to a value."""
        method = MORPHISMS.get(type(node))
        if method is None:
            raise fault("E0307", f"`{shortened(scope, node)}` is no morphism", scope, node)
        return method(self, node, value, scope)

    # ---------------------------------------------------------------- elements

    def element(self, node: tree.Node, scope: Scope) -> Value:
        """The value of an element expression."""
        return element(self, node, scope)
