"""Fixed points and morphisms that meet something else, in words: why they differ, and what would help.

What is still to be inferred has the letter that its owner's signature has for it:

>>> from catlang.checking import check_source
>>> from catlang.span import Source
>>> text = '''morphism total : R[5, 3] -> R[3] = fold([zero, add])
... morphism longer : List(R[3]) * R[3] -> List(R[3]) = cons
... morphism positive : List(R[3]) -> List(R[3]) = relu'''
>>> for found in check_source(Source("m.cat", None, text)).bag:
...     print(found.headline, found.why[0], found.help[0], sep="\\n  ")
`fold([zero, add])` takes `mu F`, what comes in is `R[5, 3]`
  `mu F` is a list or a tree, by an endofunctor
  `to_list` makes a list of what lies along an axis
`cons` takes `A * List(A)`, what comes in is `List(R[3]) * R[3]`
  part 2: `R[3]` is not `List(A)`
  `swap >> cons` takes the two in this order
`relu` takes `R[s...]`, what comes in is `List(R[3])`
  `List(R[3])` has any length
  `map(relu)` does it to each element of the list
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catlang.objects.colour import Object, ObjectVariable, Power, Product, Sum, Unknown, power, resolve, show
from catlang.objects.functor import (
    AnyFunctor,
    Applied,
    Exponential,
    Fixed,
    Functor,
    FunctorVariable,
    element_of,
    list_of,
    solved,
)
from catlang.objects.unify import Mismatch, Unifier
from catlang.syntax import tree

if TYPE_CHECKING:
    from catlang.checker.mismatch import Joint
    from catlang.checker.scope import Scope

#: So long may a functor be where it is said what it is.
_LONGEST = 60


def shown(obj: Object, scope: Scope) -> str:
    """The object as the source writes it, with the letters of open objects and functors in their place; where a letter
    has a meaning of its own, it stays open."""
    def letter(name: str) -> str:
        return name if scope.find(name) is None else "_"

    def change(part: Any) -> Any:
        if not isinstance(part, Object):
            return part
        if isinstance(part, ObjectVariable):
            return ObjectVariable(letter(part.name)) if part.flexible else part
        if isinstance(part, Fixed | Applied):
            functor = solved(part.functor)
            if isinstance(functor, FunctorVariable) and functor.flexible:
                open = FunctorVariable(letter(functor.name))
                return Fixed(part.kind, open) if isinstance(part, Fixed) else Applied(open, change(part.argument))
        return part.mapped(change)

    return show(change(resolve(obj)))


def over(functor: AnyFunctor, scope: Scope) -> str:
    """The fixed point that a fold of a functor goes over."""
    return shown(Fixed("mu", functor), scope)


def made(scope: Scope, *functors: AnyFunctor) -> str:
    """What functors are, for those who know their names alone."""
    said: list[str] = []
    for functor in map(solved, functors):
        if isinstance(functor, Functor) and functor.name is not None:
            body = shown(functor.body, scope)
            name = f"`{over(functor, scope)}` is made by" if functor.name == "List" else f"`{functor}` is"
            if len(body) <= _LONGEST:
                said.append(f"{name} `{body}`")
    return ", ".join(said)


class Parting:
    """The first parts of two objects that do not match, as far in as it goes: the way to them, and what matches in
    front of them, which may have solved something in them."""

    def __init__(self, unifier: Unifier, wanted: Object, found: Object) -> None:
        self.unifier = unifier
        self.path: list[str] = []
        self.held: list[tuple[Object, Object]] = []
        self.wanted, self.found = resolve(wanted), resolve(found)
        while self._further():
            pass

    def _further(self) -> bool:
        for word, one, other in _parts(self.wanted, self.found):
            if not self.unifier.fits([*self.held, (one, other)]):
                self.path.append(word)
                self.wanted, self.found = resolve(one), resolve(other)
                return True
            self.held.append((one, other))
        return False

    def fits(self, wanted: Object, found: Object) -> bool:
        """Whether these would match in their place."""
        return self.unifier.fits([*self.held, (wanted, found)])

    def reason(self) -> str:
        """Why the two do not match."""
        mark, waiting = len(self.unifier.trail), len(self.unifier.postponed)
        try:
            for one, other in [*self.held, (self.wanted, self.found)]:
                self.unifier.unify(one, other)
        except Mismatch as mismatch:
            return ": ".join([*self.path, str(mismatch)])
        finally:
            self.unifier.undo(mark)
            del self.unifier.postponed[waiting:]
        return ": ".join(self.path)


def _parts(wanted: Object, found: Object) -> list[tuple[str, Object, Object]]:
    """What two objects of one kind are made of, beside each other."""
    for kind, word in ((Product, "part"), (Sum, "summand")):
        if isinstance(wanted, kind) and isinstance(found, kind) and len(wanted.items) == len(found.items):
            return [(f"{word} {place}", one, other)
                    for place, (one, other) in enumerate(zip(wanted.items, found.items, strict=True), 1)]
    if isinstance(wanted, Exponential) and isinstance(found, Exponential):
        return [("the exponent", wanted.exponent, found.exponent), ("the base", wanted.base, found.base)]
    one, other = element_of(wanted), element_of(found)
    return [("the elements", one, other)] if one is not None and other is not None else []


def explained(unifier: Unifier, joint: Joint, name: str, wanted: Object,
              found: Object) -> tuple[list[str] | None, list[str]]:
    """Why two objects differ, where a fixed point or a morphism is among them (else None), and what helps."""
    scope = joint.scope
    parting = Parting(unifier, wanted, found)
    helped = _lists(parting, joint, name, resolve(wanted), resolve(found))
    path, one, other = parting.path, parting.wanted, parting.found
    kinds = [part for part in (one, other) if isinstance(part, Fixed | Exponential)]
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return None, helped
    if joint.owner == "run" and joint.kind == "argument" and not any(
            isinstance(part, Exponential) for part in (found, *(found.items if isinstance(found, Product) else ()))):
        return ["a Mealy machine is `S -> (O * S)^I`, a Moore machine `S -> O * S^I`"], helped
    if len(kinds) == 2:
        said, help = _both(one, other, scope)
        return [": ".join([*path, said])] if said else [], helped or help
    if kinds and path:
        return [": ".join([*path, f"`{shown(other, scope)}` is not `{shown(one, scope)}`"])], helped
    if kinds:
        said = _alone(kinds[0], one if one is not kinds[0] else other, scope)
        return [said] if said else None, helped
    sums = [part for part in (one, other) if isinstance(part, Sum)]
    if len(sums) == 1 and not isinstance(one, Product) and not isinstance(other, Product):
        return [": ".join([*path, f"`{shown(sums[0], scope)}` is a sum"])], helped
    return [parting.reason()] if {"the elements", "the exponent", "the base"} & set(path) else None, helped


def _alone(part: Fixed | Exponential, other: Object, scope: Scope) -> str:
    """What is to be said of a fixed point or of a morphism that meets neither."""
    text = shown(part, scope)
    if isinstance(part, Exponential):
        arrays = f", those of `{shown(other, scope)}` arrays" if isinstance(other, Power) else ""
        return f"the elements of `{text}` are morphisms{arrays}"
    if part.kind == "nu":
        return f"`{text}` may go on for ever, and comes out of `unfold`"
    if isinstance(solved(part.functor), FunctorVariable):
        return f"`{text}` is a list or a tree, by an endofunctor"
    if element_of(part) is not None:
        return "" if isinstance(other, Product) else f"`{text}` has any length"
    return f"`{text}` is a tree, which `fold` goes over"


def _both(wanted: Object, found: Object, scope: Scope) -> tuple[str, list[str]]:
    """Two fixed points, or a fixed point and a morphism."""
    if not isinstance(wanted, Fixed) or not isinstance(found, Fixed):
        return f"`{shown(found, scope)}` is not `{shown(wanted, scope)}`", []
    if wanted.kind == found.kind:
        return made(scope, wanted.functor, found.functor), []
    if wanted.kind == "nu":
        return f"`{shown(found, scope)}` has an end of its own", []
    return (f"`{shown(found, scope)}` may go on for ever, `{shown(wanted, scope)}` has an end",
            ["`unfold[n](c)` takes at most `n` steps"])


def _lists(parting: Parting, joint: Joint, name: str, wanted: Object, found: Object) -> list[str]:
    """What leads from lists to axes, from axes to lists, and from a list to its elements."""
    unifier = parting.unifier
    if joint.kind == "input":
        elements = element_of(found)
        if isinstance(joint.other, tree.Shuffle) and elements is not None:
            return ["name it, `morphism f[n] : ...`, generic in the axis: `f` is then for lists too"]
        if elements is not None and unifier.fits([(wanted, elements)]):
            return [f"`map({name})` does it to each element of the list"]
        pair = [element_of(resolve(item)) for item in found.items] if isinstance(found, Product) else []
        if len(pair) == 2 and pair[0] is not None and pair[1] is not None and unifier.fits(
                [(wanted, Product((pair[0], pair[1])))]):
            return [f"`zip >> map({name})` does it to each pair of elements"]
        if len(pair) == 2 and isinstance(found, Product) and unifier.fits([(wanted, Product(found.items[::-1]))]):
            applied = isinstance(joint.before, tree.Apply) and joint.before.function is joint.other
            return ["the two fit in the other order" if applied else f"`swap >> {name}` takes the two in this order"]
        if isinstance(wanted, Product) and len(wanted.items) == 2 and isinstance(found, Fixed):
            missing = [item for item in wanted.items
                       if not (isinstance(resolve(item), Fixed) and unifier.fits([(item, found)]))]
            return [f"`{shown(missing[0], joint.scope)}` beside it is missing"] if len(missing) == 1 else []
    one, other = parting.wanted, parting.found
    if isinstance(one, Fixed) and one.kind == "mu" and isinstance(other, Power) and parting.fits(
            one, list_of(power(other.base, other.axes[1:]))):
        return ["`to_list` makes a list of what lies along an axis"]
    return []
