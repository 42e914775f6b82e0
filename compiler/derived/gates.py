"""Which cells are PyTorch's: the equations of a step in normal form, held to those of `nn.RNN`, `nn.LSTM` and `nn.GRU`.

A step is read as equations between vectors. Their normal form is a polynomial, entry by entry: products of the states,
of functions of such polynomials, and of rows of ``W x`` and of biases. Cutting a vector into gates cuts the rows;
putting inputs side by side before one matrix adds up the columns' products. So it does not matter in which order the
gates stand, nor whether they are one product, several, or one of the inputs side by side: the step is PyTorch's iff its
normal form is, with whatever rows of whatever weights in the places of `weight_ih` and `weight_hh`.

>>> one = polynomial(("state", 0, 0, 4))
>>> add(one, scaled(one, -1)) == {}
True
>>> multiply(add(one, constant(1)), add(one, constant(-1))) == add(multiply(one, one), constant(-1))
True
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Wire, wires
from catlang.dims import Dim
from catlang.network.recursion import Scan
from catlang.objects.colour import REAL, Finite, axes_of, base_of

#: A monomial is its atoms in order; a polynomial gives monomials their coefficients.
Atom = tuple[Any, ...]
Polynomial = dict[tuple[Atom, ...], float]


def polynomial(atom: Atom) -> Polynomial:
    return {(atom,): 1.0}


def constant(value: float) -> Polynomial:
    return {(): float(value)} if value else {}


def add(left: Polynomial, right: Polynomial) -> Polynomial:
    found = dict(left)
    for monomial, coefficient in right.items():
        total = found.get(monomial, 0.0) + coefficient
        if total:
            found[monomial] = total
        else:
            found.pop(monomial, None)
    return found


def scaled(one: Polynomial, factor: float) -> Polynomial:
    return {monomial: factor * coefficient for monomial, coefficient in one.items() if factor}


def multiply(left: Polynomial, right: Polynomial) -> Polynomial:
    found: Polynomial = {}
    for one, first in left.items():
        for other, second in right.items():
            found = add(found, {tuple(sorted((*one, *other), key=repr)): first * second})
    return found


class Vector:
    """A vector in normal form, of a size; ``parts`` where several were put side by side."""

    __slots__ = ("parts", "size", "value")

    def __init__(self, size: Dim, value: Polynomial | None, parts: list[Vector] | None = None) -> None:
        self.size = size
        self.value = value
        self.parts = parts if parts is not None else [self]


class Stack:
    """A vector taken apart into equally long ones."""

    __slots__ = ("rows",)

    def __init__(self, rows: list[Vector]) -> None:
        self.rows = rows


class Unreadable(Exception):
    """A step that has no such normal form."""


def cut(vector: Vector, start: Dim, stop: Dim) -> Vector:
    """The entries of a vector from one place to another."""
    if start == 0 and stop == vector.size:
        return vector
    if len(vector.parts) > 1:
        place: Dim = 0
        for part in vector.parts:
            if place == start and place + part.size == stop:
                return part
            place = place + part.size
        raise Unreadable
    assert vector.value is not None
    return Vector(stop - start, {tuple(sorted((_cut(atom, start, stop) for atom in monomial), key=repr)): coefficient
                                 for monomial, coefficient in vector.value.items()})


def _cut(atom: Atom, start: Dim, stop: Dim) -> Atom:
    kind = atom[0]
    if kind in ("state", "wire", "bias"):
        return (*atom[:-2], atom[-2] + start, atom[-2] + stop)
    if kind == "product":
        return (*atom[:-2], atom[-2] + start, atom[-2] + stop)
    assert kind == "function"
    inner = {tuple(sorted((_cut(one, start, stop) for one in monomial), key=repr)): coefficient
             for monomial, coefficient in atom[2]}
    return ("function", atom[1], frozenset(inner.items()))


class Reader:
    """Reads a step; what it cannot read and does not depend on the state is an atom."""

    def __init__(self, step: Diagram) -> None:
        state, entries = step.inputs  # type: ignore[misc]
        self.values: dict[Wire, Vector | Stack | int | float] = {}
        self.dependent: set[Wire] = set(wires(state))
        self.wires: dict[int, Wire] = {}
        for place, wire in enumerate(wires(state)):
            self.values[wire] = Vector(_size(wire), polynomial(("state", place, 0, _size(wire))))
        for wire in wires(entries):
            self._opaque(wire)
        for box in step.boxes:
            used = [*wires(box.inputs), *box.operation.around()]
            depends = not self.dependent.isdisjoint(used) or any(
                not self.dependent.isdisjoint(d.captured(inner)) for inner in box.operation.inside().values())
            try:
                self._box(box)
            except Unreadable:
                if depends:
                    # Only what is asked for has to be readable.
                    self.dependent.update(wires(box.outputs))
                    continue
                for wire in wires(box.outputs):
                    self._opaque(wire)
            if depends:
                self.dependent.update(wires(box.outputs))

    def _opaque(self, wire: Wire) -> None:
        if base_of(wire.object) is REAL and len(axes_of(wire.object)) == 1:
            self.wires[id(wire)] = wire
            self.values[wire] = Vector(_size(wire), polynomial(("wire", id(wire), 0, _size(wire))))

    def vector(self, wire: Wire) -> Vector:
        found = self.values.get(wire)
        if isinstance(found, Vector):
            return found
        raise Unreadable

    def polynomial(self, wire: Wire) -> Polynomial:
        found = self.values.get(wire)
        if isinstance(found, int | float):
            return constant(found)
        vector = self.vector(wire)
        if vector.value is None:
            raise Unreadable
        return vector.value

    # ---------------------------------------------------------------- boxes

    def _box(self, box: Box) -> None:
        operation = box.operation
        outputs = wires(box.outputs)
        if isinstance(operation, d.Literal):
            self.values[outputs[0]] = operation.value
            return
        if isinstance(operation, d.Shuffle):
            self._pattern(operation, wires(box.inputs), outputs)
            return
        if not isinstance(operation, d.Use):
            raise Unreadable
        row = _READ.get(operation.definition.name)
        if row is None or box.instance is not None and box.instance.reparameterisation is not None:
            raise Unreadable
        row(self, box, operation, wires(box.inputs), outputs)

    def _pattern(self, operation: d.Shuffle, inputs: list[Wire], outputs: list[Wire]) -> None:
        """``rearrange((g h) -> g h)``"""
        if len(operation.sources) != 1:
            raise Unreadable
        [source] = operation.sources
        if operation.kind != "rearrange" or len(source) != 1 or not isinstance(source[0], tuple) or list(
                source[0]) != list(operation.target) or len(source[0]) != 2:
            raise Unreadable
        count = operation.sizes.get(source[0][0], source[0][0])
        size: Dim = operation.sizes[source[0][1]] if isinstance(source[0][1], str) else source[0][1]
        if not isinstance(count, int) or count > 16:
            raise Unreadable
        vector = self.vector(inputs[0])
        self.values[outputs[0]] = Stack([cut(vector, number * size, (number + 1) * size) for number in range(count)])

    def product(self, box: Box, operation: d.Use, inputs: list[Wire], outputs: list[Wire]) -> None:
        """``linear`` and ``affine``, of a vector or of several side by side."""
        assert box.instance is not None
        size = operation.arguments["n"]
        value: Polynomial = {}
        column: Dim = 0
        for part in self.vector(inputs[0]).parts:
            if part.value is None or len(part.value) != 1:
                raise Unreadable
            [(monomial, coefficient)] = part.value.items()
            if len(monomial) != 1 or coefficient != 1 or monomial[0][0] not in ("state", "wire"):
                raise Unreadable
            # The whole of a state or of an input, not a cut of it.
            atom = monomial[0]
            value = add(value, polynomial(("product", box.instance, atom, column, column + part.size, 0, size)))
            column = column + part.size
        if operation.definition.name == "affine":
            value = add(value, polynomial(("bias", box.instance, 0, size)))
        self.values[outputs[0]] = Vector(size, value)

    def pointwise(self, box: Box, operation: d.Use, inputs: list[Wire], outputs: list[Wire]) -> None:
        name = operation.definition.name
        if len(axes_of(outputs[0].object)) != 1:
            raise Unreadable
        size = _size(outputs[0])
        parts = [self.polynomial(wire) for wire in inputs]
        if name == "add":
            value = add(*parts)
        elif name == "sub":
            value = add(parts[0], scaled(parts[1], -1))
        elif name == "mul":
            value = multiply(*parts)
        elif name == "neg":
            value = scaled(parts[0], -1)
        elif name == "one":
            value = constant(1)
        elif name == "zero":
            value = {}
        else:
            value = polynomial(("function", name, frozenset(parts[0].items())))
        self.values[outputs[0]] = Vector(size, value)

    def concat(self, box: Box, operation: d.Use, inputs: list[Wire], outputs: list[Wire]) -> None:
        parts = [part for wire in inputs for part in self.vector(wire).parts]
        if len(axes_of(outputs[0].object)) != 1:
            raise Unreadable
        self.values[outputs[0]] = Vector(_size(outputs[0]), None, parts)

    def split(self, box: Box, operation: d.Use, inputs: list[Wire], outputs: list[Wire]) -> None:
        vector = self.vector(inputs[0])
        first = operation.arguments["n"]
        self.values[outputs[0]] = cut(vector, 0, first)
        self.values[outputs[1]] = cut(vector, first, first + operation.arguments["m"])

    def slice(self, box: Box, operation: d.Use, inputs: list[Wire], outputs: list[Wire]) -> None:
        self.values[outputs[0]] = cut(self.vector(inputs[0]), operation.arguments["start"], operation.arguments["stop"])

    def at(self, box: Box, operation: d.Use, inputs: list[Wire], outputs: list[Wire]) -> None:
        stack, index = self.values.get(inputs[0]), self.values.get(inputs[1])
        if not isinstance(stack, Stack) or not isinstance(index, int):
            raise Unreadable
        self.values[outputs[0]] = stack.rows[index]


def _size(wire: Wire) -> Dim:
    axes = axes_of(wire.object)
    if len(axes) != 1 or isinstance(base_of(wire.object), Finite):
        return -1
    return axes[0]  # type: ignore[return-value]


_READ = {
    "linear": Reader.product, "affine": Reader.product, "concat": Reader.concat, "split": Reader.split,
    "slice": Reader.slice, "at": Reader.at,
    **dict.fromkeys(("add", "sub", "mul", "neg", "one", "zero", "sigmoid", "tanh", "relu"), Reader.pointwise),
}


# -------------------------------------------------------------------- PyTorch's equations


@dataclass
class Gate:
    """A pre-activation ``W x + U h + b``: which rows of which weights."""

    ours: tuple[Instance, Dim, Dim, Dim, Dim]
    hidden: tuple[Instance, Dim, Dim, Dim, Dim]
    biases: list[tuple[Instance, Dim, Dim]]
    hidden_biases: list[tuple[Instance, Dim, Dim]]


@dataclass
class Kernel:
    """A cell that is PyTorch's: its kind, its gates in PyTorch's order, the wire that comes in, and where its states
    stand among those of the step."""

    kind: str
    gates: list[Gate]
    entry: Wire
    states: list[int]
    size: Dim


class _Matcher:
    def __init__(self, reader: Reader, states: list[Wire]) -> None:
        self.reader = reader
        self.states = states
        self.entry: int | None = None

    def gate(self, value: Any, hidden: int) -> Gate | None:
        """A sum of one product with the input, one with the state and any biases."""
        return self._gate(dict(value), hidden, dict(value), split=False)

    def _gate(self, value: Polynomial, hidden: int, inner: Polynomial, split: bool) -> Gate | None:
        """``split``: the state's products and biases are given apart, in ``inner``."""
        ours, products = [], []
        biases: list[tuple[Instance, Dim, Dim]] = []
        hidden_biases: list[tuple[Instance, Dim, Dim]] = []
        for place, part in enumerate([value, inner] if split else [value]):
            for monomial, coefficient in part.items():
                if coefficient != 1 or len(monomial) != 1:
                    return None
                atom = monomial[0]
                if atom[0] == "bias":
                    (hidden_biases if place else biases).append((atom[1], atom[2], atom[3]))
                elif atom[0] == "product":
                    source = atom[2]
                    entry = (atom[1], atom[3], atom[4], atom[5], atom[6])
                    if source[0] == "state":
                        if source[1] != hidden or source[2] != 0 or source[3] != _size(self.states[hidden]) or (
                                split and not place):
                            return None
                        products.append(entry)
                    else:
                        wire = self.reader.wires.get(source[1])
                        if wire is None or source[2] != 0 or source[3] != _size(wire) or place:
                            return None
                        if self.entry not in (None, source[1]):
                            return None
                        self.entry = source[1]
                        ours.append(entry)
                else:
                    return None
        if len(ours) != 1 or len(products) != 1:
            return None
        return Gate(ours[0], products[0], biases, hidden_biases)


