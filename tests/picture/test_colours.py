"""The colours of objects: the first are told apart by everybody, on white and on a dark ground, and can be read."""

from __future__ import annotations

import itertools
import math

import pytest

from catlang.objects.colour import array
from catlang.picture.colours import FIRST, Colours
from catlang.picture.theme import GROUND

#: How colours look to whom one kind of cone is missing (Machado, Oliveira and Fernandes, 2009).
SEEN = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def linear(colour: str) -> list[float]:
    found = []
    for at in (1, 3, 5):
        value = int(colour[at:at + 2], 16) / 255
        found.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return found


def lab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """A colour in Oklab, in which distances are those that are seen."""
    red, green, blue = (min(max(value, 0.0), 1.0) for value in (red, green, blue))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
            1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
            0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short)


def seen(colour: str, by: str) -> tuple[float, float, float]:
    values = linear(colour)
    return lab(*(sum(weight * value for weight, value in zip(row, values, strict=True)) for row in SEEN[by]))


def contrast(one: str, other: str) -> float:
    lights = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05 for red, green, blue in (
        linear(one), linear(other)))
    return lights[1] / lights[0]


@pytest.mark.parametrize("by", SEEN)
@pytest.mark.parametrize("ground", [0, 1])
def test_the_first_are_told_apart(by: str, ground: int) -> None:
    for one, other in itertools.combinations([colour[ground] for colour in FIRST[:8]], 2):
        assert math.dist(seen(one, by), seen(other, by)) > 0.06, (one, other)


@pytest.mark.parametrize("ground", [0, 1])
def test_all_can_be_read(ground: int) -> None:
    colours = Colours()
    found = [*FIRST, *(colours.of(array(size)) for size in range(1, 60)), colours.of(None)]
    assert all(contrast(colour[ground], GROUND[ground]) >= 2.99 for colour in found)
    assert len(set(found)) == len(found)
