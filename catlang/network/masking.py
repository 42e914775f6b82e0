"""Primitives along the axes of padded lists: what is behind a list's end is left out.

A primitive that goes over such an axis becomes one on the padded axis whose entries past the end are neutral: zero in
a sum, minus infinity in a maximum or a softmax. All of it is written in primitives again, so that every functor has it.
Of an empty list a softmax is over its first place, which is padding, so that no infinity comes out; a mean, a maximum
and a minimum of nothing are zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from catlang import dims
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Value, Wire, wires
from catlang.dims import Dim, Variable
from catlang.network.network import Each
from catlang.network.opening import OpenLists
from catlang.network.recursion import OfLists
from catlang.objects.colour import BOOL, REAL, Finite, Object, axes_of, base_of, power
from catlang.span import Span


class Masking:
    """Writes one box anew, in the primitives of the prelude."""

    def __init__(self, lists: OpenLists, made: Diagram, span: Span, prelude: Any,
                 instance: Instance | None = None) -> None:
        self.instance = instance
        self.lists = lists
        self.made = made
        self.span = span
        self.prelude = prelude

    # ---------------------------------------------------------------- boxes

    def box(self, operation: d.Operation, inputs: Value, outputs: Value) -> Any:
        self.made.boxes.append(Box(operation, inputs, outputs, None, self.span))
        return outputs

    def definition(self, name: str) -> Any:
        """A primitive of the prelude; a header is read when it is first asked for."""
        found = self.prelude.find(name)
        found.module.header(found)
        return found

    def use(self, name: str, inputs: Value, output: Object, **arguments: Any) -> Wire:
        use = d.Use(self.definition(name), arguments, {})
        found: Wire = self.box(use, inputs, Wire(output, self.span))
        return found

    def literal(self, value: float | bool, obj: Object) -> Wire:
        found: Wire = self.box(d.Literal(value), (), Wire(obj, self.span))
        return found

    def repeated(self, x: Wire, place: int, axes: tuple[Any, ...]) -> Wire:
        """An array of one axis, along the others too; its own is the ``place``-th of these."""
        if len(axes) == 1:
            return x
        names = [f"a{number}" for number in range(len(axes))]
        sizes = dict(zip(names, axes, strict=True))
        found: Wire = self.box(d.Shuffle("repeat", None, [[names[place]]], names, sizes), x,
                               Wire(power(base_of(x.object), axes), self.span))
        return found

    def spread(self, x: Wire, axes: tuple[Any, ...]) -> Wire:
        """A scalar along axes."""
        if not axes:
            return x
        names = [f"a{number}" for number in range(len(axes))]
        found: Wire = self.box(d.Shuffle("repeat", None, [[]], names, dict(zip(names, axes, strict=True))), x,
                               Wire(power(base_of(x.object), axes), self.span))
        return found

    def length_at(self, axis: Dim) -> Variable | None:
        if isinstance(axis, dims.Poly):
            for variable in dims.variables(axis):
                if variable in self.lists.opened and axis == variable.poly:
                    return variable
        return None

    def mask(self, length: Variable, safe: bool) -> Wire:
        return self.lists.opened[length][2 if safe else 1]

    def filled(self, x: Wire, place: int, value: float | bool, safe: bool = False) -> Wire:
        """An array with a value behind the list's end along one of its axes."""
        axes = axes_of(x.object)
        length = self.length_at(axes[place])  # type: ignore[arg-type]
        if length is None:
            return x
        mask = self.repeated(self.mask(length, safe), place, axes)
        neutral = self.literal(value, x.object)
        if base_of(x.object) is BOOL:
            name = "logical_or" if value else "logical_and"
            if value:
                mask = self.use("logical_not", mask, mask.object, s=axes)
            return self.use(name, (x, mask), x.object, s=axes)
        return self.use("select", (mask, x, neutral), x.object, s=axes)

    def count(self, length: Variable) -> Wire:
        """How long the list is, and 1 for an empty one."""
        lengths = self.lists.opened[length][0]
        found: Wire = self.box(OfLists("length"), lengths, Wire(REAL, self.span))
        return self.use("clamp", found, REAL, low=1.0, high=math.inf, s=())

    def emptied(self, x: Wire, length: Variable) -> Wire:
        """Zero where the list is empty."""
        lengths = self.lists.opened[length][0]
        count: Wire = self.box(OfLists("length"), lengths, Wire(REAL, self.span))
        some = self.use("greater", (count, self.literal(0, REAL)), BOOL, s=())
        axes = axes_of(x.object)
        return self.use("select", (self.spread(some, axes), x, self.literal(0, x.object)), x.object, s=axes)

    # ---------------------------------------------------------------- primitives

    def primitive(self, operation: d.Use, value: Any, outputs: Value) -> bool:
        """Writes a primitive anew where a list's length is among its sizes; False where it may stay as it is."""
        row = _ROWS.get(operation.definition.name)
        if row is None or not any(self.lists.listed(one) for one in operation.arguments.values()):
            return False
        row(self, operation, wires(value), outputs)
        return True

    def again(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        taken = inputs[0] if len(inputs) == 1 else tuple(inputs)
        self.made.boxes.append(Box(operation, taken, outputs, self.instance, self.span))

    def least(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        self.again(operation, [self.filled(inputs[0], 0, -math.inf, safe=True)], outputs)

    def greatest(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        self.again(operation, [self.filled(inputs[0], 0, math.inf, safe=True)], outputs)

    def defined(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        """Entry by entry, but not for all numbers: behind the end stands 1, for which all of these are defined."""
        for place, x in enumerate(inputs):
            for axis in range(len(axes_of(x.object))):
                x = self.filled(x, axis, 1)
            inputs[place] = x
        self.again(operation, inputs, outputs)

    def sort(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        values, places = wires(outputs)
        raw = Wire(values.object, self.span)
        self.again(operation, [self.filled(inputs[0], 0, math.inf)], (raw, places))
        found = self.filled(raw, 0, 0)
        self.made.boxes[-1].outputs = values
        assert found.object == values.object

    def matmul(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        self.again(operation, [self.filled(inputs[0], 1, 0), inputs[1]], outputs)

    def conv1d(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        self.again(operation, [self.filled(inputs[0], 1, 0)], outputs)

    def attend(self, operation: d.Use, inputs: list[Wire], outputs: Value) -> None:
        queries, keys = operation.arguments["q"], operation.arguments["s"]
        length = self.length_at(keys)
        causal = operation.arguments.get("causal", False)
        if length is None:
            self.again(operation, inputs, outputs)
            return
        mask = self.repeated(self.mask(length, True), 1, (queries, keys))
        if causal:
            mask = self.use("logical_and", (mask, self._before(keys)), mask.object, s=(queries, keys))
        if len(inputs) == 4:
            mask = self.use("logical_and", (inputs[3], mask), mask.object, s=(queries, keys))
        sizes = {name: operation.arguments[name] for name in ("q", "s", "k", "v")}
        self.box(d.Use(self.definition("masked_attend"), sizes, {}), (*inputs[:3], mask), outputs)

    def _before(self, size: Dim) -> Wire:
        """Of each pair of places whether the second is not behind the first."""
        index = self.use("index", (), power(Finite(size), (size,)), n=size)
        inner = Diagram("place", Wire(Finite(size), self.span), None, self.span)
        place = Wire(REAL, self.span)
        to_real = d.Use(self.definition("to_real"), {"n": size}, {})
        inner.boxes.append(Box(to_real, inner.inputs, place, None, self.span))
        inner.outputs = place
        row = power(REAL, (size,))
        places: Wire = self.box(Each(size, inner), index, Wire(row, self.span))
        axes = (size, size)
        return self.use("less_equal", (self.repeated(places, 1, axes), self.repeated(places, 0, axes)),
                        power(BOOL, axes), s=axes)

    # ---------------------------------------------------------------- patterns

    def pattern(self, operation: d.Shuffle, inputs: list[Wire], output: Wire) -> bool:
        """Writes a sum or another reduction along lists anew; False where no list is gone over."""
        if operation.kind not in ("contract", "reduce"):
            return False
        gone = [name for side in operation.sources for name in side if isinstance(name, str)
                and name not in operation.target and self.length_at(operation.sizes[name]) is not None]
        gone = list(dict.fromkeys(gone))
        if not gone:
            return False
        how = operation.how if operation.kind == "reduce" else "sum"
        neutral = {"sum": 0, "mean": 0, "prod": 1, "max": -math.inf, "min": math.inf, "any": False, "all": True}[
            how or "sum"]
        extreme = how in ("max", "min")
        inputs = list(inputs)
        for name in gone:
            place = next(number for number, side in enumerate(operation.sources) if name in side)
            inputs[place] = self.filled(inputs[place], operation.sources[place].index(name), neutral, safe=extreme)
        if how != "mean" and not extreme:
            self.box(operation, inputs[0] if len(inputs) == 1 else tuple(inputs), output)
            return True
        if how == "mean":
            self._mean(operation, inputs[0], gone, output)
            return True
        found: Wire = self.box(operation, inputs[0], Wire(output.object, self.span))
        for name in gone:
            length = self.length_at(operation.sizes[name])
            assert length is not None
            found = self.emptied(found, length)
        self.made.boxes[-1].outputs = output
        return True

    def _mean(self, operation: d.Shuffle, x: Wire, gone: list[str], output: Wire) -> None:
        """The mean over all other axes, then the sum along the lists by how long they are."""
        [source] = operation.sources
        rest = [name for name in source if name in gone or name in operation.target]
        axes = tuple(operation.sizes[name] for name in rest)
        if len(rest) < len(source):
            x = self.box(d.Shuffle("reduce", "mean", [source], rest, operation.sizes), x,
                         Wire(power(REAL, axes), self.span))
        total: Wire = self.box(d.Shuffle("reduce", "sum", [rest], operation.target, operation.sizes), x,
                               Wire(output.object, self.span))
        for name in gone:
            length = self.length_at(operation.sizes[name])
            assert length is not None
            own = axes_of(total.object)
            total = self.use("div", (total, self.spread(self.count(length), own)), total.object, s=own)
        self.made.boxes[-1].outputs = output


_ROWS: dict[str, Callable[[Masking, d.Use, list[Wire], Value], None]] = {
    **dict.fromkeys(("log", "log1p", "exp", "expm1", "sqrt", "rsqrt", "reciprocal", "div", "pow", "tan"),
                    Masking.defined),
    "softmax": Masking.least, "log_softmax": Masking.least, "logsumexp": Masking.least, "argmax": Masking.least,
    "argmin": Masking.greatest, "sort": Masking.sort, "matmul": Masking.matmul, "conv1d": Masking.conv1d,
    "attend": Masking.attend, "masked_attend": Masking.attend,
}
