"""Convolution, pooling and upsampling: channels first, at most one batch axis, the others folded into it."""

import ast
from typing import Any

from catlang.compiler.lowering.row import call, fill, lower, number, quote


def _conv1d(site: Any) -> ast.expr:
    made = quote("nn.Conv1d(c, e, k)")
    return _convolution(site, made, _pair(site, "stride"), _pair(site, "dilation"),
                        [("left", "right")])


def _conv2d(site: Any) -> ast.expr:
    kernel = "k" if site.same("k", "l") else "(k, l)"
    return _convolution(site, quote(f"nn.Conv2d(c, e, {kernel})"), _pair(site, "stride", "stride_w"),
                        _pair(site, "dilation", "dilation_w"), [("top", "bottom"), ("left", "right")])


def _pair(site: Any, one: str, other: str | None = None) -> ast.expr | None:
    """``one``, or both where they differ; None where it is 1 throughout."""
    if site.is_one(one) and (other is None or site.is_one(other)):
        return None
    if other is None or site.same(one, other):
        return site.values[one]
    return ast.Tuple([site.values[one], site.values[other]], ast.Load())


def _convolution(site: Any, made: ast.expr, stride: ast.expr | None, dilation: ast.expr | None,
                 sides: list[tuple[str, str]]) -> ast.expr:
    """The constructor; padding that differs between two sides is put in front of it instead."""
    assert isinstance(made, ast.Call)
    keywords: dict[str, ast.expr] = {}
    if stride is not None:
        keywords["stride"] = stride
    if _symmetric(site, sides) and not all(site.is_zero(before) for before, _ in sides):
        befores = [before for before, _ in sides]
        keywords["padding"] = site.values[befores[0]] if all(site.same(befores[0], one) for one in befores) else (
            ast.Tuple([site.values[one] for one in befores], ast.Load()))
    if dilation is not None:
        keywords["dilation"] = dilation
    if not site.is_one("groups"):
        keywords["groups"] = site.values["groups"]
    if not site.constants["bias"]:
        keywords["bias"] = number(False)
    if site.constants["padding_mode"] != "zeros" and "padding" in keywords:
        keywords["padding_mode"] = number(site.constants["padding_mode"])
    made.keywords += [ast.keyword(name, value) for name, value in keywords.items()]
    return fill(made, site.values)


def _symmetric(site: Any, sides: list[tuple[str, str]]) -> bool:
    return all(site.same(before, after) for before, after in sides)


def _apply(rank: int, sides: list[tuple[str, str]]) -> Any:
    def code(site: Any) -> ast.expr:
        x = site.values["x"]
        if not _symmetric(site, sides):
            widths = [site.values[name] for before, after in reversed(sides) for name in (before, after)]
            mode = site.constants["padding_mode"]
            named = {} if mode == "zeros" else {"mode": number(mode)}
            padding = call("F.pad", ast.Name("x", ast.Load()), ast.Tuple(widths, ast.Load()), **named)
            inner = ast.Lambda(quote("lambda x: 0").args, call("module", padding))  # type: ignore[attr-defined]
            return fill(call("over_batch", inner, quote("inputs"), number(rank)), {**site.values, "x": quote("x"),
                                                                                  "inputs": x})
        return fill(quote(f"over_batch(module, x, {rank})"), site.values)

    return code


def _functional(rank: int, sides: list[tuple[str, str]], function: str) -> Any:
    def code(site: Any) -> ast.expr:
        widths = [site.values[name] for before, after in reversed(sides) for name in (before, after)]
        mode = site.constants["padding_mode"]
        named = {} if mode == "zeros" else {"mode": number(mode)}
        padded = call("F.pad", ast.Name("x", ast.Load()), ast.Tuple(widths, ast.Load()), **named)
        arguments: dict[str, ast.expr] = {"groups": site.values["groups"]}
        stride = _pair(site, "stride", "stride_w" if rank == 3 else None)
        dilation = _pair(site, "dilation", "dilation_w" if rank == 3 else None)
        if stride is not None:
            arguments["stride"] = stride
        if dilation is not None:
            arguments["dilation"] = dilation
        bias = site.values["bias"] if site.constants["bias"] else number(None)
        inner = ast.Lambda(quote("lambda x: 0").args, call(function, padded, site.values["weight"], bias, **arguments))  # type: ignore[attr-defined]
        return call("over_batch", inner, site.values["x"], number(rank))

    return code


_ONE = [("left", "right")]
_TWO = [("top", "bottom"), ("left", "right")]
lower("conv1d", _apply(2, _ONE), module=_conv1d, functional=_functional(2, _ONE, "F.conv1d"))
lower("conv2d", _apply(3, _TWO), module=_conv2d, functional=_functional(3, _TWO, "F.conv2d"))


def _transposed(kind: str, kernel: Any) -> Any:
    def module(site: Any) -> ast.expr:
        return fill(quote(f"nn.{kind}(c, e, {kernel(site)}, stride=stride, padding=padding, "
                          "output_padding=output_padding, dilation=dilation, groups=groups, bias=bias)"),
                    {**site.values, "bias": number(site.constants["bias"])})

    return module


lower("conv_transpose1d", "over_batch(module, x, 2)", module=_transposed("ConvTranspose1d", lambda site: "k"))
lower("conv_transpose2d", "over_batch(module, x, 3)",
      module=_transposed("ConvTranspose2d", lambda site: "k" if site.same("k", "l") else "(k, l)"))
lower("max_pool1d", "over_batch(lambda x: F.max_pool1d(x, k, stride, padding), x, 2)")
lower("avg_pool1d", "over_batch(lambda x: F.avg_pool1d(x, k, stride, padding), x, 2)")
lower("max_pool2d", "over_batch(lambda x: F.max_pool2d(x, k, stride, padding), x, 3)")
lower("avg_pool2d", "over_batch(lambda x: F.avg_pool2d(x, k, stride, padding), x, 3)")


def _upsample(rank: int) -> Any:
    def code(site: Any) -> ast.expr:
        mode = site.constants["mode"]
        if mode == "nearest":
            found = "x.repeat_interleave(factor, dim=-1)"
            return fill(quote(found if rank == 2 else found + ".repeat_interleave(factor, dim=-2)"), site.values)
        # PyTorch interpolates only what has a batch axis.
        return fill(quote(f"interpolate(x, factor, {mode!r}, {rank})"), site.values)

    return code


lower("upsample1d", _upsample(2))
lower("upsample2d", _upsample(3))
