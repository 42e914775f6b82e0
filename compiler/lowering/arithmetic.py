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

lower("prelu", "over_batch(module, x, rank)", module="nn.PReLU(c)", functional="over_batch(F.prelu, x, rank, weight)")
