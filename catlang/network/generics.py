"""What is put for the generics of a definition where it is used: objects, runs, constants, functors, sizes of lists."""

from __future__ import annotations

from typing import Any

from catlang import dims
from catlang.checker.arguments import arguments_as_substitution
from catlang.checker.entry import (
    Constant,
    ConstantEntry,
    Definition,
    DimEntry,
    FunctorVariableEntry,
    ObjectVariableEntry,
    RunEntry,
)
from catlang.checker.formula import Formula
from catlang.diagram.diagram import Use
from catlang.dims import Dim, Variable
from catlang.network.environment import Env
from catlang.network.erasure import erase, grounded
from catlang.network.opening import OpenLists
from catlang.objects.colour import Object, axes_of
from catlang.objects.substitution import Substitution


class Generics:
    """What stands for generics in the networks of one specialiser, whose file's sizes and constants these are."""

    def __init__(self, sizes: dict[Variable, Dim], constants: dict[Constant, Any], lists: OpenLists) -> None:
        self.sizes = sizes
        self.constants = constants
        self.lists = lists

    def put(self, definition: Definition, arguments: dict[str, Any] | None,
            env: Env | None) -> tuple[Substitution, dict[Constant, Any], list[Any]]:
        """What is put for the generics of a definition, but for sizes that are no list's; and what tells apart the
        networks that come of it."""
        substitution, constants = Substitution(dims=dict(self.sizes)), dict(self.constants)
        key: list[Any] = [id(definition)]
        if arguments is not None:
            for variable, value in arguments.get("", {}).items():
                substitution.dims[variable] = env.substitution.dim(value) if env else value
                key.append((variable, substitution.dims[variable]))
        for generic in definition.generics:
            entry = generic.entry
            value = arguments.get(entry.name) if arguments is not None else None
            if isinstance(entry, ObjectVariableEntry):
                if value is not None:
                    found = env.object(value) if env else erase(grounded(value))
                    substitution.objects[entry.variable] = found
                    if (shape := entry.variable.shape) is not None:
                        substitution.runs[shape] = axes_of(found)
                    key.append(found)
            elif isinstance(entry, RunEntry) and value is not None:
                substitution.runs[entry.run] = env.substitution.axes(value) if env else value
                key.append(substitution.runs[entry.run])
            elif isinstance(entry, ConstantEntry):
                constants[entry.constant] = self.constant(value, env) if value is not None else entry.constant.default
                key.append((entry.name, constants[entry.constant]))
            elif isinstance(entry, FunctorVariableEntry) and value is not None:
                substitution.functors[entry.variable] = env.substitution.functor(value) if env else value
                key.append(substitution.functors[entry.variable])
            elif isinstance(entry, DimEntry) and value is not None and env is not None:
                size = env.substitution.dim(value)
                if self.lists.listed(size):
                    [rigid] = dims.variables(entry.value)
                    substitution.dims[rigid] = size
                    key.append((rigid, size))
        return substitution, constants, key

    def entered(self, definition: Definition, operation: Use, env: Env) -> tuple[Substitution, dict[Constant, Any]]:
        """What is put for all generics of a definition at one use, sizes too."""
        substitution, constants, _ = self.put(definition, operation.arguments, env)
        for generic in definition.generics:
            if isinstance(generic.entry, DimEntry):
                [rigid] = dims.variables(generic.entry.value)
                substitution.dims[rigid] = env.substitution.dim(operation.arguments[generic.entry.name])
        return substitution, constants

    def constant(self, value: Any, env: Env | None) -> Any:
        """What a constant is, or a formula of some."""
        while isinstance(value, Constant):
            if env is not None and value in env.constants:
                value = env.constants[value]
            elif value in self.constants:
                value = self.constants[value]
            else:
                return value.default
        if isinstance(value, Formula):
            return value.evaluate(lambda one: self.constant(one, env), env.substitution.dim if env else lambda dim: dim)
        if isinstance(value, dims.Poly) and env is not None:
            return env.substitution.dim(value)
        return value

    def argument(self, value: Any, env: Env) -> Any:
        """An argument of a primitive, in sizes and constants of its network."""
        if isinstance(value, bool | str | float):
            return value
        if isinstance(value, int | dims.Poly):
            return env.substitution.dim(value)
        if isinstance(value, tuple):
            return env.substitution.axes(value)
        if isinstance(value, Object):
            return env.object(value)
        return self.constant(value, env)  # a param, or a formula

    def size(self, operation: Use, size: Dim, env: Env) -> Dim:
        """A size of a definition where that is used."""
        return env.substitution.dim(arguments_as_substitution(operation).dim(size))
