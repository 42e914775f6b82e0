"""Bodies: expressions elaborated to diagrams.

A morphism expression is *applied*: given the value at its input, it adds boxes to the diagram being built and returns the
value at its output. Types flow with the wires and are unified as they meet; what is left open at the end of a body is a
mistake. Inside a lambda an expression may be an *element*, which is a value without an input.

One mistake gives one message: where two colours do not match, the wire goes on with the colour that was promised.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker import shuffle, use
from catlang.checker.conditions import Conditions
from catlang.checker.entry import (
    Definition,
    ElementEntry,
    Entry,
    FormalEntry,
    FrozenEntry,
    LaterEntry,
    LocalEntry,
    ModuleEntry,
    ObjectEntry,
)
from catlang.checker.kinds import colour, dim, enormous, fault, member
from catlang.checker.mismatch import Joint, report
from catlang.checker.scope import Fault, Scope, bad_name, expected, lookup
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import (
    Box,
    CaseOf,
    Diagram,
    Group,
    Instance,
    Literal,
    Operation,
    Repeat,
    Split,
    Value,
    Wire,
    call,
    fresh,
    object_of,
    wires,
)
from catlang.objects.colour import (
    MOST_PARTS,
    REAL,
    UNKNOWN,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    Unknown,
    dims_of,
    power,
    resolve,
    show,
)
from catlang.objects.unify import Mismatch, Unifier
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.module import Module

#: How often ``f^n`` may repeat.
MOST_REPEATS = 100_000
#: How many ``let`` and lambdas may lie around one another: each look-up goes through them all.
MOST_SCOPES = 500


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
        self.latest: Instance | None = None
        self.open_sizes: list[tuple[dims.Variable, Span, str]] = []
        self.spoilt: set[dims.Variable] = set()
        self.label_span: Span | None = None

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
                call(value, formal.name)
                scope.names[formal.name] = ElementEntry(formal.name, formal.span, value)
            else:
                scope.names[formal.name] = FormalEntry(formal.name, formal.span, formal)
        value = fresh(definition.domain, self.span(definition.node.type.domain, scope))
        inputs = (*elements, value) if elements else value
        self.diagram = Diagram(definition.name, inputs, None, definition.span)
        result = self.morphism(node, value, scope)
        self.join(definition.codomain, result, Joint("result", node, definition.node.type.codomain, scope))
        self.diagram.outputs = self.shaped(result, definition.codomain, scope.span(node))
        self.finish()
        for entry in scope.names.values():
            if isinstance(entry, FormalEntry | ElementEntry) and not entry.used:
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
        for left, right, joint in self.unifier.postponed:
            if self.spoilt & {*dims.flexible_variables(dims.resolve(left)), *dims.flexible_variables(dims.resolve(right))}:
                continue
            self.module.bag.add(Diagnostic(
                "E0404", f"the size in `{dims.show(dims.resolve(left))} == {dims.show(dims.resolve(right))}` cannot be inferred",
                [Label(joint.span, "it is left open here")], help=("give the size in brackets",)))
        self.conditions.settle()

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
        self.diagram.boxes.append(Box(operation, inputs, outputs, instance, span))
        return outputs

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
            self.diagram.boxes.append(Box(Split(), value, split, None, span))
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

    def inner(self, name: str, domain: Object, span: Span, make: Callable[[Value], Value], transparent: bool) -> Diagram:
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
        made = self.latest = Instance(label, operation, span)
        owner.instances[label] = made
        return made

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
        method = _MORPHISMS.get(type(node))
        if method is None:
            raise fault("E0307", f"`{_short(scope, node)}` is no morphism", scope, node)
        return method(self, node, value, scope)

    def _compose(self, node: tree.Compose, value: Value, scope: Scope) -> Value:
        before = outer = use.previous(self, None)
        for part in node.parts:
            use.previous(self, before)
            value = self.morphism(part, value, scope)
            before = part
        use.previous(self, outer)
        return value

    def _times(self, node: tree.Times, value: Value, scope: Scope) -> Value:
        parts = self.components(value, len(node.items), scope.span(node))
        if parts is None:
            raise fault("E0303", f"`*` puts {len(node.items)} morphisms beside each other, what comes in is "
                        f"`{show(object_of(value))}`", scope, node, f"wants a product of {len(node.items)}",
                        ("`(f, g)` gives one input to both",))
        use.previous(self, None)
        return tuple(self.morphism(item, part, scope) for item, part in zip(node.items, parts, strict=True))

    def _tuple(self, node: tree.Tuple, value: Value, scope: Scope) -> Value:
        before = use.previous(self, None)
        made = []
        for item in node.items:
            if isinstance(item, tree.Typed | tree.Named):
                raise fault("E0307", "a named part has no place in a pairing", scope, item)
            use.previous(self, before)
            made.append(self.morphism(item, value, scope))
        return self._paired(tuple(made), node, scope)

    def _paired(self, parts: tuple[Value, ...], node: tree.Node, scope: Scope) -> Value:
        if len(wires(parts)) > MOST_PARTS:
            raise enormous(scope, node)
        return parts

    def _case(self, node: tree.Case, value: Value, scope: Scope) -> Value:
        return self._branches(node.items, value, scope, node, together=True)

    def _plus(self, node: tree.Plus, value: Value, scope: Scope) -> Value:
        return self._branches(node.items, value, scope, node, together=False)

    def _branches(self, items: list[tree.Node], value: Value, scope: Scope, node: tree.Node, together: bool) -> Value:
        """``[f, g] : A + B -> C`` (``together``) and ``f + g : A + B -> C + D``."""
        domains = tuple(ObjectVariable("_", flexible=True) for _ in items)
        self.join(Sum(domains), value, Joint("input", None, node, scope, use.previous(self, None)))
        branches: list[Diagram] = []
        results: list[Object] = []
        for place, (item, domain) in enumerate(zip(items, domains, strict=True)):
            branch = self.inner(f"branch{place}", domain, scope.span(item),
                                lambda inputs, item=item: self.morphism(item, inputs, scope), transparent=True)
            if together and results:
                self.join(results[0], branch.outputs, Joint("branch", item, items[0], scope))
            results.append(object_of(branch.outputs))
            branches.append(branch)
        result = results[0] if together else Sum(tuple(results))
        return self.box(CaseOf(branches), value, result, scope.span(node))

    def _binary(self, node: tree.Binary, value: Value, scope: Scope) -> Value:
        if node.operator != "^":
            name = {"-": "sub", "/": "div"}.get(node.operator)
            pair = f"({_short(scope, node.left)}, {_short(scope, node.right)}) >> {name}"
            raise fault("E0307", f"`{node.operator}` is no operation on morphisms", scope, node,
                        help=(f"write `{pair}`",) if name else ())
        return self.repeat(node, value, scope, None)

    def repeat(self, node: tree.Binary, value: Value, scope: Scope, label: str | None, tied: bool = False) -> Value:
        """``f^n``"""
        count = dim(node.right, scope)
        if isinstance(count, int) and count > MOST_REPEATS:
            raise fault("E0409", f"this repeats {count} times", scope, node.right, f"at most {MOST_REPEATS}")
        if isinstance(count, int) and count < 0:
            raise fault("E0405", f"this repeats {count} times", scope, node.right, "at least 0 times")
        domain = object_of(value)
        name = self.label(label, scope.span(node))
        before = use.previous(self, None)
        fine = True

        def make(inputs: Value) -> Value:
            use.previous(self, before)
            result = self.morphism(node.left, inputs, scope)
            nonlocal fine
            fine = self.join(domain, result, Joint("repeat", node.left, node, scope))
            return result

        body = self.inner("power", domain, scope.span(node.left), make, transparent=False)
        operation = Repeat(body, count, tied)
        instance = self.instance("power", name, operation, scope.span(node))
        return self.box(operation, value, object_of(body.outputs) if fine else UNKNOWN, scope.span(node), instance)

    def label(self, label: str | None, span: Span) -> str | None:
        """A label that may name a new instance; told where it may not."""
        if label is None:
            return None
        span = use.labelled_at(self, span)
        use.check_label(self, label, span)
        if label in self.diagram.scope.instances:
            other = self.diagram.scope.instances[label]
            raise Fault(Diagnostic("E0601", f"the label `{label}` already names something else", [
                Label(span, "used again here"), *([Label(other.span, "first here", False)] if other.span else [])],
                help=("a group or a power cannot be shared by its label; name it with `let`",)))
        return label

    def _group(self, node: tree.Node, value: Value, scope: Scope, label: str) -> Value:
        """A composite under a label: an instance that holds the instances in it."""
        name = self.label(label, scope.span(node))
        before = use.previous(self, None)

        def make(inputs: Value) -> Value:
            use.previous(self, before)
            return self.morphism(node, inputs, scope)

        body = self.inner(label, object_of(value), scope.span(node), make, transparent=False)
        operation = Group(body)
        instance = self.instance(label, name, operation, scope.span(node))
        return self.box(operation, value, object_of(body.outputs), scope.span(node), instance)

    def _labelled(self, node: tree.Labelled, value: Value, scope: Scope) -> Value:
        self.label_span = use.label_span(node, scope)
        return self.named(node.body, node.label, value, scope, node)

    def named(self, body: tree.Node, label: str, value: Value, scope: Scope, node: tree.Node) -> Value:
        """Applies what a label names: one definition, a power, or a group."""
        if isinstance(body, tree.Binary) and body.operator == "^":
            return self.repeat(body, value, scope, label)
        if use.is_single(body, scope):
            return use.apply(self, body, value, scope, label=label)
        return self._group(body, value, scope, label)

    def _use(self, node: tree.Node, value: Value, scope: Scope) -> Value:
        return use.apply(self, node, value, scope)

    def _lambda(self, node: tree.Lambda, value: Value, scope: Scope) -> Value:
        inside = Scope(scope, scope.source)
        use.previous(self, None)
        self.bind(node.pattern, value, inside)
        return self.element(node.body, inside)

    def bind(self, pattern: tree.Node, value: Value, scope: Scope) -> None:
        """Binds the names of a pattern to the parts of a value."""
        if isinstance(pattern, tree.Wildcard):
            return
        if isinstance(pattern, tree.Typed):
            wanted = colour(pattern.type, scope)
            self.join(wanted, value, Joint("pattern", None, pattern, scope))
            span = Span(scope.source, pattern.name_start, pattern.name_start + len(pattern.name))
            return self._variable(pattern.name, span, value, scope)
        if isinstance(pattern, tree.Name):
            return self._variable(pattern.text, scope.span(pattern), value, scope)
        if isinstance(pattern, tree.Tuple):
            parts = self.components(value, len(pattern.items), scope.span(pattern))
            if parts is None and not pattern.items:
                parts = ()
            if parts is None:
                raise fault("E0303", f"the pattern has {len(pattern.items)} parts, what it takes apart is "
                            f"`{show(object_of(value))}`", scope, pattern,
                            f"wants a product of {len(pattern.items)}")
            for item, part in zip(pattern.items, parts, strict=True):
                self.bind(item, part, scope)

    def _variable(self, name: str, span: Span, value: Value, scope: Scope) -> None:
        self._fresh_name(name, span, scope)
        call(value, name)
        scope.names[name] = ElementEntry(name, span, value)

    def _fresh_name(self, name: str, span: Span, scope: Scope) -> None:
        """A local name may hide the library's, and no other."""
        bad = bad_name(name, span)
        if bad is not None:
            raise Fault(bad)
        if name in scope.names:
            raise Fault(Diagnostic("E0202", f"`{name}` is bound twice in this pattern", [
                Label(span, "again here"), Label(scope.names[name].span, "first here", False)]))
        hidden: Entry | None = None
        around: Scope | None = scope
        while around is not None:
            if around.source is not scope.source:
                break
            if name in around.names:
                hidden = around.names[name]
                break
            around = around.outer
        if hidden is not None and hidden.span.source is scope.source:
            raise Fault(Diagnostic("E0203", f"the variable `{name}` hides {hidden.called}", [
                Label(span, "hides the other"), Label(hidden.span, f"`{name}` is given its meaning here", False)],
                help=("choose another name",)))

    def _let(self, node: tree.Let, value: Value, scope: Scope) -> Value:
        inside = self.bindings(node, scope)
        result = self.morphism(node.body, value, inside)
        return result

    def bindings(self, node: tree.Let, scope: Scope) -> Scope:
        """The scope behind a ``let``: elements are computed once, morphisms are one instance each."""
        for binding in node.bindings:
            inside = Scope(scope, scope.source)
            if inside.depth > MOST_SCOPES:
                raise fault("E0106", f"more than {MOST_SCOPES} names are bound around this", scope, binding,
                            help=("move a part of the body into a morphism of its own",))
            if use.is_element(binding.value, scope):
                use.previous(self, None)
                self.bind(binding.pattern, self.element(binding.value, scope), inside)
            elif isinstance(binding.pattern, tree.Name):
                name = binding.pattern.text
                self._fresh_name(name, scope.span(binding.pattern), inside)
                use.check_label(self, name, scope.span(binding.pattern))
                inside.names[name] = LocalEntry(name, scope.span(binding.pattern), binding.value, scope, self.diagram.scope)
            else:
                raise fault("E0103", "a morphism is named by one name", scope, binding.pattern)
            scope = inside
        return scope

    def _number(self, node: tree.Number, value: Value, scope: Scope) -> Value:
        self.join(Product(()), value, Joint("input", None, node, scope, use.previous(self, None)))
        return self.literal(node.value, scope.span(node))

    def literal(self, number: int | float, span: Span) -> Value:
        """A number as an array of whatever shape it is used at; of none where nothing says."""
        run = Run("_", flexible=True)

        def default() -> None:
            if run.solution is None:
                run.solution = ()

        self.pending.append(default)
        return self.box(Literal(number), (), power(REAL, (run,)), span)

    def _along(self, node: tree.Along, value: Value, scope: Scope) -> Value:
        return use.along(self, node, value, scope)

    def _initialised(self, node: tree.Initialised, value: Value, scope: Scope) -> Value:
        return use.initialised(self, node, value, scope)

    def _shuffle(self, node: tree.Shuffle, value: Value, scope: Scope) -> Value:
        return shuffle.apply(self, node, value, scope)

    def _hole(self, node: tree.Hole, value: Value, scope: Scope) -> Value:
        """``...``: says what would fit, and joins everything."""
        result = fresh(ObjectVariable("_", flexible=True), scope.span(node))
        self.pending.append(lambda: self.module.bag.add(use.hole(self, node, object_of(value), object_of(result), scope)))
        return result

    def _prefix(self, node: tree.Prefix, value: Value, scope: Scope) -> Value:
        if node.operator == "-" and isinstance(node.body, tree.Number):
            self.join(Product(()), value, Joint("input", None, node, scope, use.previous(self, None)))
            return self.literal(-node.body.value, scope.span(node))
        raise fault("E0307", f"`{node.operator}` is no operation on morphisms", scope, node, help=("negate by `neg`",))

    # ---------------------------------------------------------------- elements

    def element(self, node: tree.Node, scope: Scope) -> Value:
        """The value of an element expression."""
        if isinstance(node, tree.Name):
            entry = scope.find(node.text)
            if isinstance(entry, ElementEntry):
                entry.used = True
                return entry.value
            if isinstance(entry, FrozenEntry):
                return use.frozen(self, entry, scope.span(node))
        elif isinstance(node, tree.Number):
            return self.literal(node.value, scope.span(node))
        elif isinstance(node, tree.Prefix) and node.operator == "-" and isinstance(node.body, tree.Number):
            return self.literal(-node.body.value, scope.span(node))
        elif isinstance(node, tree.Tuple):
            return self._paired(tuple(self.element(item, scope) for item in node.items), node, scope)
        elif isinstance(node, tree.Let):
            return self.element(node.body, self.bindings(node, scope))
        elif isinstance(node, tree.Apply) and not use.takes_parameters(node.function, scope):
            return self._application(node, scope)
        elif isinstance(node, tree.Attribute):
            return self._attribute(node, scope)
        elif isinstance(node, tree.Plus | tree.Times | tree.Binary | tree.Compose):
            self._no_operator(node, scope)
        elif isinstance(node, tree.Hole):
            return self._hole(node, (), scope)
        use.previous(self, None)
        if not isinstance(node, tree.Lambda):
            return self.morphism(node, (), scope)
        raise fault("E0306", "a morphism where an element is wanted", scope, node, help=("apply it: `f(x)`",))

    def _no_operator(self, node: Any, scope: Scope) -> None:
        sign = {tree.Plus: "+", tree.Times: "*", tree.Compose: ">>"}.get(type(node), getattr(node, "operator", ""))
        parts = getattr(node, "items", None) or getattr(node, "parts", None) or [node.left, node.right]
        if any(use.is_element(part, scope) for part in parts):
            instead = {"+": "add(x, y)", "*": "mul(x, y)", "-": "sub(x, y)", "/": "div(x, y)", "^": "pow(x, y)",
                       ">>": "g(f(x))"}.get(sign)
            raise fault("E0306", f"`{sign}` is not for elements", scope, node,
                        f"`{sign}` joins morphisms; here are elements",
                        (f"write `{instead}`",) if instead else ())

    def _application(self, node: tree.Apply, scope: Scope) -> Value:
        values = tuple(self.element(item, scope) for item in node.arguments)
        for item in node.arguments:
            if isinstance(item, tree.Named):
                raise fault("E0306", "elements are given by place", scope, item)
        value = values[0] if len(values) == 1 else values
        use.previous(self, None)
        use.applied(self, node)
        if isinstance(node.function, tree.Name) and isinstance(scope.find(node.function.text), ElementEntry):
            raise expected(scope, node.function, lookup(scope, node.function, "morphism"), "a morphism", "E0307")
        return self.morphism(node.function, value, scope)

    def _attribute(self, node: tree.Attribute, scope: Scope) -> Value:
        """``x.part`` of a named product, ``token.weight`` of an instance, ``blocks.f`` of a module."""
        if isinstance(node.value, tree.Name):
            entry = scope.find(node.value.text)
            if isinstance(entry, ModuleEntry):
                use.previous(self, None)
                return self.morphism(node, (), scope)
            if not isinstance(entry, ElementEntry):
                return use.weight(self, node.value.text, node, scope)
        value = self.element(node.value, scope)
        obj = resolve(object_of(value))
        names = _names(obj)
        if node.name in names:
            parts = self.components(value, len(names), scope.span(node))
            assert parts is not None
            return parts[names.index(node.name)]
        raise fault("E0604", f"`{show(obj)}` has no part `{node.name}`", scope, node,
                    help=(f"its parts are {', '.join(f'`{name}`' for name in names if name)}",) if names else ())


