"""Axis patterns: ``rearrange``, ``repeat``, ``contract`` and ``reduce`` by named axes, checked.

An axis named in a pattern has one size throughout; where a dim or a generic of that name is in scope, it is that size.
A group ``(h k)`` is one axis of size ``h*k``, the last name varying fastest. The idea of naming axes in a pattern is
that of einops (Rogozhnikov, ICLR 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.entry import DimEntry, RunEntry
from catlang.checker.mismatch import Joint
from catlang.checker.scope import Scope, fault
from catlang.diagram.diagram import Shuffle, Value, fresh, object_of
from catlang.dims import Dim, Variable
from catlang.dims.constraint import Constraint
from catlang.objects.colour import (
    BOOL,
    REAL,
    UNKNOWN,
    Axis,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Unknown,
    array,
    power,
    product,
    resolve,
    resolve_axes,
)
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator

REDUCTIONS = ("sum", "mean", "max", "min", "prod", "any", "all")


class Pattern:
    """The sizes of the names in one pattern."""

    def __init__(self, node: tree.Shuffle, scope: Scope) -> None:
        self.node = node
        self.scope = scope
        self.sizes: dict[str, Dim | Run] = {}

    def size(self, node: tree.Node) -> Axis:
        """The size of a name, a number or a group."""
        if isinstance(node, tree.Number):
            if not isinstance(node.value, int) or node.value < 1:
                raise fault("E0408", "an axis in a pattern is a name or a positive integer", self.scope, node)
            return node.value
        if isinstance(node, tree.Axes):
            total: Dim = 1
            for item in node.items:
                inner = self.size(item)
                if isinstance(inner, Run):
                    raise fault("E0312", "a run of axes cannot be joined into one", self.scope, item)
                total = total * inner
            return total
        if isinstance(node, tree.Spread):
            if node.text not in self.sizes:
                entry = self.scope.find(node.text)
                self.sizes[node.text] = entry.run if isinstance(entry, RunEntry) else Run(node.text, flexible=True)
                if isinstance(entry, RunEntry):
                    entry.used = True
            return self.sizes[node.text]
        assert isinstance(node, tree.Name)
        if node.text not in self.sizes:
            entry = self.scope.find(node.text)
            if isinstance(entry, DimEntry):
                entry.used = True
                self.sizes[node.text] = entry.value
            else:
                self.sizes[node.text] = Variable(node.text, 0, flexible=True).poly
        return self.sizes[node.text]

    def row(self, axes: tree.Axes) -> list[Any]:
        """A side as names, numbers, and tuples of them for groups."""
        return [tuple(self.row(item)) if isinstance(item, tree.Axes) else
                item.value if isinstance(item, tree.Number) else
                f"{item.text}..." if isinstance(item, tree.Spread) else item.text  # type: ignore[attr-defined]
                for item in axes.items]

    def names(self, axes: tree.Axes) -> list[str]:
        """The names on a side; one that stands there twice is a mistake."""
        found: list[str] = []
        for item in axes.items:
            inner = self.names(item) if isinstance(item, tree.Axes) else (
                [] if isinstance(item, tree.Number) else [item.text])  # type: ignore[attr-defined]
            for name in inner:
                if name in found:
                    raise fault("E0312", f"the axis `{name}` stands twice on one side", self.scope, axes)
            found += inner
        return found


def apply(elaborator: Elaborator, node: tree.Shuffle, value: Value, scope: Scope) -> Value:
    """Applies an axis pattern to a value."""
    before, elaborator.before = elaborator.before, None
    pattern = Pattern(node, scope)
    _check_names(pattern, node)
    sources = [tuple(pattern.size(item) for item in side.items) for side in node.sources]
    target = tuple(pattern.size(item) for item in node.target.items)
    base: Object
    result: Object
    if node.kind == "contract":
        base = result = REAL
    elif node.kind == "reduce":
        if node.how not in REDUCTIONS:
            raise fault("E0312", f"`{node.how}` is no way to reduce", scope, node,
                        help=(f"there are {', '.join(f'`{way}`' for way in REDUCTIONS)}",))
        base = result = BOOL if node.how in ("any", "all") else REAL
    else:
        # Any object has axes: an array, a row of indices, of truth values.
        base = result = _base(value, sources[0])
    domain = product([power(base, side) for side in sources])
    codomain = power(result, target) if result is not REAL else array(*target)
    spoilt = isinstance(resolve(object_of(value)), Unknown)
    if not elaborator.join(domain, value, Joint("input", None, node, scope, before)) or spoilt:
        # Its axes were taken for others than they are: what would come out of them is nobody's mistake.
        return fresh(UNKNOWN, scope.span(node))
    for name, size in pattern.sizes.items():
        if isinstance(size, dims.Poly):
            for variable in dims.variables(size):
                if variable.flexible:
                    elaborator.conditions.size(variable, scope.span(node), node.kind, name)
    if node.how in ("max", "min", "mean"):
        _not_empty(elaborator, pattern, node, scope)
    operation = Shuffle(node.kind, node.how, [pattern.row(side) for side in node.sources], pattern.row(node.target),
                        dict(pattern.sizes))
    value = elaborator.shaped(value, domain, scope.span(node))
    return elaborator.box(operation, value, codomain, scope.span(node))


def _not_empty(elaborator: Elaborator, pattern: Pattern, node: tree.Shuffle, scope: Scope) -> None:
    """There is no largest, no smallest and no mean of nothing."""
    kept = pattern.names(node.target)
    for name in pattern.names(node.sources[0]):
        size = pattern.sizes[name]
        if name not in kept:
            for axis in resolve_axes((size,)):
                if not isinstance(axis, Run) and (dims.least_value(axis) or 0) < 1:
                    elaborator.conditions.need(Constraint(">=", axis, 1), scope.span(node), f"reduce({node.how}, ...)")


def _base(value: Value, source: tuple[Axis, ...]) -> Object:
    """What has the axes of the pattern; the power of a product has gone to its factors, and is taken from each."""
    obj = resolve(object_of(value))
    if isinstance(obj, Product) and obj.items and not any(isinstance(axis, Run) for axis in source):
        return _without(obj, len(source))
    if isinstance(obj, Power):
        return obj.base
    if isinstance(obj, ObjectVariable) and not obj.flexible:
        return obj
    if isinstance(obj, ObjectVariable):
        return REAL
    return obj


def _without(obj: Object, count: int) -> Object:
    """The object without its first axes, in every factor; a factor that lacks them stays, and will not join."""
    if isinstance(obj, Product):
        return Product(tuple(_without(item, count) for item in obj.items), obj.names)
    if isinstance(obj, Power) and len(obj.axes) >= count:
        front = obj.axes[:count]
        return obj if any(isinstance(axis, Run) for axis in front) else power(obj.base, obj.axes[count:])
    return obj


def _check_names(pattern: Pattern, node: tree.Shuffle) -> None:
    """Which names may stand where depends on the kind of pattern."""
    scope = pattern.scope
    left: list[str] = []
    for side in node.sources:
        left += [name for name in pattern.names(side) if name not in left]
    right = pattern.names(node.target)
    new = [name for name in right if name not in left]
    gone = [name for name in left if name not in right]
    if node.kind == "rearrange" and (new or gone):
        name = (new or gone)[0]
        raise fault("E0312", f"the axis `{name}` stands on one side only", scope, node,
                    help=("`repeat` makes new axes, `reduce` and `contract` sum them away",))
    if node.kind == "repeat" and gone:
        raise fault("E0312", f"`repeat` loses the axis `{gone[0]}`", scope, node, help=("`reduce` says how",))
    if node.kind in ("contract", "reduce") and new:
        raise fault("E0312", f"the axis `{new[0]}` comes from nowhere", scope, node, help=("`repeat` makes new axes",))
    for side in [*node.sources, *([] if node.kind == "repeat" else [node.target])]:
        for item in _numbers(side):
            if item.value != 1:
                raise fault("E0312", f"an axis of size {item.value} needs a name here", scope, item,
                            help=("only `repeat` makes axes of a number, and only axes of size 1 come and go freely",))
    if node.kind == "repeat" and not new and not _numbers(node.target):
        raise fault("E0312", "`repeat` makes no new axis here", scope, node, help=("write `rearrange`",))


def _numbers(axes: tree.Axes) -> list[tree.Number]:
    """The numbers on a side, in groups too."""
    return [number for item in axes.items
            for number in (_numbers(item) if isinstance(item, tree.Axes) else
                           [item] if isinstance(item, tree.Number) else [])]
