"""Scopes: names bound to what they stand for, innermost first."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from typing import Any

from catlang import dims
from catlang.checker.allow import Allowances
from catlang.checker.entry import BrokenEntry, DimEntry, Entry, LocalEntry, ModelEntry, ModuleEntry
from catlang.diagnostic import Diagnostic, Label
from catlang.span import Source, Span
from catlang.suggest import nearest
from catlang.syntax import tree
from catlang.syntax.tables import tables

#: For so many unknown names of a file the nearest one is looked for.
MOST_GUESSES = 50


class Fault(Exception):
    """What is being elaborated makes no sense any further; the diagnostic says why (None: told already)."""

    def __init__(self, diagnostic: Diagnostic | None) -> None:
        super().__init__(diagnostic.headline if diagnostic else "told already")
        self.diagnostic = diagnostic


class Scope:
    """Names in front of those of ``outer``. A ``torn`` one lacks names that an import would have brought; ``aliases``
    are those of its names that stand for files."""

    __slots__ = ("names", "outer", "source", "depth", "torn", "guesses", "allowances", "aliases")

    def __init__(self, outer: Scope | None, source: Source) -> None:
        # What the file allows, at the scope of a file that allows anything.
        self.allowances: Allowances | None = None
        self.torn = False
        self.guesses = 0
        self.depth: int = outer.depth + 1 if outer is not None else 0
        self.names: dict[str, Entry] = {}
        self.aliases: dict[str, ModuleEntry] = {}
        self.outer = outer
        self.source = source

    def find(self, name: str) -> Entry | None:
        entry = self.names.get(name)
        if entry is not None:
            return entry
        return self.outer.find(name) if self.outer is not None else None

    def put(self, inner: Scope) -> dict[dims.Variable, dims.Dim]:
        """The sizes put for the dims of a file whose names come unqualified."""
        return self.outer.put(inner) if self.outer is not None else {}

    def allows(self, code: str, span: Span) -> bool:
        """Whether the file allows the mistake of this code at this place."""
        around: Scope | None = self
        while around is not None and around.allowances is None:
            around = around.outer
        return around is not None and around.allowances is not None and around.allowances.cover(code, span)

    def all(self) -> Iterator[tuple[str, Entry]]:
        yield from self.names.items()
        if self.outer is not None:
            yield from self.outer.all()

    def span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)


class Lazy(Scope):
    """The names of a library file, each read only when it is asked for."""

    __slots__ = ("module",)

    def __init__(self, outer: Scope | None, source: Source, module: Any) -> None:
        super().__init__(outer, source)
        self.module = module

    def find(self, name: str) -> Entry | None:
        entry = self.names.get(name)
        if entry is None:
            entry = self.module.declare_lazily(name)
        if entry is not None:
            return entry
        return self.outer.find(name) if self.outer is not None else None

    def all(self) -> Iterator[tuple[str, Entry]]:
        for name in self.module.declared_names():
            entry = self.find(name)
            if entry is not None:
                yield name, entry
        if self.outer is not None:
            yield from self.outer.all()


def lookup(scope: Scope, node: tree.Name, wanted: str) -> Entry:
    """What a name stands for, or a fault that names the nearest one."""
    entry = scope.find(node.text)
    if entry is None:
        raise Fault(unknown(scope, node, wanted))
    if isinstance(entry, BrokenEntry):
        raise Fault(None)
    if hasattr(entry, "used"):
        entry.used = True
    return entry


#: Names that the library is going to have.
LATER = frozenset(["table", "closure", "Free", "Cofree"])


def unknown(scope: Scope, node: tree.Name, wanted: str) -> Diagnostic | None:
    """A name that stands for nothing; None where an import that failed may have brought it."""
    if node.text in LATER:
        return Diagnostic("E0901", f"`{node.text}` is not there yet",
                          [Label(scope.span(node), "its name is known, its meaning still to come")])
    file: Scope = scope
    around: Scope | None = scope
    while around is not None:
        if around.torn:
            return None
        if around.source is scope.source:
            file = around
        around = around.outer
    file.guesses += 1
    near = nearest(node.text, [name for name, _ in scope.all()]) if file.guesses <= MOST_GUESSES else None
    help: tuple[str, ...] = (f"did you mean `{near}`?",) if near else ()
    if not help and file.guesses <= MOST_GUESSES:
        # An operation of a model stands behind the model's name.
        around = scope
        while around is not None and not help:
            help = tuple(f"did you mean `{name}`?" for name in around.names if name.endswith(f".{node.text}"))[:1]
            around = around.outer
    if not help:
        for name, entry in file.aliases.items():
            if node.text in entry.module.scope.names:
                help = (f"write `{name}.{node.text}`",)
                break
    return Diagnostic("E0201", f"there is no {wanted} `{node.text}`" if wanted else f"there is no `{node.text}`",
                      [Label(scope.span(node), "not declared here or in what is imported")], help=help)


def bad_name(name: str, span: Span) -> Diagnostic | None:
    """Names that no Python module could carry."""
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) and name in ("match", "case"):
        return Diagnostic("E0208", f"`{name}` is a word of Python and cannot be a name",
                          [Label(span, "compiling turns names into Python's")], help=(f"choose another name, for "
                          f"example `{name}_`",))
    if not span.text.isascii() and name in tables().words:
        return Diagnostic("E0108", f"`{span.text}` folds into `{name}`, which is a reserved word",
                          [Label(span, "names are read in their NFKC form")], help=("choose another name",))
    if name.startswith("__"):
        return Diagnostic("E0208", f"`{name}` begins with two underscores, which Python keeps for itself",
                          [Label(span, "compiling turns names into Python's")], help=("choose another name",))
    return None


def hides_nothing(name: str, span: Span, scope: Scope) -> None:
    """A local name may hide the library's, and no other."""
    hidden: Entry | None = None
    around: Scope | None = scope
    while around is not None:
        if around.source is not scope.source:
            break
        if name in around.names:
            hidden = around.names[name]
            break
        around = around.outer
    if hidden is None or hidden.span.source is not scope.source:
        return
    # The instance that `let` names has its name for a label, and a second one would be another instance's.
    named = isinstance(hidden, LocalEntry)
    if named or not scope.allows("E0203", span):
        why = "an instance that `let` names has its name for a label, which nothing may hide"
        raise Fault(Diagnostic("E0203", f"the variable `{name}` hides {hidden.called}", [
            Label(span, "hides the other"), Label(hidden.span, f"`{name}` is given its meaning here", False)],
            (why,) if named else (), ("choose another name",)))


