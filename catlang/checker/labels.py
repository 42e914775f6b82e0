"""Labels: which names an instance may have, and when two mentions are one instance.

Two mentions of one definition under one label have the same weights. A label on two different things is a mistake,
since it is not to be seen which is meant.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> for body in ("relu >> affine", "affine as f >> affine as f", "affine as f >> layer_norm as f"):
...     module = check_source(Source("m.cat", None, f"morphism net : R[3] -> R[3] = {body}"))
...     print([found.headline for found in module.bag] or list(module.scope.names["net"].diagram.instances))
['affine_0']
['f']
['the label `f` already names something else']
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker.reserved import MODULE_ATTRIBUTES
from catlang.checker.scope import Fault, Scope, bad_name
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import Diagram, Instance
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def label_span(node: tree.Labelled, scope: Scope) -> Span:
    """Where the label of ``f as label`` stands."""
    text = scope.source.text[node.body.end : node.end]
    end = len(text.rstrip(") \t\n"))
    start = end
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return Span(scope.source, node.body.end + start, node.body.end + end) if start < end else scope.span(node)


def labelled_at(elaborator: Elaborator, otherwise: Span) -> Span:
    """The place of the label that is being looked at, taken once."""
    span, elaborator.label_span = elaborator.label_span, None
    return span if span is not None else otherwise


def check_label(elaborator: Elaborator, label: str, span: Span) -> None:
    """A label becomes an attribute of a module: some names cannot be one."""
    bad = bad_name(label, span)
    if bad is not None:
        raise Fault(bad)
    if label in MODULE_ATTRIBUTES:
        raise Fault(Diagnostic("E0602", f"`{label}` cannot be a label", [
            Label(span, "every PyTorch module has an attribute of that name")],
            help=(f"choose another, for example `{label}_`",)))


def no_copies(elaborator: Elaborator, label: str, span: Span) -> None:
    """One label inside and outside of something copied would be two instances that look like one."""
    scope = elaborator.diagram.scope
    for other, place in elaborator.labels.get(label, []):
        around: Diagram | None = scope
        while around is not None:
            if around is other and around is not scope:
                break
            around = around.parent.scope if around.parent is not None else None
        inner: Diagram | None = other
        while inner is not None:
            if inner is scope and inner is not other:
                break
            inner = inner.parent.scope if inner.parent is not None else None
        if around is not None or inner is not None:
            raise Fault(Diagnostic("E0606", f"the label `{label}` stands inside and outside of something copied", [
                Label(span, "here"), Label(place, "and here", False)],
                why=("each copy has instances of its own, so these would not share their weights",),
                help=(f"name the instance once with `let {label} = ... in`, and use it in both places",)))
    elaborator.labels.setdefault(label, []).append((scope, span))


def named_so(elaborator: Elaborator, label: str, span: Span) -> Instance | None:
    """The instance that has this label here; what an instance without one is called is no label."""
    found = elaborator.diagram.scope.instances.get(label)
    if found in elaborator.unlabelled:
        raise unlabelled(label, span, found.span)
    return found


def unlabelled(label: str, span: Span | None, other: Span | None) -> Fault:
    """A label that is what an instance without one is called."""
    labels = [Label(place, text, primary) for place, text, primary in (
        (span, "the label", True), (other, "has none, and is called so", False)) if place is not None]
    return Fault(Diagnostic("E0601", f"the label `{label}` is what another instance is called, which has none", labels,
                            why=("an instance without a label is called by what it is and its number",),
                            help=("choose another label",)))


def clash(label: str, shared: Instance, span: Span) -> Fault:
    labels = [Label(span, "used again here")]
    if shared.span is not None:
        labels.append(Label(shared.span, "first here", False))
    return Fault(Diagnostic("E0601", f"the label `{label}` already names something else", labels,
                            why=("two occurrences under one label are one instance",), help=("choose another label",)))
