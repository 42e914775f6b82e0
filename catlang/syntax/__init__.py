"""Text to syntax tree: the first stage of the way.

``tree`` says what a tree is made of, ``builder`` makes nodes out of what the grammar recognises, ``parser`` runs the
parse, goes on after a mistake at the next declaration and words what went wrong. The grammar itself is
``grammar/catlang.lark``, which nothing here repeats. The promise to the next stage: every node has the place it came
from, names are NFKC-folded, and no tree is nested deeper than :data:`~catlang.syntax.tree.DEEPEST`.
"""
