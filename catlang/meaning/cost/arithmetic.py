"""Arithmetic, activations, truth values: one for each entry."""

from catlang.meaning.cost.row import costs

costs("add", "sub", "mul", "div", "pow", "maximum", "minimum", "neg", "abs", "sign", "floor", "square", "reciprocal",
      "sqrt", "rsqrt", "exp", "log", "sin", "cos", "scale", "clamp")
costs("relu", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "softplus")
costs("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or",
      "logical_not", "select", "indicator")
