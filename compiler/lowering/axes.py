"""What acts along the first axis of its own object, and what moves entries about."""

import ast
from typing import Any

from catlang.compiler.lowering.row import call, fill, lower, number, quote


def _slice(site: Any) -> ast.expr:
    start, stop = site.operation.arguments["start"], site.operation.arguments["stop"]
    return fill(quote("x.narrow(first, start, length)"), {
        **{name: site.values[name] for name in ("x", "first", "start")}, "length": site.forward.size(stop - start)})


def _pad(site: Any) -> ast.expr:
    """PyTorch wants the widths of the last axis first."""
    mode = site.constants["mode"]
    # Other modes than a constant one know three axes at most.
    flat = mode != "constant" and site.rank > 3
    rank = 2 if flat else site.rank
    widths = [number(0)] * (2 * rank - 2) + [site.values["left"], site.values["right"]]
    if mode != "constant":
        x = fill(quote("x.flatten(second)"), {"x": site.values["x"], "second": number(1 - site.rank)}) if flat else (
            site.values["x"])
        padded = call("over_batch", quote("F.pad"), x, number(rank), ast.Tuple(widths, ast.Load()), mode=number(mode))
        return fill(quote("padded.unflatten(-1, s)"), {"padded": padded, "s": site.values["s"]}) if flat else padded
    options = {} if site.constants["value"] == 0 else {"value": site.values["value"]}
    return call("F.pad", site.values["x"], ast.Tuple(widths, ast.Load()), **options)



lower("softmax", "F.softmax(x, dim=-1)")
lower("log_softmax", "F.log_softmax(x, dim=-1)")
lower("logsumexp", "torch.logsumexp(x, dim=-1)")
lower("cumsum", "torch.cumsum(x, dim=first)")
lower("cumprod", "torch.cumprod(x, dim=first)")
lower("argmax", "x.argmax(dim=-1)")
lower("argmin", "x.argmin(dim=-1)")
lower("sort", "torch.sort(x, dim=-1, stable=True)")
lower("topk", "torch.topk(x, k, dim=-1)")
lower("concat", "torch.cat((x, y), dim=first)", align="expand")
lower("split", "x.split((n, m), dim=first)")
lower("slice", _slice)
lower("pad", _pad)
lower("roll", "x.roll(shift, dims=first)")
lower("flip", "x.flip(first)")
lower("gather", "gather_rows(x, y, rank)", align="expand")
lower("at", "gather_rows(x, y.unsqueeze(-1), rank).squeeze(first)", align="expand")
lower("scatter", "scatter_rows(x, y, z, rank)", align="expand")
lower("matmul", "x @ y")
lower("transpose", "x.transpose(first, first + 1)")
