"""Steps that are associative operations: a loop of one may be taken in any order.

A step ``D`` takes a state and an entry to a state. Where these are of one kind, it is associative where
``D(D(a, b), c)`` and ``D(a, D(b, c))`` are the same for all ``a``, ``b``, ``c``; what it takes from around is any
constant.

>>> from catlang.checking import check_source
>>> from catlang.diagram.diagram import everything
>>> from catlang.network.recursion import Scan
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> text = '''morphism sums[n] : List(R[n]) -> R[n] = foldl([zero, add])
... morphism differences[n] : List(R[n]) -> R[n] = foldl([zero, sub])'''
>>> scope = check_source(Source("m.cat", None, text)).scope
>>> for name in ["sums", "differences"]:
...     network = Specialiser({}, {}).definition(scope.names[name])
...     [step] = [box.operation.step for _, box in everything(network.diagram) if isinstance(box.operation, Scan)]
...     associative(step)
True
False
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Instance, Wire, wires
from catlang.laws.careful import Careful
from catlang.laws.exhaustion import cases
from catlang.meaning.entries import NoForm, NormalForms, TooLarge, asked, given, same_entries, work
from catlang.meaning.exact.array import Array
from catlang.network.functor import Frame, Functor, Meaningless, Walk
from catlang.network.network import Network, Sub

#: So much work is done for one step, whichever way.
WORK = 60_000
#: So many triples of states are tried.
MOST_TRIPLES = 4096


class _Instances(dict[Instance, Any]):
    """Instances of the networks around a step: each has an address of its own."""

    def __init__(self, frame: Frame[Any]) -> None:
        super().__init__()
        self.frame = frame

    def __missing__(self, instance: Instance) -> Any:
        self[instance] = (f"instance:{len(self)}", self.frame)
        return self[instance]


class _Values(dict[Wire, Any]):
    """What stands on wires; on those around a step something that is any constant."""

    def __init__(self, around: Callable[[int, Wire], Any]) -> None:
        super().__init__()
        self.around = around

    def __missing__(self, wire: Wire) -> Any:
        self[wire] = self.around(len(self), wire)
        return self[wire]


class _Step:
    """A step as an operation under a functor."""

    def __init__(self, step: Diagram, functor: Functor[Any], around: Callable[[int, Wire], Any]) -> None:
        self.step = step
        after, _ = step.outputs  # type: ignore[misc]
        self.count = len(wires(after))
        self.frame: Frame[Any] = Frame(Walk(functor, {}, None, False), Network("step", None, step.span), "", {})
        self.frame.instances = _Instances(self.frame)
        self.frame.values = _Values(around)

    def __call__(self, left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
        return self.frame.body(self.step, [*left, *right])[:self.count]


def associative(step: Diagram) -> bool:
    """Whether the state after a step is proved to be an associative operation on states and entries; False where that
    is not so, or not shown."""
    state, entries = (wires(part) for part in step.inputs)  # type: ignore[union-attr]
    if not state or [wire.object for wire in state] != [wire.object for wire in entries]:
        return False
    if any(_effect(box) for _, box in d.everything(step)) or not _frozen_apart(step):
        return False
    try:
        return _by_normal_forms(step, state) or _by_exhaustion(step, state)
    except (KeyError, RecursionError, Meaningless):
        # A wire that is around the network of an instance's weights; an operation that is in no network.
        return False


def _effect(box: Box) -> bool:
    """Whether a box draws noise or keeps a state, or one inside does."""
    operation = box.operation
    if isinstance(operation, Sub):
        network = operation.network
        return network.stochastic or network.evaluation is not None or any(
            _effect(one) for _, one in d.everything(network.diagram))
    return isinstance(operation, d.Use) and (operation.definition.noisy or operation.definition.stateful)


def _frozen_apart(step: Diagram) -> bool:
    """Whether frozen weights of one name are one."""
    names: dict[str, Any] = {}
    entries: list[Any] = []
    for _, box in d.everything(step):
        if isinstance(box.operation, d.FrozenWeight):
            entries.append(box.operation.entry)
        elif isinstance(box.operation, Sub):
            entries += box.operation.network.frozen
    return all(names.setdefault(entry.name, entry) is entry for entry in entries)


def _by_normal_forms(step: Diagram, state: list[Wire]) -> bool:
    try:
        with work.within(WORK):
            apply = _Step(step, NormalForms(), lambda number, wire: given(f"around:{number}", wire.object))
            a, b, c = ([given(f"{name}:{number}", wire.object) for number, wire in enumerate(state)] for name in "abc")
            left, right = asked(apply(apply(a, b), c)), asked(apply(a, apply(b, c)))
            return all(map(same_entries, left, right))
    except (NoForm, TooLarge, OverflowError):
        return False


def _by_exhaustion(step: Diagram, state: list[Wire]) -> bool:
    """Whether all triples of finitely many states say so, where nothing comes from around."""
    found = cases([wire.object for wire in state])
    if found is None:
        return False
    states = list(found)
    if len(states) ** 3 > MOST_TRIPLES:
        return False

    def anything(*what: Any) -> Array:
        raise NoForm("what comes from around, or is a weight, may be anything")

    apply = _Step(step, Careful(anything), anything)
    try:
        with work.within(4 * WORK):
            table: dict[tuple[int, int], int] = {}
            for one, left in enumerate(states):
                for other, right in enumerate(states):
                    table[one, other] = states.index(apply(left, right))
    except (NoForm, TooLarge, Meaningless, ArithmeticError, IndexError, ValueError):
        return False
    numbers = range(len(states))
    return all(table[table[a, b], c] == table[a, table[b, c]] for a in numbers for b in numbers for c in numbers)
