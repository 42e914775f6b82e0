"""A checked spec, as something that is held in Python: its text, what it declares, its pictures, its modules."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any

from catlang.notebook import display
from catlang.picture.asked import checked
from catlang.repl.session import signature

if TYPE_CHECKING:
    from torch import nn

    from catlang.checker.module import Module
    from catlang.picture.picture import Picture


class Spec:
    """A spec without a mistake. It stands for a path: ``catlang.compile(spec, "net", d=64)`` compiles it."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._path = module.source.path if module.source.path and os.path.isfile(module.source.path) else None

    @property
    def text(self) -> str:
        return self.module.source.text

    @property
    def morphisms(self) -> list[str]:
        """The names of its morphisms, in the order in which they are declared."""
        return [one.name for one in self.module.definitions if not one.primitive]

    def show(self, name: str | None = None, *, depth: int | None = None, **given: Any) -> Picture:
        """The picture of a morphism, by default of the last; raises ``CompileError``."""
        from catlang.picture.asked import picture_of

        if name is None:
            if not self.morphisms:
                raise ValueError("there is no morphism to be shown")
            name = self.morphisms[-1]
        return picture_of(self.module, name, given, depth)

    def compile(self, name: str, **given: Any) -> nn.Module:
        """As ``catlang.compile``."""
        from catlang.compiler import compile

        return compile(self, name, **given)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the text to a file, from where its imports go then. Raises ``OSError``."""
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write(self.text)

    def __fspath__(self) -> str:
        """The path of its file; what was written in cells gets one, which lasts as long as Python runs. Raises
        ``ValueError`` where it imports files, which would not be found from there: save it beside them."""
        if self._path is None:
            if any(one.source.path for one in self.module.loader.order if one is not self.module):
                raise ValueError("this spec imports files; save it beside them with `spec.save(\"net.cat\")`")
            folder = tempfile.mkdtemp(prefix="catlang_")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            self._path = os.path.join(folder, "cells.cat")
            self.save(self._path)
        return self._path

    def __repr__(self) -> str:
        return f"<Spec of {len(self.morphisms)} morphism{'s' if len(self.morphisms) != 1 else ''}>"

    def _repr_html_(self) -> str:
        found = []
        for one in self.module.definitions:
            doc = one.span.source.doc(one.node.start)
            found.append((signature(one), " ".join((doc or "").split())))
        return display.table(found)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        lines = [display_line for one in self.module.definitions if (display_line := signature(one))]
        return {"text/html": self._repr_html_(), "text/plain": "\n".join(lines) or repr(self)}


def spec(path: str | os.PathLike[str]) -> Spec:
    """The spec in a file. Raises ``CompileError`` where it cannot be read or does not check."""
    return Spec(checked(os.fspath(path)))

