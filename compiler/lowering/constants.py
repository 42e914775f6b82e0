"""Constants and indices."""

from catlang.compiler.lowering.row import lower

lower("const", "torch.full(s, value, dtype=real, device=device)")
lower("zero", "torch.zeros(s, dtype=real, device=device)")
lower("one", "torch.ones(s, dtype=real, device=device)")
lower("index", "torch.arange(n, device=device)")
lower("one_hot", "F.one_hot(x, n).to(real)")
lower("to_real", "x.to(real)")
lower("to_index", "x.nan_to_num().clamp(0, n - 1).to(torch.int64)")
lower("equal_index", "x == y", scalars=True)
lower("include", "x")
