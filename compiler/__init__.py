"""The functor to PyTorch: from typed diagrams to the source of `nn.Module`s.

``lowering`` has one row a primitive, ``emission`` makes classes out of networks, ``loading`` runs the source that came
out, ``weights`` fills the module. :func:`compile` does all of it.
"""

from catlang.compiler.build import CompileError, compile, emit, explained
from catlang.compiler.emitted.construction import list_of, lists, tree_of, trees
from catlang.compiler.emitted.containers import Lists, Trees
from catlang.compiler.weights import load

__all__ = [
    "CompileError", "Lists", "Trees", "compile", "emit", "explained", "list_of", "lists", "load", "tree_of", "trees",
]
