"""For each primitive with exact values the sizes and constants that it is tried at."""

from __future__ import annotations

from typing import Any

from held import distinct, halves, natural, positive
from hypothesis import strategies as st

size = st.integers(1, 4)
_tenths = st.sampled_from([0.5, -1.5, 2.0, 0.1, 3])
axes = st.lists(st.integers(1, 3), max_size=3).map(tuple)
OBJECTS = ["R[]", "R[2]", "Fin[3]", "Bool", "R[2] * Fin[4]", "(R[] * Bool^2) * R[3]", "R[2, 1]"]
objects = st.sampled_from(OBJECTS)

#: The inputs' numbers, where any small ones will not do.
DRAWS: dict[str, list[Any]] = {
    "div": [natural, positive], "reciprocal": [positive], "pow": [positive, natural],
    "floor": [halves], "ceil": [halves], "round": [halves], "hardswish": [halves], "softsign": [halves],
    "to_index": [halves],
    "l1_loss": [halves], "huber_loss": [halves], "argmax": [distinct], "argmin": [distinct], "topk": [distinct],
}


def of(**generics: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(generics)


@st.composite
def conv(draw: Any, rank: int, transposed: bool) -> dict[str, Any]:
    """Sizes at which a convolution has a result, all its options free."""
    groups = draw(st.integers(1, 2))
    one: dict[str, Any] = {"c": groups * draw(st.integers(1, 2)), "e": groups * draw(st.integers(1, 2)),
                           "groups": groups, "bias": draw(st.booleans())}
    sides = ["n"] if rank == 1 else ["h", "w"]
    for side in sides:
        one[side] = draw(st.integers(2, 4))
    one["k"] = draw(st.integers(1, 3))
    if rank == 2:
        one["l"] = draw(st.integers(1, 3))
    if transposed:
        for side, kernel, of_side in zip(sides, ["k", "l"], ["", "_w"], strict=False):
            stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2))
            more = draw(st.integers(0, stride - 1))
            room = (one[side] - 1) * stride + dilation * (one[kernel] - 1) + more
            one.update({f"stride{of_side}": stride, f"dilation{of_side}": dilation, f"output_padding{of_side}": more,
                        f"padding{of_side}": draw(st.integers(0, min(2, room // 2)))})
        return one
    one["stride"], one["dilation"] = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    if rank == 2:
        one["stride_w"], one["dilation_w"] = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    one["padding_mode"] = draw(st.sampled_from(["zeros", "reflect", "circular", "replicate"]))
    pairs = [("left", "right", "n", "k", "dilation")] if rank == 1 else [
        ("top", "bottom", "h", "k", "dilation"), ("left", "right", "w", "l", "dilation_w")]
    even = draw(st.booleans())
    for before, after, side, kernel, dilation in pairs:
        one[before] = draw(st.integers(0, one[side] - 1))
        one[after] = one[before] if even else draw(st.integers(0, one[side] - 1))
        while one[dilation] * (one[kernel] - 1) + 1 > one[side] + one[before] + one[after]:
            one[kernel] -= 1
    return one


@st.composite
def pool(draw: Any, *sides: str) -> dict[str, Any]:
    k = draw(st.integers(1, 3))
    return {"k": k, "stride": draw(st.integers(1, 3)), "padding": draw(st.integers(0, k // 2)),
            "c": draw(st.integers(1, 2)), **{side: draw(st.integers(k, 5)) for side in sides}}


@st.composite
def dilated(draw: Any, *sides: str) -> dict[str, Any]:
    one = draw(pool(*sides))
    one["dilation"] = draw(st.integers(1, 2))
    for side in sides:
        one[side] += one["k"] - 1
    return one


@st.composite
def padded(draw: Any) -> dict[str, Any]:
    n, mode = draw(st.integers(2, 4)), draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    return {"left": draw(st.integers(0, n - 1)), "right": draw(st.integers(0, n - 1)), "value": draw(_tenths),
            "mode": mode, "n": n, "s": draw(axes)}


@st.composite
def sliced(draw: Any) -> dict[str, Any]:
    n = draw(size)
    start = draw(st.integers(0, n - 1))
    return {"n": n, "start": start, "stop": draw(st.integers(start + 1, n)), "A": draw(objects)}


@st.composite
def included(draw: Any) -> dict[str, Any]:
    n = draw(size)
    return {"n": n, "m": draw(st.integers(n, 6))}


@st.composite
def best(draw: Any) -> dict[str, Any]:
    n = draw(st.integers(1, 5))
    return {"n": n, "k": draw(st.integers(1, n))}


_alike = {name: of(s=axes) for name in [
    "add", "sub", "mul", "div", "pow", "maximum", "minimum", "neg", "abs", "sign", "floor", "ceil", "round",
    "square", "reciprocal", "relu", "hardswish", "softsign", "less", "less_equal", "greater", "greater_equal", "equal",
    "not_equal", "logical_and", "logical_or", "logical_not", "select", "indicator", "mse_loss", "l1_loss",
    "zero", "one",
]}
CASES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    **_alike,
    "linear": of(m=size, n=size), "affine": of(m=size, n=size), "embedding": of(m=size, d=size),
    "bilinear": of(l=size, m=size, n=size), "parameter": of(s=axes),
    "dropout": of(p=_tenths.map(lambda p: abs(p) / 4), s=axes),
    "scale": of(factor=_tenths, s=axes),
    "clamp": of(low=st.sampled_from([-2.5, -1, 0]), high=st.sampled_from([0, 1.5, 2]), s=axes),
    "leaky_relu": of(slope=_tenths, s=axes), "const": of(value=_tenths, s=axes),
    "prelu": of(c=size, s=axes), "huber_loss": of(delta=_tenths.map(abs), s=axes), "nll_loss": of(c=size),
    "cumsum": of(n=size, s=axes), "cumprod": of(n=size, s=axes), "argmax": of(n=size), "argmin": of(n=size),
    "sort": of(n=st.integers(1, 5)), "topk": best(),
    "concat": of(n=size, m=size, A=objects), "split": of(n=size, m=size, A=objects), "slice": sliced(),
    "pad": padded(),
    "roll": of(shift=st.integers(-5, 5), n=size, A=objects), "flip": of(n=size, A=objects),
    "gather": of(n=size, m=size, A=objects), "at": of(n=size, A=objects), "scatter": of(n=size, m=size, s=axes),
    "matmul": of(n=size, k=size, m=size), "transpose": of(n=size, m=size, A=objects),
    "index": of(n=size), "one_hot": of(n=size), "to_real": of(n=size), "to_index": of(n=size),
    "equal_index": of(n=size), "include": included(),
    "conv1d": conv(1, False), "conv2d": conv(2, False),
    "conv_transpose1d": conv(1, True), "conv_transpose2d": conv(2, True),
    "max_pool1d": dilated("n"), "avg_pool1d": pool("n"),
    "max_pool2d": dilated("h", "w"), "avg_pool2d": pool("h", "w"),
    "upsample1d": of(factor=st.integers(1, 3), mode=st.sampled_from(["nearest", "linear"]), c=size, n=size),
    "upsample2d": of(factor=st.integers(1, 3), mode=st.sampled_from(["nearest", "bilinear"]), c=size, h=size, w=size),
}
