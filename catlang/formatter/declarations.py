"""Declarations as documents: a head, and clauses that each begin a line of their own where the whole is too long.

>>> from catlang.formatter.arrange import arranged
>>> from catlang.formatter.concrete import read
>>> text = "morphism f(g : A -> A) : A -> A = (id, g) >> add where 2 <= n"
>>> print(arranged(read(text), text), end="")
morphism f(g : A -> A) : A -> A = (id, g) >> add where 2 <= n
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catlang.formatter.concrete import Node
from catlang.formatter.document import Aligned, Break, Document, Fill, Group, Indented
from catlang.formatter.expressions import EXPRESSIONS, bracket, document, listed, parted, spaced
from catlang.syntax.tables import Token

#: How long a line may be that a definition shares with its header.
SHARED = 100
#: The rules of clauses that are nodes of their own.
CLAUSES = frozenset({"where", "weights", "state", "noise", "reduces", "copies"})


def declaration(node: Node) -> Document:
    """``word name[generics](parameters) : type = definition where conditions``, whatever of it there is."""
    head: list[Document] = []
    clauses: list[list[Document]] = []
    typed: list[Document] = []
    entries: list[Document] = []
    current = head
    before: Any = None
    for kid in node.kids:
        if type(kid) is Token and kid == ":":
            current = typed
        elif type(kid) is Node and kid.rule == "body":
            entries = [" ", document(kid)]
            continue
        elif (type(kid) is Token and kid in ("=", "in")) or (type(kid) is Node and kid.rule in CLAUSES):
            current = []
            clauses.append(current)
        elif current and not _close(kid, before, node.rule):
            current.append(" ")
        current.append(document(kid))
        before = kid
    header = Group([Group(head), Indented(4, [Break(), typed])] if typed else head)
    below = Indented(4, [[Break(), clause] for clause in clauses])
    return Group([header, entries, below], SHARED if "=" in node.kids else None)


def _close(kid: Any, before: Any, rule: str) -> bool:
    """Whether a part stands close behind the one before: generics behind a name, parameters but for those of laws."""
    if type(kid) is Token:
        return kid in ("(", ")") or before == "("
    if kid.rule == "parameters":
        return rule != "law"
    return kid.rule == "generics" and before.type == "NAME"


def budget(node: Node) -> Document:
    word, relation, *where = node.kids
    return Group([word, " ", document(relation), Indented(4, [[Break(), document(one)] for one in where])])


def import_(node: Node) -> Document:
    return Group(parted(node.kids))


def dims(node: Node) -> Document:
    word, *kids = node.kids
    where = [kids.pop()] if kids[-1].rule == "where" else []
    return Group([word, " ", _several(kids), Indented(4, [[Break(), document(one)] for one in where])])


def dim_item(node: Node) -> Document:
    return parted(node.kids)


def _several(kids: list[Any]) -> Document:
    """What is parted by commas, as much on a line as fits."""
    parts: list[Document] = []
    for item in listed(kids):
        following = Group(item)
        parts += (Fill(following), following)
    return Aligned(parts[1:])


def where(node: Node) -> Document:
    word, *conditions = node.kids
    return [word, " ", Group(_several(conditions))]


def generics(node: Node) -> Document:
    opened, *kids, closed = node.kids
    return bracket(opened, kids, closed, filled=True, hang=8)


def parameters(node: Node) -> Document:
    opened, *kids, closed = node.kids
    return bracket(opened, kids, closed, hang=8)


def generic(node: Node) -> Document:
    """``s...``, ``n : nat = 0``"""
    name, *rest = node.kids
    if rest and rest[0] == "...":
        return [name, rest[0], [[" ", document(one)] for one in rest[1:]]]
    return parted(node.kids)


def body(node: Node) -> Document:
    """``{ entries }``"""
    opened, *kids, closed = node.kids
    return bracket(opened, kids, closed, blank=" ")


def theory(node: Node) -> Document:
    word, name, opened, *kids, closed = node.kids
    return [word, " ", name, " ", bracket(opened, kids, closed, blank=" ")]


def model(node: Node) -> Document:
    """``model Name[generics] : Theory { entries } where conditions``"""
    place, end = node.kids.index("{"), node.kids.index("}")
    head: list[Document] = []
    for before, kid in zip([None, *node.kids[:place]], node.kids[:place], strict=False):
        if before is not None and not _close(kid, before, node.rule):
            head.append(" ")
        head.append(document(kid))
    entries = bracket(node.kids[place], node.kids[place + 1:end], node.kids[end], blank=" ")
    below = [[Break(), document(kid)] for kid in node.kids[end + 1:]]
    return Group([Group(head), " ", entries, Indented(4, below)])


def path(node: Node) -> Document:
    return list(node.kids)


def given(node: Node) -> Document:
    opened, *kids, closed = node.kids
    return bracket(opened, kids, closed, filled=True)


RULES: dict[str, Callable[[Node], Document]] = {
    **EXPRESSIONS,
    "allow": spaced, "import_": import_, "module_path": path, "givens": given, "dims": dims, "dim_item": dim_item,
    "dim_bound": spaced, "param": declaration, "object_alias": declaration, "object_nominal": declaration,
    "morphism": declaration, "extern": declaration, "primitive": declaration, "cell": declaration,
    "frozen": declaration, "endofunctor": declaration, "algebra": declaration, "law": declaration,
    "theory": theory, "sort": spaced, "operation": spaced, "equation": spaced, "model": model, "model_entry": spaced,
    "later_budget": budget, "later_transformation": declaration, "later_body": declaration,
    "later_action": declaration, "later_hom": declaration, "later_strength": declaration,
    "weights": spaced, "state": spaced, "noise": spaced, "reduces": spaced, "copies": spaced,
    "generics": generics, "generic": generic, "parameters": parameters, "parameter": spaced, "where": where,
    "body": body, "entry": spaced,
}
