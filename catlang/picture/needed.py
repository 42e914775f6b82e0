"""What draws: packages that the base installation has not."""

from __future__ import annotations

import importlib
from typing import Any

#: By the names under which they are imported.
DRAWING = ("pygraphviz", "resvg_py", "fontpkg", "fontpkg_roboto")


def needed(name: str) -> Any:
    """The module of that name. Raises ``ModuleNotFoundError`` where it is not installed, and says how to get it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        package = (missing.name or name).partition(".")[0]
        if package not in DRAWING:
            raise
        raise ModuleNotFoundError(f"drawing needs the package `{package.replace('_', '-')}`, which is not installed: "
                                  "pip install 'catlang[show]'", name=package) from None