def _names(obj: Object) -> tuple[str | None, ...]:
    return (obj.names or ()) if isinstance(obj, Product) else ()


def _short(scope: Scope, node: tree.Node) -> str:
    text = " ".join(scope.span(node).text.split())
    return text if len(text) <= 40 else text[:37] + "..."


_MORPHISMS: dict[type[tree.Node], Callable[..., Value]] = {
    tree.Compose: Elaborator._compose,
    tree.Times: Elaborator._times,
    tree.Plus: Elaborator._plus,
    tree.Tuple: Elaborator._tuple,
    tree.Case: Elaborator._case,
    tree.Binary: Elaborator._binary,
    tree.Labelled: Elaborator._labelled,
    tree.Name: Elaborator._use,
    tree.Index: Elaborator._use,
    tree.Apply: Elaborator._use,
    tree.Attribute: Elaborator._use,
    tree.Lambda: Elaborator._lambda,
    tree.Let: Elaborator._let,
    tree.Number: Elaborator._number,
    tree.Along: Elaborator._along,
    tree.Initialised: Elaborator._initialised,
    tree.Shuffle: Elaborator._shuffle,
    tree.Hole: Elaborator._hole,
    tree.Prefix: Elaborator._prefix,
}

__all__ = ["Elaborator", "LaterEntry", "ObjectEntry", "Power", "member"]
