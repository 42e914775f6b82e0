"""Laws: equations between networks, judged.

A law is proved (by normal forms, whatever the inputs, weights and sizes are; by exhaustion, where there are finitely
many inputs), refuted by a point at which the sides differ, or tested; else nothing is known of it. It is about real
numbers, and holds wherever both sides are defined.

>>> from catlang.checker.check import check_source
>>> from catlang.network.specialise import Specialiser
>>> from catlang.span import Source
>>> text = '''dim n
... morphism f : R[n] * R[n] -> R[n] = (x, y) |-> add(x, relu(sub(y, x)))
... morphism g : R[n] * R[n] -> R[n] = maximum
... morphism h : R[n] * R[n] -> R[n] = (x, y) |-> relu(maximum(x, y))
... morphism xor : Bool * Bool -> Bool = (x, y) |-> logical_and(logical_or(x, y), logical_not(logical_and(x, y)))
... morphism differ : Bool * Bool -> Bool = (x, y) |-> not_equal(indicator(x), indicator(y))'''
>>> scope = check_source(Source("m.cat", None, text)).scope
>>> f, g, h, one, other = (Specialiser({}, {}).definition(scope.names[name]) for name in
...                         ["f", "g", "h", "xor", "differ"])
>>> judge(f, g), judge(one, other)
(<proved by normal form>, <proved by exhaustion>)
>>> judge(h, g)
<refuted: at n = 1, x = [-1], y = [-1] the left is [0], the right [-1]>
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.laws.exhaustion import exhausted
from catlang.laws.search import search
from catlang.laws.sides import Different, Law
from catlang.laws.verdict import Proved, Refuted, Tested, Unknown, Verdict
from catlang.meaning.entries import MOST_WORK, NoForm, NormalForms, TooLarge, normal_forms, same_entries, work

if TYPE_CHECKING:
    from catlang.network.network import Network


def judge(left: Network, right: Network) -> Verdict:
    """What becomes of a law: that two networks of one type give the same.

    Weights of the same address are the same on both sides.
    """
    try:
        law = Law(left, right)
    except Different as refused:
        return Unknown(str(refused))
    if left.stochastic or right.stochastic:
        return Unknown("what draws noise is equal to nothing")
    why = _by_normal_forms(law)
    if why is None:
        return Proved("normal form")
    found = exhausted(law) or search(law)
    return Unknown(why) if isinstance(found, Unknown) and why else found


def _by_normal_forms(law: Law) -> str | None:
    """Nothing where normal forms prove a law, else why there are none; no reason is where they differ."""
    functor = NormalForms()
    try:
        one, other = (normal_forms(network, mapping, functor=functor) for network, mapping in law.sides())
        with work.within(MOST_WORK):
            return None if all(map(same_entries, one, other)) else ""
    except NoForm as refused:
        return refused.why
    except (TooLarge, OverflowError, RecursionError) as refused:
        return f"its normal form is too large: {refused}"


__all__ = ["Proved", "Refuted", "Tested", "Unknown", "Verdict", "judge"]
