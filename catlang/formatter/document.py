"""The algebra of documents: a text with the places where a line may end in it, and what each of them depends on.

A document is a string, a list of documents one behind the other, or

* a ``Break``: a line's end where the group around it does not fit on a line, and ``flat`` where it does; a ``Fill`` is
  one that looks only at whether the ``following`` group still fits;
* a ``Group``, which fits on a line or does not, all of its breaks alike;
* ``Indented``, whose lines begin further to the right, and ``Aligned``, whose lines begin where the first one does;
* a ``Padding`` behind a group, as far as the widest of a ``Column`` of groups reaches.

``stream`` lays a document out in a row once, with the width up to each point; from then on whether a group fits is a
subtraction, so that printing takes time in proportion to the text.

>>> entries, width = stream(Group(["f(", Group("x"), ",", Break(), "y)"]))
>>> width, [type(entry).__name__ for entry in entries]
(7, ['Group', 'str', 'Group', 'str', 'End', 'str', 'Break', 'str', 'End'])
"""

from __future__ import annotations

from typing import Any

#: What a document may be; a token is a string that knows its place.
Document = Any


class Break:
    """A place where a line may end. ``forced`` is one that does end there, behind or with ``comments``."""

    __slots__ = ("comments", "flat", "following", "forced", "trailing")

    def __init__(self, flat: str = " ", forced: bool = False) -> None:
        self.flat = flat
        self.forced = forced
        self.following: Group | None = None
        #: The comments here, and whether the first of them stands behind what is before the break.
        self.comments: list[str] = []
        self.trailing = False


class Fill(Break):
    """A break that looks at nothing but what follows."""

    __slots__ = ()

    def __init__(self, following: Group, flat: str = " ") -> None:
        super().__init__(flat)
        self.following = following


class Inner(Break):
    """The break between a bracket and its items, which is a line's end only where they hang."""

    __slots__ = ("hanging",)

    def __init__(self) -> None:
        super().__init__("")
        self.hanging = False


class Last(Break):
    """The break behind the last entry between braces, which is a line's end only where comments stand."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("")


class Group:
    """A document that fits on a line or does not. Wider than ``most`` it does not, whatever the line."""

    __slots__ = ("after", "document", "end", "forced", "most", "start")

    def __init__(self, document: Document, most: int | None = None) -> None:
        self.document = document
        self.most = most
        self.start = self.end = 0
        #: The width up to the first break at or behind the end.
        self.after = 0
        self.forced = False

    @property
    def width(self) -> int:
        """How wide it is on one line, once it lies in a stream."""
        return self.end - self.start


class Bracket(Group):
    """A group of ``items`` behind a bracket: aligned behind it, or, where they then do not fit, on lines below it that
    begin ``hang`` further to the right than the line does."""

    __slots__ = ("hang", "inner", "items")

    def __init__(self, items: list[Group], hang: int = 4) -> None:
        super().__init__([])
        self.items = items
        self.hang = hang
        self.inner = Inner()


class Indented:
    __slots__ = ("by", "document")

    def __init__(self, by: int, document: Document) -> None:
        self.by = by
        self.document = document


class Aligned:
    """Lines that begin where the first one does; in a ``bracket`` that hangs, where its lines do."""

    __slots__ = ("bracket", "document")

    def __init__(self, document: Document, bracket: Bracket | None = None) -> None:
        self.document = document
        self.bracket = bracket


class Column:
    """Groups behind which what follows stands in one column, unless one of them is wider than ``most``."""

    __slots__ = ("groups", "most", "widest")

    def __init__(self, most: int) -> None:
        self.groups: list[Group] = []
        self.most = most
        self.widest = -1

    def blanks(self, group: Group) -> int:
        """How many blanks go behind a group, once all lie in a stream."""
        if self.widest < 0:
            self.widest = max(one.width for one in self.groups)
        return self.widest - group.width if self.widest <= self.most else 0


class Padding:
    """Blanks behind the group ``own`` up to its column, where the lines around it are broken."""

    __slots__ = ("column", "own")

    def __init__(self, own: Group, column: Column) -> None:
        self.own = own
        self.column = column
        column.groups.append(own)


class End:
    """The end of what was begun."""

    __slots__ = ("of",)

    def __init__(self, of: Group | Indented | Aligned) -> None:
        self.of = of


def stream(document: Document) -> tuple[list[Any], int]:
    """The document as entries in a row, and its width on one line."""
    entries: list[Any] = []
    waiting: list[Any] = [document]
    opened: list[Group] = []
    ended: list[Group] = []
    at = 0
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, str):
            entries.append(entry)
            at += len(entry)
            continue
        if type(entry) is list:
            waiting.extend(reversed(entry))
            continue
        entries.append(entry)
        if isinstance(entry, Break):
            if type(entry) not in (Inner, Last):
                for group in ended:
                    group.after = at
                ended.clear()
            at += len(entry.flat)
            if entry.forced:
                force(opened)
        elif isinstance(entry, Group):
            entry.start = at
            opened.append(entry)
            waiting += (End(entry), entry.document)
        elif isinstance(entry, Indented | Aligned):
            waiting += (End(entry), entry.document)
        elif isinstance(entry, End) and isinstance(entry.of, Group):
            group = opened.pop()
            group.end = at
            ended.append(group)
            if group.forced or (group.most is not None and group.width > group.most):
                group.forced = True
                force(opened)
    for group in ended:
        group.after = at
    return entries, at


def force(opened: list[Group]) -> None:
    """None of the groups fits on a line, the innermost being the last; above one that is known, all are known."""
    for group in reversed(opened):
        if group.forced:
            break
        group.forced = True
