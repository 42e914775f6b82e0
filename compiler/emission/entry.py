"""What is checked at the entry of a compiled network, and only there: that every input is of its object.

First each input by itself: a tensor, of the right kind of numbers, with its own axes behind any batch axes. Then the
inputs together: a size that several of them have is one size, the batch axes in front are the same, and the conditions
hold that were left open. All of it reads shapes and compares numbers; what is wrong is only put into words once
something is.
"""

from __future__ import annotations

import ast
from typing import Any

from catlang import dims
from catlang.compiler.emission import sizes as sz
from catlang.compiler.emission.interface import Port
from catlang.compiler.emission.loops import tupled
from catlang.compiler.emission.trees import constructors, number_tree
from catlang.compiler.lowering.row import call, number
from catlang.dims import Dim, Variable
from catlang.network.erasure import erase
from catlang.objects.colour import (
    BOOL,
    REAL,
    Finite,
    Object,
    Power,
    Product,
    Run,
    axes_of,
    base_of,
    leaves,
    resolve,
    show_axis,
)
from catlang.objects.functor import Fixed, Functor
from catlang.objects.shapes import Data, shapes


def checks(source: Any, owner: Any, parameters: list[str]) -> list[ast.stmt]:
    """Statements that raise where an input is not of its object."""
    return Entry(source, owner).statements()


class Known:
    """A size that some input tells: its value as an expression, and the input's name and object."""

    __slots__ = ("port", "value", "wire")

    def __init__(self, value: ast.expr, port: Port) -> None:
        self.value = value
        self.port = port


