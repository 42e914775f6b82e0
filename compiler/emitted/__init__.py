"""What emitted sources may need besides PyTorch: each carries a copy of what it uses, and imports nothing of ours."""

import ast
import inspect

from catlang.compiler.emitted import (
    associative,
    basic,
    construction,
    containers,
    entry,
    gathering,
    kernels,
    lists,
    loops,
    outside,
    products,
    reverse,
    scans,
    trees,
    words,
)

_MODULES = (basic, containers, construction, trees, lists, entry, outside, products, reverse, gathering, loops, scans,
            kernels, associative, words)

#: The definitions by name, each behind those that it is made of.
DEFINITIONS = {
    node.name: node for module in _MODULES
    for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
