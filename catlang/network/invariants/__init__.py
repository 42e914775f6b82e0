"""Invariants: what holds of every network, whoever made it.

Each has a name in ``INVARIANTS`` and a checker, which yields what is wrong and where. :func:`check` asks all of them of
a network and of all networks below it. They hold after specialisation, and a pass from networks to networks has to keep
them, and :func:`effects` besides.

>>> from catlang.checking import check_source
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> module = check_source(Source("m.cat", None, "morphism f : R[3] -> R[3] = affine >> dropout >> relu"))
>>> network = Specialiser({}, {}).definition(module.scope.names["f"])
>>> check(network)
>>> effects(network)
['dropout']
>>> network.diagram.boxes.reverse()
>>> check(network)
Traceback (most recent call last):
catlang.network.invariants.Broken: used where it is known: a wire R[3] goes into `relu` before it is made (m.cat:1:50)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from catlang.network.invariants.instances import cells_deterministic, free_and_lent, instances_owned, one_operation
from catlang.network.invariants.noise import effects, noise_known
from catlang.network.invariants.parts import Wrong, below
from catlang.network.invariants.signature import signatures
from catlang.network.invariants.sizes import sizes_listed
from catlang.network.invariants.wires import arrays, first_order, made_once, used_where_known
from catlang.network.network import Network
from catlang.span import Span


class Broken(AssertionError):
    """A network breaks an invariant: a mistake of what made it, never of the ``.cat`` file."""

    def __init__(self, name: str, what: str, span: Span | None) -> None:
        super().__init__(f"{name}: {what}" + (f" ({span.place})" if span is not None else ""))
        self.name = name


Checker = Callable[[Network], Iterator[Wrong]]

INVARIANTS: dict[str, Checker] = {
    "first order": first_order,
    "made once": made_once,
    "used where it is known": used_where_known,
    "wires are arrays": arrays,
    "sizes are listed": sizes_listed,
    "signatures are kept": signatures,
    "instances are owned": instances_owned,
    "an instance is one operation": one_operation,
    "what is free is listed": free_and_lent,
    "2-cells compute weights from weights": cells_deterministic,
    "noise is known": noise_known,
}


def check(network: Network) -> None:
    """Raises ``Broken``, with the name of the first invariant that the network or one below it breaks.

    The network itself is one that is called from outside, where there is nothing that it could use."""
    for one in below(network):
        for name, checker in INVARIANTS.items():
            for what, span in checker(one):
                raise Broken(name, what, span)
    if network.free or network.lent:
        wanted = [f"a wire {wire.object}" for wire in network.free] + [f"`{one.name}`" for one in network.lent]
        raise Broken("what is used is there", f"nobody gives it {wanted[0]}", network.span)


__all__ = ["INVARIANTS", "Broken", "below", "check", "effects"]
