"""Typed holes: what one stands for, and what in scope would fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker.arguments import instantiate
from catlang.checker.entry import Definition
from catlang.checker.meeting import shown
from catlang.checker.scope import Fault, Scope
from catlang.diagnostic import Diagnostic, Label
from catlang.objects.colour import Object, product
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


def hole(elaborator: Elaborator, node: tree.Node, source: Object, target: Object, scope: Scope) -> Diagnostic:
    """What a hole stands for, and what in scope would fit."""
    fits: list[str] = []
    names: set[str] = set()
    for name, entry in scope.all():
        if name in names or not isinstance(entry, Definition) or entry is elaborator.definition:
            continue
        names.add(name)
        entry.module.header(entry)
        if entry.state == "broken" or entry.parameters or (
                entry.module.is_prelude and entry.module is not elaborator.module):
            continue
        try:
            _, substitution = instantiate(entry, [], scope, None)
        except Fault:
            continue
        if elaborator.unifier.fits([(substitution.object(entry.domain), source),
                                    (substitution.object(entry.codomain), target)]):
            fits.append(name)
    text = f"{shown(source, scope)} -> {shown(target, scope)}"
    if source == product(()):
        text = shown(target, scope)
    help = (f"{', '.join(f'`{name}`' for name in sorted(fits)[:5])} would fit",) if fits else ()
    return Diagnostic("E0207", f"a hole of type `{text}`", [Label(scope.span(node), "to be filled")], help=help)
