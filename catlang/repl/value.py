"""The value of a closed expression: exact where it has one, else what PyTorch makes of it.

Weights begin as they do in a compiled network, drawn with a fixed seed. What would take long, or more memory than is at
hand, is not begun.

>>> from catlang.repl.expression import Expression
>>> from catlang.repl.session import Session
>>> session = Session()
>>> value_of(Expression(session, "div(2, 3)"))
Value('2/3', '')
>>> value_of(Expression(session, "cumsum([1, 2, 3.5])")).text
'[1, 3, 13/2]'
>>> value_of(Expression(session, "div(1, 0)")).why
'`div` divides by zero'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from catlang.diagnostic import Diagnostic, Label
from catlang.diagram.diagram import wires
from catlang.meaning.cost import Cost, cost
from catlang.meaning.cost.row import entries
from catlang.meaning.exact import Exact, Undefined
from catlang.meaning.exact.array import Array
from catlang.meaning.exact.lists import nested
from catlang.meaning.exact.row import rational
from catlang.network.erasure import carrier
from catlang.network.functor import Meaningless, Site, interpret
from catlang.network.specialise import Endless, NoNetwork, Specialiser
from catlang.objects.colour import Bool, Finite, Object, Product, Sum, base_of, resolve, show
from catlang.objects.functor import Fixed, element_of
from catlang.repl.effort import steps

if TYPE_CHECKING:
    from catlang.checker.entry import Definition
    from catlang.network.network import Network
    from catlang.objects.shapes import Shape
    from catlang.repl.expression import Expression

#: So many entries are computed exactly, in so many steps, before one has to wait; so much is done by PyTorch.
MOST_EXACT, MOST_STEPS = 1_000_000, 200_000
MOST_BITS = 100_000
MOST_FLOPS, MOST_ENTRIES, MOST_CALLS = 10**11, 10**8, 20_000
#: So many entries of a value are shown.
MOST_SHOWN = 200
SEED = 0
TOO_MUCH = "it is too much to be computed here: `catlang compile` makes a network of it"


class Value:
    """A value as text, with a word about how it came about; or ``why`` there is none, or the mistakes found."""

    __slots__ = ("diagnostics", "how", "text", "why")

    def __init__(self, text: str = "", how: str = "", why: str = "", diagnostics: Sequence[Diagnostic] = ()) -> None:
        self.text = text
        self.how = how
        self.why = why
        self.diagnostics = list(diagnostics)

    def __repr__(self) -> str:
        return f"Value({self.text!r}, {self.how!r})" if not self.why else f"Value(why={self.why!r})"


class Learned(Exception):
    """A weight is asked for, and nobody has one."""


class TooMuch(Exception):
    """It would take too long."""


def value_of(expression: Expression) -> Value:
    """The value of a closed expression."""
    definition = expression.definition()
    if definition is None:
        return Value(diagnostics=expression.diagnostics)
    module = definition.module
    constants = {param.constant: param.constant.default for one in [*module.loader.order, module]
                 for param in one.params.values()}
    missing = next((constant.name for constant, default in constants.items() if default is None), None)
    if missing is not None:
        return Value(why=f"the param `{missing}` has no value: declare it with one, `param {missing} : ... = ...`")
    try:
        network = Specialiser({}, constants).definition(definition)
    except Endless:
        return Value(why="it never ends: `take[10]` behind it takes ten steps")
    except NoNetwork as none:
        return Value(why=str(none))
    if len(wires(network.diagram.inputs)) != len(expression.arrays):
        return Value(why="its elements are morphisms: `uncurry` applies one, `run` feeds it")
    if network.sizes:
        name = network.sizes[0].name
        return Value(why=f"`{name}` is open: `dim {name} = 3` gives it a value")
    problem = fitting(expression)
    if problem:
        return Value(why=problem)
    taken = steps(network)
    if taken > MOST_STEPS:
        return Value(why=TOO_MUCH)
    try:
        spent: Cost | None = cost(network)
    except Meaningless:
        spent = None  # of a primitive of somebody's own nothing is known
    try:
        if spent is not None and not within(MOST_EXACT, spent.flops, spent.pointwise, spent.memory):
            raise TooMuch
        return Value(exactly(network, expression))
    except Undefined as undefined:
        return Value(why=plain(undefined))
    except Meaningless as inexact:
        why = plain(inexact)
    except Learned:
        why = ""
    except TooMuch:
        why = "it is too much to be computed exactly"
    if taken > MOST_CALLS or spent is not None and not (
            within(MOST_FLOPS, spent.flops) and within(MOST_ENTRIES, spent.params, spent.pointwise, spent.memory)):
        return Value(why=TOO_MUCH)
    return approximately(definition, expression, why)


def within(most: int, *found: Any) -> bool:
    return not any(isinstance(one, int) and one > most for one in found)


def plain(meaningless: Meaningless) -> str:
    """What is wrong, without the place: there is one line, and everybody has seen it."""
    text = str(meaningless)
    return text.removesuffix(f" ({meaningless.span.place})") if meaningless.span is not None else text


def fitting(expression: Expression) -> str:
    """Why an array that was typed is no element of its object; empty where all are."""
    for array in expression.arrays:
        base = base_of(resolve(array.object))
        if isinstance(base, Finite):
            for entry in array.entries:
                if not isinstance(entry, int) or not 0 <= entry < (base.size if isinstance(base.size, int) else 1):
                    return f"`{entry}` is no index of `{show(base)}`"
        elif isinstance(base, Bool) and not all(isinstance(entry, bool) for entry in array.entries):
            return f"`{array.entries[0]}` is neither `true` nor `false`"
    return ""


# ---------------------------------------------------------------- exactly


class Counted(Exact):
    """Exact values, as long as there are not too many; and none of weights."""

    def __init__(self) -> None:
        self.left = MOST_EXACT

    def _spend(self, objects: Sequence[Object]) -> None:
        self.left -= 1
        for obj in objects:
            size = entries(obj)
            self.left -= size if isinstance(size, int) else 1
        if self.left < 0:
            raise TooMuch

    def weight(self, address: str, obj: Object, given: Mapping[str, Array]) -> Array:
        raise Learned

    def primitive(self, site: Site[Array]) -> Sequence[Array]:
        self._spend(site.outputs)
        if site.name == "pow" and any(abs(entry) > MOST_BITS for entry in site.inputs[1].entries):
            raise TooMuch
        made = super().primitive(site)
        for entry in (entry for array in made for entry in array.entries):
            if isinstance(entry, int | Fraction):
                # Squares of squares have more digits than anybody reads, and soon more than there is memory.
                bits = entry.numerator.bit_length() + entry.denominator.bit_length()
                if bits > MOST_BITS:
                    raise TooMuch
                self.left -= bits >> 6
        return made

    def literal(self, number: int | float, obj: Object) -> Array:
        self._spend([obj])
        return super().literal(number, obj)

    def each(self, size: Any, inputs: list[Array], body: Callable[[list[Array]], list[Array]], outputs: list[Object],
             lengths: Array | None = None) -> list[Array]:
        self._spend(outputs)
        return super().each(size, inputs, body, outputs, lengths)

    def choose(self, tag: Array, values: list[Array], obj: Object) -> Array:
        self._spend([obj])
        return super().choose(tag, values, obj)

    def shuffle(self, operation: Any, sizes: dict[str, Any], inputs: list[Array], obj: Object) -> Array:
        self._spend([obj])
        return super().shuffle(operation, sizes, inputs, obj)

    def grow(self, bound: Any, state: list[Array],
             step: Callable[[list[Array]], tuple[Array, list[Array], list[Array]]],
             emitted: list[Object]) -> list[Array]:
        self._spend(emitted)
        return super().grow(bound, state, step, emitted)

    def grow_tree(self, bound: Any, stop: int, constructors: list[list[Shape]], state: list[Array],
                  step: Callable[[list[Array]], Any]) -> Array:
        def counted(given: list[Array]) -> Any:
            self._spend([])
            return step(given)

        return super().grow_tree(bound, stop, constructors, state, counted)


def exactly(network: Network, expression: Expression) -> str:
    """The exact value as text; raises what says why there is none."""
    inputs = []
    for array in expression.arrays:
        row = [entry if isinstance(entry, bool) else rational(entry, infinite=True) for entry in array.entries]
        inputs.append(Array(array.shape, row))
    made = interpret(network, Counted(), inputs)
    assert network.gives is not None
    return Writer().value(network.gives, nested(network.diagram.outputs, iter(made)))


class Writer:
    """Values as text, as much of them as anybody reads."""

    def __init__(self) -> None:
        self.left = MOST_SHOWN

    def value(self, obj: Object, value: Any) -> str:
        """A value of an object: arrays, in the shape that the object has once nominal colours are their carriers."""
        named = resolve(obj)
        obj = carrier(named)
        if isinstance(named, Fixed) and (element := element_of(named)) is not None:
            return self._list(element, value)
        if isinstance(named, Sum) and isinstance(obj, Product) and not value[0].shape:
            number = int(value[0].entries[0])
            inside = self.value(named.items[number], value[number + 1])
            name = ("inl", "inr")[number] if len(named.items) == 2 else f"case {number + 1}"
            return f"{name}{inside}" if inside.startswith("(") else f"{name}({inside})"
        if isinstance(obj, Product):
            parts = [self.value(item, part) for item, part in zip(obj.items, value, strict=True)]
            return tupled(parts, obj.names)
        if isinstance(value, Array):
            if isinstance(named, Fixed):
                return self.tree(value.entries[0])
            return self.rows(value.nested(), isinstance(base_of(obj), Bool))
        return f"({', '.join(self.value(obj, part) for part in value)})"

    def _list(self, element: Object, value: Any) -> str:
        lengths, elements = value
        if lengths.shape:
            return self.rows(lengths.nested(), False)
        return self._listed([self.value(element, _at(elements, place)) for place in range(lengths.entries[0])])

    def _listed(self, parts: list[str]) -> str:
        return f"[{', '.join(parts)}]"

    def rows(self, found: Any, truth: bool = False) -> str:
        """Nested lists, up to where nobody reads on."""
        if not isinstance(found, list):
            self.left -= 1
            return self.entry(found, truth)
        parts = []
        for one in found:
            if self.left <= 0:
                parts.append("...")
                break
            parts.append(self.rows(one, truth))
        return self._listed(parts)

    def entry(self, entry: Any, truth: bool = False) -> str:
        """One number or truth value.

        >>> [Writer().entry(one) for one in (Fraction(4, 2), Fraction(1, 3), True, 0.5, float("-inf"))]
        ['2', '1/3', 'true', '0.5', '-inf']
        """
        if truth or isinstance(entry, bool):
            return "true" if entry else "false"
        if isinstance(entry, float):
            return f"{entry:.5g}"
        if isinstance(entry, Fraction | int):
            entry = Fraction(entry)
            size = max(abs(entry.numerator), entry.denominator).bit_length()
            if size > 400:
                # Digits without end tell nobody anything.
                return f"about {_rounded(entry)}"
        return str(entry)

    def tree(self, tree: Any) -> str:
        """A tree: the number of its constructor and its parts."""
        if isinstance(tree, Array):
            return self.rows(tree.nested())
        self.left -= 1
        if self.left <= 0:
            return "..."
        return f"({', '.join(str(part) if isinstance(part, int) else self.tree(part) for part in tree)})"


def tupled(parts: Sequence[str], names: Sequence[str | None] | None) -> str:
    """A product, its parts by name where they have names."""
    called = names or [None] * len(parts)
    shown = [f"{name} = {part}" if name else part for name, part in zip(called, parts, strict=True)]
    return f"({', '.join(shown)})"


def _at(elements: Any, place: int) -> Any:
    if isinstance(elements, Array):
        return elements.along()[place]
    return tuple(_at(part, place) for part in elements)


def _rounded(number: Fraction) -> str:
    """A fraction with more digits than one reads, to six of them.

    >>> _rounded(Fraction(10**500, 7)), _rounded(Fraction(-1, 10**500))
    ('1.42857e+499', '-1e-500')
    """
    from decimal import Context, Decimal

    context = Context(prec=6)
    return f"{context.divide(Decimal(number.numerator), Decimal(number.denominator)).normalize(context):g}"


# ---------------------------------------------------------------- by PyTorch


def approximately(definition: Definition, expression: Expression, why: str) -> Value:
    """What the compiled expression gives; ``why`` says what kept it from being exact."""
    try:
        import torch

        from catlang.compiler.build import Build, CompileError
        from catlang.compiler.loading import instantiate
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("torch", "numpy", "safetensors"):
            raise
        return Value(why=f"{why or 'it has weights'}, and PyTorch is not installed: pip install 'catlang[torch]'")
    try:
        build = Build(definition.module, definition, {}, {})
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(SEED)
            network = instantiate(build.source(), definition.name).eval()
            inputs = [torch.tensor(array.entries, dtype=_dtype(array.object)).reshape(array.shape)
                      for array in expression.arrays]
            # Beside arrays that were typed stands the element of `1`.
            found = network(*inputs, *([()] if inputs else []))
            weights = sum(1 for _ in network.parameters())
    except CompileError as error:
        return Value(diagnostics=[_without_header(one, expression) for one in error.diagnostics])
    except (RuntimeError, ValueError, TypeError, IndexError, MemoryError) as failed:
        return Value(why=f"PyTorch says: {str(failed).splitlines()[0] if str(failed) else type(failed).__name__}")
    how = f"with fresh weights, seed {SEED}" if weights else f"seed {SEED}" if "noise" in why else ""
    reason = f": {why}" if why and "noise" not in why else ""
    return Value(_written(found, Writer()), ", ".join(part for part in (f"by PyTorch{reason}", how) if part))


def _dtype(obj: Object) -> Any:
    import torch

    base = base_of(resolve(obj))
    return torch.bool if isinstance(base, Bool) else torch.int64 if isinstance(base, Finite) else torch.float32


def _written(found: Any, writer: Writer) -> str:
    """What a network gives: tensors, tuples of them, lists or trees."""
    if hasattr(found, "tolist"):
        found = found.tolist()
    if isinstance(found, tuple):
        return tupled([_written(part, writer) for part in found], getattr(found, "_fields", None))
    if isinstance(found, list) and any(isinstance(one, tuple) or hasattr(one, "tolist") for one in found):
        return f"[{', '.join(_written(part, writer) for part in found[:MOST_SHOWN])}]"
    return writer.rows(found)


def _without_header(one: Diagnostic, expression: Expression) -> Diagnostic:
    """A mistake that the compiler found, at the place where it was typed."""
    from catlang.span import Span

    shift = len(expression.header)
    labels = []
    for label in one.labels:
        span = label.span
        if span.source.name == expression.input.name:
            span = Span(expression.input, max(span.start - shift, 0), max(span.end - shift, 0))
        labels.append(Label(span, label.text, label.primary))
    return Diagnostic(one.code, one.headline, labels, one.why, one.help)


