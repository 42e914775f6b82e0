"""Views, and what does nothing: no boxes come of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catlang.dims import exact_quotient
from catlang.imported.archive import FRACTIONS, TRUTH, WHOLE
from catlang.imported.boxes import Item, Parameter, stretched
from catlang.imported.known import Known, cast
from catlang.imported.layout import Atom, Unsaid, Value, regrouped, size_of
from catlang.imported.program import Node
from catlang.imported.reading import Reading, Row


def nothing(reading: Reading, node: Node) -> Sequence[Item]:
    return []


def same(reading: Reading, node: Node) -> Item:
    """What came in, as of an assertion, or of a copy."""
    argument = next(iter(node.arguments.values()))
    return reading.item(argument)


def dropout(reading: Reading, node: Node) -> Item:
    if node.arguments.get("train", False) and node.arguments.get("p", 0.5):
        raise Unsaid("it was exported for training; export the model after `model.eval()`")
    return same(reading, node)


def to(reading: Reading, node: Node) -> Item:
    """Another type: numbers stay what they are, truth values and indices become numbers, numbers truth values."""
    item = reading.item(node.arguments["self"])
    wanted = reading.meta(node).type
    kind = "bool" if wanted == TRUTH else "int" if wanted in WHOLE else "float" if wanted in FRACTIONS else ""
    if not kind:
        raise Unsaid("numbers of another type than whole ones and fractions")
    if isinstance(item, Known):
        return cast(item, kind)
    if isinstance(item, Parameter):
        if kind == "float":
            return item
        item = reading.value(node.arguments["self"])
    assert isinstance(item, Value)
    if kind == "bool":
        return item if item.kind == "Bool" else reading.pointwise("not_equal", [reading.numbers(item), 0])
    if kind == "int":
        before = reading.program.tensors[node.arguments["self"].name].type
        if before in FRACTIONS:
            return cut(reading, item)
        return reading.numbers(item) if item.kind == "Bool" else item
    return reading.numbers(item)


def cut(reading: Reading, value: Value) -> Value:
    """Numbers without what is behind the point."""
    return reading.pointwise("mul", [reading.pointwise("sign", [value]),
                                     reading.pointwise("floor", [reading.pointwise("abs", [value])])])


def seen(reading: Reading, node: Node) -> Value | Known:
    """What is looked at: a weight's axes are those of a wire."""
    item = reading.item(next(iter(node.arguments.values())))
    return item if isinstance(item, Known | Value) else reading.value(next(iter(node.arguments.values())))


def reshape(reading: Reading, node: Node) -> Item:
    value = seen(reading, node)
    sizes = reading.meta(node).sizes
    if isinstance(value, Known):
        long = [place for place, one in enumerate(value.sizes) if one != 1]
        new = [place for place, one in enumerate(sizes) if one != 1]
        if value.value is not None:
            return Known(value.type, sizes, value.entry)
        if [value.sizes[one] for one in long] != [sizes[one] for one in new]:
            return regrouped(reading.written(value), sizes)
        return value.moved(len(sizes), dict(zip(long, new, strict=True)), sizes)
    return regrouped(value, sizes)


def permuted(reading: Reading, node: Node, order: Sequence[int]) -> Item:
    value = seen(reading, node)
    if isinstance(value, Known):
        return value.moved(len(order), {old: new for new, old in enumerate(order)}, [value.sizes[one] for one in order])
    return value.seen(value.shape[one] for one in order)


def permute(reading: Reading, node: Node) -> Item:
    order = node.arguments["dims"]
    return permuted(reading, node, [one % len(order) for one in order])


def transpose(reading: Reading, node: Node) -> Item:
    count = len(reading.meta(node).sizes)
    order = list(range(count))
    one, other = (node.arguments[name] % count for name in ("dim0", "dim1"))
    order[one], order[other] = order[other], order[one]
    return permuted(reading, node, order)