class Entry:
    """The checks of one root."""

    def __init__(self, source: Any, owner: Any) -> None:
        self.source = source
        self.owner = owner
        self.ports: list[Port] = source.ports
        self.leaves = [leaf for port in self.ports for leaf in port.leaves()]
        self.known: dict[Variable, Known] = {}
        self.made: list[ast.stmt] = []

    def statements(self) -> list[ast.stmt]:
        for port in self.ports:
            self._unpacked(port)
        # What trees lack is made as the other inputs are, so those are looked at before.
        for leaf in sorted(self.leaves, key=_is_tree):
            self._alone(leaf)
        if any(leaf.lists for leaf in self.leaves):
            # What lists hold is looked at beside their lengths.
            self._batch()
        for leaf in self.leaves:
            self._within(leaf)
        for leaf in self.leaves:
            if leaf.lists:
                self.owner.helper("cleaned")
                around = [ast.Name(one.name, ast.Load()) for one in leaf.lists]
                value = call("cleaned", ast.Name(leaf.name, ast.Load()), *around)
                self.made.append(ast.Assign([ast.Name(leaf.name, ast.Store())], value))
        self._shared_sizes()
        self._solved_sizes()
        self._composite_sizes()
        if not any(leaf.lists for leaf in self.leaves):
            self._batch()
        self._conditions()
        return self.made

    def _unless(self, test: ast.expr, error: str, message: ast.expr) -> None:
        raised = ast.Raise(ast.Call(ast.Name(error, ast.Load()), [message], []))
        self.made.append(ast.If(test, [raised], []))

    # ---------------------------------------------------------------- each input by itself

    def _unpacked(self, port: Port) -> None:
        """A product is given as a tuple, and taken apart; a list has lengths and data."""
        if port.wire is not None:
            return
        if port.listed:
            self._lists(port)
            return
        x, count = ast.Name(port.name, ast.Load()), len(port.parts)
        is_tuple = call("isinstance", x, ast.Tuple([_name("tuple"), _name("list")], ast.Load()))
        right = ast.BoolOp(ast.And(), [is_tuple, _compare(call("len", x), ast.Eq(), number(count))])
        self._unless(ast.UnaryOp(ast.Not(), right), "TypeError",
                     ast.Constant(f"{port.shown} takes a tuple of {count}"))
        if port.parts:
            targets: list[ast.expr] = [ast.Name(part.name, ast.Store()) for part in port.parts]
            self.made.append(ast.Assign([ast.Tuple(targets, ast.Store())], x))
        for part in port.parts:
            self._unpacked(part)

    def _lists(self, port: Port) -> None:
        """What a batch of lists is made of: it is read by its fields, whatever its class."""
        lengths, data = port.parts
        x = ast.Name(port.name, ast.Load())
        fields: list[ast.expr] = [call("hasattr", x, ast.Constant(name)) for name in ("lengths", "data")]
        self._unless(ast.UnaryOp(ast.Not(), ast.BoolOp(ast.And(), fields)), "TypeError",
                     ast.Constant(f"{port.shown} takes lists, as catlang.lists makes them"))
        for part, field in ((lengths, "lengths"), (data, "data")):
            self.made.append(ast.Assign([ast.Name(part.name, ast.Store())], ast.Attribute(x, field, ast.Load())))
        self._unpacked(data)

    def _within(self, leaf: Port) -> None:
        """Lengths lie between 0 and the size that lists are padded to; indices in lists lie in their sets."""
        assert leaf.wire is not None
        base, axes = base_of(leaf.wire.object), axes_of(leaf.wire.object)
        if not leaf.lists and not self._is_lengths(leaf) or not isinstance(base, Finite):
            return
        x = ast.Name(leaf.name, ast.Load())
        if self._is_lengths(leaf):
            self.owner.helper("checked_lengths")
            data = next(one for one in self.leaves if one.lists and one.lists[-1] is leaf)
            assert data.wire is not None
            place = number(len(axes) - len(axes_of(data.wire.object)))
            around = [ast.Name(one.name, ast.Load()) for one in leaf.lists]
            size = ast.Subscript(_shape(ast.Name(data.name, ast.Load())), place, ast.Load())
            value = call("checked_lengths", ast.Constant(leaf.shown_text), x, size, *around)
        elif isinstance(base.size, int):
            self.owner.helper("checked_elements")
            around = [ast.Name(one.name, ast.Load()) for one in leaf.lists]
            value = call("checked_elements", ast.Constant(leaf.shown_text), x, number(base.size), number(len(axes)),
                         *around)
        else:
            return
        self.made.append(ast.Expr(value))

    def _is_lengths(self, leaf: Port) -> bool:
        return any(one.lists and one.lists[-1] is leaf for one in self.leaves)

    def _tree(self, leaf: Port) -> None:
        """A batch of trees, whose constructors are those of its functor; data that no node has get their axes here."""
        assert leaf.wire is not None
        base = base_of(leaf.wire.object)
        assert isinstance(base, Fixed) and isinstance(base.functor, Functor)
        self.owner.helper("checked_trees")
        kinds = shapes(base.functor)
        data = [[part.object for part in shape.parts() if isinstance(part, Data)] for shape in kinds]
        given = [ast.Constant(leaf.shown), ast.Name(leaf.name, ast.Load()), number_tree(constructors(kinds)),
                 tupled([tupled([self._set(obj) for obj in objects]) for objects in data])]
        like = self._like() if any(base_of(one) is REAL for objects in data for obj in objects
                                   for one in leaves(erase(obj))) else None
        value = call("checked_trees", *given, **({} if like is None else {"like": like}))
        self.made.append(ast.Assign([ast.Name(leaf.name, ast.Store())], value))

    def _set(self, obj: Object) -> ast.expr:
        """What a datum is made of: of each array how large the set is that its entries lie in (0 for truth values, -1
        for numbers), and its axes."""
        obj = erase(obj)
        if isinstance(obj, Product):
            return tupled([self._set(item) for item in obj.items])
        base = base_of(obj)
        size = base.size if isinstance(base, Finite) else 0 if base is BOOL else -1
        axes = [self._axis_of_data(axis) for axis in axes_of(obj)]
        return tupled([number(size if isinstance(size, int) else -2), ast.Constant("of"), *axes])

    def _axis_of_data(self, axis: Dim | Run) -> ast.expr:
        """A size; where no other input tells it, the name of what it is linear in, its coefficient, and what is added;
        else None."""
        if isinstance(axis, int):
            return number(axis)
        if isinstance(axis, Run):
            return ast.Constant(None)
        found = dims.variables(axis)
        if found and all(variable in self.owner.told for variable in found):
            values: dict[Variable, ast.expr] = {}
            for variable in found:
                wire, place, own = self.owner.told[variable]
                [port] = [leaf for leaf in self.leaves if leaf.wire is wire]
                values[variable] = sz.read_off(variable, _name(port.name), place, own)
            return sz.expression(axis, values)
        if len(found) == 1:
            coefficient, rest = dims.linear_in(axis, found[0]) or (0, 0)
            if isinstance(coefficient, int) and isinstance(rest, int) and coefficient > 0:
                return number((found[0].name, coefficient, rest))
        return ast.Constant(None)

    def _like(self) -> ast.expr | None:
        """Some tensor of real numbers: another input, or a weight."""
        for leaf in self.leaves:
            if leaf.wire is not None and base_of(leaf.wire.object) is REAL:
                return _name(leaf.name)
        found: ast.expr | None = self.owner.example()
        return found

    def _alone(self, leaf: Port) -> None:
        assert leaf.wire is not None
        if _is_tree(leaf):
            self._tree(leaf)
            return
        x = ast.Name(leaf.name, ast.Load())
        axes, base = axes_of(leaf.wire.object), base_of(leaf.wire.object)
        tests: list[ast.expr] = [call("isinstance", x, _torch("Tensor"))]
        if base is BOOL or isinstance(base, Finite):
            kind: ast.expr = _torch("bool" if base is BOOL else "int64")
            tests.append(_compare(ast.Attribute(x, "dtype", ast.Load()), ast.Eq(), kind))
        else:
            kind = ast.Constant(None)
            tests.append(ast.Call(ast.Attribute(x, "is_floating_point", ast.Load()), [], []))
        if len(axes) > 3 and all(isinstance(axis, int) for axis in axes):
            # One comparison, which an input of too few axes fails too; for fewer axes a slice costs more than it saves.
            own = ast.Subscript(_shape(x), ast.Slice(number(-len(axes)), None, None), ast.Load())
            tests.append(_compare(own, ast.Eq(), number(tuple(axes))))
        elif axes:
            rank = ast.Call(ast.Attribute(x, "dim", ast.Load()), [], [])
            tests.append(_compare(rank, ast.GtE(), number(len(axes))))
            tests += [self._axis(leaf, place - len(axes), axis) for place, axis in enumerate(axes)
                      if not isinstance(axis, Run) and (isinstance(axis, int) or _nonempty(axis))]
        self.owner.helper("refused")
        written = tuple(show_axis(axis) for axis in _written(leaf, len(axes))) or tuple(show_axis(a) for a in axes)
        sizes = tuple(axis if isinstance(axis, int) else None for axis in axes)
        error = call("refused", ast.Constant(leaf.shown), x, kind, number(written), number(sizes))
        self.made.append(ast.If(ast.UnaryOp(ast.Not(), ast.BoolOp(ast.And(), tests)), [ast.Raise(error)], []))

    def _axis(self, leaf: Port, place: int, axis: Dim) -> ast.expr:
        """An axis has its size; one that is still open is not empty, unless its dim may be 0."""
        if isinstance(axis, int):
            return _compare(_size(leaf, place), ast.Eq(), number(axis))
        return _compare(_size(leaf, place), ast.Gt(), number(0))

    # ---------------------------------------------------------------- sizes

    def _axes(self) -> list[tuple[Port, int, Dim]]:
        """The axes whose sizes are open, each with its input and its place from the end."""
        found: list[tuple[Port, int, Dim]] = []
        for leaf in self.leaves:
            assert leaf.wire is not None
            axes = axes_of(leaf.wire.object)
            found += [(leaf, place - len(axes), axis) for place, axis in enumerate(axes)
                      if isinstance(axis, dims.Poly)]
        return found

    def _shared_sizes(self) -> None:
        """A size is told by the first axis that has just it, and every other such axis has the same."""
        for leaf, place, axis in self._axes():
            variable = _alone(axis)
            if variable is None:
                continue
            first = self.known.get(variable)
            if first is None:
                self.known[variable] = Known(_size(leaf, place), leaf)
                continue
            other = f", but also {variable.name} = " if first.port is leaf else (
                f", but {first.port.shown} has {variable.name} = ")
            message = _text([f"{leaf.shown} has {variable.name} = ", _size(leaf, place), other, first.value])
            self._unless(_compare(_size(leaf, place), ast.NotEq(), first.value), "ValueError", message)

    def _solved_sizes(self) -> None:
        """A size that stands only within others, `2*n`, is solved for, and must be a whole number."""
        for leaf, place, axis in self._axes():
            unknown = [variable for variable in dims.variables(axis) if variable not in self.known]
            if len(unknown) != 1:
                continue
            [variable] = unknown
            linear = dims.linear_in(axis, variable)
            if linear is None or not isinstance(linear[0], int) or linear[0] <= 0:
                continue
            coefficient, rest = linear
            value: ast.expr = _size(leaf, place)
            if rest != 0:
                value = ast.BinOp(value, ast.Sub(), sz.expression(rest, self._values(rest)))
            tests = []
            if coefficient != 1:
                tests.append(_compare(ast.BinOp(value, ast.Mod(), number(coefficient)), ast.NotEq(), number(0)))
                value = ast.BinOp(value, ast.FloorDiv(), number(coefficient))
            if rest != 0:
                tests.append(_compare(value, ast.Lt(), number(variable.least)))
            self.known[variable] = Known(value, leaf)
            if tests:
                message = _text([f"{leaf.shown} has size ", _size(leaf, place),
                                 f" where {dims.show(axis)} belongs", *self._told(rest)])
                self._unless(tests[0] if len(tests) == 1 else ast.BoolOp(ast.Or(), tests), "ValueError", message)

    def _composite_sizes(self) -> None:
        """Every other size follows from those known."""
        for leaf, place, axis in self._axes():
            unsolved = any(variable not in self.known for variable in dims.variables(axis))
            if _alone(axis) is not None or unsolved or self._tells(leaf, place, axis):
                continue
            message = _text([f"{leaf.shown} has {dims.show(axis)} = ", _size(leaf, place), *self._told(axis)])
            wanted = sz.expression(axis, self._values(axis))
            self._unless(_compare(_size(leaf, place), ast.NotEq(), wanted), "ValueError", message)

    def _tells(self, leaf: Port, place: int, axis: Dim) -> bool:
        """Whether this very axis is where one of its sizes was solved for."""
        return any(self.known[variable].port is leaf and ast.dump(_size(leaf, place)) in ast.dump(
            self.known[variable].value) for variable in dims.variables(axis))

    def _values(self, *parts: Dim) -> dict[Variable, ast.expr]:
        return {variable: self.known[variable].value for variable in self._variables(*parts)}

    def _variables(self, *parts: Dim) -> list[Variable]:
        found = {variable for part in parts if not isinstance(part, int) for variable in dims.variables(part)}
        return sorted(found, key=lambda variable: variable.name)

    def _told(self, *parts: Dim) -> list[str | ast.expr]:
        """`, but y : R[n] has n = 3`, for every size that these parts mention."""
        told: list[str | ast.expr] = []
        for variable in self._variables(*parts):
            known = self.known[variable]
            told += [f"{', and' if told else ', but'} {known.port.shown} has {variable.name} = ", known.value]
        return told

    # ---------------------------------------------------------------- all of them together

    def _batch(self) -> None:
        """All inputs have the same batch axes in front."""
        if len(self.leaves) < 2:
            return
        fronts = [self._front(leaf) for leaf in self.leaves]
        compared = fronts
        if len({axes_of(leaf.wire.object) for leaf in self.leaves if leaf.wire is not None}) == 1:
            # Their own axes are the same and were compared: so may whole shapes be, which costs no slices.
            compared = [_shape(_name(leaf.name)) for leaf in self.leaves]
        test: ast.expr = _compare(compared[0], ast.NotEq(), compared[1])
        if len(compared) > 2:
            equal = ast.Compare(compared[0], [ast.Eq() for _ in compared[1:]], list(compared[1:]))
            test = ast.UnaryOp(ast.Not(), equal)
        parts: list[str | ast.expr] = ["the batch axes in front differ: "]
        for place, (leaf, front) in enumerate(zip(self.leaves, fronts, strict=True)):
            parts += [f"{', ' if place else ''}{leaf.shown} has ", call("tuple", front)]
        self._unless(test, "ValueError", _text(parts))

    def _front(self, leaf: Port) -> ast.expr:
        assert leaf.wire is not None
        rank = len(axes_of(leaf.wire.object))
        shape = _shape(ast.Name(leaf.name, ast.Load()))
        return ast.Subscript(shape, ast.Slice(None, number(-rank), None), ast.Load()) if rank else shape

    def _conditions(self) -> None:
        """Conditions on sizes that only an input can tell."""
        for condition in self.source.conditions:
            variables = self._variables(condition.left, condition.right)
            if any(variable not in self.known for variable in variables):
                continue
            values = self._values(condition.left, condition.right)
            left, right = sz.expression(condition.left, values), sz.expression(condition.right, values)
            if condition.relation == "divides":
                test = _compare(ast.BinOp(right, ast.Mod(), left), ast.NotEq(), number(0))
            else:
                test = _compare(left, _NEGATED[condition.relation](), right)
            name = self.owner.network.name
            self._unless(test, "ValueError", _text([f"{name} needs {condition.show()}",
                                                    *self._told(condition.left, condition.right)]))


