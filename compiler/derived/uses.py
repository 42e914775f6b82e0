"""What is used in a diagram, however deep: whether it draws noise, mixes a batch, or is not defined everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catlang.checker.entry import Definition
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box
from catlang.network.network import Network, Sub

#: Primitives that give, or whose gradients are, no number for some numbers.
_PARTIAL = frozenset(("log", "log1p", "exp", "expm1", "sqrt", "rsqrt", "reciprocal", "div", "pow", "tan", "cumprod",
                      "nll_loss", "kl_div"))


def used(boxes: Iterable[Box]) -> Iterator[Definition | Network]:
    """The primitives that some boxes use, themselves or inside, and the networks, each of these looked through once."""
    waiting, seen = list(boxes), set[Network]()
    while waiting:
        operation = waiting.pop().operation
        if isinstance(operation, Sub):
            if operation.network not in seen:
                seen.add(operation.network)
                yield operation.network
                waiting += (box for body in operation.network.bodies for box in body.boxes)
        elif isinstance(operation, d.Use):
            yield operation.definition
        else:
            waiting += (box for inner in operation.inside().values() for box in inner.boxes)


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
