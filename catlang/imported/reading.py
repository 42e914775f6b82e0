"""A walk through a program, which makes of its nodes boxes, wires, and views of wires.

What an operation means is said in :mod:`catlang.imported.operations`, one row an operation, by the means of
:mod:`catlang.imported.boxes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from catlang.imported.archive import FRACTIONS, TRUTH, WHOLE
from catlang.imported.boxes import Boxes, Item, Lost, Parameter
from catlang.imported.known import recognised
from catlang.imported.layout import Atom, Group, Kind, Mixed, Unsaid, Value, Wire, without_batch
from catlang.imported.program import ATEN, Call, Named, Node, Program
from catlang.imported.wiring import Scope


@dataclass(frozen=True)
class Unknown:
    """An operation that cannot be said in the language, or not with these arguments."""

    op: str
    reason: str
    node: Node


Row = Callable[["Reading", Node], "Item | Sequence[Item]"]


class Reading(Boxes):
    """One walk: what names are bound to, in which call it stands, and what was found."""

    def __init__(self, program: Program, rows: dict[str, Row]) -> None:
        super().__init__(program)
        self.rows = rows
        self.unknown: list[Unknown] = []
        self.inputs: list[tuple[str, Wire]] = []
        self.outputs: list[Wire] = []
        self.batch = self._batch()

    # ------------------------------------------------------------------ the walk

    def run(self) -> None:
        """Goes through the program; afterwards there are outputs, or unknown operations."""
        self._weights()
        for name in self.program.inputs:
            self._input(name)
        for node in self.program.nodes:
            self._enter(node.calls)
            self._node(node)
        if self.unknown:
            return
        self.scope = self.root
        for name in self.program.outputs:
            if name:
                self.outputs.append(self._output(name))

    def _node(self, node: Node) -> None:
        tensors = self.program.tensors
        if node.outputs and all(isinstance(one, Named) and one.name not in tensors for one in node.outputs):
            # Arithmetic of sizes, whose results the program has beside it.
            return
        row = self.rows.get(node.op.removeprefix(ATEN))
        results: Sequence[Item] = [Lost()] * len(node.outputs)
        if row is None:
            self.unknown.append(Unknown(node.op, "", node))
        elif not any(isinstance(one, Lost) for one in self._mentioned(node)):
            try:
                found = row(self, node)
                results = found if isinstance(found, list) else [found]  # type: ignore[list-item]
            except Unsaid as unsaid:
                self.unknown.append(Unknown(node.op, str(unsaid), node))
        for output, result in zip(_flat(node.outputs), _spread(results, node.outputs), strict=False):
            if isinstance(output, Named):
                self.bound[output.name] = result

    def _mentioned(self, node: Node) -> list[Item | None]:
        return [self.bound.get(one.name, Lost()) for one in _flat(list(node.arguments.values()))
                if isinstance(one, Named)]

    def _enter(self, calls: tuple[Call, ...]) -> None:
        """Goes to the call of a module, through those around it. A node that PyTorch put in has none, and stays."""
        if not calls:
            return
        path = self.scope.path()[1:]
        kept = 0
        for call, scope in zip(calls[1:], path, strict=False):
            if call.key != scope.key:
                break
            kept += 1
        self.scope = path[kept - 1] if kept else self.root
        for call in calls[1 + kept:]:
            inner = Scope(self.scope, call.key, call.kind, call.address)
            self.scope.items.append(inner)
            self.scope = inner

    # ------------------------------------------------------------------ what comes in, and what goes out

    def _batch(self) -> Atom:
        metas = [self.program.tensors[name] for name in self.program.inputs if name in self.program.tensors]
        sizes = [meta.sizes[0] for meta in metas if meta.sizes]
        if len(sizes) != len(metas) or not sizes or any(size != sizes[0] for size in sizes):
            raise Unsaid("the inputs have no axis in front of one size in all of them, which would be the batch")
        return Atom(sizes[0], batch=True)

    def _weights(self) -> None:
        for name, address in self.program.weights.items():
            meta = self.program.tensors[name]
            found: Item = Parameter(address, meta.type, meta.sizes)
            kind = "bool" if meta.type == TRUTH else "int" if meta.type in WHOLE else "float"
            # Numbers that a checkpoint has may be others in the next one; ranges of indices are what they are.
            if address not in self.program.trained and (
                    kind != "float" or address not in self.program.archive.persistent):
                entries = self.program.archive.entries(address)
                known = None if entries is None else recognised(entries, meta.sizes, kind)
                found = known if known is not None else found
            self.bound[name] = found

    def _input(self, name: str) -> None:
        meta = self.program.tensors.get(name)
        if meta is None:
            raise Unsaid(f"its input `{name}` is no tensor")
        kind: Kind = "Bool" if meta.type == TRUTH else "R"
        if meta.type in WHOLE:
            kind = self._whole(name)
        elif meta.type not in FRACTIONS and meta.type != TRUTH:
            raise Unsaid(f"its input `{name}` has entries of a type that is not known")
        atoms: list[Group] = [() if size == 1 else (Atom(size),) for size in meta.sizes[1:]]
        wire = Wire(kind, meta.sizes[1:], name)
        self.inputs.append((name, wire))
        self.bound[name] = Value(wire, tuple(atoms), ((self.batch,), *atoms))

    def _whole(self, name: str) -> Kind:
        """What whole numbers that come in are: indices where something is looked up by them, else truth values where
        they are only made such, else numbers."""
        sizes: list[int] = []
        truth = False
        waiting, seen = [name], {name}
        while waiting:
            for node, word in self.users[waiting.pop()]:
                op = node.op.removeprefix(ATEN)
                if op == "embedding.default" and word == "indices":
                    table = node.arguments.get("weight")
                    meta = self.program.tensors.get(table.name) if isinstance(table, Named) else None
                    if meta is not None and isinstance(meta.sizes[0], int):
                        sizes.append(meta.sizes[0])
                elif op in PASSING:
                    if op.startswith("to.") and node.arguments.get("dtype") == TRUTH:
                        truth = True
                        continue
                    for output in node.outputs:
                        if isinstance(output, Named) and output.name not in seen:
                            seen.add(output.name)
                            waiting.append(output.name)
        if sizes:
            return min(sizes)
        return "Bool" if truth else "R"

    def _output(self, name: str) -> Wire:
        value = self.value(Named(name))
        front = value.shape[0] if value.shape else ()
        if len(front) != 1 or not front[0].batch and (value.has(front[0]) or front[0].size != self.batch.size):
            raise Mixed
        return self.arranged(value, without_batch(value.shape[1:]))


#: Operations whose result is what came in, seen otherwise or of another type.
PASSING = frozenset(["to.dtype", "to.device", "to.dtype_layout", "view.default", "reshape.default", "unsqueeze.default",
                     "expand.default", "alias.default", "detach.default", "contiguous.default", "clone.default",
                     "index.Tensor", "slice.Tensor", "type_as.default"])


def _flat(arguments: Sequence[Any]) -> list[Any]:
    return [one for argument in arguments for one in (argument if isinstance(argument, list) else [argument])]


def _spread(results: Sequence[Item], outputs: Sequence[Any]) -> Sequence[Item]:
    """What a node that failed gives for each of its outputs, where they stand in a list."""
    count = len(_flat(outputs))
    return [Lost()] * count if results and isinstance(results[0], Lost) else results
