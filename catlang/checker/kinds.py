"""Expressions read as dimensions, as constants and as objects.

One grammar serves all three; what an expression is, is decided by where it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.entry import (
    Constant,
    ConstantEntry,
    DimEntry,
    ModuleEntry,
    ObjectEntry,
    ObjectVariableEntry,
    RunEntry,
)
from catlang.checker.formula import Formula, compute
from catlang.checker.scope import Fault, Scope, expected, lookup, unknown
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Dim, Variable
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, decide
from catlang.objects.colour import (
    BOOL,
    MOST_PARTS,
    REAL,
    UNIT,
    UNKNOWN,
    Axis,
    Enormous,
    Finite,
    Nominal,
    Object,
    ObjectVariable,
    Run,
    Substitution,
    power,
    product,
    sum_of,
)
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.entry import Entry

#: No size is larger: PyTorch counts in 64 bits.
LARGEST = 2**63 - 1
#: The names of objects that are built in.
BUILT_IN = ("R", "Fin", "Bool", "List")


def fault(code: str, headline: str, scope: Scope, node: tree.Node, text: str = "", help: tuple[str, ...] = (),
          why: tuple[str, ...] = ()) -> Fault:
    return Fault(Diagnostic(code, headline, [Label(scope.span(node), text)], why, help))


# ------------------------------------------------------------------ dimensions


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
        raise fault("E0408", f"`{_short(scope, node)}` is no size", scope, node, "`as` binds tighter than `^`",
                    (f"write `(f^{_short(scope, node.body)}) as {node.label}`",))
    raise fault("E0408", f"`{_short(scope, node)}` is no size", scope, node,
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


def _short(scope: Scope, node: tree.Node) -> str:
    text = " ".join(scope.span(node).text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def member(node: tree.Attribute, scope: Scope) -> Entry:
    """``blocks.d``: a name of an imported file."""
    if not isinstance(node.value, tree.Name):
        raise fault("E0204", "only a module has names", scope, node)
    entry = lookup(scope, node.value, "module")
    if not isinstance(entry, ModuleEntry):
        raise expected(scope, node.value, entry, "a module")
    found = entry.module.scope.names.get(node.name)
    if found is None:
        from catlang.suggest import nearest

        near = nearest(node.name, entry.module.scope.names)
        raise fault("E0201", f"`{entry.name}` has no `{node.name}`", scope, node,
                    help=(f"did you mean `{entry.name}.{near}`?",) if near else ())
    if isinstance(found, DimEntry) and entry.given:
        return DimEntry(found.name, found.span, dims.substitute(found.value, entry.given))
    return found


# ------------------------------------------------------------------ constants


def constant(node: tree.Node, scope: Scope, wanted: Constant) -> Any:
    """The value of a real, Boolean, integer or choice; a ``Constant`` where it names another one."""
    if isinstance(node, tree.Name):
        entry = scope.find(node.text)
        if isinstance(entry, ConstantEntry):
            entry.used = True
            if entry.constant.kind != wanted.kind and not (wanted.kind == "real" and entry.constant.kind == "int"):
                raise fault("E0507", f"`{wanted.name}` is {describe(wanted)}, `{node.text}` is "
                            f"{describe(entry.constant)}", scope, node)
            return entry.constant
    if wanted.kind == "bool":
        if isinstance(node, tree.Name) and node.text in ("true", "false"):
            return node.text == "true"
    elif wanted.kind == "choice":
        if isinstance(node, tree.Name) and node.text in wanted.choices:
            return node.text
    elif wanted.kind == "int":
        sign, inner = (-1, node.body) if isinstance(node, tree.Prefix) and node.operator == "-" else (1, node)
        if isinstance(inner, tree.Number) and isinstance(inner.value, int):
            return sign * inner.value
    elif wanted.kind == "real":
        found = _real(node, scope, wanted)
        if found is not None:
            return found
    text = _short(scope, node)
    if wanted.kind == "choice":
        from catlang.suggest import nearest

        near = nearest(text, wanted.choices)
        help = f"did you mean `{near}`?" if near else (
            f"write one of {', '.join(f'`{choice}`' for choice in wanted.choices)}")
        raise fault("E0507", f"`{wanted.name}` cannot be `{text}`", scope, node, help=(help,))
    raise fault("E0507", f"`{wanted.name}` is {describe(wanted)}, not `{text}`", scope, node)


def _real(node: tree.Node, scope: Scope, wanted: Constant) -> Any:
    """A real number: a literal, a param, a size, or arithmetic of them; None where it is none."""
    if isinstance(node, tree.Number):
        return float(node.value)
    if isinstance(node, tree.Name):
        entry = scope.find(node.text)
        if isinstance(entry, DimEntry):
            value = dim(node, scope)
            return float(value) if isinstance(value, int) else value
        if isinstance(entry, ConstantEntry) and entry.constant.kind in ("real", "int"):
            entry.used = True
            return entry.constant
        return None
    if isinstance(node, tree.Binary) and node.operator in ("//", "%"):
        size = dim(node, scope)
        return float(size) if isinstance(size, int) else size
    operator, parts = "", []
    if isinstance(node, tree.Prefix) and node.operator == "-":
        operator, parts = "*", [tree.Number(node.start, node.start + 1, -1), node.body]
    elif isinstance(node, tree.Binary):
        operator, parts = node.operator, [node.left, node.right]
    elif isinstance(node, tree.Plus | tree.Times):
        operator, parts = "+" if isinstance(node, tree.Plus) else "*", list(node.items)
    elif (isinstance(node, tree.Apply) and isinstance(node.function, tree.Name) and node.function.text == "sqrt"
            and len(node.arguments) == 1):
        operator, parts = "sqrt", list(node.arguments)
    if operator not in ("+", "-", "*", "/", "^", "sqrt"):
        return None
    values = [_real(part, scope, wanted) for part in parts]
    if any(value is None for value in values):
        return None
    result: Any = values[0]
    try:
        if operator == "sqrt":
            return _computed(operator, values)
        for value in values[1:]:
            result = _computed(operator, [result, value])
    except (ArithmeticError, ValueError):
        raise fault("E0507", "this is no real number", scope, node) from None
    return result


def _computed(operator: str, values: list[Any]) -> Any:
    if all(isinstance(value, float) for value in values):
        return compute(operator, values)
    return Formula(operator, tuple(values))


def describe(wanted: Constant) -> str:
    return {"real": "a real number", "int": "an integer", "bool": "`true` or `false`",
            "choice": "a choice"}[wanted.kind]


def constant_kind(node: tree.Node, name: str) -> Constant | None:
    """``real``, ``bool``, ``int`` or ``choice(a, b)`` read as a kind; None where it is something else."""
    if isinstance(node, tree.Name) and node.text in ("real", "bool", "int"):
        return Constant(name, node.text, (), None)
    if (isinstance(node, tree.Apply) and isinstance(node.function, tree.Name) and node.function.text == "choice"
            and all(isinstance(item, tree.Name) for item in node.arguments)):
        return Constant(name, "choice", tuple(item.text for item in node.arguments if isinstance(item, tree.Name)), None)
    return None


# ------------------------------------------------------------------ objects


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
            found = _applied(entry, [], node, scope)
            return Substitution(dims=module.given).object(found)  # type: ignore[attr-defined]
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
    raise fault("E0204", f"`{_short(scope, node)}` is no object", scope, node,
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
            return _applied(entry, node.arguments, node, scope)
    raise fault("E0204", f"`{_short(scope, node)}` is no object", scope, node)


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
        return _applied(entry, arguments, node, scope)
    help: tuple[str, ...] = ()
    if isinstance(entry, DimEntry):
        help = (f"a vector of that length is `R[{head.text}]`, a set of that size `Fin[{head.text}]`",)
    problem = expected(scope, head, entry, "an object")
    assert problem.diagnostic is not None
    raise Fault(Diagnostic("E0204", problem.diagnostic.headline, problem.diagnostic.labels, help=help))


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


def _applied(entry: ObjectEntry, arguments: list[tree.Node], node: tree.Node, scope: Scope) -> Object:
    entry.module.object_header(entry)
    if entry.state == "broken":
        raise Fault(None)
    if len(arguments) != len(entry.generics):
        wanted = ", ".join(generic.name for generic in entry.generics)
        if not entry.generics:
            raise fault("E0501", f"`{entry.name}` takes nothing in brackets", scope, node)
        raise fault("E0501", f"`{entry.name}` takes {len(entry.generics)} argument{'s' * (len(entry.generics) != 1)}, "
                    f"{len(arguments)} given", scope, node, help=(f"write `{entry.name}[{wanted}]`",) if wanted else ())
    substitution = Substitution()
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
        return Nominal(entry, entry.name, tuple(values))
    return substitution.object(entry.body)


# ------------------------------------------------------------------ conditions


def constraints(relation: tree.Relation, scope: Scope) -> list[Constraint]:
    """``a <= b == c`` as constraints between neighbours."""
    sides = [dim(side, scope) for side in relation.sides]
    return [Constraint(relator, left, right)
            for left, relator, right in zip(sides, relation.relators, sides[1:], strict=False)]


__all__ = ["UNKNOWN", "axis", "colour", "constant", "constant_kind", "constraints", "dim", "exponent", "fault", "member"]
