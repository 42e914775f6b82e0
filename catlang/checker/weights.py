"""Weights as values, 2-cells along which they are computed, and how they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.checker.arguments import arguments_as_substitution, counted
from catlang.checker.colours import colour
from catlang.checker.constancy import depends_on_data
from catlang.checker.constants import constant
from catlang.checker.copies import repeat
from catlang.checker.entry import Constant, FrozenEntry
from catlang.checker.form import is_single
from catlang.checker.labels import check_label
from catlang.checker.meeting import shown
from catlang.checker.mismatch import Joint
from catlang.checker.representable import of_reals
from catlang.checker.scope import Scope, fault
from catlang.checker.use import apply
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import (
    FrozenWeight,
    Instance,
    Repeat,
    Use,
    Value,
    WeightOf,
    Wire,
    object_of,
    wires,
)
from catlang.dims import Dim, Variable
from catlang.objects.colour import Object, ObjectVariable, Product, product, resolve
from catlang.objects.substitution import Substitution
from catlang.span import Span
from catlang.suggest import nearest
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator


#: How a weight may begin, and how many numbers that takes.
INITIALISERS = {"normal": 2, "uniform": 2, "constant": 1, "zeros": 0, "ones": 0,
                "xavier_uniform": 0, "xavier_normal": 0, "kaiming_uniform": 0, "kaiming_normal": 0,
                "orthogonal": 0, "eye": 0}
_REAL = Constant("value", "real", (), None)


def _opaque(instance: Instance | None) -> str:
    """Why an instance has no weights here, where that is because it is an extern's."""
    extern = instance is not None and isinstance(instance.operation, Use) and instance.operation.definition.extern
    return "of the weights of an extern nothing is known: its class has them" if extern else ""


def weight(elaborator: Elaborator, label: str, node: tree.Attribute, scope: Scope) -> Value:
    """``token.weight``"""
    instance = elaborator.find_instance(label)
    if instance is None:
        known = list(elaborator.diagram.scope.instances)
        near = nearest(label, known)
        raise fault("E0603", f"there is no instance labelled `{label}` before this", scope, node.value,
                    help=(f"did you mean `{near}`?" if near else
                          "a label is given by `as`, earlier in the same body",))
    operation = instance.operation
    parts: list[tuple[str, Object]] = []
    if isinstance(operation, Use):
        substitution = arguments_as_substitution(operation)
        parts = [(name, substitution.object(obj)) for name, obj in operation.definition.weights]
    found = dict(parts).get(node.name)
    if found is None:
        near = nearest(node.name, [name for name, _ in parts])
        help = (f"did you mean `{label}.{near}`?",) if near else (
            f"its weights are {', '.join(f'`{name}`' for name, _ in parts)}",) if parts else (
            _opaque(instance) or "only a primitive's instance has weights of its own; label the primitive",)
        raise fault("E0604", f"`{label}` has no weight `{node.name}`", scope, node, help=help)
    return elaborator.box(WeightOf(node.name), (), found, scope.span(node), instance)


def frozen(elaborator: Elaborator, entry: FrozenEntry, span: Span, given: dict[Variable, Dim]) -> Value:
    """A frozen weight, at the sizes ``given`` for the dims of its file; one instance, wherever it is named."""
    if entry.object is None:
        entry.object = colour(entry.node.type, entry.module.scope)
    return elaborator.box(FrozenWeight(entry), (), Substitution(dims=dict(given)).object(entry.object), span)


def along(elaborator: Elaborator, node: tree.Along, value: Value, scope: Scope) -> Value:
    """``f along r``: the weights of ``f`` are ``r`` of other ones."""
    body: tree.Node = node.body
    label: str | None = None
    if isinstance(body, tree.Labelled) and not isinstance(node.map, tree.Labelled):
        label, body = body.label, body.body
    is_copy = isinstance(node.map, tree.Name) and node.map.text == "copy"
    if isinstance(body, tree.Binary) and body.operator == "^":
        if not is_copy:
            raise fault("E0605", "the copies of `f^n` are tied along `copy`, and nothing else", scope, node.map,
                        help=("write `along copy`",))
        return repeat(elaborator, body, value, scope, label, tied=True)
    if not is_single(body, scope):
        raise fault("E0607", "`along` takes one box on its left", scope, body,
                    help=("label the box and put the composite in a morphism of its own",))
    result, instance = elaborator.newest(lambda: apply(elaborator, body, value, scope, label))
    if instance is None or not isinstance(instance.operation, Use):
        raise fault("E0607", "there are no weights here to compute", scope, body, "no learned box of its own")
    if instance.reparameterisation is not None or instance.tied:
        raise fault("E0605", "these weights are already computed along a map", scope, node)
    operation = instance.operation
    if is_copy:
        if not _is_power(operation):
            raise fault("E0605", "`copy` ties the copies of `f^n`, and this is no `f^n`", scope, node.map,
                        help=(f"`{scope.span(body).text}^n along copy` gives n copies one set of weights",))
        instance.tied = True
        return result
    substitution = arguments_as_substitution(operation)
    parts = [(name, substitution.object(obj)) for name, obj in operation.definition.weights]
    if not parts:
        raise fault("E0607", f"`{operation.definition.name}` has no weights of its own", scope, body,
                    help=(_opaque(instance) or
                          "`along` reparameterises a primitive; in a morphism, reparameterise the boxes inside",))
    target = product([obj for _, obj in parts])

    def make(inputs: Value) -> Value:
        elaborator.weight_wires.update(wires(inputs))
        found = elaborator.morphism(node.map, inputs, scope)
        elaborator.join(target, found, Joint("weights", node.map, None, scope))
        return elaborator.shaped(found, target, scope.span(node.map))

    pattern = node.map.pattern if isinstance(node.map, tree.Lambda) else None
    names = _called(_pattern_names(pattern))
    domain: Object = ObjectVariable("_", flexible=True)
    if len(names) > 1:
        domain = product([ObjectVariable("_", flexible=True) for _ in names])
    instance.reparameterisation = elaborator.inner("along", domain, scope.span(node.map), make, transparent=False)
    instance.parts = names
    if depends_on_data(elaborator, instance.reparameterisation.outputs):
        raise fault("E0611", "these weights would depend on the data", scope, node.map,
                    "a map of weights takes weights and constants",
                    ("what depends on the data is an input: `contract` or `matmul` takes two",))
    for name in names:
        check_label(elaborator, name, scope.span(node.map))
    elaborator.pending.append(lambda: _arrays(elaborator, instance, scope.span(node.map), scope))
    return result


