"""How an extern is lowered: a submodule of its class, called with one batch axis and held to its header."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from catlang.checker.formula import Formula
from catlang.compiler.emission.site import formula
from catlang.compiler.extern.reference import called, resolve
from catlang.compiler.lowering.row import INPUTS, Foreign, call, number
from catlang.diagram.diagram import Value, Wire
from catlang.dims import Poly
from catlang.network.erasure import carrier
from catlang.objects.colour import BOOL, REAL, Object, Product, axes_of, base_of

if TYPE_CHECKING:
    from catlang.checker.entry import Definition


def kind_of(obj: Object) -> str:
    """What the numbers of an array are, as emitted sources say it."""
    base = base_of(obj)
    return "real" if base is REAL else "truth" if base is BOOL else "index"


def names_of(obj: Object) -> tuple[str | None, ...]:
    """The names of the parts of an object, where it is a product that has any."""
    obj = carrier(obj)
    return (obj.names or (None,) * len(obj.items)) if isinstance(obj, Product) else ()


class ExternRow(Foreign):
    """The row of one extern; ``called`` is the name that its class has in the source."""

    def __init__(self, definition: Definition, name: str) -> None:
        super().__init__(self._call, align="expand", module=self._made)
        self.definition = definition
        self.called = name
        self.known = called(definition)

    def _made(self, site: Any) -> ast.expr:
        resolve(self.definition)
        given = {name: _value(site.operation.arguments[f"{name}="], site) for name in self.definition.given}
        return call("made_outside", ast.Constant(self.known), ast.Name(self.called, ast.Load()), **given)

    def _call(self, site: Any) -> ast.expr:
        box = site.box
        inputs = iter(site.values[name] for name in INPUTS)
        value = box.inputs if isinstance(box.inputs, tuple) else (box.inputs,)
        names = names_of(self.definition.domain) if isinstance(box.inputs, tuple) else (None,)
        parts = [_nested(part, lambda wire: next(inputs)) for part in value]
        given = [part for part, name in zip(parts, names, strict=True) if name is None]
        named = ast.Dict([ast.Constant(name) for name in names if name is not None],
                         [part for part, name in zip(parts, names, strict=True) if name is not None])
        promised = _nested(box.outputs, lambda wire: ast.Tuple([
            ast.Constant(kind_of(wire.object)),
            ast.Tuple([site.forward.size(axis) for axis in axes_of(wire.object)], ast.Load())], ast.Load()))
        return call("run_outside", site.values["module"], ast.Constant(self.known), ast.Tuple(given, ast.Load()), named,
                    site.values["batch"], promised, number(names_of(self.definition.codomain)))

    def statements(self) -> str:
        """What makes the class known to emitted source."""
        node: Any = self.definition.node
        module, _, path = node.reference.partition(":")
        first, _, rest = path.partition(".")
        if not rest:
            return f"from {module} import {first} as {self.called}"
        return f"from {module} import {first}\n{self.called} = {path}"


def _value(value: Any, site: Any) -> ast.expr:
    """What a class is made with, as an expression."""
    if isinstance(value, Formula):
        return formula(value, site.forward.size)
    if isinstance(value, Poly):
        size: ast.expr = site.forward.size(value)
        return size
    return number(value)


def _nested(value: Value, leaf: Any) -> ast.expr:
    if isinstance(value, Wire):
        found: ast.expr = leaf(value)
        return found
    return ast.Tuple([_nested(part, leaf) for part in value], ast.Load())


def rows(definitions: list[Definition]) -> dict[Any, ExternRow]:
    """A row for each extern, by its definition: two files may have externs of one name."""
    taken: set[str] = set()
    found: dict[Any, ExternRow] = {}
    for definition in definitions:
        name, number_ = f"extern_{definition.name}", 1
        while name in taken:
            number_ += 1
            name = f"extern_{definition.name}{number_}"
        taken.add(name)
        found[definition] = ExternRow(definition, name)
    return found
