"""Morphism expressions: what each form of syntax adds to the diagram."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from catlang.checker import shuffle
from catlang.checker.binding import bind, bindings
from catlang.checker.colours import enormous
from catlang.checker.copies import group, repeat
from catlang.checker.form import is_scheme, is_single
from catlang.checker.hole import hole
from catlang.checker.labels import label_span
from catlang.checker.literal import literal
from catlang.checker.meeting import shown
from catlang.checker.mismatch import Joint, previous
from catlang.checker.scope import Fault, Scope, fault, shortened
from catlang.checker.use import apply
from catlang.checker.weights import along, initialised
from catlang.diagram.diagram import (
    CaseOf,
    Diagram,
    Value,
    fresh,
    object_of,
    wires,
)
from catlang.objects.colour import MOST_PARTS, Object, ObjectVariable, Product, Sum, resolve, show
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def _compose(elaborator: Elaborator, node: tree.Compose, value: Value, scope: Scope) -> Value:
    before = outer = previous(elaborator, None)
    for part in node.parts:
        previous(elaborator, before)
        value = elaborator.morphism(part, value, scope)
        before = part
    previous(elaborator, outer)
    return value


def _times(elaborator: Elaborator, node: tree.Times, value: Value, scope: Scope) -> Value:
    parts = elaborator.components(value, len(node.items), scope.span(node))
    if parts is None:
        raise fault("E0303", f"`*` puts {len(node.items)} morphisms beside each other, what comes in is "
                    f"`{show(object_of(value))}`", scope, node, f"wants a product of {len(node.items)}",
                    ("`(f, g)` gives one input to both",))
    previous(elaborator, None)
    return tuple(elaborator.morphism(item, part, scope) for item, part in zip(node.items, parts, strict=True))


def _tuple(elaborator: Elaborator, node: tree.Tuple, value: Value, scope: Scope) -> Value:
    before = previous(elaborator, None)
    made = []
    for item in node.items:
        if isinstance(item, tree.Typed | tree.Named):
            raise fault("E0307", "a named part has no place in a pairing", scope, item)
        previous(elaborator, before)
        made.append(elaborator.morphism(item, value, scope))
    return _paired(elaborator, tuple(made), node, scope)


def _paired(elaborator: Elaborator, parts: tuple[Value, ...], node: tree.Node, scope: Scope) -> Value:
    if len(wires(parts)) > MOST_PARTS:
        raise enormous(scope, node)
    return parts


def _case(elaborator: Elaborator, node: tree.Case, value: Value, scope: Scope) -> Value:
    return _branches(elaborator, node.items, value, scope, node, together=True)


def _plus(elaborator: Elaborator, node: tree.Plus, value: Value, scope: Scope) -> Value:
    return _branches(elaborator, node.items, value, scope, node, together=False)


def _branches(elaborator: Elaborator, items: list[tree.Node], value: Value, scope: Scope, node: tree.Node,
              together: bool) -> Value:
    """``[f, g] : A + B -> C`` (``together``) and ``f + g : A + B -> C + D``."""
    given = resolve(object_of(value))
    if isinstance(given, Sum) and len(given.items) != len(items):
        raise _other_cases(items, given, scope, node)
    domains = tuple(ObjectVariable("_", flexible=True) for _ in items)
    elaborator.join(Sum(domains), value, Joint("input", None, node, scope, previous(elaborator, None)))
    branches: list[Diagram] = []
    results: list[Object] = []
    for place, (item, domain) in enumerate(zip(items, domains, strict=True)):
        make = partial(elaborator.morphism, item, scope=scope)
        branch = elaborator.inner(f"branch{place}", domain, scope.span(item), make, transparent=True)
        if together and results:
            elaborator.join(results[0], branch.outputs, Joint("branch", item, items[0], scope))
        results.append(object_of(branch.outputs))
        branches.append(branch)
    result = results[0] if together else Sum(tuple(results))
    return elaborator.box(CaseOf(branches, together), value, result, scope.span(node))


def _other_cases(items: list[tree.Node], given: Sum, scope: Scope, node: tree.Node) -> Fault:
    """A case too many or too few for the summands that come in."""
    count = len(given.items)
    cases = "one case" if len(items) == 1 else f"{len(items)} cases"
    missing = ", ".join(f"`{shown(item, scope)}`" for item in given.items[len(items):])
    why = (f"nothing is said of {missing}" if missing else
           f"nothing comes in for {', '.join(f'`{shortened(scope, item)}`' for item in items[count:])}",)
    return fault("E0314", f"`{shortened(scope, node)}` has {cases}, `{shown(given, scope)}` has {count} summands",
                 scope, node, f"one for each of {count} is wanted", why=why,
                 help=("an algebra has a case for each constructor, in their order",) if missing else ())


def _binary(elaborator: Elaborator, node: tree.Binary, value: Value, scope: Scope) -> Value:
    if node.operator != "^":
        name = {"-": "sub", "/": "div"}.get(node.operator)
        pair = f"({shortened(scope, node.left)}, {shortened(scope, node.right)}) >> {name}"
        raise fault("E0307", f"`{node.operator}` is no operation on morphisms", scope, node,
                    help=(f"write `{pair}`",) if name else ())
    return repeat(elaborator, node, value, scope, None)


def _labelled(elaborator: Elaborator, node: tree.Labelled, value: Value, scope: Scope) -> Value:
    elaborator.label_span = label_span(node, scope)
    return named(elaborator, node.body, node.label, value, scope, node)


def named(elaborator: Elaborator, body: tree.Node, label: str, value: Value, scope: Scope, node: tree.Node) -> Value:
    """Applies what a label names: one definition, a power, or a group, as what is given to a scheme is."""
    if isinstance(body, tree.Binary) and body.operator == "^":
        return repeat(elaborator, body, value, scope, label)
    if is_single(body, scope) and not is_scheme(body, scope):
        return apply(elaborator, body, value, scope, label=label)
    return group(elaborator, body, value, scope, label)


def _use(elaborator: Elaborator, node: tree.Node, value: Value, scope: Scope) -> Value:
    return apply(elaborator, node, value, scope)


def _lambda(elaborator: Elaborator, node: tree.Lambda, value: Value, scope: Scope) -> Value:
    inside = Scope(scope, scope.source)
    previous(elaborator, None)
    bind(elaborator, node.pattern, value, inside)
    return elaborator.element(node.body, inside)


def _let(elaborator: Elaborator, node: tree.Let, value: Value, scope: Scope) -> Value:
    inside = bindings(elaborator, node, scope)
    return elaborator.morphism(node.body, value, inside)


def number(elaborator: Elaborator, node: tree.Number, value: Value, scope: Scope) -> Value:
    elaborator.join(Product(()), value, Joint("input", None, node, scope, previous(elaborator, None)))
    return literal(elaborator, node.value, scope.span(node))


def _along(elaborator: Elaborator, node: tree.Along, value: Value, scope: Scope) -> Value:
    return along(elaborator, node, value, scope)


def _initialised(elaborator: Elaborator, node: tree.Initialised, value: Value, scope: Scope) -> Value:
    return initialised(elaborator, node, value, scope)


def _shuffle(elaborator: Elaborator, node: tree.Shuffle, value: Value, scope: Scope) -> Value:
    return shuffle.apply(elaborator, node, value, scope)


def hole_at(elaborator: Elaborator, node: tree.Hole, value: Value, scope: Scope) -> Value:
    """``...``: says what would fit, and joins everything."""
    result = fresh(ObjectVariable("_", flexible=True), scope.span(node))
    elaborator.pending.append(lambda: elaborator.module.bag.add(
        hole(elaborator, node, object_of(value), object_of(result), scope)))
    return result


def _prefix(elaborator: Elaborator, node: tree.Prefix, value: Value, scope: Scope) -> Value:
    if node.operator == "-" and isinstance(node.body, tree.Number):
        elaborator.join(Product(()), value, Joint("input", None, node, scope, previous(elaborator, None)))
        return literal(elaborator, -node.body.value, scope.span(node))
    raise fault("E0307", f"`{node.operator}` is no operation on morphisms", scope, node, help=("negate by `neg`",))


#: The form of syntax to what it adds.
MORPHISMS: dict[type[tree.Node], Callable[..., Value]] = {
    tree.Compose: _compose,
    tree.Times: _times,
    tree.Plus: _plus,
    tree.Tuple: _tuple,
    tree.Case: _case,
    tree.Binary: _binary,
    tree.Labelled: _labelled,
    tree.Name: _use,
    tree.Index: _use,
    tree.Apply: _use,
    tree.Attribute: _use,
    tree.Lambda: _lambda,
    tree.Let: _let,
    tree.Number: number,
    tree.Along: _along,
    tree.Initialised: _initialised,
    tree.Shuffle: _shuffle,
    tree.Hole: hole_at,
    tree.Prefix: _prefix,
}
