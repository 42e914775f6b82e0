"""What holds of whatever is said of a text: soon, by codes that there are, at places that there are, and no otherwise.

What has no errors is formatted, and all that is a network by itself in it is compiled, or refused by a diagnostic.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from catlang.checker.entry import ConstantEntry, Definition, DimEntry
from catlang.checker.module import Module
from catlang.checking import check_source, deep_calls
from catlang.codes import CODES
from catlang.diagnostic import Diagnostic
from catlang.formatter import formatted
from catlang.report import render
from catlang.source import Unreadable, decoded

#: Seconds of a processor for one text; it takes a fraction of one.
PATIENCE = 5.0
#: How many of the messages about one text are written out.
WRITTEN = 6


class Failed(AssertionError):
    """A promise that was not kept."""


class Late(Exception):
    """Raised in what goes on for too long."""


@contextmanager
def patience(seconds: float = PATIENCE) -> Iterator[None]:
    """Ends what takes longer, wherever it is."""
    def stop(number: int, frame: FrameType | None) -> None:
        raise Late(f"{seconds} seconds")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def told(found: Diagnostic, name: str | None = None) -> None:
    """A diagnostic is whole: its code is one, and every place in it lies in a text."""
    if found.code not in CODES:
        raise Failed(f"there is no code {found.code}")
    if not found.headline or found.span is None:
        raise Failed(f"{found!r} says nothing, or of no place")
    if name is not None and found.severity == "error" and found.span.source.name != name:
        raise Failed(f"{found!r} is about another file")
    for label in found.labels:
        if not 0 <= label.span.start <= label.span.end <= len(label.span.source.text):
            raise Failed(f"{found!r} has a place outside of its text")


def answered(data: bytes, name: str, root: str | None = None, compiles: bool = False) -> str:
    """Checks bytes as a file's and holds what is said to the rules; gives ``unreadable``, ``refused``, or ``accepted``,
    ``compiled`` where all went well."""
    started = time.process_time()
    with patience():
        try:
            source = decoded(data, name, None)
        except Unreadable as unreadable:
            told(unreadable.diagnostic, name)
            render(unreadable.diagnostic)
            return "unreadable"
        module = check_source(source, root)
        found = list(module.bag)
        for one in found:
            told(one, name)
        for one in found[:WRITTEN]:
            for format in ("full", "concise"):
                if not render(one, format):
                    raise Failed(f"nothing is written of {one!r}")
    if time.process_time() - started > PATIENCE:
        raise Failed(f"it took {time.process_time() - started:.1f} seconds")
    if any(one.severity == "error" for one in found):
        return "refused"
    with patience():
        once = formatted(source.text)
        if formatted(once) != once:
            raise Failed("what is formatted is formatted otherwise once more")
    if compiles:
        with patience(4 * PATIENCE):
            everything_compiles(module)
        return "compiled"
    return "accepted"


def everything_compiles(module: Module) -> None:
    """Each network is written and loaded, or refused by diagnostics, of which each has a place."""
    import torch

    from catlang.compiler.build import Build
    from catlang.compiler.loading import instantiate
    from catlang.network.request import CompileError, entry_point

    for name in [one.name for one in module.definitions]:
        for sizes in ({}, open_sizes(module, name)):
            try:
                definition = entry_point(module, name)
                with deep_calls():
                    source = Build(module, definition, sizes, {}).source()
                # No text makes anything so large that it has no place: on this device nothing has one.
                with torch.device("meta"):
                    instantiate(source, definition.name, {})
            except CompileError as refused:
                for one in refused.diagnostics:
                    told(one)
                continue
            break


def open_sizes(module: Module, name: str) -> dict[str, object]:
    """A value for every size and number that may be given."""
    entry = module.scope.names[name]
    assert isinstance(entry, Definition)
    found: dict[str, object] = dict.fromkeys(module.dims, 4)
    found |= {param: 0.5 for param, one in module.params.items() if one.constant.kind == "real"}
    for generic in entry.generics:
        if isinstance(generic.entry, DimEntry):
            found[generic.entry.name] = 4
        elif isinstance(generic.entry, ConstantEntry) and generic.entry.constant.kind == "real":
            found[generic.entry.name] = 0.5
    return found
