"""An expression in a session: its type, inferred with nothing promised, and the morphism that it is once its input is
known.

Among what a morphism is applied to may stand arrays, as ``softmax([1, 2, 3])``: numbers or truth values in brackets.
They are further inputs; the language itself has no such literals.

>>> from catlang.repl.session import Session
>>> session = Session()
>>> Expression(session, "affine >> relu").type
'R[m] -> R[n]'
>>> Expression(session, "residual").diagnostics[0].headline
'there is no morphism `residual`'
>>> Expression(session, "add([1, 2], 3)").type
'1 -> R[2]'
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.check import check_definition
from catlang.checker.conditions import impossible
from catlang.checker.elaborate import Elaborator
from catlang.checker.entry import Definition, ElementEntry, Formal
from catlang.checker.form import takes_parameters
from catlang.checker.mismatch import Joint, report
from catlang.checker.module import Module
from catlang.checker.scope import Fault, Scope
from catlang.checking import deep_calls
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import Diagram, call, fresh
from catlang.dims import Variable
from catlang.dims.decision import Proved, decide
from catlang.objects.colour import (
    BOOL,
    REAL,
    UNIT,
    Enormous,
    Nominal,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    axes_of,
    dims_of,
    power,
    resolve,
    show,
)
from catlang.repl.session import INPUT
from catlang.span import Source, Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.dims.constraint import Constraint
    from catlang.repl.session import Session


class Array:
    """An array that was typed: its shape, its entries in a row, and the name that stands for it."""

    __slots__ = ("entries", "name", "object", "shape", "span")

    def __init__(self, name: str, shape: tuple[int, ...], entries: list[Any], span: Span, indices: bool) -> None:
        self.name = name
        self.span = span
        self.shape = shape
        self.entries = entries
        kinds = {type(entry) for entry in entries}
        base = BOOL if bool in kinds else REAL if float in kinds or not indices else ObjectVariable("_", flexible=True)
        self.object = power(base, shape) if shape else base

    def settle(self, elaborator: Elaborator) -> None:
        """What was typed has just the axes that it was typed with, and holds reals where nothing says otherwise."""
        for part in open_parts(resolve(self.object)):
            if isinstance(part, Run) and part.flexible:
                part.solution = ()
            elif isinstance(part, ObjectVariable) and part.flexible:
                part.solution = REAL
        found = resolve(self.object)
        if axes_of(found) != self.shape:
            elaborator.module.bag.add(Diagnostic("E0305", f"`{show(found)}` is wanted, this has other axes", [
                Label(self.span, "has " + (" × ".join(map(str, self.shape)) or "one") + " entries")]))


class Expression:
    """An expression as it was typed. ``diagnostics`` are what is wrong with it; where nothing is, ``type`` is its type,
    and ``closed`` says whether it takes nothing, and so has a value."""

    def __init__(self, session: Session, text: str) -> None:
        self.session = session
        self.input = Source(INPUT, None, text.strip("\n") + "\n")
        self.name = "it"
        while session.module.scope.find(self.name) is not None:
            self.name += "_"
        self.header = f"morphism {self.name} : 1 -> 1 =\n"
        self.diagnostics: list[Diagnostic] = []
        self.arrays: list[Array] = []
        self.type = ""
        self.closed = False
        self.indices = False
        self._read()
        if self.diagnostics and self.arrays:
            # Integers that cannot be reals may be indices: what they are used for says.
            first, self.indices = self.diagnostics, True
            self._read()
            self.diagnostics = self.diagnostics and first

    def _read(self) -> None:
        opened = self._opened()
        if opened is not None:
            self._infer(*opened)

    # ---------------------------------------------------------------- reading

    def _opened(self) -> tuple[Module, Definition] | None:
        """The expression as a morphism of a module of its own, behind the session; None where it does not parse."""
        source = Source(INPUT, None, self.header + self.input.text)
        module = Module(source, self.session.module.loader, self.session.module.scope)
        module.given = self.session.module.given
        module.read()
        nodes = [node for node in module.declarations if isinstance(node, tree.Morphism)]
        if not module.bag.errors and (len(module.declarations) != 1 or nodes[0].where):
            node = module.declarations[1] if len(module.declarations) > 1 else nodes[0].where[0]
            module.bag.add(Diagnostic("E0100", "an expression stands alone", [
                Label(Span(source, node.start, node.end), "this is no part of it")]))
        if self._told(module):
            return None
        [node] = nodes
        definition = module.definitions[0]
        del module.scope.names[self.name]  # nobody has typed it, so nobody can mean it
        assert node.body is not None
        self.arrays = []
        node.body = self._with_arrays(node.body, module.scope)
        definition.scope = Scope(module.scope, source)
        definition.state = "header"
        for array in self.arrays:
            definition.parameters.append(Formal(array.name, array.object, None, array.span))
            node.parameters.append(tree.Parameter(array.span.start, array.span.end, array.name, node.type.domain))
        return module, definition

    def _with_arrays(self, node: tree.Node, scope: Scope) -> tree.Node:
        """The expression with a name for each array that something in it is applied to."""
        for part in tree.walk(node):
            if isinstance(part, tree.Apply) and not takes_parameters(part.function, scope):
                part.arguments = [self._array(one, scope) for one in part.arguments]
        return node

    def _array(self, node: tree.Node, scope: Scope) -> tree.Node:
        if isinstance(node, tree.Tuple):
            node.items = [self._array(item, scope) for item in node.items]
            return node
        truth = isinstance(node, tree.Name) and node.text in ("true", "false") and scope.find(node.text) is None
        if not (truth or isinstance(node, tree.Case)):
            return node
        found = rows(node)
        if found is None:
            return node
        array = Array(f"array_{len(self.arrays)}", *found, scope.span(node), self.indices)
        while scope.find(array.name) is not None:
            array.name += "_"
        self.arrays.append(array)
        return tree.Name(node.start, node.end, array.name)

    def _told(self, module: Module) -> bool:
        """Takes the mistakes of a module as those of what was typed; whether there were any."""
        shift = len(self.header)

        def moved(label: Label) -> Label:
            span = label.span
            if span.source is not module.source:
                return label
            return Label(Span(self.input, max(span.start - shift, 0), max(span.end - shift, 0)), label.text,
                         label.primary)

        self.diagnostics = [Diagnostic(one.code, one.headline, list(map(moved, one.labels)), one.why, one.help)
                            for one in module.bag if one.severity == "error"]
        return bool(self.diagnostics)

    # ---------------------------------------------------------------- types

    def _infer(self, module: Module, definition: Definition) -> None:
        """The type that the expression has where nothing is asked of it."""
        definition.domain, definition.codomain = (ObjectVariable("_", flexible=True) for _ in range(2))
        elaborator = self._elaborator(module, definition)
        needed: list[Constraint] = []
        with deep_calls():
            try:
                self._elaborate(elaborator)
                if not module.bag.errors:
                    generalised([definition.domain, definition.codomain], set(self.session.names()))
                    needed = self._needed(elaborator)
            except Fault as problem:
                module.fault(problem)
            except Enormous:
                module.bag.add(Diagnostic("E0410", "this object has too many parts", [
                    Label(Span(module.source, len(self.header), len(module.source.text)))]))
        if self._told(module):
            return
        domain = resolve(definition.domain)
        self.closed = domain == UNIT
        self.type = f"{show(domain)} -> {show(definition.codomain)}"
        shown = list(dict.fromkeys(one.show() for one in needed))
        if shown:
            self.type += f" where {', '.join(shown)}"

    def _elaborator(self, module: Module, definition: Definition) -> Elaborator:
        elaborator = Elaborator(module, definition, check_definition)
        elaborator.pending += [partial(array.settle, elaborator) for array in self.arrays]
        return elaborator

    def _elaborate(self, elaborator: Elaborator) -> None:
        definition, node = elaborator.definition, elaborator.definition.node
        assert isinstance(node, tree.Morphism) and node.body is not None
        scope = Scope(definition.scope, elaborator.module.source)
        for formal in definition.parameters:
            value = fresh(formal.domain, formal.span)
            call(value, formal.name)
            scope.names[formal.name] = ElementEntry(formal.name, formal.span, value)
        value = fresh(definition.domain, definition.span)
        elaborator.diagram = Diagram(definition.name, value, None, definition.span)
        result = elaborator.morphism(node.body, value, scope)
        elaborator.join(definition.codomain, result, Joint("result", node.body, node.type.codomain, scope))
        for failed, joint in elaborator.unifier.retry():
            elaborator.module.bag.add(report(joint, failed, elaborator))
        for late in elaborator.pending:
            late()

    def _needed(self, elaborator: Elaborator) -> list[Constraint]:
        """The conditions that are not always met; one that never is, is a mistake."""
        found: list[Constraint] = []
        for constraint, span, owner, asked in elaborator.conditions.needed:
            try:
                now = constraint.resolve()
            except ZeroDivisionError:
                elaborator.module.bag.add(Diagnostic("E0407", f"`{owner}` divides by zero at these sizes",
                                                     [Label(span, "here")]))
                continue
            if any(variable.flexible for variable in now.variables()):
                continue
            if isinstance(decide(now, [*elaborator.unifier.hypotheses, *found]), Proved):
                continue
            if not now.variables():
                elaborator.module.bag.add(impossible(owner, now, span, asked))
            else:
                found.append(now)
        return found

    # ---------------------------------------------------------------- what is to be run

    def definition(self) -> Definition | None:
        """A closed expression as a morphism from ``1``, checked as any other is; None where something is wrong."""
        opened = self._opened()
        if opened is None:
            return None
        module, definition = opened
        node = definition.node
        assert isinstance(node, tree.Morphism) and node.body is not None
        definition.domain, definition.codomain = UNIT, ObjectVariable("_", flexible=True)
        with deep_calls():
            try:
                definition.diagram = self._elaborator(module, definition).body(node.body)
            except Fault as problem:
                module.fault(problem)
            except Enormous:
                module.bag.add(Diagnostic("E0410", "this object has too many parts"))
        if self._told(module):
            return None
        definition.codomain = resolve(definition.codomain)
        self.type = f"1 -> {show(definition.codomain)}"
        for formal in definition.parameters:
            formal.domain = resolve(formal.domain)
        definition.learned = True
        definition.state = "done"
        return definition


def rows(node: tree.Node) -> tuple[tuple[int, ...], list[Any]] | None:
    """The shape and the entries of an array that was typed; None where it is none."""
    if isinstance(node, tree.Name) and node.text in ("true", "false"):
        return (), [node.text == "true"]
    if isinstance(node, tree.Number):
        return (), [node.value]
    if isinstance(node, tree.Prefix) and node.operator == "-" and isinstance(node.body, tree.Number):
        return (), [-node.body.value]
    if not isinstance(node, tree.Case):
        return None
    parts = [rows(item) for item in node.items]
    shapes = {part[0] if part is not None else None for part in parts}
    if len(shapes) != 1 or None in shapes:
        return None
    entries = [entry for part in parts if part is not None for entry in part[1]]
    if len({isinstance(entry, bool) for entry in entries}) != 1:
        return None
    [shape] = shapes
    return (len(parts), *(shape or ())), entries


def generalised(objects: list[Object], taken: set[str]) -> None:
    """Gives all that is open in objects a name: what is said of it holds for anything."""
    sizes, things, runs = (named(letters, taken) for letters in ("mnklpqr", "ABCDE", "stuv"))
    for obj in objects:
        for part in open_parts(resolve(obj)):
            if isinstance(part, Run):
                if part.flexible and part.solution is None:
                    part.solution = (Run(next(runs)),)
            elif isinstance(part, ObjectVariable):
                if part.flexible and part.solution is None:
                    part.solution = ObjectVariable(next(things))
            else:
                for variable in dims.flexible_variables(dims.resolve(part)):
                    if variable.solution is None:
                        variable.solution = Variable(next(sizes), variable.least).poly


def named(letters: str, taken: set[str]) -> Iterator[str]:
    """Names one after the other, without those that stand for something."""
    for number in count():
        for letter in letters:
            name = letter if number == 0 else f"{letter}{number}"
            if name not in taken:
                yield name


def open_parts(obj: Object) -> Iterator[Any]:
    """The sizes, generic objects and runs of an object, in the order in which it is written."""
    if isinstance(obj, ObjectVariable):
        yield obj
    elif isinstance(obj, Power):
        yield from open_parts(obj.base)
        yield from obj.axes
    elif isinstance(obj, Product | Sum):
        for item in obj.items:
            yield from open_parts(item)
    elif isinstance(obj, Nominal):
        for part in obj.arguments:
            yield from open_parts(part) if isinstance(part, Object) else [part]
    else:
        yield from dims_of(obj)
        for part in obj.parts():
            yield from open_parts(part)


