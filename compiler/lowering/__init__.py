"""One row a primitive: its form in PyTorch. Rows stand beside their kin; nothing else knows a primitive by name."""

from catlang.compiler.lowering import (  # noqa: F401 - importing declares the rows
    arithmetic,
    attention,
    axes,
    constants,
    convolution,
    learned,
    losses,
    noise,
    normalisation,
)
from catlang.compiler.lowering.row import ROWS, Row

__all__ = ["ROWS", "Row"]
