"""Expressions read as objects."""

from __future__ import annotations

from typing import Any

from catlang import dims
from catlang.checker.entry import (
    DimEntry,
    ObjectEntry,
    ObjectVariableEntry,
    RunEntry,
)
from catlang.checker.scope import Fault, Scope, expected, fault, lookup, member, shortened
from catlang.checker.sizes import dim
from catlang.objects.colour import (
    BOOL,
    MOST_PARTS,
    REAL,
    UNIT,
    Axis,
    Enormous,
    Finite,
    Nominal,
    Object,
    ObjectVariable,
    Run,
    power,
    product,
    sum_of,
)
from catlang.objects.substitution import Substitution
from catlang.syntax import tree

#: The names of objects that are built in.
BUILT_IN = ("R", "Fin", "Bool", "List")


def colour(node: tree.Node, scope: Scope) -> Object:
    """The object an expression stands for."""
    try:
        return _colour(node, scope)
    except Enormous:
        raise enormous(scope, node) from None


def enormous(scope: Scope, node: tree.Node) -> Fault:
    return fault("E0410", f"this object has more than {MOST_PARTS:,} parts", scope, node,
                 help=("many equal parts are an axis: `A^n`",))


def _colour(node: tree.Node, scope: Scope) -> Object:
    kind = type(node)
    if kind is tree.Index:
        return _indexed(node, scope)  # type: ignore[arg-type]
    if kind is tree.Name:
        return _named(node, [], scope)  # type: ignore[arg-type]
    if isinstance(node, tree.Number):
        if node.value == 1:
            return UNIT
        raise fault("E0204", f"`{node.value}` is a size, not an object", scope, node,
                    help=(f"a finite set is `Fin[{node.value}]`, a vector `R[{node.value}]`",))
    if isinstance(node, tree.Times):
        names: list[str | None] = []
        items: list[Object] = []
        for item in node.items:
            names.append(item.name if isinstance(item, tree.Typed) else None)
            items.append(colour(item.type if isinstance(item, tree.Typed) else item, scope))
        _distinct(node.items, scope)
        return product(items, names)
    if isinstance(node, tree.Typed):
        return product([colour(node.type, scope)], [node.name])
    if isinstance(node, tree.Plus):
        return sum_of([colour(item, scope) for item in node.items])
    if isinstance(node, tree.Binary) and node.operator == "^":
        return power(colour(node.left, scope), exponent(node.right, scope))
    if isinstance(node, tree.Tuple) and not node.items:
        return UNIT
    if isinstance(node, tree.Attribute):
        entry = member(node, scope)
        if isinstance(entry, ObjectEntry):
            module = lookup(scope, node.value, "module")  # type: ignore[arg-type]
            return _applied(entry, [], node, scope, module.given)  # type: ignore[attr-defined]
        raise expected(scope, node, entry, "an object")
    if isinstance(node, tree.Wildcard):
        return ObjectVariable("_", flexible=True)
    if isinstance(node, tree.Hole):
        raise fault("E0207", "a hole where an object should be", scope, node, help=("write the object",))
    if isinstance(node, tree.Over):
        raise fault("E0901", "`over` a semiring is not there yet", scope, node)
    if isinstance(node, tree.Prefix) and node.operator in ("mu", "nu"):
        raise fault("E0901", f"`{node.operator}` is not there yet", scope, node)
    if isinstance(node, tree.Apply) and isinstance(node.function, tree.Name):
        if node.function.text == "List" and scope.find("List") is None:
            raise fault("E0901", "`List` is not there yet", scope, node)
        if node.function.text in BUILT_IN:
            inner = ", ".join(scope.span(item).text for item in node.arguments)
            raise fault("E0204", f"sizes stand in brackets: `{node.function.text}[{inner}]`", scope, node)
    if isinstance(node, tree.Tuple):
        raise fault("E0204", "a pair is no object", scope, node, help=("the product of objects is written with `*`",))
    raise fault("E0204", f"`{shortened(scope, node)}` is no object", scope, node,
                help=("objects are `R[n]`, `Fin[n]`, `Bool`, `1`, declared ones, and `* + ^` of them",))


def _distinct(items: list[tree.Node], scope: Scope) -> None:
    seen: set[str] = set()
    for item in items:
        if isinstance(item, tree.Typed):
            if item.name in seen:
                raise fault("E0202", f"two parts of this product are called `{item.name}`", scope, item)
            seen.add(item.name)


def exponent(node: tree.Node, scope: Scope) -> list[Axis]:
    """What stands above an object: a size, a run, or several in parentheses."""
    if isinstance(node, tree.Tuple):
        return [axis(item, scope) for item in node.items]
    return [axis(node, scope)]


