"""catlang: typed string diagrams, and the functors out of them.

A specification in catlang is checked as a diagram of morphisms and compiled to PyTorch.
"""

from __future__ import annotations

__version__ = "0.1.0"
