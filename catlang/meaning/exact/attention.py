"""Attention weighs by a softmax."""

from catlang.meaning.exact.row import inexact

inexact("a softmax is transcendental", "attend", "masked_attend")
