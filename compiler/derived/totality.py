"""Which diagrams are defined everywhere: what they make of what stands behind the ends of lists is a number, too."""

from __future__ import annotations

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram
from catlang.network.network import Sub

#: Primitives that give, or whose gradients are, no number for some numbers, or that look at all of a batch.
_PARTIAL = frozenset(("log", "log1p", "exp", "expm1", "sqrt", "rsqrt", "reciprocal", "div", "pow", "tan", "cumprod",
                      "batch_norm", "nll_loss", "kl_div"))


def total(body: Diagram) -> bool:
    """Whether a body is defined for all numbers, and for each element by itself: then what it makes of padding is a
    number, which nobody looks at."""
    for _, box in d.everything(body):
        operation = box.operation
        if isinstance(operation, Sub):
            if not all(total(one) for one in operation.network.bodies):
                return False
        elif isinstance(operation, d.Use):
            definition = operation.definition
            if definition.name in _PARTIAL or not definition.structural or definition.reduces is not None:
                return False
    return True
