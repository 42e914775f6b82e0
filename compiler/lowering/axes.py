"""What acts along the first axis of its own object, and what moves entries about."""

from catlang.compiler.lowering.row import lower

lower("softmax", "F.softmax(x, dim=-1)")
lower("log_softmax", "F.log_softmax(x, dim=-1)")
lower("logsumexp", "torch.logsumexp(x, dim=-1)")
lower("cumsum", "torch.cumsum(x, dim=first)")
lower("argmax", "x.argmax(dim=-1)")
lower("topk", "torch.topk(x, k, dim=-1)")
lower("concat", "torch.cat((x, y), dim=first)", align="expand", leafwise=True)
lower("split", "x.split((n, m), dim=first)", leafwise=True)
lower("slice", "x.narrow(first, start, stop - start)", leafwise=True)
lower("pad", "F.pad(x, padding(rank, left, right), value=value)")
lower("roll", "x.roll(shift, dims=first)", leafwise=True)
lower("flip", "x.flip(first)", leafwise=True)
lower("gather", "gather(x, y, rank)", align="expand", leafwise=True, shared=(1,))
lower("at", "gather(x, y.unsqueeze(-1), rank).squeeze(first)", align="expand", leafwise=True, shared=(1,))
lower("scatter", "scatter(x, y, z, rank)", align="expand")
lower("matmul", "x @ y")
lower("transpose", "x.transpose(first, first + 1)", leafwise=True)
