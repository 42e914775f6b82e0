"""Arithmetic, activations, truth values: one for each entry."""

from catlang.meaning.cost.row import costs, moves

costs("add", "sub", "mul", "div", "pow", "maximum", "minimum", "neg", "abs", "sign", "floor", "ceil", "round", "square",
      "reciprocal", "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "erf", "scale", "clamp")
costs("relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "hardswish", "sigmoid", "tanh",
      "softplus", "softsign", "logsigmoid", "prelu")
costs("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or",
      "logical_not", "select")
moves("indicator")
