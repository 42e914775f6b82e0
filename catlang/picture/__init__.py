"""Pictures: diagrams drawn as string diagrams, as SVG, PNG, pages of HTML and plain text.

A picture is a functor out of the diagram like any other: ``reading`` says what is drawn of each box, ``placing`` where
it lies, and ``svg``, ``page`` and ``terminal`` how it looks. Where things lie Graphviz decides; it, resvg and a font
come with ``catlang[show]``. PyTorch is not needed.
"""
