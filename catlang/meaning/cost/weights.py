"""How many weights a network trains: the entries of its weight banks, each instance counted once.

Along a 2-cell ``P' -> P`` only the entries of ``P'`` count. Frozen weights and state are not trained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.checker.arguments import arguments_as_substitution
from catlang.diagram import diagram as d
from catlang.diagram.diagram import Instance, wires
from catlang.meaning.cost.row import entries
from catlang.network.network import Family, Loop, Network, Sub
from catlang.objects.substitution import Substitution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catlang.dims import Dim, Variable


def weights(network: Network, sizes: Mapping[Variable, Dim]) -> Dim:
    """The number of weights at these sizes, those not given symbolic."""
    put = Substitution(dims=dict(sizes))
    return sum((_instance(instance, put) for instance in network.instances.values()), 0)


def _instance(instance: Instance, put: Substitution) -> Dim:
    operation: Any = instance.operation
    if isinstance(operation, Sub):
        inside = {variable: put.dim(value) for variable, value in operation.sizes.items()}
        one = weights(operation.network, inside)
        many = isinstance(operation, Family) or (isinstance(operation, Loop) and not operation.tied)
        return one * put.dim(operation.count) if many else one  # type: ignore[attr-defined]
    assert isinstance(operation, d.Use)
    if instance.reparameterisation is not None:
        return sum((entries(put.object(wire.object)) for wire in wires(instance.reparameterisation.inputs)), 0)
    arguments = arguments_as_substitution(operation)
    # A part that is named like a Boolean generic is there iff that is true.
    return sum((entries(put.object(arguments.object(obj))) for name, obj in operation.definition.weights
                if operation.arguments.get(name) is not False), 0)
