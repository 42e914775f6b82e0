"""Products of matrices, attention, sums and what goes along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from catlang.imported.boxes import Item, number_text
from catlang.imported.known import Known
from catlang.imported.layout import Atom, Groups, Mixed, Unsaid, Value, aligned, renewed, without_batch
from catlang.imported.program import Node
from catlang.imported.reading import Reading, Row
from catlang.imported.wiring import Attention, Pattern


def contracted(reading: Reading, left: Value, right: Value) -> Value:
    """The product along the last axis of the left and the last but one of the right, the axes in front broadcast."""
    if len(left.shape) < 2 or len(right.shape) < 2:
        raise Unsaid("a product with a vector")
    left, right = renewed(left), renewed(right)
    rank = max(len(left.shape), len(right.shape))

    def spread(value: Value, rows: bool) -> Value:
        """With a place for the rows, one for what is summed over and one for the columns behind those in front."""
        front = ((),) * (rank - len(value.shape)) + value.shape[:-2]
        one, other = value.shape[-2:]
        return value.seen((*front, *((one, other, ()) if rows else ((), one, other))))

    left, right = aligned([spread(left, True), spread(right, False)])
    rows, summed, columns = left.shape[rank - 2], left.shape[rank - 1] or right.shape[rank - 1], right.shape[rank]
    if any(atom.batch for group in (summed, columns) for atom in group):
        raise Mixed
    front = tuple(one or other for one, other in zip(left.shape[: rank - 2], right.shape[: rank - 2], strict=True))
    has = {*left.atoms, *right.atoms}
    if any(atom not in left.atoms or atom not in right.atoms for atom in summed):
        # What does not change along the axis is summed over as often as it is long, so it is written out.
        left, right = (written_out(reading, one, summed) for one in (left, right))
        has |= set(summed)
    shape = (*front, rows, columns)
    axes = tuple(kept for group in without_batch(shape) if (kept := tuple(atom for atom in group if atom in has)))
    head = Pattern("contract", "", (left.axes, right.axes), axes)
    return Value(reading.add(head, [left.wire, right.wire], axes), axes, shape)


def written_out(reading: Reading, value: Value, atoms: Any) -> Value:
    missing = tuple((atom,) for atom in atoms if not value.has(atom))
    if not missing:
        return value
    axes = (*value.axes, *missing)
    return Value(reading.arranged(value, axes), axes, value.shape)


def matmul(reading: Reading, node: Node) -> Item:
    left = reading.numbers(reading.value(node.arguments["self"]))
    right = reading.numbers(reading.value(node.arguments["mat2" if "mat2" in node.arguments else "other"]))
    return contracted(reading, left, right)


def einsum(reading: Reading, node: Node) -> Item:
    """Products summed over what is missing on the right, each axis by its letter."""
    left, arrow, right = node.arguments["equation"].replace(" ", "").partition("->")
    every = left.split(",")
    values = [reading.numbers(reading.value(one)) for one in node.arguments["tensors"]]
    letters = sorted({*left} - {","})
    if not arrow or not "".join(every).isalpha() or any(len({*one}) != len(one) for one in (*every, right)):
        raise Unsaid("an equation with dots or with a letter twice in one place")
    values = aligned([in_places(value, one, letters) for value, one in zip(values, every, strict=True)])
    groups = {letter: next((value.shape[number] for value in values if value.shape[number]), ())
              for number, letter in enumerate(letters)}
    summed = [atom for letter in letters if letter not in right for atom in groups[letter]]
    if any(atom.batch for atom in summed):
        raise Mixed
    has = {atom for value in values for atom in value.atoms}
    if any(atom not in has for atom in summed):
        raise Unsaid("a sum along an axis on which nothing changes")
    shape = tuple(groups[letter] for letter in right)
    axes = tuple(kept for group in without_batch(shape) if (kept := tuple(atom for atom in group if atom in has)))
    head = Pattern("contract", "", tuple(value.axes for value in values), axes)
    return Value(reading.add(head, [value.wire for value in values], axes), axes, shape)


def in_places(value: Value, own: str, letters: Sequence[str]) -> Value:
    """A value with a place for each letter, of size one where it has none."""
    fresh = renewed(value)
    return fresh.seen(fresh.shape[own.index(letter)] if letter in own else () for letter in letters)


def length(reading: Reading, node: Node) -> Item:
    """The root of the sum of squares along axes."""
    order, dims = node.arguments.get("ord", node.arguments.get("p", 2)), node.arguments.get("dim")
    if order not in (None, 2) or dims is None:
        raise Unsaid("a length by another norm than the usual one")
    value = reading.value(node.arguments["self"])
    places = [one % len(value.shape) for one in (dims if isinstance(dims, list) else [dims])]
    squares = reading.pointwise("square", [value])
    return reading.pointwise("sqrt", [reading.reduced("sum", squares, places, bool(node.arguments.get("keepdim")))])


def baddbmm(reading: Reading, node: Node) -> Item:
    made = contracted(reading, reading.value(node.arguments["batch1"]), reading.value(node.arguments["batch2"]))
    return reading.pointwise("add", [
        reading.pointwise(f"scale[{number_text(node.arguments[word])}]", [value])
        if node.arguments.get(word, 1) != 1 else value
        for word, value in (("beta", reading.value(node.arguments["self"])), ("alpha", made))])


def attention(reading: Reading, node: Node) -> Item:
    """Scaled dot-product attention: with a mask that is known all true, or that shows what comes before, or of truth
    values. With one of numbers it is the products and the softmax that it is made of."""
    query, key, value = (reading.value(node.arguments[name]) for name in ("query", "key", "value"))
    if node.arguments.get("dropout_p", 0.0):
        raise Unsaid("it was exported for training; export the model after `model.eval()`")
    width = reading.program.tensors[node.arguments["query"].name].sizes[-1]
    if not isinstance(width, int):
        raise Unsaid("heads of an open width")
    if node.arguments.get("enable_gqa", False):
        key, value = (shared(query, one) for one in (key, value))
    scale = node.arguments.get("scale")
    factor = 1.0 if scale is None else scale * math.sqrt(width)
    mask = reading.item(node.arguments.get("attn_mask"))
    causal = node.arguments.get("is_causal", False)
    if isinstance(mask, Known) and mask.value is True:
        mask = None
    elif isinstance(mask, Known) and mask.type == "bool" and shows_before(mask):
        mask, causal = None, True
    if causal and reading.program.tensors[node.arguments["key"].name].sizes[-2] != reading.program.tensors[
            node.arguments["query"].name].sizes[-2]:
        raise Unsaid("a causal mask between two lengths")
    if mask is not None:
        mask = reading.value(node.arguments["attn_mask"])
        if mask.kind != "Bool":
            return scored(reading, query, key, value, mask, 1 / math.sqrt(width) if scale is None else scale)
    if abs(factor - 1) > 1e-6:
        query = reading.pointwise(f"scale[{number_text(factor)}]", [query])
    return attended(reading, query, key, value, mask, causal)


def shows_before(mask: Known) -> bool:
    count = len(mask.sizes)
    return mask.sizes[-1] == mask.sizes[-2] and mask.entry in (
        ("le", ("affine", ((count - 1, 1),), 0), ("affine", ((count - 2, 1),), 0)),
        ("ge", ("affine", ((count - 2, 1),), 0), ("affine", ((count - 1, 1),), 0)))


def shared(query: Value, other: Value) -> Value:
    """Keys or values each for several heads of queries in a row."""
    group, heads = other.shape[-3], query.shape[-3]
    ours = math.prod(atom.size for atom in heads if isinstance(atom.size, int))
    theirs = math.prod(atom.size for atom in group if isinstance(atom.size, int))
    return other.seen((*other.shape[:-3], (*group, Atom(ours // theirs)) if ours != theirs else group,
                       *other.shape[-2:]))


def attended(reading: Reading, query: Value, key: Value, value: Value, mask: Value | None, causal: bool) -> Value:
    rank = len(query.shape)
    if mask is not None:
        mask = mask.seen(((),) * (rank - len(mask.shape)) + mask.shape)
    # The axes in front are one for all; those of queries and of places looked at are each their own.
    lifted = [seen_apart(renewed(one), role, rank) for role, one in
              enumerate([query, key, value, *([mask] if mask is not None else [])])]
    joined = aligned(lifted)
    query, key, value = joined[:3]
    lead: Groups = tuple(group for group in without_batch(query.shape[: rank - 2]) if group)
    rows, places = query.shape[rank - 2], key.shape[rank - 1]
    k, v = query.shape[rank], value.shape[rank + 1]
    if any(atom.batch for group in (rows, places, k, v) for atom in group):
        raise Mixed
    wires = [reading.arranged(query, (*lead, rows, k)), reading.arranged(key, (*lead, places, k)),
             reading.arranged(value, (*lead, places, v))]
    axes = (*lead, rows, v)
    shape = (*query.shape[: rank - 2], rows, v)
    if mask is None:
        made = reading.add("attend[causal = true]" if causal else "attend", wires, axes, len(lead))
        return Value(made, axes, shape)
    mask = joined[3]
    if any(mask.has(atom) for group in lead for atom in group):
        wires.append(reading.arranged(mask, (*lead, rows, places)))
        return Value(reading.add("masked_attend", wires, axes, len(lead)), axes, shape)
    seen_rows = any(mask.has(atom) for atom in rows)
    captured = reading.arranged(mask, (rows, places) if seen_rows else (places,))
    if not lead:
        if not seen_rows:
            captured = reading.arranged(mask, (rows, places))
        return Value(reading.add("masked_attend", [*wires, captured], axes), axes, shape)
    return Value(reading.add(Attention(seen_rows), wires, axes, len(lead), captured=[captured]), axes, shape)


def seen_apart(value: Value, role: int, rank: int) -> Value:
    """A query, key, value or mask with a place for rows, places, the width of keys and that of values."""
    front, (one, other) = value.shape[: rank - 2], value.shape[rank - 2:]
    behind = ((one, (), other, ()), ((), one, other, ()), ((), one, (), other), (one, other, (), ()))[role]
    return value.seen((*front, *behind))


def scored(reading: Reading, query: Value, key: Value, value: Value, bias: Value, scale: float) -> Value:
    scores = contracted(reading, query, key.seen((*key.shape[:-2], key.shape[-1], key.shape[-2])))
    if scale != 1:
        scores = reading.pointwise(f"scale[{number_text(scale)}]", [scores])
    return contracted(reading, along("softmax", reading, reading.pointwise("add", [scores, bias]), -1), value)


def along(text: str, reading: Reading, value: Value, place: int) -> Value:
    """What acts on the whole of one axis, which keeps its length."""
    wire, front = reading.with_last(value, [place])
    axes = (*front, value.shape[place])
    return Value(reading.add(text, [wire], axes, len(front)), axes, value.shape)


def along_axis(text: str) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        return along(text, reading, reading.numbers(reading.value(node.arguments["self"])), node.arguments["dim"])

    return row


def reduction(mode: str) -> Row:
    def row(reading: Reading, node: Node) -> Item:
        value = reading.numbers(reading.value(node.arguments["self"]))
        dims = node.arguments.get("dim")
        places = range(len(value.shape)) if dims is None or dims == [] else [
            one % len(value.shape) for one in (dims if isinstance(dims, list) else [dims])]
        return reading.reduced(mode, value, list(places), bool(node.arguments.get("keepdim", False)))

    return row


ROWS: dict[str, Row] = {
    **dict.fromkeys(["matmul.default", "bmm.default", "mm.default"], matmul),
    "baddbmm.default": baddbmm,
    "einsum.default": einsum,
    **dict.fromkeys(["linalg_vector_norm.default", "norm.ScalarOpt_dim"], length),
    "scaled_dot_product_attention.default": attention,
    **dict.fromkeys(["softmax.int", "_softmax.default"], along_axis("softmax")),
    **dict.fromkeys(["log_softmax.int", "_log_softmax.default"], along_axis("log_softmax")),
    **dict.fromkeys(["mean.dim", "mean.default"], reduction("mean")),
    **dict.fromkeys(["sum.dim_IntList", "sum.default"], reduction("sum")),
    "amax.default": reduction("max"),
    "amin.default": reduction("min"),
    "prod.dim_int": reduction("prod"),
}
