"""2-cells: ``cell tie : f => g = r`` says that ``g`` is ``f`` with its weights computed along ``r``.

In Para a 2-cell from ``(P, f)`` to ``(P', g)`` is a map ``r : P' -> P`` with ``g = f after r``. It is claimed by naming
all three, and checked: ``f`` and ``g`` have one type, and the body of ``g`` is ``f along r``, for the same ``r``,
letter for letter but for layout, every name in it standing for the same thing. Anything less evident is refused, even
where it is true.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''morphism deep : R[3] -> R[3] = affine^6
... morphism tied : R[3] -> R[3] = deep along copy
... cell tie : deep => tied = copy
... cell no : tied => deep = copy'''
>>> [found.headline for found in check_source(Source("m.cat", None, text)).bag]
['`no` is no evident 2-cell: the body of `deep` is not `tied along copy`']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.checker import header
from catlang.checker.arguments import instantiate
from catlang.checker.entry import CellEntry, Definition, DimEntry, ElementEntry, Entry, FormalEntry
from catlang.checker.scope import Fault, Scope, expected, fault, lookup, member, shortened
from catlang.diagnostic import Diagnostic, Label
from catlang.objects.colour import show
from catlang.objects.unify import Mismatch, Unifier
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.module import Module


def check_cell(cell: CellEntry, module: Module) -> None:
    """Checks that the claim holds; raises :class:`Fault` where that is not evident."""
    node = cell.node
    scope = Scope(module.scope, module.source)
    header.generics(node.generics, [node.source, node.target], scope, module.scope)
    source, target = _end(node.source, scope), _end(node.target, scope)
    _names(node.body, scope, set())
    _one_type(node, source, target, module, scope)
    if isinstance(target.node, tree.Morphism) and isinstance(target.node.body, tree.Along):
        along, inside = target.node.body, target.scope
        body = along.body
        while isinstance(body, tree.Labelled):
            body = body.body
        if _definition(body, inside) is source and _same(along.map, node.body) and all(
                _agrees(name, target, scope, node) for name in _free(along.map, set())):
            return
    text = f"{shortened(scope, node.source)} along {shortened(scope, node.body)}"
    labels = [Label(scope.span(node.body), "not seen to give the one from the other")]
    if target.span.source is scope.source:
        labels.append(Label(target.span, f"`{target.name}` is defined here", False))
    raise Fault(Diagnostic("E0610", f"`{cell.name}` is no evident 2-cell: the body of `{target.name}` is not `{text}`",
                           labels, help=(f"define `{target.name}` by `= {text}`",)))


def _end(node: tree.Node, scope: Scope) -> Definition:
    """The morphism at one end of a cell."""
    name = node.function if isinstance(node, tree.Index) else node
    if isinstance(name, tree.Name):
        entry = lookup(scope, name, "morphism")
    elif isinstance(name, tree.Attribute):
        entry = member(name, scope)
    else:
        raise fault("E0609", "a 2-cell goes from one named morphism to another", scope, node, "this is no name",
                    ("give the composite a name by `morphism`",))
    if not isinstance(entry, Definition):
        raise expected(scope, name, entry, "a morphism", "E0307")
    entry.module.header(entry)
    if entry.state == "broken":
        raise Fault(None)
    return entry


def _definition(node: tree.Node, scope: Scope) -> Entry | None:
    name = node.function if isinstance(node, tree.Index) else node
    if isinstance(name, tree.Name):
        return scope.find(name.text)
    return member(name, scope) if isinstance(name, tree.Attribute) else None


def _one_type(node: tree.Cell, source: Definition, target: Definition, module: Module, scope: Scope) -> None:
    ends = []
    for definition, end in ((source, node.source), (target, node.target)):
        brackets = end.arguments if isinstance(end, tree.Index) else []
        given = module.given.get(definition.module)
        _, substitution = instantiate(definition, brackets, scope, given, end)
        ends.append((substitution.object(definition.domain), substitution.object(definition.codomain)))
    (domain, codomain), (other_domain, other_codomain) = ends
    unifier = Unifier(module.hypotheses)
    try:
        unifier.unify(domain, other_domain)
        unifier.unify(codomain, other_codomain)
    except Mismatch as mismatch:
        raise Fault(Diagnostic("E0609", "the ends of a 2-cell have one type, these have two", [
            Label(scope.span(node.target), f"`{show(other_domain)} -> {show(other_codomain)}`"),
            Label(scope.span(node.source), f"`{show(domain)} -> {show(codomain)}`", False)],
            why=(str(mismatch),))) from None


def _same(one: Any, other: Any) -> bool:
    """Whether two expressions are written alike, but for layout and parentheses."""
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(_same, one, other))
    if not isinstance(one, tree.Node):
        return bool(one == other)
    return type(one) is type(other) and all(_same(getattr(one, slot), getattr(other, slot)) for slot in one.__slots__)


def _free(node: tree.Node, bound: set[str]) -> list[tree.Name]:
    """The names in an expression that it does not bind itself."""
    if isinstance(node, tree.Name):
        return [] if node.text in bound else [node]
    if isinstance(node, tree.Lambda):
        return _free(node.body, bound | _bound(node.pattern))
    if isinstance(node, tree.Let):
        found: list[tree.Name] = []
        for binding in node.bindings:
            found += _free(binding.value, bound)
            bound = bound | _bound(binding.pattern)
        return found + _free(node.body, bound)
    if isinstance(node, tree.Shuffle):
        return []
    return [name for child in node.children() for name in _free(child, bound)]


def _bound(pattern: tree.Node) -> set[str]:
    return {part.text if isinstance(part, tree.Name) else part.name for part in tree.walk(pattern)
            if isinstance(part, tree.Name | tree.Typed)}


def _names(node: tree.Node, scope: Scope, bound: set[str]) -> None:
    """A name that stands for nothing is told as that."""
    for name in _free(node, bound):
        lookup(scope, name, "morphism")


def _agrees(name: tree.Name, target: Definition, scope: Scope, node: tree.Cell) -> bool:
    """Whether a name in the target's map stands for the same thing in the cell's."""
    theirs, mine = target.scope.find(name.text), scope.find(name.text)
    if isinstance(theirs, ElementEntry | FormalEntry):
        return False
    if theirs is mine:
        return mine is not None
    if not isinstance(theirs, DimEntry) or not isinstance(mine, DimEntry) or not isinstance(node.target, tree.Index):
        return False
    # A generic of the target, at which the cell puts one of its own that has the same name.
    entries = [given.entry for given in target.generics]
    if theirs not in entries or entries.index(theirs) >= len(node.target.arguments):
        return False
    given = node.target.arguments[entries.index(theirs)]
    return isinstance(given, tree.Name) and given.text == name.text
