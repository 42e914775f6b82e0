"""Externs held to their headers: for all sizes where PyTorch's exporter follows the module, else at some.

The sizes that a class is made with must be numbers, so that it is made at a few of them; those that it is only called
with stay symbols. What comes of it is one of

* *proved*: for all values of the symbols, by comparing polynomials, at each of the sizes that it was made with;
* *tested*: run at so many sizes, on random arrays, where the exporter does not follow the module;
* *refuted*: a mistake, with sizes at which the module was run and did something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch

from catlang import dims
from catlang.checker.entry import Constant
from catlang.checker.formula import Formula
from catlang.compiler.extern import symbolic, trial
from catlang.compiler.extern.reference import make, refused
from catlang.dims import Poly, Variable, evaluate
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Refuted, decide
from catlang.objects.colour import dims_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from catlang.checker.entry import Definition

    Assignment = dict[Variable, int]

#: From how large a size on the exporter is asked: near 1 it sees special cases, of which it does not say all.
LEAST = (2, 4, 8)
#: A class that needs sizes is made at so many of them.
MADE_AT = 3
#: A module that the exporter does not follow is run at so many sizes, the numbers in what it says tried first.
RUN_AT = 12
#: No size that is tried is larger.
LARGEST = 4096


class Verdict:
    """What is known of an extern whose module does as its header says, in words: proved, tested, or unknown."""

    __slots__ = ("definition", "text")

    def __init__(self, definition: Definition, text: str) -> None:
        self.definition = definition
        self.text = text

    def __str__(self) -> str:
        node: Any = self.definition.node
        return f"extern `{self.definition.name}` ({node.reference}): {self.text}"


def hold(definition: Definition) -> Verdict:
    """Holds an extern to its header; raises ``Refused`` where it is missing, raises, or gives something else."""
    missing = [value.name for value in _constants(definition) if value.default is None]
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        return Verdict(definition, f"unknown: {names} has no value, and its class is made with it")
    hypotheses = [*definition.module.assumed(), *definition.where]
    sizes = _variables(definition)
    made_with = {variable for value in definition.given.values() for variable in _sizes_in(value)}
    bounds = _bounds(symbolic.dynamic(definition, made_with), hypotheses)
    free = [*bounds]
    others = [variable for variable in sizes if variable not in bounds]
    models = list(_models(others, hypotheses, MADE_AT))
    if not models:
        return Verdict(definition, "unknown: no sizes are found that meet its conditions")
    least, reason = 0, ""
    runs: list[Assignment] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for at in models:
            module = make(definition, {name: _value(value, at) for name, value in definition.given.items()}).eval()
            here, why = _proved(definition, module, at, bounds, hypotheses)
            least, reason = max(least, here or 0), why or reason
            for more in _below(bounds, here) if here else _around(bounds, hypotheses, why):
                _run(definition, module, {**at, **more}, sizes)
                runs.append({**at, **more})
    if reason:
        return Verdict(definition, f"tested at {_told(runs, sizes)}; not proved: {reason}")
    shown = "proved"
    if free:
        shown += f" for {', '.join(f'{one.name} >= {max(least, bounds[one])}' for one in free)}"
        if runs:
            shown += f", run at {_told(runs, free)}"
    if others:
        shown = f"tested at {_told(models, others)}; at each {shown}"
    return Verdict(definition, shown)


def _proved(definition: Definition, module: nn.Module, at: Assignment, bounds: dict[Variable, int],
            hypotheses: Sequence[Constraint]) -> tuple[int | None, str]:
    """From how large sizes on the exporter shows what the header says; or why it shows nothing."""
    reason = ""
    for least in LEAST:
        try:
            free = {one: max(least, bound) for one, bound in bounds.items()}
            symbolic.proved(definition, module, at, free, hypotheses)
            return least, ""
        except symbolic.Open as why:
            reason = reason or str(why)
        if not bounds:
            break
    return None, reason


def _run(definition: Definition, module: nn.Module, at: Assignment, sizes: Sequence[Variable]) -> None:
    """Runs a module; a mistake, where it does something else than its header says."""
    try:
        trial.run(definition, module, at)
    except trial.Failed as failed:
        node: Any = definition.node
        path = node.reference.partition(":")[2]
        where = f"at {_told([at], sizes)}" if sizes else "when it is called"
        headline = f"`{path}` raises {where}" if failed.raised else (
            f"`{path}` gives something else than `{definition.name}` promises")
        why = failed.why if failed.raised or not sizes else f"{where}: {failed.why}"
        raise refused("E0833" if failed.raised else "E0834", definition, headline, why=(why,), help=(
            "if it is made for some sizes only, the header says so: `where ...`",) if sizes else ()) from failed


# ------------------------------------------------------------------ what sizes there are


def _variables(definition: Definition) -> list[Variable]:
    """All sizes that a header depends on, in the order in which they are met."""
    found: dict[Variable, None] = {}
    for obj in (definition.domain, definition.codomain):
        for leaf in trial.flat(obj):
            for size in dims_of(leaf):
                found.update(dict.fromkeys(dims.variables(size)))
    for value in definition.given.values():
        found.update(dict.fromkeys(_sizes_in(value)))
    return list(found)


def _sizes_in(value: Any) -> list[Variable]:
    if isinstance(value, Poly):
        return dims.variables(value)
    return [one for part in value.parts for one in _sizes_in(part)] if isinstance(value, Formula) else []


def _constants(definition: Definition) -> list[Constant]:
    """The constants that a class is made with."""

    def inside(value: Any) -> Iterator[Constant]:
        if isinstance(value, Constant):
            yield value
        elif isinstance(value, Formula):
            for part in value.parts:
                yield from inside(part)

    return [one for value in definition.given.values() for one in inside(value)]


def _value(value: Any, at: Assignment) -> Any:
    """What a class is made with, at sizes."""
    if isinstance(value, Constant):
        return _value(value.default, at)
    if isinstance(value, Formula):
        return value.evaluate(lambda one: _value(one, at), lambda size: evaluate(size, at))
    return evaluate(value, at) if isinstance(value, Poly) else value


def _bounds(free: Sequence[Variable], hypotheses: Sequence[Constraint]) -> dict[Variable, int]:
    """Those of some sizes of which no more is assumed than that they are not too small, each with its least value."""
    bounds = {variable: variable.least for variable in free}
    for hypothesis in hypotheses:
        for variable in hypothesis.variables():
            if variable not in bounds:
                continue
            if hypothesis.relation == ">=" and hypothesis.left == variable.poly and isinstance(hypothesis.right, int):
                bounds[variable] = max(bounds[variable], hypothesis.right)
            elif hypothesis.relation == ">" and hypothesis.left == variable.poly and isinstance(hypothesis.right, int):
                bounds[variable] = max(bounds[variable], hypothesis.right + 1)
            else:
                del bounds[variable]
    return bounds


# ------------------------------------------------------------------ at which of them a module is run


def _models(variables: Sequence[Variable], hypotheses: Sequence[Constraint], count: int) -> Iterator[Assignment]:
    """Sizes that meet the hypotheses: the smallest, some in which each in turn is larger, and larger ones still."""
    if not variables:
        yield {}
        return
    total = sum((one.poly for one in variables[1:]), variables[0].poly)
    found: list[Assignment] = []
    asked = [(total, -1), *((one.poly, 2) for one in variables), *((total, bound) for bound in (7, 15, 40, 100))]
    for size, bound in asked:
        if len(found) == count:
            return
        verdict = decide(Constraint("<=", size, bound), hypotheses)
        if isinstance(verdict, Refuted):
            at = {one: verdict.assignment.get(one, one.least) for one in variables}
            if at not in found and all(size <= LARGEST for size in at.values()):
                found.append(at)
                yield at


def _below(bounds: dict[Variable, int], least: int) -> Iterator[Assignment]:
    """The sizes of which the exporter says nothing: each of those below, the others at their least, and not."""
    found: list[Assignment] = []
    for others in (bounds, {one: max(bound, least) + 3 for one, bound in bounds.items()}):
        for variable, bound in bounds.items():
            found += [{**others, variable: size} for size in range(bound, least)]
    for place, at in enumerate(found):
        if at not in found[:place]:
            yield at


def _around(bounds: dict[Variable, int], hypotheses: Sequence[Constraint], reason: str) -> Iterator[Assignment]:
    """Sizes at which a module is run where nothing is shown for all: small ones, and around the numbers that the
    exporter mentions; those with the least total first, so that a counterexample is a small one."""
    if not bounds:
        yield {}
        return
    found: list[Assignment] = []
    hints = [int(number) for number in re.findall(r"(?<![\w.])\d{1,4}(?![\w.])", reason)]
    for size in dict.fromkeys(near for hint in hints for near in (hint, hint + 1, hint - 1)):
        found += [{**bounds, variable: size} for variable, bound in bounds.items() if bound <= size <= LARGEST]
    found = [*_models(list(bounds), hypotheses, RUN_AT), *found[:RUN_AT]]
    yield from sorted(found, key=lambda at: (sum(at.values()), [*at.values()]))


def _told(assignments: Sequence[Assignment], variables: Sequence[Variable]) -> str:
    """Sizes in words."""
    points = sorted({tuple(at[one] for one in variables) for at in assignments})
    more = f" and {len(points) - 8} more" if len(points) > 8 else ""
    points = points[:8]
    if len(variables) == 1:
        return f"{variables[0].name} = {', '.join(str(point[0]) for point in points)}{more}"
    if len(points) == 1:
        return ", ".join(f"{one.name} = {size}" for one, size in zip(variables, points[0], strict=True))
    names = ", ".join(one.name for one in variables)
    return f"({names}) = {', '.join(str(point) for point in points)}{more}"
