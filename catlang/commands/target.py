"""What a command is to compile: a morphism of a file, at sizes and parameters.

>>> split("blocks/net.cat::net")
('blocks/net.cat', 'net')
>>> values(["d=384", "p=0.1", "bias=false", "mode=linear", "blocks.d=2"])
{'d': 384, 'p': 0.1, 'bias': False, 'mode': 'linear', 'blocks.d': 2}
>>> values(["d"])
Traceback (most recent call last):
    ...
catlang.arguments.Misuse: `-d d` gives no value; write `-d d=...`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.arguments import Misuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType

#: The options by which values are given; a dimension and a parameter of a file are both names of it.
GIVEN = {"--dim": "-d", "--param": "-p"}


def split(target: str) -> tuple[str, str]:
    """The file and the morphism of ``file.cat::morphism``."""
    path, colons, name = target.rpartition("::")
    if not colons or not path or not name:
        path = (path or target).removesuffix("::")
        raise Misuse(f"`{target}` names no morphism of a file; write `{path or 'net.cat'}::net`")
    return path, name


def only(targets: Sequence[str]) -> tuple[str, str]:
    """The one target there has to be."""
    if not targets:
        raise Misuse("no morphism is named; write `net.cat::net`")
    if len(targets) > 1:
        raise Misuse(f"one morphism at a time: `{targets[0]}` or `{targets[1]}`")
    return split(targets[0])


def values(given: Sequence[str]) -> dict[str, Any]:
    """What ``name=value`` says, each value as what it looks like."""
    found: dict[str, Any] = {}
    for text in given:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise Misuse(f"`-d {text}` gives no value; write `-d {name or 'd'}=...`")
        if name in found:
            raise Misuse(f"`{name}` is given twice")
        if name == "lowerings":
            raise Misuse("`lowerings` is no size and no parameter")
        found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


#: The flag that lets a command import and run what files name of Python.
ALLOW_EXTERN = "--allow-extern"


def allowed(options: Mapping[str, Any]) -> bool:
    """Whether externs may be imported and run; then they are looked for from the current folder on, as ``python -m``
    looks."""
    import os
    import sys

    if ALLOW_EXTERN not in options:
        return False
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return True


def compiler() -> ModuleType:
    """The compiler, which the base installation cannot run."""
    import importlib

    try:
        return importlib.import_module("catlang.compiler")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in ("torch", "numpy", "safetensors"):
            raise Misuse(f"compiling needs the package `{missing.name}`, which is not installed: "
                         "pip install 'catlang[torch]'") from None
        raise


class Refused(Exception):
    """The file does not check, or not at these values; the report is the exception's text."""


def refusals(path: str, call: Callable[[], Any], format: str, color: bool) -> Any:
    """What ``call()`` gives; its diagnostics as ``Refused``, and any other exception as one about the file."""
    from catlang.failure import Stopped
    from catlang.network.request import CompileError
    from catlang.report import render, summary
    from catlang.source import Unreadable

    try:
        return call()
    except CompileError as error:
        diagnostics = error.diagnostics
    except Unreadable as unreadable:
        diagnostics = [unreadable.diagnostic]
    except ModuleNotFoundError as missing:
        from catlang.picture.needed import DRAWING

        if missing.name not in DRAWING:
            raise Stopped(path) from missing
        raise Misuse(str(missing)) from None
    except Exception as failure:
        raise Stopped(path) from failure
    rows = [render(one, format, color) + ("\n" if format == "full" else "") for one in diagnostics]
    raise Refused("\n".join([*rows, summary(len(diagnostics), 0, 1)]) + "\n")

