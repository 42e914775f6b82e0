"""Expressions read as objects, and as the endofunctors that objects are made by.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''endofunctor TreeF[A](X) = A + X * X
... endofunctor Maybe(X) = 1 + X
... endofunctor Both = Maybe >> TreeF[Bool]
... object Tree[A] = mu TreeF[A]
... morphism leaves : Tree[R[2]] * List(Bool) -> TreeF[R[2]](R[3]) * Both(R[4]) = ...'''
>>> module = check_source(Source("m.cat", None, text))
>>> module.scope.names["leaves"].domain, module.scope.names["leaves"].codomain
((mu TreeF[R[2]]) * List(Bool), (R[2] + R[3] * R[3]) * (Bool + (1 + R[4]) * (1 + R[4])))
>>> text = '''object Both[s..., A] = R[s...] * A
... morphism first : Both[3, 4, Bool] -> R[3, 4] = fst'''
>>> check_source(Source("m.cat", None, text)).scope.names["first"].domain
R[3, 4] * Bool
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from catlang import dims
from catlang.checker.entry import (
    DimEntry,
    Entry,
    FunctorEntry,
    FunctorVariableEntry,
    ObjectEntry,
    ObjectVariableEntry,
    RunEntry,
)
from catlang.checker.scope import (
    Fault,
    Scope,
    bad_name,
    expected,
    fault,
    find_within,
    hides_nothing,
    lookup,
    member,
    shortened,
)
from catlang.checker.sizes import dim
from catlang.diagnostic import Diagnostic, Label
from catlang.dims import Dim, Variable
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
    Power,
    Product,
    Run,
    Sum,
    power,
    product,
    sum_of,
)
from catlang.objects.functor import (
    AnyFunctor,
    Exponential,
    Fixed,
    Functor,
    Recursive,
    abstract,
    apply,
    compose,
    list_of,
)
from catlang.objects.substitution import Substitution
from catlang.span import Span
from catlang.syntax import tree

#: The names of objects that are built in.
BUILT_IN = ("R", "Fin", "Bool", "List")


def built_in(name: str, span: Span) -> Diagnostic:
    """A name that is built in, where it is declared."""
    return Diagnostic("E0203", f"`{name}` is built in", [Label(span, "cannot be declared")],
                      help=("choose another name",))


def colour(node: tree.Node, scope: Scope) -> Object:
    """The object an expression stands for."""
    try:
        found = _colour(node, scope)
        return measured(found) if isinstance(found, Fixed | Exponential) or isinstance(node, tree.Apply) else found
    except Enormous:
        raise enormous(scope, node) from None


def measured(obj: Object) -> Object:
    """The object, if it is not enormous with all that its fixed points are called by: names of theirs hold objects too,
    which are twice there for each fixed point around them."""
    stack: list[Any] = [obj]
    left = MOST_PARTS
    while stack:
        part = stack.pop()
        left -= 1
        if left < 0:
            raise Enormous
        if isinstance(part, Product | Sum):
            stack += part.items
        elif isinstance(part, Power):
            left += 1
            stack.append(part.base)
        elif isinstance(part, Fixed) and isinstance(part.functor, Functor):
            stack += [part.functor.body, *part.functor.arguments]
        elif isinstance(part, Object):
            stack += part.parts()
    return obj


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
        if _is_object(node.right, scope):
            return Exponential(colour(node.left, scope), colour(node.right, scope))
        return power(colour(node.left, scope), exponent(node.right, scope))
    if isinstance(node, tree.Tuple) and not node.items:
        return UNIT
    if isinstance(node, tree.Attribute):
        entry = member(node, scope)
        if isinstance(entry, ObjectEntry):
            return _applied(entry, [], node, scope, given_within(node, entry, scope))
        raise expected(scope, node, entry, "an object")
    if isinstance(node, tree.Wildcard):
        return ObjectVariable("_", flexible=True)
    if isinstance(node, tree.Hole):
        raise fault("E0207", "a hole where an object should be", scope, node, help=("write the object",))
    if isinstance(node, tree.Over):
        raise fault("E0901", "`over` a semiring is not there yet", scope, node)
    if isinstance(node, tree.Prefix) and node.operator in ("mu", "nu"):
        return Fixed(node.operator, functor(node.body, scope))
    if isinstance(node, tree.Apply):
        if _is_list(node.function, scope):
            return list_of(_argument(node, scope))
        if entry_of(node.function, scope) is not None or isinstance(node.function, tree.Lambda | tree.Compose):
            return apply(functor(node.function, scope), _argument(node, scope))
        if isinstance(node.function, tree.Name) and scope.find(node.function.text) is None and (
                node.function.text in BUILT_IN):
            inner = ", ".join(scope.span(item).text for item in node.arguments)
            raise fault("E0204", f"sizes stand in brackets: `{node.function.text}[{inner}]`", scope, node)
        if isinstance(node.function, tree.Name | tree.Index | tree.Attribute):
            functor(node.function, scope)
    if isinstance(node, tree.Tuple):
        raise fault("E0204", "a pair is no object", scope, node, help=("the product of objects is written with `*`",))
    raise fault("E0204", f"`{shortened(scope, node)}` is no object", scope, node,
                help=("objects are `R[n]`, `Fin[n]`, `Bool`, `1`, declared ones, and `* + ^` of them",))


def given_within(node: tree.Attribute, entry: ObjectEntry | FunctorEntry, scope: Scope) -> dict[Variable, Dim]:
    """The sizes put for the dims of the file that a name with a dot in it is of."""
    _, module = find_within(node, scope)
    return scope.put(entry.module.scope) if module is None else module.given


def _argument(node: tree.Apply, scope: Scope) -> Object:
    """The one object that a functor is applied to."""
    if len(node.arguments) != 1:
        name = shortened(scope, node.function)
        product = " * ".join(scope.span(item).text for item in node.arguments)
        raise fault("E0501", f"`{name}` is applied to one object, {len(node.arguments) or 'none'} given", scope, node,
                    help=(f"write `{name}({product or 'A'})`",))
    return colour(node.arguments[0], scope)


def _is_object(node: tree.Node, scope: Scope) -> bool:
    """Whether an object, not a size, stands above another one."""
    if isinstance(node, tree.Index | tree.Apply):
        return True
    if isinstance(node, tree.Times | tree.Plus):
        return any(_is_object(item, scope) for item in node.items)
    if isinstance(node, tree.Binary):
        return _is_object(node.left, scope)
    entry = scope.find(node.text) if isinstance(node, tree.Name) else None
    if entry is None:
        return isinstance(node, tree.Name) and node.text in BUILT_IN
    return isinstance(entry, ObjectEntry | ObjectVariableEntry)


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
            return _applied(entry, node.arguments, node, scope, given_within(head, entry, scope))
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
    elif isinstance(entry, FunctorEntry | FunctorVariableEntry):
        name = shortened(scope, node)
        help = (f"`{name}(X)` is an object, and so is the fixed point `mu {name}`",)
    raise expected(scope, head, entry, "an object", help=help)


def _built_in(name: str, arguments: list[tree.Node], node: tree.Node, scope: Scope, indexed: bool) -> Object:
    if name == "List":
        inner = " * ".join(scope.span(item).text for item in arguments)
        raise fault("E0501", "`List` is applied to the object of its elements", scope, node,
                    help=(f"write `List({inner or 'A'})`",))
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
    runs = sum(isinstance(generic, RunEntry) for generic in entry.generics)
    spare = len(arguments) - len(entry.generics)
    if spare != 0 and not (runs == 1 and spare >= -1):
        wanted = ", ".join(f"{generic.name}..." if isinstance(generic, RunEntry) else generic.name
                           for generic in entry.generics)
        if not entry.generics:
            raise fault("E0501", f"`{entry.name}` takes nothing in brackets", scope, node)
        raise fault("E0501", f"`{entry.name}` takes {len(entry.generics)} argument{'s' * (len(entry.generics) != 1)}, "
                    f"{len(arguments)} given", scope, node, help=(f"write `{entry.name}[{wanted}]`",) if wanted else ())
    substitution = Substitution(dims=dict(given))
    values: list[Any] = []
    waiting = iter(arguments)
    for generic in entry.generics:
        if isinstance(generic, RunEntry):
            # A run is all that the others leave.
            substitution.runs[generic.run] = tuple(axis(argument, scope) for argument in islice(waiting, spare + 1))
            continue
        argument = next(waiting)
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


# -------------------------------------------------------------------- endofunctors


def functor(node: tree.Node, scope: Scope) -> AnyFunctor:
    """The endofunctor that an expression stands for."""
    try:
        found = _functor(node, scope)
        if isinstance(found, Functor):
            measured(Fixed("mu", found))
        return found
    except Enormous:
        raise enormous(scope, node) from None


def _functor(node: tree.Node, scope: Scope) -> AnyFunctor:
    if isinstance(node, tree.Name | tree.Attribute):
        return _named_functor(node, [], scope, node)
    if isinstance(node, tree.Index):
        return _named_functor(node.function, node.arguments, scope, node)
    if isinstance(node, tree.Compose):
        made: AnyFunctor | None = None
        for part in node.parts:
            found = functor(part, scope)
            if not isinstance(found, Functor):
                raise fault("E0204", f"`{shortened(scope, part)}` may be any endofunctor, and does not compose",
                            scope, part, "not known here")
            made = found if made is None else compose(made, found)  # type: ignore[arg-type]
        assert made is not None
        return made
    if isinstance(node, tree.Lambda) and isinstance(node.pattern, tree.Name):
        return place(node.pattern.text, scope.span(node.pattern), node.body, Scope(scope, scope.source))
    if isinstance(node, tree.Apply) and acts(node.function, scope):
        name = shortened(scope, node.function)
        raise fault("E0204", f"`{shortened(scope, node)}` is an object, not an endofunctor", scope, node,
                    "an endofunctor is wanted here", (f"the endofunctor is `{name}` alone",))
    raise fault("E0204", f"`{shortened(scope, node)}` is no endofunctor", scope, node,
                help=("endofunctors are declared ones, `F >> G` of them, and `(X |-> ...)`",))


def _is_list(node: tree.Node, scope: Scope) -> bool:
    """Whether a name is the `List` that is built in."""
    return isinstance(node, tree.Name) and node.text == "List" and scope.find("List") is None


def place(name: str, span: Span, body: tree.Node, scope: Scope) -> Functor:
    """The endofunctor that has an object with its variable's place in it. In an exponent there is none: what goes into
    an object turns around what comes out of it."""
    if name in BUILT_IN:
        raise Fault(built_in(name, span))
    bad = bad_name(name, span)
    if bad is not None:
        raise Fault(bad)
    hides_nothing(name, span, scope)
    variable = ObjectVariable(name)
    scope.names[name] = ObjectVariableEntry(name, span, variable)
    made = abstract(variable, colour(body, scope))
    if _in_exponent(made.body, 0):
        raise fault("E0322", f"`{name}` stands in an exponent, so this is no endofunctor", scope, body,
                    f"turns morphisms of `{name}` around", ("let it stand below: `X^I` for an object `I`",))
    return made


def _in_exponent(obj: Any, level: int) -> bool:
    """Whether the place that is ``level`` fixed points further out is in the exponent of something."""
    if isinstance(obj, Exponential):
        return speaks(obj.exponent, level) or _in_exponent(obj.base, level)
    if isinstance(obj, Fixed) and isinstance(obj.functor, Functor):
        return _in_exponent(obj.functor.body, level + 1)
    if isinstance(obj, Product | Sum):
        return any(_in_exponent(item, level) for item in obj.items)
    return isinstance(obj, Power) and _in_exponent(obj.base, level)


def speaks(obj: Any, level: int) -> bool:
    """Whether the place that is ``level`` fixed points further out stands in an object."""
    if isinstance(obj, Recursive):
        return obj.level == level
    if isinstance(obj, Fixed) and isinstance(obj.functor, Functor):
        return speaks(obj.functor.body, level + 1)
    if isinstance(obj, Product | Sum):
        return any(speaks(item, level) for item in obj.items)
    if isinstance(obj, Power):
        return speaks(obj.base, level)
    return isinstance(obj, Object) and any(speaks(part, level) for part in obj.parts())


def acts(node: tree.Node, scope: Scope) -> bool:
    """Whether an expression in front of parentheses is an endofunctor by its name."""
    return entry_of(node, scope) is not None or _is_list(node, scope)


def entry_of(node: tree.Node, scope: Scope) -> Entry | None:
    """What the name in front of a functor's brackets stands for, where it is one."""
    if isinstance(node, tree.Index):
        node = node.function
    found: Entry | None = None
    if isinstance(node, tree.Name):
        found = scope.find(node.text)
    elif isinstance(node, tree.Attribute):
        found, _ = find_within(node, scope)
    return found if isinstance(found, FunctorEntry | FunctorVariableEntry) else None