def expected(scope: Scope, node: tree.Node, entry: Entry, wanted: str, code: str = "E0204",
             help: tuple[str, ...] = ()) -> Fault:
    """A name of one kind where another is wanted."""
    labels = [Label(scope.span(node), f"{wanted} is wanted here")]
    if entry.span.end > entry.span.start and entry.span.source is scope.source:
        labels.append(Label(entry.span, f"`{entry.name}` is {entry.called}", primary=False))
    return Fault(Diagnostic(code, f"`{entry.name}` is {entry.called}, not {wanted}", labels, help=help))


def fault(code: str, headline: str, scope: Scope, node: tree.Node, text: str = "", help: tuple[str, ...] = (),
          why: tuple[str, ...] = ()) -> Fault:
    return Fault(Diagnostic(code, headline, [Label(scope.span(node), text)], why, help))


def shortened(scope: Scope, node: tree.Node) -> str:
    text = " ".join(scope.span(node).text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def path(node: tree.Node) -> list[str]:
    """The names of ``blocks.Sum.m``; none where what stands in front of the first dot is no name."""
    names: list[str] = []
    while isinstance(node, tree.Attribute):
        names.append(node.name)
        node = node.value
    return [node.text, *reversed(names)] if isinstance(node, tree.Name) else []


def find_within(node: tree.Node, scope: Scope) -> tuple[Entry | None, ModuleEntry | None]:
    """What a name of a module or of a model stands for, and that module; nothing where there is none."""
    names = path(node)
    if not names:
        return None, None
    holder = scope.find(names[0])
    if isinstance(holder, ModuleEntry):
        return holder.module.declared(".".join(names[1:])), holder
    return scope.find(".".join(names)), None


def within(node: tree.Attribute, scope: Scope) -> tuple[Entry, ModuleEntry | None]:
    """The same where there has to be one."""
    names = path(node)
    if not names:
        raise fault("E0204", "only modules and models have names", scope, node)
    root: tree.Node = node
    while isinstance(root, tree.Attribute):
        root = root.value
    assert isinstance(root, tree.Name)
    holder = lookup(scope, root, "module")
    if not isinstance(holder, ModuleEntry | ModelEntry):
        raise expected(scope, root, holder, "a module or a model")
    found, module = find_within(node, scope)
    if isinstance(found, BrokenEntry):
        raise Fault(None)
    if found is None:
        owner = shortened(scope, node.value)
        inner, _ = find_within(node.value, scope)
        if isinstance(inner, BrokenEntry):
            raise Fault(None)
        start = ".".join(names[:-1][isinstance(holder, ModuleEntry):])
        around = holder.module.scope if isinstance(holder, ModuleEntry) else scope
        known = {name.removeprefix(f"{start}.") if start else name: name for name, _ in around.all()
                 if name.startswith(f"{start}.") or not start and name in around.names}
        near = nearest(node.name, known)
        raise fault("E0201", f"`{owner}` has no `{node.name}`", scope, node,
                    help=(f"did you mean `{owner}.{near}`?",) if near else ())
    return found, module


def member(node: tree.Attribute, scope: Scope) -> Entry:
    """``blocks.d``: a name of an imported file; ``Sum.M``: one of a model."""
    found, module = within(node, scope)
    if isinstance(found, DimEntry) and module is not None and module.given:
        return DimEntry(found.name, found.span, dims.substitute(found.value, module.given))
    return found
