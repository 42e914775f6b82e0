"""Values that are no arrays: morphisms, of an exponential or of ``nu F``, with what they were given.

Each is put where it is applied, so that nothing of it is left in a network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from catlang.diagram.diagram import Diagram, Value
from catlang.objects.colour import Object, Power, Product, Sum, resolve
from catlang.objects.functor import Exponential, Fixed, Functor

if TYPE_CHECKING:
    from catlang.network.environment import Env


class Deferred:
    """A value that is no array: it is what it does."""

    def applied(self, argument: Value, made: Diagram) -> Any:
        """A morphism at an argument."""
        raise AssertionError("not a morphism")


class Curried(Deferred):
    """``curry(f)`` at its first argument; ``f`` makes the boxes of the body where they are needed."""

    def __init__(self, f: Callable[[Value, Diagram], Any], first: Value) -> None:
        self.f = f
        self.first = first

    def applied(self, argument: Value, made: Diagram) -> Any:
        return self.f((self.first, argument), made)


class After(Deferred):
    """A morphism that is a value, with another one behind it."""

    def __init__(self, first: Deferred, then: Callable[[Any, Diagram], Any]) -> None:
        self.first = first
        self.then = then

    def applied(self, argument: Value, made: Diagram) -> Any:
        return self.then(self.first.applied(argument, made), made)


class Unfolded(Deferred):
    """``unfold(c)`` at a state."""

    def __init__(self, body: Diagram, state: Value, functor: Functor, env: Env) -> None:
        self.body = body
        self.state = state
        self.functor = functor
        self.env = env


def deferred(obj: Object) -> bool:
    """Whether values of an object are no arrays."""
    obj = resolve(obj)
    if isinstance(obj, Exponential) or isinstance(obj, Fixed) and obj.kind == "nu":
        return True
    if isinstance(obj, Fixed):
        return False
    return any(isinstance(part, Object) and deferred(part) for part in (
        obj.items if isinstance(obj, Product | Sum) else (obj.base,) if isinstance(obj, Power) else ()))
