"""Normal forms: sums of terms, each a number times a product of factors, perhaps summed over bound indices.

A factor is an entry of an array, a size, an index as a number, ``i = j`` (1 where two indices are the same, else 0), or
a function of normal forms. Two forms that are equal are the same function of what their factors are, *whatever* entries
are, at all sizes; forms that differ may be the same function none the less.

What is defined but for some values (a reciprocal, a logarithm) may disappear, as from ``0 * (1 / x)``: equal forms are
equal wherever both sides are defined.

>>> from catlang.meaning.entries.entry import entry, same
>>> i, j, k, l = (index.fresh(3) for _ in range(4))
>>> a, b, c = (lambda *at, name=name: entry(name, *at) for name in "abc")
>>> x, y, z = (entry(name) for name in "xyz")
>>> x + (y + z) == (x + y) + z, x * (y * z) == (x * y) * z, x * y == y * x, x * (y + z) == x * y + x * z
(True, True, True, True)
>>> x - x == ZERO, x * ONE == x, x * ZERO == ZERO, x + x == x.times(2), (x + y) * (x - y) == x * x - y * y
(True, True, True, True, True)

Bound indices have no names of their own, and sums lie in front of all else:

>>> left = summed(k, summed(j, a(i, j) * b(j, k)) * c(k, l))
>>> right = summed(j, a(i, j) * summed(k, b(j, k) * c(k, l)))
>>> left == right, left == summed(j, summed(k, a(i, j) * b(k, j) * c(k, l)))
(True, False)

What does not depend on a bound index is there as often as the axis is long, and ``i = j`` chooses one:

>>> summed(i, x) == x.times(3), summed(i, a(i) + x) == summed(j, a(j)) + x.times(3)
(True, True)
>>> summed(i, a(index.flipped(i, 3), j)) == summed(i, a(i, j))
True
>>> summed(j, same(i, j) * a(j, j)) == a(i, i), summed(i, summed(j, same(i, j))) == number(3)
(True, True)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from catlang.dims import Dim, Poly, Variable
from catlang.meaning.entries import index, naming, work
from catlang.meaning.entries.factor import Factor, Name, binders, by_key, hiding
from catlang.meaning.entries.index import Index, Var

Number = int | Fraction


class Size(Factor):
    """A variable of sizes, or a quotient of sizes, as a number."""

    __slots__ = ("atom",)

    def __init__(self, atom: Any) -> None:
        self.atom = atom
        super().__init__(frozenset())

    def spelt(self, name: Name) -> str:
        return f"|{index.atom_key(self.atom)}|"

    def put(self, values: Mapping[Var, Index]) -> Form:
        return of(self)

    @property
    def sign(self) -> int | None:
        return min(self.atom.least, 1) if isinstance(self.atom, Variable) and self.atom.least >= 0 else None


class Of(Factor):
    """A function of forms; ``rebuilt`` makes it of others."""

    __slots__ = ("arguments", "name", "rebuilt")

    def __init__(self, name: str, arguments: Sequence[Form], rebuilt: Callable[..., Form] | None = None) -> None:
        self.name = name
        self.arguments = tuple(arguments)
        self.rebuilt = rebuilt
        super().__init__(frozenset(var for form in self.arguments for var in form.free), self.arguments)

    @property
    def truth(self) -> bool:  # type: ignore[override]
        return self.name == "positive"

    def spelt(self, name: Name) -> str:
        return f"{self.name}({', '.join(form.spelt(name) for form in self.arguments)})"

    def put(self, values: Mapping[Var, Index]) -> Form:
        made = [form.put(values) for form in self.arguments]
        return self.rebuilt(*made) if self.rebuilt is not None else of(Of(self.name, made))


class Term:
    """A product of powers of factors, summed over bound indices. It is made by ``product`` alone, which names these."""

    __slots__ = ("_shape", "bound", "depth", "factors", "free", "height", "key", "size")

    def __init__(self, bound: tuple[Var, ...], factors: tuple[tuple[Factor, int], ...]) -> None:
        self.bound = bound
        self.factors = factors
        self._shape: str | None = None
        self.free = frozenset(var for factor, _ in factors for var in factor.free).difference(bound)
        self.height = bool(bound) + max((factor.height for factor, _ in factors), default=0)
        self.depth = max((factor.depth for factor, _ in factors), default=0)
        self.size = 1 + len(bound) + sum(factor.size for factor, _ in factors)
        self.key = self.spelt(by_key)

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, Term) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key

    def spelt(self, name: Name) -> str:
        """How it is written where its variables are called so; but for the key those bound in it are all one."""
        inner = name if not self.bound or name is by_key else hiding(self.bound, name)
        found = sorted(f"{factor.spelt(inner)}^{exponent}" for factor, exponent in self.factors)
        return f"{f'sum[{binders(self.bound)}]' if self.bound else ''}({'*'.join(found)})"

    @property
    def shape(self) -> str:
        if self._shape is None:
            self._shape = self.spelt(lambda var: "_")
        return self._shape

    @property
    def single(self) -> Factor | None:
        """The factor that it is, if it is one."""
        if len(self.factors) != 1 or self.bound or self.factors[0][1] != 1:
            return None
        return self.factors[0][0]

    def opened(self) -> tuple[list[Var], list[tuple[Factor, int]]]:
        """Its bound variables under new names, and the factors."""
        if not self.bound:
            return [], list(self.factors)
        fresh = [index.fresh(var.size) for var in self.bound]
        return fresh, naming.renamed(self.factors, dict(zip(self.bound, fresh, strict=True)))

    def put(self, values: Mapping[Var, Index]) -> Form:
        if self.free.isdisjoint(values):
            return Form({self: 1})
        fresh = {var: index.fresh(var.size) for var in self.bound}
        return put(list(fresh.values()), self.factors, {**values, **fresh})


class Form:
    """A sum of terms, each times a number that is not 0."""

    __slots__ = ("_key", "depth", "free", "height", "size", "terms")

    def __init__(self, terms: dict[Term, Number]) -> None:
        if len(terms) > work.MOST_TERMS:
            raise work.TooLarge("a normal form has too many terms")
        self.terms = terms
        self._key: str | None = None
        self.free = frozenset(var for term in terms for var in term.free) if terms else _NONE
        self.height = max((term.height for term in terms), default=0)
        self.depth = max((term.depth for term in terms), default=0)
        self.size = 1 + sum(term.size for term in terms)
        work.spend(1 + len(terms))

    @property
    def key(self) -> str:
        if self._key is None:
            self._key = self.spelt(by_key)
        return self._key

    def spelt(self, name: Name) -> str:
        """How it is written where its variables are called so."""
        work.spend(self.size)
        return " + ".join(sorted(f"{coefficient}{term.spelt(name)}" for term, coefficient in self.terms.items()))

    def __eq__(self, other: object) -> bool:
        return self is other or isinstance(other, Form) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return self.key or "0"

    @property
    def constant(self) -> Number | None:
        """The number that it is, if it is one."""
        if not self.terms:
            return 0
        if len(self.terms) == 1 and UNIT in self.terms:
            return self.terms[UNIT]
        return None

    @property
    def single(self) -> tuple[Term, Number] | None:
        """The one term that it has."""
        if len(self.terms) != 1:
            return None
        [found] = self.terms.items()
        return found

    def __add__(self, other: Form) -> Form:
        if not other.terms:
            return self
        return gathered([(self, 1), (other, 1)])

    def __neg__(self) -> Form:
        return self.times(-1)

    def __sub__(self, other: Form) -> Form:
        return self + -other

    def times(self, factor: Number) -> Form:
        """A multiple."""
        if factor == 1:
            return self
        if not factor:
            return ZERO
        return Form({term: bounded(coefficient * factor) for term, coefficient in self.terms.items()})

    def __mul__(self, other: Form) -> Form:
        for one, another in ((self, other), (other, self)):
            value = one.constant
            if value is not None:
                return another.times(value)
        if len(self.terms) * len(other.terms) > work.MOST_TERMS:
            raise work.TooLarge("a product of sums has too many terms")
        return gathered((multiplied(left, right), bounded(one * another)) for left, one in self.terms.items()
                        for right, another in other.terms.items())

    def put(self, values: Mapping[Var, Index]) -> Form:
        """With indices put for variables."""
        if self.free.isdisjoint(values):
            return self
        return gathered((term.put(values), coefficient) for term, coefficient in self.terms.items())


_NONE: frozenset[Var] = frozenset()


def gathered(summands: Iterable[tuple[Form, Number]]) -> Form:
    """A sum of multiples."""
    terms: dict[Term, Number] = {}
    for form, factor in summands:
        for term, coefficient in form.terms.items():
            total = terms.get(term, 0) + coefficient * factor
            if total:
                terms[term] = bounded(total)
            else:
                terms.pop(term, None)
        if len(terms) > work.MOST_TERMS:
            raise work.TooLarge("a normal form has too many terms")
    return Form(terms)


def bounded(value: Number) -> Number:
    """A number that is not larger than numbers may be."""
    if isinstance(value, int):
        large = value.bit_length() > work.MOST_BITS
    else:
        large = value.numerator.bit_length() + value.denominator.bit_length() > work.MOST_BITS
    if large:
        raise work.TooLarge("a number has too many digits")
    return value


UNIT = Term((), ())
ZERO = Form({})
ONE = Form({UNIT: 1})


def number(value: Number) -> Form:
    """A number as a form."""
    return Form({UNIT: bounded(+value)}) if value else ZERO


def of(factor: Factor) -> Form:
    """A factor by itself."""
    return Form({Term((), ((factor, 1),)): 1})


def size(dim: Dim) -> Form:
    """A size as a number: the ring of sizes is a part of that of forms.

    >>> n = Variable("n").poly
    >>> size((n + 1) * (n - 1)) == size(n) * size(n) - ONE
    True
    """
    if not isinstance(dim, Poly):
        return number(dim)
    return gathered((product((), [(Size(atom), exponent) for atom, exponent in monomial]), coefficient)
                    for monomial, coefficient in dim.terms.items())


def power(form: Form, exponent: int) -> Form:
    """A power; of a negative exponent there is one only of sizes, which ``product`` takes."""
    single = form.single
    if single is not None and not single[0].bound and len(single[0].factors) == 1:
        [(factor, inner)] = single[0].factors
        coefficient = single[1]
        if exponent >= 0 or coefficient == 1:
            value = bounded_power(coefficient, exponent) if exponent >= 0 else 1
            return product((), [(factor, inner * exponent)]).times(value)
    assert exponent >= 0, f"{form}^{exponent}"
    made = ONE
    for _ in range(exponent):
        made = made * form
    return made


def bounded_power(value: Number, exponent: int) -> Number:
    """A power of a number; TooLarge where it has too many digits."""
    if value in (0, 1):
        return value if exponent else 1
    if exponent > work.MOST_EXPONENT:
        raise work.TooLarge("an exponent is too large")
    return bounded(value**exponent)


def multiplied(left: Term, right: Term) -> Form:
    """The product of two terms: the sums of both go over indices of their own."""
    if not left.factors and not left.bound:
        return Form({right: 1})
    bound, factors = left.opened()
    more, others = right.opened()
    return product([*bound, *more], [*factors, *others])


#: What else is to be done about a product of certain factors: each finds a form that is equal to it, or nothing.
RULES: list[Callable[[dict[Factor, int]], Form | None]] = []
#: The same of a sum over variables of such a product.
SUMS: list[Callable[[Sequence[Var], dict[Factor, int]], Form | None]] = []


def product(bound: Sequence[Var], factors: Iterable[tuple[Factor, int]]) -> Form:
    """The sum over bound variables of a product of powers."""
    powers: dict[Factor, int] = {}
    for factor, exponent in factors:
        total = powers.get(factor, 0) + exponent
        if abs(total) > work.MOST_EXPONENT:
            raise work.TooLarge("an exponent is too large")
        if factor.truth:
            total = min(total, 1)
        if total:
            powers[factor] = total
        else:
            powers.pop(factor, None)
    work.spend(1 + len(powers) + len(bound))
    for rule in RULES:
        found = rule(powers)
        if found is not None:
            for var in bound:
                found = summed(var, found)
            return found
    for ruled in SUMS:
        found = ruled(bound, powers)
        if found is not None:
            return found
    used = frozenset(var for factor in powers for var in factor.free)
    kept = [var for var in bound if var in used]
    names, ordered = naming.named(kept, list(powers.items()))
    made = Form({Term(names, tuple(sorted(ordered, key=lambda one: one[0].key))): 1})
    for var in bound:
        if var not in used:
            made = made * size(var.size)
    return made


def put(bound: Sequence[Var], factors: Iterable[tuple[Factor, int]], values: Mapping[Var, Index]) -> Form:
    """A product with indices put for variables that are not bound in it."""
    kept: list[tuple[Factor, int]] = []
    sums: list[tuple[Form, int]] = []
    coefficient: Number = 1
    for factor, exponent in factors:
        form = of(factor) if factor.free.isdisjoint(values) else factor.put(values)
        single = form.single
        if single is not None and not single[0].bound and (exponent > 0 or single[1] == 1):
            kept += [(one, inner * exponent) for one, inner in single[0].factors]
            coefficient = bounded(coefficient * bounded_power(single[1], exponent))
        else:
            sums.append((form, exponent))
    made = product(() if sums else bound, kept).times(coefficient)
    for form, exponent in sums:
        made = made * power(form, exponent)
    for var in bound if sums else ():
        made = summed(var, made)
    return made


def summed(var: Var, form: Form) -> Form:
    """The sum of a form over all values of a variable."""
    def one(term: Term) -> Form:
        if var not in term.free:
            return Form({term: 1}) * size(var.size)
        bound, factors = term.opened()
        return product([var, *bound], factors)

    return gathered((one(term), coefficient) for term, coefficient in form.terms.items())


__all__ = ["ONE", "RULES", "SUMS", "UNIT", "ZERO", "Form", "Number", "Of", "Size", "Term", "bounded", "bounded_power",
           "gathered", "number", "of", "power", "product", "put", "size", "summed"]
