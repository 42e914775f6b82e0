"""What acts along the first axis of its own object, and what moves entries about.

A softmax takes a maximum, subtracts it, exponentiates, sums and divides: five operations an entry. Sorting counts one
an entry, however the entries stand.
"""

from catlang.meaning.cost.row import costs, entries, matrices, moves, over_input, over_result, views

costs("cumsum", "cumprod")
costs("softmax", arithmetic=lambda site: 5 * over_result(site))
costs("log_softmax", arithmetic=lambda site: 5 * over_result(site) + 1)
costs("logsumexp", pointwise=over_input, arithmetic=lambda site: 4 * over_input(site) + 2)
costs("argmax", "argmin", "topk", "sort", pointwise=over_input)
costs("scatter", pointwise=lambda site: entries(site.given[2]))
moves("concat", "pad", "roll", "flip", "gather", "at")
views("split", "slice", "transpose")
matrices("matmul", flops=lambda site: 2 * site["n"] * site["k"] * site["m"])
