"""Files as modules: their imports followed, their names declared.

A file may import what lies under the root (the folder of the file that is checked) and what ships with catlang, and
nothing else. Library files are read lazily, a declaration at a time, so that a check pays for what it uses.
"""

from __future__ import annotations

from typing import Any, Protocol

from catlang import source as sources
from catlang.checker import header, theory
from catlang.checker.allow import allowances
from catlang.checker.colours import BUILT_IN, built_in
from catlang.checker.constants import constant, constant_kind
from catlang.checker.entry import (
    BrokenEntry,
    CellEntry,
    ConstantEntry,
    Definition,
    DimEntry,
    Entry,
    FrozenEntry,
    FunctorEntry,
    ModelEntry,
    ModuleEntry,
    ObjectEntry,
    OfModel,
    Side,
    TheoryEntry,
)
from catlang.checker.scope import Fault, Lazy, Scope, bad_name, fault
from catlang.checker.sizes import constraints, dim
from catlang.diagnostic import Bag, Diagnostic, Label
from catlang.dims import Dim, Variable, show, substitute
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, decide
from catlang.span import Source, Span
from catlang.suggest import nearest
from catlang.syntax import tree
from catlang.syntax.parser import parse


class Imports(Protocol):
    """What follows a file's imports, and knows the files in the order in which they were read."""

    order: list[Module]

    @property
    def prelude(self) -> Module: ...

    def load(self, node: tree.Import, importer: Module) -> Module: ...


