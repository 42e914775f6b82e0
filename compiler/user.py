"""Lowerings from outside: functions given at compile, or registered by installed packages.

A lowering is a function of the primitive's inputs and, by keyword, of those of its generics that it names; or an
``nn.Module`` class, made once an instance with the generics it names. In emitted source it is imported from its own
module, so that the source still stands alone.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from typing import Any

from catlang.compiler.lowering.row import INPUTS, Row
from catlang.diagram.diagram import wires

#: The functions of this process by the name under which emitted source finds them.
GROUP = "catlang.lowerings"


def rows(lowerings: Mapping[str, Any]) -> dict[str, Row]:
    """A row for each lowering; those given take precedence over installed ones."""
    found = dict(installed())
    found.update(lowerings)
    return {name: _row(name, function) for name, function in found.items()}


def installed() -> dict[str, Any]:
    """The lowerings that installed packages register."""
    from importlib.metadata import entry_points

    return {point.name: point.load() for point in entry_points(group=GROUP)}


def _row(name: str, function: Any) -> Row:
    if not callable(function):
        raise TypeError(f"the lowering of `{name}` is {function!r}, not a function")
    wanted = [parameter.name for parameter in inspect.signature(function).parameters.values()
              if parameter.kind is inspect.Parameter.KEYWORD_ONLY]

    def code(site: Any) -> ast.expr:
        inputs = [site.values[one] for one in INPUTS[:len(wires(site.box.inputs))]]
        keywords = [ast.keyword(one, site.values[one]) for one in wanted]
        return ast.Call(ast.Name(f"lowered_{name}", ast.Load()), inputs, keywords)

    return Row(code, align="expand")
