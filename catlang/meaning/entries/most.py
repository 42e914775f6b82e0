"""The largest of several forms, each perhaps for all values of bound indices: the one lattice operation there is.

The least is the negative of the largest of the negatives. What is the same in all arguments stands outside, and sums of
largest ones are largest sums, so that ``max`` and ``+`` are a semiring here:

>>> from catlang.dims import Variable
>>> from catlang.meaning.entries.entry import entry
>>> from catlang.meaning.entries.form import number
>>> a, b, c = entry("a"), entry("b"), entry("c")
>>> most(a, b) == most(b, a), most(a, most(b, c)) == most(most(a, b), c), most(a, a) == a
(True, True, True)
>>> most(a + c, b + c) == most(a, b) + c, most(a.times(2), b.times(2)) == most(a, b).times(2)
(True, True)
>>> least(a, least(b, c)) == least(least(a, b), c), least(a, b) + most(a, b) == a + b, most(a, least(a, b)) == a
(True, True, True)
>>> most(a, number(1), number(3)) == most(a, number(3)), most(a, a + number(1)) == a + number(1)
(True, True)
>>> n = Variable("n").poly
>>> i, j = index.fresh(n), index.fresh(n)
>>> x, y = entry("x", i), entry("x", j)
>>> largest([([i], x + a)]) == largest([([j], y)]) + a, most(largest([([i], x)]), a) == largest([([j], y), ([], a)])
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations

from catlang.meaning.entries import index, naming, work
from catlang.meaning.entries.entry import backwards
from catlang.meaning.entries.factor import Factor, Name, binders, by_key, hiding
from catlang.meaning.entries.form import ZERO, Form, Number, Of, Term, gathered, of
from catlang.meaning.entries.index import Index, Var
from catlang.meaning.entries.signs import content, nonnegative, not_empty, positive

#: A form for all values of some variables.
Argument = tuple[Sequence[Var], Form]


class Most(Factor):
    """The largest of its arguments; it is made by ``largest`` alone."""

    __slots__ = ("arguments",)

    def __init__(self, arguments: Iterable[Argument]) -> None:
        self.arguments = tuple((tuple(bound), form) for bound, form in arguments)
        free = frozenset(var for bound, form in self.arguments for var in form.free.difference(bound))
        super().__init__(free, (form for _, form in self.arguments))
        self.height += any(bound for bound, _ in self.arguments)

    @property
    def sign(self) -> int | None:
        known = [form for bound, form in self.arguments if all(not_empty(var.size) for var in bound)]
        return 1 if any(map(positive, known)) else 0 if any(map(nonnegative, known)) else None

    def spelt(self, name: Name) -> str:
        return f"max({', '.join(sorted(_spelt(bound, form, name) for bound, form in self.arguments))})"

    def put(self, values: Mapping[Var, Index]) -> Form:
        return largest(self.opened(values))

    def opened(self, values: Mapping[Var, Index] | None = None) -> list[Argument]:
        """The arguments, their bound variables under new names, and indices put for others."""
        found: list[Argument] = []
        for bound, form in self.arguments:
            fresh = {var: index.fresh(var.size) for var in bound}
            found.append((list(fresh.values()), form.put({**(values or {}), **fresh})))
        return found


def _spelt(bound: Sequence[Var], form: Form, name: Name) -> str:
    inner = name if not bound or name is by_key else hiding(bound, name)
    return f"{f'for[{binders(bound)}]' if bound else ''}{form.spelt(inner)}"


def most(*forms: Form) -> Form:
    """The largest of forms."""
    return largest([((), form) for form in forms])


def least(*forms: Form) -> Form:
    """The least of forms."""
    return -most(*(-form for form in forms))


def largest(arguments: Sequence[Argument]) -> Form:
    """The largest of arguments, of which there is at least one."""
    outside = ZERO
    found = list(arguments)
    while True:
        common = _common(found)
        outside = outside + common
        found = [(bound, form - common) for bound, form in found]
        flat = _reduced([one for argument in found for one in flattened(*argument)])
        if len(flat) == 1 and not flat[0][0]:
            return outside + flat[0][1]
        # Where an argument is gone, or another came, more may be the same in all that are left.
        if not _common(flat).terms and len(flat) == len(found):
            break
        found = flat
    unit = content(form for _, form in flat)
    inside = [(bound, form.times(1 / Fraction(unit))) for bound, form in flat]
    return outside + of(Most(_closed(inside))).times(unit)


def _common(arguments: Sequence[Argument]) -> Form:
    """The largest multiple of each term that is in all arguments: it moves along where something is added to all."""
    terms: dict[Term, Number] = {}
    for term in dict.fromkeys(term for bound, form in arguments for term in form.terms
                              if term.free.isdisjoint(bound)):
        value = min(form.terms.get(term, 0) for _, form in arguments)
        if value:
            terms[term] = value
    return Form(terms)


def flattened(bound: Sequence[Var], form: Form) -> list[Argument]:
    """Arguments that together are one, with no positive multiple of a largest one in a sum."""
    for term, coefficient in form.terms.items():
        inner = term.single
        if isinstance(inner, Most) and coefficient > 0:
            rest = form + Form({term: -coefficient})
            found: list[Argument] = []
            for more, one in inner.opened():
                found += flattened([*bound, *more], rest + one.times(coefficient))
                if len(found) > work.MOST_ARGUMENTS:
                    raise work.TooLarge("a maximum has too many arguments")
            return found
    return [(bound, form)]


def _reduced(arguments: Sequence[Argument]) -> list[Argument]:
    """Without those that are there already, that are never above another, or between two others."""
    if len(arguments) > work.MOST_ARGUMENTS:
        raise work.TooLarge("a maximum has too many arguments")
    different: dict[str, Argument] = {}
    for bound, form in arguments:
        kept = [var for var in bound if var in form.free]
        # Of an axis that nothing depends on it matters only whether it is empty.
        if len(kept) != len(bound):
            kept += [var for var in bound if var not in form.free and not not_empty(var.size)]
        [(names, closed)] = _closed([(kept, form)])
        different.setdefault(_spelt(names, closed, by_key), (kept, form))
    simple = [form for bound, form in different.values() if not bound]
    work.spend(len(simple) ** 2 * (1 + max((len(form.terms) for form in simple), default=0)))
    gone = {form for form in simple for other in simple if form is not other and nonnegative(other - form)}
    simple = [form for form in simple if form not in gone]
    gone.update(_between(simple))
    return [(bound, form) for bound, form in different.values() if bound or form not in gone]


def _between(forms: Sequence[Form]) -> set[Form]:
    """Those that lie between two others: these are never both below."""
    if len(forms) > 16:
        return set()
    found = set()
    for middle in forms:
        away = [form - middle for form in forms if form is not middle]
        for one, other in combinations(away, 2):
            if one.terms.keys() != other.terms.keys():
                continue
            ratios = {Fraction(one.terms[term]) / other.terms[term] for term in one.terms}
            if len(ratios) == 1 and ratios.pop() < 0:
                found.add(middle)
                break
    return found


def _closed(arguments: Iterable[Argument]) -> list[Argument]:
    """Bound variables under the names that they are to have."""
    found: list[Argument] = []
    for bound, form in arguments:
        used = [var for var in bound if var in form.free]
        form = form.put({var: index.flipped(var, var.size) for var in used if backwards(var, [form.key])})
        idle = sorted((var for var in bound if var not in form.free), key=lambda var: index.dim_key(var.size))
        # Named as those of a product that is this form would be.
        names, [(closed, _)] = naming.named(used, [(Of("for", [form]), 1)])
        assert isinstance(closed, Of)
        rest = tuple(index.bound(1 + form.height, len(names) + place, var.size) for place, var in enumerate(idle))
        found.append(((*names, *rest), closed.arguments[0]))
    return found


def expanded(form: Form) -> Form:
    """The largest of all sums that a form is the largest of: such as are equal are the same."""
    return largest(flattened((), form))


def agree(left: Form, right: Form) -> bool:
    """Whether two forms are equal, or are so once on each side what is taken away on the other is added.

    >>> from catlang.meaning.entries.entry import entry
    >>> a, b, c = entry("a"), entry("b"), entry("c")
    >>> one, other = least(a, most(b, c)), most(least(a, b), least(a, c))
    >>> one == other, agree(one, other), agree(one, a)
    (False, True, False)
    """
    difference = left - right
    if not difference.terms:
        return True
    above: list[tuple[Form, Number]] = []
    below: list[tuple[Form, Number]] = []
    for term, coefficient in difference.terms.items():
        (above if coefficient > 0 else below).append((Form({term: 1}), max(coefficient, -coefficient)))
    if not any(isinstance(term.single, Most) for term in difference.terms):
        return False
    return expanded(gathered(above)) == expanded(gathered(below))


__all__ = ["Most", "agree", "expanded", "flattened", "largest", "least", "most"]