def kernel(operation: Scan) -> Kernel | None:
    """The kernel that a step is, if it is one and gives nothing but its first state."""
    step = operation.step
    state, _ = step.inputs  # type: ignore[misc]
    after, emitted = step.outputs  # type: ignore[misc]
    states, results = wires(state), wires(after)
    if len(states) not in (1, 2) or any(base_of(wire.object) is not REAL or len(axes_of(wire.object)) != 1
                                        for wire in states):
        return None
    try:
        reader = Reader(step)
        values = [reader.polynomial(wire) for wire in results]
    except Unreadable:
        return None
    matcher = _Matcher(reader, states)
    found = _lstm(matcher, values) if len(states) == 2 else _gru(matcher, values[0]) or _rnn(matcher, values[0])
    if found is None or matcher.entry is None:
        return None
    kind, gates, order = found
    hidden = results[order[0]]
    if any(wire is not hidden for wire in wires(emitted)):
        return None
    return Kernel(kind, gates, reader.wires[matcher.entry], order, _size(states[order[0]]))


def _function(atom: Atom, name: str) -> Any:
    return atom[2] if atom[0] == "function" and atom[1] == name else None


def _only(value: Polynomial, count: int) -> list[tuple[Atom, ...]] | None:
    """The monomials, if they are so many and have coefficient one."""
    if len(value) != count or any(coefficient != 1 for coefficient in value.values()):
        return None
    return list(value)


