"""Learned maps: PyTorch's own modules, and what they compute where their weights are computed themselves."""

from catlang.compiler.lowering.row import lower

lower("linear", "module(x)", module="nn.Linear(m, n, bias=False)", functional="F.linear(x, weight)")
lower("affine", "module(x)", module="nn.Linear(m, n)", functional="F.linear(x, weight, bias)")
lower("embedding", "module(x)", module="nn.Embedding(m, d)", functional="F.embedding(x, weight)")
lower("bilinear", "module(x, y)", module="nn.Bilinear(l, m, n)", functional="F.bilinear(x, y, weight, bias)",
      align="expand")
lower("parameter", "module.weight", module="Point(s)", functional="weight")
