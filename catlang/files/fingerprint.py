"""What an outcome depends on besides the files that are checked: catlang itself, byte for byte, its library, the Python
that runs it (whose tables say what a letter is), and the solver, where one is installed.

Read from the files and not from their dates, so that what is remembered holds on another machine too.
"""

from __future__ import annotations

import os
import sys

from catlang.files.digest import digest
from catlang.version import VERSION

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: What no check imports.
APART = frozenset(["__pycache__", "compiler", "commands", "formats"])
#: What is catlang, in whatever form it is installed.
CODE = (".py", ".pyc", ".so", ".pyd", ".cat", ".json")


def fingerprint() -> bytes:
    """The same wherever the same files would be said the same of."""
    python = (sys.implementation.name, str(sys.version_info[:3]), sys.platform, str(sys.flags.optimize))
    parts = [text.encode("utf-8", "surrogatepass") for text in (VERSION, *python, solver())]
    for folder, name in sorted(_files(PACKAGE, "")):
        with open(os.path.join(PACKAGE, folder, name), "rb") as file:
            parts += [os.path.join(folder, name).encode("utf-8", "surrogatepass"), file.read()]
    return digest(*parts)


def _files(place: str, inside: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name in APART:
                continue
            if entry.is_dir():
                found += _files(entry.path, os.path.join(inside, entry.name))
            elif entry.name.endswith(CODE):
                found.append((inside, entry.name))
    return found


def solver() -> str:
    """Which z3 a check would ask; found, and not imported."""
    if sys.modules.get("z3", 0) is None:
        return "none"
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        found = find("z3", None) if find is not None else None
        if found is not None:
            break
    else:
        return "none"
    origin = found.origin or ""
    try:
        beside = os.listdir(os.path.dirname(os.path.dirname(origin)))
        versions = sorted(name for name in beside if name.startswith("z3_solver-"))
        if versions:
            return " ".join(versions)
        state = os.stat(origin)
        return f"{origin} {state.st_size} {state.st_mtime_ns}"
    except OSError:
        return f"at {origin}"
