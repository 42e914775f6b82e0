"""The colours of objects: one object has one colour, in every picture of a file.

The first colours are chosen such that people who see colours differently tell them apart too, by how light they are.
They go to the objects of the file in the order in which its wires have them. What comes up only inside a library's
boxes, or at sizes given, has one by its spelling, or the next that is unlike all in the picture. No two objects of one
picture have the same.

>>> found = Colours(["R[d]"])
>>> from catlang.objects.colour import array
>>> found.of(array(3)) == found.of(array(3)), found.of(array(3)) == found.of(array(4))
(True, False)
>>> found.of(None)
('#6b7280', '#9aa3b2')
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from catlang.checker.entry import ObjectEntry
from catlang.diagram.diagram import everything, wires
from catlang.objects.colour import resolve, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catlang.checker.module import Module
    from catlang.objects.colour import Object
    from catlang.objects.substitution import Substitution

#: On white, and on a dark ground.
Colour = tuple[str, str]

FIRST: tuple[Colour, ...] = (
    ("#0072b2", "#5fb0ea"), ("#d55e00", "#f08a3c"), ("#0b5d1e", "#8fe39b"), ("#5b0861", "#b9649f"),
    ("#9f79f6", "#f0d1ff"), ("#ae2c77", "#ce99b1"), ("#17a478", "#709169"), ("#1b2093", "#5981e0"),
    ("#5b3bb3", "#b3c0ff"), ("#6b0621", "#cd632d"), ("#bf7bb0", "#9687c4"), ("#814151", "#ffa6c1"),
    ("#a51105", "#b8808c"), ("#a4637d", "#ff987e"), ("#69854a", "#f0cf4c"), ("#755b93", "#8494fa"),
)

NEUTRAL: Colour = ("#6b7280", "#9aa3b2")

#: So many colours beyond the first are told apart at a look.
FURTHER = 45


class Colours:
    """The colours of one picture; ``known`` are the spellings of the objects of its file, in their order."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.first = {text: FIRST[place] for place, text in zip(range(len(FIRST)), dict.fromkeys(known), strict=False)}
        self.given: dict[Object, Colour] = {}
        self.taken: set[Colour] = set()

    def of(self, obj: Object | None) -> Colour:
        """The colour of an object; of the weights of a whole instance none that an object has."""
        if obj is None:
            return NEUTRAL
        found = self.given.get(obj)
        if found is None:
            text = show(obj)
            found = self.first.get(text)
            if found is None or found in self.taken:
                found = self._further(text)
            self.given[obj] = found
            self.taken.add(found)
        return found

    def _further(self, text: str) -> Colour:
        number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "backslashreplace")).digest()[:6], "big")
        for least in (60, 30):
            for step in range(FURTHER):
                found = _coloured((number + step) % FURTHER / FURTHER, (number + step) % 3)
                if all(_apart(found[0], other[0]) >= least for other in self.taken):
                    return found
        while True:
            # Beyond that they only differ.
            number += 1
            found = _coloured(number % 9973 / 9973, number % 7)
            if found not in self.taken:
                return found


def _apart(one: str, other: str) -> float:
    """How far two colours are from each other, roughly as an eye sees it.

    >>> _apart("#000000", "#000000"), _apart("#000000", "#ffffff") > 700
    (0.0, True)
    """
    first, second = (tuple(int(colour[at:at + 2], 16) for at in (1, 3, 5)) for colour in (one, other))
    red = (first[0] + second[0]) / 2
    weights = (2 + red / 256, 4.0, 2 + (255 - red) / 256)
    return math.sqrt(sum(weight * (a - b) ** 2 for weight, a, b in zip(weights, first, second, strict=True)))


def _coloured(hue: float, shade: int) -> Colour:
    """A colour of a hue, between 0 and 1, as light as the shade says, and the same for a dark ground."""
    return _oklch(0.48 + 0.03 * shade, 0.13, hue), _oklch(0.74 + 0.03 * shade, 0.11, hue)


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    """A colour of OKLCH (Ottosson, 2020) as the nearest of sRGB."""
    a, b = chroma * math.cos(2 * math.pi * hue), chroma * math.sin(2 * math.pi * hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
              -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
              -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short)

    def encoded(value: float) -> int:
        value = min(max(value, 0.0), 1.0)
        return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))

    return "#" + "".join(f"{encoded(value):02x}" for value in linear)


def aliases(module: Module, sizes: Substitution) -> dict[Object, str]:
    """The names that a file gives to objects, at these sizes."""
    found: dict[Object, str] = {}
    for name, entry in module.scope.names.items():
        if isinstance(entry, ObjectEntry) and not entry.node.nominal and not entry.generics:
            found.setdefault(resolve(sizes.object(entry.body)), name)
    return found


def objects_of(module: Module) -> list[str]:
    """The spellings of the objects on the wires of a file, as far as there are first colours."""
    found: dict[str, None] = {}
    for definition in module.definitions:
        if definition.primitive or definition.diagram is None:
            continue
        values = [definition.diagram.inputs, definition.diagram.outputs]
        values += [box.outputs for _, box in everything(definition.diagram)]
        for value in values:
            for wire in wires(value):
                found.setdefault(show(wire.object))
        if len(found) >= len(FIRST):
            break
    return [*found][:len(FIRST)]
