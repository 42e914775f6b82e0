"""Arguments for generics: those in brackets, defaults, and fresh ones to be inferred.

In brackets they stand by place or by name; ``_`` leaves one to be inferred from the objects that meet.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = "morphism f : R[3] -> R[5] = affine[_, 4] >> relu >> affine[n = 6] >> affine"
>>> module = check_source(Source("m.cat", None, text))
>>> [box.outputs.object for box in module.scope.names["f"].diagram.boxes]
[R[4], R[4], R[6], R[5]]
"""

from __future__ import annotations

from typing import Any

from catlang import dims
from catlang.checker.colours import axis, colour, entry_of, functor
from catlang.checker.constants import constant
from catlang.checker.entry import (
    ConstantEntry,
    Definition,
    DimEntry,
    Entry,
    FunctorVariableEntry,
    ObjectEntry,
    ObjectVariableEntry,
    RunEntry,
)
from catlang.checker.scope import Scope, fault, shortened
from catlang.checker.sizes import dim
from catlang.diagram.diagram import Use
from catlang.dims import Variable
from catlang.objects.colour import (
    REAL,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    axes_of,
    dims_of,
    power,
    resolve,
)
from catlang.objects.functor import FunctorVariable
from catlang.objects.substitution import Substitution
from catlang.suggest import nearest
from catlang.syntax import tree


def instantiate(definition: Definition, brackets: list[tree.Node], scope: Scope, given: dict[Variable, dims.Dim] | None,
                node: tree.Node | None = None) -> tuple[dict[str, Any], Substitution]:
    """Arguments for every generic: those in brackets, defaults, and fresh ones to be inferred."""
    arguments = _bracketed(definition, brackets, scope, node)
    substitution = Substitution(dims=dict(given) if given else {})
    for generic in definition.generics:
        entry = generic.entry
        name = entry.name
        if isinstance(entry, DimEntry):
            [rigid] = dims.variables(entry.value)
            if name not in arguments:
                if generic.default is not None:
                    arguments[name] = substitution.dim(dim(generic.default, definition.scope))
                else:
                    arguments[name] = Variable(name, rigid.least, flexible=True).poly
            substitution.dims[rigid] = arguments[name]
        elif isinstance(entry, ObjectVariableEntry):
            if name not in arguments:
                arguments[name] = ObjectVariable(name, flexible=True)
            run, made = entry.variable.shape, arguments[name]
            if run is not None and isinstance(made, ObjectVariable):
                # The body uses it as numbers: it is an array of any shape.
                fresh_run = Run(name, flexible=True)
                substitution.runs[run] = (fresh_run,)
                if made.flexible and made.solution is None:
                    made.solution = power(REAL, (fresh_run,))
            substitution.objects[entry.variable] = arguments[name]
        elif isinstance(entry, FunctorVariableEntry):
            if name not in arguments:
                arguments[name] = FunctorVariable(name, flexible=True)
            substitution.functors[entry.variable] = arguments[name]
        elif isinstance(entry, RunEntry):
            if name not in arguments:
                arguments[name] = (Run(name, flexible=True),)
            substitution.runs[entry.run] = arguments[name]
        elif isinstance(entry, ConstantEntry) and name not in arguments:
            if entry.constant.default is None:
                raise fault("E0505", f"`{definition.name}` needs its `{name}`", scope, node or definition.node,
                            help=(f"write `{definition.name}[{name} = ...]`",))
            arguments[name] = entry.constant.default
    return arguments, substitution


