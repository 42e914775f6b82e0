"""What is defined for a list of any length: which primitives may have an axis as long as a list is.

A morphism generic in an axis is one of lists, since ``List(A)`` is the sum of ``A^n`` over all ``n``. That is so as
long as nothing in it has a weight of that size, or looks at where the axis ends in a way that padding would show. A
primitive that goes over an axis is given here with the generics that may be a list's length;
``catlang.network.masking`` says how it then leaves out what is behind the list's end.

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''morphism mean[n] : R[n, 3] -> R[3] = reduce(mean, n d -> d)
... morphism mixed[n] : R[n] -> R[n] = affine
... morphism good : List(R[3]) -> R[3] = mean
... morphism bad : List(R[]) -> List(R[]) = mixed'''
>>> [found.headline for found in check_source(Source("m.cat", None, text)).bag]
['`mixed` is not defined for lists: `affine` has weights of the size `n`']
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from catlang import dims
from catlang.checker.arguments import arguments_as_substitution
from catlang.checker.entry import DimEntry
from catlang.diagnostic import Diagnostic, Label
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Diagram
from catlang.dims import Variable
from catlang.objects.colour import Object, ObjectVariable, Run, dims_of, resolve, resolve_axes

if TYPE_CHECKING:
    from catlang.checker.elaborate import Elaborator

#: Those that act entry by entry, or make entries one by one.
POINTWISE = frozenset((
    "id", "copy", "drop", "swap", "fst", "snd", "inl", "inr", "decide", "each", "add", "sub", "mul", "div", "pow",
    "maximum", "minimum", "neg", "abs", "sign", "floor", "ceil", "round", "square", "reciprocal", "sqrt", "rsqrt",
    "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "erf", "scale", "clamp", "relu", "leaky_relu", "elu", "selu",
    "gelu", "gelu_tanh", "silu", "mish", "hardswish", "sigmoid", "tanh", "softplus", "softsign", "logsigmoid", "less",
    "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not",
    "select", "indicator", "const", "zero", "one", "dropout", "normal", "uniform", "gumbel", "bernoulli", "index",
    "transpose", "fold", "foldl", "scan", "scanl", "unfold", "take", "run", "map", "curry", "uncurry", "nil", "cons",
    "tail", "but_last", "reverse", "zip", "length",
))

#: Those that go over axes: the generics that may be a list's length, what lies behind its end being left out.
ALONG: dict[str, frozenset[str]] = {
    "softmax": frozenset("n"), "log_softmax": frozenset("n"), "logsumexp": frozenset("n"), "argmax": frozenset("n"),
    "argmin": frozenset("n"), "sort": frozenset("n"), "cumsum": frozenset("ns"), "cumprod": frozenset("ns"),
    "attend": frozenset("qs"), "masked_attend": frozenset("qs"), "matmul": frozenset("nkm"), "gather": frozenset("nm"),
    "conv1d": frozenset("n"), "to_list": frozenset("n"),
}


#: What stands in the way of a list: the length concerned, why, and what would help.
Obstacle = tuple[Variable, str, str]
#: What helps where nothing better is known.
_HELP = "`map(f)` does something with each element, `fold(a)` goes through all of them"
#: What there is for lists in place of what there is for axes.
_INSTEAD = {"flip": "`reverse` turns a list around", "slice": "`tail` and `but_last` leave one element out",
            "split": "`tail` and `but_last` leave one element out"}


def check_lengths(elaborator: Elaborator, diagram: Diagram) -> None:
    """Tells of everything in a body that a list's length goes into and that is not defined for all lengths."""
    if not elaborator.opened:
        return
    told = set(elaborator.bounded)
    for length, why, help in _obstacles(diagram, set(elaborator.opened), {}):
        if length in told:
            continue
        told.add(length)
        span = elaborator.opened[length]
        name = f"`{_brief(span.text)}`"
        elaborator.module.bag.add(Diagnostic(
            "E0320", f"{name} is not defined for lists: {why.replace(name, 'it')}",
            [Label(span, "a list comes in here")], help=(help,)))


def _brief(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:37] + "..."


def _obstacles(diagram: Diagram, lengths: set[Variable],
               names: dict[Variable, Variable]) -> Iterator[Obstacle]:
    """What stands in the way; ``names`` leads from a definition's sizes to the lengths."""
    for _, box in d.everything(diagram):
        operation = box.operation
        if isinstance(operation, d.Use):
            yield from _use(operation, lengths, names)
        elif isinstance(operation, d.Shuffle):
            yield from _pattern(operation, lengths, names)
        elif isinstance(operation, d.Repeat):
            for length in _in(operation.count, lengths):
                yield names.get(length, length), "as many copies would be made as a list is long", _HELP


