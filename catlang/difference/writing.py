"""Sizes, objects and arguments as text that says everything about them and nothing about what they were called inside.

Two texts, each by a :class:`Writer` of its own, are equal only where what they stand for is equal once the generics of
one are put for those of the other, place by place. What is public keeps its name: dims and params of a file.

>>> from catlang.objects.colour import array
>>> n, d = Variable("n"), Variable("d")
>>> writer = Writer()
>>> writer.call(n, "m"), writer.object(array(n.poly * 2, d.poly))
('m', 'R[2*m, d]')
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catlang import dims
from catlang.checker.entry import Constant
from catlang.checker.formula import Formula
from catlang.dims import Dim, Variable
from catlang.dims.constraint import Constraint
from catlang.objects.colour import (
    BOOL,
    REAL,
    Finite,
    Nominal,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    resolve,
    show,
)
from catlang.objects.functor import Applied, Exponential, Fixed, Functor, FunctorVariable, Recursive, solved
from catlang.objects.substitution import Substitution


class Writer:
    """Writes, and remembers what is called how; no two things are called alike."""

    __slots__ = ("_names", "_put", "_taken")

    def __init__(self) -> None:
        self._names: dict[Any, str] = {}
        self._put: dict[Variable, Dim] = {}
        self._taken: set[str] = set()

    def call(self, thing: Any, name: str) -> str:
        """Gives a size, an object, a run, an endofunctor or a parameter a name, or one like it that is free."""
        if thing in self._names:
            return self._names[thing]
        free, number = name, 1
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        self._names[thing] = free
        if isinstance(thing, Variable):
            self._put[thing] = Variable(free, thing.least).poly
        return free

    def dim(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return str(dim)
        dim = dims.resolve(dim)
        if isinstance(dim, dims.Poly):
            for variable in dims.variables(dim):
                self.call(variable, variable.name)
            dim = dims.substitute(dim, self._put)
        return dims.show(dim)

    def axes(self, axes: Sequence[Any]) -> str:
        return ", ".join(f"{self.call(axis, axis.name)}..." if isinstance(axis, Run) else self.dim(axis)
                         for axis in axes)

    def condition(self, constraint: Constraint) -> str:
        return f"{self.dim(constraint.left)} {constraint.relation} {self.dim(constraint.right)}"

    def object(self, obj: Object) -> str:
        """An object: endofunctors by what they do, colours of their own by name."""
        obj = resolve(obj)
        if obj is REAL:
            return "R[]"
        if obj is BOOL:
            return "Bool"
        if isinstance(obj, Finite):
            return f"Fin[{self.dim(obj.size)}]"
        if isinstance(obj, Power):
            axes = self.axes(obj.axes)
            return f"R[{axes}]" if obj.base is REAL else f"{self.object(obj.base)}^({axes})"
        if isinstance(obj, Product):
            names = obj.names or (None,) * len(obj.items)
            parts = [f"{name} : {self.object(item)}" if name else self.object(item)
                     for name, item in zip(names, obj.items, strict=True)]
            return " * ".join(f"({part})" if " " in part else part for part in parts) or "1"
        if isinstance(obj, Sum):
            return "(" + " + ".join(self.object(item) for item in obj.items) + ")"
        if isinstance(obj, Nominal):
            return f"{obj.name}[{', '.join(self.value(part) for part in obj.arguments)}]" if obj.arguments else obj.name
        if isinstance(obj, ObjectVariable):
            return self.call(obj, obj.name)
        if isinstance(obj, Fixed):
            return f"({obj.kind} {self.functor(obj.functor)})"
        if isinstance(obj, Recursive):
            return f"X{obj.level}"
        if isinstance(obj, Exponential):
            return f"({self.object(obj.base)} ^ {self.object(obj.exponent)})"
        assert isinstance(obj, Applied), type(obj)
        return f"{self.functor(obj.functor)}({self.object(obj.argument)})"

    def shown(self, obj: Object) -> str:
        """An object as a reader has it, by the names of its endofunctors."""
        self.object(obj)
        return show(Substitution(dims=self._put).object(obj))

    def functor(self, functor: Any) -> str:
        functor = solved(functor)
        if isinstance(functor, FunctorVariable):
            return self.call(functor, functor.name)
        assert isinstance(functor, Functor)
        return f"(X |-> {self.object(functor.body)})"

    def value(self, value: Any) -> str:
        """An argument of a primitive, of whatever kind."""
        if isinstance(value, bool | float | str):
            return repr(value)
        if isinstance(value, int | dims.Poly):
            return self.dim(value)
        if isinstance(value, Object):
            return self.object(value)
        if isinstance(value, tuple):
            return f"({self.axes(value)})"
        if isinstance(value, Formula):
            return f"({value.operator} {' '.join(self.value(part) for part in value.parts)})"
        if isinstance(value, Constant):
            return self.call(value, value.name)
        if isinstance(value, Functor | FunctorVariable):
            return self.functor(value)
        assert value is None, type(value)
        return "none"
