"""Attention: the scores, and the values weighed by them. What a causal mask hides is counted, as PyTorch counts it."""

from catlang.meaning.cost.row import matrices

matrices("attend", "masked_attend", flops=lambda site: 2 * site["q"] * site["s"] * (site["k"] + site["v"]),
         pointwise=lambda site: site["q"] * site["s"])
