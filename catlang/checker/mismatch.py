"""Two colours that do not match, in words: where, which axis, why, and what would fit between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from catlang.checker.arguments import instantiate
from catlang.checker.conditions import example
from catlang.checker.entry import Definition, DimEntry
from catlang.checker.meeting import explained, shown
from catlang.checker.scope import Fault
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Dim, Poly, Quotient, Variable, flexible_variables
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, decide
from catlang.objects.colour import (
    REAL,
    Nominal,
    Object,
    Product,
    Run,
    Unknown,
    axes_of,
    base_of,
    dims_of,
    resolve,
    show,
    show_axis,
)
from catlang.objects.functor import element_of
from catlang.objects.substitution import Substitution
from catlang.objects.unify import Mismatch
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator
    from catlang.checker.scope import Scope


class Joint:
    """Where two colours meet, and in what way.

    ``kind``: ``input`` (what comes in to ``node``, from ``before`` where that is known), ``result`` (what a body
    gives), ``argument``, ``repeat``, ``branch``, ``pattern``, ``element``, ``weights``.
    """

    __slots__ = ("kind", "node", "other", "scope", "before", "name", "owner", "told", "wanted", "found")

    def __init__(self, kind: str, node: tree.Node | None, other: tree.Node | None, scope: Scope,
                 before: tree.Node | None = None, name: str = "", owner: str = "",
                 told: tuple[str, str, str] | None = None) -> None:
        # Of a result: what gives it, what says that it is to be another, and how that is labelled.
        self.told = told
        self.owner = owner
        self.kind = kind
        self.node = node
        self.other = other
        self.scope = scope
        self.before = before
        self.name = name
        # What meets here, for an equation between sizes that is put off and fails later.
        self.wanted: Object | None = None
        self.found: Object | None = None

    @property
    def span(self) -> Span:
        node = self.node if self.node is not None else self.other
        assert node is not None
        return self.scope.span(node)


def previous(elaborator: Elaborator, node: tree.Node | None) -> tree.Node | None:
    """Sets what stands before the next morphism in its chain, for messages; returns what did."""
    before, elaborator.before = elaborator.before, node
    return before


def report(joint: Joint, mismatch: Mismatch, elaborator: Elaborator) -> Diagnostic:
    """The diagnostic for a mismatch at a joint."""
    assert joint.wanted is not None and joint.found is not None
    wanted, found = resolve(joint.wanted), resolve(joint.found)
    wants, gives = shown(wanted, joint.scope), shown(found, joint.scope)
    if isinstance(joint.other, tree.Shuffle):
        # The axes of a pattern have the names that its author gave them.
        wants = show(_with_names(wanted))
    code, why, help = _explained(joint, mismatch, elaborator, wanted, found)
    return _TOLD.get(joint.kind, _part)(joint, code, wants, gives, why, help)


def _explained(joint: Joint, mismatch: Mismatch, elaborator: Elaborator, wanted: Object,
               found: Object) -> tuple[str, list[str], list[str]]:
    """What kind of mistake it is, why it is one, and what would help."""
    help: list[str] = []
    if mismatch.undecided is not None:
        return "E0402", [f"{mismatch}: that depends on the sizes"], [f"add `where {mismatch.undecided.show()}`"]
    why = [_own_colour(wanted, found) or str(mismatch)]
    if mismatch.refuted:
        why = [f"{mismatch}, for example where {example(mismatch.refuted)}"]
        if mismatch.equation is not None:
            help += [f"it holds `where {condition.show()}`"
                     for condition in enough(mismatch.equation, elaborator.unifier.hypotheses)]
    said = None
    if not mismatch.refuted and not _own_colour(wanted, found):
        said, help = explained(elaborator.unifier, joint, _named(joint), wanted, found)
        why = why if said is None else said
    if not help and joint.kind in ("input", "result"):
        between = fitting(elaborator, joint.scope, found, wanted)
        one, other = element_of(found), element_of(wanted)
        if between is None and one is not None and other is not None:
            between = fitting(elaborator, joint.scope, one, other)
            between = None if between is None else f"map({between})"
        if between is not None:
            where = ("behind it" if joint.kind == "result" else
                     "in front of it" if joint.before is None else "between them")
            help.append(f"`{between}` fits {where}")
        else:
            help += _reshaped(wanted, found) or ((
                _left_out(joint, elaborator, found) or _advice(joint, elaborator, wanted, found))
                if joint.kind == "input" else [])
    if not help and mismatch.help and said is None:
        help.append(mismatch.help)
    return "E0301", why, help


def enough(equation: Constraint, hypotheses: list[Constraint]) -> list[Constraint]:
    """The one divisibility under which an equation with quotients in it holds after all."""
    found: list[Constraint] = []
    stack: list[Dim | Variable | Quotient] = [equation.left, equation.right]
    while stack:
        dim = stack.pop()
        if isinstance(dim, Quotient):
            condition = Constraint("divides", dim.den, dim.num)
            if not found and isinstance(decide(equation, [*hypotheses, condition]), Proved):
                found.append(condition)
            stack += [dim.num, dim.den]
        elif isinstance(dim, Poly):
            stack += [atom for monomial in dim.terms for atom, _ in monomial]
    return found


def _input(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    node, span = joint.other, joint.scope.span
    assert node is not None
    name = _short(span(node).text)
    before = joint.before
    if isinstance(before, tree.Apply) and before.function is node:
        # An application: `f(x)`.
        given = before.arguments
        labels = [Label(span(node), f"takes `{wants}`")]
        if given:
            around = Span(joint.scope.source, given[0].start, given[-1].end)
            labels.append(Label(around, f"this is `{gives}`", False))
        return Diagnostic("E0305" if code == "E0301" else code, f"`{name}` takes `{wants}`, it is given `{gives}`",
                          labels, why, help)
    if before is None:
        return Diagnostic("E0303" if code == "E0301" else code, f"`{name}` takes `{wants}`, what comes in is `{gives}`",
                          [Label(span(node), f"takes `{wants}`")], why, help)
    last = _last(before)
    headline = f"`{_short(span(last).text)}` gives `{gives}`, `{name}` takes `{wants}`"
    return Diagnostic(code, headline, [Label(span(node), f"takes `{wants}`"),
                                       Label(span(last), f"gives `{gives}`", False)], why, help)


def _result(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    assert joint.node is not None and joint.other is not None
    span = joint.scope.span
    body, promises, label = joint.told or ("the body", "the header promises", "")
    if not label:
        text = " ".join(span(joint.other).text.split())
        label = "`{0}` is promised" if text == wants else f"`{text}` is promised, which is `{{0}}`"
    labels = [Label(span(_last(joint.node)), f"this gives `{gives}`"),
              Label(span(joint.other), label.format(wants), False)]
    return Diagnostic("E0302" if code == "E0301" else code, f"{body} gives `{gives}`, {promises} `{wants}`", labels,
                      why, help)


def _repeated(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    return Diagnostic("E0310", "what is repeated must give what it takes",
                      [Label(joint.span, f"takes `{wants}`, gives `{gives}`")], why, help)


def _branch(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    assert joint.other is not None
    return Diagnostic("E0311", "the branches of a case give different objects", [
        Label(joint.span, f"gives `{gives}`"),
        Label(joint.scope.span(joint.other), f"gives `{wants}`", False)], why, help)


def _argument(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    assert joint.node is not None
    return Diagnostic("E0304", f"the `{joint.name}` of `{joint.owner}` is to give `{wants}`, this gives `{gives}`",
                      [Label(joint.scope.span(_last(joint.node)), f"this gives `{gives}`")], why, help)


def _element(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    return Diagnostic("E0305", f"the argument `{joint.name}` is `{gives}`, not `{wants}`",
                      [Label(joint.span, f"this is `{gives}`")], why, help)


def _weights(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    return Diagnostic("E0605", f"the map gives `{gives}`, the weights are `{wants}`",
                      [Label(joint.span, f"this gives `{gives}`")], why, help)


def _part(joint: Joint, code: str, wants: str, gives: str, why: list[str], help: list[str]) -> Diagnostic:
    return Diagnostic("E0305", f"`{wants}` is wanted here, this is `{gives}`", [Label(joint.span, "")], why, help)


#: How it is told, by the way in which the two meet; a pattern is told as any part is.
_TOLD: dict[str, Callable[[Joint, str, str, str, list[str], list[str]], Diagnostic]] = {
    "input": _input, "result": _result, "repeat": _repeated, "branch": _branch, "argument": _argument,
    "element": _element, "weights": _weights,
}


def _last(node: tree.Node) -> tree.Node:
    """The part of an expression that its value comes out of."""
    while True:
        if isinstance(node, tree.Compose) and not node.grouped:
            node = node.parts[-1]
        elif isinstance(node, tree.Let | tree.Lambda) and not node.grouped:
            node = node.body
        else:
            return node


def _with_names(obj: Object) -> Object:
    """The object with the names of its open sizes in their place."""
    open = {variable for size in dims_of(obj) for variable in flexible_variables(size)}
    return Substitution(dims={variable: Variable(variable.name).poly for variable in open}).object(obj)


def _own_colour(wanted: Object, found: Object) -> str:
    """What is to be said where a colour of its own meets another."""
    if base_of(wanted) == base_of(found):
        return ""
    said = [f"`{one.name}` is a colour of its own, carried by `{show(one.declaration.body)}`"
            for one in (base_of(found), base_of(wanted)) if isinstance(one, Nominal) and not one.arguments]
    return " and ".join(said)


def _reshaped(wanted: Object, found: Object) -> list[str]:
    """Where one has the entries of the other in another shape, the pattern that goes from the one to the other."""
    there, axes = axes_of(found), axes_of(wanted)
    if base_of(wanted) != base_of(found) or isinstance(wanted, Product) or 1 not in (len(there), len(axes)):
        return []
    total: Dim = 1
    for axis in there:
        if isinstance(axis, Run):
            return []
        total = total * axis
    other: Dim = 1
    for axis in axes:
        if isinstance(axis, Run):
            return []
        other = other * axis
    if total != other or len(there) == len(axes) or len(there) + len(axes) > 6:
        return []
    if not axes:
        return ["`reduce(sum, a ->)` takes the axis away"]
    if not there:
        return ["`repeat(-> a)` puts the axis there"]
    names = " ".join("abcde"[: max(len(there), len(axes))])
    if len(there) > 1:
        return [f"`rearrange({names} -> ({names}))` joins the axes"]
    return [f"`rearrange(({names}) -> {names})` takes the axis apart"]


def _named(joint: Joint) -> str:
    """What takes something at a joint, as it stands in the source; dots where that is long."""
    name = _short(joint.scope.span(joint.other).text) if joint.kind == "input" and joint.other is not None else ""
    return "..." if name.endswith("...") else name


def _left_out(joint: Joint, elaborator: Elaborator, found: Object) -> list[str]:
    """Where a size in brackets is all that stands in the way, that it can be inferred."""
    node = joint.other
    if not isinstance(node, tree.Index) or not isinstance(node.function, tree.Name) or resolve(found).open:
        return []
    entry = joint.scope.find(node.function.text)
    if not isinstance(entry, Definition):
        return []
    for place, item in enumerate(node.arguments):
        value = item.value if isinstance(item, tree.Named) else item
        if not isinstance(value, tree.Number | tree.Name | tree.Plus | tree.Times | tree.Binary):
            continue
        wildcard = tree.Wildcard(value.start, value.end)
        other = tree.Named(item.start, item.end, item.name, wildcard) if isinstance(item, tree.Named) else wildcard
        try:
            _, substitution = instantiate(entry, [*node.arguments[:place], other, *node.arguments[place + 1:]],
                                          joint.scope, None, node)
        except Fault:
            continue
        if elaborator.unifier.fits([(substitution.object(entry.domain), found)]):
            whole, inside = joint.scope.span(node), joint.scope.span(value)
            text = f"{whole.text[:inside.start - whole.start]}_{whole.text[inside.end - whole.start:]}"
            text = node.function.text if len(node.arguments) == 1 else text
            return [f"`{_short(text)}` takes it: a size that is left out is inferred"]
    return []


def _advice(joint: Joint, elaborator: Elaborator, wanted: Object, found: Object) -> list[str]:
    """What helps where a morphism is given another object than it takes."""
    assert joint.other is not None
    name = _short(joint.scope.span(joint.other).text)
    one, other = base_of(wanted), base_of(found)
    if type(one) is type(other) and not isinstance(wanted, Product):
        axes, there = axes_of(wanted), axes_of(found)
        more = len(there) - len(axes)
        if isinstance(joint.other, tree.Shuffle) and more == 0:
            # The name of an axis was taken for a size that is meant elsewhere.
            for axis, given in zip(axes, there, strict=True):
                named = show_axis(axis)
                if axis != given and isinstance(joint.scope.find(named), DimEntry):
                    return [f"`{named}` is a size that is declared; an axis of another name may have any size"]
        if more > 0 and not any(isinstance(axis, Run) for axis in (*axes, *there)):
            front = ", ".join(show_axis(axis) for axis in there[:more])
            along = "axis" if more == 1 else "axes"
            return [f"`{'each(' * more}{name}{')' * more}` runs it along the {along} `{front}`"]
        if more < 0 and elaborator.eaches >= -more and not any(isinstance(axis, Run) for axis in (*axes, *there)):
            fewer = "one `each`" if more == -1 else f"{-more} times `each`"
            return [f"`each` takes the axis in front away: {fewer} less leaves `{name}` what it takes"]
    if isinstance(found, Product) and len(found.items) == 2 and one is REAL and all(
            base_of(item) is REAL for item in found.items):
        return ["`concat` joins two arrays along their first axis, `fst` and `snd` take one of two"]
    return []


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 32 else text[:29] + "..."


def fitting(elaborator: Elaborator, scope: Scope, found: Object, wanted: Object) -> str | None:
    """The one morphism in scope that takes what was found and gives what was wanted; None where several do."""
    found, wanted = resolve(found), resolve(wanted)
    if isinstance(found, Unknown) or isinstance(wanted, Unknown):
        return None
    for one, other in ((found, wanted), (wanted, found)):
        if (isinstance(one, Nominal) and not one.arguments and not isinstance(other, Nominal)
                and elaborator.unifier.fits([(one.declaration.body, other)])):
            return one.name if one is wanted else f"{one.name}.carrier"
    if (isinstance(found, Nominal) and isinstance(wanted, Nominal) and not found.arguments and not wanted.arguments
            and elaborator.unifier.fits([(found.declaration.body, wanted.declaration.body)])):
        return f"{found.name}.carrier >> {wanted.name}"
    own: list[str] = []
    names: set[str] = set()
    for name, entry in scope.all():
        if name in names or not isinstance(entry, Definition) or entry is elaborator.definition:
            continue
        names.add(name)
        if entry.module is not elaborator.module:
            continue
        entry.module.header(entry)
        if entry.state == "broken" or entry.parameters:
            continue
        _, substitution = instantiate(entry, [], scope, None)
        pairs = [(substitution.object(entry.domain), found), (substitution.object(entry.codomain), wanted)]
        if elaborator.unifier.fits(pairs):
            own.append(name)
    return own[0] if len(own) == 1 else None
