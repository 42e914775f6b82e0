"""Algebras and coalgebras: morphisms whose type says which endofunctor they belong to.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''endofunctor TreeF[A](X) = A + X * X
... algebra total : TreeF[R[3]](R[3]) -> R[3] = [id, add]
... algebra wrong : TreeF[R[3]](R[3]) -> R[4] = ...'''
>>> module = check_source(Source("m.cat", None, text))
>>> module.scope.names["total"].functor
TreeF[R[3]]
>>> [found.headline for found in module.bag]
['the carrier of `wrong` is `R[3]` on the one side and `R[4]` on the other']
"""

from __future__ import annotations

from catlang.checker.colours import colour, entry_of, functor
from catlang.checker.entry import Definition
from catlang.checker.scope import Fault, Scope, fault
from catlang.diagnostic import Diagnostic, Label
from catlang.objects.colour import resolve, show
from catlang.syntax import tree


def structure(definition: Definition, scope: Scope) -> None:
    """Finds the functor of ``algebra a : F(X) -> X``, or of a coalgebra, and holds its carrier to be the same on both
    sides."""
    node = definition.node
    assert isinstance(node, tree.Morphism)
    keyword = node.keyword
    whole, carrier = node.type.domain, node.type.codomain
    if keyword == "coalgebra":
        whole, carrier = carrier, whole
    shape = "F(X) -> X" if keyword == "algebra" else "X -> F(X)"
    called = "an algebra" if keyword == "algebra" else "a coalgebra"
    if not isinstance(whole, tree.Apply) or len(whole.arguments) != 1 or not _is_functor(whole.function, scope):
        turned = isinstance(carrier, tree.Apply) and _is_functor(carrier.function, scope)
        other = "a coalgebra" if keyword == "algebra" else "an algebra"
        raise fault("E0313", f"`{definition.name}` is {called} of no endofunctor", scope, whole,
                    "`F(X)` is wanted here, for a declared endofunctor `F`",
                    (f"this is the type of {other}: declare it by `{other.partition(' ')[2]}`" if turned else
                     f"{called} is a morphism `{shape}`; any other is declared by `morphism`",))
    definition.functor = functor(whole.function, scope)
    inner = colour(whole.arguments[0], scope)
    outer = colour(carrier, scope)
    if resolve(inner) != resolve(outer):
        name = " ".join(scope.span(whole.function).text.split())
        right = f"{name}({show(outer)}) -> {show(outer)}" if keyword == "algebra" else (
            f"{show(outer)} -> {name}({show(outer)})")
        raise Fault(Diagnostic("E0313", f"the carrier of `{definition.name}` is `{show(inner)}` on the one side and "
                               f"`{show(outer)}` on the other", [
                                   Label(scope.span(carrier), f"the carrier is `{show(outer)}` here"),
                                   Label(scope.span(whole.arguments[0]), f"and `{show(inner)}` here", False)],
                               why=(f"{called} is a morphism `{shape}`",), help=(f"write `{right}`",)))


def _is_functor(node: tree.Node, scope: Scope) -> bool:
    if isinstance(node, tree.Name) and node.text == "List" and scope.find("List") is None:
        return True
    return entry_of(node, scope) is not None or isinstance(node, tree.Lambda | tree.Compose)
