"""Headers of externs: what a class of ``nn.Module`` may be said to be.

``extern morphism f : A -> B = python "package.module:Class" (width = d)`` is a box whose meaning stands in Python. A
check never looks there: it holds the header to what any such box can have, and the box is opaque from then on.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = 'extern morphism f[d] : R[d] -> R[2*d] = python "models:Wide" (width = d, eps = 1e-5)'
>>> [extern] = check_source(Source("m.cat", None, text)).definitions
>>> extern.given, extern.learned, extern.noisy
({'width': d, 'eps': 1e-05}, True, True)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from catlang.checker.constants import constant
from catlang.checker.entry import Constant, ConstantEntry, Definition, DimEntry
from catlang.checker.representable import fixed, function_in
from catlang.checker.scope import Fault, Scope, bad_name, fault
from catlang.checker.sizes import dim
from catlang.diagnostic import Diagnostic, Label
from catlang.objects.colour import Object, ObjectVariable, Power, Product, Sum, resolve, show
from catlang.span import Span
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.dims import Dim

    #: What a class is made with: a size, a truth value, a real number, or a constant or a formula that will be one.
    Argument = Dim | bool | float | Constant | Any

#: ``package.module:Class``, either side with dots.
_REFERENCE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def extern_header(definition: Definition, node: tree.Extern, scope: Scope) -> None:
    """Holds the header of an extern to what a module can have, and reads what its class is made with."""
    end = node.reference_start + len(node.reference) + 2
    if not _REFERENCE.fullmatch(node.reference):
        span = Span(scope.source, node.reference_start, end)
        raise Fault(Diagnostic(
            "E0113", f"`{node.reference}` names no class of Python", [Label(span)],
            help=('a module and a class in it: `python "package.module:Class"`',)))
    for given, generic in zip(definition.generics, node.generics, strict=True):
        if not isinstance(given.entry, DimEntry | ConstantEntry):
            entry = given.entry
            raise fault("E0330", f"the generic `{entry.name}` of an extern is {entry.called}", scope, generic,
                        "no size and no constant", ("a class of Python is made and called with sizes and numbers",))
    if resolve(definition.domain) == Product(()):
        raise fault("E0330", f"the extern `{definition.name}` takes nothing", scope, node.type.domain, "",
                    ("a learned point is `parameter`; a module is called with at least one array",))
    for obj, written in ((definition.domain, node.type.domain), (definition.codomain, node.type.codomain)):
        foreign = _no_array(obj)
        if foreign is not None:
            raise fault("E0321", f"`{show(foreign)}` is no array, and an extern takes and gives arrays", scope, written,
                        "is in here", ("write what stands around the module in catlang: `map`, `fold` and `[f, g]` "
                                       "take an extern as any other morphism",))
    for item in node.given:
        span = Span(scope.source, item.start, item.start + len(item.name))
        if item.name in definition.given:
            raise Fault(Diagnostic("E0503", f"`{item.name}` is given twice", [Label(span)]))
        bad = bad_name(item.name, span)
        if bad is not None:
            raise Fault(bad)
        definition.given[item.name] = argument(item.value, scope)


def argument(node: tree.Node, scope: Scope) -> Argument:
    """What a class is made with: a truth value, a size, a real number, or the constant that is named."""
    if isinstance(node, tree.Name):
        entry = scope.find(node.text)
        if isinstance(entry, ConstantEntry):
            entry.used = True
            return entry.constant
        if entry is None and node.text in ("true", "false"):
            return node.text == "true"
    if any(_real(one, scope) for one in tree.walk(node)):
        return constant(node, scope, Constant("argument", "real", (), None))
    return dim(node, scope)


def _real(node: tree.Node, scope: Scope) -> bool:
    """Whether a node makes what it stands in a real number."""
    if isinstance(node, tree.Number):
        return isinstance(node.value, float)
    if isinstance(node, tree.Binary):
        return node.operator == "/"
    return isinstance(node, tree.Name) and (
        node.text == "sqrt" or isinstance(scope.find(node.text), ConstantEntry))


def _no_array(obj: Object) -> Object | None:
    """The first part of an object that is not made of arrays."""
    obj = resolve(obj)
    if isinstance(obj, Product):
        return next((found for item in obj.items if (found := _no_array(item)) is not None), None)
    if isinstance(obj, Power):
        return obj if _no_array(obj.base) is not None else None
    function = function_in(obj)
    if function is not None:
        return function
    return obj if isinstance(obj, Sum | ObjectVariable) or fixed(obj) else None
