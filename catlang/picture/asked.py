"""What somebody asks to be shown: a morphism of a file, at sizes and parameters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from catlang.checker.entry import Definition
from catlang.checking import check_file, deep_calls
from catlang.collector import paused
from catlang.network.request import CompileError, Request, entry_point
from catlang.picture.picture import Picture
from catlang.source import Unreadable

if TYPE_CHECKING:
    from catlang.checker.module import Module


def show(path: str | os.PathLike[str], name: str | None = None, /, *, depth: int | None = None,
         **given: Any) -> Picture:
    """A picture of a morphism: ``show("net.cat", "net", d=64)``, or ``show("net.cat::net")``; sizes not given stay as
    they are. ``depth`` says how many levels of boxes are open, without it as many as there is room for.

    Raises ``CompileError`` where the file does not check, has no such morphism, or not at these values, and
    ``ModuleNotFoundError``, when the picture is drawn, where ``catlang[show]`` is not installed.
    """
    place = os.fspath(path)
    if name is None:
        place, colons, name = place.rpartition("::")
        if not colons or not place or not name:
            raise ValueError(f"no morphism is named; write show({os.fspath(path)!r}, \"net\")")
    return picture_of(checked(place), name, given, depth)


def checked(path: str) -> Module:
    """The module of a file. Raises ``CompileError`` where it cannot be read or does not check."""
    try:
        module = check_file(path)
    except Unreadable as unreadable:
        raise CompileError([unreadable.diagnostic]) from None
    errors = [found for found in module.bag if found.severity == "error"]
    if errors:
        raise CompileError(errors)
    return module


def picture_of(module: Module, name: str, given: Mapping[str, Any], depth: int | None = None) -> Picture:
    """A picture of a morphism of a checked file, at these values. Raises ``CompileError``."""
    entry = module.scope.names.get(name)
    if not isinstance(entry, Definition) or entry.primitive:
        entry = entry_point(module, name)
    request = Request(module, entry, given)
    request.conditions()
    with paused(), deep_calls():
        return Picture(module, entry, request.sizes, depth)
