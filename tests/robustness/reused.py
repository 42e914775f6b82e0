"""What other tests make at random, from where it stands: stages of arrays and pairs, and algebras of endofunctors."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

TESTS = Path(__file__).parents[1]


def module(place: str) -> ModuleType:
    """A module of the tests by its path, read once under a name of its own."""
    name = f"reused_{place.replace('/', '_').removesuffix('.py')}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, TESTS / place)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


_generated = module("compiler/generated.py")
Array, Pair, Maker = _generated.Array, _generated.Pair, _generated.Maker
LEARNT, chain, grouped, fixed, least = (
    _generated.LEARNT, _generated.chain, _generated.grouped, _generated.fixed, _generated.least)
AlgebraMaker = module("recursion/test_generated.py").AlgebraMaker
laid = module("exact/laid.py")
