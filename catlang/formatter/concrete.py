"""The concrete tree: what the grammar recognises in a text, with every token where it was written.

The parser's walk and tables serve here as they are, but that each rule keeps all its children and becomes a node of its
own name. Chains are flat: ``a >> b >> c`` is one node, ``a + b - c`` too.

>>> whole = read("dim n = 2 * d")
>>> whole.declarations[0]
dims('dim' dim_item('n' '=' product(number('2') '*' name('d'))))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from catlang.syntax.parser import recognise
from catlang.syntax.tables import Tables, Token, tables

#: The signs and words that have a second spelling, which is written in ASCII.
SPELLED = {"→": "->", "↦": "|->", "⇒": "=>", "×": "*", "≤": "<=", "≥": ">=", "≠": "!=", "…": "...", "μ": "mu",
           "ν": "nu"}
#: The rules of which a chain of equals is one node.
FLAT = frozenset({"compose", "after", "sum", "product"})


class Node:
    """A reduction: its rule, what it was made of, and, once it is known, its document. ``sizes`` says that it stands
    where sizes stand."""

    __slots__ = ("document", "kids", "rule", "sizes")

    def __init__(self, rule: str, kids: list[Any]) -> None:
        self.rule = rule
        self.kids = kids
        self.document: Any = None
        self.sizes = False

    def __repr__(self) -> str:
        return f"{self.rule}({' '.join(map(repr, self.kids))})"


class Concrete:
    """The declarations of a text, and all nodes, each behind what it is made of."""

    def __init__(self, ascii: bool) -> None:
        self.ascii = ascii
        self.declarations: list[Node] = []
        self.nodes: list[Node] = []

    def start(self, kids: list[Any]) -> None:
        self.declarations = kids

    def node(self, rule: str, kids: list[Any]) -> Node:
        if not self.ascii:
            kids = [_spelled(kid) for kid in kids]
        if rule == "times" or rule == "plus" or rule == "binary":
            sign = str(kids[1])
            rule = "power" if sign == "^" else "sum" if sign in "+-" else "product"
        if rule in FLAT and isinstance(kids[0], Node) and kids[0].rule == rule:
            # The shorter chain becomes the longer one; its place among the nodes is left to no one.
            first, *rest = kids
            kids, first.kids = first.kids, []
            kids += rest
        node = Node(rule, kids)
        self.nodes.append(node)
        return node


def _spelled(kid: Any) -> Any:
    if type(kid) is not Token or kid not in SPELLED:
        return kid
    token = Token(SPELLED[kid])
    token.type, token.start_pos, token.end_pos = kid.type, kid.start_pos, kid.end_pos
    return token


def read(text: str) -> Concrete:
    """The concrete tree of a text that parses."""
    table, names = _table()
    builder = Concrete(text.isascii())
    for name in names:
        if name != "start":
            method: Callable[[list[Any]], Node] = partial(builder.node, name)
            setattr(builder, f"of_{name}", method)
    recognise(text, builder, table)
    return builder


@cache
def _table() -> tuple[Tables, frozenset[str]]:
    """The parser's tables, but that nothing is left out: each child is kept, and repeated ones are spliced."""
    table = Tables.__new__(Tables)
    table.__dict__.update(tables().__dict__)
    rules: list[Any] = []
    for origin, size, method, alone, recipe in tables().rules:
        splices = {place for place, splice, _ in recipe or () if splice}
        recipe = [[place, int(place in splices), 0] for place in range(size)] if splices else None
        if method is not None and method != "start":
            method = f"of_{method}"
        rules.append([origin, size, method, alone and size == 1, recipe])
    table.rules = rules
    return table, frozenset(row[2].removeprefix("of_") for row in rules if row[2] is not None)
