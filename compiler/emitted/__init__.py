"""What emitted sources may need besides PyTorch: each carries a copy of what it uses, and imports nothing of ours."""

import ast
import inspect

from catlang.compiler.emitted import basic, containers, lists, scans

#: The definitions by name, each behind those that it is made of.
DEFINITIONS = {
    node.name: node for module in (basic, containers, lists, scans)
    for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
