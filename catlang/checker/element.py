"""Element expressions: values without an input, inside a lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.checker.binding import bindings
from catlang.checker.entry import (
    ElementEntry,
    FrozenEntry,
    ModelEntry,
    ModuleEntry,
)
from catlang.checker.form import is_element, known, takes_parameters
from catlang.checker.literal import literal
from catlang.checker.mismatch import previous
from catlang.checker.morphism import _paired, hole_at
from catlang.checker.scope import Scope, expected, fault, find_within, lookup, path
from catlang.checker.weights import frozen, weight
from catlang.diagram.diagram import Value, object_of
from catlang.objects.colour import Object, Product, resolve, show
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def element(elaborator: Elaborator, node: tree.Node, scope: Scope) -> Value:
    """The value of an element expression."""
    if isinstance(node, tree.Name):
        entry = scope.find(node.text)
        if isinstance(entry, ElementEntry):
            entry.used = True
            return entry.value
        if isinstance(entry, FrozenEntry):
            return frozen(elaborator, entry, scope.span(node), scope.put(entry.module.scope))
    elif isinstance(node, tree.Number):
        return literal(elaborator, node.value, scope.span(node))
    elif isinstance(node, tree.Prefix) and node.operator == "-" and isinstance(node.body, tree.Number):
        return literal(elaborator, -node.body.value, scope.span(node))
    elif isinstance(node, tree.Tuple):
        return _paired(elaborator, tuple(elaborator.element(item, scope) for item in node.items), node, scope)
    elif isinstance(node, tree.Let):
        return elaborator.element(node.body, bindings(elaborator, node, scope))
    elif isinstance(node, tree.Apply) and not takes_parameters(node.function, scope):
        return _application(elaborator, node, scope)
    elif isinstance(node, tree.Attribute):
        return _attribute(elaborator, node, scope)
    elif isinstance(node, tree.Plus | tree.Times | tree.Binary | tree.Compose):
        _no_operator(elaborator, node, scope)
    elif isinstance(node, tree.Hole):
        return hole_at(elaborator, node, (), scope)
    previous(elaborator, None)
    if not isinstance(node, tree.Lambda):
        return elaborator.morphism(node, (), scope)
    raise fault("E0306", "a morphism where an element is wanted", scope, node, help=("apply it: `f(x)`",))


def _no_operator(elaborator: Elaborator, node: Any, scope: Scope) -> None:
    sign = {tree.Plus: "+", tree.Times: "*", tree.Compose: ">>"}.get(type(node), getattr(node, "operator", ""))
    parts = getattr(node, "items", None) or getattr(node, "parts", None) or [node.left, node.right]
    if any(is_element(part, scope) for part in parts):
        instead = {"+": "add(x, y)", "*": "mul(x, y)", "-": "sub(x, y)", "/": "div(x, y)", "^": "pow(x, y)",
                   ">>": "g(f(x))"}.get(sign)
        raise fault("E0306", f"`{sign}` is not for elements", scope, node,
                    f"`{sign}` joins morphisms; here are elements",
                    (f"write `{instead}`",) if instead else ())


def _application(elaborator: Elaborator, node: tree.Apply, scope: Scope) -> Value:
    if not all(is_element(item, scope) for item in node.arguments):
        known(node, scope)
    values = tuple(elaborator.element(item, scope) for item in node.arguments)
    for item in node.arguments:
        if isinstance(item, tree.Named):
            raise fault("E0306", "elements are given by place", scope, item)
    value = values[0] if len(values) == 1 else values
    previous(elaborator, None)
    elaborator.before = node
    if isinstance(node.function, tree.Name) and isinstance(scope.find(node.function.text), ElementEntry):
        raise expected(scope, node.function, lookup(scope, node.function, "morphism"), "a morphism", "E0307")
    return elaborator.morphism(node.function, value, scope)


def _attribute(elaborator: Elaborator, node: tree.Attribute, scope: Scope) -> Value:
    """``x.part`` of a named product, ``token.weight`` of an instance, ``blocks.f`` of a module."""
    holder = scope.find(path(node)[0]) if path(node) else None
    if isinstance(holder, ModuleEntry | ModelEntry):
        found, module = find_within(node, scope)
        if isinstance(found, FrozenEntry) and module is not None:
            return frozen(elaborator, found, scope.span(node), module.given)
        previous(elaborator, None)
        return elaborator.morphism(node, (), scope)
    if isinstance(node.value, tree.Name) and not isinstance(holder, ElementEntry):
        return weight(elaborator, node.value.text, node, scope)
    value = elaborator.element(node.value, scope)
    obj = resolve(object_of(value))
    names = _names(obj)
    if node.name in names:
        parts = elaborator.components(value, len(names), scope.span(node))
        assert parts is not None
        return parts[names.index(node.name)]
    raise fault("E0604", f"`{show(obj)}` has no part `{node.name}`", scope, node,
                help=(f"its parts are {', '.join(f'`{name}`' for name in names if name)}",) if names else ())


def _names(obj: Object) -> tuple[str | None, ...]:
    return (obj.names or ()) if isinstance(obj, Product) else ()
