"""What there is to be compared of a file: of each declaration what it means, as text.

Sizes of a file keep their names, generics are called as in the first of two files that are compared, place by place, so
that a text is equal to the other's if nothing but names changed.
"""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.entry import (
    CellEntry,
    Constant,
    ConstantEntry,
    Definition,
    DimEntry,
    FrozenEntry,
    FunctorEntry,
    FunctorVariableEntry,
    ModelEntry,
    ModuleEntry,
    ObjectEntry,
    ObjectVariableEntry,
    RunEntry,
    TheoryEntry,
)
from catlang.checker.formula import Formula
from catlang.checking import deep_calls
from catlang.collector import paused
from catlang.difference.formal import stand_ins
from catlang.difference.normal import Normal
from catlang.difference.spelling import signs, spelled
from catlang.difference.writing import Writer
from catlang.meaning.cost.table import table
from catlang.meaning.cost.weights import FROZEN, nodes
from catlang.network.request import CompileError, Request, entry_point
from catlang.network.specialise import Specialiser
from catlang.objects.functor import Functor
from catlang.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from catlang.checker.entry import Entry
    from catlang.checker.module import Module
    from catlang.meaning.cost.table import Table
    from catlang.objects.colour import Object

#: So many values of Boolean params and choices, all together, are looked at one by one.
MOST_CHOICES = 16

#: So many terms may the normal forms of a file have, all together, each counted as often as instances lie around it; a
#: few lines that double one another make very many.
MOST_TERMS = 300_000

#: What of a total may change, and how it is called.
COSTS = {"parameters": "parameters", "flops": "FLOPs", "operations": "operations", "memory": "bytes of weights",
         "activations": "bytes of activations", "depth": "depth"}


class Weight:
    """A tensor of a ``state_dict``: its shape, what it is, how many copies differ by a number alone, how it begins."""

    __slots__ = ("begins", "copies", "kind", "shape")

    def __init__(self, shape: str, kind: str, copies: str, begins: str) -> None:
        self.shape = shape
        self.kind = kind
        self.copies = copies
        self.begins = begins


class Facts:
    """What is known of one declaration. ``called`` is its kind; ``type`` what it is, ``shown`` that for a reader."""

    def __init__(self, called: str, type: str, shown: str) -> None:
        self.called = called
        self.type = type
        self.shown = shown
        self.generics: list[str] = []
        self.conditions: list[str] = []
        # The meaning, one text a line; the same with numbers for addresses, and the addresses behind those.
        self.meaning: list[str] | None = None
        self.anonymous: list[str] = []
        self.addresses: list[str] = []
        # Addresses as they are walked, those of first copies, to those shown.
        self.shown_at: dict[str, str] = {}
        self.network = False
        self.weights: dict[str, Weight] = {}
        self.uses: dict[str, str] = {}
        self.cells: dict[str, str] = {}
        self.noise: dict[str, int] = {}
        self.costs: dict[str, str] = {}
        # Of a dim, whether it is open, and the least it may be; of a param, whether it has a default.
        self.open = False
        self.least = 1
        self.default: Any = None