def turned(reading: Reading, node: Node) -> Item:
    return permuted(reading, node, list(reversed(range(len(reading.meta(node).sizes)))))


def unsqueeze(reading: Reading, node: Node) -> Item:
    value = seen(reading, node)
    sizes = reading.meta(node).sizes
    place = node.arguments["dim"] % len(sizes)
    if isinstance(value, Known):
        return value.moved(len(sizes), {one: one + (one >= place) for one in range(len(sizes) - 1)}, sizes)
    return value.seen((*value.shape[:place], (), *value.shape[place:]))


def squeeze(reading: Reading, node: Node) -> Item:
    value = seen(reading, node)
    count = len(value.sizes if isinstance(value, Known) else value.shape)
    dims: Any = node.arguments.get("dim")
    places = range(count) if dims is None else [one % count for one in (dims if isinstance(dims, list) else [dims])]
    sizes = reading.meta(node).sizes
    if isinstance(value, Known):
        kept = [place for place in range(count) if place not in places or value.sizes[place] != 1]
        return value.moved(len(kept), {old: new for new, old in enumerate(kept)}, sizes)
    return value.seen(group for place, group in enumerate(value.shape) if place not in places or group)


def expand(reading: Reading, node: Node) -> Item:
    value = seen(reading, node)
    sizes = reading.meta(node).sizes
    if isinstance(value, Known):
        shift = len(sizes) - len(value.sizes)
        return value.moved(len(sizes), {axis: axis + shift for axis in range(len(value.sizes))}, sizes)
    return stretched(value, sizes)




def tiled(reading: Reading, node: Node) -> Item:
    """Copies side by side: an axis more in front of each that there are several of."""
    value = reading.value(node.arguments["self"])
    sizes = reading.meta(node).sizes
    shape = ((),) * (len(sizes) - len(value.shape)) + value.shape
    made = []
    for group, size in zip(shape, sizes, strict=True):
        times = exact_quotient(size, size_of(group))
        if times is None:
            raise Unsaid("copies as many as cannot be told")
        made.append(group if times == 1 else (Atom(times), *group))
    return value.seen(made)


def each_several_times(reading: Reading, node: Node) -> Item:
    """Each entry of an axis so many times in a row."""
    value = reading.value(node.arguments["self"])
    times, dim = node.arguments["repeats"], node.arguments.get("dim")
    if type(times) is not int or dim is None:
        raise Unsaid("entries each as many times as cannot be told")
    place = dim % len(value.shape)
    return value.seen((*group, Atom(times)) if one == place and times != 1 else group
                      for one, group in enumerate(value.shape))


ROWS: dict[str, Row] = {
    "repeat.default": tiled,
    "repeat_interleave.self_int": each_several_times,
    **dict.fromkeys(["_assert_tensor_metadata.default", "_assert_scalar.default", "_assert_async.msg",
                     "sym_constrain_range_for_size.default", "sym_constrain_range.default"], nothing),
    **dict.fromkeys(["alias.default", "detach.default", "detach_.default", "contiguous.default", "clone.default",
                     "lift_fresh_copy.default", "lift_fresh.default", "identity.default"], same),
    **dict.fromkeys(["dropout.default", "feature_dropout.default", "alpha_dropout.default"], dropout),
    **dict.fromkeys(["to.dtype", "to.device", "to.dtype_layout", "_to_copy.default", "type_as.default"], to),
    **dict.fromkeys(["view.default", "reshape.default", "_unsafe_view.default", "flatten.using_ints",
                     "unflatten.int"], reshape),
    "permute.default": permute,
    "transpose.int": transpose,
    **dict.fromkeys(["t.default", "numpy_T.default"], turned),
    "unsqueeze.default": unsqueeze,
    **dict.fromkeys(["squeeze.default", "squeeze.dim", "squeeze.dims"], squeeze),
    **dict.fromkeys(["expand.default", "expand_as.default", "broadcast_to.default"], expand),
}
