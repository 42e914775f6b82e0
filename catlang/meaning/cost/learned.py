"""Learned maps. As PyTorch counts them, adding a bias is free."""

from catlang.meaning.cost.row import costs, matrices, views

matrices("linear", "affine", flops=lambda site: 2 * site["m"] * site["n"])
# For each entry of the result a matrix on one input, and the inner product with the other.
matrices("bilinear", flops=lambda site: 2 * site["n"] * site["l"] * (site["m"] + 1))
costs("embedding")
views("parameter")
