"""Normalisation. Group and batch norm take exactly one batch axis in front."""

import ast
from collections.abc import Callable
from typing import Any

from catlang.compiler.lowering.row import call, fill, lower, number, quote


def _module(site: Any, kind: str, *arguments: ast.expr, **standard: float) -> ast.expr:
    """The constructor, with the options that are not PyTorch's own."""
    options = {name: site.values[name] for name, usual in standard.items() if site.constants[name] != usual}
    return call(f"nn.{kind}", *arguments, **options)


def _shape(site: Any) -> ast.expr:
    """A shape, of one axis as a number."""
    shape: ast.expr = site.values["s"]
    return shape.elts[0] if isinstance(shape, ast.Tuple) and len(shape.elts) == 1 else shape


def _layer_norm(site: Any) -> ast.expr:
    return _module(site, "LayerNorm", _shape(site), eps=1e-5)


def _rms_norm(site: Any) -> ast.expr:
    # PyTorch's own default is the least number of the type, which differs from type to type.
    return call("nn.RMSNorm", _shape(site), eps=site.values["eps"])


def _group_norm(site: Any) -> ast.expr:
    return _module(site, "GroupNorm", site.values["groups"], site.values["c"], eps=1e-5)


def _batch_norm(site: Any) -> ast.expr:
    kind = {1: "BatchNorm1d", 2: "BatchNorm1d", 3: "BatchNorm2d", 4: "BatchNorm3d"}.get(site.rank, "BatchNorm1d")
    return _module(site, kind, site.values["c"], eps=1e-5, momentum=0.1)


def _over_batch(site: Any) -> ast.expr:
    if site.rank <= 4:
        return fill(quote("over_batch(module, x, rank)"), site.values)
    # Of axes beyond those that PyTorch knows batch norm only asks how many entries there are.
    return fill(quote("over_batch(module, x.flatten(behind), 2).reshape(x.shape)"),
                {**{name: site.values[name] for name in ("module", "x")}, "behind": number(1 - site.rank)})


def _at(rank: int, single: str, usual: str) -> Callable[[Any], ast.expr]:
    """A form for inputs of one rank, and another for all others."""
    def made(site: Any) -> ast.expr:
        return fill(quote(single if site.rank == rank else usual), site.values)

    return made


# PyTorch normalises along axes, of which a scalar has none.
lower("layer_norm",
      _at(0, "F.layer_norm(x[..., None], (1,), module.weight[None], module.bias[None], eps)[..., 0]", "module(x)"),
      module=_layer_norm,
      functional=_at(0, "F.layer_norm(x[..., None], (1,), weight[None], bias[None], eps)[..., 0]",
                     "F.layer_norm(x, s, weight, bias, eps)"))
lower("rms_norm", _at(0, "F.rms_norm(x[..., None], (1,), module.weight[None], eps)[..., 0]", "module(x)"),
      module=_rms_norm,
      functional=_at(0, "F.rms_norm(x[..., None], (1,), weight[None], eps)[..., 0]", "F.rms_norm(x, s, weight, eps)"))
# A group may have one entry, at which PyTorch's module stops where there is one group of each only.
lower("group_norm", "over_batch(group_normed, x, rank, module)", module=_group_norm,
      functional="over_batch(torch.group_norm, x, rank, groups, weight, bias, eps)")
lower("batch_norm", _over_batch, module=_batch_norm)
