"""Externs: classes of ``nn.Module`` that a file names, found, held to their headers, and put into networks.

Nothing here runs before it is allowed from outside, by ``--allow-extern`` or ``allow_extern=True``.
"""

from catlang.compiler.extern.gate import gate
from catlang.compiler.extern.reference import Refused
from catlang.compiler.extern.row import rows

__all__ = ["Refused", "gate", "rows"]
