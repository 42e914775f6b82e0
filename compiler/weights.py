"""Loading a checkpoint into a module: all of it, or nothing.

`plan` says what each address of the module would receive and lists every problem at once; `load` applies a
plan that has none. The module's own `state_dict` says which addresses there are, so buffers, tied and
parametrized weights and loading hooks are respected. A module that cannot be loaded is left as it was.

>>> import torch
>>> net = torch.nn.Linear(2, 1)
>>> made = plan(net, {"w": torch.ones(1, 2), "bias": torch.ones(1)}, {"weight": "w"})
>>> made.problems
[]
>>> made.apply()
>>> net(torch.ones(2)).item()
3.0
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from catlang.compiler.checkpoint import Tensors, read
from catlang.compiler.recipe import MisfitError, Read, Recipe, shown
from catlang.compiler.renaming import Problem, Rename, WeightsError, perhaps
from catlang.network.addresses import folded, skeleton

__all__ = ["Plan", "Problem", "Rename", "WeightsError", "load", "plan", "read"]

Table = Rename | Mapping[str, Any] | str | Path | None

_HINTED = 200


@dataclass
class Plan:
    """What each address of a module would receive; `problems` is empty exactly where `apply` may go ahead."""

    module: nn.Module
    recipes: dict[str, Recipe] = field(default_factory=dict)
    values: dict[str, Tensor] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def apply(self) -> None:
        """Copies every value into the module, or raises WeightsError and leaves the module as it was."""
        if self.problems:
            raise WeightsError(_listed(self.problems), self.problems)
        state = self.module.state_dict()
        owned = {
            tensor.untyped_storage().data_ptr() for tensor in state.values() if isinstance(tensor, Tensor)
        }
        for address, value in self.values.items():
            # A value that is memory of the module itself would change under the copying, as in a swap.
            state[address] = value.clone() if value.untyped_storage().data_ptr() in owned else value
        every = [*self.module.parameters(), *self.module.buffers()]
        live = [tensor for tensor in every if not is_lazy(tensor) and not tensor.is_meta]
        saved = [tensor.detach().to("cpu", copy=True) for tensor in live]
        try:
            self.module.load_state_dict(state, strict=True)
        except BaseException as why:
            _restore(live, saved)
            if not isinstance(why, Exception):
                raise
            text = f"copying failed, and the module is as it was: {' '.join(str(why).split())}"
            raise WeightsError(text, [Problem("copying", "", text)]) from why


@torch.no_grad()
def _restore(live: list[Tensor], saved: list[Tensor]) -> None:
    for tensor, old in zip(live, saved, strict=True):
        # Some tensors cannot be written to at all; those were not changed either.
        if not _same(tensor, old):
            tensor.copy_(old)


def plan(module: nn.Module, tensors: Tensors, rename: Table = None, strict: bool = True) -> Plan:
    """Says where every weight of the module would come from. Without `strict`, addresses that the checkpoint
    lacks keep their values, and tensors that the module has no place for are passed over."""
    table = Rename.of(rename)
    targets = weights_of(module)
    resolved = table.resolve(targets)
    made = Plan(
        module, recipes=resolved.recipes, kept=sorted(resolved.kept), problems=list(resolved.problems)
    )
    for address in targets:
        if address not in made.recipes and address not in resolved.kept and address in tensors:
            made.recipes[address] = Read(address)
    used = {name for recipe in made.recipes.values() for name in recipe.names}
    made.extra = [
        name
        for name in tensors
        if name not in used
        and name not in resolved.kept
        and not table.ignores(name)
        # A wrong target has been said once already.
        and not any(entry.reads(name) for entry in resolved.stray)
    ]
    _fill(made, targets, tensors)
    lost = {address for address in targets if address not in made.recipes and address not in resolved.kept}
    for names in _tied(targets):
        given = [address for address in names if address in made.values]
        # Of several names of one tensor it is enough that the checkpoint has one.
        lost -= set(names) if given else set()
        for other in given[1:]:
            if not _same(*(made.values[name].to(targets[name].dtype) for name in (given[0], other))):
                text = f"`{given[0]}` and `{other}` are one tensor in the module and differ in the checkpoint"
                made.problems.append(Problem("tied", other, text))
    made.missing = [address for address in targets if address in lost]
    if strict:
        offered, wanted = _by_shape(tensors, made.extra), _by_shape(targets, made.missing)
        for address in made.missing:
            shape = shape_of(targets[address])
            # Looking for the nearest of very many names takes long and finds little.
            help = perhaps(address, offered[shape]) if len(made.missing) <= _HINTED else ""
            text = f"the checkpoint has no `{address}` {shape}"
            made.problems.append(Problem("missing", address, text, help))
        for name in made.extra:
            shape = shape_of(tensors[name])
            help = perhaps(name, wanted[shape]) if len(made.extra) <= _HINTED else ""
            text = f"the module has no place for `{name}` {shape}"
            made.problems.append(Problem("extra", name, text, help))
    return made


def load(module: nn.Module, weights: Tensors | str | Path, rename: Table = None, strict: bool = True) -> Plan:
    """Loads named tensors, or those of a file, and returns what was done; on any problem raises WeightsError,
    which lists all of them, and leaves the module as it was."""
    tensors = weights if isinstance(weights, Mapping) else read(weights)
    made = plan(module, tensors, rename, strict)
    made.apply()
    return made


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """What can be loaded: the tensors that the module's `state_dict` names, themselves and not copies."""
    state = module.state_dict(keep_vars=True)
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def shape_of(tensor: Tensor) -> str:
    return "of unknown shape" if is_lazy(tensor) else shown(tensor.shape)


