"""Constants and indices are written down, entry by entry."""

from catlang.meaning.cost.row import costs

costs("const", "zero", "one", "index", "one_hot", "to_real")
