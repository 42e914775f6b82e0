"""What is asked for from outside: a morphism of a file, at sizes and parameters.

Compiling asks so, and so does counting what a morphism costs; whoever asks gets a network, or ``CompileError``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.entry import Definition, DimEntry, FunctorVariableEntry, ModelEntry, ModuleEntry
from catlang.checker.formula import NoValue
from catlang.checker.sizes import LARGEST
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Dim, Variable
from catlang.dims.constraint import Constraint
from catlang.network.free import Divided
from catlang.network.network import Network
from catlang.network.specialise import Endless, Specialiser, Unlike, Unlowerable
from catlang.objects.colour import show
from catlang.report import render
from catlang.span import Span
from catlang.suggest import nearest

if TYPE_CHECKING:
    from catlang.checker.entry import Constant
    from catlang.checker.module import Module


class CompileError(ValueError):
    """The specification does not check, or what was asked of it cannot be: ``diagnostics`` says what."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        super().__init__("\n" + "\n".join(render(one) for one in self.diagnostics))


def entry_point(module: Module, name: str) -> Definition:
    """The morphism of that name that a module can be made of."""
    entry = module.scope.names.get(name)
    if not isinstance(entry, Definition) or entry.primitive:
        known = [one.name for one in module.definitions if not one.primitive]
        near = nearest(name, known) if not isinstance(entry, ModelEntry) else next(
            (one for one in known if one.startswith(f"{name}.")), None)
        help = (f"did you mean `{near}`?",) if near else (
            f"it has {', '.join(f'`{one}`' for one in known[:8])}",) if known else ()
        raise CompileError([Diagnostic("E0801", f"`{module.source.name}` has no morphism `{name}`",
                                       [Label(Span(module.source, 0, 0), "in this file")], help=help)])
    if any(formal.codomain is not None for formal in entry.parameters):
        raise CompileError([Diagnostic(
            "E0802", f"`{name}` takes morphisms and is no network by itself", [Label(entry.span, "declared here")],
            help=(f"compile a morphism that applies it: `morphism net : ... = {name}(...)`",))])
    functors = [one.entry.name for one in entry.generics
                if isinstance(one.entry, FunctorVariableEntry) and one.entry.used]
    if functors:
        raise CompileError([Diagnostic(
            "E0802", f"`{name}` goes over any endofunctor `{functors[0]}` and is no network by itself",
            [Label(entry.span, "declared here")],
            help=(f"compile a morphism that uses it at one: `{name}[{functors[0]} = ...]`",))])
    fixed = [formal for formal in entry.parameters if formal.constant]
    if fixed:
        raise CompileError([Diagnostic(
            "E0811", f"weights of `{name}` are computed from `{fixed[0].name}`, which is no input",
            [Label(fixed[0].span, "declared here")],
            help=("compile a morphism that applies it to a `frozen` weight",))])
    return entry


