"""Normalisation goes over every entry."""

from catlang.meaning.cost.row import costs

costs("layer_norm", "rms_norm", "group_norm", "batch_norm")
