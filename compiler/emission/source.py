"""A whole source file: the classes below a root, the helpers they use, the checks at its entry.

The file stands alone: it imports PyTorch and nothing else. Each statement carries its place in the ``.cat`` file as a
comment, so that a traceback shows it.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from catlang import dims
from catlang.compiler.emission import entry, interface
from catlang.compiler.emission.constancy import callers_first, constant_inputs
from catlang.compiler.emission.layout import definition
from catlang.compiler.emission.module import RESERVED, ModuleClass
from catlang.compiler.emission.sizes import Taken, python_name
from catlang.compiler.emitted import DEFINITIONS
from catlang.compiler.lowering.row import Foreign, Row, quote
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Instance, Value, Wire
from catlang.dims.constraint import Constraint
from catlang.network.erasure import carrier
from catlang.network.network import Network, Sub
from catlang.network.specialise import Specialiser
from catlang.objects.colour import Power, Product, base_of, power
from catlang.objects.functor import element_of

_HELPERS = DEFINITIONS


class Stateful(ValueError):
    """What is to be computed anew keeps a state; ``instance`` is what it was asked of."""

    def __init__(self, instance: Instance) -> None:
        super().__init__(instance.name)
        self.instance = instance


class SourceFile:
    """Emits a root network and everything below it."""

    def __init__(self, root: Network, specialiser: Specialiser, rows: dict[Any, Row], title: str,
                 conditions: list[Constraint], checkpoint: Sequence[str] = ()) -> None:
        self.root = root
        self.specialiser = specialiser
        self.rows = rows
        self.title = title
        self.conditions = conditions
        self.checkpoint = checkpoint
        #: The labels of instances that can be computed anew on the way back, each with such an instance.
        self.labels: dict[str, Instance] = {}
        self.order = callers_first(root)
        self.constants = constant_inputs(root)
        self.reserved = frozenset(_HELPERS)
        self.helpers: set[str] = set()
        self.lowerings = {row.called: row for row in rows.values() if isinstance(row, Foreign)}
        self.outside: dict[str, Foreign] = {}
        self.classes: dict[Network, ModuleClass] = {}
        self.names: dict[Network, str] = {}
        self.ports = interface.ports(root, RESERVED | self.reserved)
        self.tuples: dict[tuple[str, ...], str] = {}

    def class_of(self, network: Network) -> ast.expr:
        """The class of a network, which every network that uses it comes after."""
        name = self.names[network]
        return ast.Name(name, ast.Load()) if name else quote("nn.Identity")

    def helper(self, name: str) -> None:
        """Notes that a helper is used, and those that it uses itself."""
        if name in self.lowerings:
            self.outside[name] = self.lowerings[name]
        if name in _HELPERS and name not in self.helpers:
            self.helpers.add(name)
            for node in ast.walk(_HELPERS[name]):
                if isinstance(node, ast.Name):
                    self.helper(node.id)

    def computed_anew(self, instance: Instance, operation: Sub) -> bool:
        """Whether what an instance computes is to be computed anew on the way back, and not kept.

        Raises ``Stateful`` where that would change a state a second time."""
        self.labels.setdefault(instance.name, instance)
        if instance.name not in self.checkpoint:
            return False
        if stateful(operation.network):
            raise Stateful(instance)
        return True

    def substitution(self, axis: Any) -> Any:
        return axis if isinstance(axis, int) else dims.substitute(axis, self.specialiser.sizes)

    def real_constant(self, value: Any) -> Any:
        return self.specialiser.generics.constant(value, None)

    def checks(self, owner: ModuleClass, parameters: list[str]) -> list[ast.stmt]:
        return entry.checks(self, owner, parameters)

    def result(self, value: Value, part: Callable[[Wire], ast.expr]) -> ast.expr:
        """What the root returns: products as tuples, those with names as named tuples, lists as ``Lists``."""
        return self._product(value, self.root.gives, part)

    def _product(self, value: Value, obj: Any, part: Callable[[Wire], ast.expr]) -> ast.expr:
        if isinstance(value, Wire):
            return part(value)
        obj = carrier(obj) if obj is not None else None
        if obj is not None and (element := element_of(base_of(obj))) is not None:
            lengths, data = value
            if isinstance(obj, Power):
                element = power(element, obj.axes)
            self.helper("Lists")
            return ast.Call(ast.Name("Lists", ast.Load()), [self._product(data, element, part),
                                                           self._product(lengths, None, part)], [])
        items = obj.items if isinstance(obj, Product) and len(obj.items) == len(value) else (None,) * len(value)
        values = [self._product(one, item, part) for one, item in zip(value, items, strict=True)]
        names = interface.tuple_names(obj)
        if names is None or len(names) != len(values):
            return ast.Tuple(values, ast.Load())
        if names not in self.tuples:
            self.tuples[names] = python_name("Output", Taken([*self.names.values(), *self.tuples.values()]))
        return ast.Call(ast.Name(self.tuples[names], ast.Load()), values, [])

    def text(self) -> str:
        """The source."""
        made: list[ast.ClassDef] = []
        alike: dict[str, str] = {}
        taken = Taken([*RESERVED, *_HELPERS])
        own = _class_name(self.root, taken)
        for network in reversed(self.order):
            emitter = self.classes[network] = ModuleClass(self, network, network is self.root)
            node = emitter.emit()
            if _is_identity(network) and network is not self.root:
                self.names[network] = ""
                continue
            # Two places that hold the same diagram have the same class.
            key = ast.dump(node)
            if network is self.root or key not in alike:
                node.name = own if network is self.root else _class_name(network, taken)
                alike[key] = node.name
                made.append(ast.fix_missing_locations(node))
            self.names[network] = alike[key]
        helpers = [_HELPERS[name] for name in _HELPERS if name in self.helpers]
        folder = os.path.dirname(os.path.abspath(self.root.span.source.name)) if self.root.span is not None else ""
        body = "\n\n\n".join(definition(node, folder) for node in [*helpers, *made])
        modules = {"torch": "import torch", "F": "import torch.nn.functional as F",
                   "torch.utils.checkpoint": "import torch.utils.checkpoint", "nn": "from torch import nn"}
        imports = "\n".join(line for name, line in modules.items() if re.search(rf"\b{name}\.", body))
        outside = [self.outside[name].statements() for name in sorted(self.outside)]
        imports = "\n".join([imports, *(one for one in outside if one.startswith("from "))])
        body = "\n\n\n".join([*(one for one in outside if not one.startswith("from ")), body])
        if self.tuples:
            imports = f"from collections import namedtuple\n\n{imports}"
            types = [f"{name} = namedtuple({name!r}, {list(fields)!r})" for fields, name in self.tuples.items()]
            body = "\n".join(types) + f"\n\n\n{body}"
        return f'"""{self.title}"""\n\n{imports}\n\n\n{body}\n'


def stateful(network: Network) -> bool:
    """Whether a network, or one below it, keeps a state."""
    operations = [box.operation for body in network.bodies for _, box in d.everything(body)]
    operations += [instance.operation for instance in network.instances.values()]
    return any(stateful(operation.network) if isinstance(operation, Sub) else
               isinstance(operation, d.Use) and operation.definition.stateful for operation in operations)


def _is_identity(network: Network) -> bool:
    return (len(network.bodies) == 1 and isinstance(network.diagram.inputs, Wire) and not network.diagram.boxes
            and network.diagram.outputs is network.diagram.inputs)


def _class_name(network: Network, taken: Taken) -> str:
    words = re.split("[._]", network.name)
    name = "".join(word[:1].upper() + word[1:] for word in words if word) or "Net"
    return python_name(name if name[0].isalpha() else f"Net{name}", taken)
