"""Constants and indices. An index is a number; where it is that of a place it is known which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.meaning.entries import functions as f
from catlang.meaning.entries.constants import constant
from catlang.meaning.entries.entry import Place, place, same
from catlang.meaning.entries.form import ONE, ZERO, Form, size
from catlang.meaning.entries.index import Index
from catlang.meaning.entries.row import Entries, axes, entrywise, means

if TYPE_CHECKING:
    from catlang.network.functor import Site


def index_of(form: Form) -> Index | None:
    """The index that a form is as a number, where it is one as it stands."""
    value = form.constant
    if value is not None:
        return int(value)
    single = form.single
    if single is not None and single[1] == 1 and isinstance(single[0].single, Place):
        return single[0].single.index
    return None


def equal_indices(left: Form, right: Form) -> Form:
    """1 where two indices are equal, else 0."""
    one, other = index_of(left), index_of(right)
    return f.equal(left, right) if one is None or other is None else same(one, other)


@means("const")
def const(site: Site[Entries]) -> Entries:
    return Entries(axes(site.outputs[0]), constant(site, "value"))


@means("zero")
def zero(site: Site[Entries]) -> Entries:
    return Entries(axes(site.outputs[0]), ZERO)


@means("one")
def one(site: Site[Entries]) -> Entries:
    return Entries(axes(site.outputs[0]), ONE)


@means("index")
def index(site: Site[Entries]) -> Entries:
    [var] = axes(site.outputs[0])
    return Entries([var], place(0 if var.size == 1 else var))


@means("one_hot")
def one_hot(site: Site[Entries], x: Entries) -> Entries:
    [var] = axes(site.outputs[0])
    return Entries([var], equal_indices(x.form, place(0 if var.size == 1 else var)))


@means("to_index")
def to_index(site: Site[Entries], x: Entries) -> Entries:
    return Entries((), f.some("to_index", x.form, size(site["n"])))


entrywise("to_real", lambda x: x)
entrywise("include", lambda x: x)
entrywise("equal_index", equal_indices)
