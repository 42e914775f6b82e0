"""Arithmetic, activations, truth values: entry by entry."""

import ast
from collections.abc import Callable
from typing import Any

from catlang.compiler.lowering.row import fill, lower, quote

for name, code in {
    "add": "x + y", "sub": "x - y", "mul": "x * y", "div": "x / y", "pow": "x ** y",
    "less": "x < y", "less_equal": "x <= y", "greater": "x > y", "greater_equal": "x >= y", "equal": "x == y",
    "not_equal": "x != y", "select": "torch.where(x, y, z)",
}.items():
    lower(name, code, scalars=True)

for name, code in {
    "neg": "-x", "abs": "x.abs()", "sign": "x.sign()", "floor": "x.floor()", "ceil": "x.ceil()",
    "round": "x.round()", "square": "x.square()",
    "reciprocal": "x.reciprocal()", "sqrt": "x.sqrt()", "rsqrt": "x.rsqrt()", "exp": "x.exp()",
    "expm1": "x.expm1()", "log": "x.log()", "log1p": "x.log1p()", "sin": "x.sin()", "cos": "x.cos()",
    "tan": "x.tan()", "erf": "x.erf()", "scale": "x * factor", "clamp": "x.clamp(low, high)",
    "relu": "torch.relu(x)", "leaky_relu": "F.leaky_relu(x, slope)", "elu": "F.elu(x, alpha)", "selu": "F.selu(x)",
    "gelu": "F.gelu(x)", "gelu_tanh": "F.gelu(x, approximate='tanh')", "silu": "F.silu(x)", "mish": "F.mish(x)",
    "hardswish": "F.hardswish(x)", "sigmoid": "torch.sigmoid(x)", "tanh": "torch.tanh(x)", "softplus": "F.softplus(x)",
    "softsign": "F.softsign(x)", "logsigmoid": "F.logsigmoid(x)",
    "logical_and": "x & y", "logical_or": "x | y", "logical_not": "~x", "indicator": "x.to(real)",
}.items():
    lower(name, code)



def _extreme(function: str, side: str) -> Callable[[Any], ast.expr]:
    """The larger or the smaller of two; of an array and a number PyTorch calls it a clamp."""

    def code(site: Any) -> ast.expr:
        for one, other in (("x", "y"), ("y", "x")):
            if other in site.literals:
                return fill(quote(f"{one}.clamp({side}={other})"), site.values)
        return fill(quote(f"{function}(x, y)"), site.values)

    return code


lower("maximum", _extreme("torch.maximum", "min"), scalars=True)
lower("minimum", _extreme("torch.minimum", "max"), scalars=True)
lower("prelu", "over_batch(module, x, rank)", module="nn.PReLU(c)", functional="over_batch(F.prelu, x, rank, weight)")
