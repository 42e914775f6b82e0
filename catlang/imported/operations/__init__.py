"""How each operation of PyTorch is said in catlang: one row an operation, beside its kin.

A row takes the walk and the node, and gives what the node's outputs are; it raises ``Unsaid`` where it cannot say the
operation with these arguments. What has no row is unknown, and told so.
"""

from __future__ import annotations

from catlang.imported.operations import constants, learned, pieces, pointwise, products, views
from catlang.imported.reading import Row

ROWS: dict[str, Row] = {
    **views.ROWS, **pointwise.ROWS, **constants.ROWS, **learned.ROWS, **products.ROWS, **pieces.ROWS}
