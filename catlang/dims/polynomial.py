"""Dimensions: integer polynomials in dimension variables, with floor quotients as further atoms.

``Dim = int | Poly``. A constant is always a Python ``int`` and a ``Poly`` is never constant, so integers
cost nothing and ``==`` is equality of normal forms. Remainders have no atom of their own: ``a % b`` *is*
``a - b*(a // b)``, which makes the two spellings equal for free.

The ring axioms hold as equality of normal forms:

>>> a, b, c = (Variable(name).poly for name in "abc")
>>> (a + b) + c == a + (b + c), a + b == b + a, a + 0 == a, a - a == 0
(True, True, True, True)
>>> (a * b) * c == a * (b * c), a * b == b * a, a * 1 == a, a * 0 == 0
(True, True, True, True)
>>> a * (b + c) == a * b + a * c, (a + b) ** 2 == a ** 2 + 2 * a * b + b ** 2
(True, True)
>>> (a + 1) * (a - 1)
a^2 - 1

and so do these laws of floor division, wherever the divisor is not 0:

>>> (a * b + c) // b == a + c // b, (a * b) // b == a, (-a) // (-b) == a // b
(True, True, True)
>>> (a // b) // c == a // (b * c), (c * a) // (c * b) == a // b
(True, True)
>>> b * (a // b) + a % b == a, (a % b) % b == a % b, (a + b) % b == a % b
(True, True, True)
>>> (a - 1) // 2 + 1 == (a + 1) // 2, (2 * a + 1) // 4 == a // 2, a // (a + 1)
(True, True, 0)

A divisor whose variables are all at or above their ``least`` and which cannot be negative there is taken to
be positive. Where a divisor is 0 a quotient has no value, and normal forms may differ there: whoever
writes a division has to ask once that its divisor is at least 1.
"""

from __future__ import annotations

from binascii import crc32
from itertools import count

MAX_TERMS = 500
MAX_PRODUCTS = 40_000
MAX_EXPONENT = 500
MAX_BITS = 4096
MAX_DEPTH = 24
MAX_TEXT = 24_000

#: What stands for a variable's place in its key is a number below this one, behind which its age has so many bits.
NO_PLACE = 1 << 32
AGES = 40

_serials = count(1)


class Variable:
    """A dimension variable: rigid (written by somebody) or flexible (to be inferred).

    Variables of one name are ordered by the ``place`` that declares them, those without one last, and then by age: in
    which order files were read says nothing about the order of their dims.
    """

    __slots__ = ("flexible", "key", "least", "name", "poly", "serial", "solution")

    def __init__(self, name: str, least: int = 1, flexible: bool = False, place: str | None = None) -> None:
        self.name = name
        self.least = least
        self.flexible = flexible
        self.serial = next(_serials)
        self.solution: Dim | None = None
        rank = NO_PLACE if place is None else crc32(place.encode("utf-8", "surrogatepass"))
        self.key = (0, name, rank << AGES | self.serial)
        self.poly = Poly({((self, 1),): 1})

    def __repr__(self) -> str:
        return self.name


class Quotient:
    """The floor quotient of two dims that no rule of `division` simplifies; equal when structurally equal."""

    __slots__ = ("_hash", "den", "depth", "key", "num")

    def __init__(self, num: Dim, den: Dim) -> None:
        self.num = num
        self.den = den
        self.depth = 1 + max(_depth(num), _depth(den))
        text = f"{_text(num)}//{_text(den)}"
        if self.depth > MAX_DEPTH or len(text) > MAX_TEXT:
            raise OverflowError("this dimension is nested too deeply")
        self.key = (1, text, 0)
        self._hash = hash(text)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Quotient) and self.key == other.key)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return show(Poly({((self, 1),): 1}))


Atom = Variable | Quotient
Monomial = tuple[tuple[Atom, int], ...]


