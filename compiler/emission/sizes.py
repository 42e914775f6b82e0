"""Sizes in emitted code: which are constructor arguments, which are read off inputs, and how they are written."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterable

from catlang import dims
from catlang.checker.arguments import arguments_as_substitution
from catlang.compiler.lowering.row import fill, number, quote
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Wire, wires
from catlang.dims import Dim, Quotient, Variable
from catlang.network.erasure import Padded
from catlang.network.network import Network
from catlang.objects.colour import Finite, Object, axes_of, base_of


def expression(dim: Dim, names: dict[Variable, ast.expr]) -> ast.expr:
    """A dimension as a Python expression over what its variables are called."""
    if isinstance(dim, int):
        return number(dim)
    total: ast.expr | None = None
    terms = sorted(dim.terms.items(), key=lambda term: (term[1] < 0, not term[0]))
    for monomial, coefficient in terms:
        term = _monomial(monomial, abs(coefficient), names)
        if total is None:
            total = term if coefficient > 0 else ast.UnaryOp(ast.USub(), term)
        else:
            total = ast.BinOp(total, ast.Add() if coefficient > 0 else ast.Sub(), term)
    assert total is not None
    return total


def _monomial(monomial: tuple[tuple[object, int], ...], coefficient: int, names: dict[Variable, ast.expr]) -> ast.expr:
    product: ast.expr | None = None if coefficient == 1 and monomial else number(coefficient)
    for atom, exponent in monomial:
        if isinstance(atom, Quotient):
            factor: ast.expr = ast.BinOp(expression(atom.num, names), ast.FloorDiv(), expression(atom.den, names))
        else:
            assert isinstance(atom, Variable)
            factor = names[atom]
        if exponent != 1:
            factor = ast.BinOp(factor, ast.Pow(), number(exponent))
        product = factor if product is None else ast.BinOp(product, ast.Mult(), factor)
    assert product is not None
    return product


def weight_objects(operation: d.Use) -> list[Object]:
    """The objects of the weights and of the state of a primitive, its arguments put in."""
    substitution = arguments_as_substitution(operation)
    definition = operation.definition
    return [substitution.object(obj) for _, obj in [*definition.weights, *definition.states]]


#: Where a size is read off the lengths of lists, and no axis of an array.
LENGTHS = 0


def readable(network: Network, entered: bool) -> dict[Variable, tuple[Wire, int, Dim]]:
    """Where a size can be read off an input: the wire, the axis counted from the end, and the axis's own size.

    Lists of nothing but 1 have no array that is padded: where they come in from outside (``entered``) they are padded
    to the longest of them, and the place is ``LENGTHS``."""
    found: dict[Variable, tuple[Wire, int, Dim]] = {}
    for exact in (True, False):
        for wire in [*wires(network.diagram.inputs), *network.free]:
            axes = axes_of(wire.object)
            for place, axis in enumerate(axes):
                if not isinstance(axis, dims.Poly):
                    continue
                for variable in dims.variables(axis):
                    linear = dims.linear_in(axis, variable)
                    if variable in found or linear is None or linear[0] == 0:
                        continue
                    if (axis == variable.poly) == exact and (exact or len(dims.variables(axis)) == 1):
                        found[variable] = (wire, place - len(axes), axis)
    for wire in wires(network.diagram.inputs) if entered else []:
        base = base_of(wire.object)
        size = base.size if isinstance(base, Finite) else 0
        for variable in dims.variables(size):
            if isinstance(variable, Padded) and size == variable.poly + 1:
                found.setdefault(variable, (wire, LENGTHS, variable.poly))
    return found


def read_off(variable: Variable, wire: ast.expr, place: int, axis: Dim) -> ast.expr:
    """The value of a size, read off the shape of an input whose axis is linear in it, or off the lengths of lists."""
    if place == LENGTHS:
        return fill(quote("max([1, *lengths.flatten().tolist()])"), {"lengths": wire})
    shape: ast.expr = ast.Subscript(ast.Attribute(wire, "shape", ast.Load()), number(place), ast.Load())
    if axis == variable.poly:
        return shape
    linear = dims.linear_in(axis, variable)
    assert linear is not None
    coefficient, rest = linear
    if rest != 0:
        shape = ast.BinOp(shape, ast.Sub(), expression(rest, {}))
    return shape if coefficient == 1 else ast.BinOp(shape, ast.FloorDiv(), expression(coefficient, {}))


class Taken(set[str]):
    """Names that something has; ``numbers`` say of a name behind which number all are taken, so that of many alike
    none is looked for from the beginning."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__(names)
        self.numbers: dict[str, int] = {}


def python_name(name: str, taken: Taken) -> str:
    """A name that Python takes and nothing else has."""
    if keyword.iskeyword(name):
        name += "_"
    base = name
    if name in taken:
        number_ = taken.numbers.get(base, 2)
        while (name := f"{base}{number_}") in taken:
            number_ += 1
        taken.numbers[base] = number_ + 1
    taken.add(name)
    return name