class Request:
    """A morphism of a file at values given from outside. Raises ``CompileError`` where one of these cannot be."""

    def __init__(self, module: Module, definition: Definition, given: Mapping[str, Any]) -> None:
        self.module = module
        self.definition = definition
        self.sizes: dict[Variable, Dim] = {}
        self.constants: dict[Any, Any] = {}
        self.problems: list[Diagnostic] = []
        self._give(given)

    def _give(self, given: Mapping[str, Any]) -> None:
        """Takes the values given from outside, each checked for what it is."""
        generics = {generic.entry.name: generic.entry for generic in self.definition.generics}
        for name, value in given.items():
            entry = generics.get(name) or self._file_entry(name)
            variable = self._variable(entry)
            if variable is not None:
                if isinstance(value, bool) or not isinstance(value, int) or not variable.least <= value <= LARGEST:
                    self._problem("E0803", f"the size `{name}` cannot be {value!r}", entry.span,
                                  f"an integer of at least {variable.least}, at most 2^63 - 1")
                elif self.sizes.setdefault(variable, value) != value:
                    self._problem("E0803", f"`{name}` cannot be {value}: the same size is given as "
                                  f"{self.sizes[variable]}", entry.span, "one file's dim, under whatever name")
            elif entry is not None and hasattr(entry, "constant"):
                self._constant(name, entry, value)
            else:
                known = [*generics, *self.module.dims, *self.module.params]
                near = nearest(name, known)
                self._problem("E0804", f"`{name}` is defined by the file and cannot be given"
                              if isinstance(entry, DimEntry) else f"there is no size `{name}`",
                              self.definition.span, "", (f"did you mean `{near}`?",) if near else ())
        for one in self.module.loader.order:
            for param in one.params.values():
                self.constants.setdefault(param.constant, param.constant.default)
        if self.problems:
            raise CompileError(self.problems)

    def _file_entry(self, name: str) -> Any:
        if "." in name:
            alias, inner = name.split(".", 1)
            found = self.module.scope.names.get(alias)
            module = getattr(found, "module", None)
            return module.scope.names.get(inner) if module is not None else None
        return self.module.scope.find(name)

    def _variable(self, entry: Any) -> Variable | None:
        if isinstance(entry, DimEntry) and isinstance(entry.value, dims.Poly):
            [*variables] = dims.variables(entry.value)
            if len(variables) == 1 and entry.value == variables[0].poly:
                return variables[0]
        return None

    def _called(self, variable: Variable) -> str:
        """The name under which a size can be given: a dim of an import stands behind its alias."""
        for name, entry in self.module.scope.names.items():
            if isinstance(entry, ModuleEntry) and entry.module.dims.get(variable.name) is variable:
                return f"{name}.{variable.name}"
        return variable.name

    def _constant(self, name: str, entry: Any, value: Any) -> None:
        kind = entry.constant.kind
        good = {"real": isinstance(value, int | float) and not isinstance(value, bool), "bool": isinstance(value, bool),
                "int": isinstance(value, int) and not isinstance(value, bool),
                "choice": value in entry.constant.choices}[kind]
        if good:
            self.constants[entry.constant] = float(value) if kind == "real" else value
        else:
            wanted = " or ".join(repr(choice) for choice in entry.constant.choices) or f"a {kind}"
            self._problem("E0803", f"the parameter `{name}` cannot be {value!r}", entry.span, wanted)

    def _problem(self, code: str, headline: str, span: Any, text: str, help: tuple[str, ...] = ()) -> None:
        self.problems.append(Diagnostic(code, headline, [Label(span, text)], help=help))

    # ---------------------------------------------------------------- the network

    def network(self, arguments: dict[str, Any] | None = None) -> tuple[Network, Specialiser]:
        """The network at these values, and at objects and runs of axes for the generics; raises ``CompileError`` where
        the morphism is none by itself."""
        specialiser = Specialiser(self.sizes, self.constants)
        name = self.definition.name
        try:
            return specialiser.definition(self.definition, arguments), specialiser
        except Endless:
            raise CompileError([Diagnostic(
                "E0812", f"`{name}` gives something infinite, and is no network by itself",
                [Label(self.definition.span, f"gives `{show(self.definition.codomain)}`")],
                help=(f"compile a morphism that takes so many steps of it: `{name} >> take[10]`",))]) from None
        except Unlowerable as primitive:
            raise CompileError([Diagnostic(
                "E0808", str(primitive), [Label(primitive.span, "used here")],
                help=("let it take what the morphism gives, as an input",))]) from None
        except Unlike as unlike:
            raise CompileError([Diagnostic(
                "E0815", str(unlike), [Label(unlike.span, "its two bodies make them of different lists")],
                help=("let both make them of the same list, or give a morphism to each",))]) from None
        except Divided as divided:
            raise CompileError([Diagnostic(
                "E0601", f"the frozen weight `{divided.entry.name}` would have several shapes",
                [Label(divided.entry.span, "its file is given other sizes by another import")],
                why=("a frozen weight is one, wherever its file is imported",),
                help=("give its file the same sizes everywhere",))]) from None
        except NoValue as formula:
            raise CompileError([Diagnostic("E0805", f"`{formula}` has no value", [
                Label(self.definition.span, "at the sizes and parameters given")])]) from None

    def need(self, wanted: Callable[[Constant], bool]) -> None:
        """Notes a problem for each parameter wanted that has no value."""
        for constant, value in self.constants.items():
            if value is None and wanted(constant):
                self._problem("E0806", f"the parameter `{constant.name}` must be given", self.definition.span, "",
                              (f"pass `{constant.name}=...`",))

    def conditions(self) -> list[Constraint]:
        """What must hold of the sizes: of the file, of the header, and found by elaborating; those that are settled
        by the sizes given are, the others are left for the entry."""
        left: list[Constraint] = []
        for constraint in [*self.module.assumed(), *self.definition.where, *self.definition.inferred]:
            try:
                now = constraint.substitute(self.sizes)
            except ZeroDivisionError:
                self._problem("E0805", f"`{constraint.show()}` divides by zero at these sizes",
                              self.definition.span, "")
                continue
            if now.variables():
                left.append(now)
            elif not now.holds({}):
                told = ", ".join(f"{variable.name} = {self.sizes[variable]}" for variable in constraint.variables()
                                 if variable in self.sizes)
                self._problem("E0805", f"`{self.definition.name}` needs `{constraint.show()}`", self.definition.span,
                              f"given {told}" if told else "")
        if self.problems:
            raise CompileError(self.problems)
        return left
