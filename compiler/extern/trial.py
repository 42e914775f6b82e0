"""A module run once at sizes that are numbers, on random arrays, and held to its header."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from catlang.compiler.emitted.outside import of_outside
from catlang.compiler.extern.reference import called, told
from catlang.compiler.extern.row import kind_of, names_of
from catlang.dims import Dim, Variable, evaluate
from catlang.network.erasure import carrier
from catlang.objects.colour import Finite, Object, Product, Run, axes_of, base_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from catlang.checker.entry import Definition

    Sizes = Mapping[Variable, int]

#: The batch that modules are tried with; no size in a header is likely to be it by accident.
BATCH = 3


class Failed(Exception):
    """A module does not do what its header says: it ``raised``, or gave something else."""

    def __init__(self, why: str, raised: bool) -> None:
        super().__init__(why)
        self.why = why
        self.raised = raised


def run(definition: Definition, module: nn.Module, sizes: Sizes) -> None:
    """Runs the module of an extern at sizes; raises ``Failed`` where it raises, or gives what was not promised."""
    arrays = [array(leaf, sizes, torch.Generator().manual_seed(0)) for leaf in flat(definition.domain)]
    given, named = arguments(definition, arrays)
    try:
        with torch.no_grad():
            made = module(*given, **named)
    except Exception as error:
        raise Failed(told(error), True) from error
    wanted = promised(definition.codomain, lambda leaf: (BATCH, *(evaluate(axis, sizes) for axis in axes(leaf))))
    try:
        found = of_outside(called(definition), made, wanted, names_of(definition.codomain))
    except (TypeError, ValueError) as error:
        raise Failed(str(error), False) from error
    for leaf, part in zip(flat(definition.codomain), found, strict=True):
        base = base_of(leaf)
        if isinstance(base, Finite) and part.numel() and not (
                part.min() >= 0 and part.max() < evaluate(base.size, sizes)):
            raise Failed(f"{called(definition)} gives indices from {int(part.min())} to {int(part.max())} where its "
                         f"header promises some below {evaluate(base.size, sizes)}", False)


def flat(obj: Object) -> list[Object]:
    """The arrays that an object is made of, from left to right."""
    obj = carrier(obj)
    return [leaf for item in obj.items for leaf in flat(item)] if isinstance(obj, Product) else [obj]


def axes(leaf: Object) -> tuple[Dim, ...]:
    """The axes of an array in a header, which are sizes: there are no runs of them."""
    return tuple(axis for axis in axes_of(leaf) if not isinstance(axis, Run))


def array(leaf: Object, sizes: Sizes, generator: torch.Generator) -> torch.Tensor:
    """A random array of an object, with a batch."""
    shape = (BATCH, *(evaluate(axis, sizes) for axis in axes(leaf)))
    kind, base = kind_of(leaf), base_of(leaf)
    if kind == "real":
        return torch.randn(shape, generator=generator)
    if kind == "truth":
        return torch.rand(shape, generator=generator) < 0.5
    assert isinstance(base, Finite)
    return torch.randint(0, evaluate(base.size, sizes), shape, generator=generator)


def arguments(definition: Definition, arrays: list[torch.Tensor]) -> tuple[list[Any], dict[str, Any]]:
    """Arrays as a module takes them: parts of the domain that have names by name, the others by place."""
    left = iter(arrays)
    obj = carrier(definition.domain)
    if not isinstance(obj, Product):
        return [next(left)], {}
    parts = [_nested(item, left) for item in obj.items]
    names = names_of(obj)
    return ([part for part, name in zip(parts, names, strict=True) if name is None],
            {name: part for part, name in zip(parts, names, strict=True) if name is not None})


def _nested(obj: Object, left: Any) -> Any:
    obj = carrier(obj)
    return tuple(_nested(item, left) for item in obj.items) if isinstance(obj, Product) else next(left)


def promised(obj: Object, shape: Any) -> Any:
    """What the header says of what comes out, as :func:`of_outside` takes it."""
    obj = carrier(obj)
    if isinstance(obj, Product):
        return tuple(promised(item, shape) for item in obj.items)
    return kind_of(obj), shape(obj)