def _is_tree(leaf: Port) -> bool:
    assert leaf.wire is not None
    return isinstance(base_of(leaf.wire.object), Fixed)


_NEGATED: dict[str, type[ast.cmpop]] = {"==": ast.NotEq, "<=": ast.Gt, ">=": ast.Lt, "<": ast.GtE, ">": ast.LtE,
                                        "!=": ast.Eq}


def _alone(axis: Dim) -> Variable | None:
    """The variable that a size is, if it is just one."""
    if isinstance(axis, int):
        return None
    variables = list(dims.variables(axis))
    return variables[0] if len(variables) == 1 and axis == variables[0].poly else None


def _nonempty(axis: Dim) -> bool:
    """Whether a size is just a variable that is at least 1."""
    variable = _alone(axis)
    return variable is not None and variable.least > 0


def _written(leaf: Port, rank: int) -> tuple[Any, ...]:
    """The axes as the header has them, before sizes are put in."""
    obj = resolve(leaf.object)
    axes = obj.axes if isinstance(obj, Power) else ()
    return axes if len(axes) == rank else ()


def _name(text: str) -> ast.expr:
    return ast.Name(text, ast.Load())


def _torch(name: str) -> ast.expr:
    return ast.Attribute(_name("torch"), name, ast.Load())


def _shape(x: ast.expr) -> ast.expr:
    return ast.Attribute(x, "shape", ast.Load())


def _size(leaf: Port, place: int) -> ast.expr:
    return ast.Subscript(_shape(_name(leaf.name)), number(place), ast.Load())


def _compare(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> ast.expr:
    return ast.Compare(left, [operator], [right])


def _text(parts: list[str | ast.expr]) -> ast.expr:
    """Text with values in it."""
    if not any(isinstance(part, ast.expr) for part in parts):
        return ast.Constant("".join(part for part in parts if isinstance(part, str)))
    return ast.JoinedStr([ast.Constant(part) if isinstance(part, str) else ast.FormattedValue(part, -1)
                          for part in parts])
