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
    return _both(site, one, other)


def _both(site: Any, one: str, other: str | None) -> ast.expr:
    """``one``, or both where they differ."""
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


def _padded(site: Any, rank: int, sides: list[tuple[str, str]], always: bool) -> ast.expr:
    """The input with its borders put on, where the module does not put them on itself."""
    x: ast.expr = site.values["x"]
    if all(site.is_zero(one) for side in sides for one in side) or (_symmetric(site, sides) and not always):
        return x
    widths = ast.Tuple([site.values[name] for before, after in reversed(sides) for name in (before, after)], ast.Load())
    mode = site.constants["padding_mode"]
    if mode == "zeros":
        return call("F.pad", x, widths)
    return call("over_batch", quote("F.pad"), x, number(rank), widths, mode=number(mode))


def _apply(rank: int, sides: list[tuple[str, str]]) -> Any:
    def code(site: Any) -> ast.expr:
        return call("over_batch", site.values["module"], _padded(site, rank, sides, always=False), number(rank))

    return code


def _functional(rank: int, sides: list[tuple[str, str]], function: str) -> Any:
    def code(site: Any) -> ast.expr:
        options: dict[str, ast.expr] = {}
        stride = _pair(site, "stride", "stride_w" if rank == 3 else None)
        dilation = _pair(site, "dilation", "dilation_w" if rank == 3 else None)
        bias = site.values["bias"] if site.constants["bias"] else number(None)
        if stride is not None:
            options["stride"] = stride
        if dilation is not None:
            options["dilation"] = dilation
        if not site.is_one("groups"):
            options["groups"] = site.values["groups"]
        return call("over_batch", quote(function), _padded(site, rank, sides, always=True), number(rank),
                    site.values["weight"], bias, **options)

    return code


_ONE = [("left", "right")]
_TWO = [("top", "bottom"), ("left", "right")]
lower("conv1d", _apply(2, _ONE), module=_conv1d, functional=_functional(2, _ONE, "F.conv1d"))
lower("conv2d", _apply(3, _TWO), module=_conv2d, functional=_functional(3, _TWO, "F.conv2d"))


def _transposed(kind: str, *second: str) -> Any:
    """The constructor; ``second`` are the generics of the second axis, where there is one."""

    def module(site: Any) -> ast.expr:
        kernel = "k" if not second or site.same("k", "l") else "(k, l)"
        found = quote(f"nn.{kind}(c, e, {kernel})")
        assert isinstance(found, ast.Call)
        for name, standard in (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1), ("groups", 1)):
            other = f"{name}_w" if f"{name}_w" in second else None
            if any(site.operation.arguments[one] != standard for one in (name, other) if one is not None):
                found.keywords.append(ast.keyword(name, _both(site, name, other)))
        if not site.constants["bias"]:
            found.keywords.append(ast.keyword("bias", number(False)))
        return fill(found, site.values)

    return module


lower("conv_transpose1d", "over_batch(module, x, 2)", module=_transposed("ConvTranspose1d"))
lower("conv_transpose2d", "over_batch(module, x, 3)",
      module=_transposed("ConvTranspose2d", "stride_w", "padding_w", "output_padding_w", "dilation_w"))


def _pool(function: str, rank: int) -> Any:
    """A pooling, whose windows lie side by side unless it says otherwise."""

    def code(site: Any) -> ast.expr:
        options = {}
        if not site.same("stride", "k"):
            options["stride"] = site.values["stride"]
        if not site.is_zero("padding"):
            options["padding"] = site.values["padding"]
        if "dilation" in site.operation.arguments and not site.is_one("dilation"):
            options["dilation"] = site.values["dilation"]
        return call("over_batch", quote(function), site.values["x"], number(rank), site.values["k"], **options)

    return code


for _kind in ("max", "avg"):
    for _rank in (2, 3):
        lower(f"{_kind}_pool{_rank - 1}d", _pool(f"F.{_kind}_pool{_rank - 1}d", _rank))


def _upsample(rank: int) -> Any:
    def code(site: Any) -> ast.expr:
        mode = number(site.constants["mode"])
        return call("over_batch", quote("F.interpolate"), site.values["x"], number(rank),
                    scale_factor=site.values["factor"], mode=mode)

    return code


lower("upsample1d", _upsample(2))
lower("upsample2d", _upsample(3))
