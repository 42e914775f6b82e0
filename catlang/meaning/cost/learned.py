"""Learned maps. As PyTorch counts them, adding a bias is free: it is arithmetic besides."""

from catlang.meaning.cost.row import matrices, moves, over_result, views

matrices("linear", flops=lambda site: 2 * site["m"] * site["n"])
matrices("affine", flops=lambda site: 2 * site["m"] * site["n"], arithmetic=over_result)
# For each entry of the result a matrix on one input, and the inner product with the other.
matrices("bilinear", flops=lambda site: 2 * site["n"] * site["l"] * (site["m"] + 1), arithmetic=over_result)
moves("embedding")
views("parameter")
