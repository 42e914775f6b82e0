"""Laws by their text: two bodies under one header, judged."""

from __future__ import annotations

from catlang.checking import check_source
from catlang.diagram.diagram import Diagram, everything
from catlang.laws import judge
from catlang.laws.verdict import Verdict
from catlang.network.network import Network
from catlang.network.recursion import Scan
from catlang.network.specialise import Specialiser
from catlang.span import Source


def networks(text: str, *names: str) -> list[Network]:
    """The networks of definitions of a text without mistakes."""
    module = check_source(Source("m.cat", None, text))
    assert not list(module.bag), [(found.headline, found.help) for found in module.bag]
    return [Specialiser({}, {}).definition(module.scope.names[name]) for name in names]


def law(header: str, left: str, right: str, before: str = "dim n, m, k, l") -> Verdict:
    """What becomes of a law between two bodies, under a header such as ``R[n] * R[n] -> R[n]``."""
    text = f"{before}\nmorphism left{header} = {left}\nmorphism right{header} = {right}"
    return judge(*networks(text, "left", "right"))


def associativity(state: str, names: tuple[str, str, str], operation: str, before: str = "dim n, m, k, l") -> Verdict:
    """Whether an operation is associative: ``op`` of two, on a state whose parts are named by patterns."""
    a, b, c = names
    text = f"""{before}
morphism op : ({state}) * ({state}) -> {state} = {operation}
morphism left : ({state}) * ({state}) * ({state}) -> {state} = ({a}, {b}, {c}) |-> op(op({a}, {b}), {c})
morphism right : ({state}) * ({state}) * ({state}) -> {state} = ({a}, {b}, {c}) |-> op({a}, op({b}, {c}))"""
    return judge(*networks(text, "left", "right"))


def steps(text: str, name: str = "f") -> list[Diagram]:
    """The steps of the loops of a definition."""
    [network] = networks(text, name)
    return [box.operation.step for _, box in everything(network.diagram) if isinstance(box.operation, Scan)]
