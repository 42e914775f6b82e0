"""From a ``.cat`` file to a module: check, specialise, emit, load."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catlang.checker.entry import Definition
from catlang.checking import check_file
from catlang.collector import paused
from catlang.compiler import extern, user
from catlang.compiler.derived import Account, derive
from catlang.compiler.emission.forward import Unlowered
from catlang.compiler.emission.module import NotGiven, Unshaped
from catlang.compiler.emission.source import SourceFile, Stateful
from catlang.compiler.loading import instantiate
from catlang.compiler.lowering import ROWS, Row
from catlang.diagnostic import Diagnostic, Label
from catlang.network.request import CompileError, Request, entry_point
from catlang.suggest import nearest

if TYPE_CHECKING:
    from torch import nn

    from catlang.checker.module import Module


@paused()
def compile(path: str | os.PathLike[str], name: str, /, *, lowerings: Mapping[str, Any] | None = None,
            derived: bool = True, checkpoint: Sequence[str] = (), allow_extern: bool = False,
            **sizes: Any) -> nn.Module:
    """The morphism ``name`` of a ``.cat`` file as an ``nn.Module``.

    ``sizes`` gives values to the dims and params of the file and to the size generics of the morphism. A size that is
    tied to a weight must be given; the others stay dynamic and are checked against each other when the module is
    called. ``lowerings`` maps primitives declared in the file to Python: ``{"flash": function}``. Inputs and outputs
    are tensors with any number of common batch axes in front. Classes that the file names as externs are imported and
    made only where ``allow_extern`` says so.

    Loops take the fastest form that a law allows; such a form uses weights without calling their modules. Where these
    have hooks or are adapted, ``derived=False`` leaves every loop as it was written. What the instances with a label in
    ``checkpoint`` compute is not kept for the way back, and computed anew there (``torch.utils.checkpoint``).

    Raises ``CompileError`` where the file does not check, a size is missing or wrong, or a label is none.
    """
    source = emit(path, name, lowerings=lowerings, derived=derived, checkpoint=checkpoint, allow_extern=allow_extern,
                  **sizes)
    return instantiate(source, name, lowerings)


def emit(path: str | os.PathLike[str], name: str, /, *, lowerings: Mapping[str, Any] | None = None,
         derived: bool = True, checkpoint: Sequence[str] = (), allow_extern: bool = False, **sizes: Any) -> str:
    """The Python source of a morphism of a ``.cat`` file; its last class is the morphism's."""
    return explained(path, name, lowerings=lowerings, derived=derived, checkpoint=checkpoint,
                     allow_extern=allow_extern, **sizes)[0]


@paused()
def explained(path: str | os.PathLike[str], name: str, /, *, lowerings: Mapping[str, Any] | None = None,
              derived: bool = True, checkpoint: Sequence[str] = (), allow_extern: bool = False,
              **sizes: Any) -> tuple[str, str]:
    """The source of a morphism, and which derived forms it has, each with its place and the law that it stands on."""
    module = check_file(os.fspath(path))
    errors = [found for found in module.bag if found.severity == "error"]
    if errors:
        raise CompileError(errors)
    definition = entry_point(module, name)
    labels = (checkpoint,) if isinstance(checkpoint, str) else tuple(checkpoint)
    build = Build(module, definition, sizes, lowerings or {}, derived, labels, allow_extern)
    source = build.source()
    return source, build.account.report(definition.name)


class Build(Request):
    """One compilation."""

    def __init__(self, module: Module, definition: Definition, given: Mapping[str, Any],
                 lowerings: Mapping[str, Any], derived: bool = True, checkpoint: Sequence[str] = (),
                 allow_extern: bool = False) -> None:
        super().__init__(module, definition, given)
        self.derived = derived
        self.checkpoint = checkpoint
        self.lowerings = lowerings
        self.allow_extern = allow_extern
        self.account = Account()

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
        self.need(lambda constant: True)
        declared = [entry for one in self.module.loader.order for entry in one.definitions if entry.primitive]
        primitives = {entry.name for entry in declared if not entry.extern}
        for name, near in user.unknown(self.lowerings, primitives):
            self._problem("E0810", f"no primitive is called `{name}`", self.definition.span,
                          "a lowering is given for it", (f"did you mean `{near}`?",) if near else ())
        if self.problems:
            raise CompileError(self.problems)
        network, specialiser = self.network()
        title = f"`{self.definition.name}` of {os.path.basename(self.module.source.name)}, compiled by catlang."
        rows: dict[Any, Row] = {**ROWS, **user.rows(self.lowerings)}
        if self.allow_extern:
            rows.update(extern.rows([entry for entry in declared if entry.extern]))
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
        except Unshaped as unshaped:
            raise CompileError([Diagnostic("E0807", f"the sizes of `{unshaped.run.name}...` are needed", [
                Label(self.definition.span, "a run of axes cannot be given")], help=(
                    f"compile a morphism of one shape that uses `{self.definition.name}`",))]) from None
        except (user.Misfit, extern.Refused) as refused:
            raise CompileError([refused.diagnostic]) from refused.__cause__
        except Unlowered as unlowered:
            if unlowered.extern:
                raise CompileError([Diagnostic(
                    "E0831", f"the extern `{unlowered.name}` is not resolved", [Label(unlowered.span, "used here")],
                    why=("its class is Python, which runs only where that is allowed from outside",),
                    help=("`catlang compile --allow-extern`, or `catlang.compile(..., allow_extern=True)`",
                          ))]) from None
            raise CompileError([Diagnostic(
                "E0808", f"the primitive `{unlowered.name}` has no lowering", [Label(unlowered.span, "used here")],
                help=(f"give one from Python: `catlang.compile(..., lowerings={{\"{unlowered.name}\": function}})`",
                      "or install a package that registers one under the entry point `catlang.lowerings`"))]) from None


__all__ = ["Build", "CompileError", "compile", "emit", "entry_point", "explained"]
