"""Variables: the patterns of lambdas, and what ``let`` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker.colours import colour
from catlang.checker.entry import (
    ElementEntry,
    LocalEntry,
)
from catlang.checker.form import is_element
from catlang.checker.labels import check_label
from catlang.checker.mismatch import Joint, previous
from catlang.checker.scope import Fault, Scope, bad_name, fault, hides_nothing
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import (
    Value,
    call,
    object_of,
)
from catlang.objects.colour import show
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator

#: How many ``let`` and lambdas may lie around one another: each look-up goes through them all.
MOST_SCOPES = 500


def bind(elaborator: Elaborator, pattern: tree.Node, value: Value, scope: Scope) -> None:
    """Binds the names of a pattern to the parts of a value."""
    if isinstance(pattern, tree.Wildcard):
        return None
    if isinstance(pattern, tree.Typed):
        wanted = colour(pattern.type, scope)
        elaborator.join(wanted, value, Joint("pattern", None, pattern, scope))
        span = Span(scope.source, pattern.name_start, pattern.name_start + len(pattern.name))
        return _variable(elaborator, pattern.name, span, value, scope)
    if isinstance(pattern, tree.Name):
        return _variable(elaborator, pattern.text, scope.span(pattern), value, scope)
    if isinstance(pattern, tree.Tuple):
        parts = elaborator.components(value, len(pattern.items), scope.span(pattern))
        if parts is None and not pattern.items:
            parts = ()
        if parts is None:
            raise fault("E0303", f"the pattern has {len(pattern.items)} parts, what it takes apart is "
                        f"`{show(object_of(value))}`", scope, pattern,
                        f"wants a product of {len(pattern.items)}")
        for item, part in zip(pattern.items, parts, strict=True):
            bind(elaborator, item, part, scope)
    return None


def _variable(elaborator: Elaborator, name: str, span: Span, value: Value, scope: Scope) -> None:
    fresh_name(elaborator, name, span, scope)
    call(value, name)
    scope.names[name] = ElementEntry(name, span, value)


def fresh_name(elaborator: Elaborator, name: str, span: Span, scope: Scope) -> None:
    """A local name may hide the library's, and no other."""
    bad = bad_name(name, span)
    if bad is not None:
        raise Fault(bad)
    if name in scope.names:
        raise Fault(Diagnostic("E0202", f"`{name}` is bound twice in this pattern", [
            Label(span, "again here"), Label(scope.names[name].span, "first here", False)]))
    hides_nothing(name, span, scope)


def bindings(elaborator: Elaborator, node: tree.Let, scope: Scope) -> Scope:
    """The scope behind a ``let``: elements are computed once, morphisms are one instance each."""
    for binding in node.bindings:
        inside = Scope(scope, scope.source)
        if inside.depth > MOST_SCOPES:
            raise fault("E0106", f"more than {MOST_SCOPES} names are bound around this", scope, binding,
                        help=("move a part of the body into a morphism of its own",))
        if is_element(binding.value, scope):
            previous(elaborator, None)
            bind(elaborator, binding.pattern, elaborator.element(binding.value, scope), inside)
        elif isinstance(binding.pattern, tree.Name):
            name = binding.pattern.text
            fresh_name(elaborator, name, scope.span(binding.pattern), inside)
            check_label(elaborator, name, scope.span(binding.pattern))
            inside.names[name] = LocalEntry(name, scope.span(binding.pattern), binding.value, scope,
                                            elaborator.diagram.scope)
        else:
            raise fault("E0103", "a morphism is named by one name", scope, binding.pattern)
        scope = inside
    return scope
