"""Noise, from PyTorch's generator. What has no input draws for every element of the batch anew."""

from catlang.compiler.lowering.row import lower

lower("dropout", "F.dropout(x, p, self.training)")
lower("normal", "torch.randn((*batch, *s), dtype=real, device=device)")
lower("uniform", "torch.rand((*batch, *s), dtype=real, device=device)")
lower("gumbel", "-torch.empty((*batch, *s), dtype=real, device=device).exponential_().log()")
lower("bernoulli", "torch.rand_like(x) < x")
