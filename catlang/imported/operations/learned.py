"""Layers: primitives that have weights. A weight that others use too is a wire instead, and the layer is arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catlang.imported import known
from catlang.imported.boxes import Item, Parameter, number_text, stretched
from catlang.imported.known import Known
from catlang.imported.layout import Atom, Group, Mixed, Unsaid, Value
from catlang.imported.operations.products import contracted
from catlang.imported.program import Node
from catlang.imported.reading import Reading, Row
from catlang.imported.wiring import Sized, Weight


def axis(size: Any) -> Group:
    return () if size == 1 else (Atom(size),)


def linear(reading: Reading, node: Node) -> Item:
    value = reading.numbers(reading.value(node.arguments["input"]))
    return mapped(reading, node, value, "weight", "bias", False)


def addmm(reading: Reading, node: Node) -> Item:
    """A layer whose weight lies the other way around."""
    if node.arguments.get("beta", 1) != 1 or node.arguments.get("alpha", 1) != 1:
        raise Unsaid("a product with factors")
    value = reading.value(node.arguments["mat1"])
    if isinstance(reading.item(node.arguments["mat2"]), Parameter):
        return mapped(reading, node, value, "mat2", "self", True)
    product = contracted(reading, value, reading.value(node.arguments["mat2"]))
    return reading.pointwise("add", [product, reading.value(node.arguments["self"])])


def mapped(reading: Reading, node: Node, value: Value, weight: str, bias: str, transposed: bool) -> Item:
    """An affine or a linear map along the last axis."""
    argument = node.arguments[weight]
    own = reading.own(argument, node)
    shift = node.arguments.get(bias)
    bound = reading.own(shift, node)
    if own is None or (shift is not None and bound is None):
        table = reading.value(argument)
        if not transposed:
            table = table.seen(reversed(table.shape))
        made = contracted(reading, value, table)
        return made if shift is None else reading.pointwise("add", [made, reading.value(shift)])
    out = own.sizes[1] if transposed else own.sizes[0]
    wire, front = reading.with_last(value, [-1])
    parts: dict[str, Parameter | Weight] = {"weight": Weight(own.name, transposed)}
    if bound is not None:
        parts["bias"] = bound
    new = axis(out)
    head = reading.learned(f"{'linear' if shift is None else 'affine'}[_, {out}]", parts)
    made_wire = reading.add(head, [wire], (*front, new), len(front))
    return Value(made_wire, (*front, new), (*value.shape[:-1], new))


def embedding(reading: Reading, node: Node) -> Item:
    parameter = reading.item(node.arguments["weight"])
    if not isinstance(parameter, Parameter):
        raise Unsaid("a table that is computed")
    width = parameter.sizes[1]
    found = reading.known(node.arguments["indices"])
    new = axis(width)
    if found is not None:
        return known_rows(reading, node, parameter, found, new)
    return rows(reading, node, parameter, reading.value(node.arguments["indices"]), new)


def rows(reading: Reading, node: Node, parameter: Parameter, value: Value, new: Group) -> Item:
    """Rows of a table at places of the data, or that are computed."""
    count, width = parameter.sizes
    if not isinstance(count, int):
        raise Unsaid("a table of an open number of rows")
    own = reading.own(node.arguments["weight"], node)
    if value.kind == "Bool":
        value = reading.numbers(value)
    wire, axes = value.wire, value.axes
    kind = value.kind
    if kind == "R":
        # What is none of its rows the program refuses, too.
        wire, kind = reading.add(f"to_index[{count}]", [wire], axes, len(axes), count), count
    if own is None:
        # A table that others use too: its rows are looked up.
        table = reading.point(parameter)
        if kind != count:
            wire = reading.add("include", [wire], axes, len(axes), count)
        if len(axes) != 1:
            flat = tuple(atom for group in axes for atom in group)
            wire, axes = reading.arranged(Value(wire, axes, axes), (flat,)), (flat,)
        return Value(reading.add("gather", [table.wire, wire], (*axes, new)), (*axes, new), (*value.shape, new))
    if kind != count:
        wire = reading.add("include", [wire], axes, len(axes), count)
    head = reading.learned(f"embedding[{'_' if kind == count else count}, {width}]", {"weight": own})
    return Value(reading.add(head, [wire], (*axes, new), len(axes)), (*axes, new), (*value.shape, new))


def known_rows(reading: Reading, node: Node, parameter: Parameter, found: Known, new: Group) -> Item:
    """Rows of a table at known places: one row, or neighbours, or such as are computed."""
    form = known.linear(found.entry)
    sizes = (*found.sizes, parameter.sizes[1])
    if form is not None and not form[0]:
        table = reading.point(parameter)
        row = Value(reading.add("at", [table.wire, str(form[1])], (new,)), (new,), ((),) * len(found.sizes) + (new,))
        return stretched(row, sizes)
    if form is None or list(form[0].values()) != [1] or form[1] < 0:
        return rows(reading, node, parameter, reading.written(found), new)
    table = reading.point(parameter)
    [place] = form[0]
    size, start = found.sizes[place], form[1]
    atom = Atom(size)
    head = Sized("slice", (start, start + size))
    if parameter.sizes[0] != size or start:
        wire = reading.add(head, [table.wire], ((atom,), new))
        reading.bound_by(size, parameter.sizes[0], start)
    else:
        wire = table.wire
    shape: list[Group] = [()] * len(found.sizes)
    shape[place] = (atom,)
    return stretched(Value(wire, ((atom,), new), (*shape, new)), sizes)


def layer_norm(reading: Reading, node: Node) -> Item:
    value = reading.value(node.arguments["input"])
    weight, bias = (reading.own(node.arguments.get(name), node) for name in ("weight", "bias"))
    count = len(node.arguments["normalized_shape"])
    eps = node.arguments.get("eps", 1e-5)
    if weight is not None and bias is not None:
        wire, front = reading.with_last(value, range(-count, 0))
        head = reading.learned("layer_norm" + bracket([f"eps = {number_text(eps)}"] if eps != 1e-5 else []),
                               {"weight": weight, "bias": bias})
        axes = (*front, *value.shape[len(value.shape) - count:])
        return Value(reading.add(head, [wire], axes, len(front)), axes, value.shape)
    if count != 1:
        raise Unsaid("a norm over several axes without weights of its own")
    mean = reading.averaged(value, [len(value.shape) - 1])
    around = reading.pointwise("sub", [value, mean])
    spread = reading.averaged(reading.pointwise("square", [around]), [len(value.shape) - 1])
    made = reading.pointwise("mul", [around, reading.pointwise("rsqrt", [reading.pointwise("add", [spread, eps])])])
    for text, name in (("mul", "weight"), ("add", "bias")):
        if node.arguments.get(name) is not None:
            made = reading.pointwise(text, [made, reading.value(node.arguments[name])])
    return made


def rms_norm(reading: Reading, node: Node) -> Item:
    value = reading.value(node.arguments["input"])
    weight = reading.own(node.arguments.get("weight"), node)
    eps = node.arguments.get("eps")
    if weight is None or eps is None or len(node.arguments["normalized_shape"]) != 1:
        raise Unsaid("a norm without a weight or an `eps` of its own")
    return scaled_by_length(reading, value, weight, eps)


def scaled_by_length(reading: Reading, value: Value, weight: Parameter, eps: float) -> Value:
    wire, front = reading.with_last(value, [-1])
    head = reading.learned("rms_norm" + bracket([f"eps = {number_text(eps)}"] if eps != 1e-5 else []),
                           {"weight": weight})
    axes = (*front, value.shape[-1])
    return Value(reading.add(head, [wire], axes, len(front)), axes, value.shape)


def channels_first(reading: Reading, value: Value) -> Any:
    """The wire of an image or a signal without its batch, channels in front, each axis by itself."""
    if len(value.shape[0]) != 1 or not value.shape[0][0].batch:
        raise Unsaid("no batch in front")
    if any(atom.batch for group in value.shape[1:] for atom in group):
        raise Mixed
    return reading.arranged(value, tuple(value.shape[1:])), tuple(value.shape[1:])


def batch_norm(reading: Reading, node: Node) -> Item:
    if node.arguments.get("training", False):
        raise Unsaid("it was exported for training; export the model after `model.eval()`")
    value = reading.value(node.arguments["input"])
    names = ("weight", "bias", "running_mean", "running_var")
    parts = {name: reading.own(node.arguments.get(name), node) for name in names}
    if any(one is None for one in parts.values()):
        raise Unsaid("a norm without weights of its own")
    wire, axes = channels_first(reading, value)
    eps, momentum = node.arguments.get("eps", 1e-5), node.arguments.get("momentum", 0.1)
    inner = ([f"eps = {number_text(eps)}"] if eps != 1e-5 else []) + (
        [f"momentum = {number_text(momentum)}"] if momentum != 0.1 else [])
    kept: dict[str, Parameter | Weight] = {name: one for name, one in parts.items() if one is not None}
    owner = kept["running_mean"].name.removesuffix("running_mean")
    kept["num_batches_tracked"] = Weight(f"{owner}num_batches_tracked")
    head = reading.learned("batch_norm" + bracket(inner), kept)
    return Value(reading.add(head, [wire], axes), axes, value.shape)


def group_norm(reading: Reading, node: Node) -> Item:
    value = reading.value(node.arguments["input"])
    weight, bias = (reading.own(node.arguments.get(name), node) for name in ("weight", "bias"))
    if weight is None or bias is None:
        raise Unsaid("a norm without weights of its own")
    wire, axes = channels_first(reading, value)
    eps = node.arguments.get("eps", 1e-5)
    head = reading.learned("group_norm" + bracket([str(node.arguments["num_groups"])] + (
        [f"eps = {number_text(eps)}"] if eps != 1e-5 else [])), {"weight": weight, "bias": bias})
    return Value(reading.add(head, [wire], axes), axes, value.shape)


def prelu(reading: Reading, node: Node) -> Item:
    value = reading.value(node.arguments["self"])
    weight = reading.own(node.arguments["weight"], node)
    if weight is None:
        raise Unsaid("a weight that others use too")
    wire, axes = channels_first(reading, value)
    return Value(reading.add(reading.learned("prelu", {"weight": weight}), [wire], axes), axes, value.shape)


def convolution(count: int) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        value = reading.value(node.arguments["input"])
        weight = reading.own(node.arguments["weight"], node)
        shift = node.arguments.get("bias")
        bias = reading.own(shift, node)
        if weight is None or (shift is not None and bias is None):
            raise Unsaid("a kernel that is computed, or that others use too")
        kernel = weight.sizes[2:]
        stride, dilation = (spread(node.arguments.get(name, 1), count) for name in ("stride", "dilation"))
        around = node.arguments.get("padding", 0)
        padding = same_size(kernel, stride, dilation) if around == "same" else spread(
            0 if around == "valid" else around, count)
        wire, _ = channels_first(reading, value)
        inner = ["_", str(weight.sizes[0]), str(kernel[0])]
        if count == 2 and kernel[1] != kernel[0]:
            inner.append(str(kernel[1]))
        inner += given("stride", stride, 1) + given_padding(padding) + given("dilation", dilation, 1)
        groups = node.arguments.get("groups", 1)
        if groups != 1:
            inner.append(f"groups = {groups}")
        parts: dict[str, Parameter | Weight] = {"weight": weight}
        if bias is None:
            inner.append("bias = false")
        else:
            parts["bias"] = bias
        return produced(reading, node, reading.learned(f"conv{count}d{bracket(inner)}", parts), wire)

    return row


def transposed_convolution(count: int) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        value = reading.value(node.arguments["input"])
        weight = reading.own(node.arguments["weight"], node)
        shift = node.arguments.get("bias")
        bias = reading.own(shift, node)
        if weight is None or (shift is not None and bias is None):
            raise Unsaid("a kernel that is computed, or that others use too")
        stride, padding, more, dilation = (
            spread(node.arguments.get(name, usual), count)
            for name, usual in (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1)))
        groups = node.arguments.get("groups", 1)
        kernel = weight.sizes[2:]
        inner = ["_", str(weight.sizes[1] * groups), str(kernel[0])]
        if count == 2 and kernel[1] != kernel[0]:
            inner.append(str(kernel[1]))
        for word, sizes, usual in (("stride", stride, 1), ("padding", padding, 0), ("output_padding", more, 0),
                                   ("dilation", dilation, 1)):
            inner += given(word, sizes, usual)
        inner += [f"groups = {groups}"] if groups != 1 else []
        parts: dict[str, Parameter | Weight] = {"weight": weight}
        if bias is None:
            inner.append("bias = false")
        else:
            parts["bias"] = bias
        wire, _ = channels_first(reading, value)
        return produced(reading, node, reading.learned(f"conv_transpose{count}d{bracket(inner)}", parts), wire)

    return row


def produced(reading: Reading, node: Node, head: Any, wire: Any) -> Value:
    """What comes out of a box with channels in front, of the sizes that the program says."""
    sizes = reading.meta(node).sizes
    axes = tuple(axis(size) for size in sizes[1:])
    return Value(reading.add(head, [wire], axes), axes, ((reading.batch,), *axes))


def spread(given: Any, count: int) -> list[int]:
    """A number for each axis."""
    numbers = given if isinstance(given, list) else [given]
    if not all(type(one) is int for one in numbers) or len(numbers) not in (1, count):
        raise Unsaid("a stride, a padding or a dilation that is no number")
    return numbers * count if len(numbers) == 1 else numbers


def given(word: str, sizes: list[int], usual: int) -> list[str]:
    made = [f"{word} = {sizes[0]}"] if sizes[0] != usual else []
    if len(sizes) > 1 and sizes[1] != sizes[0]:
        made.append(f"{word}_w = {sizes[1]}")
    return made


def same_size(kernel: Sequence[Any], stride: list[int], dilation: list[int]) -> list[int]:
    """The padding with which what comes out is as large as what came in."""
    rooms = [step * (size - 1) for size, step in zip(kernel, dilation, strict=True)]
    if any(one != 1 for one in stride) or any(room % 2 for room in rooms):
        raise Unsaid("padding that is not the same on both sides")
    return [room // 2 for room in rooms]


def given_padding(padding: list[int]) -> list[str]:
    if len(padding) == 1:
        return [f"left = {padding[0]}"] if padding[0] else []
    made = [f"top = {padding[0]}"] if padding[0] else []
    return made + ([f"left = {padding[1]}"] if padding[1] != padding[0] else [])


def bracket(inner: list[str]) -> str:
    return f"[{', '.join(inner)}]" if inner else ""


ROWS: dict[str, Row] = {
    "linear.default": linear,
    "addmm.default": addmm,
    "embedding.default": embedding,
    "layer_norm.default": layer_norm,
    "rms_norm.default": rms_norm,
    "batch_norm.default": batch_norm,
    "group_norm.default": group_norm,
    "prelu.default": prelu,
    "conv1d.default": convolution(1),
    "conv2d.default": convolution(2),
    "conv1d.padding": convolution(1),
    "conv2d.padding": convolution(2),
    "conv_transpose1d.default": transposed_convolution(1),
    "conv_transpose2d.input": transposed_convolution(2),
}
