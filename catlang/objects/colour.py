"""Objects: the colours of wires.

An object is kept in a normal form, so that the same colour is the same value:

* ``A^n`` is an axis of ``A``: the axes of nested powers lie in one row, and ``R[n, d]`` *is* ``R[d]^n``.
* The power functor preserves products strictly: ``(A * B)^n`` *is* ``A^n * B^n``, and ``1^n`` is ``1``.
* A product of one object is that object. Products do not flatten: ``(A * B) * C`` is a pair with a pair in it.

>>> from catlang.dims import Variable
>>> n, d = Variable("n").poly, Variable("d").poly
>>> power(array(d), (n,)) == array(n, d)
True
>>> power(product((REAL, BOOL)), (n,)) == product((array(n), power(BOOL, (n,))))
True
>>> power(UNIT, (n,)) == UNIT
True
>>> show(product((power(Finite(10), (n,)), sum_of((REAL, UNIT)))))
'Fin[10]^n * (R[] + 1)'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from catlang import dims
from catlang.dims import Dim

#: So many factors and summands may an object have, all levels together.
MOST_PARTS = 10_000


class Enormous(Exception):
    """An object that would have more than ``MOST_PARTS`` parts; a few lines that double one another make such."""


def _counted(parts: Sequence[Any]) -> int:
    """How many parts there are below; more than there may be are an exception."""
    count = sum([part.count for part in parts if isinstance(part, Object)])
    if count > MOST_PARTS:
        raise Enormous
    return count


class Object:
    """A colour. ``open`` says that something in it is still to be inferred, ``count`` how many parts it has."""

    __slots__ = ("open", "_hash")
    open: bool
    _hash: int
    count = 1

    def _key(self) -> tuple[Any, ...]:
        return ()

    def parts(self) -> tuple[Any, ...]:
        """The objects and sizes that it is made of, where no walk knows its kind."""
        return ()

    def mapped(self, change: Callable[[Any], Any]) -> Object:
        """The object with its parts changed."""
        return self

    def shown(self, loose: bool) -> str:
        """How the source writes it."""
        return "?"

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __repr__(self) -> str:
        return show(self)


class Real(Object):
    """The real numbers, ``R[]``."""

    __slots__ = ()

    def __init__(self) -> None:
        self.open = False


class Bool(Object):
    """The truth values."""

    __slots__ = ()

    def __init__(self) -> None:
        self.open = False


class Unknown(Object):
    """What stands where a mistake was already told; it joins everything, in silence."""

    __slots__ = ()

    def __init__(self) -> None:
        self.open = False


REAL = Real()
BOOL = Bool()
UNKNOWN = Unknown()


class Finite(Object):
    """``Fin[n]``, the set of ``n`` indices."""

    __slots__ = ("size",)

    def __init__(self, size: Dim) -> None:
        self.size = size
        self.open = _dim_open(size)

    def _key(self) -> tuple[Any, ...]:
        return (self.size,)

    def mapped(self, change: Callable[[Any], Any]) -> Object:
        return Finite(change(self.size))


class Nominal(Object):
    """A colour of its own, ``object Kelvin : R[1]``: equal only to itself, at equal arguments."""

    __slots__ = ("declaration", "name", "arguments", "count")

    def __init__(self, declaration: Any, name: str, arguments: tuple[Any, ...]) -> None:
        self.count = 1 + _counted(arguments)
        self.declaration = declaration
        self.name = name
        self.arguments = arguments
        self.open = any(is_open(argument) for argument in arguments)

    def _key(self) -> tuple[Any, ...]:
        return (id(self.declaration), self.arguments)

    def mapped(self, change: Callable[[Any], Any]) -> Object:
        return Nominal(self.declaration, self.name, tuple(change(part) for part in self.arguments))


class ObjectVariable(Object):
    """A generic object, or (``flexible``) one to be inferred.

    A generic one whose arrows demand numbers is an array of any shape: its ``solution`` is then ``R[A...]``.
    """

    __slots__ = ("name", "flexible", "solution", "serial")
    _made = 0

    def __init__(self, name: str, flexible: bool = False) -> None:
        self.name = name
        self.flexible = flexible
        self.solution: Object | None = None
        self.open = True
        ObjectVariable._made += 1
        self.serial = ObjectVariable._made

    @property
    def shape(self) -> Run | None:
        """The axes of a generic object that is used as numbers; None where it may be any object."""
        if self.solution is None:
            return None
        [run] = axes_of(self.solution)
        return run if isinstance(run, Run) else None

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self) >> 4


class Run:
    """A run of axes, ``s...``: generic, or (``flexible``) to be inferred."""

    __slots__ = ("name", "flexible", "solution")

    def __init__(self, name: str, flexible: bool = False) -> None:
        self.name = name
        self.flexible = flexible
        self.solution: tuple[Axis, ...] | None = None

    def __repr__(self) -> str:
        return f"{self.name}..."


Axis = Dim | Run


class Power(Object):
    """``base^(axes)``; the base is no power and no product, and there is at least one axis."""

    __slots__ = ("base", "axes", "count")

    def __init__(self, base: Object, axes: tuple[Axis, ...]) -> None:
        self.count = base.count
        self.base = base
        self.axes = axes
        self.open = base.open or any(is_open(axis) for axis in axes)

    def _key(self) -> tuple[Any, ...]:
        return (self.base, self.axes)

    def mapped(self, change: Callable[[Any], Any]) -> Object:
        return power(change(self.base), self.axes)


class Product(Object):
    """``A * B * ...``; of none it is the terminal object ``1``. Names, where given, are part of the colour."""

    __slots__ = ("items", "names", "count")

    def __init__(self, items: tuple[Object, ...], names: tuple[str | None, ...] | None = None) -> None:
        self.count = 1 + _counted(items)
        self.items = items
        self.names = names
        self.open = any(item.open for item in items)

    def _key(self) -> tuple[Any, ...]:
        return (self.items, self.names)

    def mapped(self, change: Callable[[Any], Any]) -> Object:
        return Product(tuple(change(item) for item in self.items), self.names)


class Sum(Object):
    """``A + B + ...``"""

    __slots__ = ("items", "count")

    def __init__(self, items: tuple[Object, ...]) -> None:
        self.count = 1 + _counted(items)
        self.items = items
        self.open = any(item.open for item in items)

    def _key(self) -> tuple[Any, ...]:
        return (self.items,)

    def mapped(self, change: Callable[[Any], Any]) -> Object:
        return Sum(tuple(change(item) for item in self.items))


UNIT = Product(())


def is_open(part: Any) -> bool:
    """Whether something in a dimension, a run or an object may still be solved."""
    if isinstance(part, Object):
        return part.open
    if isinstance(part, Run):
        return part.flexible or part.solution is not None
    return _dim_open(part)


def _dim_open(dim: Any) -> bool:
    if isinstance(dim, int) or not isinstance(dim, dims.Poly):
        return False
    return any(variable.flexible for variable in dims.variables(dim))


def power(base: Object, axes: Sequence[Axis]) -> Object:
    """``base`` with axes in front of its own."""
    axes = tuple(axes)
    if not axes:
        return base
    if type(base) is Power:
        return Power(base.base, axes + base.axes)
    if type(base) is Product:
        return Product(tuple(power(item, axes) for item in base.items), base.names)
    if type(base) is Unknown:
        return base
    return Power(base, axes)


def array(*axes: Axis) -> Object:
    """``R[axes]``"""
    return power(REAL, axes)


def product(items: Sequence[Object], names: Sequence[str | None] | None = None) -> Object:
    """The product; of one object without a name it is the object."""
    if len(items) == 1 and (names is None or names[0] is None):
        return items[0]
    kept = None if names is None or all(name is None for name in names) else tuple(names)
    return Product(tuple(items), kept)


def sum_of(items: Sequence[Object]) -> Object:
    return Sum(tuple(items))


def resolve(obj: Object) -> Object:
    """The object with everything solved put in, deeply; itself where there is nothing to do."""
    if not obj.open:
        return obj
    kind = type(obj)
    if kind is ObjectVariable:
        assert isinstance(obj, ObjectVariable)
        return obj if obj.solution is None else resolve(obj.solution)
    if kind is Power:
        assert isinstance(obj, Power)
        return power(resolve(obj.base), resolve_axes(obj.axes))
    if kind is Product:
        assert isinstance(obj, Product)
        return Product(tuple(resolve(item) for item in obj.items), obj.names)
    if kind is Sum:
        assert isinstance(obj, Sum)
        return Sum(tuple(resolve(item) for item in obj.items))
    if kind is Finite:
        assert isinstance(obj, Finite)
        return Finite(dims.resolve(obj.size))
    if kind is Nominal:
        assert isinstance(obj, Nominal)
        return Nominal(obj.declaration, obj.name, tuple(resolve_part(part) for part in obj.arguments))
    return obj.mapped(resolve_part)


def resolve_part(part: Any) -> Any:
    if isinstance(part, Object):
        return resolve(part)
    if isinstance(part, int | dims.Poly):
        return dims.resolve(part)
    return part


def resolve_axes(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    found: list[Axis] = []
    for axis in axes:
        if isinstance(axis, Run):
            if axis.solution is None:
                found.append(axis)
            else:
                found.extend(resolve_axes(axis.solution))
        else:
            found.append(axis if type(axis) is int else dims.resolve(axis))
    return tuple(found)


def axes_of(obj: Object) -> tuple[Axis, ...]:
    """The axes of an object that is no product."""
    return obj.axes if type(obj) is Power else ()


def base_of(obj: Object) -> Object:
    return obj.base if type(obj) is Power else obj


def leaves(obj: Object) -> list[Object]:
    """The factors of nested products, from left to right."""
    if type(obj) is Product:
        assert isinstance(obj, Product)
        return [leaf for item in obj.items for leaf in leaves(item)]
    return [obj]


def dims_of(obj: Object) -> list[Dim]:
    """Every dimension in the object, in the order it is written."""
    found: list[Dim] = []
    if isinstance(obj, Power):
        found += dims_of(obj.base)
        found += [axis for axis in obj.axes if not isinstance(axis, Run)]
    elif isinstance(obj, Product | Sum):
        for item in obj.items:
            found += dims_of(item)
    elif isinstance(obj, Finite):
        found.append(obj.size)
    elif isinstance(obj, Nominal):
        for part in obj.arguments:
            if isinstance(part, Object):
                found += dims_of(part)
            elif isinstance(part, int | dims.Poly):
                found.append(part)
    else:
        for part in obj.parts():
            found += dims_of(part)
    return found


def show_axis(axis: Axis) -> str:
    return f"{axis.name}..." if isinstance(axis, Run) else _hidden(axis)


def _hidden(dim: Dim) -> str:
    """A dimension as the reader writes it; what is still to be inferred is `_`."""
    if isinstance(dim, int):
        return str(dim)
    dim = dims.resolve(dim)
    if isinstance(dim, int):
        return str(dim)
    only = dims.variables(dim)
    if len(only) == 1 and only[0].flexible and dim == only[0].poly:
        return "_"
    return dims.show(dim)


def show(obj: Object, loose: bool = True) -> str:
    """The object in catlang's own spelling; ``loose`` where no parentheses are needed around an operator."""
    obj = resolve(obj)
    if isinstance(obj, Real):
        return "R[]"
    if isinstance(obj, Bool):
        return "Bool"
    if isinstance(obj, Unknown):
        return "?"
    if isinstance(obj, Finite):
        return f"Fin[{_hidden(obj.size)}]"
    if isinstance(obj, Nominal):
        arguments = obj.arguments[:len(obj.declaration.generics)]
        if not arguments:
            return obj.name
        inner = ", ".join(show(part) if isinstance(part, Object) else _hidden(part) for part in arguments)
        return f"{obj.name}[{inner}]"
    if isinstance(obj, ObjectVariable):
        return obj.name if not obj.flexible else "_"
    if isinstance(obj, Power):
        inner = ", ".join(show_axis(axis) for axis in obj.axes)
        if isinstance(obj.base, Real):
            return f"R[{inner}]"
        base = show(obj.base, loose=False)
        lone = len(obj.axes) == 1 and inner.replace("_", "").isalnum()
        return f"{base}^{inner}" if lone else f"{base}^({inner})"
    if isinstance(obj, Product):
        if not obj.items:
            return "1"
        names = obj.names or (None,) * len(obj.items)
        parts = [f"({name} : {show(item)})" if name else show(item, loose=False)
                 for name, item in zip(names, obj.items, strict=True)]
        text = " * ".join(parts)
        return text if loose or len(parts) == 1 else f"({text})"
    if isinstance(obj, Sum):
        text = " + ".join(show(item, loose=isinstance(item, Product)) for item in obj.items)
        return text if loose else f"({text})"
    return obj.shown(loose)