def _lstm(matcher: _Matcher, values: list[Polynomial]) -> tuple[str, list[Gate], list[int]] | None:
    """``c' = f c + i g``, ``h' = o tanh(c')``, with sigmoids f, i, o and a tanh g."""
    for hidden, cell in ((0, 1), (1, 0)):
        size = _size(matcher.states[cell])
        outer, inner = _only(values[hidden], 1), _only(values[cell], 2)
        if outer is None or inner is None or len(outer[0]) != 2:
            continue
        matcher.entry = None
        found: dict[str, Any] = {}
        for one, other in (outer[0], outer[0][::-1]):
            if _function(other, "tanh") == frozenset(values[cell].items()):
                found["o"] = _function(one, "sigmoid")
        for monomial in inner:
            if len(monomial) != 2:
                continue
            for one, other in (monomial, monomial[::-1]):
                if other == ("state", cell, 0, size):
                    found["f"] = _function(one, "sigmoid")
                elif _function(other, "tanh") is not None and _function(one, "sigmoid") is not None:
                    found["i"], found["g"] = _function(one, "sigmoid"), _function(other, "tanh")
        if any(found.get(name) is None for name in "ifgo"):
            continue
        gates = [matcher.gate(found[name], hidden) for name in "ifgo"]
        if all(gate is not None for gate in gates):
            return "lstm", [gate for gate in gates if gate is not None], [hidden, cell]
    return None


