"""Endofunctors, and the objects that they make: fixed points, exponentials.

An endofunctor is polynomial: an object with a hole in it, built by products, sums, powers and fixed points. In its
``body`` the hole is :class:`Recursive`, counted from the innermost fixed point outwards (de Bruijn), so that two
functors that differ in the name of their variable alone are the same value, and so are their fixed points.

>>> from catlang.objects.colour import Finite, ObjectVariable, Product, Sum, UNIT, array
>>> X = ObjectVariable("X")
>>> tree = abstract(X, Sum((array(3), Product((X, X)))))
>>> tree
(X |-> R[3] + X * X)
>>> apply(tree, Finite(2))
R[3] + Fin[2] * Fin[2]

Functors compose, and the identity is one:

>>> identity = abstract(X, X)
>>> compose(identity, tree) == tree == compose(tree, identity)
True
>>> maybe = abstract(X, Sum((UNIT, X)))
>>> compose(tree, maybe)
(X |-> 1 + (R[3] + X * X))
>>> apply(compose(tree, maybe), array(1)) == apply(maybe, apply(tree, array(1)))
True

``mu F`` is a fixed point: what ``F`` makes of it is what it unrolls to. ``List(A)`` is one of them.

>>> numbers = list_of(array())
>>> numbers, unrolled(numbers)
(List(R[]), 1 + R[] * List(R[]))
>>> numbers == Fixed("mu", abstract(X, Sum((UNIT, Product((array(), X))))))
True
>>> rose = abstract(X, Product((array(), list_of(X))))
>>> unrolled(Fixed("mu", rose))
R[] * List(mu (X |-> R[] * List(X)))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catlang.objects.colour import (
    UNIT,
    Object,
    ObjectVariable,
    Product,
    Sum,
    is_open,
    resolve,
    show,
)

#: What stands for a part of an object.
Change = Callable[[Any], Any]


class Functor:
    """An endofunctor; ``name`` and ``arguments`` are how the source calls it, and no part of what it is."""

    __slots__ = ("body", "name", "arguments")

    def __init__(self, body: Object, name: str | None = None, arguments: tuple[Any, ...] = ()) -> None:
        self.body = body
        self.name = name
        self.arguments = arguments

    def mapped(self, change: Change) -> Functor:
        return Functor(change(self.body), self.name, tuple(change(part) for part in self.arguments))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Functor) and self.body == other.body

    def __hash__(self) -> int:
        return hash(self.body)

    def __repr__(self) -> str:
        return show_functor(self)


class FunctorVariable:
    """A generic endofunctor, or (``flexible``) one to be inferred."""

    __slots__ = ("name", "flexible", "solution")

    def __init__(self, name: str, flexible: bool = False) -> None:
        self.name = name
        self.flexible = flexible
        self.solution: AnyFunctor | None = None

    def __repr__(self) -> str:
        return show_functor(self)


AnyFunctor = Functor | FunctorVariable


class Recursive(Object):
    """The hole of a functor: the ``level``-th around, from the innermost."""

    __slots__ = ("level",)

    def __init__(self, level: int = 0) -> None:
        self.level = level
        self.open = False

    def _key(self) -> tuple[Any, ...]:
        return (self.level,)

    def shown(self, loose: bool) -> str:
        return "X" if self.level == 0 else f"X{self.level}"


class Fixed(Object):
    """``mu F``, the carrier of the initial algebra of ``F``, or (``kind``) ``nu F``, that of its final coalgebra."""

    __slots__ = ("kind", "functor", "count")

    def __init__(self, kind: str, functor: AnyFunctor) -> None:
        self.kind = kind
        self.functor = functor
        self.count = 1 + functor.body.count if isinstance(functor, Functor) else 1
        self.open = (functor.body.open or any(map(is_open, functor.arguments)) if isinstance(functor, Functor)
                     else functor.flexible or functor.solution is not None)

    def _key(self) -> tuple[Any, ...]:
        return (self.kind, self.functor)

    def parts(self) -> tuple[Any, ...]:
        return (self.functor.body,) if isinstance(self.functor, Functor) else ()

    def mapped(self, change: Change) -> Object:
        functor = solved(self.functor)
        return Fixed(self.kind, functor.mapped(change) if isinstance(functor, Functor) else functor)

    def shown(self, loose: bool) -> str:
        functor = solved(self.functor)
        if isinstance(functor, Functor) and self.kind == "mu" and functor.name == "List":
            return f"List({show(functor.arguments[0])})"
        text = f"{self.kind} {show_functor(functor)}"
        return text if loose else f"({text})"


class Applied(Object):
    """A functor that is not known yet, at an object."""

    __slots__ = ("functor", "argument")

    def __init__(self, functor: FunctorVariable, argument: Object) -> None:
        self.functor = functor
        self.argument = argument
        self.open = functor.flexible or functor.solution is not None or argument.open

    def _key(self) -> tuple[Any, ...]:
        return (self.functor, self.argument)

    def parts(self) -> tuple[Any, ...]:
        return (self.argument,)

    def mapped(self, change: Change) -> Object:
        return apply(solved(self.functor), change(self.argument))

    def shown(self, loose: bool) -> str:
        return f"{self.functor.name}({show(self.argument)})"


class Exponential(Object):
    """``A^I`` for an object ``I``: the morphisms from ``I`` to ``A``. It is no array; ``curry`` goes into it."""

    __slots__ = ("base", "exponent", "count")

    def __init__(self, base: Object, exponent: Object) -> None:
        self.base = base
        self.exponent = exponent
        self.count = 1 + base.count + exponent.count
        self.open = base.open or exponent.open

    def _key(self) -> tuple[Any, ...]:
        return (self.base, self.exponent)

    def parts(self) -> tuple[Any, ...]:
        return (self.base, self.exponent)

    def mapped(self, change: Change) -> Object:
        return Exponential(change(self.base), change(self.exponent))

    def shown(self, loose: bool) -> str:
        return f"{show(self.base, loose=False)}^{show(self.exponent, loose=False)}"


# -------------------------------------------------------------------- holes


def _under(obj: Object, depth: int, change: Callable[[Object, int], Object | None]) -> Any:
    """The object with ``change`` made where it gives something, ``depth`` fixed points further in."""
    def go(part: Any) -> Any:
        if not isinstance(part, Object):
            return part
        found = change(part, depth)
        if found is not None:
            return found
        if isinstance(part, Fixed) and isinstance(part.functor, Functor):
            functor = part.functor
            return Fixed(part.kind, Functor(_under(functor.body, depth + 1, change), functor.name,
                                            tuple(_under(one, depth, change) for one in functor.arguments)))
        return part.mapped(go)

    return go(obj)


def abstract(variable: ObjectVariable, obj: Object, name: str | None = None,
             arguments: tuple[Any, ...] = ()) -> Functor:
    """The functor that has ``obj`` where its variable stands."""
    def change(part: Object, depth: int) -> Object | None:
        if part is variable:
            return Recursive(depth)
        return Recursive(part.level + 1) if isinstance(part, Recursive) and part.level >= depth else None

    return Functor(_under(obj, 0, change), name, arguments)


def shifted(obj: Object, by: int) -> Object:
    """An object carried under ``by`` more fixed points."""
    if by == 0:
        return obj

    def change(part: Object, depth: int) -> Object | None:
        return Recursive(part.level + by) if isinstance(part, Recursive) and part.level >= depth else None

    found: Object = _under(obj, 0, change)
    return found


def apply(functor: AnyFunctor, argument: Object) -> Object:
    """The functor at an object."""
    if isinstance(functor, FunctorVariable):
        return Applied(functor, argument)

    def change(part: Object, depth: int) -> Object | None:
        if not isinstance(part, Recursive) or part.level < depth:
            return None
        return shifted(argument, depth) if part.level == depth else Recursive(part.level - 1)

    found: Object = _under(functor.body, 0, change)
    return found


def compose(first: Functor, second: Functor) -> Functor:
    """First ``first``, then ``second``."""
    return Functor(apply(Functor(second.body), first.body))


def dangling(obj: Object) -> bool:
    """Whether an object speaks of a fixed point around it."""
    found = False

    def change(part: Object, depth: int) -> Object | None:
        nonlocal found
        found = found or isinstance(part, Recursive) and part.level >= depth
        return part if found else None

    _under(obj, 0, change)
    return found


# -------------------------------------------------------------------- fixed points


def solved(functor: AnyFunctor) -> AnyFunctor:
    """What was inferred for a functor, as far as it goes."""
    while isinstance(functor, FunctorVariable) and functor.solution is not None:
        functor = functor.solution
    return functor


def unrolled(fixed: Fixed) -> Object:
    """``F(mu F)``, which ``mu F`` is by Lambek's lemma."""
    return apply(solved(fixed.functor), fixed)


