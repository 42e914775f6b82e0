"""A module held to its header at all sizes at once: shapes that ``torch.export`` finds are compared as polynomials.

PyTorch traces the module with symbols in place of sizes, and tells the shapes of what comes out as expressions in them;
it refuses where the trace holds for some sizes only. It treats no symbol as 0 or 1, so that nothing is said of those.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.export import Dim as Axis

from catlang import dims
from catlang.compiler.emitted.outside import kind_of_tensor
from catlang.compiler.extern.reference import LONGEST
from catlang.compiler.extern.row import kind_of, names_of
from catlang.compiler.extern.trial import arguments, axes, flat
from catlang.compiler.extern.trial import array as random_array
from catlang.dims import Dim, Poly, Variable
from catlang.dims.constraint import Constraint
from catlang.dims.decision import Proved, decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catlang.checker.entry import Definition
    from catlang.compiler.extern.trial import Sizes
    from catlang.objects.colour import Object


class Open(Exception):
    """Nothing was shown for all sizes; the text says why."""


def dynamic(definition: Definition, fixed: set[Variable]) -> list[Variable]:
    """The sizes that may be symbols for PyTorch: each axis that one is in is that, times a number, plus a number."""
    found: dict[Variable, bool] = {}
    for leaf in flat(definition.domain):
        for axis in axes(leaf):
            if isinstance(axis, int):
                continue
            several = dims.variables(axis)
            for variable in several:
                affine = dims.linear_in(axis, variable) if len(several) == 1 else None
                good = affine is not None and all(isinstance(one, int) for one in affine) and affine[0] != 0
                found[variable] = found.get(variable, True) and good
    return [variable for variable, good in found.items() if good and variable not in fixed]


def proved(definition: Definition, module: nn.Module, sizes: Sizes, free: Mapping[Variable, int],
           hypotheses: Sequence[Constraint]) -> None:
    """Shows for all values of the ``free`` sizes from those given with them on, the others as given, that the module
    gives the shapes that its header promises. Raises ``Open`` where that is not shown."""
    symbols = {variable: Axis(f"size{number}", min=least) for number, (variable, least) in enumerate(free.items())}
    # Sizes that differ, and that PyTorch takes for no special case.
    example = {**sizes, **{variable: least + 5 + 2 * number for number, (variable, least) in enumerate(free.items())}}
    batch = Axis("batch", min=2)
    leaves = flat(definition.domain)
    arrays = [random_array(leaf, example, torch.Generator().manual_seed(0)) for leaf in leaves]
    shapes = [{0: batch, **{place + 1: _axis(axis, symbols) for place, axis in enumerate(axes(leaf))
                            if not isinstance(axis, int) and any(one in symbols for one in dims.variables(axis))}}
              for leaf in leaves]
    try:
        with warnings.catch_warnings(), _silence():
            warnings.simplefilter("ignore")
            program = torch.export.export(_Boundary(definition, module), (arrays,), dynamic_shapes=(shapes,),
                                          strict=False)
    except Exception as error:
        raise Open(_reason(error, leaves)) from error
    nodes = {node.name: node for node in program.graph.nodes}
    known: dict[Any, Dim] = {}
    inputs = [nodes[name].meta["val"] for name in program.graph_signature.user_inputs]
    for leaf, value in zip(leaves, inputs, strict=True):
        for axis, found in zip((_BATCH.poly, *axes(leaf)), value.shape, strict=True):
            _learn(_expression(found), dims.substitute(axis, dict(sizes)) if isinstance(axis, Poly) else axis, known)
    outputs = [nodes[name].meta["val"] for name in program.graph_signature.user_outputs if name in nodes]
    promised = flat(definition.codomain)
    if [len(axes(leaf)) + 1 for leaf in promised] != [len(value.shape) for value in outputs]:
        raise Open("torch.export finds other arrays than are promised")
    if [kind_of(leaf) for leaf in promised] != [kind_of_tensor(value) for value in outputs]:
        raise Open("torch.export finds other kinds of numbers than are promised")
    least_ones = [Constraint(">=", variable.poly, least) for variable, least in free.items()]
    for leaf, value in zip(promised, outputs, strict=True):
        for axis, found in zip((_BATCH.poly, *axes(leaf)), value.shape, strict=True):
            shape = _size(_expression(found), known)
            wanted = dims.substitute(axis, dict(sizes)) if not isinstance(axis, int) else axis
            if not isinstance(decide(Constraint("==", shape, wanted), [*hypotheses, *least_ones]), Proved):
                raise Open(f"torch.export finds an axis of `{dims.show(shape)}`, promised is `{dims.show(wanted)}`")


#: The batch as a size; a header has none of that name.
_BATCH = Variable("batch", 1)


class _Boundary(nn.Module):
    """A module that takes a list of arrays and gives a tuple of them."""

    def __init__(self, definition: Definition, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.definition = definition

    def forward(self, arrays: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        given, named = arguments(self.definition, arrays)
        made = self.module(*given, **named)
        return tuple(_leaves(made, names_of(self.definition.codomain)))


def _leaves(made: Any, names: Sequence[str | None]) -> list[torch.Tensor]:
    if isinstance(made, torch.Tensor):
        return [made]
    if hasattr(made, "keys"):
        made = [made[name] for name in names]
    return [leaf for part in made for leaf in _leaves(part, ())]


def _axis(axis: Dim, symbols: dict[Variable, Any]) -> Any:
    """An axis of what comes in, as PyTorch says it: ``a * size + b``."""
    [variable] = dims.variables(axis)
    affine = dims.linear_in(axis, variable)
    assert affine is not None
    coefficient, rest = affine
    found = symbols[variable] if coefficient == 1 else coefficient * symbols[variable]
    return found if rest == 0 else found + rest


def _expression(found: Any) -> Any:
    """The expression of a size that PyTorch found; a number by itself."""
    return found if isinstance(found, int) else found.node.expr


def _learn(expression: Any, axis: Dim, known: dict[Any, Dim]) -> None:
    """What PyTorch's symbols stand for, by an axis of what comes in."""
    fixed = isinstance(expression, int) or bool(expression.is_Integer)
    if fixed and isinstance(axis, int) and int(expression) == axis:
        return
    symbols = [] if fixed else list(expression.free_symbols)
    if len(symbols) != 1 or isinstance(axis, int):
        raise Open(f"torch.export takes the axis `{dims.show(axis)}` for {expression}")
    [symbol] = symbols
    slope = expression.coeff(symbol, 1)
    rest = expression - slope * symbol
    stands = dims.exact_quotient(axis - int(rest), int(slope)) if slope.is_Integer and rest.is_Integer else None
    if stands is None or (symbol in known and known[symbol] != stands):
        raise Open(f"torch.export takes the axis `{dims.show(axis)}` for {expression}")
    known[symbol] = stands


