"""Axis patterns in PyTorch: views where views suffice, ``einsum`` for contractions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from catlang.compiler.emission.broadcasting import flat as flat_axes
from catlang.compiler.lowering.row import call, number
from catlang.diagram.diagram import Shuffle

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lowered(operation: Shuffle, inputs: list[ast.expr], forward: Any, levels: frozenset[Any], thin: bool) -> ast.expr:
    """The expression for a pattern applied to its inputs; new axes may be of size 1 where it is to be ``thin``."""
    flat = [flat_axes(side) for side in operation.sources]
    if operation.kind == "contract":
        return _contract(operation, inputs, flat, forward)
    [value] = inputs
    source = operation.sources[0]
    value = _ungroup(value, source, operation.sizes, forward)
    names = flat[0]
    if operation.kind == "reduce":
        target = flat_axes(operation.target)
        gone = [place - len(names) for place, name in enumerate(names) if name not in target]
        if gone:
            method = {"max": "amax", "min": "amin"}.get(operation.how or "", operation.how or "")
            value = _reduce(value, method, gone)
        names = [name for name in names if name in target]
    ones = [name for name in names if isinstance(name, int)]
    if ones and operation.kind in ("rearrange", "repeat"):
        value, names = _drop_ones(value, names)
    target = flat_axes(operation.target)
    present = [name for name in target if isinstance(name, str) and name in names]
    value = _permute(value, names, present)
    value = _insert(value, target, present, lambda name: forward.size(operation.sizes[name]),
                    None if thin else lambda: forward.batch_shape(levels))
    return _group(value, operation.target)


def _method(value: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(value, name, ast.Load()), list(arguments), [])


def _ungroup(value: ast.expr, side: Any, sizes: dict[str, Any], forward: Any) -> ast.expr:
    """Takes every group apart, from the last axis on."""
    behind = 0
    for item in reversed(list(side)):
        if isinstance(item, tuple):
            names = flat_axes(item)
            if len(names) > 1:
                parts = [forward.size(sizes[name]) if isinstance(name, str) else number(name) for name in names]
                value = _method(value, "unflatten", number(-1 - behind), ast.Tuple(parts, ast.Load()))
            elif not names:
                value = _method(value, "squeeze", number(-1 - behind))
            behind += len(names)
        else:
            behind += 1
    return value


def _reduce(value: ast.expr, method: str, gone: list[int]) -> ast.expr:
    if method in ("prod", "any", "all"):
        # One axis at a time, from the front: those behind it stay where they are, counted from the end.
        for place in sorted(gone):
            value = _method(value, method, number(place))
        return value
    return ast.Call(ast.Attribute(value, method, ast.Load()), [], [
        ast.keyword("dim", number(gone[0] if len(gone) == 1 else tuple(gone)))])


def _drop_ones(value: ast.expr, names: list[Any]) -> tuple[ast.expr, list[Any]]:
    for place in range(len(names) - 1, -1, -1):
        if isinstance(names[place], int):
            value = _method(value, "squeeze", number(place - len(names)))
            names = [*names[:place], *names[place + 1:]]
    return value, names


def _permute(value: ast.expr, names: list[Any], wanted: list[Any]) -> ast.expr:
    """Puts axes in another order; a swap of two is a transpose."""
    moved = [place for place, (one, other) in enumerate(zip(names, wanted, strict=True)) if one != other]
    if not moved:
        return value
    rank = len(names)
    if len(moved) == 2:
        return _method(value, "transpose", number(moved[0] - rank), number(moved[1] - rank))
    for start in moved:
        for end in moved:
            order = [name for name in names if name != names[start]]
            order.insert(end, names[start])
            if order == wanted:
                return _method(value, "movedim", number(start - rank), number(end - rank))
    source = tuple(names.index(wanted[place]) - rank for place in moved)
    target = tuple(place - rank for place in moved)
    return _method(value, "movedim", number(source), number(target))


def _insert(value: ast.expr, target: list[Any], present: list[Any], size: Callable[[Any], ast.expr],
            batch: Callable[[], list[ast.expr]] | None) -> ast.expr:
    """New axes: of size 1 first, then as large as they are to be."""
    new = [place for place, name in enumerate(target) if name not in present or isinstance(name, int)]
    if not new:
        return value
    plain, old = value, len(present)
    if len(new) == 1:
        value = _method(value, "unsqueeze", number(new[0] - len(target)))
    else:
        index = [number(None) if place in new else ast.Slice() for place in range(new[0], len(target))]
        value = ast.Subscript(value, ast.Tuple([number(...), *index], ast.Load()), ast.Load())
    if batch is None:
        return value
    sizes = {place: number(target[place]) if isinstance(target[place], int) else size(target[place]) for place in new}
    if all(isinstance(one, ast.Constant) and one.value == 1 for one in sizes.values()):
        return value
    own = [sizes.get(place, number(-1)) for place in range(len(target))]
    if not isinstance(plain, ast.Name):
        shape = [*batch(), *own]
    else:
        front: ast.expr = ast.Attribute(plain, "shape", ast.Load())
        if new == list(range(old, len(target))):
            own = own[old:]
        elif old:
            front = ast.Subscript(front, ast.Slice(None, number(-old), None), ast.Load())
        shape = [ast.Starred(front, ast.Load()), *own]
    return _method(value, "expand", *shape)


def _group(value: ast.expr, side: Any) -> ast.expr:
    """Joins the axes of every group, from the last axis on."""
    for behind, item in enumerate(reversed(list(side))):
        if isinstance(item, tuple):
            count = len(flat_axes(item))
            if count > 1:
                ends = [number(-count - behind)] if behind == 0 else [number(-count - behind), number(-1 - behind)]
                value = _method(value, "flatten", *ends)
            elif count == 0:
                value = _method(value, "unsqueeze", number(-1 - behind))
    return value


def _contract(operation: Shuffle, inputs: list[ast.expr], flat: list[list[Any]], forward: Any) -> ast.expr:
    names: dict[Any, str] = {}
    for side in flat:
        for name in side:
            if name not in names:
                preferred = str(name)[0] if str(name)[0].isascii() and str(name)[0].isalpha() else "a"
                free = [letter for letter in [preferred, *LETTERS] if letter not in names.values()]
                names[name] = free[0]
    inputs = [_ungroup(value, side, operation.sizes, forward)
              for value, side in zip(inputs, operation.sources, strict=True)]
    left = ",".join("..." + "".join(names[name] for name in side) for side in flat)
    right = "..." + "".join(names[name] for name in flat_axes(operation.target))
    value = call("torch.einsum", number(f"{left}->{right}"), *inputs)
    return _group(value, operation.target)