def _in(size: Any, lengths: set[Variable]) -> list[Variable]:
    found: list[Variable] = []
    if isinstance(size, Object):
        return [one for dim in dims_of(resolve(size)) for one in _in(dim, lengths)]
    if isinstance(size, tuple):
        return [one for dim in resolve_axes(size) if not isinstance(dim, Run) for one in _in(dim, lengths)]
    if isinstance(size, dims.Poly):
        found = [variable for variable in dims.variables(dims.resolve(size)) if variable in lengths]
    return found


def _use(operation: d.Use, lengths: set[Variable], names: dict[Variable, Variable]) -> Iterator[Obstacle]:
    definition = operation.definition
    met: dict[str, list[Variable]] = {}
    for generic in definition.generics:
        value = operation.arguments.get(generic.entry.name)
        found = _in(value, lengths)
        if found:
            met[generic.entry.name] = found
    if not met:
        return
    if definition.primitive:
        yield from _primitive(operation, met, lengths, names)
        return
    inner: set[Variable] = set()
    into = dict(names)
    for generic in definition.generics:
        name = generic.entry.name
        if name in met and isinstance(generic.entry, DimEntry):
            [variable] = dims.variables(generic.entry.value)
            inner.add(variable)
            into[variable] = names.get(met[name][0], met[name][0])
    if inner and definition.diagram is not None:
        yield from _obstacles(definition.diagram, inner, into)


def _primitive(operation: d.Use, met: dict[str, list[Variable]], lengths: set[Variable],
               names: dict[Variable, Variable]) -> Iterator[Obstacle]:
    definition = operation.definition
    put = arguments_as_substitution(operation)
    for _, obj in [*definition.weights, *definition.states]:
        for length in _in(put.object(obj), lengths):
            yield names.get(length, length), f"`{definition.name}` has weights of the size `{length.name}`", _HELP
            return
    if not definition.structural:
        first = next(iter(met.values()))[0]
        yield names.get(first, first), f"nothing is known of `{definition.name}` but its signature", _HELP
        return
    if definition.name in POINTWISE or definition.copies is not None:
        return
    allowed = ALONG.get(definition.name, frozenset())
    for name, found in met.items():
        entry = next(generic.entry for generic in definition.generics if generic.entry.name == name)
        is_object = isinstance(getattr(entry, "variable", None), ObjectVariable)
        if name not in allowed and not is_object:
            yield (names.get(found[0], found[0]), f"what `{definition.name}` does depends on where the axis ends",
                   _INSTEAD.get(definition.name, _HELP))
            return
    yield from _ends(operation, met, names)


def _ends(operation: d.Use, met: dict[str, list[Variable]],
          names: dict[Variable, Variable]) -> Iterator[Obstacle]:
    """Choices of a primitive under which the end of an axis matters after all."""
    name, arguments = operation.definition.name, operation.arguments
    first = next(iter(met.values()))[0]
    if name == "attend" and arguments["causal"] is not False:
        if dims.resolve(arguments["q"]) != dims.resolve(arguments["s"]):
            yield (names.get(first, first), "the last query is aligned with the last key, and a list may end before it",
                   "causal attention is that of a list to itself: one list for queries, keys and values")
    elif name == "conv1d" and "n" in met:
        size, step = dims.resolve(arguments["k"]), dims.resolve(arguments["dilation"])
        around = dims.resolve(arguments["left"]) + dims.resolve(arguments["right"])
        keeps = around == step * (size - 1) and dims.resolve(arguments["stride"]) == 1
        if not keeps or arguments["padding_mode"] != "zeros":
            yield (names.get(first, first), "a convolution along it has to keep its length, and pad with zeros",
                   "that is `left` and `right` of `dilation*(k - 1)` together, and a `stride` of 1")


def _pattern(operation: d.Shuffle, lengths: set[Variable],
             names: dict[Variable, Variable]) -> Iterator[Obstacle]:
    """Axis patterns may move, sum and repeat a list's axis, and not join it to another."""
    for side in [*operation.sources, operation.target]:
        for item in side:
            for name in item if isinstance(item, tuple) and len(item) > 1 else ():
                for length in _in(operation.sizes.get(name), lengths) if isinstance(name, str) else ():
                    yield (names.get(length, length), f"the axis `{name}` is joined to another",
                           "`each(f)` acts on what lies behind the axis, and leaves the axis alone")
                    return

