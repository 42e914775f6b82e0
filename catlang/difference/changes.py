"""What changed between two files: declaration by declaration, and what of it breaks those who use the file.

Breaking is: a declaration that is gone or has another name; another type of a morphism, an object, an endofunctor, a
param; a condition that was not asked before; a dim that can no longer be given, or no longer all it could be; a param
that must be given now; and a checkpoint of the old morphism that does not load into the new one, whatever is renamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.network.pairing import paired

if TYPE_CHECKING:
    from catlang.difference.facts import Facts, File, Weight


class Change:
    """One thing that changed about a declaration: its ``kind``, what it was and is, whether that breaks anything."""

    __slots__ = ("breaking", "kind", "new", "old", "what")

    def __init__(self, kind: str, what: str = "", old: str | None = None, new: str | None = None,
                 breaking: bool = False) -> None:
        self.kind = kind
        self.what = what
        self.old = old
        self.new = new
        self.breaking = breaking


class Checkpoint:
    """How weights of the old morphism load into the new one: ``renamed`` (new addresses to old), or not (``no``), for
    what is ``missing`` there and ``left`` over."""

    __slots__ = ("left", "loads", "missing", "renames")

    def __init__(self, loads: str, renames: dict[str, str], missing: list[str], left: list[str]) -> None:
        self.loads = loads
        self.renames = renames
        self.missing = missing
        self.left = left


class Difference:
    """What changed about one declaration; ``status`` is ``added``, ``removed``, ``renamed`` or ``changed``."""

    __slots__ = ("called", "changes", "checkpoint", "name", "status", "was")

    def __init__(self, name: str, called: str, status: str, was: str | None = None) -> None:
        self.name = name
        self.called = called
        self.status = status
        self.was = was
        self.changes: list[Change] = []
        self.checkpoint: Checkpoint | None = None

    @property
    def breaking(self) -> bool:
        return self.status in ("removed", "renamed") or any(change.breaking for change in self.changes)


def differences(old: File, new: File) -> list[Difference]:
    """What changed, in the order of the new file, then what is gone, in that of the old one."""
    renamed = _renamed(old, new)
    found = []
    for name, facts in new.facts.items():
        before = renamed.get(name, name)
        if before not in old.facts:
            found.append(Difference(name, facts.called, "added"))
            continue
        one = Difference(name, facts.called, "renamed" if before != name else "changed",
                         before if before != name else None)
        _compare(old.facts[before], facts, one)
        if one.status == "renamed" or one.changes or one.checkpoint is not None:
            found.append(one)
    gone = set(old.facts) - set(new.facts) - set(renamed.values())
    return found + [Difference(name, facts.called, "removed") for name, facts in old.facts.items() if name in gone]


def _renamed(old: File, new: File) -> dict[str, str]:
    """New names to old ones: of what is gone and what is new the same, where there is but one of each."""
    def content(facts: Facts) -> tuple[object, ...]:
        return (facts.called, facts.type, tuple(facts.conditions), tuple(facts.meaning or ()), facts.default,
                tuple((address, one.shape, one.kind, one.copies, one.begins) for address, one in facts.weights.items()))

    def alone(one: File, other: File) -> dict[tuple[object, ...], list[str]]:
        groups: dict[tuple[object, ...], list[str]] = {}
        for name, facts in one.facts.items():
            # An open dim is its name.
            if name not in other.facts and not facts.open:
                groups.setdefault(content(facts), []).append(name)
        return groups

    gone, come = alone(old, new), alone(new, old)
    return {names[0]: gone[key][0] for key, names in come.items()
            if len(names) == 1 and len(gone.get(key, ())) == 1}


def _compare(old: Facts, new: Facts, into: Difference) -> None:
    changes = into.changes
    if old.called != new.called:
        algebraic = {"morphism", "algebra", "coalgebra"}
        changes.append(Change("kind", "", old.called, new.called, not {old.called, new.called} <= algebraic))
    if old.type != new.type:
        # A dim that took a value is told as what it was and is.
        breaking = not (old.called == new.called == "dim") or (old.open and (not new.open or new.least > old.least))
        changes.append(Change("type", "", old.shown, new.shown, breaking))
    if old.generics != new.generics and len(old.generics) == len(new.generics):
        changes.append(Change("generics", "", ", ".join(old.generics), ", ".join(new.generics)))
    changes += [Change("condition", "", None, one, True) for one in new.conditions if one not in old.conditions]
    changes += [Change("condition", "", one, None) for one in old.conditions if one not in new.conditions]
    if old.default != new.default:
        changes.append(Change("default", "", old.default, new.default, new.default is None))
    _weights(old, new, into)
    told = len(changes)
    for address in dict.fromkeys([*new.uses, *old.uses]):
        before, now = old.uses.get(address), new.uses.get(address)
        # Of what is used once there is nothing to be said where it came or went.
        if before != now and {before, now} != {None, "1"}:
            changes.append(Change("sharing", address, before and f"used by {before}", now and f"used by {now}"))
    for address in sorted({*old.cells, *new.cells}):
        was, now = old.cells.get(address), new.cells.get(address)
        if was != now:
            changes.append(Change("2-cell", address, was and f"computed from {was}", now and f"computed from {now}"))
    for name in sorted({*old.noise, *new.noise}):
        drawn = old.noise.get(name, 0), new.noise.get(name, 0)
        if drawn[0] != drawn[1]:
            changes.append(Change("noise", name, str(drawn[0]), str(drawn[1])))
    if old.network and new.network:
        changes += [Change("cost", name, cost, new.costs[name]) for name, cost in old.costs.items()
                    if cost != new.costs[name]]
    if old.meaning != new.meaning and into.checkpoint is not None and into.checkpoint.loads == "renamed" and (
            old.anonymous == new.anonymous):
        return
    if old.meaning != new.meaning:
        if old.meaning and old.meaning[0] == "spelled":
            changes.insert(told, Change("diagram", "it is spelled otherwise, or something that it mentions is"))
        else:
            changes.insert(told, Change("diagram", _first(old, new)))


def _first(old: Facts, new: Facts) -> str:
    """How the diagrams differ, in a few words: by the kinds of boxes that one has more of."""
    def boxes(facts: Facts) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in facts.meaning or ():
            words = line.partition(": ")[2].split()
            if not words or words[0] in ("part", "body", "input", "bound", "state"):
                continue
            name = words[1].partition("[")[0] if words[0] == "primitive" and len(words) > 1 else words[0]
            if words[:2] == ["primitive", "of"]:
                name = words[4].partition("[")[0]
            found[name] = found.get(name, 0) + 1
        return found

    one, other = boxes(old), boxes(new)
    more = sorted(name for name in other if other[name] > one.get(name, 0))
    less = sorted(name for name in one if one[name] > other.get(name, 0))
    told = [f"{sign}{name}" for sign, names in (("-", less), ("+", more)) for name in names]
    return ", ".join(told) if told else "the same boxes, of other sizes or joined otherwise"


def _weights(old: Facts, new: Facts, into: Difference) -> None:
    """The addresses, shapes and beginnings of weights, and whether a checkpoint loads."""
    if not old.network or not new.network:
        return
    changes = into.changes
    if _shapes(old.weights) != _shapes(new.weights):
        into.checkpoint = _loading(old, new)
    elif old.meaning != new.meaning and (renames := _by_diagram(old, new)):
        # It would load as it is, each weight at the place of another.
        into.checkpoint = Checkpoint("renamed", renames, [], [])
    renames = into.checkpoint.renames if into.checkpoint is not None else {}
    taken = set(renames.values())
    for address, now in new.weights.items():
        was = old.weights.get(renames.get(address, address))
        if was is None or (address not in renames and address in taken):
            changes.append(Change("weight", address, None, _told(now), into.checkpoint is not None))
            continue
        if _told(was) != _told(now):
            changes.append(Change("weight", address, _told(was), _told(now), (was.shape, was.copies) != (
                now.shape, now.copies)))
        if was.begins != now.begins:
            changes.append(Change("initialiser", address, was.begins or "as PyTorch has it",
                                  now.begins or "as PyTorch has it"))
    changes += [Change("weight", address, _told(was), None, True) for address, was in old.weights.items()
                if address not in taken and (address not in new.weights or address in renames)]


def _shapes(weights: dict[str, Weight]) -> dict[str, tuple[str, str]]:
    return {address: (one.shape, one.copies) for address, one in weights.items()}


def _told(weight: Weight) -> str:
    copies = "" if weight.copies == "1" else f", {weight.copies} of them"
    return f"{weight.shape}{copies}{'' if weight.kind == 'trained' else f', {weight.kind}'}"


def _loading(old: Facts, new: Facts) -> Checkpoint:
    """Whether a checkpoint loads, by the table of renames that the diagrams say, or that names and shapes suggest."""
    ours, theirs = _shapes(new.weights), _shapes(old.weights)
    renames = _by_diagram(old, new)
    if renames is None:
        kept = {address for address, shape in ours.items() if theirs.get(address) == shape}
        renames = paired({address: shape for address, shape in ours.items() if address not in kept},
                         {address: shape for address, shape in theirs.items() if address not in kept})
    taken = set(renames.values())
    missing = [address for address, shape in ours.items()
               if address not in renames and (theirs.get(address) != shape or address in taken)]
    left = [address for address in theirs if address not in taken and (
        ours.get(address) != theirs[address] or address in renames)]
    return Checkpoint("no" if missing or left else "renamed", renames, missing, left)


def _by_diagram(old: Facts, new: Facts) -> dict[str, str] | None:
    """Where the diagrams are one but for addresses: which address of the new one is which of the old one."""
    if old.anonymous != new.anonymous or not old.meaning or old.meaning[0] == "spelled":
        return None
    found: dict[str, str] = {}
    for walked, other in zip(new.addresses, old.addresses, strict=True):
        ours, theirs = new.shown_at.get(walked, walked), old.shown_at.get(other, other)
        if ours in new.weights and theirs in old.weights:
            found[ours] = theirs
            continue
        # An instance that has state: its parts are called alike in both.
        for address, weight in new.weights.items():
            stem, _, leaf = address.rpartition(".")
            if weight.kind == "buffer" and stem == ours and f"{theirs}.{leaf}" in old.weights:
                found[address] = f"{theirs}.{leaf}"
    mine, other_shapes = _shapes(new.weights), _shapes(old.weights)
    if any(mine[address] != other_shapes[one] for address, one in found.items()) or (
            len(set(found.values())) != len(found)):
        return None
    for address in set(new.weights) - set(found):
        if mine[address] != other_shapes.get(address) or address in found.values():
            return None
    return {address: other for address, other in found.items() if address != other}
