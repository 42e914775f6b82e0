"""What form an expression has: one use of one definition, an element, something that takes morphisms next."""

from __future__ import annotations

from catlang.checker.colours import BUILT_IN, acts
from catlang.checker.entry import (
    BrokenEntry,
    Definition,
    ElementEntry,
    Entry,
    FrozenEntry,
    ModelEntry,
)
from catlang.checker.scope import Scope, find_within, lookup
from catlang.syntax import tree


def head_of(node: tree.Node) -> tree.Node:
    """The name in front of brackets and parentheses."""
    while isinstance(node, tree.Index | tree.Apply | tree.Labelled | tree.Initialised):
        node = node.function if isinstance(node, tree.Index | tree.Apply) else node.body
    return node


def _entry(node: tree.Node, scope: Scope) -> Entry | None:
    if isinstance(node, tree.Name):
        return scope.find(node.text)
    return find_within(node, scope)[0]


def takes_parameters(node: tree.Node, scope: Scope) -> bool:
    """Whether the next parentheses give morphisms, not elements."""
    while isinstance(node, tree.Labelled | tree.Initialised):
        node = node.body
    if isinstance(node, tree.Apply):
        return False
    entry = _entry(head_of(node), scope)
    return isinstance(entry, Definition) and bool(entry.node.parameters) or acts(node, scope)


def known(node: tree.Node, scope: Scope) -> None:
    """Tells of a name in front of parentheses that stands for nothing, before what is in them is taken for elements."""
    head = head_of(node)
    if isinstance(head, tree.Name) and isinstance(scope.find(head.text), BrokenEntry | None) and (
            head.text not in BUILT_IN):
        lookup(scope, head, "morphism")


def is_single(node: tree.Node, scope: Scope) -> bool:
    """Whether the expression is one use of one definition."""
    if isinstance(node, tree.Apply):
        return takes_parameters(node.function, scope) and not acts(node.function, scope)
    if not isinstance(node, tree.Name | tree.Index | tree.Attribute):
        return False
    entry = _entry(head_of(node), scope)
    # A model by itself is all of its operations.
    return not isinstance(entry, ModelEntry) or entry.theory is not None and len(entry.theory.operations) == 1


def is_scheme(node: tree.Node, scope: Scope) -> bool:
    """Whether the expression is a primitive given morphisms, such as ``each(f)`` or ``fold(a)``: it has no weights of
    its own, the morphisms may have."""
    entry = _entry(head_of(node), scope)
    return (isinstance(node, tree.Apply) and isinstance(entry, Definition) and isinstance(entry.node, tree.Primitive)
            and not any(bank.kind in ("weights", "copies") for bank in entry.node.banks))


def is_element(node: tree.Node, scope: Scope) -> bool:
    """Whether the expression is an element: it mentions a variable or a literal, applied or paired."""
    if isinstance(node, tree.Number):
        return True
    if isinstance(node, tree.Name):
        return isinstance(scope.find(node.text), ElementEntry | FrozenEntry)
    if isinstance(node, tree.Apply):
        return not takes_parameters(node.function, scope)
    if isinstance(node, tree.Tuple):
        return any(is_element(item, scope) for item in node.items)
    if isinstance(node, tree.Attribute):
        return find_within(node, scope)[0] is None
    if isinstance(node, tree.Let):
        # What the names of the bindings stand for matters to the body.
        inside = Scope(scope, scope.source)
        for binding in node.bindings:
            element = is_element(binding.value, inside)
            for part in tree.walk(binding.pattern):
                if isinstance(part, tree.Name):
                    span = scope.span(part)
                    inside.names[part.text] = (ElementEntry(part.text, span, ()) if element
                                               else Entry(part.text, span))
        return is_element(node.body, inside)
    return isinstance(node, tree.Prefix) and isinstance(node.body, tree.Number)
