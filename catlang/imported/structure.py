"""Which calls of modules become morphisms, what goes into each and comes out of it, and which are copies in a row."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from catlang.imported.layout import Wire
from catlang.imported.wiring import Learned, Pattern, Scope, Statement


@dataclass
class Run:
    """Calls in a row, each fed with what the one before gives, all with the same other inputs."""

    calls: list[Scope]
    #: Which input is fed; the others are the same for all.
    fed: int
    #: Whether it is one module every time, with one set of weights.
    tied: bool


@dataclass
class Part:
    """A call as a box: what goes in, in the order in which it is used, and what comes out."""

    inputs: list[Wire] = field(default_factory=list)
    outputs: list[Wire] = field(default_factory=list)
    runs: dict[int, Run] = field(default_factory=dict)
    learns: bool = False


class Structure:
    """The calls that are left when what nobody needs is gone, and what is hardly a morphism is part of its caller."""

    def __init__(self, root: Scope, inputs: list[Wire], outputs: list[Wire], everywhere: Collection[Wire] = ()) -> None:
        self.root = root
        self.inputs = inputs
        #: Wires that every call can use without being given them.
        self.everywhere = set(everywhere)
        self.outputs = outputs
        self.live = _live(outputs)
        self._prune(root)
        self.parts: dict[Scope, Part] = {}
        self.uses: dict[Wire, list[Statement | None]] = defaultdict(list)
        for statement in statements(root):
            for wire in statement.reads:
                self.uses[wire].append(statement)
        for wire in outputs:
            self.uses[wire].append(None)
        self._measure(root)

    def _prune(self, scope: Scope) -> None:
        kept: list[Statement | Scope] = []
        for item in scope.items:
            if isinstance(item, Statement):
                if item in self.live:
                    kept.append(item)
                continue
            made_of_others = any(isinstance(one, Scope) for one in item.items)
            self._prune(item)
            # A layer of PyTorch's own is no morphism, nor is a container of such; what is made of others may be.
            own = item.kind.startswith("torch.nn.modules.") and (
                not made_of_others or item.kind.startswith("torch.nn.modules.container.")
                and all(isinstance(one, Statement) for one in item.items))
            if own or _slight(item):
                for inner in statements(item):
                    inner.scope = scope
                    kept.append(inner)
            else:
                kept.append(item)
        scope.items = kept

    def _measure(self, scope: Scope) -> None:
        for item in scope.items:
            if isinstance(item, Scope):
                self._measure(item)
        inside = list(statements(scope))
        own = set(map(id, inside))
        made = {one.result for one in inside}
        part = Part()
        for statement in inside:
            for wire in statement.reads:
                if wire not in made and wire not in part.inputs and wire not in self.everywhere:
                    part.inputs.append(wire)
            if any(user is None or id(user) not in own for user in self.uses[statement.result]):
                part.outputs.append(statement.result)
            part.learns = part.learns or isinstance(statement.head, Learned)
        if scope is self.root:
            part.inputs, part.outputs = self.inputs, self.outputs
        self.parts[scope] = part

    def find_runs(self, same: dict[Scope, int]) -> dict[int, int]:
        """Finds copies in a row, of calls that are the same morphism by the numbers given; says which input of each
        morphism is fed in one."""
        fed: dict[int, int] = {}
        for scope, part in self.parts.items():
            calls = [item for item in scope.items if isinstance(item, Scope)]
            place = 0
            while place < len(calls):
                run = self._run(calls, place, same, fed)
                if run is None:
                    place += 1
                    continue
                fed[same[calls[place]]] = run.fed
                part.runs[id(calls[place])] = run
                place += len(run.calls)
        return fed

    def _run(self, calls: list[Scope], start: int, same: dict[Scope, int], fed: dict[int, int]) -> Run | None:
        """The copies in a row that begin at a call."""
        kept = [calls[start]]
        place: int | None = fed.get(same[calls[start]])
        for call in itertools.islice(calls, start + 1, None):
            before, part = self.parts[kept[-1]], self.parts[call]
            if same[call] != same[kept[0]] or len(before.outputs) != 1 or len(part.outputs) != 1:
                break
            [between] = before.outputs
            inside = set(map(id, statements(call)))
            if between not in part.inputs or any(user is None or id(user) not in inside for user in self.uses[between]):
                break
            here = part.inputs.index(between)
            if place is not None and here != place:
                break
            others = [wire for number, wire in enumerate(part.inputs) if number != here]
            if others != [wire for number, wire in enumerate(before.inputs) if number != here]:
                break
            if between.sizes != before.inputs[here].sizes or between.kind != before.inputs[here].kind:
                break
            tied = call.address == kept[0].address
            if len(kept) > 1 and tied != (kept[1].address == kept[0].address):
                break
            place = here
            kept.append(call)
        if len(kept) < 2 or place is None:
            return None
        tied = kept[1].address == kept[0].address
        if not tied and len({call.address for call in kept}) != len(kept):
            return None
        return Run(kept, place, tied)


def statements(scope: Scope) -> Iterator[Statement]:
    """All boxes of a call and of those in it, in order."""
    for item in scope.items:
        if isinstance(item, Statement):
            yield item
        else:
            yield from statements(item)


def _slight(scope: Scope) -> bool:
    """Whether a call is one box, but for how axes are turned around it: it is then part of its caller, under its own
    label."""
    turns = ("rearrange", "repeat")
    return sum(not (isinstance(one.head, Pattern) and one.head.word in turns) for one in statements(scope)) <= 1


def _live(outputs: list[Wire]) -> set[Statement]:
    found: set[Statement] = set()
    waiting = [wire.maker for wire in outputs]
    while waiting:
        statement = waiting.pop()
        if statement is not None and statement not in found:
            found.add(statement)
            waiting += [wire.maker for wire in statement.reads]
    return found
