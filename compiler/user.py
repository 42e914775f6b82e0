"""Lowerings from outside: given at compile, or registered by installed packages under ``catlang.lowerings``.

A lowering is a function. It takes the primitive's inputs by position, tensors that all have the same batch axes in
front of their own, and returns the output, or a tuple of them. By keyword it takes whatever else it names: generics of
the signature, weights of its own, ``training``, ``batch`` (the sizes in front), ``device``, ``dtype``. Weights live in
the network at the address of the instance, in the shapes that the signature gives them.

Or it is a class of ``nn.Module``, for a primitive with weights or state of its own: made once an instance with the
generics that its constructor names, it has just the parameters and buffers that the signature says.

Emitted source imports a lowering from where it is defined, and so stands alone; one that is defined nowhere, as a
lambda, leaves a gap in it that whoever loads the source fills in.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from torch import nn

from catlang import dims
from catlang.compiler.emission.sizes import weight_objects
from catlang.compiler.lowering import ROWS
from catlang.compiler.lowering.row import INPUTS, Foreign, Row, call, number, quote
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import wires
from catlang.objects.colour import Object, axes_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "catlang.lowerings"

#: What a lowering may ask for besides what its primitive's signature names.
SURROUNDINGS = {"training": "training", "batch": "batch", "device": "device", "dtype": "real"}


class Misfit(ValueError):
    """A lowering that does not fit its primitive; ``diagnostic`` says why."""

    def __init__(self, headline: str, span: Any, help: tuple[str, ...] = ()) -> None:
        self.diagnostic = Diagnostic("E0809", headline, [Label(span, "used here")], help=help)
        super().__init__(headline)


def called(name: str) -> str:
    """How emitted source calls the lowering of a primitive."""
    return f"lowered_{name}"


def rows(lowerings: Mapping[str, Any]) -> dict[str, Row]:
    """A row for each lowering. Those given go before installed ones; the prelude's are changed only by those given."""
    found: dict[str, Row] = {name: Outside(name, Installed(name, points)) for name, points in installed().items()
                             if name not in ROWS}
    for name, function in lowerings.items():
        if not callable(function):
            raise TypeError(f"the lowering of `{name}` is {function!r}, which is no function and no class")
        found[name] = Outside(name, _given(function))
    return found


def _given(function: Any) -> Callable[[Any], Any]:
    return lambda span: function


def unknown(lowerings: Iterable[str], primitives: Iterable[str]) -> list[tuple[str, str | None]]:
    """The names given that no primitive has, each with the nearest that one has."""
    from catlang.suggest import nearest

    known = list(primitives)
    return [(name, nearest(name, known)) for name in lowerings if name not in known]


def installed() -> dict[str, list[EntryPoint]]:
    """The entry points of installed packages by the primitive they are for; nothing is imported yet."""
    from importlib.metadata import entry_points

    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        if all(point.value != other.value for other in found.setdefault(point.name, [])):
            found[point.name].append(point)
    return found


class Installed:
    """A lowering that is imported when the first diagram that uses it is compiled."""

    def __init__(self, name: str, points: list[EntryPoint]) -> None:
        self.name = name
        self.points = points

    def __call__(self, span: Any) -> Any:
        if len(self.points) > 1:
            places = ", ".join(f"`{point.value}`" for point in self.points)
            raise Misfit(f"several installed packages lower `{self.name}`: {places}", span,
                         (f"choose one: `lowerings={{\"{self.name}\": ...}}`",))
        [point] = self.points
        try:
            found = point.load()
        except Exception as why:
            raise Misfit(f"the lowering `{point.value}` of `{self.name}` cannot be imported: {why}", span) from why
        if not callable(found):
            raise Misfit(f"the lowering `{point.value}` of `{self.name}` is no function and no class", span)
        return found


