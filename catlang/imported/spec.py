"""A whole file: objects, dims, one morphism a module, the weights' addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catlang.dims import Dim, Poly, show
from catlang.imported.body import Body, Calls
from catlang.imported.layout import Wire
from catlang.imported.naming import Names, plain, snake
from catlang.imported.patterns import SizeNames, dim_of
from catlang.imported.reading import Reading
from catlang.imported.structure import Run, Structure, statements
from catlang.imported.wiring import Learned, Scope, Statement, Weight

#: How wide a line of a comment is.
WIDE = 116


@dataclass(frozen=True)
class Entry:
    """Where a weight of the spec lies in a checkpoint of the program."""

    address: str
    name: str
    transposed: bool


class Spec:
    """The text of a file, from a walk that found nothing unknown."""

    def __init__(self, reading: Reading, title: str) -> None:
        self.reading = reading
        self.title = title
        self.structure = Structure(reading.root, [wire for _, wire in reading.inputs], reading.outputs,
                                   reading.frozen.values())
        self.sizes = SizeNames()
        self.names = Names(_library())
        self.dims = self._dims()
        self.hidden = self._hidden()
        self.token = next((wire.kind for _, wire in reading.inputs if isinstance(wire.kind, int)), 0)
        self.objects = {"Token": f"Fin[{self.token}]", "Hidden": f"R[{self.hidden}]"}
        self.names.taken |= {"Hidden", "Token"}
        self.frozen = {wire: self.names.new(plain(name)) for name, wire in reading.frozen.items()}
        self.keys: dict[Scope, int] = {}
        self.fed: dict[int, int] = {}
        self.called: dict[int, str] = {}
        self._same()
        self.entries: list[Entry] = []

    # ------------------------------------------------------------------ names

    def _dims(self) -> list[str]:
        """The dims of the file are the sizes that the program left open; they get plainer names than it has."""
        found: list[str] = []
        wanted = iter(("n", "m", "l"))
        batch = self.reading.batch.size
        for symbol in self.reading.program.symbols.values():
            used = any(isinstance(size, Poly) and symbol in _variables(size) for one in [
                *(wire for _, wire in self.reading.inputs)] for size in one.sizes)
            if symbol.poly == batch or not used:
                continue
            symbol.name = self.names.new(next(wanted, "size"))
            found.append(symbol.name)
        return found

    def _hidden(self) -> int:
        """The width that most of the data has."""
        every = [wire for part in self.structure.parts.values() for wire in (*part.inputs, *part.outputs)]
        last = Counter(wire.sizes[-1] for wire in every
                       if wire.kind == "R" and len(wire.sizes) == 2 and isinstance(wire.sizes[-1], int)
                       and wire.sizes[-1] > 1)
        return max(sorted(last), key=lambda size: last[size], default=0)

    def _same(self) -> None:
        """Numbers calls so that those of one number are one morphism, and finds which of them are copies in a row."""
        texts: dict[tuple[str, ...], int] = {}
        scopes: list[Scope] = []

        def visit(scope: Scope) -> None:
            for item in scope.items:
                if isinstance(item, Scope):
                    visit(item)
            scopes.append(scope)

        visit(self.structure.root)
        plain_calls = Calls(lambda scope: f"morphism_{self.keys[scope]}", lambda scope: None, self.frozen)
        for scope in scopes:
            part = self.structure.parts[scope]
            body = Body(self.structure, scope, plain_calls, self.sizes, set()).text()
            key = (scope.kind, body, *(self.type(wire) for wire in part.inputs), "->",
                   *(self.type(wire) for wire in part.outputs))
            self.keys[scope] = texts.setdefault(key, len(texts))
        self.fed = self.structure.find_runs(self.keys)
        self.scopes = scopes
        self.names.taken |= {name for name, _ in self.sizes.made.values()}
        for scope in scopes:
            number = self.keys[scope]
            if number not in self.called:
                self.called[number] = self.names.new(snake(scope.kind.rpartition(".")[2].partition("[")[0]))

    # ------------------------------------------------------------------ types

    def type(self, wire: Wire) -> str:
        sizes = [show(size) for size in wire.sizes]
        if isinstance(wire.kind, int):
            carrier = "Token" if wire.kind == self.token else f"Fin[{wire.kind}]"
            return carrier if not sizes else f"{carrier}^{_exponent(wire.sizes)}"
        if wire.kind == "R" and len(sizes) > 1 and wire.sizes[-1] == self.hidden:
            return f"Hidden^{_exponent(wire.sizes[:-1])}"
        if wire.kind == "R" and len(sizes) == 1 and wire.sizes[-1] == self.hidden:
            return "Hidden"
        return f"{wire.kind}[{', '.join(sizes)}]"

    # ------------------------------------------------------------------ the text

    def text(self) -> str:
        """The file, not yet formatted."""
        written: set[int] = set()
        declarations: list[str] = []
        calls = Calls(lambda scope: self.called[self.keys[scope]], lambda scope: self.fed.get(self.keys[scope]),
                      self.frozen)
        taken = {*_library(), *self.called.values(), *self.dims, *self.frozen.values(),
                 *(name for name, _ in self.sizes.made.values())}
        for scope in self.scopes:
            number = self.keys[scope]
            if number in written:
                continue
            written.add(number)
            declarations.append(self.morphism(scope, calls, taken))
        self._addresses(self.structure.root, "", calls, taken)
        head = [f"# {_line(line)}" for line in self.title.split("\n")]
        dims = [self._dim(name) for name in self.dims]
        dims += [f"dim {name} = {size}" for name, size in self.sizes.made.values()]
        used = {wire for one in statements(self.structure.root) for wire in one.reads} | {*self.reading.outputs}
        kept = {wire: name for wire, name in self.frozen.items() if wire in used}
        frozen = [f"frozen {name} : {self.type(wire)}" for wire, name in kept.items()]
        for wire, name in kept.items():
            self._entry(name, Weight(wire.hint))
        objects = [f"object {name} = {value}" for name, value in self.objects.items() if any(
            name in one for one in declarations)]
        blocks = ["\n".join(block) for block in (head, dims, objects, frozen) if block]
        return "\n\n".join([*blocks, *declarations]) + "\n"

    def _dim(self, name: str) -> str:
        bound = next((most for size, most in self.reading.bounds.items() if dim_of(size) == name), None)
        return f"dim {name}" + (f" where {name} <= {bound}" if bound is not None else "")

    def morphism(self, scope: Scope, calls: Calls, taken: set[str]) -> str:
        part = self.structure.parts[scope]
        root = scope is self.structure.root
        names = self._root_names(part.inputs, taken) if root else ()
        body = Body(self.structure, scope, calls, self.sizes, taken, names)
        value = body.text()
        types = [self.type(wire) for wire in part.inputs]
        fed = self.fed.get(self.keys[scope])
        front = "" if fed is None else ", ".join(
            f"{name} : {type_}" for number, (name, type_) in enumerate(zip(body.inputs, types, strict=True))
            if number != fed)
        if fed is not None:
            source = types[fed]
        elif root and len(types) > 1:
            source = " * ".join(f"({name} : {type_})" for name, type_ in zip(body.inputs, types, strict=True))
        else:
            source = " * ".join(types) or "1"
        outputs = [self.type(wire) for wire in part.outputs]
        parts = self._part_names() if root and len(outputs) > 1 else []
        target = " * ".join(f"({name} : {type_})" for name, type_ in zip(parts, outputs, strict=True)) if parts else (
            " * ".join(outputs))
        name = self.called[self.keys[scope]]
        several = sum(1 for key in self.keys.values() if key == self.keys[scope]) > 1
        doc = f"`{_line(scope.kind)}`"
        where = f"{'the first' if several else 'which is'} at `{_line(scope.address)}`." if scope.address else ""
        doc = f"## {doc}, {where}" if where and len(doc) + len(where) < WIDE else f"## {doc}" + (
            f",\n## {where}" if where else ".")
        return f"{doc}\nmorphism {name}{f'({front})' if front else ''} : {source} -> {target} = {value}"

    def _root_names(self, inputs: Sequence[Wire], taken: set[str]) -> list[str]:
        names = Names({*taken, "q", "k", "v", "row"})
        return [names.new(plain(wire.hint)) for wire in inputs]

    def _part_names(self) -> list[str]:
        parts = [name for name, output in zip(self.reading.program.parts, self.reading.program.outputs, strict=False)
                 if output]
        names = Names()
        found = [names.new(plain(name)) for name in parts]
        return found if len(found) == len(self.structure.parts[self.structure.root].outputs) else []

    # ------------------------------------------------------------------ weights

    def _addresses(self, scope: Scope, prefix: str, calls: Calls, taken: set[str]) -> None:
        """Where the weights of a call are, in the spec and in the program."""
        part = self.structure.parts[scope]
        body = Body(self.structure, scope, calls, self.sizes, taken)
        body.text()
        for maker in _once(body.makers.values()):
            label = body.label_of(maker)
            if isinstance(maker, Statement):
                if isinstance(maker.head, Learned):
                    for name, weight in maker.head.parts:
                        self._entry(f"{prefix}{label}.{name}", weight)
            elif isinstance(maker, Run):
                first = maker.calls[0]
                inner = f"{self.called[self.keys[first]]}_0"
                if not self.structure.parts[first].learns:
                    continue
                if maker.tied:
                    self._addresses(first, f"{prefix}{label}.power_0.{inner}.", calls, taken)
                    continue
                for number, call in enumerate(maker.calls):
                    self._addresses(call, f"{prefix}{label}.{number}.{inner}.", calls, taken)
            elif part.learns and label:
                self._addresses(maker, f"{prefix}{label}.", calls, taken)

    def _entry(self, address: str, weight: Weight) -> None:
        entry = Entry(address, weight.name, weight.transposed)
        if entry not in self.entries:
            self.entries.append(entry)


def _once(makers: Iterable[Statement | Scope | Run]) -> list[Statement | Scope | Run]:
    found: dict[int, Statement | Scope | Run] = {}
    for maker in makers:
        found.setdefault(id(maker), maker)
    return list(found.values())


def _variables(size: Poly) -> set[object]:
    return {atom for monomial in size.terms for atom, _ in monomial}


def _exponent(sizes: Sequence[Dim]) -> str:
    shown = [show(size) for size in sizes]
    if len(shown) == 1:
        return shown[0] if shown[0].isalnum() or shown[0].isidentifier() else f"({shown[0]})"
    return f"({', '.join(shown)})"


def _line(text: str) -> str:
    """A text of somebody's as part of one line of a comment."""
    return "".join(one if one.isprintable() else " " for one in text.replace("`", "'"))[:WIDE]


def _library() -> set[str]:
    """The names of the library, which a file of its own should not hide."""
    import os
    import re

    import catlang

    folder = os.path.join(os.path.dirname(os.path.abspath(catlang.__file__)), "library")
    with open(os.path.join(folder, "prelude.cat"), encoding="utf-8") as file:
        found = set(re.findall(r"^primitive (\w+)", file.read(), re.MULTILINE))
    return found | {"R", "Fin", "Bool", "List", "Hidden", "Token"}


__all__ = ["Entry", "Spec"]
