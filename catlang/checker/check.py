"""Everything in a module elaborated, and every mistake in it told."""

from __future__ import annotations

from catlang.checker import header
from catlang.checker.colours import enormous
from catlang.checker.elaborate import Elaborator
from catlang.checker.entry import (
    CellEntry,
    Definition,
    FrozenEntry,
    FunctorEntry,
    ModelEntry,
    ObjectEntry,
    OfModel,
    TheoryEntry,
)
from catlang.checker.loader import Library
from catlang.checker.module import Module
from catlang.checker.scope import Fault
from catlang.checker.theory import equations, open_law
from catlang.checker.weights import check_initialiser
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import Instance, Use, captured
from catlang.objects.colour import Enormous, resolve_axes, resolve_part
from catlang.syntax import tree


def check_module(module: Module) -> None:
    """Elaborates everything in a module that has not been elaborated yet."""
    for entry in list(module.scope.names.values()):
        if isinstance(entry, ObjectEntry):
            try:
                module.object_header(entry)
            except Fault as problem:
                module.fault(problem)
        elif isinstance(entry, FunctorEntry):
            try:
                module.functor_header(entry)
            except Fault as problem:
                module.fault(problem)
        elif isinstance(entry, FrozenEntry):
            _frozen(entry, module)
        elif isinstance(entry, TheoryEntry):
            module.theory_header(entry)
            check_theory(entry)
    for definition in module.definitions:
        module.header(definition)
        check_definition(definition)
    for cell in module.cells:
        _cell(cell, module)
    for entry in list(module.scope.names.values()):
        if isinstance(entry, ModelEntry):
            _model(entry)


def check_definition(definition: Definition) -> None:
    """Elaborates a definition's bodies, unless that was done; a body that makes no sense leaves it ``broken``."""
    module = definition.module
    module.header(definition)
    if definition.state != "header" or not isinstance(definition.node, tree.Morphism):
        return
    node = definition.node
    definition.state = "open"
    if node.body is None:
        module.bag.add(Diagnostic("E0207", f"the {node.keyword} `{definition.name}` has no body",
                                  [Label(definition.span, "declared here")],
                                  help=("write one, or `= ...` for a hole; a signature alone is a `primitive`",)))
        definition.state = "broken"
        return
    errors = module.bag.errors
    try:
        definition.diagram = Elaborator(module, definition, check_definition).body(node.body)
        if node.evaluation is not None:
            definition.evaluation = Elaborator(module, definition, check_definition).body(node.evaluation)
            if module.bag.errors == errors:
                shared_with_evaluation(definition)
        definition.state = "done" if module.bag.errors == errors else "broken"
    except Fault as problem:
        module.fault(problem)
        definition.state = "broken"
    except Enormous:
        module.fault(enormous(definition.scope, node.body))
        definition.state = "broken"
    if not isinstance(module, Library):
        _unused(definition, module)


def check_theory(theory: TheoryEntry) -> None:
    """Elaborates the laws of a theory, each side once for all models."""
    module = theory.module
    if theory.state != "done":
        return
    for law in theory.laws:
        for side in law.sides:
            check_definition(side)
            if side.state != "done":
                theory.state = "broken"
                break
            open_type = None if side.place else open_law(law)
            if open_type is not None:
                module.bag.add(open_type)
                theory.state = "broken"
                break


def _model(model: ModelEntry) -> None:
    """Elaborates the laws of a model's theory with what the model says put in."""
    module, theory = model.module, model.theory
    if model.state != "done" or theory is None:
        return
    check_theory(theory)
    own = [one for one in module.definitions if isinstance(one, OfModel) and one.model is model]
    if theory.state != "done" or any(operation.state != "done" for operation in own):
        return
    try:
        model.equations = equations(model)
    except Fault as problem:
        module.fault(problem)
        return
    for _, sides in model.equations:
        for side in sides:
            check_definition(side)


def shared_with_evaluation(definition: Definition) -> None:
    """An instance that both bodies have is one: written alike, with the same arguments, taking nothing from around."""
    assert definition.diagram is not None and definition.evaluation is not None
    for name, second in definition.evaluation.instances.items():
        first = definition.diagram.instances.get(name)
        if first is None:
            continue
        if not _same(first, second):
            labels = [Label(found.span, "here", number == 0) for number, found in enumerate((second, first))
                      if found.span is not None]
            raise Fault(Diagnostic("E0612", f"both bodies have an instance `{name}`, and they differ", labels,
                                   why=("an instance under one name is one, in training and in evaluation",),
                                   help=("give the one in the second body a label of its own",)))


def _same(first: Instance, second: Instance) -> bool:
    """Whether two instances of the two bodies may be one."""
    one, other = first.operation, second.operation
    if isinstance(one, Use) and isinstance(other, Use):
        if one.definition is not other.definition or not _alike(one, other):
            return False
    elif type(one) is not type(other):
        return False
    pairs = list(zip(one.inside().values(), other.inside().values(), strict=True))
    if pairs and (first.span is None or second.span is None or first.span.text != second.span.text):
        return False
    return all(
        not captured(body) and not captured(twin) and body.instances.keys() == twin.instances.keys()
        and all(_same(inner, twin.instances[name]) for name, inner in body.instances.items()) for body, twin in pairs)


def _alike(one: Use, other: Use) -> bool:
    """Whether two uses have the same arguments, now that everything is inferred."""
    return all(resolve_part(value) == resolve_part(other.arguments.get(name)) if not isinstance(value, tuple)
               else resolve_axes(value) == resolve_axes(other.arguments.get(name, ()))
               for name, value in one.arguments.items() if name)


def _unused(definition: Definition, module: Module) -> None:
    """Generics that neither the header nor the body mentions; in a broken body that would be a second message."""
    if definition.state == "broken":
        return
    for given in definition.generics:
        if not getattr(given.entry, "used", True) and not module.scope.allows("E0205", given.entry.span):
            module.bag.add(header.unused(given.entry, definition.name))


def _frozen(entry: FrozenEntry, module: Module) -> None:
    try:
        entry.object = header.weight(entry.node.type, module.scope)
        for initialiser in entry.node.initialisers:
            check_initialiser(initialiser, module.scope)
    except Fault as problem:
        module.fault(problem)


def _cell(cell: CellEntry, module: Module) -> None:
    """``cell tie : f => g = r``: both are morphisms of one type, and ``g`` is ``f`` along ``r``."""
    from catlang.checker.cell import check_cell

    try:
        check_cell(cell, module)
    except Fault as problem:
        module.fault(problem)
