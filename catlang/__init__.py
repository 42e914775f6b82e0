"""catlang: typed string diagrams, and the functors out of them.

A specification in catlang is checked as a diagram of morphisms and compiled to PyTorch.

``check(path)`` says what is wrong in a file or below a folder, and ``format(text)`` gives a text in the one style there
is; ``import_program(path)`` makes a spec of an exported program. ``compile`` and ``load`` are the compiler's, as are
the values of recursive types, ``lists(...)`` and ``trees(...)``; it is imported, and PyTorch with it, when one of them
is first asked for. ``show`` draws a morphism as a string diagram, ``spec`` is a checked file to be held, and
``%load_ext catlang`` gives notebooks the magic ``%%cat``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.version import VERSION

if TYPE_CHECKING:
    import os

    from catlang.checked import Checked
    from catlang.imported import import_program
    from catlang.notebook.spec import spec
    from catlang.picture.asked import show

__version__ = VERSION
__all__ = ["Lists", "Trees", "check", "compile", "format", "import_program", "list_of", "lists", "load", "show", "spec",
           "tree_of", "trees"]

#: What is imported when it is first asked for: PyTorch comes with the compiler.
LATER = {
    **dict.fromkeys(("Lists", "Trees", "compile", "list_of", "lists", "load", "tree_of", "trees"), "catlang.compiler"),
    "import_program": "catlang.imported", "show": "catlang.picture.asked", "spec": "catlang.notebook.spec"}


def check(path: str | os.PathLike[str]) -> Checked:
    """Checks a file, or all the ``.cat`` files below a folder; never raises, whatever lies there."""
    import os

    from catlang.checked import check_paths

    place = os.fspath(path)
    return check_paths(["./-" if place == "-" else place])


def format(text: str) -> str:
    """A text in the style of catlang, with the same meaning and the same comments. Raises ``ValueError`` where the text
    does not parse; the exception's ``diagnostics`` say why."""
    from catlang.formatter import formatted

    return formatted(text)


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext catlang`` calls this: from then on a cell that begins with ``%%cat`` is one in catlang."""
    from catlang.notebook.cells import register

    register(shell)


def __getattr__(name: str) -> Any:
    if name in LATER:
        import importlib

        return getattr(importlib.import_module(LATER[name]), name)
    raise AttributeError(f"module 'catlang' has no attribute {name!r}")