def _named_functor(head: tree.Node, arguments: list[tree.Node], scope: Scope, node: tree.Node) -> AnyFunctor:
    given: dict[dims.Variable, dims.Dim] = {}
    if isinstance(head, tree.Name):
        if head.text in BUILT_IN and scope.find(head.text) is None:
            return _built_in_functor(head.text, node, scope)
        entry = lookup(scope, head, "endofunctor")
        if isinstance(entry, FunctorEntry):
            given = scope.put(entry.module.scope)
    elif isinstance(head, tree.Attribute):
        entry = member(head, scope)
        if isinstance(entry, FunctorEntry):
            given = given_within(head, entry, scope)
    else:
        raise fault("E0204", f"`{shortened(scope, node)}` is no endofunctor", scope, node)
    if isinstance(entry, FunctorVariableEntry):
        if arguments:
            raise fault("E0501", f"`{entry.name}` takes no arguments in brackets", scope, node)
        return entry.variable
    if not isinstance(entry, FunctorEntry):
        raise expected(scope, head, entry, "an endofunctor")
    entry.module.functor_header(entry)
    if entry.functor is None:
        raise Fault(None)
    if len(arguments) != len(entry.generics):
        wanted = ", ".join(generic.name for generic in entry.generics)
        takes = {0: "nothing", 1: "one argument"}.get(len(entry.generics), f"{len(entry.generics)} arguments")
        raise fault("E0501", f"the endofunctor `{entry.name}` takes {takes} in brackets, {len(arguments) or 'none'} "
                    "given", scope, node, help=(f"write `{entry.name}[{wanted}]`" if wanted else
                                                f"write `{entry.name}`",))
    substitution = Substitution(dims=dict(given))
    values: list[Any] = []
    for generic, argument in zip(entry.generics, arguments, strict=True):
        if isinstance(generic, ObjectVariableEntry):
            values.append(colour(argument, scope))
            substitution.objects[generic.variable] = values[-1]
        elif isinstance(generic, DimEntry) and isinstance(generic.value, dims.Poly):
            size = axis(argument, scope)
            if isinstance(size, Run):
                raise fault("E0504", f"`{generic.name}` is one size, not a run of axes", scope, argument)
            substitution.dims[dims.variables(generic.value)[0]] = size
            values.append(size)
    return Functor(substitution.object(entry.functor.body), entry.name, tuple(values))


def _built_in_functor(name: str, node: tree.Node, scope: Scope) -> AnyFunctor:
    """``List`` is an endofunctor too; no other object that is built in is one."""
    text = shortened(scope, node)
    if name != "List":
        raise fault("E0204", f"`{text}` is an object, not an endofunctor", scope, node, "an endofunctor is wanted here",
                    (f"one that has it at each place is `endofunctor F(X) = 1 + {text} * X`",))
    if isinstance(node, tree.Index):
        inner = " * ".join(scope.span(item).text for item in node.arguments)
        raise fault("E0501", "the endofunctor `List` takes nothing in brackets", scope, node,
                    help=(f"lists of `{inner}` are the object `List({inner})`",))
    variable = ObjectVariable("A")
    return abstract(variable, list_of(variable), "List")
