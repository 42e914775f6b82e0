"""How objects are spelled in a picture: as in the source, and no two of them alike.

Two sizes may have one name, such as the lengths of two lists; what is spelled as another object is already has a prime.

>>> from catlang.dims import Variable
>>> from catlang.objects.colour import array
>>> found = Spelling()
>>> one, other = array(Variable("n").poly), array(Variable("n").poly)
>>> found.of(one), found.of(other), found.of(one)
('R[n]', 'R[n]′', 'R[n]')
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.objects.colour import show
from catlang.visible import visible

if TYPE_CHECKING:
    from catlang.objects.colour import Object


class Spelling:
    """The spellings of one picture."""

    def __init__(self) -> None:
        self.known: dict[Object, str] = {}
        self.taken: set[str] = set()

    def of(self, obj: Object) -> str:
        found = self.known.get(obj)
        if found is None:
            found = visible(show(obj))
            while found in self.taken:
                found += "′"
            self.known[obj] = found
            self.taken.add(found)
        return found
