"""Arithmetic, comparisons and activations, at each entry."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from catlang.imported import known
from catlang.imported.boxes import Item, number_text, stretched
from catlang.imported.known import Known, number
from catlang.imported.layout import Group, Unsaid, Value, Wire, size_of
from catlang.imported.operations.learned import scaled_by_length
from catlang.imported.operations.views import cut
from catlang.imported.program import Node
from catlang.imported.reading import Reading, Row
from catlang.imported.wiring import Pattern, Simple

#: Operations with one input, and the morphisms that they are.
ONE = {"relu": "relu", "silu": "silu", "tanh": "tanh", "sigmoid": "sigmoid", "exp": "exp", "log": "log", "neg": "neg",
       "abs": "abs", "sqrt": "sqrt", "rsqrt": "rsqrt", "sin": "sin", "cos": "cos", "tan": "tan", "erf": "erf",
       "reciprocal": "reciprocal", "floor": "floor", "ceil": "ceil", "round": "round", "sign": "sign", "sgn": "sign",
       "square": "square", "mish": "mish", "hardswish": "hardswish", "selu": "selu", "log1p": "log1p", "expm1": "expm1",
       "log_sigmoid": "logsigmoid"}
TWO = {"add": "add", "sub": "sub", "mul": "mul", "div": "div", "pow": "pow", "maximum": "maximum", "minimum": "minimum",
       "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal", "ne": "not_equal",
       "logical_and": "logical_and", "logical_or": "logical_or"}
COMPARED = ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal")


def one(text: str, op: str) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        argument = node.arguments["self"]
        found = reading.known(argument)
        if found is not None and (op in known.POINTWISE):
            return known.unary(op, found)
        return reading.pointwise(text, [reading.numbers(reading.value(argument))])

    return row


def bracketed(text: str, *parameters: tuple[str, str, float]) -> Callable[[Reading, Node], Value]:
    """An activation with numbers: each by its name in PyTorch, its name in catlang, and what it is where not given."""
    def row(reading: Reading, node: Node) -> Value:
        given = [(word, node.arguments.get(name, usual), usual) for name, word, usual in parameters]
        inner = ", ".join(f"{word} = {number_text(float(value))}" for word, value, usual in given if value != usual)
        return reading.pointwise(f"{text}[{inner}]" if inner else text,
                                 [reading.numbers(reading.value(node.arguments["self"]))])

    return row


def gelu(reading: Reading, node: Node) -> Item:
    text = "gelu_tanh" if node.arguments.get("approximate", "none") == "tanh" else "gelu"
    return reading.pointwise(text, [reading.numbers(reading.value(node.arguments["self"]))])


def elu(reading: Reading, node: Node) -> Item:
    if node.arguments.get("scale", 1) != 1 or node.arguments.get("input_scale", 1) != 1:
        raise Unsaid("an ELU with scales")
    return bracketed("elu", ("alpha", "alpha", 1.0))(reading, node)


def softplus(reading: Reading, node: Node) -> Item:
    if node.arguments.get("beta", 1) != 1:
        raise Unsaid("a softplus with another `beta` than 1")
    return reading.pointwise("softplus", [reading.value(node.arguments["self"])])


def clamp(low: str, high: str) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        value = reading.numbers(reading.value(node.arguments["self"]))
        bounds = node.arguments.get(low, -1.0 if low == "min_val" else None), node.arguments.get(
            high, 1.0 if high == "max_val" else None)
        if not all(bound is None or isinstance(bound, int | float) for bound in bounds):
            raise Unsaid("bounds that are tensors")
        if None not in bounds:
            return reading.pointwise(f"clamp[{', '.join(map(number_text, bounds))}]", [value])
        for bound, text in zip(bounds, ("maximum", "minimum"), strict=True):
            if bound is not None:
                value = reading.pointwise(text, [value, bound])
        return value

    return row


def relu6(reading: Reading, node: Node) -> Item:
    return reading.pointwise("clamp[0, 6]", [reading.value(node.arguments["self"])])


def hardsigmoid(reading: Reading, node: Node) -> Item:
    third = reading.pointwise("div", [reading.pointwise("add", [reading.value(node.arguments["self"]), 3]), 6])
    return reading.pointwise("clamp[0, 1]", [third])


def operands(reading: Reading, node: Node, *names: str) -> list[Any]:
    """Tensors whose entries are known as these, others as values, numbers as they are."""
    made = []
    for name in names:
        item = reading.item(node.arguments[name])
        made.append(item if isinstance(item, Known | int | float) else reading.value(node.arguments[name])
                    if not isinstance(item, Value) else item)
    return made


def two(op: str) -> Row:
    text = TWO[op]

    def row(reading: Reading, node: Node) -> Item:
        names = ("self", "exponent" if op == "pow" else "other")
        items = operands(reading, node, *names)
        rounding = node.arguments.get("rounding_mode")
        alpha = node.arguments.get("alpha", 1)
        if all(isinstance(item, Known | int | float) for item in items) and alpha == 1 and rounding is None:
            left, right = (item if isinstance(item, Known) else number(item) for item in items)
            return known.binary(op, left, right)
        if op.startswith("logical"):
            return both(reading, node, op)
        norm = length_norm(reading, node) if op == "mul" else None
        if norm is not None:
            return norm
        found = [operand(reading, item) for item in items]
        if op == "mul" and (known_gelu := gelu_by_tanh(*found)) is not None:
            return reading.pointwise("gelu_tanh", [known_gelu])
        if alpha != 1:
            found[1] = found[1] * alpha if not isinstance(found[1], Value) else reading.pointwise(
                f"scale[{number_text(alpha)}]", [found[1]])
        if not isinstance(found[1], Value) and text not in COMPARED:
            return with_number(reading, op, found[0], found[1], rounding)
        if not isinstance(found[0], Value) and op == "mul":
            return with_number(reading, op, found[1], found[0], None)
        return rounded(reading, reading.pointwise(text, found), rounding)

    return row


def length_norm(reading: Reading, node: Node) -> Item | None:
    """A weight times what is divided by the root of its mean square: that is the layer that it is known as."""
    for one, other in (("self", "other"), ("other", "self")):
        weight = reading.own(node.arguments[one], node)
        product = reading.item(node.arguments[other])
        if weight is None or not isinstance(product, Value):
            continue
        found = inside(product)
        if found is not None and product.shape and weight.sizes == (size_of(product.shape[-1]),):
            value, gone, eps = found
            if gone == product.shape[-1]:
                return scaled_by_length(reading, Value(value, product.axes, product.shape), weight, eps)
    return None


def gelu_by_tanh(left: Any, right: Any) -> Value | None:
    """The input of what PyTorch programs write for `gelu_tanh`, ``x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715*x^3)))``;
    None of anything else."""
    if not isinstance(left, Value) or not isinstance(right, Value):
        return None
    half, one = made(left.wire, "scale[0.5]"), made(right.wire, "add")
    scaled = made(one[0], "tanh") if one and one[1] in ("1", "1.0") else None
    total = made(scaled[0], f"scale[{math.sqrt(2 / math.pi)!r}]") if scaled else None
    terms = made(total[0], "add") if total else None
    cube = made(terms[1], "scale[0.044715]") if terms else None
    power = made(cube[0], "pow") if cube else None
    if half and terms and power and power[1] in ("3", "3.0") and half[0] is terms[0] is power[0]:
        return Value(half[0], left.axes, left.shape)
    return None


def made(wire: Any, text: str) -> list[Any] | None:
    """What a box of this text has made a wire of; None where something else has."""
    head = wire.maker.head if isinstance(wire, Wire) and wire.maker is not None else None
    word = head.text if isinstance(head, Simple) else head.word if isinstance(head, Pattern) else ""
    return wire.maker.arguments if word == text and isinstance(wire, Wire) and wire.maker is not None else None


def inside(product: Value) -> tuple[Wire, Group, float] | None:
    """Of ``x * rsqrt(mean(x^2) + eps)`` the wire of x, the axis of the mean, and the number; None of anything else."""
    for one, other in ((0, 1), (1, 0)):
        factors = made(product.wire, "mul")
        spread = made(factors[other], "repeat") if factors else None
        root = made(spread[0], "rsqrt") if spread else None
        shifted = made(root[0], "add") if root else None
        mean = made(shifted[0], "reduce") if shifted and isinstance(shifted[1], str) else None
        if factors and shifted and mean and made(mean[0], "square") == [factors[one]]:
            head = shifted[0].maker.head
            kept = {atom for group in head.right for atom in group}
            gone = tuple(atom for group in head.left[0] for atom in group if atom not in kept)
            # The axes are told by their places, since each step has had atoms of its own.
            places = [place for place, group in enumerate(head.left[0]) if group == gone]
            if head.mode == "mean" and places and len(head.left[0]) == len(product.axes):
                return factors[one], product.axes[places[0]], float(shifted[1])
    return None


def operand(reading: Reading, item: Any) -> Any:
    """An operand as numbers: a known tensor that is the same everywhere is one number."""
    if isinstance(item, Known):
        if item.value is not None and not isinstance(item.value, bool):
            return item.value
        item = reading.written(item)
    return reading.numbers(item) if isinstance(item, Value) else item


def with_number(reading: Reading, op: str, value: Value, other: float, rounding: Any) -> Item:
    """An operation with a number on its right."""
    if op in ("add", "sub") and other == 0 or op in ("mul", "div", "pow") and other == 1 and rounding is None:
        return value
    if op == "mul":
        return reading.pointwise(f"scale[{number_text(other)}]", [value])
    if op == "pow" and other in (2, 0.5, -0.5, -1):
        return reading.pointwise({2: "square", 0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}[other], [value])
    return rounded(reading, reading.pointwise(TWO[op], [value, other]), rounding)


def rounded(reading: Reading, value: Value, rounding: Any) -> Value:
    if rounding is None:
        return value
    if rounding == "floor":
        return reading.pointwise("floor", [value])
    return cut(reading, value)


def rsub(reading: Reading, node: Node) -> Item:
    left, right = operands(reading, node, "self", "other")
    if node.arguments.get("alpha", 1) != 1:
        raise Unsaid("another `alpha` than 1")
    if isinstance(left, Known) and isinstance(right, Known | int | float):
        return known.binary("sub", right if isinstance(right, Known) else number(right), left)
    return reading.pointwise("sub", [operand(reading, right), operand(reading, left)])


def both(reading: Reading, node: Node, op: str) -> Item:
    """`and` and `or` of truth values: with a known one that is the same everywhere nothing is left to compute."""
    items = operands(reading, node, "self", "other")
    sizes = reading.meta(node).sizes
    neutral = op == "logical_and"
    for place, item in enumerate(items):
        if isinstance(item, bool):
            item = number(item)
        if isinstance(item, Known) and item.value is not None:
            if bool(item.value) is not neutral:
                return known.filled(not neutral, sizes, "bool")
            other = items[1 - place]
            return stretched(other, sizes) if isinstance(other, Value) else known.binary(op, item, other)
    if all(isinstance(item, Known) for item in items):
        return known.binary(op, *items)
    values = [reading.written(item) if isinstance(item, Known) else item for item in items]
    if any(value.kind != "Bool" for value in values):
        raise Unsaid("bits of numbers")
    return reading.pointwise(op, values)


def bits(op: str) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        items = operands(reading, node, "self", "other")
        if all(isinstance(item, Known) and item.type == "bool" for item in items):
            return known.binary(op, *items)
        return both(reading, node, op)

    return row


def logical_not(reading: Reading, node: Node) -> Item:
    found = reading.known(node.arguments["self"])
    if found is not None:
        return known.unary("logical_not", known.cast(found, "bool"))
    value = reading.value(node.arguments["self"])
    if value.kind != "Bool":
        return reading.pointwise("equal", [reading.numbers(value), 0])
    return reading.pointwise("logical_not", [value])


def chosen(reading: Reading, condition: Any, left: Any, right: Any) -> Item:
    if all(isinstance(item, Known | int | float) for item in (condition, left, right)):
        return known.where(*(item if isinstance(item, Known) else number(item) for item in (condition, left, right)))
    if isinstance(condition, Known):
        if condition.value is not None:
            kept = left if condition.value else right
            if isinstance(kept, Value):
                return kept
        condition = reading.written(condition)
    truth = condition if condition.kind == "Bool" else reading.pointwise("not_equal", [reading.numbers(condition), 0])
    return reading.pointwise("select", [truth, operand(reading, left), operand(reading, right)])


def where(reading: Reading, node: Node) -> Item:
    made = chosen(reading, *operands(reading, node, "condition", "self", "other"))
    return stretched(made, reading.meta(node).sizes) if isinstance(made, Value) else made


def triangle(op: str) -> Row:
    """Zero below or above a diagonal."""
    def row(reading: Reading, node: Node) -> Item:
        [item] = operands(reading, node, "self")
        sizes = reading.meta(node).sizes
        places = [known.Known("int", sizes, known.affine({len(sizes) - one: 1}, 0)) for one in (2, 1)]
        shifted = known.binary("add", places[0], number(node.arguments.get("diagonal", 0)))
        kept = known.binary(op, places[1], shifted)
        if isinstance(item, Known) and item.type == "bool":
            return known.binary("logical_and", item, kept)
        if isinstance(item, Value) and item.kind == "Bool":
            return reading.pointwise("logical_and", [item, reading.written(kept)])
        return chosen(reading, kept, item, 0)

    return row


def masked_fill(reading: Reading, node: Node) -> Item:
    value, mask, filler = operands(reading, node, "self", "mask", "value")
    if isinstance(filler, float) and math.isinf(filler):
        # The least number there is: `exp` of it is 0, and a row of nothing else is no row of NaN.
        filler = math.copysign(3.4028234663852886e38, filler)
    return chosen(reading, mask, filler, value)


def _rows() -> dict[str, Row]:
    made: dict[str, Row] = {f"{op}.default": one(text, op) for op, text in ONE.items()}
    made |= {f"{op}_.default": made[f"{op}.default"] for op in ONE}
    for op in TWO:
        for suffix in ("Tensor", "Scalar", "default", "Tensor_mode", "Tensor_Scalar", "Tensor_Tensor", "Scalar_mode"):
            made[f"{op}.{suffix}"] = two(op)
            made[f"{op}_.{suffix}"] = two(op)
    return made


TRUTH_ROWS: dict[str, Callable[[Reading, Node], Any]] = {
    **dict.fromkeys(["__and__.Tensor", "bitwise_and.Tensor", "bitwise_and_.Tensor", "__iand__.Tensor"],
                    bits("logical_and")),
    **dict.fromkeys(["__or__.Tensor", "bitwise_or.Tensor", "bitwise_or_.Tensor", "__ior__.Tensor"], bits("logical_or")),
    **dict.fromkeys(["logical_not.default", "bitwise_not.default"], logical_not),
}

ROWS: dict[str, Row] = {
    **_rows(),
    **TRUTH_ROWS,
    **dict.fromkeys(["gelu.default", "gelu_.default"], gelu),
    **dict.fromkeys(["leaky_relu.default", "leaky_relu_.default"],
                    bracketed("leaky_relu", ("negative_slope", "slope", 0.01))),
    **dict.fromkeys(["elu.default", "elu_.default"], elu),
    "softplus.default": softplus,
    **dict.fromkeys(["hardtanh.default", "hardtanh_.default"], clamp("min_val", "max_val")),
    **dict.fromkeys(["clamp.default", "clamp_.default"], clamp("min", "max")),
    "clamp_min.default": clamp("min", "none"),
    "clamp_max.default": clamp("none", "max"),
    **dict.fromkeys(["relu6.default", "relu6_.default"], relu6),
    **dict.fromkeys(["hardsigmoid.default", "hardsigmoid_.default"], hardsigmoid),
    **dict.fromkeys(["rsub.Scalar", "rsub.Tensor"], rsub),
    **dict.fromkeys(["where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar"], where),
    "triu.default": triangle("ge"),
    "tril.default": triangle("le"),
    **dict.fromkeys(["masked_fill.Scalar", "masked_fill_.Scalar", "masked_fill.Tensor"], masked_fill),
    **dict.fromkeys(["min.other"], two("minimum")),
    **dict.fromkeys(["max.other"], two("maximum")),
}