def list_of(element: Object) -> Fixed:
    """``List(A)``, the fixed point of ``1 + A * X``."""
    return Fixed("mu", Functor(Sum((UNIT, Product((shifted(element, 1), Recursive())))), "List", (element,)))


def element_of(obj: Object) -> Object | None:
    """What a list is a list of; None where an object is no ``List(A)``."""
    obj = resolve(obj)
    if not isinstance(obj, Fixed) or obj.kind != "mu" or not isinstance(obj.functor, Functor):
        return None
    body = obj.functor.body
    if not isinstance(body, Sum) or len(body.items) != 2 or body.items[0] != UNIT:
        return None
    cons = body.items[1]
    if not isinstance(cons, Product) or len(cons.items) != 2 or cons.items[1] != Recursive():
        return None
    element = cons.items[0]
    return None if element_speaks(element) else shifted(element, -1)


def element_speaks(obj: Object) -> bool:
    """Whether the hole of the functor around an object stands in it."""
    found = False

    def change(part: Object, depth: int) -> Object | None:
        nonlocal found
        found = found or isinstance(part, Recursive) and part.level == depth
        return part if found else None

    _under(obj, 0, change)
    return found


def show_functor(functor: AnyFunctor) -> str:
    """The functor as the source calls it, else by what it does."""
    functor = solved(functor)
    if isinstance(functor, FunctorVariable):
        return "_" if functor.flexible else functor.name
    if functor.name is None:
        return f"(X |-> {show(functor.body)})"
    if not functor.arguments:
        return functor.name
    inner = ", ".join(show(part) if isinstance(part, Object) else str(part) for part in functor.arguments)
    return f"{functor.name}[{inner}]"
