"""From a ``.cat`` file to a module: check, specialise, emit, load."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.check import check_file
from catlang.checker.entry import Definition, DimEntry, ModuleEntry
from catlang.checker.formula import NoValue
from catlang.checker.sizes import LARGEST
from catlang.compiler import user
from catlang.compiler.derived import Account, derive
from catlang.compiler.emission.forward import Unlowered
from catlang.compiler.emission.module import NotGiven
from catlang.compiler.emission.source import SourceFile, Stateful
from catlang.compiler.loading import instantiate
from catlang.compiler.lowering import ROWS
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Dim, Variable
from catlang.dims.constraint import Constraint
from catlang.network.network import Network
from catlang.network.specialise import Endless, Specialiser, Unlowerable
from catlang.objects.colour import show
from catlang.report import render
from catlang.span import Span
from catlang.suggest import nearest

if TYPE_CHECKING:
    from torch import nn

    from catlang.checker.module import Module


class CompileError(ValueError):
    """The specification does not check, or what was asked of it cannot be: ``diagnostics`` says what."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        super().__init__("\n" + "\n".join(render(one) for one in self.diagnostics))


def compile(path: str | os.PathLike[str], name: str, /, *, lowerings: Mapping[str, Any] | None = None,
            derived: bool = True, checkpoint: Sequence[str] = (), **sizes: Any) -> nn.Module:
    """The morphism ``name`` of a ``.cat`` file as an ``nn.Module``.

    ``sizes`` gives values to the dims and params of the file and to the size generics of the morphism. A size that is
    tied to a weight must be given; the others stay dynamic and are checked against each other when the module is
    called. ``lowerings`` maps primitives declared in the file to Python: ``{"flash": function}``. Inputs and outputs
    are tensors with any number of common batch axes in front.

    Loops take the fastest form that a law allows; such a form uses weights without calling their modules. Where these
    have hooks or are adapted, ``derived=False`` leaves every loop as it was written. What the instances with a label in
    ``checkpoint`` compute is not kept for the way back, and computed anew there (``torch.utils.checkpoint``).

    Raises ``CompileError`` where the file does not check, a size is missing or wrong, or a label is none.
    """
    source = emit(path, name, lowerings=lowerings, derived=derived, checkpoint=checkpoint, **sizes)
    return instantiate(source, name, lowerings)


def emit(path: str | os.PathLike[str], name: str, /, *, lowerings: Mapping[str, Any] | None = None,
         derived: bool = True, checkpoint: Sequence[str] = (), **sizes: Any) -> str:
    """The Python source of a morphism of a ``.cat`` file; its last class is the morphism's."""
    return explained(path, name, lowerings=lowerings, derived=derived, checkpoint=checkpoint, **sizes)[0]


def explained(path: str | os.PathLike[str], name: str, /, *, lowerings: Mapping[str, Any] | None = None,
              derived: bool = True, checkpoint: Sequence[str] = (), **sizes: Any) -> tuple[str, str]:
    """The source of a morphism, and which derived forms it has, each with its place and the law that it stands on."""
    module = check_file(os.fspath(path))
    errors = [found for found in module.bag if found.severity == "error"]
    if errors:
        raise CompileError(errors)
    definition = entry_point(module, name)
    labels = (checkpoint,) if isinstance(checkpoint, str) else tuple(checkpoint)
    build = Build(module, definition, sizes, lowerings or {}, derived, labels)
    source = build.source()
    return source, build.account.report(definition.name)


def entry_point(module: Module, name: str) -> Definition:
    """The morphism of that name that a module can be made of."""
    entry = module.scope.names.get(name)
    if not isinstance(entry, Definition) or entry.primitive:
        known = [one.name for one in module.definitions if not one.primitive]
        near = nearest(name, known)
        help = (f"did you mean `{near}`?",) if near else (
            f"it has {', '.join(f'`{one}`' for one in known[:8])}",) if known else ()
        raise CompileError([Diagnostic("E0801", f"`{module.source.name}` has no morphism `{name}`",
                                       [Label(Span(module.source, 0, 0), "in this file")], help=help)])
    if any(formal.codomain is not None for formal in entry.parameters):
        raise CompileError([Diagnostic(
            "E0802", f"`{name}` takes morphisms and is no network by itself", [Label(entry.span, "declared here")],
            help=(f"compile a morphism that applies it: `morphism net : ... = {name}(...)`",))])
    fixed = [formal for formal in entry.parameters if formal.constant]
    if fixed:
        raise CompileError([Diagnostic(
            "E0811", f"weights of `{name}` are computed from `{fixed[0].name}`, which is no input",
            [Label(fixed[0].span, "declared here")],
            help=("compile a morphism that applies it to a `frozen` weight",))])
    return entry


