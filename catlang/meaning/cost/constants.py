"""Constants and indices are written down, entry by entry; an index is itself in a larger set."""

from catlang.meaning.cost.row import costs, views

costs("const", "zero", "one", "index", "one_hot", "to_real", "equal_index")
views("include")
