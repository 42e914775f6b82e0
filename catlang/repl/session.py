"""A session: declarations that hold together, each of which may be replaced by another of the same name.

Nothing is kept that does not check with all the rest.

>>> session = Session()
>>> session.add("dim d").refused, session.add("morphism f : R[d] -> R[d] = affine >> relu").refused
(False, False)
>>> session.add("morphism f : R[d] -> R[d] = rleu").refused, session.add("dim d = 4").refused, session.text
(True, False, 'dim d = 4\\nmorphism f : R[d] -> R[d] = affine >> relu\\n')
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from catlang.checker.conditions import shown_type
from catlang.checker.entry import Definition
from catlang.checking import check_source
from catlang.diagnostic import Diagnostic, Label
from catlang.source import LARGEST, scan_characters
from catlang.span import Source, Span
from catlang.syntax import tree
from catlang.syntax.parser import parse

if TYPE_CHECKING:
    from catlang.checker.module import Module
    from catlang.checker.scope import Scope

#: What a line that was typed is called in a message, and the declarations before it.
INPUT, SESSION = "<input>", "<session>"


class Piece:
    """One declaration: its text, and the names that it gives a meaning."""

    __slots__ = ("names", "text")

    def __init__(self, names: tuple[str, ...], text: str) -> None:
        self.names = names
        self.text = text


class Answer:
    """What came of a declaration: what is wrong with it, what else it would break, what is declared now."""

    __slots__ = ("broken", "declared", "wrong")

    def __init__(self, wrong: list[Diagnostic], broken: list[Diagnostic], declared: list[str]) -> None:
        self.wrong = wrong
        self.broken = broken
        self.declared = declared

    @property
    def refused(self) -> bool:
        return bool(self.wrong or self.broken)


class Session:
    """The declarations so far, and the module that they are. Files are imported from below ``root``."""

    def __init__(self, root: str = os.curdir) -> None:
        self.root = root
        self.pieces: list[Piece] = []
        self.module = self._checked([])[0]

    @property
    def text(self) -> str:
        return joined(self.pieces)

    def names(self) -> list[str]:
        """All names that could be meant, the library's too."""
        found: list[str] = []
        scope: Scope | None = self.module.scope
        while scope is not None:
            inner = getattr(scope, "inner", scope)
            lazy = getattr(inner, "module", None)
            found += lazy.declared_names() if lazy is not None else list(inner.names)
            scope = scope.outer
        return found

    def load(self, text: str, root: str) -> None:
        """Starts over with the text of a file, which has been checked; imports then go from its folder."""
        self.root = root
        self.pieces = pieces(text)
        self.module = self._checked(self.pieces)[0]

    def add(self, text: str) -> Answer:
        """Adds declarations, or puts them in the place of those of the same names; or leaves all as it was."""
        source = Source(INPUT, None, text)
        text = source.text
        wrong = scan_characters(source) or parse(source).diagnostics
        if wrong:
            return Answer(list(wrong), [], [])
        new = pieces(text)
        tried: list[Answer] = []
        for in_place in (True, False):
            after, added = self._with(new, in_place)
            module, found = self._checked(after)
            wrong, broken = told(found, module.source, after, added)
            if not wrong and not broken:
                self.pieces, self.module = after, module
                return Answer([], [], [name for piece in new for name in piece.names])
            tried.append(Answer(wrong, broken, []))
        # Behind all others a redeclaration may use what stands below its old place.
        return min(tried, key=lambda answer: bool(answer.wrong))

    def _with(self, new: list[Piece], in_place: bool) -> tuple[list[Piece], list[Piece]]:
        """The declarations with new ones among them, and which of them are new."""
        given = {name for piece in new for name in piece.names}
        after: list[Piece | None] = []
        places: dict[str, int] = {}
        for piece in self.pieces:
            taken = [name for name in piece.names if name in given]
            if not taken:
                after.append(piece)
                continue
            places.update((name, len(after)) for name in taken)
            after.append(None)
            rest = without(piece, given)
            if rest is not None:
                after.append(rest)
        slots: dict[int, list[Piece]] = {}
        behind: list[Piece] = []
        for piece in new:
            place = min((places[name] for name in piece.names if name in places), default=None)
            (behind if place is None or not in_place else slots.setdefault(place, [])).append(piece)
        made = [one for place, piece in enumerate(after) for one in ([piece] if piece else slots.get(place, []))]
        return [*made, *behind], new

    def _checked(self, made: list[Piece]) -> tuple[Module, list[Diagnostic]]:
        source = Source(SESSION, os.path.join(self.root, SESSION), joined(made))
        if len(source.text) > LARGEST:
            size = f"{len(source.text):,} characters"
            return self.module, [Diagnostic("E0006", "the session is too large", [Label(Span(source, 0, 0))], (size,))]
        module = check_source(source, self.root)
        return module, [found for found in module.bag if found.severity == "error"]

    # ---------------------------------------------------------------- what is said of a name

    def signature(self, name: str) -> str:
        """A name and what it is: the header of a morphism, the declaration of anything else; empty for nothing."""
        entry = self.module.scope.find(name)
        if isinstance(entry, Definition):
            return signature(entry)
        return " ".join(line for line in self.written(name).split("\n") if not line.startswith("##"))

    def written(self, name: str) -> str:
        """The declaration of a name as it is written, here or in a library, with its documentation."""
        entry = self.module.scope.find(name)
        if entry is None:
            return ""
        source = entry.span.source
        for node in parse(source).declarations:
            if name in tree.declared(node):
                doc = source.doc(node.start)
                above = "".join(f"## {line}".rstrip() + "\n" for line in doc.split("\n")) if doc is not None else ""
                return above + source.text[node.start:node.end]
        return entry.span.text


