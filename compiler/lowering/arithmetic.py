"""Arithmetic, activations, truth values: entry by entry."""

from catlang.compiler.lowering.row import lower

for name, code in {
    "add": "x + y", "sub": "x - y", "mul": "x * y", "div": "x / y", "pow": "x ** y",
    "less": "x < y", "less_equal": "x <= y", "greater": "x > y", "greater_equal": "x >= y", "equal": "x == y",
    "not_equal": "x != y", "select": "torch.where(x, y, z)",
}.items():
    lower(name, code, scalars=True)

for name, code in {
    "maximum": "torch.maximum(x, y)", "minimum": "torch.minimum(x, y)",
    "neg": "-x", "abs": "x.abs()", "sign": "x.sign()", "floor": "x.floor()", "square": "x.square()",
    "reciprocal": "x.reciprocal()", "sqrt": "x.sqrt()", "rsqrt": "x.rsqrt()", "exp": "x.exp()", "log": "x.log()",
    "sin": "x.sin()", "cos": "x.cos()", "scale": "x * factor", "clamp": "x.clamp(low, high)",
    "relu": "torch.relu(x)", "leaky_relu": "F.leaky_relu(x, slope)", "elu": "F.elu(x, alpha)", "gelu": "F.gelu(x)",
    "gelu_tanh": "F.gelu(x, approximate='tanh')", "silu": "F.silu(x)", "sigmoid": "torch.sigmoid(x)",
    "tanh": "torch.tanh(x)", "softplus": "F.softplus(x)",
    "logical_and": "x & y", "logical_or": "x | y", "logical_not": "~x", "indicator": "x.to(real)",
}.items():
    lower(name, code)
