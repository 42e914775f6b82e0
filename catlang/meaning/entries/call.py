"""A primitive of which nothing is known but that it gives the same for the same: an entry of what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.meaning.entries import index
from catlang.meaning.entries.entry import Based
from catlang.meaning.entries.factor import Name, binders, by_key, hiding
from catlang.meaning.entries.form import Form, of
from catlang.meaning.entries.index import Index, Var
from catlang.meaning.entries.row import Entries, NoForm, axes, base
from catlang.objects.colour import Object, dims_of, show

if TYPE_CHECKING:
    from catlang.network.functor import Site


class Call(Based):
    """An entry of what a primitive gives: ``name`` says which of its outputs and at which arguments, ``arrays`` are
    what it takes."""

    __slots__ = ("arrays", "indices", "name")

    def __init__(self, name: str, base: str, indices: Sequence[Index], arrays: Sequence[Entries]) -> None:
        self.name = name
        self.base = base
        self.indices = tuple(map(index.plain, indices))
        self.arrays = tuple(map(_closed, arrays))
        free = {var for one in self.indices for var in index.free(one)}
        free.update(var for x in self.arrays for var in x.form.free.difference(x.indices))
        super().__init__(frozenset(free), (x.form for x in self.arrays))
        self.height += 1

    def spelt(self, name: Name) -> str:
        arrays = [f"for[{binders(x.indices)}]{x.form.spelt(name if name is by_key else hiding(x.indices, name))}"
                  for x in self.arrays]
        return f"{self.name}({'; '.join(arrays)})[{', '.join(index.spelt(one, name) for one in self.indices)}]"

    def put(self, values: Mapping[Var, Index]) -> Form:
        # The bound variables here have names that nothing from outside has.
        arrays = [Entries(x.indices, x.form.put(values)) for x in self.arrays]
        return of(Call(self.name, self.base, [index.put(one, values) for one in self.indices], arrays))


def _closed(x: Entries) -> Entries:
    """An array whose indices have the names that bound variables have."""
    names = tuple(index.bound(1 + x.form.height, place, var.size) for place, var in enumerate(x.indices))
    return x if names == x.indices else Entries(names, x[names])


def called(site: Site[Entries], name: str = "") -> tuple[Entries, ...]:
    """What a primitive without noise and state gives; ``name`` is what tells it from others."""
    definition = site.operation.definition
    assert definition.noise is None and not definition.states, definition.name
    # A part that is named like a truth value is there where that is true.
    weights = [site.weight(part) for part, _ in definition.weights
               if part not in site.operation.arguments or site[part]]
    arguments = ", ".join(f"{key} = {_argument(site[key])}" for key in sorted(site.operation.arguments) if key)
    made = []
    for number, obj in enumerate(site.outputs):
        at = axes(obj)
        spelt = f"{name or site.name}.{number}[{arguments}]"
        made.append(Entries(at, of(Call(spelt, base(obj), at, [*site.inputs, *weights]))))
    return tuple(made)


def _argument(value: Any) -> str:
    """A spelling that tells any two arguments apart."""
    if isinstance(value, bool | float | str):
        return repr(value)
    if isinstance(value, int | dims.Poly):
        return index.dim_key(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_argument, value))})"
    if isinstance(value, Object):
        # Two sizes may have one name.
        return f"{show(value)!r} at {', '.join(index.dim_key(one) for one in dims_of(value))}"
    raise NoForm("an argument of another kind")
