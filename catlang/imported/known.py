"""Tensors whose entries are known: ranges, fills, masks made of them, at sizes that may be open.

An entry is a function of its place. ``Known`` has it as an expression in the axes: affine ones in a normal form, in
which the comparisons that causal masks and positions come down to are decided for all sizes at once, others as they
are.

>>> row, column = arange(7).moved(2, {0: 0}, (7, 1)), arange(7).moved(2, {0: 1}, (1, 7))
>>> binary("le", column, row).entry
('le', ('affine', ((1, 1),), 0), ('affine', ((0, 1),), 0))
>>> binary("ge", row, number(0)).entry
('number', True)
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from catlang.dims import Dim
from catlang.imported.layout import Unsaid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: An expression: ``("number", value)``, ``("affine", ((axis, factor), ...), constant)``, or an operation and its
#: inputs.
Entry = tuple[Any, ...]

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne}
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "minimum": min,
    "maximum": max, "pow": operator.pow}
POINTWISE: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg, "abs": abs, "log": math.log, "exp": math.exp, "cos": math.cos, "sin": math.sin,
    "sqrt": math.sqrt, "reciprocal": lambda one: 1 / one, "logical_not": operator.not_, "trunc": math.trunc}


#: How many operations a formula may have: it is written out as often as it is mentioned.
LARGEST = 400


@dataclass(frozen=True)
class Known:
    """A tensor: its type (``int``, ``float``, ``bool``), its sizes, and its entry at a place."""

    type: str
    sizes: tuple[Dim, ...]
    entry: Entry
    #: How many operations there are in the entry, at most.
    length: int = field(default=1, compare=False)

    def __post_init__(self) -> None:
        if self.length > LARGEST:
            raise Unsaid("entries by a formula that is too long")

    def moved(self, count: int, places: Mapping[int, int], sizes: Sequence[Dim]) -> Known:
        """The same entries, each axis at another of ``count`` places; along the new ones nothing changes."""
        del count
        table = {axis: ((place, 1),) for axis, place in places.items()}
        entry = substituted(self.entry, {axis: ("affine", terms, 0) for axis, terms in table.items()})
        return Known(self.type, tuple(sizes), entry, self.length)

    @property
    def axes(self) -> frozenset[int]:
        """The axes along which entries change."""
        return axes_of(self.entry)

    @property
    def value(self) -> Any:
        """The one number that all entries are; None where they differ."""
        return self.entry[1] if self.entry[0] == "number" else None


def number(value: Any) -> Known:
    """A scalar."""
    kind = "bool" if isinstance(value, bool) else "float" if isinstance(value, float) else "int"
    return Known(kind, (), ("number", value))


def filled(value: Any, sizes: Sequence[Dim], kind: str) -> Known:
    """The same everywhere."""
    return Known(kind, tuple(sizes), ("number", cast_number(value, kind)))


def arange(size: Dim, start: int = 0, step: int = 1) -> Known:
    """Whole numbers in order."""
    return Known("int", (size,), affine({0: step}, start))


def affine(terms: Mapping[int, int], constant: int) -> Entry:
    kept = tuple(sorted((axis, factor) for axis, factor in terms.items() if factor))
    return ("affine", kept, constant) if kept else ("number", constant)


def axes_of(entry: Entry) -> frozenset[int]:
    if entry[0] == "number":
        return frozenset()
    if entry[0] == "affine":
        return frozenset(axis for axis, _ in entry[1])
    return frozenset().union(*(axes_of(one) for one in entry[1:]))


def linear(entry: Entry) -> tuple[dict[int, int], int] | None:
    """The factors and the constant of a whole-numbered affine entry."""
    if entry[0] == "affine":
        return dict(entry[1]), entry[2]
    if entry[0] != "number" or isinstance(entry[1], bool) or not math.isfinite(entry[1]) or entry[1] != int(entry[1]):
        return None
    return {}, int(entry[1])


def substituted(entry: Entry, table: Mapping[int, Entry]) -> Entry:
    """The entry at places that are themselves expressions; raises ``Unsaid`` where that leaves what can be written."""
    if entry[0] == "number":
        return entry
    if entry[0] == "affine":
        terms: dict[int, int] = {}
        constant = entry[2]
        for axis, factor in entry[1]:
            found = linear(table.get(axis, ("affine", ((axis, 1),), 0)))
            if found is None:
                raise Unsaid("its indices are no plain ranges")
            constant += factor * found[1]
            for one, other in found[0].items():
                terms[one] = terms.get(one, 0) + factor * other
        return affine(terms, constant)
    return simplified(entry[0], *(substituted(one, table) for one in entry[1:]))


def simplified(op: str, *inputs: Entry) -> Entry:
    """An operation on entries, as far as it can be done."""
    if all(one[0] == "number" for one in inputs):
        values = [one[1] for one in inputs]
        try:
            return ("number", _computed(op, values))
        except (ArithmeticError, ValueError):
            return (op, *inputs)
    left = linear(inputs[0])
    right = linear(inputs[1]) if len(inputs) > 1 else None
    if op in ("add", "sub") and left is not None and right is not None:
        sign = 1 if op == "add" else -1
        return affine({axis: left[0].get(axis, 0) + sign * right[0].get(axis, 0) for axis in {**left[0], **right[0]}},
                      left[1] + sign * right[1])
    if op == "mul" and left is not None and right is not None and (not left[0] or not right[0]):
        factor, (terms, constant) = (left[1], right) if not left[0] else (right[1], left)
        return affine({axis: factor * one for axis, one in terms.items()}, factor * constant)
    if op == "neg" and left is not None:
        return affine({axis: -one for axis, one in left[0].items()}, -left[1])
    if op in COMPARISONS and left is not None and right is not None:
        return _compared(op, inputs, left, right)
    if op == "logical_and":
        return _both(inputs, True)
    if op == "logical_or":
        return _both(inputs, False)
    if op == "where" and inputs[0][0] == "number":
        return inputs[1] if inputs[0][1] else inputs[2]
    if op in ("add", "sub") and inputs[1] in (("number", 0), ("number", 0.0)) or op in ("mul", "div") and (
            inputs[1] in (("number", 1), ("number", 1.0))):
        return inputs[0]
    if op in ("eq", "le", "ge") and inputs[0] == inputs[1]:
        return ("number", True)
    if op in ("real", "whole") and (inputs[0][0] in ("affine", op)):
        return inputs[0]
    return (op, *inputs)


def _computed(op: str, values: list[Any]) -> Any:
    if op in COMPARISONS:
        return COMPARISONS[op](*values)
    if op in ARITHMETIC:
        return ARITHMETIC[op](*values)
    if op in POINTWISE:
        return POINTWISE[op](*values)
    if op == "logical_and":
        return bool(values[0]) and bool(values[1])
    if op == "logical_or":
        return bool(values[0]) or bool(values[1])
    if op == "where":
        return values[1] if values[0] else values[2]
    if op == "real":
        return float(values[0])
    if op == "whole":
        return int(values[0])
    raise ValueError(op)


def _compared(op: str, inputs: tuple[Entry, ...], left: tuple[dict[int, int], int],
              right: tuple[dict[int, int], int]) -> Entry:
    """A comparison of places, decided where all of them, from 0 on, agree."""
    terms = {axis: left[0].get(axis, 0) - right[0].get(axis, 0) for axis in {**left[0], **right[0]}}
    factors = [factor for factor in terms.values() if factor]
    constant = left[1] - right[1]
    if not factors:
        return ("number", COMPARISONS[op](constant, 0))
    for sign, least in ((1, constant), (-1, -constant)):
        # The difference, or what is opposite to it, is at least this everywhere.
        if all(sign * factor > 0 for factor in factors):
            if least > 0:
                return ("number", COMPARISONS[op](sign, 0))
            if least == 0 and op in (("ge", "lt") if sign > 0 else ("le", "gt")):
                return ("number", op in ("ge", "le"))
    return (op, *inputs)


def _both(inputs: tuple[Entry, ...], neutral: bool) -> Entry:
    for one, other in (inputs, inputs[::-1]):
        if one[0] == "number":
            return other if bool(one[1]) is neutral else ("number", not neutral)
    return inputs[0] if inputs[0] == inputs[1] else ("logical_and" if neutral else "logical_or", *inputs)


def cast_number(value: Any, kind: str) -> Any:
    return bool(value) if kind == "bool" else float(value) if kind == "float" else int(value)


def cast(known: Known, kind: str) -> Known:
    """The entries as another type; raises ``Unsaid`` where they would not stay numbers."""
    if known.type == kind:
        return known
    if known.value is not None:
        if isinstance(known.value, float) and kind == "int" and not math.isfinite(known.value):
            raise Unsaid("a number that is not finite becomes a whole one")
        return replace(known, type=kind, entry=("number", cast_number(known.value, kind)))
    if kind == "bool":
        return made("bool", known.sizes, simplified("ne", known.entry, ("number", 0)), [known])
    op = "real" if kind == "float" else "whole"
    if known.type == "bool":
        return made(kind, known.sizes, ("indicator", known.entry), [known])
    return made(kind, known.sizes, simplified(op, known.entry), [known])


def unary(op: str, known: Known) -> Known:
    kind = "bool" if op == "logical_not" else known.type if op in ("neg", "abs") else "float"
    return made(kind, known.sizes, simplified(op, known.entry), [known])


def made(kind: str, sizes: tuple[Dim, ...], entry: Entry, of: Sequence[Known]) -> Known:
    """What an operation makes of some tensors."""
    length = 1 if entry[0] in ("number", "affine") else 1 + sum(one.length for one in of)
    return Known(kind, sizes, entry, length)


def binary(op: str, left: Known, right: Known) -> Known:
    """An operation at each entry, with broadcasting."""
    sizes, (one, other) = broadcast([left, right])
    if op in COMPARISONS or op.startswith("logical"):
        kind = "bool"
    elif op == "div":
        kind = "float"
    else:
        kind = "float" if "float" in (left.type, right.type) else "int"
    return made(kind, sizes, simplified(op, one, other), [left, right])


def where(condition: Known, left: Known, right: Known) -> Known:
    sizes, entries = broadcast([condition, left, right])
    kind = "float" if "float" in (left.type, right.type) else left.type
    return made(kind, sizes, simplified("where", *entries), [condition, left, right])


def broadcast(every: Sequence[Known]) -> tuple[tuple[Dim, ...], list[Entry]]:
    """The sizes of what comes out of several, and the entry of each there."""
    count = max(len(one.sizes) for one in every)
    sizes: list[Dim] = [1] * count
    entries = []
    for one in every:
        shift = count - len(one.sizes)
        for place, size in enumerate(one.sizes):
            if size != 1:
                sizes[place + shift] = size
        entries.append(substituted(one.entry, {axis: ("affine", ((axis + shift, 1),), 0) for axis in one.axes}))
    return tuple(sizes), entries


def recognised(values: Sequence[float], sizes: Sequence[Dim], kind: str) -> Known | None:
    """Stored entries as a formula: all the same, or a range along one axis, the others of size one; or the frequencies
    of rotary positions, which are powers of one base."""
    if all(value == values[0] for value in values) and math.isfinite(values[0]):
        return filled(values[0], sizes, kind)
    if kind == "float":
        return _frequencies(values, sizes)
    long = [place for place, size in enumerate(sizes) if size != 1]
    if kind != "int" or len(long) != 1:
        return None
    step = int(values[1] - values[0])
    if step <= 0 or any(value != values[0] + step * place for place, value in enumerate(values)):
        return None
    return Known("int", tuple(sizes), affine({long[0]: step}, int(values[0])))


def _frequencies(values: Sequence[float], sizes: Sequence[Dim]) -> Known | None:
    """Entries ``1 / base^(2*i / d)`` for the places ``i`` of one axis, as they are computed in single precision."""
    long = [place for place, size in enumerate(sizes) if size != 1]
    count = len(values)
    if len(long) != 1 or count < 2 or values[0] != 1.0 or not 0 < values[1] < 1:
        return None
    base = float(round(values[1] ** -count))
    if base < 2 or any(abs(value * base ** (place / count) - 1) > 3e-7 for place, value in enumerate(values)):
        return None
    exponent = simplified("div", affine({long[0]: 2}, 0), ("number", 2 * count))
    return Known("float", tuple(sizes), ("reciprocal", ("pow", ("number", base), exponent)))
