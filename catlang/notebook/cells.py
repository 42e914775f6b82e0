"""The magic ``%%cat``: a cell in catlang.

``%%cat`` checks the cell together with those before it. What is wrong is shown, and then nothing is declared; else what
it declares is known to later cells, a declaration of the same name in the place of the one before. The last morphism of
the cell is drawn, where ``catlang[show]`` is installed.

    %%cat                     declares
    %%cat net                 and binds the Python variable `net` to the spec of all cells so far
    %%cat --show block        draws another morphism than the last
    %%cat --depth 2           opens so many levels of its boxes
    %%cat --fresh             forgets the cells before
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.arguments import Misuse, read
from catlang.checker.entry import Definition
from catlang.notebook import display
from catlang.notebook.spec import Spec
from catlang.picture.needed import DRAWING
from catlang.picture.picture import Picture
from catlang.repl.session import Session
from catlang.report import render, summary
from catlang.visible import visible

if TYPE_CHECKING:
    from catlang.diagnostic import Diagnostic


class Outcome:
    """What came of a cell, as a notebook shows it: what is wrong, or what is declared, and a picture."""

    def __init__(self, wrong: list[Diagnostic], declared: list[str], picture: Picture | None, note: str = "") -> None:
        self.diagnostics = wrong
        self.declared = declared
        self.picture = picture
        self.note = note

    @property
    def ok(self) -> bool:
        return not self.diagnostics

    @property
    def said(self) -> str:
        if self.diagnostics:
            return summary(len(self.diagnostics), 0, 1).replace("file", "cell")
        names = ", ".join(self.declared) or "nothing"
        return visible(f"declared: {names}{self.note}")

    def __repr__(self) -> str:
        return "\n\n".join([*(render(one) for one in self.diagnostics), self.said])

    def _repr_html_(self) -> str:
        wrong = display.diagnostics(self.diagnostics) if self.diagnostics else ""
        picture = f'<div style="overflow-x:auto">{self.picture.svg}</div>' if self.picture is not None else ""
        return wrong + display.said(self.said) + picture

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


class Cells:
    """The cells of one notebook."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.session = Session()

    def cat(self, line: str, cell: str) -> Outcome | None:
        """``%%cat``: see the module."""
        try:
            names, options = read(line.split(), {"--show": (), "--depth": ()}, {"--fresh": ""})
            if len(names) > 1 or not all(name.isidentifier() for name in names):
                raise Misuse(f"`%%cat` takes the name of one Python variable, not `{' '.join(names)}`")
            depth = options.get("--depth")
            if depth is not None and not (depth.isascii() and depth.isdigit() and len(depth) < 10):
                raise Misuse(f"`--depth` is a number of levels, not `{depth}`")
        except Misuse as misuse:
            print(visible(str(misuse)))
            return None
        if options.get("--fresh"):
            self.session = Session()
        answer = self.session.add(cell)
        if answer.refused:
            return Outcome([*answer.wrong, *answer.broken], [], None)
        spec = Spec(self.session.module)
        for name in names:
            self.shell.user_ns[name] = spec
        return self._shown(spec, answer.declared, options.get("--show"), None if depth is None else int(depth))

    def _shown(self, spec: Spec, declared: list[str], wanted: str | None, depth: int | None) -> Outcome:
        """What a cell declared, with the picture of a morphism in it."""
        from catlang.network.request import CompileError

        found = [name for name in declared if isinstance(entry := spec.module.scope.names.get(name), Definition)
                 and not entry.primitive]
        name = wanted or (found[-1] if found else None)
        if name is None:
            return Outcome([], declared, None)
        try:
            picture = spec.show(name, depth=depth)
            assert picture.svg
        except CompileError as error:
            return Outcome(error.diagnostics, declared, None)
        except ModuleNotFoundError as missing:
            if missing.name not in DRAWING:
                raise
            return Outcome([], declared, None, " (pip install 'catlang[show]' draws it)" if not wanted else
                           f"; `{wanted}` cannot be drawn: pip install 'catlang[show]'")
        return Outcome([], declared, picture)


def register(shell: Any) -> None:
    """Gives an IPython shell the magic."""
    shell.register_magic_function(Cells(shell).cat, "cell", "cat")
