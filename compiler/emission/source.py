"""A whole source file: the classes below a root, the helpers they use, the checks at its entry.

The file stands alone: it imports PyTorch and nothing else. Each statement carries its place in the ``.cat`` file as a
comment, so that a traceback shows it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

from catlang.compiler import emitted
from catlang.compiler.emission import entry, interface
from catlang.compiler.emission.constancy import callers_first, constant_inputs
from catlang.compiler.emission.module import ModuleClass
from catlang.diagram.diagram import Value, Wire
from catlang.diagram.network import Network, Specialiser, erase
from catlang.objects.colour import Product, resolve

_HELPERS = {node.name: node for node in ast.parse(inspect.getsource(emitted)).body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)}


class SourceFile:
    """Emits a root network and everything below it."""

    def __init__(self, root: Network, specialiser: Specialiser, rows: dict[str, Any], title: str) -> None:
        self.root = root
        self.specialiser = specialiser
        self.rows = rows
        self.title = title
        self.order = callers_first(root)
        self.constants = constant_inputs(root)
        self.helpers: set[str] = set()
        self.reserved = frozenset(_HELPERS)
        self.names: dict[Network, str] = {}
        self.ports = interface.ports(root, frozenset(_HELPERS))
        self.tuples: dict[tuple[str, ...], str] = {}
        taken = {"torch", "nn", "F", *_HELPERS}
        for network in self.order:
            self.names[network] = _class_name(network, taken)

    def class_name(self, network: Network) -> str:
        return self.names[network]

    def helper(self, name: str) -> None:
        """Notes that a helper is used, and those that it uses itself."""
        if name in _HELPERS and name not in self.helpers:
            self.helpers.add(name)
            for node in ast.walk(_HELPERS[name]):
                if isinstance(node, ast.Name):
                    self.helper(node.id)

    def substitution(self, axis: Any) -> Any:
        from catlang import dims

        return axis if isinstance(axis, int) else dims.substitute(axis, self.specialiser.sizes)

    def real_constant(self, value: Any) -> Any:
        return self.specialiser.constant(value, None)

    def frozen_entries(self, network: Network) -> list[Any]:
        return network.frozen

    def checks(self, owner: ModuleClass, parameters: list[str]) -> list[ast.stmt]:
        return entry.checks(self, owner, parameters)

    def result(self, value: Value, part: Callable[[Wire], ast.expr]) -> ast.expr:
        """What the root returns: products as tuples, those with names as named tuples."""
        definition = self.root.definition
        return self._product(value, erase(resolve(definition.codomain)) if definition is not None else None, part)

    def _product(self, value: Value, obj: Any, part: Callable[[Wire], ast.expr]) -> ast.expr:
        if isinstance(value, Wire):
            return part(value)
        items = obj.items if isinstance(obj, Product) and len(obj.items) == len(value) else (None,) * len(value)
        values = [self._product(one, item, part) for one, item in zip(value, items, strict=True)]
        names = interface.tuple_names(obj)
        if names is None or len(names) != len(values):
            return ast.Tuple(values, ast.Load())
        if names not in self.tuples:
            self.tuples[names] = _fresh("Output", {*self.names.values(), *self.tuples.values()})
        return ast.Call(ast.Name(self.tuples[names], ast.Load()), values, [])

    def text(self) -> str:
        """The source."""
        classes: dict[str, ast.ClassDef] = {}
        alike: dict[str, str] = {}
        for network in reversed(self.order):
            made = ModuleClass(self, network, self.names[network], network is self.root).emit()
            ast.fix_missing_locations(made)
            # Two places that hold the same diagram have the same class.
            key = ast.dump(ast.ClassDef("", made.bases, [], made.body, []))
            if key in alike and network is not self.root:
                self.names[network] = alike[key]
                continue
            alike[key] = made.name
            classes[made.name] = made
        helpers = [_HELPERS[name] for name in _HELPERS if name in self.helpers]
        body = "\n\n\n".join(_unparse(node) for node in [*helpers, *classes.values()])
        imports = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"
        imports = "\n".join(line for line in imports.splitlines()
                            if not line.endswith(" as F") or re.search(r"\bF\.", body)) + "\n"
        if not re.search(r"\btorch\.", body):
            imports = imports.replace("import torch\n", "", 1)
        if self.tuples:
            imports = "from collections import namedtuple\n\n" + imports
            types = [f"{name} = namedtuple({name!r}, {list(fields)!r})"
                     for fields, name in self.tuples.items()]
            body = "\n".join(types) + f"\n\n\n{body}"
        return f'"""{self.title}"""\n\n{imports}\n\n{body}\n'


def _class_name(network: Network, taken: set[str]) -> str:
    words = network.name.split("_")
    name = "".join(word[:1].upper() + word[1:] for word in words if word) or "Net"
    if not name[0].isalpha():
        name = f"Net{name}"
    name = _fresh(name, taken)
    taken.add(name)
    return name


def _fresh(base: str, taken: set[str]) -> str:
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}{number}"
    return name


def _unparse(node: ast.stmt) -> str:
    """A definition as text, with places as comments and a blank line between methods."""
    if isinstance(node, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        lines = [f"class {node.name}({bases}):" if bases else f"class {node.name}:"]
        for position, statement in enumerate(node.body):
            if position and isinstance(statement, ast.FunctionDef):
                lines.append("")
            lines += _indented(_statement(statement))
        return "\n".join(lines)
    return "\n".join(_statement(node))


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def _statement(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef):
        lines = [f"def {node.name}({ast.unparse(node.args)}):"]
        for statement in node.body:
            lines += _indented(_statement(statement))
        return lines
    if isinstance(node, ast.If):
        lines = [f"if {ast.unparse(node.test)}:"]
        for statement in node.body:
            lines += _indented(_statement(statement))
        if node.orelse:
            lines.append("else:")
            for statement in node.orelse:
                lines += _indented(_statement(statement))
        return lines
    if isinstance(node, ast.For):
        lines = [f"for {ast.unparse(node.target)} in {ast.unparse(node.iter)}:" + _place(node)]
        for statement in node.body:
            lines += _indented(_statement(statement))
        return lines
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        text = node.value.value.replace("\\", "\\\\").replace('"""', "'''")
        return f'"""{text}"""'.split("\n")
    lines = ast.unparse(node).split("\n")
    lines[-1] += _place(node)
    return lines


def _place(node: ast.stmt) -> str:
    span = getattr(node, "place", None)
    if span is None:
        return ""
    from catlang.visible import visible

    return f"  # {visible(span.place.rsplit(':', 1)[0])}"
