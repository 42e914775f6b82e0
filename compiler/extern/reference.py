"""The class of Python that an extern refers to: found, and made. Nothing here runs unless that was allowed."""

from __future__ import annotations

import importlib
import traceback
from typing import TYPE_CHECKING, Any

from torch import nn

from catlang.diagnostic import Diagnostic, Label
from catlang.span import Span
from catlang.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.checker.entry import Definition

#: Of the text of an exception so much is told.
LONGEST = 300


class Refused(ValueError):
    """An extern that cannot be used; ``diagnostic`` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.headline)


def place(definition: Definition) -> Span:
    """Where the reference of an extern stands."""
    node: Any = definition.node
    return Span(definition.module.source, node.reference_start, node.reference_start + len(node.reference) + 2)


def called(definition: Definition) -> str:
    """How an extern is named where its file is not shown."""
    node: Any = definition.node
    return f"the extern `{definition.name}` ({node.reference})"


def refused(code: str, definition: Definition, headline: str, text: str = "", why: tuple[str, ...] = (),
            help: tuple[str, ...] = ()) -> Refused:
    return Refused(Diagnostic(code, headline, [Label(place(definition), text)], why, help))


def resolve(definition: Definition) -> Any:
    """What an extern refers to, imported; raises ``Refused`` where there is none, or importing it raises."""
    node: Any = definition.node
    name, _, path = node.reference.partition(":")
    try:
        found: Any = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        absent = missing.name or ""
        if name != absent and not name.startswith(f"{absent}."):
            raise refused("E0833", definition, f"importing `{name}` raises", why=(told(missing),)) from missing
        raise refused("E0832", definition, f"there is no module `{absent}`", "is to come from there", help=(
            "install the package, or run where it can be imported from: the current folder is looked through",
            )) from missing
    except (Exception, SystemExit) as error:
        raise refused("E0833", definition, f"importing `{name}` raises", why=(told(error),)) from error
    for part in path.split("."):
        if not hasattr(found, part):
            near = nearest(part, [one for one in dir(found) if not one.startswith("_")])
            raise refused("E0832", definition, f"`{name}` has no `{path}`",
                          help=(f"did you mean `{near}`?",) if near else ())
        found = getattr(found, part)
    if not callable(found) or isinstance(found, nn.Module) or (
            isinstance(found, type) and not issubclass(found, nn.Module)):
        raise refused("E0835", definition, f"`{path}` is no class of `nn.Module`",
                      f"it is a {type(found).__name__}" if not isinstance(found, type) else "a class of another kind",
                      help=("name a class, or a function that makes a module: each instance is one of its own",))
    return found


def make(definition: Definition, given: Mapping[str, Any]) -> nn.Module:
    """A module of the class that an extern refers to; raises ``Refused`` where making it raises, or makes none."""
    kind = resolve(definition)
    with_ = ", ".join(f"{name}={value!r}" for name, value in given.items())
    node: Any = definition.node
    path = node.reference.partition(":")[2]
    try:
        made = kind(**given)
    except (Exception, SystemExit) as error:
        raise refused("E0833", definition, f"`{path}({with_})` raises", why=(told(error),), help=(
            () if node.given else ("what a class is made with stands behind it: `python \"...\" (width = d)`",))
            if isinstance(error, TypeError) else ()) from error
    if not isinstance(made, nn.Module):
        raise refused("E0835", definition, f"`{path}({with_})` is a {type(made).__name__}, and no `nn.Module`")
    return made


def told(error: BaseException) -> str:
    """An exception in a line: where in its module, what, and its text."""
    lines = str(error).strip().splitlines() or [""]
    text = lines[0][:LONGEST] + ("..." if len(lines[0]) > LONGEST or len(lines) > 1 else "")
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    calls = [(frame.f_globals.get("__name__", "?"), line, frame.f_code.co_name)
             for frame, line in traceback.walk_tb(error.__traceback__)]
    theirs = [(module, line, function) for module, line, function in calls if not str(module).startswith((
        "catlang.", "torch.", "importlib", "_frozen_importlib"))]
    if not theirs:
        return what
    module, line, function = theirs[-1]
    return f"in `{function}` of `{module}`, line {line}: {what}" if function != "<module>" else (
        f"in `{module}`, line {line}: {what}")
