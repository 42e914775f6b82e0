"""A row: what one primitive is on normal forms.

A row is a function of its site and of the values on its input wires. Rows stand beside their kin; nothing else knows a
primitive by name. A primitive of the prelude that has none has the reason in ``FORMLESS`` instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.dims import Dim
from catlang.meaning.entries import index
from catlang.meaning.entries.entry import entry
from catlang.meaning.entries.form import Form
from catlang.meaning.entries.index import Index, Var
from catlang.objects.colour import BOOL, REAL, Finite, axes_of, base_of
from catlang.objects.functor import Fixed

if TYPE_CHECKING:
    from catlang.network.functor import Site
    from catlang.objects.colour import Object

Meaning = Callable[["Site[Entries]"], Any]

ROWS: dict[str, Meaning] = {}
FORMLESS: dict[str, str] = {}


class NoForm(Exception):
    """What has no normal form: ``why`` says what."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Entries:
    """An array as a function of its indices: variables, and a normal form in which they are free."""

    __slots__ = ("form", "indices")

    def __init__(self, indices: Sequence[Var], form: Form) -> None:
        self.indices = tuple(indices)
        self.form = form

    def __getitem__(self, at: Sequence[Index]) -> Form:
        """The entry at a place."""
        return self.form.put(dict(zip(self.indices, at, strict=True)))

    def __repr__(self) -> str:
        return f"[{', '.join(map(str, self.indices))}] {self.form}"


class Nothing(Entries):
    """What stands on a wire that has no normal form, ``why`` because of."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why


def means(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares the row of a primitive: a function of its site and its inputs."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        assert name not in ROWS and name not in FORMLESS, name
        ROWS[name] = lambda site: function(site, *site.inputs)
        return function

    return declare


def entrywise(name: str, function: Callable[..., Form]) -> None:
    """Declares a primitive that acts at each entry alike."""
    means(name)(lambda site, *inputs: at_each(function, *inputs))


def formless(reason: str, *names: str) -> None:
    """Declares primitives that have no normal form."""
    for name in names:
        assert name not in ROWS and name not in FORMLESS, name
        FORMLESS[name] = reason


def at_each(function: Callable[..., Form], *inputs: Entries) -> Entries:
    """A function of entries at each place of arrays of one shape."""
    at = inputs[0].indices
    return Entries(at, function(*(x[at] for x in inputs)))


def axes(obj: Object) -> list[Var]:
    """A new variable for each axis."""
    found: list[Var] = []
    for axis in axes_of(obj):
        if not isinstance(axis, int | dims.Poly):
            raise NoForm("a run of axes")
        found.append(index.fresh(axis))
    return found


def base(obj: Object) -> str:
    """What the entries of an array are."""
    inner = base_of(obj)
    if inner is REAL:
        return "real"
    if inner is BOOL:
        return "truth"
    if isinstance(inner, Finite):
        return "truth" if inner.size == 2 else "index"
    raise NoForm("trees have no normal form" if isinstance(inner, Fixed) else "what is no array has no normal form")


def given(address: str, obj: Object) -> Entries:
    """An array of which nothing is known."""
    at = axes(obj)
    return Entries(at, entry(address, *at, base=base(obj)))


def whole(size: Dim, what: str) -> int:
    """A size that has to be known."""
    if not isinstance(size, int):
        raise NoForm(what)
    return size
