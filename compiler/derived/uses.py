"""What is known of boxes by what they use: whether they draw noise, mix a batch, or are not defined everywhere."""

from __future__ import annotations

from collections.abc import Iterable

from catlang.checker.entry import Definition
from catlang.diagram.diagram import Box
from catlang.network.network import Network
from catlang.network.used import used

#: Primitives that give, or whose gradients are, no number for some numbers.
_PARTIAL = frozenset(("log", "log1p", "exp", "expm1", "sqrt", "rsqrt", "reciprocal", "div", "pow", "tan", "cumprod",
                      "nll_loss", "kl_div"))


def effect(box: Box) -> bool:
    """Whether a box draws noise, keeps a state, or looks at more of a batch than one element."""
    return any(one.stochastic if isinstance(one, Network) else one.noisy or _mixes(one) for one in used([box]))


def mixes(boxes: Iterable[Box]) -> bool:
    """Whether what boxes make of an element of a batch depends on the others, of this call or of an earlier one."""
    return any(isinstance(one, Definition) and _mixes(one) for one in used(boxes))


def total(boxes: Iterable[Box]) -> bool:
    """Whether some boxes are defined for all numbers, and for each element by itself: then what they make of what
    stands behind the ends of lists is a number, which nobody looks at."""
    return not any(isinstance(one, Definition) and (
        one.name in _PARTIAL or not one.structural or one.reduces is not None) for one in used(boxes))


def _mixes(definition: Definition) -> bool:
    return definition.stateful or definition.reduces is not None
