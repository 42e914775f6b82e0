"""Axis patterns in PyTorch: views where views suffice, ``einsum`` for contractions."""

from __future__ import annotations

import ast
from typing import Any

from catlang.compiler.lowering.row import call, number
from catlang.diagram.diagram import Shuffle

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def lowered(operation: Shuffle, inputs: list[ast.expr], forward: Any) -> ast.expr:
    """The expression for a pattern applied to its inputs."""
    flat = [_flat(side) for side in operation.sources]
    if operation.kind == "contract":
        return _contract(operation, inputs, flat, forward)
    [value] = inputs
    source = operation.sources[0]
    value = _ungroup(value, source, operation.sizes, forward)
    names = flat[0]
    if operation.kind == "reduce":
        target = _flat(operation.target)
        gone = [place - len(names) for place, name in enumerate(names) if name not in target]
        if gone:
            method = {"max": "amax", "min": "amin"}.get(operation.how or "", operation.how or "")
            value = _reduce(value, method, gone)
        names = [name for name in names if name in target]
    ones = [name for name in names if isinstance(name, int)]
    if ones and operation.kind in ("rearrange", "repeat"):
        value, names = _drop_ones(value, names)
    target = _flat(operation.target)
    present = [name for name in target if isinstance(name, str) and name in names]
    value = _permute(value, names, present)
    value = _insert(value, target, present, operation.sizes, forward)
    return _group(value, operation.target)


def _flat(side: Any) -> list[Any]:
    found: list[Any] = []
    for item in side:
        found += _flat(item) if isinstance(item, tuple) else [item]
    return found


def _method(value: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Attribute(value, name, ast.Load()), list(arguments), [])


def _ungroup(value: ast.expr, side: Any, sizes: dict[str, Any], forward: Any) -> ast.expr:
    """Takes every group apart, from the last axis on."""
    behind = 0
    for item in reversed(list(side)):
        if isinstance(item, tuple):
            names = _flat(item)
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
        for place in sorted(gone):
            # Each reduction shortens the shape: what stood at -3 stands at -2 when one behind it is gone.
            behind = sum(1 for other in gone if other > place)
            value = _method(value, method, number(place if not behind else place))
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
    source = tuple(names.index(wanted[place]) - rank for place in moved)
    target = tuple(place - rank for place in moved)
    return _method(value, "movedim", number(source), number(target))


def _insert(value: ast.expr, target: list[Any], present: list[Any], sizes: dict[str, Any], forward: Any) -> ast.expr:
    """New axes: unsqueezed, and expanded where they are not of size 1."""
    new = [place for place, name in enumerate(target) if name not in present or isinstance(name, int)]
    if not new:
        return value
    plain = value
    for place in new:
        behind = sum(1 for name in target[place + 1:] if isinstance(name, str) and name in present)
        already = sum(1 for other in new if other > place)
        value = _method(value, "unsqueeze", number(-1 - behind))
        del already
    # Inserted from the front: each later one stands behind the earlier.
    if all(isinstance(target[place], int) and target[place] == 1 for place in new):
        return value
    old = len(present)
    shape: list[ast.expr] = []
    leading: ast.expr = ast.Attribute(plain, "shape", ast.Load())
    leading = ast.Subscript(leading, ast.Slice(None, number(-old), None), ast.Load()) if old else leading
    shape.append(ast.Starred(leading, ast.Load()))
    seen = 0
    for place, name in enumerate(target):
        if place in new:
            shape.append(number(name) if isinstance(name, int) else forward.size(sizes[name]))
        else:
            shape.append(ast.Subscript(ast.Attribute(plain, "shape", ast.Load()), number(seen - old), ast.Load()))
            seen += 1
    return _method(value, "expand", *shape)


def _group(value: ast.expr, side: Any) -> ast.expr:
    """Joins the axes of every group, from the last axis on."""
    behind = 0
    for item in reversed(list(side)):
        if isinstance(item, tuple):
            count = len(_flat(item))
            if count > 1:
                ends = [number(-count - behind)] if behind == 0 else [number(-count - behind), number(-1 - behind)]
                value = _method(value, "flatten", *ends)
            elif count == 0:
                value = _method(value, "unsqueeze", number(-1 - behind))
        behind += 1
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
    right = "..." + "".join(names[name] for name in _flat(operation.target))
    value = call("torch.einsum", number(f"{left}->{right}"), *inputs)
    return _group(value, operation.target)