def _size(expression: Any, known: dict[Any, Dim]) -> Dim:
    """An expression that PyTorch found, as a size of ours."""
    if isinstance(expression, int) or expression.is_Integer:
        return int(expression)
    if expression.is_Symbol:
        if expression not in known:
            raise Open(f"torch.export finds a size {expression} that depends on data")
        return known[expression]
    parts = [_size(part, known) for part in expression.args]
    kind = type(expression).__name__
    if expression.is_Add:
        return sum(parts[1:], parts[0])
    if expression.is_Mul:
        total = parts[0]
        for part in parts[1:]:
            total = total * part
        return total
    if expression.is_Pow and isinstance(parts[1], int) and parts[1] >= 0:
        return parts[0] ** parts[1]
    if kind in ("FloorDiv", "CleanDiv"):
        return parts[0] // parts[1]
    if kind in ("Mod", "PythonMod"):
        return parts[0] % parts[1]
    raise Open(f"torch.export finds an axis of {expression}, which is no polynomial")


@contextlib.contextmanager
def _silence() -> Any:
    """PyTorch's exporter tells of what it refuses on standard error and in its log; the exception has it too."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _reason(error: Exception, leaves: Sequence[Object]) -> str:
    """The line of what PyTorch's exporter says against a module that tells most, with the header's names for sizes."""
    lines = [line.strip(" -") for line in str(error).splitlines() if line.strip()]
    line = next((line for line in lines if line.startswith("Not all values")), lines[0] if lines else "")

    def named(found: re.Match[str]) -> str:
        leaf, place = leaves[int(found[1])], int(found[2])
        axis = dims.show(axes(leaf)[place - 1]) if place else "batch"
        return axis if axis.isidentifier() else f"({axis})"

    line = re.sub(r"\bsize\d+ = (?=L\[)", "", line)
    line = re.sub(r"L\['arrays'\]\[(\d+)\]\.size\(\)\[(\d+)\]", named, line)
    return f"{type(error).__name__}: {line}"[:LONGEST]
