"""Sums in networks: the injections into them, and cases, of which every branch is run and one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value, Wire, wires
from catlang.network.environment import Env
from catlang.network.erasure import Padded
from catlang.network.network import Choose
from catlang.network.padding import fitted, variables_of
from catlang.network.sums import Injected, injected
from catlang.network.values import renamed
from catlang.objects.colour import Finite, Sum, axes_of, base_of, power, resolve

if TYPE_CHECKING:
    from catlang.network.specialise import Specialiser


def case(specialiser: Specialiser, box: Box, operation: d.CaseOf, made: Diagram, env: Env, tied: bool) -> None:
    """Every branch is run on its summand; the tag chooses."""
    value = env.value(box.inputs)
    assert isinstance(value, tuple)
    tag, *summands = value
    if isinstance(value, Injected):
        # The constructor is known: there is nothing to choose.
        branch = operation.branches[value.place]
        env.bind(branch.inputs, summands[value.place])
        for inner in branch.boxes:
            specialiser.box(inner, made, env, tied)
        result = env.value(branch.outputs)
        if not operation.together:
            whole = resolve(env.substitution.object(d.object_of(box.outputs)))
            assert isinstance(whole, Sum)
            result = injected(value.place, result, whole, made, env, box.span)
        env.bind(box.outputs, result)
        return
    results = []
    for branch, summand in zip(operation.branches, summands, strict=True):
        env.bind(branch.inputs, summand)
        for inner in branch.boxes:
            specialiser.box(inner, made, env, tied)
        results.append(env.value(branch.outputs))
    if not operation.together:
        env.bind(box.outputs, (tag, *results))
        return
    outputs = env.inputs(box.outputs)
    names: dict[Wire, Value] = {}
    for target, *places in zip(wires(outputs), *(wires(result) for result in results), strict=True):
        if any(isinstance(variable, Padded) for variable in variables_of(target.object)):
            # How long lists are padded the branches say, each for itself.
            places = fitted(places, made, box.span)
            target_ = Wire(places[0].object, target.span)
            if isinstance(base_of(target_.object), Finite):
                sizes = [base_of(place.object).size for place in places]  # type: ignore[attr-defined]
                if len(set(sizes)) > 1:
                    target_ = Wire(power(Finite(sum(sizes, 1 - len(sizes))), axes_of(target_.object)), target.span)
            names[target] = target_
            target = target_
        made.boxes.append(Box(Choose(), (tag, *places), target, None, box.span))
    if names:
        env.bind(box.outputs, renamed(outputs, names))  # type: ignore[arg-type]


def inject(box: Box, made: Diagram, env: Env, place: int) -> None:
    """``inl`` and ``inr``: the tag, the value at its place, zeros at the other."""
    assert isinstance(box.outputs, Wire)
    whole = resolve(env.substitution.object(box.outputs.object))
    assert isinstance(whole, Sum)
    env.wires[box.outputs] = injected(place, env.value(box.inputs), whole, made, env, box.span)
