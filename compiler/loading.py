"""Emitted source as a live module: run, registered for tracebacks, and pickled with its source."""

from __future__ import annotations

import hashlib
import linecache
import sys
import types
from collections.abc import Mapping
from typing import Any

from torch import nn

#: The packages of generated modules are named by what they hold.
PREFIX = "catlang_compiled_"


def instantiate(source: str, name: str, lowerings: Mapping[str, Any] | None = None) -> nn.Module:
    """The module of the last class in the source."""
    module = load_source(source, lowerings)
    root = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, nn.Module)
            and value.__module__ == module.__name__][-1]
    made = root()
    assert isinstance(made, nn.Module)
    return made


def load_source(source: str, lowerings: Mapping[str, Any] | None = None) -> types.ModuleType:
    """Runs emitted source as a module of its own; the same source is the same module."""
    functions = {f"lowered_{name}": function for name, function in (lowerings or {}).items()}
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    if functions:
        digest += "_" + hashlib.sha256(repr(sorted((key, id(value)) for key, value in functions.items())).encode()
                                       ).hexdigest()[:8]
    name = PREFIX + digest
    if name in sys.modules:
        return sys.modules[name]
    module = types.ModuleType(name)
    module.__file__ = filename = f"<{name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    module.__dict__.update(functions)
    sys.modules[name] = module
    try:
        exec(compile(source, filename, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == name:
            value.__reduce_ex__ = _Reduce(source, functions)  # type: ignore[method-assign, assignment]
    module.__dict__["__source__"] = source
    return module


class _Reduce:
    """How an instance of an emitted class is pickled: by the source of its class, and its state."""

    def __init__(self, source: str, functions: dict[str, Any]) -> None:
        self.source = source
        self.functions = functions

    def __get__(self, instance: Any, owner: type) -> Any:
        def reduce(protocol: Any) -> Any:
            return restore, (self.source, owner.__name__, self.functions), instance.__dict__

        return reduce


def restore(source: str, name: str, functions: dict[str, Any]) -> nn.Module:
    """An instance without its state, in whatever process."""
    module = load_source(source, {key.removeprefix("lowered_"): value for key, value in functions.items()})
    kind = getattr(module, name)
    made = kind.__new__(kind)
    assert isinstance(made, nn.Module)
    return made


def source_of(module: nn.Module) -> str:
    """The source that a compiled module is an instance of."""
    return str(sys.modules[type(module).__module__].__dict__["__source__"])
