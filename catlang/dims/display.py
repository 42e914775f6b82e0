"""Dims as catlang source.

Normal forms are chosen for comparing, not for reading: ``(n - k) // 2`` is kept as ``(n + k) // 2 - k`` and
``d % h`` as ``d - h*(d // h)``. Printing folds such terms back.

>>> from catlang.dims import Variable
>>> n, k, d, h = (Variable(name).poly for name in "nkdh")
>>> (n - k) // 2 + 1, (n - 1) // 2, d % h, 3 * (d % h) + 1, 1 - n, -(n ** 2) - 1
((n - k) // 2 + 1, (n - 1) // 2, d % h, 3*(d % h) + 1, 1 - n, -(n^2) - 1)
>>> h * (d // h), (d // h) ** 2, d // (h * k), d // h ** 2, -(d // h), 2 * n // 3
(h*(d // h), (d // h)^2, d // (h*k), d // h^2, -(d // h), 2*n // 3)
"""

from __future__ import annotations

from catlang.dims.polynomial import Atom, Dim, Monomial, Poly, Quotient, Variable, monomial_order

# A piece is a printed product: coefficient, factors with exponents as text, and what to sort it by.
_Piece = tuple[int, list[tuple[str, bool, int]], tuple[int, tuple[tuple[tuple[int, str, int], int], ...]]]


def show(dim: Dim) -> str:
    """``dim`` as catlang source."""
    if isinstance(dim, int):
        return str(dim)
    pieces: list[_Piece] = []
    rest = _fold(dim, pieces)
    if not isinstance(rest, int):
        for monomial, coefficient in rest.terms.items():
            factors = [(*_atom(atom), exponent) for atom, exponent in monomial]
            degree = sum(exponent for _, exponent in monomial)
            order = tuple((atom.key, -exponent) for atom, exponent in monomial)
            pieces.append((coefficient, factors, (-degree, order)))
    elif rest:
        pieces.append((rest, [], (0, ())))
    pieces.sort(key=lambda piece: piece[2])
    first = next((i for i, piece in enumerate(pieces) if piece[0] > 0), 0)
    pieces.insert(0, pieces.pop(first))
    text = _leading(pieces[0])
    for coefficient, factors, _ in pieces[1:]:
        text += (" - " if coefficient < 0 else " + ") + _product(abs(coefficient), factors)
    return text


def _atom(atom: Atom) -> tuple[str, bool]:
    """The text, and whether it needs brackets as a factor."""
    if isinstance(atom, Variable):
        return atom.name, False
    return _infix(atom.num, "//", atom.den), True


def _infix(num: Dim, operator: str, den: Dim) -> str:
    left, right = show(num), show(den)
    if isinstance(num, Poly) and _is_sum(left):
        left = f"({left})"
    if not _is_tight(den):
        right = f"({right})"
    return f"{left} {operator} {right}"


def _is_sum(text: str) -> bool:
    depth = 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if not depth and text[i : i + 3] in (" + ", " - "):
            return True
    return False


def _is_tight(den: Dim) -> bool:
    """Whether it binds tighter than ``//``: a natural number, a variable, or a power."""
    if isinstance(den, int):
        return den >= 0
    ((monomial, coefficient), *others) = den.terms.items()
    return (
        not others
        and coefficient == 1
        and len(monomial) == 1
        and (isinstance(monomial[0][0], Variable) or monomial[0][1] > 1)
    )


def _factor(text: str, loose: bool, exponent: int, alone: bool) -> str:
    if exponent > 1:
        return f"({text})^{exponent}" if loose else f"{text}^{exponent}"
    return f"({text})" if loose and not alone else text


def _product(coefficient: int, factors: list[tuple[str, bool, int]]) -> str:
    if not factors:
        return str(coefficient)
    alone = len(factors) == 1 and coefficient == 1
    texts = [_factor(text, loose, exponent, alone) for text, loose, exponent in factors]
    return "*".join(texts if coefficient == 1 else [str(coefficient), *texts])


def _leading(piece: _Piece) -> str:
    coefficient, factors, _ = piece
    if coefficient != -1 or not factors:
        return _product(coefficient, factors)
    # the prefix minus binds tighter than a power and than `//`
    _, loose, exponent = factors[0]
    plain = not loose and exponent == 1
    return f"-{_product(1, factors)}" if plain else f"-({_product(1, factors)})"


def _fold(dim: Poly, pieces: list[_Piece]) -> Dim:
    """Takes out of ``dim`` the quotients that read better with terms folded back, as pieces."""
    rest: Dim = dim
    quotients = {atom for monomial in dim.terms for atom, _ in monomial if isinstance(atom, Quotient)}
    for quotient in sorted(quotients, key=lambda atom: atom.key):
        if isinstance(rest, int):
            break
        rest = _fold_remainder(quotient, rest, pieces)
        if isinstance(rest, Poly):
            rest = _fold_quotient(quotient, rest, pieces)
    return rest


def _fold_remainder(quotient: Quotient, rest: Poly, pieces: list[_Piece]) -> Dim:
    whole = Poly({((quotient, 1),): 1}) * quotient.den
    remainder = quotient.num - whole
    assert isinstance(whole, Poly) and isinstance(remainder, Poly)
    shares = {divmod(-rest.terms.get(monomial, 0), c) for monomial, c in whole.terms.items()}
    factor, over = shares.pop()
    if shares or over or not factor:
        return rest
    left = rest - factor * remainder
    num = quotient.num
    size = (len(num.terms) if isinstance(num, Poly) else 1) + len(whole.terms)
    if (len(left.terms) if isinstance(left, Poly) else bool(left)) > len(rest.terms) - size:
        return rest
    text = _infix(num, "%", quotient.den)
    pieces.append((factor, [(text, True, 1)], (-1, ((quotient.key, -1),))))
    return left


def _fold_quotient(quotient: Quotient, rest: Poly, pieces: list[_Piece]) -> Dim:
    alone: Monomial = ((quotient, 1),)
    factor = rest.terms.get(alone)
    if factor is None:
        return rest
    num, den = quotient.num, quotient.den
    left = rest - factor * Poly({alone: 1})
    terms = {(): left} if isinstance(left, int) else left.terms
    size = len(num.terms) if isinstance(num, Poly) else 1
    for monomial, coefficient in sorted(terms.items(), key=lambda term: monomial_order(term[0])):
        if coefficient % factor or (coefficient // factor > 0 and not monomial):
            continue
        share = Poly({monomial: coefficient // factor}) if monomial else coefficient // factor
        folded = num + share * den
        if isinstance(folded, Poly) and len(folded.terms) <= size:
            num, left = folded, left - factor * share
    if num is quotient.num:
        return rest
    pieces.append((factor, [(_infix(num, "//", den), True, 1)], (-1, ((quotient.key, -1),))))
    return left
