"""Laws: equations between networks, judged.

A law is proved (by normal forms, whatever the inputs, weights and sizes are; by exhaustion, where there are finitely
many inputs), refuted by a point at which the sides differ, or tested; else nothing is known of it. It is about real
numbers, and holds wherever both sides are defined.

>>> from catlang.checking import check_source
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

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from catlang.laws.exhaustion import exhausted
from catlang.laws.search import search
from catlang.laws.sides import Different, Law, externs
from catlang.laws.verdict import Proved, Refuted, Tested, Unknown, Verdict
from catlang.meaning.entries import MOST_WORK, NoForm, NormalForms, TooLarge, normal_forms, same_entries, work

if TYPE_CHECKING:
    from catlang.network.network import Network


#: So much work is done for one law, and of it for normal forms.
MOST_FOR_A_LAW = 800_000
MOST_FOR_FORMS = 250_000


def budget() -> AbstractContextManager[object]:
    """Inside it all judgements together are the work of one law."""
    return work.purse(MOST_FOR_A_LAW)


def judge(left: Network, right: Network) -> Verdict:
    """What becomes of a law: that two networks of one type give the same.

    Weights of the same address are the same on both sides.
    """
    with budget():
        return _judged(left, right)


def _judged(left: Network, right: Network) -> Verdict:
    try:
        law = Law(left, right)
    except Different as refused:
        return Unknown(str(refused))
    if left.stochastic or right.stochastic:
        foreign = next((name for network in (left, right) for name in externs(network)), None)
        return Unknown("what draws noise is equal to nothing" if foreign is None else
                       f"nothing is known of the extern `{foreign}`")
    why = _by_normal_forms(law)
    if why is None:
        return Proved("normal form")
    found = exhausted(law) or search(law)
    return Unknown(why) if isinstance(found, Unknown) and why else found


def _by_normal_forms(law: Law) -> str | None:
    """Nothing where normal forms prove a law, else why there are none; no reason is where they differ."""
    functor = NormalForms()
    try:
        with work.purse(MOST_FOR_FORMS):
            one, other = (normal_forms(network, mapping, functor=functor) for network, mapping in law.sides())
            with work.within(MOST_WORK):
                return None if all(map(same_entries, one, other)) else ""
    except NoForm as refused:
        return refused.why
    except (TooLarge, OverflowError, RecursionError) as refused:
        return f"its normal form is too large: {refused}"


__all__ = ["Proved", "Refuted", "Tested", "Unknown", "Verdict", "budget", "judge"]
