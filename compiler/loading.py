"""Emitted source as a live module: run, registered for tracebacks, and pickled with its source.

An exception that leaves the root of such a network carries a note: the place in the ``.cat`` file, and the address of
the submodule, that it came from. Nothing is done for it until there is an exception.
"""

from __future__ import annotations

import hashlib
import inspect
import linecache
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import nn

from catlang.compiler.emitted import containers

#: The packages of generated modules are named by what they hold.
PREFIX = "catlang_compiled_"


def instantiate(source: str, name: str, lowerings: Mapping[str, Any] | None = None) -> nn.Module:
    """The module of the last class in the source."""
    made = root_of(load_source(source, lowerings))()
    assert isinstance(made, nn.Module)
    return made


def root_of(module: types.ModuleType) -> type[nn.Module]:
    """The last class of a loaded source."""
    return [kind for kind in _classes(module) if issubclass(kind, nn.Module)][-1]


def load_source(source: str, lowerings: Mapping[str, Any] | None = None) -> types.ModuleType:
    """Runs emitted source as a module of its own; the same source is the same module.

    ``lowerings`` fill the gaps that it has for functions that stand in no module."""
    functions = {name: function for name, function in (lowerings or {}).items() if f"def lowered_{name}(" in source}
    digest = hashlib.sha256(source.encode()).hexdigest()[:16]
    if functions:
        identities = repr(sorted((name, id(function)) for name, function in functions.items()))
        digest += "_" + hashlib.sha256(identities.encode()).hexdigest()[:8]
    name = PREFIX + digest
    if name in sys.modules:
        return sys.modules[name]
    module = types.ModuleType(name)
    module.__file__ = filename = f"<{name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    sys.modules[name] = module
    try:
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    # A batch of lists is one class, whatever source it comes out of.
    module.__dict__.update({kind.__name__: kind for kind in (containers.Lists, containers.Trees)
                            if kind.__name__ in module.__dict__})
    module.__dict__.update({f"lowered_{one}": function for one, function in functions.items()})
    for kind in _classes(module):
        kind.__reduce_ex__ = _Reduce(source, functions)  # type: ignore[method-assign, assignment]
    root_of(module).__call__ = _called  # type: ignore[method-assign]
    module.__dict__["__source__"] = source
    return module


def source_of(module: nn.Module) -> str:
    """The source that a compiled module is an instance of."""
    return str(sys.modules[type(module).__module__].__dict__["__source__"])


def _classes(module: types.ModuleType) -> Iterator[type]:
    """The classes that a source defines, in its order."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and value.__module__ == module.__name__ and value.__name__ != "Container":
            yield value


# ------------------------------------------------------------------ pickling


class _Reduce:
    """How an instance of an emitted class is pickled: by the source of its class, and its state."""

    def __init__(self, source: str, functions: dict[str, Any]) -> None:
        self.source = source
        self.functions = functions

    def __get__(self, instance: Any, owner: type) -> Any:
        def reduce(protocol: Any) -> Any:
            if owner.__dict__.get("__reduce_ex__") is not self:
                # A subclass is pickled as Python pickles classes.
                return object.__reduce_ex__(instance, protocol)
            if isinstance(instance, tuple):
                return _restored_tuple, (self.source, owner.__name__, self.functions, tuple(instance))
            return _restored, (self.source, owner.__name__, self.functions), instance.__dict__

        return reduce


def _restored(source: str, name: str, functions: dict[str, Any]) -> nn.Module:
    """An instance without its state, in whatever process."""
    kind = getattr(load_source(source, functions), name)
    made = kind.__new__(kind)
    assert isinstance(made, nn.Module)
    return made


def _restored_tuple(source: str, name: str, functions: dict[str, Any], values: tuple[Any, ...]) -> Any:
    return getattr(load_source(source, functions), name)(*values)


# ------------------------------------------------------------------ exceptions


def _called(self: nn.Module, *inputs: Any, **named: Any) -> Any:
    """Calls a root as any module is called; an exception on its way out is told where it comes from.

    It stands in for ``nn.Module.__call__``, whose two lines these are: one more call around it would be felt."""
    try:
        if self._compiled_call_impl is not None:
            return self._compiled_call_impl(*inputs, **named)
        return self._call_impl(*inputs, **named)
    except Exception as error:
        if not torch.compiler.is_compiling():
            _explain(self, error, inputs, named)
        raise


def _explain(root: nn.Module, error: Exception, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
    frames = []
    traceback = error.__traceback__
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    file = sys.modules[root_of_class(type(root)).__module__].__file__
    inside = [(frame, line) for frame, line in frames if frame.f_code.co_filename == file]
    if not inside:
        if isinstance(error, TypeError) and frames[-1][0].f_code.co_filename == nn.modules.module.__file__:
            _explain_arguments(root, error, inputs, named)
        return
    for frame, line in reversed(inside):
        place = _marked(file or "", line)
        module = frame.f_locals.get("self")
        if place and isinstance(module, nn.Module):
            address = next((name for name, one in root.named_modules() if one is module), "")
            where = f"in `{address}`" if address else "at the root of the network"
            error.add_note(f"{place}: {where} ({type(module).__name__})")
            return


def _marked(file: str, line: int) -> str:
    """The place in the ``.cat`` file that the statement which begins on a line of emitted source came from."""
    text = linecache.getline(file, line)
    margin = len(text) - len(text.lstrip())
    while text:
        _, mark, place = text.rstrip().rpartition("  # ")
        if mark:
            return place
        line += 1
        text = linecache.getline(file, line)
        # The mark stands where the statement ends, on the line of its last bracket.
        if len(text) - len(text.lstrip()) <= margin and text.lstrip()[:1] not in tuple(")]}"):
            return ""
    return ""


def root_of_class(kind: type) -> type:
    """The emitted class that a class is or comes from."""
    return next(one for one in kind.__mro__ if one.__module__.startswith(PREFIX))


def _explain_arguments(root: nn.Module, error: TypeError, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Says what the inputs are where there are too many, too few, or others."""
    wanted = list(inspect.signature(type(root).forward).parameters)[1:]
    given = [*wanted[:len(inputs)], *named]
    missing = [name for name in wanted if name not in given]
    strange = [name for name in named if name not in wanted]
    twice = [name for name in named if name in wanted[:len(inputs)]]
    head = (type(root).__doc__ or type(root).__name__).split("\n")[0]
    takes = f"{len(wanted)} input{'' if len(wanted) == 1 else 's'}"
    told = [f"it takes {takes}, {', '.join(f'`{name}`' for name in wanted)}" if wanted else "it takes no inputs"]
    if len(inputs) > len(wanted):
        told.append(f"and was given {len(inputs)}")
    if missing:
        told.append(f"and was given no {' and no '.join(f'`{name}`' for name in missing)}")
    if strange or twice:
        told.append(f"and was given `{(strange or twice)[0]}`{' twice' if not strange else ''}")
    error.args = (f"{head}: {' '.join(told)}",)
