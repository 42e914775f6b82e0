"""Recursion specialised: folds, scans, machines and unfoldings become loops along axes and passes over trees.

Two things make that possible. A value whose constructor is known (``sums.Injected``) takes its branch of a case at
once, so that one algebra gives a diagram for each of its constructors. And a morphism that is a value, of an
exponential or of ``nu F`` (``deferred.Deferred``), is a diagram with what it was given, to be put where it is applied.
So a loop's step is flat: what it is made of lies open to whoever looks for what need not be in the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.diagram import diagram as d
from catlang.diagram.diagram import Box, Diagram, Value
from catlang.network.environment import Env
from catlang.network.schemes import action, folds, lists, machines, unfoldings
from catlang.objects.colour import Object, resolve
from catlang.objects.functor import Functor, solved

if TYPE_CHECKING:
    from catlang.network.specialise import Specialiser

_SCHEMES: dict[str, Callable[..., None]] = {
    **folds.SCHEMES, **unfoldings.SCHEMES, **machines.SCHEMES, **lists.SCHEMES}


class Schemes:
    """The recursion schemes for one specialiser."""

    def __init__(self, specialiser: Specialiser) -> None:
        self.specialiser = specialiser
        # Of the lengths of a list that was made longer, the list that it was.
        self.longer: dict[tuple[Any, Any], Value] = {}

    def use(self, box: Box, operation: d.Use, made: Diagram, env: Env) -> bool:
        """Makes something of a use of the prelude's recursion; False where it is none."""
        scheme = _SCHEMES.get(operation.definition.name)
        if scheme is None:
            return False
        scheme(self, box, operation, env.value(box.inputs), made, env)
        return True

    def act(self, box: Box, operation: d.FunctorMap, made: Diagram, env: Env) -> None:
        """Makes something of an endofunctor on a morphism."""
        action.act(self, box, operation, made, env)

    def inline(self, body: Diagram, value: Any, env: Env, made: Diagram) -> Any:
        """What a body makes of a value, its boxes put where it is needed."""
        inner = Env(env, None, env.network, env.substitution, env.constants, env.formals)
        inner.inlining = True
        inner.bind(body.inputs, value)
        for box in body.boxes:
            self.specialiser.box(box, made, inner, False)
        return inner.value(body.outputs)

    def functor(self, operation: d.Use, env: Env) -> Functor:
        """The functor that a scheme is for."""
        found = solved(env.substitution.functor(operation.arguments["F"]))
        if not isinstance(found, Functor):
            raise ValueError(f"`{found.name}` may be any endofunctor")
        return found.mapped(_resolved)


def _resolved(part: Any) -> Any:
    return resolve(part) if isinstance(part, Object) else part