def _bracketed(definition: Definition, brackets: list[tree.Node], scope: Scope,
               node: tree.Node | None) -> dict[str, Any]:
    entries = [generic.entry for generic in definition.generics]
    by_name = {entry.name: entry for entry in entries}
    found: dict[str, Any] = {}
    place = 0
    for item in brackets:
        if isinstance(item, tree.Named):
            entry = by_name.get(item.name)
            if entry is None:
                near = nearest(item.name, by_name)
                raise fault("E0502", f"`{definition.name}` has no generic `{item.name}`", scope, _name_of(item),
                            help=(f"did you mean `{near}`?",) if near else listed(definition))
            if item.name in found:
                raise fault("E0503", f"`{item.name}` is given twice", scope, _name_of(item))
            if isinstance(entry, RunEntry):
                values = item.value.items if isinstance(item.value, tree.Tuple) else [item.value]
                found[item.name] = tuple(axis(one, scope) for one in values)
            else:
                found[item.name] = _argument(entry, item.value, scope, definition)
            continue
        if place >= len(entries):
            raise fault("E0501", f"`{definition.name}` takes {counted(len(entries))} in brackets, "
                        f"{len(brackets)} given", scope, item, "one too many", listed(definition))
        entry = entries[place]
        if isinstance(entry, RunEntry):
            if not (isinstance(item, tree.Wildcard) and entry.name not in found):
                found[entry.name] = (*found.get(entry.name, ()), axis(item, scope))
            continue
        place += 1
        if isinstance(item, tree.Wildcard):
            continue
        found[entry.name] = _argument(entry, item, scope, definition)
    return found


def _name_of(item: tree.Named) -> tree.Node:
    """The name in ``name = value``, as a place."""
    return tree.Name(item.start, item.start + len(item.name), item.name)


def counted(count: int) -> str:
    return "nothing" if count == 0 else "one argument" if count == 1 else f"{count} arguments"


def listed(definition: Definition) -> tuple[str, ...]:
    names = [f"{generic.entry.name}..." if isinstance(generic.entry, RunEntry) else generic.entry.name
             for generic in definition.generics]
    return (f"its generics are {', '.join(f'`{name}`' for name in names)}",) if names else ()


def _argument(entry: Entry, node: tree.Node, scope: Scope, definition: Definition) -> Any:
    if isinstance(entry, DimEntry):
        if entry_of(node, scope) is not None:
            named = next((generic.entry.name for generic in definition.generics
                          if isinstance(generic.entry, FunctorVariableEntry)), None)
            raise fault("E0504", f"`{entry.name}` of `{definition.name}` is a size, this is an endofunctor", scope,
                        node, "a size is wanted here",
                        (f"write `{named} = {shortened(scope, node)}`",) if named else ())
        if isinstance(node, tree.Index) or (isinstance(node, tree.Name) and isinstance(
                scope.find(node.text), ObjectEntry | ObjectVariableEntry)):
            raise fault("E0504", f"`{entry.name}` of `{definition.name}` is a size, this is an object", scope, node,
                        "a size is wanted here")
        value = dim(node, scope)
        [rigid] = dims.variables(entry.value)
        if isinstance(value, int) and value < rigid.least:
            raise fault("E0405", f"`{entry.name}` of `{definition.name}` cannot be {value}", scope, node,
                        f"it is at least {rigid.least}")
        return value
    if isinstance(entry, ObjectVariableEntry):
        return colour(node, scope)
    if isinstance(entry, FunctorVariableEntry):
        return functor(node, scope)
    assert isinstance(entry, ConstantEntry)
    return constant(node, scope, entry.constant)


def generics_in(obj: Object) -> set[Any]:
    """The generic sizes, runs and objects that occur in an object."""
    if isinstance(obj, ObjectVariable):
        return {obj}
    if isinstance(obj, Power):
        found = generics_in(obj.base)
        for axis in obj.axes:
            found |= {axis} if isinstance(axis, Run) else set(dims.variables(axis))
        return found
    if isinstance(obj, Product | Sum):
        return set().union(*(generics_in(item) for item in obj.items))
    if obj.parts():
        return set().union(*(generics_in(part) for part in obj.parts()))
    return {variable for size in dims_of(obj) for variable in dims.variables(size)}


def arguments_as_substitution(operation: Use) -> Substitution:
    """The arguments of a use, put for the generics of its definition."""
    substitution = Substitution(dims=dict(operation.arguments.get("", {})))
    for generic in operation.definition.generics:
        entry = generic.entry
        value = operation.arguments[entry.name]
        if isinstance(entry, DimEntry):
            [rigid] = dims.variables(entry.value)
            substitution.dims[rigid] = value
        elif isinstance(entry, ObjectVariableEntry):
            substitution.objects[entry.variable] = value
            if (shape := entry.variable.shape) is not None:
                substitution.runs[shape] = axes_of(resolve(value))
        elif isinstance(entry, RunEntry):
            substitution.runs[entry.run] = value
        elif isinstance(entry, FunctorVariableEntry):
            substitution.functors[entry.variable] = value
    return substitution