def _arrays(elaborator: Elaborator, instance: Instance, span: Span, scope: Scope) -> None:
    """Each new weight is one array of real numbers; of what it is is known when the body has been read."""
    assert instance.reparameterisation is not None
    inputs = instance.reparameterisation.inputs
    for name, part in zip(instance.parts or [""], [inputs] if isinstance(inputs, Wire) else inputs, strict=True):
        obj = resolve(object_of(part))
        if isinstance(obj, Product) and not obj.items:
            elaborator.module.bag.add(Diagnostic(
                "E0605", "this map takes no weights", [Label(span, "computes the same in any case")],
                help=("name the new weights: `along (U, V) |-> ...`",)))
        elif not of_reals(obj):
            what = f"the new weight `{name}` would be" if name else "this map takes"
            elaborator.module.bag.add(Diagnostic(
                "E0605", f"{what} `{shown(object_of(part), scope)}`, and a weight is an array of real numbers",
                [Label(span, "computes weights of it")],
                help=("give each array a name: `along (U, V) |-> ...`",) if isinstance(obj, Product) else ()))


def _pattern_names(pattern: tree.Node | None) -> list[str]:
    if isinstance(pattern, tree.Name):
        return [pattern.text]
    if isinstance(pattern, tree.Typed):
        return [pattern.name]
    if isinstance(pattern, tree.Tuple):
        return [name for item in pattern.items for name in _pattern_names(item)] or [""]
    return [""]


def _called(names: list[str]) -> list[str]:
    """The names of new weights; what has none is called as none of the others is.

    >>> _called(["", "base", ""])
    ['base1', 'base', 'base2']
    """
    free = (name for name in ("base", *(f"base{number}" for number in range(1, len(names) + 1))) if name not in names)
    return [name or next(free) for name in names]


def _is_power(operation: Use) -> bool:
    """Whether all the weights of a definition are those of one ``f^n``."""
    diagram = operation.definition.diagram
    return diagram is not None and len(diagram.instances) == 1 and all(
        isinstance(instance.operation, Repeat) for instance in diagram.instances.values())


def initialised(elaborator: Elaborator, node: tree.Initialised, value: Value, scope: Scope) -> Value:
    """``f init normal(0, 0.02)``"""
    for initialiser in node.initialisers:
        check_initialiser(initialiser, scope)
    result, instance = elaborator.newest(lambda: elaborator.morphism(node.body, value, scope))
    if instance is None or not isinstance(instance.operation, Use) or not instance.operation.definition.weights:
        raise fault("E0607", "there are no weights here to initialise", scope, node.body,
                    help=(_opaque(instance) or "`init` stands behind one learned primitive",))
    known = instance.parts or [name for name, _ in instance.operation.definition.weights]
    for initialiser in node.initialisers:
        if initialiser.weight is not None and initialiser.weight not in known:
            near = nearest(initialiser.weight, known)
            raise fault("E0604", f"there is no weight `{initialiser.weight}` here", scope, initialiser,
                        help=(f"did you mean `{near}`?",) if near else ())
        numbers = [constant(argument, scope, _REAL) for argument in initialiser.arguments]
        instance.initialisers.append((initialiser.weight, initialiser.name, numbers))
    return result


def check_initialiser(initialiser: tree.Initialiser, scope: Scope) -> None:
    if initialiser.name not in INITIALISERS:
        near = nearest(initialiser.name, INITIALISERS)
        raise fault("E0608", f"there is no initialiser `{initialiser.name}`", scope, initialiser,
                    help=(f"did you mean `{near}`?" if near else
                          f"there are {', '.join(f'`{name}`' for name in sorted(INITIALISERS))}",))
    wanted = INITIALISERS[initialiser.name]
    if len(initialiser.arguments) != wanted:
        raise fault("E0608", f"`{initialiser.name}` takes {counted(wanted)}, {len(initialiser.arguments)} given", scope,
                    initialiser)