def kind_of(dtype: torch.dtype) -> str:
    """Numbers are cast within a kind, and never from one to another."""
    if dtype.is_floating_point:
        return "floating point"
    return "complex" if dtype.is_complex else "Boolean" if dtype is torch.bool else "integer"


def _fill(made: Plan, targets: Tensors, tensors: Tensors) -> None:
    for address, recipe in made.recipes.items():
        if lost := {name: None for name in recipe.names if name not in tensors}:
            for name in lost:
                text = f"the checkpoint has no `{name}`, from which the rename table makes `{address}`"
                help = perhaps(name, made.extra) or perhaps(name, tensors)
                made.problems.append(Problem("missing", address, text, help))
            continue
        try:
            value = recipe.value(tensors)
        except MisfitError as why:
            made.problems.append(Problem("rename", address, f"`{address}` cannot be made: {why}"))
            continue
        if problem := _misfit(address, targets[address], recipe, value):
            made.problems.append(problem)
        else:
            made.values[address] = value


def _misfit(address: str, target: Tensor, recipe: Recipe, value: Tensor) -> Problem | None:
    if is_lazy(target):
        return Problem("lazy", address, f"`{address}` has no shape yet", "run the module once on an input")
    if target.is_meta:
        help = "give the module memory first, `module.to_empty(device='cpu')`"
        return Problem("meta", address, f"`{address}` has no memory to be loaded into", help)
    origin = "in the checkpoint" if recipe == Read(address) else f"as made from `{recipe}`"
    if value.shape != target.shape:
        text = f"`{address}` is {shown(target.shape)} in the module and {shown(value.shape)} {origin}"
        turned = value.dim() == 2 and value.T.shape == target.shape
        return Problem(
            "shape", address, text, "`transpose = true` in the rename table turns it" if turned else ""
        )
    if kind_of(value.dtype) != kind_of(target.dtype):
        text = f"`{address}` is {_dtype(target)} in the module and {_dtype(value)} {origin}"
        return Problem("dtype", address, text)
    if not _holds(target.dtype, value):
        text = (
            f"`{address}` is {_dtype(target)} in the module, too small for {_dtype(value)} numbers {origin}"
        )
        return Problem("overflow", address, text)
    return None


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _holds(dtype: torch.dtype, value: Tensor) -> bool:
    """Whether casting turns no number infinite and wraps none around; losing digits is no problem."""
    if value.dtype == dtype or (value.dtype.itemsize == 1 and dtype.is_floating_point):
        return True
    back = value.to(dtype).to(value.dtype)
    if dtype.is_floating_point or dtype.is_complex:
        return bool((torch.isfinite(back) | ~torch.isfinite(value)).all())
    return torch.equal(back.to(torch.int64), value.to(torch.int64))


def _same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit, so that a NaN is itself."""
    bits, others = (
        tensor.detach().to("cpu").contiguous().flatten().view(torch.uint8) for tensor in (one, other)
    )
    return torch.equal(bits, others)


def _tied(targets: Tensors) -> list[list[str]]:
    """The names that share one tensor, group by group."""
    groups: dict[Any, list[str]] = defaultdict(list)
    for name, value in targets.items():
        key: Any = id(value)
        if not is_lazy(value) and not value.is_meta and value.numel():
            key = (value.data_ptr(), value.shape, value.stride(), value.dtype)
        groups[key].append(name)
    return [names for names in groups.values() if len(names) > 1]


def _by_shape(tensors: Tensors, names: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[shape_of(tensors[name])].append(name)
    return found


def _listed(problems: list[Problem]) -> str:
    """All problems; those of one family of addresses share a line."""
    groups: dict[tuple[str, str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        text, help = (
            re.sub("`[^`]*`", lambda hit: skeleton(hit[0]), part) for part in (problem.text, problem.help)
        )
        groups[problem.kind, text, help].append(problem)
    lines = []
    for group in groups.values():
        count = f" ({len(group)} times)" if len(group) > 1 else ""
        lines.append(f"  {_together([str(problem) for problem in group])}{count}")
    if {"missing", "extra"} <= {problem.kind for problem in problems}:
        lines.append("  help: if names differ, `catlang weights SPEC --against FILE` proposes a rename table")
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([f"the weights do not fit the module: {count}", *lines])


def _together(texts: list[str]) -> str:
    """Texts that differ by numbers inside backticks, as one."""
    columns = iter(list(zip(*(re.findall("`[^`]*`", text) for text in texts), strict=True)))
    return re.sub("`[^`]*`", lambda _: folded(next(columns)), texts[0])
