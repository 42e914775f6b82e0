"""The modules of one check, and the library, which is read a declaration at a time.

Each file is read once, cycles of imports are found, and nothing outside the root is opened.
"""

from __future__ import annotations

import os
import re

from catlang import source as sources
from catlang.checker.entry import Entry, ModelEntry
from catlang.checker.module import Module
from catlang.checker.scope import Fault, Lazy, Scope
from catlang.diagnostic import Diagnostic, Label
from catlang.files.snapshot import Files, named, outside
from catlang.span import Source, Span
from catlang.suggest import nearest
from catlang.syntax import tree
from catlang.syntax.parser import parse

LIBRARY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "library")


_WORDS = "object|morphism|primitive|endofunctor|algebra|coalgebra|theory|model"
_DECLARED = re.compile(rf"^(?:{_WORDS}) ([^\W\d]\w*)", re.MULTILINE)
_NEXT = re.compile(rf"^(?:##|# ---|{_WORDS})", re.MULTILINE)


class Library(Module):
    """A file that ships with catlang: its declarations are indexed, and parsed one at a time when asked for."""

    def __init__(self, source: Source, loader: Loader, outer: Scope | None, is_prelude: bool = False) -> None:
        super().__init__(source, loader, outer)
        self.is_prelude = is_prelude
        self.scope = Lazy(outer, source, self)
        self.places: dict[str, tuple[int, int]] = {}
        found = list(_DECLARED.finditer(source.text))
        for match in found:
            following = _NEXT.search(source.text, match.end())
            self.places[match.group(1)] = (match.start(), following.start() if following else len(source.text))

    def declared_names(self) -> list[str]:
        return list(self.places)

    def declare_lazily(self, name: str) -> Entry | None:
        owner, _, part = name.partition(".")
        place = self.places.get(owner)
        if place is None:
            return None
        entry = self.scope.names.get(name)
        if entry is not None or part and owner in self.scope.names:
            return entry
        parsed = parse(self.source, *place)
        assert not parsed.diagnostics, f"the library's `{name}` does not parse: {parsed.diagnostics}"
        for node in parsed.declarations:
            if isinstance(node, tree.Object):
                self._object(node)
            elif isinstance(node, tree.Endofunctor):
                self._functor(node)
            elif isinstance(node, tree.Morphism | tree.Primitive):
                self._definition(node)
            elif isinstance(node, tree.Theory):
                self._theory(node)
            elif isinstance(node, tree.Model):
                self._model(node)
                model = self.scope.names[owner]
                assert isinstance(model, ModelEntry)
                self.declare_model(model)
        return self.scope.names.get(name)

    def declared(self, name: str) -> Entry | None:
        return self.declare_lazily(name)


class Loader:
    """The modules of one check: each file is read once, cycles are found, nothing outside the root is opened."""

    def __init__(self, root: str | None, files: Files | None = None) -> None:
        self.files = files or Files()
        self.root = self.files.real(root) if root is not None else None
        self.modules: dict[str, Module] = {}
        self.open: list[tuple[str, Module]] = []
        self.library: dict[str, Library] = {}
        self.prelude = self.standard("prelude", None)
        self.order: list[Module] = []

    def standard(self, name: str, outer: Scope | None) -> Library:
        """A file of the library, by its name with slashes."""
        if name not in self.library:
            path = os.path.join(LIBRARY, *name.split("/")) + ".cat"
            source = sources.read(path, f"<{name.replace('/', '.')}>")
            self.library[name] = Library(source, self, outer, is_prelude=name == "prelude")
        return self.library[name]

    def main(self, source: Source) -> Module:
        """The module that is checked."""
        module = Module(source, self, self.prelude.scope)
        if source.path is not None:
            path = self.files.real(source.path)
            self.modules[path] = module
            self.open.append((path, module))
        module.read()
        if source.path is not None:
            self.open.pop()
        self.order.append(module)
        return module

    def load(self, node: tree.Import, importer: Module) -> Module:
        span = Span(importer.source, node.path_start, node.path_end)
        if isinstance(node.path, tuple):
            return self._standard(node.path, span)
        return self._file(node.path, span, importer)

    def _standard(self, path: tuple[str, ...], span: Span) -> Library:
        name = "/".join(path)
        if path[0] != "std" or len(path) < 2 or not os.path.exists(os.path.join(LIBRARY, *path) + ".cat"):
            shipped = sorted(f"std.{file[:-4]}" for file in os.listdir(os.path.join(LIBRARY, "std"))
                             if file.endswith(".cat"))
            near = nearest(".".join(path), shipped)
            raise Fault(Diagnostic("E0705", f"there is no library `{'.'.join(path)}`",
                                   [Label(span, "not shipped with catlang")],
                                   help=(f"did you mean `{near}`?",) if near else (
                                       f"there are {', '.join(f'`{one}`' for one in shipped)}; a file of your own is "
                                       'imported by its path: `import "blocks.cat" as blocks`',)))
        return self.standard(name, self.prelude.scope)

    def _file(self, path: str, span: Span, importer: Module) -> Module:
        if importer.source.path is None or self.root is None:
            raise Fault(Diagnostic("E0701", "a text without a file cannot import files",
                                   [Label(span, "imported here")]))
        if "\0" in path or not path:
            raise Fault(Diagnostic("E0701", "this is no path", [Label(span, "imported here")]))
        written, name = named(importer.source, path)
        real = self.files.real(written)
        if outside(path, real, self.root):
            raise Fault(Diagnostic("E0703", f"`{path}` leads out of the folder that is checked",
                                   [Label(span, "imported here")],
                                   why=("a file may import what lies under the folder of the file that is checked",),
                                   help=("move the file into that folder",)))
        if real in self.modules:
            if any(real == opened for opened, _ in self.open):
                cycle = [module.source.name for opened, module in self.open]
                first = next(place for place, (opened, _) in enumerate(self.open) if opened == real)
                around = " -> ".join([*cycle[first:], cycle[first]])
                raise Fault(Diagnostic("E0702", "the imports go in a circle", [Label(span, "imported here")],
                                       why=(around,), help=("move what both need into a third file",)))
            importer.imports.append(self.modules[real])
            return self.modules[real]
        try:
            source = self.files.read(written, name)
        except sources.Unreadable as unreadable:
            inner = unreadable.diagnostic
            raise Fault(Diagnostic("E0701", inner.headline, [Label(span, "imported here")],
                                   inner.why, inner.help)) from None
        module = Module(source, self, self.prelude.scope)
        self.modules[real] = module
        self.open.append((real, module))
        module.read()
        self.open.pop()
        self.order.append(module)
        importer.imports.append(module)
        return module
