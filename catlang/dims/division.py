"""Floor division and exact division of dims.

``a // b`` splits off every part of ``a`` that ``b`` divides, ``(q*b + r) // b = q + r // b``, and what is
left becomes a `Quotient` atom only when no rule makes it smaller. Every rule holds for all integers at
which the divisor is not 0, and those marked *positive* need ``b > 0``, which `least_value` vouches for.

>>> from catlang.dims import Variable
>>> n, k, s = (Variable(name).poly for name in "nks")
>>> (4 * n + 2) // 2, (n * s + 3) // s, (n - k + s) // s
(2*n + 1, n + 3 // s, (n - k) // s + 1)
>>> exact_quotient(n ** 2 - k ** 2, n - k), exact_quotient(n, k)
(k + n, None)
"""

from __future__ import annotations

from math import gcd

from catlang.dims.polynomial import (
    MAX_TERMS,
    Atom,
    Dim,
    Monomial,
    Poly,
    Quotient,
    Variable,
    collect,
    times,
)

_SHIFT_DEGREE = 8
_SHIFT_TERMS = 40


def floor_quotient(a: Dim, b: Dim) -> Dim:
    """The normal form of ``a // b``."""
    if isinstance(b, int):
        if isinstance(a, int):
            return a // b
        if b == 0:
            raise ZeroDivisionError("division of a dimension by zero")
        if b < 0:
            a, b = -a, -b
        return a if b == 1 else _by_constant(a, b)
    if a == 0:
        return 0
    if (upper := least_value(-b)) is not None and upper >= 0:
        a, b = -a, -b
    quotient, rest = divide(a, b)
    return quotient if rest == 0 else quotient + _irreducible(rest, b)


