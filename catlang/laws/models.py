"""How the laws of a model end: proved, refuted, tested or unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from math import prod
from typing import Any

from catlang.checker.entry import (
    Constant,
    ConstantEntry,
    Definition,
    Law,
    ModelEntry,
    ObjectVariableEntry,
    OfModel,
    RunEntry,
)
from catlang.checker.formula import Formula, NoValue
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import Use, everything
from catlang.dims import Variable
from catlang.laws import Proved, Refuted, Tested, Unknown, Verdict, budget, judge
from catlang.network.erasure import carrier
from catlang.network.free import Divided
from catlang.network.specialise import NoNetwork, Specialiser
from catlang.objects.colour import REAL, Object, Product, power, resolve
from catlang.objects.functor import element_of

#: So many ways to make the choices that a law depends on are looked at one by one.
MOST_CHOICES = 16


def judge_model(model: ModelEntry) -> None:
    """Judges the laws of a model's theory, whose sides are elaborated, and tells of those that are not proved."""
    module = model.module
    for law, sides in model.equations:
        if all(_whole(side, set()) for side in sides):
            verdict = _judged(sides)
            if isinstance(verdict, Refuted):
                _name(verdict, law, sides[0])
            model.verdicts.append((law, verdict))
    for code, kinds in (("E1005", Refuted), ("E1006", (Tested, Unknown))):
        found = [(law, verdict) for law, verdict in model.verdicts if isinstance(verdict, kinds)]
        if found and not module.scope.allows(code, model.span):
            module.bag.add(_told(model, found, code))


def _judged(sides: list[OfModel]) -> Verdict:
    """The weakest of the verdicts on two sides each, whatever the file's params are."""
    mine = [one.entry.constant for one in sides[0].generics if isinstance(one.entry, ConstantEntry)]
    files = [param.constant for module in sides[0].module.loader.order for param in module.params.values()]
    spoken = [one for one in [*mine, *files] if any(_speaks(side, one) for side in sides)]
    numbers = [one for one in spoken if one.kind in ("real", "int")]
    if numbers:
        return Unknown(f"it depends on `{numbers[0].name}`, which may be any number")
    values = [(True, False) if one.kind == "bool" else one.choices for one in spoken]
    if prod(map(len, values)) > MOST_CHOICES:
        return Unknown("it depends on too many choices")
    weakest: Verdict | None = None
    with budget():
        for chosen in product(*values):
            verdict = _at(sides, dict(zip(spoken, chosen, strict=True)))
            weakest = verdict if weakest is None else max(weakest, verdict, key=_weakness)
            if isinstance(weakest, Refuted):
                break
    assert weakest is not None
    return weakest


def _weakness(verdict: Verdict) -> int:
    return (Proved, Tested, Unknown, Refuted).index(type(verdict))


def _at(sides: list[OfModel], constants: dict[Constant, Any]) -> Verdict:
    """The verdict where the choices that it depends on are made."""
    specialiser = Specialiser({}, constants)
    arguments = {name: constants.get(value, value) if isinstance(value, Constant) else value
                 for name, value in _stand_ins(sides[0]).items()}
    try:
        networks = [specialiser.definition(side, arguments) for side in sides]
    except (Divided, NoNetwork, NoValue) as none:
        return Unknown(f"`{none}` has no value" if isinstance(none, NoValue) else str(none))
    found: list[Verdict] = []
    # Each with each: where a side has no value, its neighbours agree with it and not with one another.
    for one, other in combinations(networks, 2):
        found.append(judge(one, other))
        if isinstance(found[-1], Refuted):
            break
    return max(found, key=_weakness)


def _stand_ins(side: OfModel) -> dict[str, Any]:
    """What stands for the generics of a law that are no sizes.

    A diagram that is generic in a run of axes, or in an object, takes them as a whole wherever it meets them: what
    holds of it for one axis of any size holds for any (it is natural in them, as all primitives are).
    """
    found: dict[str, Any] = {}
    for one in side.generics:
        entry = one.entry
        if isinstance(entry, RunEntry):
            found[entry.name] = (Variable(entry.name, 0).poly,)
        elif isinstance(entry, ObjectVariableEntry):
            found[entry.name] = power(REAL, (Variable(entry.name, 0).poly,))
        elif isinstance(entry, ConstantEntry):
            found[entry.name] = entry.constant
    return found