class File:
    """The declarations of a checked file, as far as they are public: all of its own."""

    def __init__(self, module: Module, names: dict[str, list[str]] | None = None) -> None:
        self.module = module
        self.names = names or {}
        self.facts: dict[str, Facts] = {}
        self.left = MOST_TERMS

    def read(self, only: str | None = None) -> None:
        """Finds what there is to be known of every declaration, or of the one of that name."""
        with paused(), deep_calls():
            for name, entry in self.module.scope.names.items():
                if only is None or name == only:
                    found = self._entry(name, entry)
                    if found is not None:
                        self.facts[name] = found

    @cached_property
    def everything(self) -> str:
        """The words and signs of the file and of all it imports."""
        return "\n".join(signs(one.source.text) for one in self.module.loader.order)

    def writer(self) -> Writer:
        """A writer that knows what is public; what comes of imported files is told by the way to it."""
        made = Writer()
        for name, dim in self.module.dims.items():
            made.call(dim, name)
        for name, param in self.module.params.items():
            made.call(param.constant, name)
        self._imported(made, self.module, "", set())
        return made

    def _imported(self, writer: Writer, module: Module, way: str, seen: set[Module]) -> None:
        for name, entry in module.scope.names.items():
            if isinstance(entry, ModuleEntry) and entry.module not in seen:
                seen.add(entry.module)
                self._public(writer, entry.module, f"{way}{name}.")
                self._imported(writer, entry.module, f"{way}{name}.", seen)
        for other in module.given:
            if other not in seen:
                seen.add(other)
                self._public(writer, other, way)
                self._imported(writer, other, way, seen)

    def _public(self, writer: Writer, module: Module, way: str) -> None:
        for name, dim in module.dims.items():
            writer.call(dim, f"{way}{name}")
        for name, param in module.params.items():
            writer.call(param.constant, f"{way}{name}")

    # ---------------------------------------------------------------- declarations

    def _entry(self, name: str, entry: Entry) -> Facts | None:
        writer = self.writer()
        if isinstance(entry, DimEntry):
            return self._dim(name, entry, writer)
        if isinstance(entry, ConstantEntry):
            constant = entry.constant
            kind = f"choice({', '.join(constant.choices)})" if constant.kind == "choice" else constant.kind
            facts = Facts("param", kind, kind)
            facts.default = None if constant.default is None else writer.value(constant.default)
            return facts
        if isinstance(entry, ObjectEntry):
            self._generics(entry.generics, writer, name)
            sign = ":" if getattr(entry.node, "nominal", False) else "="
            return Facts("object", f"{sign} {writer.object(entry.body)}", f"{sign} {writer.shown(entry.body)}")
        if isinstance(entry, FunctorEntry):
            self._generics(entry.generics, writer, name)
            functor = entry.functor
            assert functor is not None
            return Facts("endofunctor", writer.functor(functor), f"(X |-> {writer.shown(functor.body)})")
        if isinstance(entry, FrozenEntry):
            assert entry.object is not None
            facts = Facts("frozen weight", writer.object(entry.object), writer.shown(entry.object))
            begins = [signs(self._text(one)) for one in entry.node.initialisers]
            facts.weights[name] = Weight(facts.type, FROZEN, "1", ", ".join(begins))
            facts.network = True
            return facts
        if isinstance(entry, CellEntry):
            claim = signs(self._text(entry.node))
            return Facts("2-cell", claim, claim)
        if isinstance(entry, TheoryEntry):
            text = self._text(entry.node)
            return Facts("theory", signs(text), " ".join(text.split()))
        if isinstance(entry, ModelEntry):
            # What it says are declarations of their own.
            of = signs(self._text(entry.node.theory))
            return Facts("model", f"of {of}", f"of {of}")
        return self._definition(entry, writer) if isinstance(entry, Definition) else None

    def _dim(self, name: str, entry: DimEntry, writer: Writer) -> Facts:
        variable = self.module.dims.get(name)
        if variable is None:
            text = f"= {writer.dim(entry.value)}"
            return Facts("dim", text, text)
        about = [writer.condition(one) for one in self.module.hypotheses if variable in one.variables()]
        facts = Facts("dim", f">= {variable.least}", f"open, >= {variable.least}")
        facts.open, facts.least, facts.conditions = True, variable.least, sorted(about)
        return facts

    def _generics(self, entries: list[Any], writer: Writer, name: str) -> list[str]:
        """Calls the generics of a header as they are called in the other file, place by place."""
        known = self.names.get(name, [])
        found = []
        for place, entry in enumerate(entries):
            entry = getattr(entry, "entry", entry)
            called = known[place] if place < len(known) else entry.name
            found.append(entry.name)
            if isinstance(entry, DimEntry):
                for variable in dims.variables(entry.value) if isinstance(entry.value, dims.Poly) else ():
                    writer.call(variable, called)
            elif isinstance(entry, ObjectVariableEntry):
                writer.call(entry.variable, called)
                if entry.variable.shape is not None:
                    writer.call(entry.variable.shape, called)
            elif isinstance(entry, RunEntry):
                writer.call(entry.run, called)
            elif isinstance(entry, FunctorVariableEntry):
                writer.call(entry.variable, called)
            elif isinstance(entry, ConstantEntry):
                writer.call(entry.constant, called)
        return found

    def _definition(self, definition: Definition, writer: Writer) -> Facts:
        generics = self._generics(definition.generics, writer, definition.name)
        kinds = [self._generic(one.entry, one.default, writer) for one in definition.generics]
        copies = "" if definition.copies is None else f" copies {writer.dim(definition.copies)}"
        text, shown = (self._header(definition, kinds, write) + copies for write in (writer.object, writer.shown))
        if isinstance(definition.node, tree.Extern):
            given = ", ".join(f"{name} = {writer.value(value)}" for name, value in definition.given.items())
            made = f' = python "{definition.node.reference}"' + (f" ({given})" if given else "")
            text, shown = text + made, shown + made
        keyword = getattr(definition.node, "keyword", "extern" if definition.extern else
                          "primitive" if definition.primitive else "morphism")
        facts = Facts(keyword, text, shown)
        facts.generics = generics
        facts.conditions = sorted({
            *(writer.condition(one) for one in [*definition.where, *definition.inferred]),
            *(f"{writer.condition(one)} if {name} == {value}" for name, value, one in definition.guarded)})
        if not definition.primitive:
            self._meaning(definition, facts, writer)
        return facts

    def _header(self, definition: Definition, kinds: list[str], write: Callable[[Object], str]) -> str:
        """The header of a definition, its objects written in one way or the other."""
        formals = []
        for one in definition.parameters:
            gives = "" if one.codomain is None else f" -> {write(one.codomain)}"
            formals.append(f"({write(one.domain)}{gives})")
        text = (f"[{', '.join(kinds)}] " if kinds else "") + "".join(formals) + (" : " if formals else "")
        text += f"{write(definition.domain)} -> {write(definition.codomain)}"
        text += "".join(f" {bank} {name} : {write(obj)}" for bank, parts in (
            ("weights", definition.weights), ("state", definition.states)) for name, obj in parts)
        text += f" noise {write(definition.noise)}" if definition.noise is not None else ""
        text += f" reduces {definition.reduces}" if definition.reduces else ""
        # A morphism of an endofunctor is no other where only the endofunctor is called otherwise.
        if definition.functor is not None:
            text += f" of {self.functor(definition.functor, write)}"
        return text

    @staticmethod
    def functor(functor: Any, write: Callable[[Object], str]) -> str:
        return f"(X |-> {write(functor.body)})" if isinstance(functor, Functor) else str(functor.name)

    def _generic(self, entry: Any, default: Any, writer: Writer) -> str:
        if isinstance(entry, DimEntry):
            [variable] = dims.variables(entry.value)
            kind = writer.dim(entry.value) + (f" >= {variable.least}" if variable.least != 1 else "")
        elif isinstance(entry, ConstantEntry):
            kind = f"{writer.call(entry.constant, entry.name)} : {entry.constant.kind}"
            kind += f"({', '.join(entry.constant.choices)})" if entry.constant.choices else ""
        elif isinstance(entry, RunEntry):
            kind = f"{writer.call(entry.run, entry.name)}..."
        else:
            kind = writer.call(entry.variable, entry.name)
        if default is None:
            return kind
        return f"{kind} = {signs(self._text(default))}"

    def _text(self, node: Any) -> str:
        return self.module.source.text[node.start:node.end]

    # ---------------------------------------------------------------- what a body means

    def _meaning(self, definition: Definition, facts: Facts, writer: Writer) -> None:
        try:
            self._normal(definition, facts, writer)
        except OverflowError:
            # There is too much in this file. All of its text is the most that can be said of what is left.
            self.left = 0
            facts.meaning = facts.anonymous = ["spelled", self.everything]
            return
        except ValueError:
            facts.meaning = facts.anonymous = ["spelled", spelled(definition, self.module)]
        if any(one.codomain is not None or one.constant for one in definition.parameters):
            return
        try:
            entry_point(self.module, definition.name)
            request = Request(self.module, definition, {})
            found = table(request)
        except (CompileError, OverflowError):
            return
        facts.network = True
        # Lengths of lists are called anew, those of the diagram being others.
        afresh = self.writer()
        self._generics(definition.generics, afresh, definition.name)
        self._weights(request, facts, afresh)
        self._costs(found, facts, afresh)

    def _normal(self, definition: Definition, facts: Facts, writer: Writer) -> None:
        """The normal form, for every value of what decides how a diagram looks; of numbers it is symbolic."""
        if self.left <= 0:
            raise OverflowError("there are too many boxes")
        mine = [one.entry.constant for one in definition.generics if isinstance(one.entry, ConstantEntry)]
        files = [param.constant for module in self.module.loader.order for param in module.params.values()]
        deciding = [one for one in [*mine, *files] if one.kind in ("bool", "choice")]
        values = [(True, False) if one.kind == "bool" else one.choices for one in deciding]
        count = 1
        for choices in values:
            count *= len(choices)
        if count > MOST_CHOICES:
            raise ValueError("there are too many values of its params")
        facts.meaning = []
        for chosen in itertools.product(*values):
            constants: dict[Constant, Any] = {
                one: Formula("the value of", (writer.value(one),)) for one in [*mine, *files]}
            constants.update(zip(deciding, chosen, strict=True))
            specialiser = Specialiser({}, constants)
            arguments = {generic.entry.name: constants[generic.entry.constant] for generic in definition.generics
                         if isinstance(generic.entry, ConstantEntry)}
            network = specialiser.definition(definition, arguments or None, stand_ins(definition, {}, constants))
            normal = Normal(network, writer, facts.addresses, self.left)
            self.left -= normal.count
            told = [f"where {writer.value(one)} is {value!r}" for one, value in zip(deciding, chosen, strict=True)]
            facts.meaning += [*told, *normal.lines]
            facts.anonymous += [*told, *normal.anonymous]
            facts.noise = normal.noise

    def _weights(self, request: Request, facts: Facts, writer: Writer) -> None:
        network, _ = request.network()
        known = {variable: variable.poly for variable in network.sizes}
        for node in nodes(network, known):
            instance = node.instance
            for part in node.parts:
                begins = [] if instance is None else [
                    f"{name}({', '.join(writer.value(one) for one in numbers)})"
                    for weight, name, numbers in instance.initialisers if weight in (None, part.name)]
                address = f"{node.shown}.{part.name}" if part.name else node.shown
                facts.shown_at[f"{node.address}.{part.name}" if part.name else node.address] = address
                facts.weights[address] = Weight(writer.object(part.object), part.kind, writer.dim(node.copies),
                                                begins[-1] if begins else "")
            facts.shown_at.setdefault(node.address, node.shown)
            if instance is not None and instance.reparameterisation is not None:
                facts.cells[node.shown] = ", ".join(part.name for part in node.parts)

    def _costs(self, found: Table, facts: Facts, writer: Writer) -> None:
        facts.uses = {row.address: writer.dim(row.uses) for row in found.rows if row.uses != 0 and (
            row.parameters != 0 or row.buffers != 0)}
        for name, called in COSTS.items():
            value = getattr(found.total, name)
            if name == "depth":
                text = " or ".join(sorted(writer.dim(one) for one in value.candidates))
            else:
                text = writer.dim(value)
            unknown = found.total.opaque or (found.total.missing and name not in ("parameters", "memory"))
            facts.costs[called] = f"{text} + ?" if unknown else text


def generics_of(module: Module) -> dict[str, list[str]]:
    """How the generics of each declaration are called."""
    found: dict[str, list[str]] = {}
    for name, entry in module.scope.names.items():
        if isinstance(entry, Definition):
            found[name] = [given.entry.name for given in entry.generics]
        elif isinstance(entry, ObjectEntry | FunctorEntry):
            found[name] = [generic.name for generic in entry.generics]
    return found
