"""A declaration as it is spelled: its words and signs, and those of all it mentions.

Two that are spelled alike mean the same; of a declaration that is no network by itself nothing better is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catlang import dims
from catlang.checker.entry import (
    ConstantEntry,
    Definition,
    DimEntry,
    FrozenEntry,
    FunctorEntry,
    ModuleEntry,
    ObjectEntry,
)

if TYPE_CHECKING:
    from catlang.checker.entry import Entry
    from catlang.checker.module import Module

_SIGNS = re.compile(r"#[^\n]*|\w+|[^\w\s]")


def signs(text: str) -> str:
    """The words and signs of a text, each after one blank; comments are none."""
    return " ".join(sign for sign in _SIGNS.findall(text) if sign[0] != "#")


def spelled(entry: Entry, module: Module) -> str:
    """The text of a declaration without blanks and comments, then that of what it mentions, by the names."""
    texts: dict[tuple[str, str], str] = {}
    waiting: list[tuple[Entry, Module]] = [(entry, module)]
    while waiting:
        one, home = waiting.pop()
        key = (home.source.name, one.name)
        if key in texts or (home.source.path is None and home is not module):
            continue
        if isinstance(one, ModuleEntry):
            texts[key] = ", ".join(sorted(f"{variable.name} = {dims.show(dim)}" for variable, dim in one.given.items()))
            waiting += [(inner, one.module) for inner in one.module.scope.names.values()]
        elif isinstance(one, DimEntry):
            texts[key] = dims.show(one.value)
        elif isinstance(one, ConstantEntry):
            texts[key] = f"{one.constant.kind} {one.constant.choices} {one.constant.default!r}"
        elif isinstance(one, Definition | ObjectEntry | FunctorEntry | FrozenEntry):
            texts[key] = signs(home.source.text[one.node.start:one.node.end])
            waiting += [(found, home) for sign in sorted(set(texts[key].split()))
                        if (found := home.scope.names.get(sign)) is not None]
            for other, given in home.given.items():
                waiting += [(inner, other) for inner in other.scope.names.values()]
                texts[other.source.name, "given"] = ", ".join(sorted(
                    f"{variable.name} = {dims.show(dim)}" for variable, dim in given.items()))
    # Where files lie is no part of it.
    return "\n".join(sorted(f"{name}: {text}" for (_, name), text in texts.items()))