def _gru(matcher: _Matcher, value: Polynomial) -> tuple[str, list[Gate], list[int]] | None:
    """``h' = n - z n + z h``, with ``n = tanh(a + r b)``, where b is all of the state's part."""
    state = ("state", 0, 0, _size(matcher.states[0]))
    if len(value) != 3:
        return None
    plain = [monomial for monomial, coefficient in value.items() if len(monomial) == 1 and coefficient == 1]
    if len(plain) != 1 or (new := _function(plain[0][0], "tanh")) is None:
        return None
    update = None
    for monomial, coefficient in value.items():
        if len(monomial) == 2 and state in monomial and coefficient == 1:
            other = monomial[0] if monomial[1] == state else monomial[1]
            update = other if _function(other, "sigmoid") is not None else None
    if update is None:
        return None
    product = tuple(sorted((update, plain[0][0]), key=repr))
    if value.get(product) != -1:
        return None
    ours: Polynomial = {}
    theirs: Polynomial = {}
    reset = None
    for monomial, coefficient in dict(new).items():
        gates = [atom for atom in monomial if _function(atom, "sigmoid") is not None]
        if not gates:
            ours[monomial] = coefficient
            continue
        if len(gates) != 1 or len(monomial) != 2 or reset not in (None, gates[0]):
            return None
        reset = gates[0]
        theirs[tuple(atom for atom in monomial if atom is not gates[0])] = coefficient
    if reset is None:
        return None
    made = [matcher.gate(_function(reset, "sigmoid"), 0), matcher.gate(_function(update, "sigmoid"), 0),
            matcher._gate(ours, 0, theirs, split=True)]
    if any(gate is None for gate in made):
        return None
    return "gru", [gate for gate in made if gate is not None], [0]


def _rnn(matcher: _Matcher, value: Polynomial) -> tuple[str, list[Gate], list[int]] | None:
    found = _only(value, 1)
    if found is None or len(found[0]) != 1:
        return None
    for name in ("tanh", "relu"):
        inner = _function(found[0][0], name)
        if inner is not None and (gate := matcher.gate(inner, 0)) is not None:
            return f"rnn_{name}", [gate], [0]
    return None