class Outside(Foreign):
    """The row of a primitive that is lowered from outside."""

    def __init__(self, name: str, find: Callable[[Any], Any]) -> None:
        super().__init__(self._call, align="expand", module=self._made, functional=self._call)
        self.name = name
        self.called = called(name)
        self.find = find
        self.found: Any = None

    def function(self, site: Any) -> Any:
        if self.found is None:
            self.found = self.find(site.box.span)
        return self.found

    # ---------------------------------------------------------------- in `forward`

    def _call(self, site: Any) -> ast.expr:
        function, definition = self.function(site), site.operation.definition
        inputs: list[ast.expr] = [site.values[one] for one in INPUTS[:len(wires(site.box.inputs))]]
        instance = site.box.instance
        if _is_module_class(function):
            if instance is None:
                self._refuse(site, f"the lowering of `{self.name}` is a class, but `{self.name}` has no weights",
                             "give a function, or declare its weights: `primitive ... weights (weight : R[n])`")
            if instance.reparameterisation is not None:
                self._refuse(site, f"the weights of `{self.name}` are computed, but its lowering is a class "
                             "with its own",
                             "give a function that takes them by keyword")
            return ast.Call(site.values["module"], inputs, [])
        self._positions(site, function, len(inputs))
        weights = self._weights(site)
        asked = _asked(function)
        if asked is None:
            asked = {**dict.fromkeys([*self._generics(site), *weights], False)}
        keywords = []
        for name, optional in asked.items():
            if name in weights:
                value = weights[name]
            elif name in self._generics(site):
                value = _generic(site, name)
            elif name in SURROUNDINGS:
                value = quote("self.training") if name == "training" else _generic(site, SURROUNDINGS[name])
            elif optional:
                continue
            else:
                self._refuse(site, f"the lowering of `{self.name}` asks for `{name}`, which `{self.name}` does not "
                             "have",
                             f"it has {_listed([*self._generics(site), *weights, *SURROUNDINGS])}")
            keywords.append(ast.keyword(name, value))
        if definition.states:
            self._refuse(site, f"`{self.name}` has a state, but its lowering is a function",
                         "give a class of `nn.Module` that has the state as buffers")
        for name in weights:
            if name not in asked:
                takes = ", ".join([*INPUTS[:len(inputs)], "*", *weights])
                self._refuse(site, f"the lowering of `{self.name}` does not take the weight `{name}`",
                             f"weights are given by keyword: `def {self.name}({takes})`")
        return ast.Call(ast.Name(called(self.name), ast.Load()), inputs, keywords)

    def _positions(self, site: Any, function: Any, count: int) -> None:
        signature = _signature(function)
        if signature is None:
            return
        kinds = [one for one in signature.parameters.values() if one.kind in (
            inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        needed = [one for one in kinds if one.default is inspect.Parameter.empty]
        more = any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in signature.parameters.values())
        if len(needed) > count or (len(kinds) < count and not more):
            inputs = f"{count} input{'' if count == 1 else 's'}"
            self._refuse(site, f"the lowering of `{self.name}` takes {len(needed)} by position, but `{self.name}` has "
                         f"{inputs}", "sizes and weights are given by keyword: put them after `*`")

    def _weights(self, site: Any) -> dict[str, ast.expr]:
        """The weights of the instance by name: parameters, or what is computed for them."""
        definition, instance = site.operation.definition, site.box.instance
        if instance is None:
            return {}
        names = [name for name, _ in definition.weights if site.operation.arguments.get(name) is not False]
        if instance.reparameterisation is not None:
            return {name: site.values[name] for name in names}
        return {name: site.forward.weight(instance, name) for name in names}

    def _generics(self, site: Any) -> list[str]:
        return [generic.entry.name for generic in site.operation.definition.generics]

    # ---------------------------------------------------------------- in `__init__`

    def _made(self, site: Any) -> ast.expr:
        """What holds the weights of an instance."""
        function, operation = self.function(site), site.operation
        definition = operation.definition
        shapes = {}
        for (name, _), obj in zip([*definition.weights, *definition.states], weight_objects(operation), strict=True):
            assert isinstance(obj, Object)
            if operation.arguments.get(name) is not False:
                shapes[name] = ast.Tuple([site.forward.size(axis) for axis in axes_of(obj)], ast.Load())
        if not _is_module_class(function):
            return call("Weights", **shapes)
        asked = _asked(function, constructor=True)
        generics = self._generics(site)
        if asked is None:
            asked = dict.fromkeys(generics, False)
        keywords = []
        for name, optional in asked.items():
            if name in generics:
                keywords.append(ast.keyword(name, _generic(site, name)))
            elif not optional:
                self._refuse(site, f"the lowering of `{self.name}` is made with `{name}`, which `{self.name}` does not "
                             "have",
                             f"it has {_listed(generics)}")
        made = ast.Call(ast.Name(called(self.name), ast.Load()), [], keywords)
        return call("holding", made, **shapes)

    def _refuse(self, site: Any, headline: str, help: str) -> None:
        raise Misfit(headline, site.box.span, (help,))

    # ---------------------------------------------------------------- in the source

    def statements(self) -> str:
        """What makes the lowering known to emitted source: an import, or a gap."""
        place = _place(self.found)
        if place is None:
            return (f"def {called(self.name)}(*inputs, **given):\n"
                    f'    """The lowering of `{self.name}`: a function from Python, which stands in no module."""\n'
                    f"    raise NotImplementedError('put the lowering of `{self.name}` for `{called(self.name)}`')")
        module, names = place
        first, *rest = names
        if not rest:
            return f"from {module} import {first} as {called(self.name)}"
        return f"from {module} import {first}\n{called(self.name)} = {'.'.join(names)}"


def _is_module_class(function: Any) -> bool:
    return isinstance(function, type) and issubclass(function, nn.Module)


def _signature(function: Any) -> inspect.Signature | None:
    """The signature; of PyTorch's built-in functions there is none."""
    try:
        return inspect.signature(function.forward if isinstance(function, nn.Module) else function)
    except (TypeError, ValueError):
        return None


def _asked(function: Any, constructor: bool = False) -> dict[str, bool] | None:
    """The names that are given by keyword, and whether they may be left out; None where all are taken."""
    signature = _signature(function)
    if signature is None:
        return {}
    parameters = signature.parameters.values()
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return None
    kinds = {inspect.Parameter.KEYWORD_ONLY} | ({inspect.Parameter.POSITIONAL_OR_KEYWORD} if constructor else set())
    return {one.name: one.default is not inspect.Parameter.empty for one in parameters if one.kind in kinds}


def _generic(site: Any, name: str) -> ast.expr:
    """A generic's value; an input of the same name is something else."""
    value = site.operation.arguments.get(name)
    if isinstance(value, bool | float | str):
        return number(value)
    if isinstance(value, int | dims.Poly):
        return site.forward.size(value)
    if isinstance(value, Object):
        value = axes_of(value)
    if isinstance(value, tuple):
        return ast.Tuple([site.forward.size(axis) for axis in value], ast.Load())
    return site.values[name]


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _place(function: Any) -> tuple[str, list[str]] | None:
    """The module and the name in it under which a function is found again by whoever imports it."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__" or module not in sys.modules:
        return None
    found: Any = sys.modules[module]
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name.split(".")) if found is function else None
