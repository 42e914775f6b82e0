"""Tensors that are known when they are made, and what is known of the rest: ranges, fills, differences, places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catlang.imported import known
from catlang.imported.archive import TRUTH, WHOLE
from catlang.imported.boxes import Item, Parameter
from catlang.imported.known import Known
from catlang.imported.layout import Unsaid, Value
from catlang.imported.program import Node
from catlang.imported.reading import Reading, Row


def kind_of(reading: Reading, node: Node) -> str:
    kind = reading.meta(node).type
    return "bool" if kind == TRUTH else "int" if kind in WHOLE else "float"


def arange(reading: Reading, node: Node) -> Item:
    start, step = node.arguments.get("start", 0), node.arguments.get("step", 1)
    if type(start) is not int or type(step) is not int:
        raise Unsaid("a range from or by what is no whole number")
    [size] = reading.meta(node).sizes
    return known.cast(known.arange(size, start, step), kind_of(reading, node))


def fill(value: Any) -> Callable[[Reading, Node], Known]:
    def row(reading: Reading, node: Node) -> Known:
        given = node.arguments.get("fill_value", node.arguments.get("value")) if value is None else value
        if not isinstance(given, int | float):
            raise Unsaid("a fill by what is no number")
        return known.filled(given, reading.meta(node).sizes, kind_of(reading, node))

    return row


def scalar(reading: Reading, node: Node) -> Item:
    return fill(node.arguments["s"])(reading, node)


def diff(reading: Reading, node: Node) -> Item:
    """Differences of neighbours; where they are known, the one before the first has to follow the same rule."""
    found = reading.known(node.arguments["self"])
    before = reading.known(node.arguments.get("prepend"))
    if found is None or before is None or node.arguments.get("n", 1) != 1 or node.arguments.get("append") is not None:
        raise Unsaid("differences of what is not known")
    axis = node.arguments.get("dim", -1) % len(found.sizes)
    form = known.linear(found.entry)
    if form is None or before.sizes[axis] != 1:
        raise Unsaid("differences of what is no range")
    step = form[0].get(axis, 0)
    first = known.substituted(found.entry, {axis: ("number", 0)})
    if known.simplified("sub", first, before.entry) != ("number", step):
        raise Unsaid("differences of what is no range")
    return Known("int", found.sizes, ("number", step))


def cumsum(reading: Reading, node: Node) -> Item:
    axis = node.arguments["dim"]
    found = reading.known(node.arguments["self"])
    if found is not None and found.value is not None and found.value == int(found.value):
        step = int(found.value)
        entry = known.affine({axis % len(found.sizes): step}, step)
        return Known("float" if found.type == "float" else "int", found.sizes, entry)
    value = reading.numbers(reading.value(node.arguments["self"]))
    wire, front = reading.with_last(value, [axis])
    last = value.shape[axis]
    return Value(reading.add("cumsum", [wire], (*front, last), len(front)), (*front, last), value.shape)


def index(reading: Reading, node: Node) -> Item:
    """Entries at given places, where these are known: ranges that go through whole axes, so that it is a view."""
    indices = [None if one is None else reading.known(one) for one in node.arguments["indices"]]
    if any(one is not None and reading.known(one) is None for one in node.arguments["indices"]):
        raise Unsaid("entries at places that are not known")
    if any(one is None for one in indices):
        raise Unsaid("entries at places along some axes only")
    sizes, places = known.broadcast([one for one in indices if one is not None])
    base = reading.item(node.arguments["self"])
    count = len(places)
    if isinstance(base, Parameter):
        base = reading.value(node.arguments["self"])
    rest = list(base.sizes[count:]) if isinstance(base, Known) else list(base.shape[count:])
    if isinstance(base, Known):
        table = dict(enumerate(places))
        table |= {count + one: ("affine", ((len(sizes) + one, 1),), 0) for one in range(len(rest))}
        return Known(base.type, reading.meta(node).sizes, known.substituted(base.entry, table), base.length)
    shape: list[Any] = [()] * len(sizes)
    for place, (entry, group) in enumerate(zip(places, base.shape, strict=False)):
        if not group and entry == ("number", 0):
            continue
        form = known.linear(entry)
        total = reading.program.tensors[node.arguments["self"].name].sizes[place]
        [axis] = form[0] if form is not None and len(form[0]) == 1 else [None]
        if form is None or axis is None or form != ({axis: 1}, 0) or sizes[axis] != total or shape[axis]:
            raise Unsaid("entries at places that are no whole axis")
        shape[axis] = group
    return base.seen((*shape, *rest))


def gather(reading: Reading, node: Node) -> Item:
    base, places = reading.known(node.arguments["self"]), reading.known(node.arguments["index"])
    if base is not None and base.value is not None:
        return Known(base.type, reading.meta(node).sizes, base.entry)
    if base is None or places is None:
        raise Unsaid("entries at places of the data")
    axis = node.arguments["dim"] % len(base.sizes)
    return Known(base.type, places.sizes, known.substituted(base.entry, {axis: places.entry}), base.length)


ROWS: dict[str, Row] = {
    **dict.fromkeys(["arange.default", "arange.start", "arange.start_step"], arange),
    **dict.fromkeys(["ones.default", "ones_like.default", "new_ones.default"], fill(1)),
    **dict.fromkeys(["zeros.default", "zeros_like.default", "new_zeros.default"], fill(0)),
    **dict.fromkeys(["full.default", "full_like.default", "new_full.default"], fill(None)),
    "scalar_tensor.default": scalar,
    "diff.default": diff,
    "cumsum.default": cumsum,
    "index.Tensor": index,
    "gather.default": gather,
}