def _speaks(definition: Definition, constant: Constant, seen: set[Definition] | None = None) -> bool:
    """Whether a constant goes into a diagram, or one used in it."""
    seen = set() if seen is None else seen
    if definition in seen:
        return False
    seen.add(definition)
    return any(any(_mentions(value, constant) for value in use.arguments.values())
               or _speaks(use.definition, constant, seen) for use in _uses(definition))


def _whole(definition: Definition, seen: set[Definition]) -> bool:
    """Whether a diagram is without mistakes, and all that are used in it are."""
    if definition in seen or definition.primitive:
        return True
    seen.add(definition)
    return definition.state == "done" and all(_whole(use.definition, seen) for use in _uses(definition))


def _uses(definition: Definition) -> Iterator[Use]:
    """Each use of a definition in a diagram, and in what the weights of its instances are computed by."""
    waiting = [one for one in (definition.diagram, definition.evaluation) if one is not None]
    while waiting:
        for _, box in everything(waiting.pop()):
            if isinstance(box.operation, Use):
                yield box.operation
            if box.instance is not None and box.instance.reparameterisation is not None:
                waiting.append(box.instance.reparameterisation)


def _mentions(value: Any, constant: Constant) -> bool:
    return value is constant or isinstance(value, Formula) and any(_mentions(part, constant) for part in value.parts)


def _name(verdict: Refuted, law: Law, side: OfModel) -> None:
    """Calls the arrays of a counterexample by the law's variables, parts of products by their names or places, and by
    the operations that they are weights of."""
    domain = resolve(side.domain)
    parts = domain.items if len(law.parameters) > 1 and isinstance(domain, Product) else (domain,)
    names = [name for parameter, obj in zip(law.parameters, parts, strict=False) for name in _arrays(parameter, obj)]
    if len(names) == len(verdict.inputs):
        verdict.names = names
    # A weight is in an operation, which is an instance in a side of the law: it is called as in the operation.
    own = re.compile(rf"{re.escape(law.name)}_\d+\.(\w+)\.\1_\d+\.")
    called = {address: own.sub(r"\1.", address, count=1) for address in verdict.weights}
    if len(set(called.values())) == len(called):
        verdict.weights = {called[address]: value for address, value in verdict.weights.items()}


def _arrays(name: str, obj: Object) -> Iterator[str]:
    element = element_of(resolve(obj))
    if element is not None:
        yield f"{name}.length"
        yield from _arrays(name, element)
        return
    obj = carrier(resolve(obj))
    if not isinstance(obj, Product):
        yield name
        return
    for place, item in enumerate(obj.items):
        part = obj.names[place] if obj.names else None
        yield from _arrays(f"{name}.{part or place + 1}", item)


def _told(model: ModelEntry, found: Sequence[tuple[Law, Verdict]], code: str) -> Diagnostic:
    """What is to be said of laws that are not proved."""
    assert model.theory is not None
    refuted = code == "E1005"
    names = [f"`{law.name}`" for law, _ in found]
    laws = f"the law {names[0]}" if len(names) == 1 else f"the laws {', '.join(names[:-1])} and {names[-1]}"
    of = f"of `{model.theory.name}`"
    if refuted:
        headline = f"{laws} {of} {'does' if len(names) == 1 else 'do'} not hold in `{model.name}`"
    else:
        headline = f"it is not known whether {laws} {of} {'holds' if len(names) == 1 else 'hold'} in `{model.name}`"
    labels = [Label(model.span, f"is no model {of}" if refuted else f"may be a model {of}, or not")]
    labels += [Label(law.span, "the law", False) for law, _ in found if law.span.source is model.span.source]
    elsewhere = [law for law, _ in found if law.span.source is not model.span.source]
    why = [f"{law.span.source.name} says `{law.text}`" for law in elsewhere]
    why += [verdict.show() if len(found) == 1 else f"{name}: {verdict.show()}"
           for name, (_, verdict) in zip(names, found, strict=True)]
    help = () if refuted else (f'`allow E1006 "reason"` above `{model.name}` keeps it, proved by nobody',)
    return Diagnostic(code, headline, labels, why, help)
