"""What a network looks like from outside: the inputs it is called with, and the tuples it gives back.

Each factor of its domain is a parameter of ``forward``; one that is a product itself is given as a tuple. A parameter
is called what the product calls it, else what the body's lambda does. Messages write its object as the header does.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from catlang.diagram.diagram import Value, Wire
from catlang.network.erasure import carrier
from catlang.network.network import Network
from catlang.objects.colour import Object, Product, base_of, resolve, show
from catlang.objects.functor import element_of
from catlang.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catlang.span import Source

class Port:
    """An input, or (``parts``) a tuple of them: its name, its object as it is and as the header writes it. Of a list
    (``listed``) the parts are its lengths and its data."""

    __slots__ = ("listed", "lists", "name", "object", "parts", "text", "wire")

    def __init__(self, name: str, obj: Object, text: str, wire: Wire | None, parts: list[Port],
                 listed: bool = False) -> None:
        self.listed = listed
        # The lists around it, from the outermost: the ports of their lengths.
        self.lists: list[Port] = []
        self.name = name
        self.object = obj
        self.text = text
        self.wire = wire
        self.parts = parts

    def leaves(self) -> Iterator[Port]:
        if self.wire is not None:
            yield self
        for part in self.parts:
            yield from part.leaves()

    @property
    def shown_text(self) -> str:
        """The list that it is a part of."""
        return f"{self.name.split('_lengths')[0].split('_data')[0]} : {self.text}"

    @property
    def shown(self) -> str:
        return f"{self.name} : {self.text}"


def ports(network: Network, reserved: frozenset[str]) -> list[Port]:
    """The inputs of a network, one for each parameter of its ``forward``."""
    definition = network.definition
    value = network.diagram.inputs
    if definition is None:
        obj: Object = Product(()) if value == () else Product(tuple(wire.object for wire in _flat(value)))
        value = tuple(_flat(value))
        written = pattern = None
        source = None
    else:
        assert network.takes is not None
        obj, node = network.takes, definition.node
        written = definition.written.domain if definition.written is not None and network.domain is None else None
        source = definition.span.source
        body = getattr(node, "body", None)
        pattern = body.pattern if isinstance(body, tree.Lambda) and not node.parameters else None
    names = _Names(reserved)
    if isinstance(value, Wire):
        written, name = _typed(written)
        name = name or _variable(pattern) or "x"
        return [Port(names.free(name), obj, _text(written, source, obj), value, [])]
    if element_of(base_of(carrier(obj))) is not None:
        written, name = _typed(written)
        name = names.free(name or _variable(pattern) or "x")
        return [_listed(name, value, obj, _text(written, source, obj), names, [])]
    return _parts(value, obj, written, pattern, source, "x", names)


def _parts(value: tuple[Value, ...], obj: Object, written: tree.Node | None, pattern: tree.Node | None,
           source: Source | None, stem: str, names: _Names) -> list[Port]:
    whole = carrier(obj)
    items = whole.items if isinstance(whole, Product) else (whole,)
    own = whole.names if isinstance(whole, Product) and whole.names else (None,) * len(items)
    if len(items) != len(value):
        items, own = (obj,) * len(value), (None,) * len(value)
    texts = _items(written, len(value))
    plain = resolve(obj)
    shown = plain.items if isinstance(plain, Product) and len(plain.items) == len(value) else items
    patterns = list(pattern.items) if isinstance(pattern, tree.Tuple) and len(pattern.items) == len(value) else (
        [None] * len(value))
    made = []
    for place, part in enumerate(value):
        node, label = _typed(texts[place])
        lone = len(value) == 1 and stem == "x"
        name = own[place] or label or _variable(patterns[place]) or (stem if lone else f"{stem}{place}")
        name = names.free(name)
        text = _text(node, source, shown[place])
        if isinstance(part, Wire):
            made.append(Port(name, shown[place], text, part, []))
        elif element_of(base_of(carrier(shown[place]))) is not None:
            made.append(_listed(name, part, shown[place], text, names, []))
        else:
            inner = _parts(part, shown[place], node, patterns[place], source, f"{name}_", names)
            made.append(Port(name, shown[place], text, None, inner))
    return made


def _listed(name: str, value: tuple[Value, ...], obj: Object, text: str, names: _Names, around: list[Port]) -> Port:
    """A list: one parameter, of which the lengths and the data are read."""
    whole = carrier(obj)
    element = element_of(base_of(whole))
    assert element is not None
    lengths, data = value
    assert isinstance(lengths, Wire)
    size = Port(names.free(f"{name}_lengths"), lengths.object, text, lengths, [])
    size.lists = around
    inner = [*around, size]

    def port(label: str, part: Value, of: Object) -> Port:
        if isinstance(part, Wire):
            made = Port(label, of, text, part, [])
        elif element_of(base_of(carrier(of))) is not None:
            return _listed(label, part, of, text, names, inner)
        else:
            items = carrier(of)
            objects = items.items if isinstance(items, Product) and len(items.items) == len(part) else (of,) * len(part)
            made = Port(label, of, text, None, [port(names.free(f"{label}{place}"), one, found) for place, (one, found)
                                                in enumerate(zip(part, objects, strict=True))])
        made.lists = inner
        return made

    return Port(name, obj, text, None, [size, port(names.free(f"{name}_data"), data, element)], listed=True)


class _Names:
    """Names of parameters, each of them Python's and used once."""

    def __init__(self, reserved: frozenset[str]) -> None:
        self.reserved = reserved
        self.used: set[str] = set()

    def free(self, name: str) -> str:
        if keyword.iskeyword(name) or name in self.reserved:
            name += "_"
        base, number = name, 1
        while name in self.used:
            number += 1
            name = f"{base}{number}"
        self.used.add(name)
        return name


def _flat(value: Value) -> list[Wire]:
    return [value] if isinstance(value, Wire) else [wire for part in value for wire in _flat(part)]


def _items(written: tree.Node | None, count: int) -> list[Any]:
    """The factors as they are written, where they are written one by one."""
    if isinstance(written, tree.Times) and len(written.items) == count:
        return list(written.items)
    return [written] if count == 1 else [None] * count


def _typed(node: tree.Node | None) -> tuple[tree.Node | None, str | None]:
    return (node.type, node.name) if isinstance(node, tree.Typed) else (node, None)


def _variable(node: tree.Node | None) -> str | None:
    if isinstance(node, tree.Typed):
        return node.name
    return node.text if isinstance(node, tree.Name) and not node.text.startswith("_") else None


def _text(node: tree.Node | None, source: Source | None, obj: Object) -> str:
    """An object as the header writes it, else as catlang does."""
    if node is None or source is None:
        return show(obj)
    return " ".join(source.text[node.start:node.end].split())


def tuple_names(obj: Object) -> tuple[str, ...] | None:
    """The names of a product's factors as fields of a named tuple, where all of them have one."""
    names = obj.names if isinstance(obj, Product) else None
    if not names or not all(names):
        return None
    fields = [f"{name}_" if keyword.iskeyword(name or "") else name or "" for name in names]
    return tuple(field.lstrip("_") or f"part{place}" for place, field in enumerate(fields))
