"""Normalisation divides by a standard deviation, which is a root."""

from catlang.meaning.exact.row import inexact

inexact("a standard deviation is irrational", "layer_norm", "rms_norm", "group_norm", "batch_norm")
