"""Copies and groups: ``f^n``, and composites under a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker.labels import check_label, labelled_at, named_so
from catlang.checker.mismatch import Joint, previous
from catlang.checker.scope import Fault, Scope, fault
from catlang.checker.sizes import dim
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import (
    Group,
    Repeat,
    Value,
    object_of,
)
from catlang.objects.colour import UNKNOWN
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator

#: How often ``f^n`` may repeat.
MOST_REPEATS = 100_000


def repeat(elaborator: Elaborator, node: tree.Binary, value: Value, scope: Scope, label: str | None,
           tied: bool = False) -> Value:
    """``f^n``"""
    count = dim(node.right, scope)
    if isinstance(count, int) and count > MOST_REPEATS:
        raise fault("E0409", f"this repeats {count} times", scope, node.right, f"at most {MOST_REPEATS}")
    if isinstance(count, int) and count < 0:
        raise fault("E0405", f"this repeats {count} times", scope, node.right, "at least 0 times")
    domain = object_of(value)
    name = fresh_label(elaborator, label, scope.span(node))
    before = previous(elaborator, None)
    fine = True

    def make(inputs: Value) -> Value:
        previous(elaborator, before)
        result = elaborator.morphism(node.left, inputs, scope)
        nonlocal fine
        fine = elaborator.join(domain, result, Joint("repeat", node.left, node, scope))
        return result

    body = elaborator.inner("power", domain, scope.span(node.left), make, transparent=False)
    operation = Repeat(body, count, tied)
    instance = elaborator.instance("power", name, operation, scope.span(node))
    return elaborator.box(operation, value, object_of(body.outputs) if fine else UNKNOWN, scope.span(node), instance)


def fresh_label(elaborator: Elaborator, label: str | None, span: Span) -> str | None:
    """A label that may name a new instance; told where it may not."""
    if label is None:
        return None
    span = labelled_at(elaborator, span)
    check_label(elaborator, label, span)
    other = named_so(elaborator, label, span)
    if other is not None:
        raise Fault(Diagnostic("E0601", f"the label `{label}` already names something else", [
            Label(span, "used again here"), *([Label(other.span, "first here", False)] if other.span else [])],
            help=("a group or a power cannot be shared by its label; name it with `let`",)))
    return label


def group(elaborator: Elaborator, node: tree.Node, value: Value, scope: Scope, label: str) -> Value:
    """A composite under a label: an instance that holds the instances in it."""
    name = fresh_label(elaborator, label, scope.span(node))
    before = previous(elaborator, None)

    def make(inputs: Value) -> Value:
        previous(elaborator, before)
        return elaborator.morphism(node, inputs, scope)

    body = elaborator.inner(label, object_of(value), scope.span(node), make, transparent=False)
    operation = Group(body)
    instance = elaborator.instance(label, name, operation, scope.span(node))
    return elaborator.box(operation, value, object_of(body.outputs), scope.span(node), instance)