def signature(definition: Definition) -> str:
    """The header of a definition in one line, with the conditions that were found to be needed."""
    node = definition.node
    source = definition.span.source
    if definition.written is None:
        return f"{definition.name} : {shown_type(definition)}"
    head = " ".join(source.text[node.name_start:node.type.end].split())
    conditions = [one.show() for one in [*definition.where, *definition.inferred]]
    return head + (f" where {', '.join(conditions)}" if conditions else "")


def pieces(text: str) -> list[Piece]:
    """The declarations of a text that parses, each with the comments above it."""
    source = Source(SESSION, None, text)
    nodes = parse(source).declarations
    found: list[Piece] = []
    start = 0
    for number, node in enumerate(nodes):
        end = len(text)
        if number + 1 < len(nodes):
            line, _ = source.position(nodes[number + 1].start)
            end = nodes[number + 1].start
            if not source.line(line)[: end - source.offset(line, 1)].strip():
                while line > 1 and source.line(line - 1).lstrip().startswith("#"):
                    line -= 1
                end = max(source.offset(line, 1), node.end)
        found.append(Piece(tuple(tree.declared(node)), text[start:end].strip("\n").rstrip()))
        start = end
    return found


def without(piece: Piece, names: set[str]) -> Piece | None:
    """What is left of a declaration whose names are declared anew: of ``dim n, d`` the others."""
    [node] = parse(Source(SESSION, None, piece.text)).declarations
    if not isinstance(node, tree.Dims):
        return None
    items = [item for item in node.items if item.name not in names]
    if not items:
        return None
    text = "dim " + ", ".join(piece.text[item.start:item.end] for item in items)
    conditions = piece.text[node.items[-1].end:node.end]
    return Piece(tuple(item.name for item in items), text + conditions)


def joined(made: list[Piece]) -> str:
    return "".join(f"{piece.text}\n" for piece in made)


def told(found: list[Diagnostic], source: Source, made: list[Piece], new: list[Piece],
         ) -> tuple[list[Diagnostic], list[Diagnostic]]:
    """The mistakes in what is new, told at the places where it was typed, and those in what was there before."""
    whole = Source(INPUT, None, joined(new))
    places: list[tuple[int, int, int]] = []
    start = 0
    for piece in made:
        if any(piece is one for one in new):
            shift = sum(len(one.text) + 1 for one in new[:next(i for i, one in enumerate(new) if one is piece)])
            places.append((start, start + len(piece.text) + 1, shift - start))
        start += len(piece.text) + 1

    def moved(span: Span) -> Span:
        if span.source == source:
            for first, last, shift in places:
                if first <= span.start < last:
                    return Span(whole, span.start + shift, span.end + shift)
        return span

    wrong: list[Diagnostic] = []
    broken: list[Diagnostic] = []
    for one in found:
        labels = [Label(moved(label.span), label.text, label.primary) for label in one.labels]
        here = Diagnostic(one.code, one.headline, labels, one.why, one.help, one.severity)
        (broken if here.span is not None and here.span.source.name == SESSION else wrong).append(here)
    return wrong, broken
