"""The graph of imports, found without parsing, and what of it can be checked and remembered by itself.

A string in a `.cat` file is the path of an import, and nothing else is, so a scan for comments and strings finds all
that a parse may follow.

>>> list(imports('import "a.cat" as a  # "b.cat"\\nimport # here: "c.cat"\\n"d.cat"'))
['a.cat', 'd.cat']

What a check says of a file depends on the texts and the names of that file and of all that it imports, and on how its
imports that lead nowhere fail. Its `digest` covers just that. Two things would make it depend on the way by which it
was reached: a circle of imports, which is told where it closes, and a file with two names, which goes by the first. All
files that hang together with such a one are a `Unit` of their own, checked in their order; any other file is one alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.files.digest import digest
from catlang.files.snapshot import Files, named, outside
from catlang.source import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catlang.diagnostic import Diagnostic
    from catlang.span import Source

#: With so many names at most a file is followed; what it is called beyond that is left to the check itself.
MOST_NAMES = 4


def imports(text: str) -> Iterator[str]:
    """The strings behind the word `import`, in their order: at least all that a parse takes for the path of a file."""
    if '"' not in text:
        return
    import re

    behind, end = False, 0
    for found in re.finditer(r'#[^\n]*|"([^"\n]*)"', text):
        code = text[end : found.start()].rstrip()
        if code:
            behind = code.endswith("import")
        end = found.end()
        if found[1] is not None:
            if behind:
                yield found[1]
            behind = False


class Node:
    """A file under one of its names, and what its imports come to: another node, or how they fail."""

    __slots__ = ("digest", "imports", "number", "real", "source")

    def __init__(self, source: Source, real: str, number: int) -> None:
        self.source = source
        self.real = real
        self.number = number
        self.imports: list[Node | str] = []
        self.digest = b""


class Unit:
    """Files that are checked and remembered together; ``key`` is None where nothing can be remembered."""

    __slots__ = ("key", "mains", "nodes")

    def __init__(self, nodes: Sequence[Node], mains: Sequence[Source], key: bytes | None) -> None:
        self.nodes = nodes
        self.mains = mains
        self.key = key

    @property
    def size(self) -> int:
        return sum(len(node.source.text) for node in self.nodes)


class Graph:
    """Files that are checked under one root, with all that they import."""

    def __init__(self, root: str, listed: Sequence[str]) -> None:
        self.files = Files()
        self.root = root
        self.real_root = self.files.real(root)
        self.nodes: dict[tuple[str, str], Node] = {}
        self.names: dict[str, list[Node]] = {}
        self.reals: dict[str, list[Node]] = {}
        self.unreadable: list[Diagnostic] = []
        self.endless: set[str] = set()
        self.mains: list[Node] = []
        self._waiting: list[Node] = []
        for path in listed:
            try:
                self.mains.append(self._node(path, path))
            except Unreadable as unreadable:
                self.unreadable.append(unreadable.diagnostic)
            self._follow()
        self.units = self._units()
        self.files.closed = True

    def source(self, name: str) -> Source | None:
        """The file of that name; None where there is not just one."""
        known = self.names.get(name, ())
        return known[0].source if len(known) == 1 else None

    # ---------------------------------------------------------------- reading

    def _node(self, path: str, name: str) -> Node:
        source, real = self.files.read(path, name), self.files.real(path)
        node = self.nodes.get((real, name))
        if node is None:
            node = self.nodes[real, name] = Node(source, real, len(self.nodes))
            self.names.setdefault(name, []).append(node)
            self.reals.setdefault(real, []).append(node)
            self._waiting.append(node)
        return node

    def _follow(self) -> None:
        """Reads all that the files read lead to."""
        while self._waiting:
            node = self._waiting.pop()
            node.imports = [self._import(path, node.source) for path in imports(node.source.text)]

    def _import(self, path: str, importer: Source) -> Node | str:
        if not path or "\0" in path:
            return "no path"
        written, name = named(importer, path)
        real = self.files.real(written)
        if outside(path, real, self.real_root):
            return "outside"
        known = self.reals.get(real, [])
        if len(known) >= MOST_NAMES and (real, name) not in self.nodes:
            self.endless.add(real)
            return known[0]
        try:
            return self._node(written, name)
        except Unreadable as unreadable:
            inner = unreadable.diagnostic
            return "\0".join(("fails", inner.headline, str(len(inner.why)), *inner.why, *inner.help))

    # ---------------------------------------------------------------- parting

    def _units(self) -> list[Unit]:
        nodes = list(self.nodes.values())
        order, knotted = _sorted(nodes)
        for table in (self.names, self.reals):
            for several in table.values():
                if len(several) > 1:
                    knotted.update(several)
        part = _parts(nodes, self.reals)
        knots = {part[node.number] for node in knotted}
        found: list[Unit] = []
        for node in order:
            if part[node.number] not in knots:
                node.digest = digest(b"file", *_contents(node, lambda one: one.digest))
        together: dict[int, list[Node]] = {}
        for node in nodes:
            if part[node.number] in knots:
                together.setdefault(part[node.number], []).append(node)
            else:
                found.append(Unit([node], [node.source], node.digest))
        for several in together.values():
            found.append(self._knot(several))
        return found

    def _knot(self, nodes: list[Node]) -> Unit:
        numbers = {node: number for number, node in enumerate(nodes)}
        mains = [node for node in dict.fromkeys(self.mains) if node in numbers]
        key: bytes | None = None
        if not any(node.real in self.endless or len(self.names[node.source.name]) > 1 for node in nodes):
            reals = {real: number for number, real in enumerate(dict.fromkeys(node.real for node in nodes))}
            parts = [b"knot", *(_number(numbers[node]) for node in mains), b"files"]
            for node in nodes:
                parts += [_number(reals[node.real]), *_contents(node, lambda one: _number(numbers[one]))]
            key = digest(*parts)
        return Unit(nodes, [node.source for node in mains], key)


def _sorted(nodes: Sequence[Node]) -> tuple[list[Node], set[Node]]:
    """The nodes, each behind those that it imports, and those where a circle closes."""
    order: list[Node] = []
    closing: set[Node] = set()
    state = [0] * len(nodes)  # 1: its imports are being looked at, 2: done
    for first in nodes:
        waiting = [(first, False)]
        while waiting:
            node, whole = waiting.pop()
            if whole:
                state[node.number] = 2
                order.append(node)
            elif state[node.number] == 1:
                closing.add(node)
            elif state[node.number] == 0:
                state[node.number] = 1
                waiting.append((node, True))
                waiting += [(one, False) for one in node.imports if isinstance(one, Node) and state[one.number] < 2]
    return order, closing


def _parts(nodes: Sequence[Node], reals: dict[str, list[Node]]) -> list[int]:
    """To each node the first of those that it hangs together with."""
    leader = list(range(len(nodes)))

    def lead(number: int) -> int:
        while leader[number] != number:
            leader[number] = number = leader[leader[number]]
        return number

    def join(one: Node, other: Node) -> None:
        first, second = sorted((lead(one.number), lead(other.number)))
        leader[second] = first

    for node in nodes:
        for one in node.imports:
            if isinstance(one, Node):
                join(node, one)
    for several in reals.values():
        for one in several[1:]:
            join(several[0], one)
    return [lead(node.number) for node in nodes]


def _contents(node: Node, told: Callable[[Node], bytes]) -> list[bytes]:
    parts = [_bytes(node.source.name), _bytes(node.source.text)]
    for one in node.imports:
        parts += [b"is", told(one)] if isinstance(one, Node) else [b"not", _bytes(one)]
    return parts


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _number(number: int) -> bytes:
    return str(number).encode()
