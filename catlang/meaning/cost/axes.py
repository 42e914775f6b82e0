"""What acts along the first axis of its own object, and what moves entries about."""

from catlang.meaning.cost.row import costs, entries, matrices, over_input, views

costs("softmax", "log_softmax", "cumsum", "cumprod")
costs("logsumexp", "argmax", "argmin", "topk", "sort", pointwise=over_input)
costs("scatter", pointwise=lambda site: entries(site.given[2]))
costs("concat", "pad", "roll", "flip", "gather", "at")
views("split", "slice", "transpose")
matrices("matmul", flops=lambda site: 2 * site["n"] * site["k"] * site["m"])
