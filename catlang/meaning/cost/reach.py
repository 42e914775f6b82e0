"""How far what stands on a wire is from the inputs, in several ways at once.

A :class:`Reach` has the number of boxes with weights on the longest path to it, ``learned``, and the number of boxes
that write anything, ``spans``: from the inputs of the whole, and from those of each instance that is being walked, the
outer ones first. What came in from further out lies at the inputs of an instance.

>>> one = Reach().past(learned=True, writes=True, within=1)
>>> two = one.past(learned=False, writes=True, within=2)
>>> two.learned, two.span(0), two.span(1), (one | two).span(1)
(1, 2, 1, 1)

A step that is taken again and again goes on from its state. ``Course`` is what one step adds to it:

>>> course = Course(start(1).past(True, True, 1) | Reach().past(False, True, 1))
>>> course.after(one, 10).span(0)
11
"""

from __future__ import annotations

from catlang.dims import Dim, Variable
from catlang.meaning.cost.depth import Depth

NOTHING = Depth.of(0)


class Reach:
    """Depths: of boxes with weights, and of boxes that write, at each level."""

    __slots__ = ("learned", "spans")

    def __init__(self, learned: Depth = NOTHING, spans: tuple[Depth, ...] = ()) -> None:
        self.learned = learned
        self.spans = spans

    def span(self, level: int) -> Depth:
        """The boxes that write on the way from the inputs of that level; further in than it lies there are none."""
        return self.spans[level] if level < len(self.spans) else NOTHING

    def __or__(self, other: Reach) -> Reach:
        if other is self:
            return self
        count = max(len(self.spans), len(other.spans))
        return Reach(self.learned | other.learned,
                     tuple(self.span(level) | other.span(level) for level in range(count)))

    def past(self, learned: bool, writes: bool, within: int) -> Reach:
        """Behind a box in so many levels."""
        spans = tuple(self.span(level) + 1 for level in range(within)) if writes else self.spans
        return Reach(self.learned + 1 if learned else self.learned, spans)

    def out(self, levels: int) -> Reach:
        """Outside of all but so many levels."""
        return Reach(self.learned, self.spans[:levels])


_STATE = Variable("state", 0)


def start(levels: int) -> Reach:
    """Where a state stands, in so many levels, before a step of which the course is to be found."""
    unknown = Depth.of(_STATE.poly)
    return Reach(unknown, (unknown,) * levels)


class Course:
    """What a step does to the depth of its state, when what it gave is told for a state at :func:`start`."""

    __slots__ = ("made",)

    def __init__(self, made: Reach) -> None:
        self.made = made

    def after(self, start: Reach, count: Dim) -> Reach:
        """Where the state is after so many steps, each at most as long as the longest."""
        made = self.made
        levels = range(max(len(start.spans), len(made.spans)))
        return Reach(_after(start.learned, made.learned, count),
                     tuple(_after(start.span(level), made.span(level), count) for level in levels))


def _after(start: Depth, made: Depth, count: Dim) -> Depth:
    # On from the state, or from what lies around and is there from the first step on.
    on, aside = made.parted(_STATE)
    if not on.candidates:
        return aside
    if count == 0:
        return start
    found = start + on.times(count)
    return found | (aside + on.times(count - 1)) if aside.candidates else found
