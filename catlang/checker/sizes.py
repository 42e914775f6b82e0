"""Expressions read as sizes, and conditions on them.

A size is a polynomial in the dims, with floored quotients. It is brought to a normal form as it is read, and divides by
nothing that may be zero.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> module = check_source(Source("m.cat", None, "dim n, k = (2 * n + 4) // 2, r = (n + k) % n"))
>>> module.scope.names["k"].value, module.scope.names["r"].value
(n + 2, 2 % n)
>>> [found.headline for found in check_source(Source("m.cat", None, "dim n, k = 8 // (n - 1)")).bag]
['`n - 1` may be zero, and this divides by it']
"""

from __future__ import annotations

from catlang import dims
from catlang.checker.entry import DimEntry
from catlang.checker.scope import Fault, Scope, expected, fault, lookup, member, shortened, unknown
from catlang.dims import Dim, Variable
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, decide
from catlang.syntax import tree

#: No size is larger: PyTorch counts in 64 bits.
LARGEST = 2**63 - 1


def dim(node: tree.Node, scope: Scope) -> Dim:
    """The dimension an expression stands for; a wildcard is a fresh one to be inferred."""
    value = _dim(node, scope)
    if isinstance(value, int) and abs(value) > LARGEST:
        raise fault("E0406", "this size is too large", scope, node, f"it is {_brief(value)}",
                    help=("sizes end at 2^63 - 1",))
    return value


def _brief(value: int) -> str:
    text = str(value)
    return text if len(text) < 25 else f"{text[:6]}... ({len(text)} digits)"


def _dim(node: tree.Node, scope: Scope) -> Dim:
    if isinstance(node, tree.Number):
        if isinstance(node.value, float):
            raise fault("E0408", f"`{scope.span(node).text}` is no size", scope, node, "sizes are integers")
        return node.value
    if isinstance(node, tree.Name):
        entry = scope.find(node.text)
        if entry is None:
            raise Fault(unknown(scope, node, "dimension"))
        entry = lookup(scope, node, "dimension")
        if isinstance(entry, DimEntry):
            return entry.value
        raise expected(scope, node, entry, "a dimension")
    if isinstance(node, tree.Wildcard):
        return Variable("_", 1, flexible=True).poly
    if isinstance(node, tree.Attribute):
        entry = member(node, scope)
        if isinstance(entry, DimEntry):
            return entry.value
        raise expected(scope, node, entry, "a dimension")
    try:
        if isinstance(node, tree.Prefix) and node.operator == "-":
            return -dim(node.body, scope)
        if isinstance(node, tree.Plus | tree.Times):
            total = dim(node.items[0], scope)
            for item in node.items[1:]:
                total = total + dim(item, scope) if isinstance(node, tree.Plus) else total * dim(item, scope)
                if isinstance(total, int) and abs(total) > LARGEST:
                    raise fault("E0406", "this size is too large", scope, node, f"it is {_brief(total)}",
                                help=("sizes end at 2^63 - 1",))
            return total
        if isinstance(node, tree.Binary):
            return _binary(node, scope)
    except ZeroDivisionError:
        raise fault("E0407", "this divides by zero", scope, node) from None
    except OverflowError:
        raise fault("E0406", "this size is too large", scope, node, help=("sizes end at 2^63 - 1",)) from None
    except ValueError:
        raise fault("E0408", "the exponent of a size is a number", scope, node,
                    help=("write the power out as a product",)) from None
    if isinstance(node, tree.Labelled):
        raise fault("E0408", f"`{shortened(scope, node)}` is no size", scope, node, "`as` binds tighter than `^`",
                    (f"write `(f^{shortened(scope, node.body)}) as {node.label}`",))
    raise fault("E0408", f"`{shortened(scope, node)}` is no size", scope, node,
                "sizes are integers, dims, and `+ - * // % ^` of them")


def _binary(node: tree.Binary, scope: Scope) -> Dim:
    left, right = dim(node.left, scope), dim(node.right, scope)
    operator = node.operator
    if operator == "-":
        return left - right
    if operator in ("//", "%"):
        if not isinstance(right, int) and (dims.least_value(right) or 0) < 1 and not isinstance(
                decide(Constraint(">=", right, 1)), Proved):
            raise fault("E0407", f"`{dims.show(right)}` may be zero, and this divides by it", scope, node)
        return left // right if operator == "//" else left % right
    if operator == "^":
        if isinstance(left, int) and isinstance(right, int) and right >= 0 and abs(left) > 1 and right > 200:
            raise OverflowError
        return left**right
    raise fault("E0408", "`/` is no operation on sizes", scope, node, help=("integer division is `//`",))


def constraints(relation: tree.Relation, scope: Scope, guarded: bool = False) -> list[Constraint]:
    """``a <= b == c`` as constraints between neighbours; only a primitive's may be ``guarded``."""
    if relation.guard is not None and not guarded:
        raise fault("E0408", "a condition with an `if` belongs to a primitive", scope, relation,
                    help=("leave out the `if`: the condition then always holds",))
    sides = [dim(side, scope) for side in relation.sides]
    return [Constraint(relator, left, right)
            for left, relator, right in zip(sides, relation.relators, sides[1:], strict=False)]