class Build:
    """One compilation."""

    def __init__(self, module: Module, definition: Definition, given: Mapping[str, Any],
                 lowerings: Mapping[str, Any], derived: bool = True, checkpoint: Sequence[str] = ()) -> None:
        self.derived = derived
        self.checkpoint = checkpoint
        self.module = module
        self.definition = definition
        self.lowerings = lowerings
        self.sizes: dict[Variable, Dim] = {}
        self.constants: dict[Any, Any] = {}
        self.problems: list[Diagnostic] = []
        self.account = Account()
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

    def network(self) -> tuple[Network, Specialiser]:
        specialiser = Specialiser(self.sizes, self.constants)
        return specialiser.definition(self.definition), specialiser

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

    def _labels(self, known: Mapping[str, Any]) -> None:
        """Refuses a label to be computed anew that no instance with a module of its own has."""
        for label in self.checkpoint:
            if label not in known:
                near = nearest(label, [*known])
                help = (f"did you mean `{near}`?",) if near else (
                    f"there are {', '.join(f'`{one}`' for one in [*known][:8])}",) if known else ()
                self._problem("E0813", f"no part of `{self.definition.name}` that can be computed anew is called "
                              f"`{label}`", self.definition.span, "", help)
        if self.problems:
            raise CompileError(self.problems)

    def source(self) -> str:
        conditions = self.conditions()
        for constant, value in self.constants.items():
            if value is None:
                self._problem("E0806", f"the parameter `{constant.name}` must be given", self.definition.span, "",
                              (f"pass `{constant.name}=...`",))
        primitives = {name for one in self.module.loader.order for name, entry in one.scope.names.items()
                      if isinstance(entry, Definition) and entry.primitive}
        for name, near in user.unknown(self.lowerings, primitives):
            self._problem("E0810", f"no primitive is called `{name}`", self.definition.span,
                          "a lowering is given for it", (f"did you mean `{near}`?",) if near else ())
        if self.problems:
            raise CompileError(self.problems)
        try:
            network, specialiser = self.network()
        except Endless:
            raise CompileError([Diagnostic(
                "E0812", f"`{self.definition.name}` gives something infinite, and is no network by itself",
                [Label(self.definition.span, f"gives `{show(self.definition.codomain)}`")],
                help=(f"compile a morphism that takes so many steps of it: `{self.definition.name} >> take[10]`",))
            ]) from None
        except Unlowerable as primitive:
            raise CompileError([Diagnostic(
                "E0808", str(primitive), [Label(primitive.span, "used here")],
                help=("let it take what the morphism gives, as an input",))]) from None
        except NoValue as formula:
            raise CompileError([Diagnostic("E0805", f"`{formula}` has no value", [
                Label(self.definition.span, "at the sizes and parameters given")])]) from None
        title = f"`{self.definition.name}` of {os.path.basename(self.module.source.name)}, compiled by catlang."
        rows = {**ROWS, **user.rows(self.lowerings)}
        if self.derived:
            derive(network, self.account)
        source = SourceFile(network, specialiser, rows, title, conditions, self.checkpoint)
        try:
            text = source.text()
            self._labels(source.labels)
            return text
        except Stateful as stateful:
            raise CompileError([Diagnostic(
                "E0814", f"`{stateful.instance.name}` keeps a state and cannot be computed anew",
                [Label(stateful.instance.span or self.definition.span, "its state would change twice at each step")],
                help=("name the parts beside what keeps the state",))]) from None
        except NotGiven as missing:
            called = [self._called(variable) for variable in missing.sizes]
            names = ", ".join(f"`{name}`" for name in called)
            given = ", ".join(f"{name}=..." for name in called)
            raise CompileError([Diagnostic("E0807", f"{names} must be given", [
                Label(self.definition.span, "no input tells it")], help=(f"pass `{given}`",))]) from None
        except user.Misfit as misfit:
            raise CompileError([misfit.diagnostic]) from misfit.__cause__
        except Unlowered as unlowered:
            raise CompileError([Diagnostic(
                "E0808", f"the primitive `{unlowered.name}` has no lowering", [Label(unlowered.span, "used here")],
                help=(f"give one from Python: `catlang.compile(..., lowerings={{\"{unlowered.name}\": function}})`",
                      "or install a package that registers one under the entry point `catlang.lowerings`"))]) from None