class Poly:
    """A polynomial that is not constant. ``terms`` has no zero coefficient and is never mutated."""

    __slots__ = ("_hash", "_variables", "terms")

    def __init__(self, terms: dict[Monomial, int]) -> None:
        self.terms = terms
        self._hash: int | None = None
        self._variables: tuple[Variable, ...] | None = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return self.terms == other.terms if isinstance(other, Poly) else False

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __repr__(self) -> str:
        return show(self)

    def __add__(self, other: Dim) -> Dim:
        if isinstance(other, Poly):
            mine, theirs = self.terms, other.terms
            if len(mine) < len(theirs):
                mine, theirs = theirs, mine
            terms = mine.copy()
            for monomial, coefficient in theirs.items():
                total = terms.get(monomial, 0) + coefficient
                if total:
                    terms[monomial] = total
                else:
                    del terms[monomial]
            return collect(terms)
        if not isinstance(other, int):
            return NotImplemented
        if not other:
            return self
        terms = self.terms.copy()
        total = terms.get((), 0) + other
        if total:
            terms[()] = total
        else:
            del terms[()]
        return Poly(terms)

    __radd__ = __add__

    def __neg__(self) -> Poly:
        return Poly({monomial: -coefficient for monomial, coefficient in self.terms.items()})

    def __pos__(self) -> Poly:
        return self

    def __sub__(self, other: Dim) -> Dim:
        return self + -other

    def __rsub__(self, other: Dim) -> Dim:
        return -self + other

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            if other == 0:
                return 0
            if other == 1:
                return self
            return bounded({monomial: coefficient * other for monomial, coefficient in self.terms.items()})
        if not isinstance(other, Poly):
            return NotImplemented
        if len(self.terms) * len(other.terms) > MAX_PRODUCTS:
            raise OverflowError("this dimension has too many terms")
        terms: dict[Monomial, int] = {}
        for left, coefficient in self.terms.items():
            for right, factor in other.terms.items():
                monomial = times(left, right)
                terms[monomial] = terms.get(monomial, 0) + coefficient * factor
        return bounded({monomial: coefficient for monomial, coefficient in terms.items() if coefficient})

    __rmul__ = __mul__

    def __pow__(self, exponent: Dim) -> Dim:
        return power(self, exponent)

    def __rpow__(self, base: Dim) -> Dim:
        return power(base, self)

    def __floordiv__(self, other: Dim) -> Dim:
        return floor_quotient(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return floor_quotient(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return self - other * floor_quotient(self, other)

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * floor_quotient(other, self)


Dim = int | Poly


def collect(terms: dict[Monomial, int]) -> Dim:
    """The dim with these non-zero terms."""
    if len(terms) > 1:
        if len(terms) > MAX_TERMS:
            raise OverflowError("this dimension has too many terms")
        return Poly(terms)
    if not terms:
        return 0
    return terms[()] if () in terms else Poly(terms)


def bounded(terms: dict[Monomial, int]) -> Dim:
    """`collect`, refusing coefficients that only a runaway computation has."""
    for coefficient in terms.values():
        if coefficient.bit_length() > MAX_BITS:
            raise OverflowError("this dimension is too large")
    return collect(terms)


def times(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    if not left:
        return right
    if not right:
        return left
    if left[-1][0].key < right[0][0].key:
        return left + right
    if right[-1][0].key < left[0][0].key:
        return right + left
    exponents: dict[Atom, int] = dict(left)
    for atom, exponent in right:
        exponent += exponents.get(atom, 0)
        if exponent > MAX_EXPONENT:
            raise OverflowError("an exponent in this dimension is too large")
        exponents[atom] = exponent
    return tuple(sorted(exponents.items(), key=_atom_order))


def _atom_order(factor: tuple[Atom, int]) -> tuple[int, str, int]:
    return factor[0].key


def monomial_order(monomial: Monomial) -> tuple[tuple[tuple[int, str, int], int], ...]:
    """A key that sorts monomials the same way in every run."""
    return tuple((atom.key, exponent) for atom, exponent in monomial)


def product(left: Dim, right: Dim) -> Dim:
    """``left * right``, also refusing integers that only a runaway computation has."""
    result = left * right
    if isinstance(result, int) and result.bit_length() > MAX_BITS:
        raise OverflowError("this dimension is too large")
    return result


def power(base: Dim, exponent: Dim) -> Dim:
    """``base ** exponent`` for an exponent that is a natural number."""
    if not isinstance(exponent, int):
        raise ValueError("an exponent has to be a constant")
    if exponent < 0:
        raise ValueError("an exponent has to be at least 0")
    if isinstance(base, int):
        if base.bit_length() > 1 and base.bit_length() * exponent > 2 * MAX_BITS:
            raise OverflowError("this dimension is too large")
        return product(base**exponent, 1)
    if exponent > MAX_EXPONENT:
        raise OverflowError("an exponent in this dimension is too large")
    if len(base.terms) == 1:
        ((monomial, coefficient),) = base.terms.items()
        raised = tuple((atom, k * exponent) for atom, k in monomial)
        if any(k > MAX_EXPONENT for _, k in raised):
            raise OverflowError("an exponent in this dimension is too large")
        coefficient = power(coefficient, exponent)  # type: ignore[assignment]
        return collect({raised: coefficient}) if exponent else 1
    result: Dim = 1
    square: Dim = base
    while exponent:
        if exponent & 1:
            result = result * square
        exponent >>= 1
        if exponent:
            square = square * square
    return result


def _depth(dim: Dim) -> int:
    if isinstance(dim, int):
        return 0
    depths = [a.depth for monomial in dim.terms for a, _ in monomial if isinstance(a, Quotient)]
    return max(depths, default=0)


def _text(dim: Dim) -> str:
    """A spelling that tells any two dims apart, for ordering and for comparing quotients."""
    if isinstance(dim, int):
        return str(dim)
    parts = []
    for monomial, coefficient in dim.terms.items():
        # All keys have one width: how many variables there were before decides neither an order nor a length.
        factors = [f"({atom.key[1]}#{atom.key[2]:019x})^{exponent}" for atom, exponent in monomial]
        parts.append("*".join([*factors, str(coefficient)]))
    return f"({'+'.join(sorted(parts))})"


# Division, substitution and display build polynomials in their turn, hence below the class.
from catlang.dims.display import show  # noqa: E402
from catlang.dims.division import exact_quotient, floor_quotient, least_value  # noqa: E402
from catlang.dims.substitution import (  # noqa: E402
    evaluate,
    flexible_variables,
    linear_in,
    replace,
    resolve,
    solve,
    substitute,
    variables,
)

__all__ = [
    "Atom",
    "Dim",
    "Monomial",
    "Poly",
    "Quotient",
    "Variable",
    "evaluate",
    "exact_quotient",
    "flexible_variables",
    "floor_quotient",
    "least_value",
    "linear_in",
    "power",
    "product",
    "replace",
    "resolve",
    "show",
    "solve",
    "substitute",
    "variables",
]
