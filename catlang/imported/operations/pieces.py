"""Pieces of axes, axes put together, and windows over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from catlang.dims import Dim, exact_quotient, floor_quotient
from catlang.imported import known
from catlang.imported.boxes import Item, number_text
from catlang.imported.known import Known
from catlang.imported.layout import Group, Mixed, Unsaid, Value, aligned, size_of
from catlang.imported.operations.learned import axis, bracket, channels_first, given, produced, spread
from catlang.imported.operations.views import seen
from catlang.imported.program import Node
from catlang.imported.reading import Reading, Row
from catlang.imported.wiring import Simple, Sized

#: An end that stands for the end of the axis.
ENDLESS = (1 << 63) - 1


def apart(reading: Reading, value: Value, place: int) -> tuple[Any, list[Group], int]:
    """The wire of a value with the axis at a place of its view by itself, the axes of the wire, and where it is."""
    group = value.shape[place]
    if any(atom.batch for atom in group):
        raise Mixed
    if group in value.axes and group:
        axes = list(value.axes)
    else:
        axes = []
        for number, one in enumerate(value.shape):
            if number == place:
                axes.append(one)
                continue
            kept = tuple(atom for atom in one if not atom.batch and value.has(atom))
            if kept:
                axes.append(kept)
    wire = reading.arranged(value, tuple(axes))
    # An axis of size one has no atoms to know it by.
    found = axes.index(group) if group else sum(
        1 for one in value.shape[:place] if any(not atom.batch and value.has(atom) for atom in one))
    return wire, axes, found


def part(reading: Reading, value: Value, place: int, start: Dim, stop: Dim) -> Value:
    """The entries from ``start`` up to ``stop`` along an axis."""
    if not any(value.has(atom) for atom in value.shape[place]) and value.shape[place]:
        return value.seen(axis(stop - start) if one == place else group for one, group in enumerate(value.shape))
    wire, axes, found = apart(reading, value, place)
    new = axis(stop - start)
    made = tuple(new if one == found else group for one, group in enumerate(axes))
    result = reading.add(Sized("slice", (start, stop)), [wire], made, found, value.kind)
    return Value(result, made, tuple(new if one == place else group for one, group in enumerate(value.shape)))


def bound(reading: Reading, argument: Any, size: Dim, usual: Dim) -> Dim:
    """A place along an axis: from its end where negative, its end where beyond it."""
    found = reading.item(argument)
    if found is None:
        return usual
    if isinstance(found, int) and found < 0:
        return size + found
    if isinstance(found, int) and (found == ENDLESS or isinstance(size, int) and found > size):
        return size
    if isinstance(found, float | bool | Known | Value):
        raise Unsaid("a piece that depends on the data")
    return found


def piece(reading: Reading, node: Node) -> Item:
    value = seen(reading, node)
    sizes = reading.program.tensors[node.arguments["self"].name].sizes
    place = node.arguments.get("dim", 0) % len(sizes)
    if node.arguments.get("step", 1) != 1:
        raise Unsaid("every so many entries")
    start = bound(reading, node.arguments.get("start"), sizes[place], 0)
    stop = bound(reading, node.arguments.get("end"), sizes[place], sizes[place])
    if start == 0 and stop == sizes[place]:
        return value
    if isinstance(value, Known):
        if not isinstance(start, int):
            raise Unsaid("a piece that begins at an open place")
        entry = known.substituted(value.entry, {place: ("affine", ((place, 1),), start)})
        if reading.meta(node).sizes[place] == 1:
            entry = known.substituted(value.entry, {place: ("number", start)})
        return Known(value.type, reading.meta(node).sizes, entry, value.length)
    return part(reading, value, place, start, stop)


def narrow(reading: Reading, node: Node) -> Item:
    value = reading.value(node.arguments["self"])
    start, length = (reading.item(node.arguments[name]) for name in ("start", "length"))
    place = node.arguments["dim"] % len(value.shape)
    if isinstance(start, Known | Value):
        raise Unsaid("a piece that depends on the data")
    return part(reading, value, place, start, start + length)


def select(reading: Reading, node: Node) -> Item:
    """One entry along an axis."""
    value = seen(reading, node)
    sizes = reading.program.tensors[node.arguments["self"].name].sizes
    place = node.arguments["dim"] % len(sizes)
    index = reading.item(node.arguments["index"])
    if type(index) is not int:
        raise Unsaid("an entry at an open place")
    if index < 0 and isinstance(sizes[place], int):
        index += sizes[place]
    if isinstance(value, Known):
        kept = known.substituted(value.entry, {place: ("number", index)})
        kept = known.substituted(kept, {one: ("affine", ((one - 1, 1),), 0) for one in range(place + 1, len(sizes))})
        return Known(value.type, reading.meta(node).sizes, kept, value.length)
    rest = [group for one, group in enumerate(value.shape) if one != place]
    if not value.shape[place] and () not in value.axes:
        return value.seen(rest)
    if index < 0:
        # The last of an open number of entries is the first from behind.
        wire, axes, found = apart(reading, value, place)
        wire = reading.add("flip", [wire], tuple(axes), found, value.kind)
        value, index = Value(wire, tuple(axes), value.shape), -1 - index
    wire, axes, found = apart(reading, value, place)
    left = tuple(group for one, group in enumerate(axes) if one != found)
    head = "at" if found == 0 else f"row |-> at(row, {index})"
    arguments = [wire, str(index)] if found == 0 else [wire]
    return Value(reading.add(head, arguments, left, found, value.kind), left, tuple(rest))


def unbind(reading: Reading, node: Node) -> Sequence[Item]:
    """All entries along an axis, one by one."""
    dim = node.arguments.get("dim", 0)
    arguments = {"self": node.arguments["self"], "dim": dim}
    return [select(reading, replace(node, arguments={**arguments, "index": number}, outputs=[output]))
            for number, output in enumerate(node.outputs[0])]


def turned(word: str) -> Row:
    """Entries along axes in another order: turned around the end, or the other way around."""
    def row(reading: Reading, node: Node) -> Item:
        value = reading.value(node.arguments["self"])
        shifts = node.arguments.get("shifts", [])
        dims = node.arguments["dims"]
        for number, dim in enumerate(dims):
            if word == "roll" and type(shifts[number]) is not int:
                raise Unsaid("a shift that is no number")
            place = dim % len(value.shape)
            wire, axes, found = apart(reading, value, place)
            head = f"roll[{shifts[number]}]" if word == "roll" else "flip"
            value = Value(reading.add(head, [wire], tuple(axes), found, value.kind), tuple(axes), value.shape)
        return value

    return row


def stack(reading: Reading, node: Node) -> Item:
    """Several side by side along an axis that is new."""
    place = node.arguments.get("dim", 0) % len(reading.meta(node).sizes)
    values = [reading.value(one) for one in node.arguments["tensors"]]
    return joined(reading, [value.seen((*value.shape[:place], (), *value.shape[place:])) for value in values],
                  [1] * len(values), place)


def glu(reading: Reading, node: Node) -> Item:
    value = reading.value(node.arguments["self"])
    place = node.arguments.get("dim", -1) % len(value.shape)
    half = floor_quotient(size_of(value.shape[place]), 2)
    gate = reading.pointwise("sigmoid", [part(reading, value, place, half, half + half)])
    return reading.pointwise("mul", [part(reading, value, place, 0, half), gate])


def split(reading: Reading, node: Node) -> Sequence[Item]:
    value = reading.value(node.arguments["self"])
    place = node.arguments.get("dim", 0) % len(value.shape)
    made: list[Item] = []
    start: Dim = 0
    for output in node.outputs[0]:
        length = reading.program.tensors[output.name].sizes[place]
        made.append(part(reading, value, place, start, start + length))
        start = start + length
    return made


def cat(reading: Reading, node: Node) -> Item:
    place = node.arguments.get("dim", 0) % len(reading.meta(node).sizes)
    lengths = [reading.program.tensors[one.name].sizes[place] for one in node.arguments["tensors"]]
    return joined(reading, [reading.value(one) for one in node.arguments["tensors"]], lengths, place)


def joined(reading: Reading, values: Sequence[Value], lengths: Sequence[Dim], place: int) -> Item:
    """Values one behind the other along an axis."""
    count = len(values[0].shape)
    if any(atom.batch for value in values for atom in value.shape[place]):
        raise Mixed
    # Each has its piece of the axis at a place of its own behind the others, where nothing is made one of them.
    cut = aligned([value.seen((*(group for one, group in enumerate(value.shape) if one != place),
                               *(value.shape[place] if one == number else () for one in range(len(values)))))
                   for number, value in enumerate(values)])
    shape = [next((value.shape[one] for value in cut if value.shape[one]), ()) for one in range(count - 1)]
    kept = [tuple(atom for atom in group if not atom.batch and any(value.has(atom) for value in cut))
            for group in shape]
    depth = sum(1 for group in kept[:place] if group)
    result: Any = None
    total: Dim = 0
    for number, (value, length) in enumerate(zip(cut, lengths, strict=True)):
        own = value.shape[count - 1 + number]
        axes = (*[group for group in kept[:place] if group], own, *[group for group in kept[place:] if group])
        wire = reading.arranged(value, axes)
        total = total + length
        if result is None:
            result = wire
            continue
        new = axis(total)
        made = (*[group for group in kept[:place] if group], new, *[group for group in kept[place:] if group])
        result = reading.add("concat", [result, wire], made, depth, value.kind)
    new = axis(total)
    made = (*[group for group in kept[:place] if group], new, *[group for group in kept[place:] if group])
    return Value(result, made, (*shape[:place], new, *shape[place:]))


def pad(reading: Reading, node: Node) -> Item:
    value = reading.value(node.arguments["self"])
    amounts = node.arguments["pad"]
    if node.arguments.get("mode", "constant") != "constant" or not all(type(one) is int for one in amounts):
        raise Unsaid("padding by something else than a number")
    filler = node.arguments.get("value") or 0.0
    for number in range(len(amounts) // 2):
        left, right = amounts[2 * number: 2 * number + 2]
        place = len(value.shape) - 1 - number
        if left == right == 0:
            continue
        if left < 0 or right < 0:
            size = size_of(value.shape[place])
            value = part(reading, value, place, max(-left, 0), size + min(right, 0))
            left, right = max(left, 0), max(right, 0)
            if left == right == 0:
                continue
        wire, axes, found = apart(reading, value, place)
        new = axis(size_of(value.shape[place]) + left + right)
        inner = [str(left)] + ([str(right)] if right else []) + ([f"value = {number_text(filler)}"] if filler else [])
        made = tuple(new if one == found else group for one, group in enumerate(axes))
        value = Value(reading.add(f"pad{bracket(inner)}", [wire], made, found), made,
                      tuple(new if one == place else group for one, group in enumerate(value.shape)))
    return value


def pool(word: str, count: int) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        kernel = spread(node.arguments["kernel_size"], count)
        stride = spread(node.arguments.get("stride") or kernel, count)
        padding, dilation = (spread(node.arguments.get(name, usual), count)
                             for name, usual in (("padding", 0), ("dilation", 1)))
        if node.arguments.get("ceil_mode", False) or len({*kernel}) > 1 or len({*stride}) > 1 or len({*padding}) > 1:
            raise Unsaid("a window with unlike sides, or that goes over the edge")
        if not node.arguments.get("count_include_pad", True) and any(padding) or node.arguments.get("divisor_override"):
            raise Unsaid("a mean that counts otherwise at the edge")
        inner = [str(kernel[0])] + ([f"stride = {stride[0]}"] if stride[0] != kernel[0] else [])
        inner += given("padding", padding[:1], 0) + given("dilation", dilation[:1], 1)
        wire, _ = channels_first(reading, reading.value(node.arguments["self"]))
        return produced(reading, node, Simple(f"{word}{count}d{bracket(inner)}"), wire)

    return row


def adaptive(reading: Reading, node: Node) -> Item:
    """The mean over all places; other numbers of places only where they divide the axes evenly."""
    value = reading.value(node.arguments["self"])
    sizes = reading.meta(node).sizes
    count = len(node.arguments["output_size"])
    places = list(range(len(value.shape) - count, len(value.shape)))
    if any(sizes[place] != 1 and sizes[place] != size_of(value.shape[place]) for place in places):
        raise Unsaid("a mean over windows of several sizes")
    return reading.reduced("mean", value, [place for place in places if sizes[place] == 1], True)


def upsampled(mode: str) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        argument = node.arguments["input" if "input" in node.arguments else "self"]
        before, after = reading.program.tensors[argument.name].sizes, reading.meta(node).sizes
        factors = {exact_quotient(new, old) for old, new in zip(before[2:], after[2:], strict=True)}
        if len(factors) != 1 or None in factors or node.arguments.get("align_corners", False):
            raise Unsaid("a size that is no multiple, one for all axes, of the one before")
        [factor] = factors
        inner = [str(factor)] + ([f"mode = {mode}"] if mode != "nearest" else [])
        wire, _ = channels_first(reading, reading.value(argument))
        return produced(reading, node, Simple(f"upsample{len(before) - 2}d{bracket(inner)}"), wire)

    return row


ROWS: dict[str, Row] = {
    "unbind.int": unbind,
    "roll.default": turned("roll"),
    "flip.default": turned("flip"),
    "stack.default": stack,
    "glu.default": glu,
    **dict.fromkeys(["upsample_nearest2d.vec", "upsample_nearest1d.vec"], upsampled("nearest")),
    "upsample_bilinear2d.vec": upsampled("bilinear"),
    "upsample_linear1d.vec": upsampled("linear"),
    "slice.Tensor": piece,
    "narrow.default": narrow,
    "select.int": select,
    **dict.fromkeys(["split.Tensor", "split_with_sizes.default", "chunk.default", "split.sizes"], split),
    **dict.fromkeys(["cat.default", "concat.default"], cat),
    **dict.fromkeys(["pad.default", "constant_pad_nd.default"], pad),
    "max_pool1d.default": pool("max_pool", 1),
    "max_pool2d.default": pool("max_pool", 2),
    "avg_pool1d.default": pool("avg_pool", 1),
    "avg_pool2d.default": pool("avg_pool", 2),
    "adaptive_avg_pool1d.default": adaptive,
    "adaptive_avg_pool2d.default": adaptive,
}
