"""What the rows of operations are written with: values as boxes make them, weights, and what is known.

A name of the graph is bound to a size, to a tensor whose entries are known, to a weight, or to a value. A box goes into
the call of the module that the walk stands in.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catlang.dims import Dim, Poly
from catlang.imported.archive import FRACTIONS
from catlang.imported.known import Entry, Known
from catlang.imported.layout import (
    Atom,
    Group,
    Groups,
    Kind,
    Mixed,
    Unsaid,
    Value,
    Wire,
    aligned,
    size_of,
    without_batch,
)
from catlang.imported.program import Named, Node, Program
from catlang.imported.wiring import Head, Learned, Pattern, Scope, Simple, Sized, Weight

if TYPE_CHECKING:
    from catlang.imported.program import Meta

#: Entries of expressions, as morphisms.
WORDS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
         "where": "select", **{word: word for word in (
             "add", "sub", "mul", "div", "minimum", "maximum", "pow", "neg", "abs", "log", "exp", "cos", "sin", "sqrt",
             "logical_and", "logical_or", "logical_not", "indicator", "reciprocal")}}
TRUTHS = frozenset(["less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or",
                    "logical_not"])


@dataclass(frozen=True)
class Parameter:
    """A weight of the program that nothing has been made of yet."""

    name: str
    type: int
    sizes: tuple[Dim, ...]


@dataclass(frozen=True)
class Lost:
    """What comes of an operation that is not known."""


Item = Dim | Known | Parameter | Value | Lost


class Boxes:
    """The boxes made so far, and what names are bound to."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.root = Scope(None, "", program.root, "")
        self.scope = self.root
        self.bound: dict[str, Item] = dict(program.sizes)
        self.users: dict[str, list[tuple[Node, str]]] = defaultdict(list)
        for node in program.nodes:
            for word, argument in node.arguments.items():
                for one in argument if isinstance(argument, list) else [argument]:
                    if isinstance(one, Named):
                        self.users[one.name].append((node, word))
        #: The least sizes that positions need: so many at most of a size there are.
        self.bounds: dict[Poly, int] = {}
        self.made: dict[str, Wire] = {}
        self.frozen: dict[str, Wire] = {}
        self.spelled: dict[tuple[Scope, Known], Value] = {}
        self.computed: dict[tuple[Scope, Entry, tuple[Dim, ...]], Value | int | float] = {}
        self.moved: dict[tuple[Scope, Wire, Any], Wire] = {}

    def item(self, argument: Any) -> Any:
        """What an argument is bound to; numbers, and what is none of the graph, are themselves."""
        return self.bound[argument.name] if isinstance(argument, Named) else argument

    def meta(self, node: Node) -> Meta:
        """The type and sizes of what comes out of a node."""
        [output, *_] = node.outputs[0] if isinstance(node.outputs[0], list) else node.outputs
        return self.program.tensors[output.name]

    def known(self, argument: Any) -> Known | None:
        found = self.item(argument)
        return found if isinstance(found, Known) else None

    def value(self, argument: Any) -> Value:
        """An argument as a wire."""
        found = self.item(argument)
        if isinstance(found, Value):
            return found
        if isinstance(found, Known):
            return self.written(found)
        if isinstance(found, Parameter):
            return self.point(found)
        raise Unsaid("an argument is no tensor")

    def numbers(self, value: Value) -> Value:
        """A value as real numbers."""
        if value.kind == "R":
            return value
        if value.kind == "Bool":
            return self.pointwise("indicator", [value])
        return self.pointwise("to_real", [value], entrywise=True)

    def pointwise(self, text: str, operands: Sequence[Value | int | float], entrywise: bool = False, hint: str = "",
                  ) -> Value:
        """An operation at each entry, of values with broadcasting, and of numbers; ``entrywise`` ones act on a single
        entry, and are carried along axes."""
        values = [one for one in operands if isinstance(one, Value)]
        count = max(len(one.shape) for one in values)
        values = [one.seen(((),) * (count - len(one.shape)) + one.shape) for one in values]
        try:
            values = aligned(values)
        except Mixed:
            raise
        except Unsaid:
            # Axes that are split in several ways are made whole.
            values = aligned([self.whole(one) for one in values])
        axes = self.joint(values)
        shape = tuple(next((one.shape[place] for one in values if one.shape[place]), ()) for place in range(count))
        waiting = iter(values)
        arguments = [self.arranged(next(waiting), axes) if isinstance(one, Value) else number_text(one)
                     for one in operands]
        kind: Kind = "Bool" if text in TRUTHS else "R"
        wire = self.scope.add(Simple(text), arguments, kind, tuple(map(size_of, axes)), len(axes) if entrywise else 0,
                              hint=hint)
        return Value(wire, axes, shape)

    def whole(self, value: Value) -> Value:
        """The value with each axis of its view as an axis of the wire that is not split."""
        if any(len(group) > 1 and any(atom.batch for atom in group) for group in value.shape):
            return value
        kept = [group for group in value.shape if any(value.has(atom) and not atom.batch for atom in group)]
        wire = self.arranged(value, tuple(kept))
        table = {group: (Atom(size_of(group)),) for group in kept}
        shape = tuple(table.get(group, group) for group in value.shape)
        return Value(wire, tuple(table[group] for group in kept), shape)

    def joint(self, values: Sequence[Value]) -> Groups:
        """The layout for several values at once: that of one of them if it has all axes, else the order they are seen
        in."""
        every = {atom for one in values for atom in one.atoms}
        for one in values:
            # An axis that is seen as several is taken apart.
            whole = set(without_batch(one.shape))
            if len(one.atoms) == len(every) and all(len(group) < 2 or group in whole for group in one.axes):
                return one.axes
        axes: list[Group] = []
        for place in range(len(values[0].shape)):
            group = next((one.shape[place] for one in values if one.shape[place]), ())
            kept = tuple(atom for atom in group if atom in every)
            if kept:
                axes.append(kept)
        return tuple(axes)

    def arranged(self, value: Value, axes: Groups) -> Wire:
        """The wire of a value with its axes so: its own, or that of a box which shuffles or repeats."""
        if value.axes == axes:
            return value.wire
        wanted = {atom for group in axes for atom in group}
        if not wanted >= set(value.atoms):
            raise Unsaid("an axis would be lost")
        word = "rearrange" if wanted == set(value.atoms) else "repeat"
        head = Pattern(word, "", (value.axes,), axes)
        key = (self.scope, value.wire, head)
        if key not in self.moved:
            self.moved[key] = self.scope.add(head, [value.wire], value.kind, tuple(map(size_of, axes)),
                                             hint=value.wire.hint)
        return self.moved[key]

    def with_last(self, value: Value, last: Sequence[int]) -> tuple[Wire, Groups]:
        """The wire with the axes at some places of the view behind all others, and these others."""
        places = [place % len(value.shape) for place in last]
        behind = tuple(value.shape[place] for place in places)
        if any(atom.batch for group in behind for atom in group):
            raise Mixed
        taken = {atom for group in behind for atom in group}
        if value.axes[len(value.axes) - len(behind):] == behind and not any(
                atom in taken for group in value.axes[: len(value.axes) - len(behind)] for atom in group):
            return value.wire, value.axes[: len(value.axes) - len(behind)]
        front = self.front(value, taken)
        return self.arranged(value, (*front, *behind)), front

    def front(self, value: Value, taken: set[Atom]) -> Groups:
        """The axes of a value in the order they are seen in, but for some atoms and for what does not change."""
        groups = [tuple(atom for atom in group if atom not in taken and not atom.batch and value.has(atom))
                  for group in value.shape]
        return tuple(group for group in groups if group)

    def reduced(self, mode: str, value: Value, places: Sequence[int], kept: bool) -> Value:
        """A sum, a mean, or the largest along some axes of the view, which are of size one then, or gone."""
        gone = {atom for place in places for atom in value.shape[place]}
        if any(atom.batch for atom in gone):
            raise Mixed
        if mode in ("sum", "prod") and not all(value.has(atom) for atom in gone):
            raise Unsaid("a sum along an axis on which nothing changes")
        shape = tuple(() if place in places else group for place, group in enumerate(value.shape)
                      if kept or place not in places)
        if not any(value.has(atom) for atom in gone):
            return value.seen(shape)
        axes = tuple(rest for group in value.axes if (rest := tuple(atom for atom in group if atom not in gone)))
        head = Pattern("reduce", mode, (value.axes,), axes)
        return Value(self.add(head, [value.wire], axes), axes, shape)

    def averaged(self, value: Value, places: Sequence[int]) -> Value:
        """The mean along some axes, which stay with size one."""
        return self.reduced("mean", value, places, True)

    def bound_by(self, size: Dim, total: Dim, start: int) -> None:
        """Remembers that a size can only be so large, as there are no more rows in a table."""
        if isinstance(size, Poly) and isinstance(total, int):
            self.bounds[size] = min(self.bounds.get(size, total - start), total - start)

    def add(self, head: Head | str, arguments: Sequence[Wire | str], axes: Groups, depth: int = 0, kind: Kind = "R",
            captured: Sequence[Wire] = (), hint: str = "") -> Wire:
        """A box in the call that the walk is in."""
        made = Simple(head) if isinstance(head, str) else head
        return self.scope.add(made, arguments, kind, tuple(map(size_of, axes)), depth, captured, hint)

    # ------------------------------------------------------------------ weights

    def own(self, argument: Any, node: Node) -> Parameter | None:
        """The weight that an argument is, if it is only ever used as this node uses it, so that a primitive can have
        it. Else it is a wire that goes to all who use it."""
        if not isinstance(argument, Named):
            return None
        found = self.bound.get(argument.name)
        if not isinstance(found, Parameter):
            return None
        uses = {(user.op, tuple(call.address for call in user.calls), word) for user, word in self.users[argument.name]}
        return found if len(uses) == 1 else None

    def learned(self, text: str, parts: dict[str, Parameter | Weight]) -> Learned:
        weights = tuple((part, Weight(one.name) if isinstance(one, Parameter) else one) for part, one in parts.items())
        return Learned(text, weights, weights[0][1].name.rpartition(".")[0] or weights[0][1].name)

    def point(self, parameter: Parameter) -> Value:
        """A weight as a wire; it stands in the innermost call around all of its uses."""
        if parameter.type not in FRACTIONS:
            raise Unsaid(f"the entries of `{parameter.name}` are no real numbers")
        if parameter.name not in self.made and parameter.name not in self.program.trained:
            self.made[parameter.name] = self.frozen[parameter.name] = Wire("R", parameter.sizes, parameter.name)
        if parameter.name not in self.made:
            [name] = [one for one, address in self.program.weights.items() if address == parameter.name][:1]
            paths = [[call.key for call in user.calls[1:]] for user, _ in self.users[name] if user.calls]
            common = 0
            while paths and all(len(path) > common and path[common] == paths[0][common] for path in paths):
                common += 1
            path = self.scope.path()
            around = path[min(common, len(path) - 1)]
            address = parameter.name.removesuffix(".weight")
            head = Learned(f"parameter[{', '.join(map(str, parameter.sizes))}]", (("weight", Weight(parameter.name)),),
                           address)
            wire = around.add(head, [], "R", parameter.sizes, hint=address.rpartition(".")[2])
            if around is not self.scope:
                # It is made before the call that it goes into.
                around.items.insert(around.items.index(path[path.index(around) + 1]), around.items.pop())
            self.made[parameter.name] = wire
        atoms: Groups = tuple(() if size == 1 else (Atom(size),) for size in parameter.sizes)
        return Value(self.made[parameter.name], atoms, atoms)

    # ------------------------------------------------------------------ what is known

    def written(self, known: Known) -> Value:
        """A tensor whose entries are known, as boxes that compute it."""
        if (self.scope, known) in self.spelled:
            return self.spelled[self.scope, known]
        made = self._entry(known.entry, len(known.sizes), known.sizes)
        if not isinstance(made, Value):
            if isinstance(made, bool):
                raise Unsaid("a truth value that is the same everywhere")
            wire = self.add(f"const[{number_text(made)}]", [], ())
            made = Value(wire, (), ((),) * len(known.sizes))
        self.spelled[self.scope, known] = stretched(made, known.sizes)
        return self.spelled[self.scope, known]

    def _entry(self, entry: Entry, count: int, sizes: Sequence[Dim]) -> Value | int | float:
        """An expression as boxes, the same one once in a call."""
        if entry[0] == "number":
            return entry[1]
        key = (self.scope, entry, tuple(sizes))
        if key not in self.computed:
            self.computed[key] = self._computed(entry, count, sizes)
        return self.computed[key]

    def _computed(self, entry: Entry, count: int, sizes: Sequence[Dim]) -> Value | int | float:
        if entry[0] == "affine":
            made: Value | None = None
            for axis, factor in entry[1]:
                term = self._places(axis, count, sizes)
                if factor == -1:
                    made = self.pointwise("neg", [term]) if made is None else self.pointwise("sub", [made, term])
                    continue
                if factor != 1:
                    term = self.pointwise(f"scale[{number_text(factor)}]", [term])
                made = term if made is None else self.pointwise("add", [made, term])
            assert made is not None
            return made if entry[2] == 0 else self.pointwise("add", [made, entry[2]])
        if entry[0] == "real":
            return self._entry(entry[1], count, sizes)
        inputs = [self._entry(one, count, sizes) for one in entry[1:]]
        if entry[0] == "whole":
            # Towards zero, as PyTorch cuts numbers off.
            [inner] = inputs
            assert isinstance(inner, Value)
            return self.pointwise("mul", [self.pointwise("sign", [inner]),
                                          self.pointwise("floor", [self.pointwise("abs", [inner])])])
        if entry[0] not in WORDS:
            raise Unsaid(f"known entries with `{entry[0]}` in them")
        return self.pointwise(WORDS[entry[0]], inputs)

    def _places(self, axis: int, count: int, sizes: Sequence[Dim]) -> Value:
        """The numbers from 0 on along an axis."""
        atom = Atom(sizes[axis])
        indices = self.add(Sized("index", (atom.size,)), [], ((atom,),), kind=_finite(atom.size))
        wire = self.add("to_real", [indices], ((atom,),), depth=1, hint="place")
        return Value(wire, ((atom,),), tuple((atom,) if place == axis else () for place in range(count)))


def _finite(size: Dim) -> Kind:
    # Indices below a symbolic size are told by their axis; only what is looked up has a number for its bound.
    return size if isinstance(size, int) else "Fin"


def stretched(value: Value, sizes: Sequence[Dim]) -> Value:
    """The value seen with axes in front, and along more of them: nothing changes there."""
    shape = ((),) * (len(sizes) - len(value.shape)) + value.shape
    return value.seen(group if group or size == 1 else (Atom(size),) for group, size in zip(shape, sizes, strict=True))


def number_text(value: Any) -> str:
    """A number as the language writes it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unsaid("a number that depends on sizes, or is none")
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise Unsaid("a number that is not finite")
        return re.sub(r"e([+-])0*(\d)", lambda hit: f"e{'-' if hit[1] == '-' else ''}{hit[2]}", repr(value))
    return str(value)
