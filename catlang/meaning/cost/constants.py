"""Constants and indices are written down, entry by entry; an index is itself in a larger set."""

from catlang.meaning.cost.row import costs, moves, views

moves("const", "zero", "one", "index", "one_hot", "to_real", "to_index")
costs("equal_index")
views("include")
