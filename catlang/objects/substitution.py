"""What is put for generic sizes, objects and runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catlang import dims
from catlang.dims import Dim
from catlang.objects.colour import (
    Axis,
    Finite,
    Nominal,
    Object,
    ObjectVariable,
    Power,
    Product,
    Run,
    Sum,
    power,
    resolve,
)
from catlang.objects.functor import AnyFunctor, Applied, Fixed, FunctorVariable, apply, solved


class Substitution:
    """What is put for generic dimensions, objects and runs; applied to objects and dimensions."""

    __slots__ = ("dims", "objects", "runs", "functors")

    def __init__(self, dims: dict[dims.Variable, Dim] | None = None,
                 objects: dict[ObjectVariable, Object] | None = None,
                 runs: dict[Run, tuple[Axis, ...]] | None = None) -> None:
        self.dims = dims if dims is not None else {}
        self.objects = objects if objects is not None else {}
        self.runs = runs if runs is not None else {}
        self.functors: dict[FunctorVariable, AnyFunctor] = {}

    def dim(self, dim: Dim) -> Dim:
        if type(dim) is int:
            return dim
        return dims.substitute(dims.resolve(dim), self.dims)

    def axes(self, axes: Sequence[Axis]) -> tuple[Axis, ...]:
        found: list[Axis] = []
        for axis in axes:
            if type(axis) is int:
                found.append(axis)
            elif isinstance(axis, Run):
                if axis.solution is not None:
                    found.extend(self.axes(axis.solution))
                else:
                    found.extend(self.runs.get(axis, (axis,)))
            else:
                found.append(self.dim(axis))
        return tuple(found)

    def part(self, part: Any) -> Any:
        if isinstance(part, Object):
            return self.object(part)
        if isinstance(part, int | dims.Poly):
            return self.dim(part)
        return part

    def object(self, obj: Object) -> Object:
        if not (self.dims or self.objects or self.runs or self.functors):
            return resolve(obj)
        kind = type(obj)
        if kind is Power:
            assert isinstance(obj, Power)
            return power(self.object(obj.base), self.axes(obj.axes))
        if kind is Product:
            assert isinstance(obj, Product)
            return Product(tuple(self.object(item) for item in obj.items), obj.names)
        if kind is ObjectVariable:
            assert isinstance(obj, ObjectVariable)
            if obj in self.objects:
                return self.objects[obj]
            return obj if obj.solution is None else self.object(obj.solution)
        if kind is Finite:
            assert isinstance(obj, Finite)
            return Finite(self.dim(obj.size))
        if kind is Sum:
            assert isinstance(obj, Sum)
            return Sum(tuple(self.object(item) for item in obj.items))
        if kind is Nominal:
            assert isinstance(obj, Nominal)
            return Nominal(obj.declaration, obj.name, tuple(self.part(part) for part in obj.arguments))
        if kind is Applied or kind is Fixed:
            assert isinstance(obj, Applied | Fixed)
            functor = self.functor(obj.functor)
            return apply(functor, self.object(obj.argument)) if isinstance(obj, Applied) else Fixed(obj.kind, functor)
        return obj.mapped(self.part)

    def functor(self, functor: AnyFunctor) -> AnyFunctor:
        functor = solved(functor)
        if isinstance(functor, FunctorVariable):
            return self.functors.get(functor, functor)
        return functor.mapped(self.part)
