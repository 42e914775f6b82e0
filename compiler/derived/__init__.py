"""Derived forms: other networks that compute the same, and faster, each by a law about the diagram.

``hoisting`` takes out of a loop what does not depend on its state, ``gates`` finds the cells that PyTorch has kernels
for, ``affine`` the recurrences that are scans, ``associative`` the steps that may be bracketed in any way.
:func:`derive` applies them to every loop of a network; what it has done it says in an account, which ``catlang compile
--explain`` shows.
"""

from catlang.compiler.derived.account import Account
from catlang.compiler.derived.derive import derive

__all__ = ["Account", "derive"]