def exact_quotient(a: Dim, b: Dim) -> Dim | None:
    """The polynomial ``c`` with ``a == b * c``, if there is one."""
    if b == 0:
        return None
    if isinstance(a, int):
        if isinstance(b, int):
            return None if a % b else a // b
        return 0 if a == 0 else None
    if isinstance(b, int):
        if any(coefficient % b for coefficient in a.terms.values()):
            return None
        return Poly({monomial: coefficient // b for monomial, coefficient in a.terms.items()})
    quotient, rest = divide(a, b)
    return quotient if rest == 0 else None


def divide(a: Dim, b: Poly) -> tuple[Dim, Dim]:
    """``(q, r)`` with ``a == q*b + r`` where no term of ``r`` has ``b``'s leading term in it."""
    terms: dict[Monomial, int] = {(): a} if isinstance(a, int) else a.terms
    if len(b.terms) == 1:
        return _by_term(terms, b)
    return _by_leading_term(terms, b)


def _by_term(terms: dict[Monomial, int], b: Poly) -> tuple[Dim, Dim]:
    ((divisor, size),) = b.terms.items()
    quotient: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in terms.items():
        cofactor = _without(monomial, divisor)
        if cofactor is None:
            rest[monomial] = coefficient
            continue
        left = coefficient % abs(size)
        if coefficient != left:
            quotient[cofactor] = (coefficient - left) // size
        if left:
            rest[monomial] = left
    return collect(quotient), collect(rest)


def _by_leading_term(terms: dict[Monomial, int], b: Poly) -> tuple[Dim, Dim]:
    atoms = {atom for source in (terms, b.terms) for monomial in source for atom, _ in monomial}
    place = {atom: i for i, atom in enumerate(sorted(atoms, key=lambda atom: atom.key))}
    orders: dict[Monomial, tuple[int, ...]] = {}

    def order(monomial: Monomial) -> tuple[int, ...]:
        known = orders.get(monomial)
        if known is None:
            vector = [0] * (len(place) + 1)
            for atom, exponent in monomial:
                vector[place[atom] + 1] = exponent
                vector[0] += exponent
            known = orders[monomial] = tuple(vector)
        return known

    divisor = max(b.terms, key=order)
    size = b.terms[divisor]
    work = terms.copy()
    quotient: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for _ in range(2 * MAX_TERMS):
        if not work:
            return collect(quotient), collect(rest)
        monomial = max(work, key=order)
        coefficient = work.pop(monomial)
        cofactor = _without(monomial, divisor)
        left = coefficient if cofactor is None else coefficient % abs(size)
        if left:
            rest[monomial] = left
        if cofactor is None or coefficient == left:
            continue
        factor = quotient[cofactor] = (coefficient - left) // size
        for other, c in b.terms.items():
            if other is not divisor:
                target = times(other, cofactor)
                total = work.get(target, 0) - factor * c
                if total:
                    work[target] = total
                else:
                    del work[target]
        if len(work) > MAX_TERMS:
            break
    raise OverflowError("this dimension has too many terms")


def _without(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    """``monomial / divisor``, if it is a monomial."""
    if not divisor:
        return monomial
    exponents = dict(monomial)
    for atom, exponent in divisor:
        left = exponents.get(atom, 0) - exponent
        if left < 0:
            return None
        if left:
            exponents[atom] = left
        else:
            del exponents[atom]
    return tuple((atom, exponents[atom]) for atom, _ in monomial if atom in exponents)


def _by_constant(a: Poly, b: int) -> Dim:
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, coefficient in a.terms.items():
        share, left = divmod(coefficient, b)
        if share:
            whole[monomial] = share
        if left:
            rest[monomial] = left
    constant = rest.pop((), 0)
    if not rest:
        return collect(whole)
    common = gcd(b, *rest.values())
    num = collect({monomial: c // common for monomial, c in rest.items()}) + constant // common
    b //= common
    if b == 1:
        return collect(whole) + num
    merged = _merged(num, b)
    return collect(whole) + (_atom(num, b) if merged is None else merged)


def _irreducible(a: Dim, b: Poly) -> Dim:
    """``a // b`` where nothing more can be split off."""
    common = content(b)
    divisor = gcd(common, a if isinstance(a, int) else content(a))
    shared = _shared(a, b)
    if divisor > 1 or shared:
        return floor_quotient(_over(a, divisor, shared), _over(b, divisor, shared))
    low = least_value(b)
    if low is None or low < 0:
        return _atom(a, b)
    # positive from here on
    if _at_least(a, 0) and _at_least(b - a, 1):
        return 0
    if _at_least(-a, 1) and _at_least(b + a, 0):
        return -1
    if common > 1:
        constant = a if isinstance(a, int) else a.terms.get((), 0)
        smaller = exact_quotient(a - constant, common)
        if smaller is not None:
            return floor_quotient(smaller + constant // common, _over(b, common, ()))
    merged = _merged(a, b)
    return _atom(a, b) if merged is None else merged


def _merged(a: Dim, b: Dim) -> Dim | None:
    """``(x // y + m) // b = (x + m*y) // (y*b)``, positive."""
    if isinstance(a, int):
        return None
    inside = [m for m in a.terms if any(isinstance(atom, Quotient) for atom, _ in m)]
    if len(inside) != 1 or len(inside[0]) != 1 or inside[0][0][1] != 1 or a.terms[inside[0]] != 1:
        return None
    inner = inside[0][0][0]
    assert isinstance(inner, Quotient)
    rest = a - Poly({inside[0]: 1})
    return floor_quotient(inner.num + rest * inner.den, inner.den * b)


def _atom(num: Dim, den: Dim) -> Dim:
    return Poly({((Quotient(num, den), 1),): 1})


def content(dim: Dim) -> int:
    """The greatest integer that divides every coefficient."""
    return abs(dim) if isinstance(dim, int) else gcd(*dim.terms.values())


def _shared(a: Dim, b: Poly) -> Monomial:
    """The greatest monomial that divides every term of both."""
    if isinstance(a, int) or () in a.terms or () in b.terms:
        return ()
    common: dict[Atom, int] | None = None
    for monomial in (*b.terms, *a.terms):
        if common is None:
            common = dict(monomial)
            continue
        found = dict(monomial)
        common = {atom: min(k, found[atom]) for atom, k in common.items() if atom in found}
        if not common:
            return ()
    return tuple(common.items()) if common else ()


def cancelled(dim: Dim) -> Dim:
    """``dim`` without the variables that divide all of it and cannot be 0: it is 0 just when this is."""
    if isinstance(dim, int) or () in dim.terms:
        return dim
    shared = tuple((a, k) for a, k in _shared(dim, dim) if isinstance(a, Variable) and a.least >= 1)
    return _over(dim, 1, shared)


def _over(dim: Dim, divisor: int, shared: Monomial) -> Dim:
    if isinstance(dim, int):
        return dim // divisor
    terms: dict[Monomial, int] = {}
    for monomial, coefficient in dim.terms.items():
        cofactor = _without(monomial, shared)
        assert cofactor is not None
        terms[cofactor] = coefficient // divisor
    return collect(terms)


def _at_least(dim: Dim, bound: int) -> bool:
    low = least_value(dim)
    return low is not None and low >= bound


def least_value(dim: Dim) -> int | None:
    """A lower bound of ``dim`` seen at once: every variable is written as its least value plus something not
    negative, and no coefficient is negative then. None when that shows nothing."""
    if isinstance(dim, int):
        return dim
    expand = False
    total = 0
    floors: dict[Atom, int] = {}
    for monomial, coefficient in dim.terms.items():
        value = coefficient
        for atom, exponent in monomial:
            low = floors.get(atom)
            if low is None:
                low = atom.least if isinstance(atom, Variable) else _quotient_floor(atom)
                if low is None:
                    return None
                floors[atom] = low
            if low < 0:
                expand = True
            value *= low**exponent if low in (0, 1) or exponent == 1 else min(low, 1 << 64) ** exponent
        expand = expand or (coefficient < 0 and bool(monomial))
        total += value
    return _shifted_floor(dim, floors) if expand else total


def _quotient_floor(atom: Quotient) -> int | None:
    if _at_least(atom.num, 0) and _at_least(atom.den, 0):
        return 0
    return None


def _shifted_floor(dim: Poly, floors: dict[Atom, int]) -> int | None:
    if len(dim.terms) > _SHIFT_TERMS:
        return None
    shifted: dict[Monomial, int] = {}
    for monomial, coefficient in dim.terms.items():
        if sum(exponent for _, exponent in monomial) > _SHIFT_DEGREE:
            return None
        partial: Dim = coefficient
        for atom, exponent in monomial:
            partial = partial * (Poly({((atom, 1),): 1}) + floors[atom]) ** exponent
        pieces = {(): partial} if isinstance(partial, int) else partial.terms
        for piece, c in pieces.items():
            shifted[piece] = shifted.get(piece, 0) + c
    if any(c < 0 for piece, c in shifted.items() if piece):
        return None
    return shifted.get((), 0)
