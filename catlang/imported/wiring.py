"""What an import makes of a program before it is text: boxes with wires between them, in the calls of modules.

>>> root = Scope(None, "", "net.Net", "")
>>> x = Wire("R", (3,))
>>> made = root.add(Simple("relu"), [x], "R", (3,))
>>> made.maker.head.text, made.maker.scope is root
('relu', True)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from catlang.imported.layout import Groups, Kind, Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.dims import Dim


@dataclass(frozen=True)
class Simple:
    """A morphism whose text is the same everywhere."""

    text: str


@dataclass(frozen=True)
class Sized:
    """A morphism with sizes in brackets."""

    text: str
    sizes: tuple[Dim, ...]


@dataclass(frozen=True)
class Weight:
    """A tensor of the program as a weight: its name there, and whether it lies there transposed."""

    name: str
    transposed: bool = False


@dataclass(frozen=True)
class Learned:
    """A primitive with weights: its text in front of the label, and the tensors that its parts are."""

    text: str
    parts: tuple[tuple[str, Weight], ...]
    hint: str


@dataclass(frozen=True)
class Pattern:
    """A pattern of axes: the word, the mode of a reduction, the axes of each input, and those of what comes out."""

    word: str
    mode: str
    left: tuple[Groups, ...]
    right: Groups


@dataclass(frozen=True)
class Attention:
    """Attention within a mask that is the same for all heads, and is captured; ``rows`` says whether it has an axis for
    the queries, or is the same for all of them too."""

    rows: bool


Head = Simple | Sized | Learned | Pattern | Attention


class Statement:
    """A box: what it is, under how many ``each``, of which wires or numbers; and the wire that comes out."""

    __slots__ = ("arguments", "captured", "depth", "head", "result", "scope")

    def __init__(self, scope: Scope, head: Head, depth: int, arguments: list[Wire | str], captured: list[Wire],
                 result: Wire) -> None:
        self.scope = scope
        self.head = head
        self.depth = depth
        self.arguments = arguments
        self.captured = captured
        self.result = result

    @property
    def reads(self) -> list[Wire]:
        return [one for one in self.arguments if isinstance(one, Wire)] + self.captured


@dataclass(eq=False)
class Scope:
    """The call of a module: its address and class, and what happens in it, in order."""

    parent: Scope | None
    key: str
    kind: str
    address: str
    items: list[Statement | Scope] = field(default_factory=list)

    def add(self, head: Head, arguments: Sequence[Wire | str], kind: Kind, sizes: tuple[Dim, ...], depth: int = 0,
            captured: Sequence[Wire] = (), hint: str = "") -> Wire:
        """A box more, and its wire."""
        made = Wire(kind, sizes, hint)
        made.maker = Statement(self, head, depth, list(arguments), list(captured), made)
        self.items.append(made.maker)
        return made

    def path(self) -> list[Scope]:
        """The calls around this one, the outermost first, and itself."""
        return [*(self.parent.path() if self.parent is not None else []), self]