class Module:
    """One file: its scope, its dims (the variables among them are its parameters), its hypotheses."""

    is_prelude = False

    def __init__(self, source: Source, loader: Imports, outer: Scope | None) -> None:
        self.source = source
        self.loader = loader
        self.bag = Bag()
        self.scope = Scope(outer, source)
        self.dims: dict[str, Variable] = {}
        self.params: dict[str, ConstantEntry] = {}
        self.hypotheses: list[Constraint] = []
        self.given: dict[Module, dict[Variable, Dim]] = {}
        self.definitions: list[Definition] = []
        self.cells: list[CellEntry] = []
        self.declarations: list[tree.Declaration] = []
        # The files that this one imports, and what was told of this one alone, once it is checked.
        self.imports: list[Module] = []
        self.own: list[Diagnostic] = []
        self._imported: list[Module] | None = None
        self._counted = 0

    # ---------------------------------------------------------------- declaring

    def add(self, entry: Entry) -> bool:
        """Declares a name; at a second declaration of it a diagnostic."""
        if entry.name in BUILT_IN:
            self.bag.add(built_in(entry.name, entry.span))
            return False
        bad = bad_name(entry.name, entry.span)
        if bad is not None:
            self.bag.add(bad)
        first = self.scope.names.get(entry.name)
        if first is not None and not isinstance(first, BrokenEntry):
            headline = f"`{entry.name}` is declared twice"
            why: tuple[str, ...] = ()
            if entry.span.text != first.span.text and first.span.text:
                headline = f"`{entry.span.text}` and `{first.span.text}` are one name"
                why = (f"names are compared in their NFKC form, here as in Python: both fold into `{entry.name}`",)
            self.bag.add(Diagnostic("E0202", headline, [Label(entry.span, "declared again here"),
                                                        Label(first.span, "first declared here", False)], why,
                                    ("rename one of them",)))
            return False
        self.scope.names[entry.name] = entry
        return True

    def fault(self, problem: Fault) -> None:
        if problem.diagnostic is not None:
            self.bag.add(problem.diagnostic)

    def read(self) -> None:
        """Parses the source and declares everything in it."""
        places: set[int] = set()
        for found in sources.scan_characters(self.source):
            self.bag.add(found)
            places.add(found.labels[0].span.start)
        parsed = parse(self.source)
        # A character that is refused everywhere is no second mistake where the parse met it.
        self.bag.extend(found for found in parsed.diagnostics
                        if found.code != "E0109" or found.labels[0].span.start not in places)
        self.declarations = parsed.declarations
        self.scope.allowances = allowances(parsed.declarations, self.source)
        if self.scope.allowances is not None:
            self.bag.extend(self.scope.allowances.mistakes)
        nowhere = Span(self.source, 0, 0)
        for name in parsed.broken:
            self.scope.names[name] = BrokenEntry(name, nowhere)
        declare = {tree.Import: self._import, tree.Dims: self._dims, tree.Param: self._param,
                   tree.Object: self._object, tree.Morphism: self._definition, tree.Primitive: self._definition,
                   tree.Extern: self._definition,
                   tree.Endofunctor: self._functor, tree.Cell: self._cell, tree.Frozen: self._frozen,
                   tree.Theory: self._theory, tree.Model: self._model,
                   tree.Later: self._later, tree.Allow: lambda node: None}
        for kind in (tree.Import, None):
            for node in parsed.declarations:
                if (type(node) is tree.Import) != (kind is tree.Import):
                    continue
                try:
                    declare[type(node)](node)  # type: ignore[operator]
                except Fault as problem:
                    self.fault(problem)
                    self._broken(node)
        for model in [entry for entry in self.scope.names.values() if isinstance(entry, ModelEntry)]:
            # Its theory may stand further down.
            self.declare_model(model)

    def _broken(self, node: tree.Declaration) -> None:
        """Uses of what a broken declaration would have given a meaning are no further mistakes."""
        for name in tree.declared(node):
            if name in BUILT_IN:
                continue
            self.scope.names.setdefault(name, BrokenEntry(name, Span(self.source, node.start, node.start)))
        if isinstance(node, tree.Import) and node.alias is None:
            self.scope.torn = True

    def _name_span(self, node: Any) -> Span:
        return Span(self.source, node.name_start, node.name_start + self._written(node))

    def _written(self, node: Any) -> int:
        """The length of a name as written, which folding may have changed."""
        text = self.source.text
        end = node.name_start
        while end < len(text) and (text[end].isalnum() or text[end] == "_"):
            end += 1
        return end - node.name_start

    def _dims(self, node: tree.Dims) -> None:
        for item in node.items:
            span = Span(self.source, item.start, item.start + len(item.name))
            value: Dim
            if item.value is not None:
                value = self._value(item)
                least = self._least(item) if item.bound is not None else 1
                if isinstance(value, int) and value < least:
                    raise fault("E0405", f"the dim `{item.name}` is {value}", self.scope, item.value,
                                f"it is at least {least}",
                                (f"`dim {item.name} >= 0 = 0` allows the empty axis",) if value == 0 else ())
            else:
                least = 1
                if item.bound is not None:
                    least = self._least(item)
                variable = Variable(item.name, min(least, 1), place=self.source.name)
                self.dims[item.name] = variable
                value = variable.poly
                if least > 1:
                    self.hypotheses.append(Constraint(">=", value, least))
            self.add(DimEntry(item.name, span, value))
        for relation in node.where:
            self.hypotheses += constraints(relation, self.scope)

    def _value(self, item: tree.DimItem) -> Dim:
        """What a dim is defined as, by dims that stand above it."""
        assert item.value is not None
        try:
            return dim(item.value, self.scope)
        except Fault as problem:
            found = problem.diagnostic
            later = {name for node in self.declarations if isinstance(node, tree.Dims) for name in tree.declared(node)}
            if found is None or found.code != "E0201" or found.labels[0].span.text not in later:
                raise
            name = found.labels[0].span.text
            if name == item.name:
                raise Fault(Diagnostic("E0206", f"the dim `{name}` is defined by itself", [
                    Label(found.labels[0].span, "leads back to it")])) from None
            raise Fault(Diagnostic("E0206", f"the dim `{name}` is declared further down", [
                Label(found.labels[0].span, "used before it is declared")],
                help=(f"move `dim {name}` up: dims are read from top to bottom",))) from None

    def _least(self, item: tree.DimItem) -> int:
        assert item.bound is not None
        bound = dim(item.bound, self.scope)
        if not isinstance(bound, int) or item.relator not in (">=", ">"):
            raise fault("E0408", "a dim is bounded here by `>=` and a number", self.scope, item.bound,
                        help=("put other conditions behind `where`",))
        least = bound + (item.relator == ">")
        if least < 0:
            raise fault("E0405", "a dim is never negative", self.scope, item.bound)
        return least

    def _param(self, node: tree.Param) -> None:
        kind = constant_kind(node.type, node.name)
        if kind is None:
            raise fault("E0504", "a param is `real`, `int`, `bool` or `choice(a, b)`", self.scope, node.type,
                        "no kind of param", ("sizes are declared with `dim`",))
        if node.default is not None:
            kind.default = constant(node.default, self.scope, kind)
        entry = ConstantEntry(node.name, self._name_span(node), kind)
        self.params[node.name] = entry
        self.add(entry)

    def _object(self, node: tree.Object) -> None:
        self.add(ObjectEntry(node.name, self._name_span(node), node, self))

    def _definition(self, node: tree.Morphism | tree.Primitive) -> None:
        definition = Definition(node.name, self._name_span(node), node, self)
        other = None if self.is_prelude else self.loader.prelude.scope.find(node.name)
        if isinstance(node, tree.Primitive) and isinstance(other, Definition):
            # Every functor knows a primitive by its name: there is one of each.
            self.bag.add(Diagnostic("E0203", f"`{node.name}` is a primitive of the library", [
                Label(definition.span, "declared once more here")],
                help=("choose another name, or leave the declaration out if the library's is meant",)))
        if self.add(definition):
            self.definitions.append(definition)

    def _functor(self, node: tree.Endofunctor) -> None:
        self.add(FunctorEntry(node.name, self._name_span(node), node, self))

    def _cell(self, node: tree.Cell) -> None:
        entry = CellEntry(node.name, self._name_span(node), node, self)
        if self.add(entry):
            self.cells.append(entry)

    def _frozen(self, node: tree.Frozen) -> None:
        self.add(FrozenEntry(node.name, self._name_span(node), node, self))

    def _theory(self, node: tree.Theory) -> None:
        self.add(TheoryEntry(node.name, self._name_span(node), node, self))

    def _model(self, node: tree.Model) -> None:
        self.add(ModelEntry(node.name, self._name_span(node), node, self))

    def declare_model(self, entry: ModelEntry) -> None:
        """Declares what a model makes of its theory; where it makes no sense its names are no further mistakes."""
        try:
            theory.declare_model(entry)
            entry.state = "done"
        except Fault as problem:
            self.fault(problem)
            entry.state = "broken"
            self.scope.names[entry.name] = BrokenEntry(entry.name, entry.span)

    def _later(self, node: tree.Later) -> None:
        span = Span(self.source, node.start, node.start + len(node.keyword))
        self.bag.add(Diagnostic("E0901", f"`{node.keyword}` is not there yet",
                                [Label(span, "its word is reserved, its meaning still to come")]))
        if node.name is not None and node.name not in self.scope.names:
            self.scope.names[node.name] = BrokenEntry(node.name, span)

    def _import(self, node: tree.Import) -> None:
        module = self.loader.load(node, self)
        span = Span(self.source, node.path_start, node.path_end)
        given: dict[Variable, Dim] = {}
        errors = self.bag.errors
        for item in node.given:
            variable = module.dims.get(item.name)
            if variable is None:
                near = nearest(item.name, module.dims)
                self.bag.add(Diagnostic("E0704", f"`{module.source.name}` has no dim `{item.name}` to be given",
                                        [Label(Span(self.source, item.start, item.start + len(item.name)),
                                              "given here")],
                                        help=(f"did you mean `{near}`?",) if near else
                                        (("its dims are " + ", ".join(f"`{name}`" for name in module.dims),)
                                         if module.dims else ())))
                continue
            self._pending_given(given, variable, item)
        if self.bag.errors > errors:
            # Sizes that could not be given would be told again wherever they do not match.
            raise Fault(None)
        if node.alias is not None:
            alias = ModuleEntry(node.alias, span, module, given)
            self.scope.aliases[node.alias] = alias
            self.add(alias)
            return
        if isinstance(node.path, tuple):
            self.scope.outer = Link(module.scope, self.scope.outer, self.source)
            return
        # Without an alias the names of a file come unqualified, as those of the library do.
        self.given[module] = given
        self.scope.outer = Link(module.scope, self.scope.outer, self.source, given)

    def _pending_given(self, given: dict[Variable, Dim], variable: Variable, item: tree.Named) -> None:
        """Sizes given to an import may name dims of this file, which are declared after the imports."""
        for node in self.declarations:
            if isinstance(node, tree.Dims) and not any(name.name in self.scope.names for name in node.items):
                self._dims(node)
                node.items = []
                node.where = []
        value = dim(item.value, self.scope)
        if not isinstance(decide(Constraint(">=", value, variable.least), self.hypotheses), Proved):
            raise fault("E0405", f"`{item.name}` is at least {variable.least}, `{show(value)}` may be less", self.scope,
                        item.value)
        given[variable] = value

    def assumed(self) -> list[Constraint]:
        """What may be assumed of sizes in this file.

        These are its own conditions, and of dims that stay symbolic their files', which are those that it imports: what
        other files of the same check say is no business of this one.
        """
        found = list(self.hypotheses)
        for module in self.imported():
            found += module.hypotheses
        return found

    def imported(self) -> list[Module]:
        """The files that this one imports, and that they import, each after those that it imports."""
        if self._imported is None or len(self.imports) != self._counted:
            seen: dict[Module, None] = {}
            waiting = [(self, False)]
            while waiting:
                module, whole = waiting.pop()
                if whole:
                    seen[module] = None
                elif module not in seen:
                    waiting.append((module, True))
                    waiting += [(one, False) for one in reversed(module.imports)]
            seen.pop(self)
            self._imported, self._counted = list(seen), len(self.imports)
        return self._imported

    # ---------------------------------------------------------------- headers

    def object_header(self, entry: ObjectEntry) -> None:
        if entry.state in ("done", "broken"):
            return
        if entry.state == "open":
            entry.state = "broken"
            raise Fault(Diagnostic("E0206", f"the object `{entry.name}` is defined by itself",
                                   [Label(entry.span, "its body leads back here")],
                                   help=("recursive objects are least fixed points, `mu F`",)))
        entry.state = "open"
        try:
            header.object_header(entry, self.scope)
            entry.state = "done"
        except Fault as problem:
            self.fault(problem)
            entry.state = "broken"

    def functor_header(self, entry: FunctorEntry) -> None:
        """Makes an endofunctor known; a broken one is told once."""
        if entry.state in ("done", "broken"):
            return
        if entry.state == "open":
            entry.state = "broken"
            raise Fault(Diagnostic("E0206", f"the endofunctor `{entry.name}` is defined by itself",
                                   [Label(entry.span, "its body leads back here")],
                                   help=("a recursive object is a fixed point, `mu F`",)))
        entry.state = "open"
        try:
            header.functor_header(entry, self.scope)
            entry.state = "done"
        except Fault as problem:
            self.fault(problem)
            entry.state = "broken"

    def theory_header(self, entry: TheoryEntry) -> None:
        """Makes a theory known, its laws' sides included; a broken one is told once."""
        if entry.state in ("done", "broken"):
            return
        try:
            theory.theory_header(entry)
            entry.state = "done"
        except Fault as problem:
            self.fault(problem)
            entry.state = "broken"

    def declared(self, name: str) -> Entry | None:
        """What a name declared in this file stands for."""
        return self.scope.names.get(name)

    def header(self, definition: Definition) -> None:
        """Makes the definition's type known; a broken header is told once."""
        if definition.state != "new":
            return
        try:
            if isinstance(definition, OfModel):
                theory.model_header(definition)
            elif isinstance(definition, Side):
                theory.side_header(definition)
            else:
                header.definition_header(definition, self.scope)
            definition.state = "header" if isinstance(definition.node, tree.Morphism) else "done"
        except Fault as problem:
            self.fault(problem)
            definition.state = "broken"


class Link(Scope):
    """The names of an imported module, as the next scope outwards."""

    __slots__ = ("inner", "given")

    def __init__(self, inner: Scope, outer: Scope | None, source: Source,
                 given: dict[Variable, Dim] | None = None) -> None:
        super().__init__(outer, source)
        self.inner = inner
        self.given = given or {}

    def put(self, inner: Scope) -> dict[Variable, Dim]:
        return self.given if inner is self.inner else super().put(inner)

    def find(self, name: str) -> Entry | None:
        entry = self.inner.names.get(name)
        if entry is None and isinstance(self.inner, Lazy):
            entry = self.inner.module.declare_lazily(name)
        if entry is not None and not isinstance(entry, ModuleEntry):
            if self.given and isinstance(entry, DimEntry):
                return DimEntry(entry.name, entry.span, substitute(entry.value, self.given))
            return entry
        return self.outer.find(name) if self.outer is not None else None

    def all(self) -> Any:
        if isinstance(self.inner, Lazy):
            for name in self.inner.module.declared_names():
                entry = self.inner.module.declare_lazily(name)
                if entry is not None:
                    yield name, entry
        else:
            yield from self.inner.names.items()
        if self.outer is not None:
            yield from self.outer.all()
