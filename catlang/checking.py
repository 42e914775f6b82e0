"""A check: from a file to its module, with every definition elaborated, every law judged and every mistake told.

>>> from catlang.span import Source
>>> module = check_source(Source("m.cat", None, "morphism f : R[3] -> R[4] = affine >> relu"))
>>> list(module.bag), module.scope.names["f"].diagram.instances.keys()
([], dict_keys(['affine_0']))
>>> module = check_source(Source("m.cat", None, "morphism f : R[3] -> R[4] = affine[_, 5] >> relu"))
>>> [found.headline for found in module.bag]
['the body gives `R[5]`, the header promises `R[4]`']
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from catlang.checker.allow import unneeded
from catlang.checker.check import check_module
from catlang.checker.entry import ModelEntry
from catlang.checker.loader import Loader
from catlang.checker.module import Module
from catlang.collector import paused
from catlang.source import read
from catlang.span import Source

#: Python's own calls are counted, not laid on the machine's stack: a long way down a chain of definitions is no danger.
DEEPEST_CALL = 60_000


def check_file(path: str, root: str | None = None, name: str | None = None, loader: Loader | None = None) -> Module:
    """Checks a file and all it imports; raises ``Unreadable`` where there is no text to check.

    A ``loader`` used for several files reads and checks each of them once; its root is then theirs.
    """
    if loader is None:
        source = read(path, name)
    else:
        if (known := loader.modules.get(loader.files.real(path))) is not None:
            return known
        source = loader.files.read(path, path if name is None else name)
    return check_source(source, root if root is not None else os.path.dirname(os.path.abspath(path)), loader)


def check_source(source: Source, root: str | None = None, loader: Loader | None = None) -> Module:
    """Checks a source; the module's ``bag`` then holds the mistakes of it and of what it imports."""
    with paused(), deep_calls():
        return _checked(source, root, loader)


@contextmanager
def deep_calls() -> Iterator[None]:
    """While it lasts a chain of definitions may be as long as a file can make it."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, DEEPEST_CALL))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _checked(source: Source, root: str | None, loader: Loader | None) -> Module:
    if loader is None:
        loader = Loader(root)
    checked = len(loader.order)
    module = loader.main(source)
    fresh = loader.order[checked:]
    for one in fresh:
        check_module(one)
        judge_models(one)
        if one.scope.allowances is not None:
            unneeded(one.scope.allowances, one)
    for one in fresh:
        one.own = list(one.bag)
    for one in fresh:
        if one is not module:
            module.bag.extend(one.bag)
    return module


def judge_models(module: Module) -> None:
    """Judges the laws of a module's models, as far as they could be elaborated."""
    for entry in list(module.scope.names.values()):
        if isinstance(entry, ModelEntry) and entry.equations:
            # Laws are proved or refuted by what nothing else of a check needs.
            from catlang.laws.models import judge_model

            judge_model(entry)