def axis(node: tree.Node, scope: Scope) -> Axis:
    if isinstance(node, tree.Spread):
        entry = scope.find(node.text)
        if isinstance(entry, RunEntry):
            entry.used = True
            return entry.run
        if entry is None:
            raise fault("E0201", f"there is no run of axes `{node.text}...`", scope, node,
                        help=(f"declare it among the generics: `[{node.text}...]`",))
        raise expected(scope, node, entry, "a run of axes")
    value = dim(node, scope)
    if isinstance(value, int) and value < 0:
        raise fault("E0405", f"this size is {value}", scope, node, "sizes are at least 0")
    return value


def _indexed(node: tree.Index, scope: Scope) -> Object:
    head = node.function
    if isinstance(head, tree.Name):
        return _named(head, node.arguments, scope, node)
    if isinstance(head, tree.Attribute):
        entry = member(head, scope)
        if isinstance(entry, ObjectEntry):
            module = lookup(scope, head.value, "module")  # type: ignore[arg-type]
            return _applied(entry, node.arguments, node, scope, module.given)  # type: ignore[attr-defined]
    raise fault("E0204", f"`{shortened(scope, node)}` is no object", scope, node)


def _named(head: tree.Name, arguments: list[tree.Node], scope: Scope, whole: tree.Node | None = None) -> Object:
    node = whole or head
    entry = scope.find(head.text)
    if entry is None and head.text in BUILT_IN:
        return _built_in(head.text, arguments, node, scope, indexed=whole is not None)
    entry = lookup(scope, head, "object")
    if isinstance(entry, ObjectVariableEntry):
        if arguments:
            raise fault("E0501", f"`{head.text}` takes no arguments", scope, node)
        return entry.variable
    if isinstance(entry, ObjectEntry):
        return _applied(entry, arguments, node, scope, scope.put(entry.module.scope))
    help: tuple[str, ...] = ()
    if isinstance(entry, DimEntry):
        help = (f"a vector of that length is `R[{head.text}]`, a set of that size `Fin[{head.text}]`",)
    raise expected(scope, head, entry, "an object", help=help)


def _built_in(name: str, arguments: list[tree.Node], node: tree.Node, scope: Scope, indexed: bool) -> Object:
    if name == "List":
        raise fault("E0901", "`List` is not there yet", scope, node)
    if name == "Fin":
        if len(arguments) != 1:
            raise fault("E0501", "`Fin` takes one size", scope, node, help=("write `Fin[n]`",))
        size = axis(arguments[0], scope)
        if isinstance(size, Run):
            raise fault("E0501", "`Fin` takes one size, not a run of axes", scope, node)
        return Finite(size)
    if name == "R" and not indexed:
        raise fault("E0501", "`R` needs its sizes", scope, node,
                    help=("a scalar is `R[]`, a vector of length n `R[n]`",))
    return power(BOOL if name == "Bool" else REAL, [axis(item, scope) for item in arguments])


def _applied(entry: ObjectEntry, arguments: list[tree.Node], node: tree.Node, scope: Scope,
             given: dict[dims.Variable, dims.Dim]) -> Object:
    """An object at its arguments; ``given`` is put for the dims of its file."""
    entry.module.object_header(entry)
    if entry.state == "broken":
        raise Fault(None)
    if len(arguments) != len(entry.generics):
        wanted = ", ".join(generic.name for generic in entry.generics)
        if not entry.generics:
            raise fault("E0501", f"`{entry.name}` takes nothing in brackets", scope, node)
        raise fault("E0501", f"`{entry.name}` takes {len(entry.generics)} argument{'s' * (len(entry.generics) != 1)}, "
                    f"{len(arguments)} given", scope, node, help=(f"write `{entry.name}[{wanted}]`",) if wanted else ())
    substitution = Substitution(dims=dict(given))
    values: list[Any] = []
    for generic, argument in zip(entry.generics, arguments, strict=True):
        if isinstance(generic, ObjectVariableEntry):
            found = colour(argument, scope)
            substitution.objects[generic.variable] = found
            values.append(found)
        elif isinstance(generic, DimEntry) and isinstance(generic.value, dims.Poly):
            size = axis(argument, scope)
            if isinstance(size, Run):
                raise fault("E0504", f"`{generic.name}` is one size, not a run of axes", scope, argument)
            substitution.dims[dims.variables(generic.value)[0]] = size
            values.append(size)
    if entry.node.nominal:
        return Nominal(entry, entry.name, (*values, *(substitution.dim(closed.value) for closed in entry.closed)))
    return substitution.object(entry.body)
