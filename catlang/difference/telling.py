"""Differences as text, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.difference.changes import Change, Checkpoint, Difference

#: How a kind of change is called.
CALLED = {"kind": "declared by", "generics": "generics called"}


def text(found: Sequence[Difference]) -> str:
    """The differences, each with what changed below it, and a line that counts them."""
    lines: list[str] = []
    for one in found:
        was = f", was `{one.was}`" if one.was is not None else ""
        lines.append(f"{one.called} `{one.name}`: {one.status}{was}{_mark(one.status in ('removed', 'renamed'))}")
        lines += [f"  {line}" for change in one.changes for line in _change(change)]
        if one.checkpoint is not None:
            lines += [f"  {line}" for line in _checkpoint(one.checkpoint)]
    breaking = sum(one.breaking for one in found)
    if not found:
        lines.append("nothing changed in meaning")
    else:
        lines += ["", f"{_count(len(found), 'declaration')} changed, {breaking or 'none'} of them breaking"]
    return "".join(f"{visible(line)}\n" for line in lines)


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _mark(breaking: bool) -> str:
    return " (breaking)" if breaking else ""


def _change(change: Change) -> list[str]:
    mark = _mark(change.breaking)
    about = CALLED.get(change.kind, change.kind) + (f" `{change.what}`" if change.what else "")
    if change.kind == "diagram":
        return [f"diagram: {change.what}"]
    if change.kind == "condition":
        return [f"condition {'+' if change.new is not None else '-'} {change.new or change.old}{mark}"]
    if change.kind == "type":
        return [f"type{mark}", f"  - {change.old}", f"  + {change.new}"]
    if change.old is None:
        return [f"{about}: + {change.new}{mark}"]
    if change.new is None:
        return [f"{about}: - {change.old}{mark}"]
    return [f"{about}: {change.old} -> {change.new}{mark}"]


def _checkpoint(checkpoint: Checkpoint) -> list[str]:
    if checkpoint.loads == "no":
        line = (f"a checkpoint of the old one does not load: {_count(len(checkpoint.missing), 'weight')} missing, "
                f"{len(checkpoint.left)} left over (breaking)")
        return [line, *(["the others load with"] if checkpoint.renames else []), *_renames(checkpoint)]
    if not checkpoint.renames:
        return ["a checkpoint of the old one loads"]
    return ["a checkpoint of the old one loads with", *_renames(checkpoint)]


def _renames(checkpoint: Checkpoint) -> list[str]:
    import json

    if not checkpoint.renames:
        return []
    return ["  [rename]", *(f"  {json.dumps(address, ensure_ascii=False)} = {json.dumps(other, ensure_ascii=False)}"
                              for address, other in checkpoint.renames.items())]


def data(found: Sequence[Difference]) -> dict[str, Any]:
    """The differences as JSON has them."""
    def change(one: Change) -> dict[str, Any]:
        return {"kind": one.kind, "what": one.what, "old": one.old, "new": one.new, "breaking": one.breaking}

    def checkpoint(one: Checkpoint | None) -> dict[str, Any] | None:
        return None if one is None else {"loads": one.loads, "renames": one.renames, "missing": one.missing,
                                         "left": one.left}

    return {"breaking": any(one.breaking for one in found), "differences": [
        {"name": one.name, "declared": one.called, "status": one.status, "was": one.was, "breaking": one.breaking,
         "changes": [change(inner) for inner in one.changes], "checkpoint": checkpoint(one.checkpoint)}
        for one in found]}
