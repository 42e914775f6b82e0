"""The shapes that an endofunctor gives: for each constructor what it holds, and where.

A polynomial functor is a sum of products. Here it is brought to that form: a :class:`Shape` is one choice of summand at
every sum that the recursion goes through; sums of data stay data.

>>> from catlang.objects.colour import Finite, ObjectVariable, Product, Sum, UNIT, array, power
>>> from catlang.objects.functor import abstract, list_of
>>> X = ObjectVariable("X")
>>> for shape in shapes(abstract(X, Sum((Finite(5), Product((array(2), power(X, (3,)))), Product((X, list_of(X))))))):
...     print(shape.places, shape.parts())
(0,) [Data(Fin[5])]
(1,) [Data(R[2]), Children((3,))]
(2,) [Child(), Listed()]

A sum inside a product is one choice more:

>>> [shape.places for shape in shapes(abstract(X, Product((Sum((UNIT, X)), Sum((UNIT, X))))))]
[(0, 0), (0, 1), (1, 0), (1, 1)]

What no sum of products is has no shapes:

>>> from catlang.objects.functor import Exponential
>>> shapes(abstract(X, Exponential(X, array(1))))
Traceback (most recent call last):
    ...
catlang.objects.shapes.NotPolynomial: X^R[1]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as choices

from catlang.objects.colour import Axis, Object, Power, Product, Sum, resolve, show
from catlang.objects.functor import Functor, Recursive, element_of, element_speaks, shifted

#: So many constructors may an endofunctor have, all choices counted.
MOST_SHAPES = 256


class NotPolynomial(Exception):
    """A part of a functor that is no sum of products of data and places of recursion."""

    def __init__(self, part: Object) -> None:
        super().__init__(show(part))
        self.part = part


class Shape:
    """One constructor, or a part of one."""

    __slots__ = ()

    def parts(self) -> list[Shape]:
        """The data and the places of recursion in it, from left to right."""
        return [self]

    @property
    def places(self) -> tuple[int, ...]:
        """Which summand stands at each sum, from left to right."""
        return ()


class Data(Shape):
    """Something without recursion."""

    __slots__ = ("object",)

    def __init__(self, obj: Object) -> None:
        self.object = obj

    def parts(self) -> list[Shape]:
        return [self] if self.object != Product(()) else []

    def __repr__(self) -> str:
        return f"Data({self.object})"


class Child(Shape):
    """A place of recursion."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Child()"


class Children(Shape):
    """So many of them."""

    __slots__ = ("axes",)

    def __init__(self, axes: tuple[Axis, ...]) -> None:
        self.axes = axes

    def __repr__(self) -> str:
        return f"Children({self.axes})"


class Listed(Shape):
    """A list of them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Listed()"


class Both(Shape):
    """A product of shapes."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Shape, ...]) -> None:
        self.items = items

    def parts(self) -> list[Shape]:
        return [part for item in self.items for part in item.parts()]

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(place for item in self.items for place in item.places)


class Summand(Shape):
    """A summand, ``place``, of a sum: what its shape is, and the sum."""

    __slots__ = ("place", "shape", "sum")

    def __init__(self, place: int, shape: Shape, whole: Sum) -> None:
        self.place = place
        self.shape = shape
        self.sum = whole

    def parts(self) -> list[Shape]:
        return self.shape.parts()

    @property
    def places(self) -> tuple[int, ...]:
        return (self.place, *self.shape.places)


def shapes(functor: Functor) -> list[Shape]:
    """The constructors of a functor; raises :class:`NotPolynomial`."""
    found: list[Shape] = []
    for shape in _shapes(resolve(functor.body)):
        found.append(shape)
        if len(found) > MOST_SHAPES:
            raise NotPolynomial(functor.body)
    return found


def _shapes(body: Object) -> Iterator[Shape]:
    if not element_speaks(body):
        yield Data(shifted(body, -1))
    elif body == Recursive():
        yield Child()
    elif isinstance(body, Product):
        for items in choices(*(list(_shapes(item)) for item in body.items)):
            yield Both(items)
    elif isinstance(body, Sum):
        for place, item in enumerate(body.items):
            for shape in _shapes(item):
                yield Summand(place, shape, body)
    elif isinstance(body, Power) and body.base == Recursive():
        yield Children(body.axes)
    elif element_of(body) == Recursive():
        yield Listed()
    else:
        raise NotPolynomial(body)
