"""How wide a text is: by the advance widths of Roboto, the font that pictures are set in.

Where another font stands in for it, a text is fitted into its measured width all the same.

>>> width("affine", 10)
25.6
>>> width("自然", 10), width("", 10)
(20.0, 0)
"""

from __future__ import annotations

import unicodedata

#: The advance widths of the characters from the space to `~`, in 2048ths of the size of the font.
ASCII = (
    508, 528, 656, 1261, 1151, 1500, 1274, 358, 701, 713, 882, 1162, 403, 566, 540, 845,
    1151, 1151, 1151, 1151, 1151, 1151, 1151, 1151, 1151, 1151, 496, 433, 1041, 1124, 1071, 968,
    1839, 1336, 1276, 1333, 1344, 1164, 1132, 1395, 1461, 557, 1130, 1285, 1103, 1788, 1461, 1409,
    1292, 1409, 1262, 1216, 1222, 1328, 1304, 1817, 1284, 1230, 1227, 543, 841, 543, 856, 924,
    633, 1114, 1150, 1072, 1155, 1086, 712, 1150, 1128, 498, 490, 1038, 498, 1796, 1131, 1168,
    1150, 1164, 694, 1057, 670, 1129, 992, 1539, 1016, 969, 1016, 693, 500, 693, 1393,
)

#: Of everything else, but for what is as wide as it is high; few letters of Latin, Greek and Cyrillic are wider.
OTHER = 1300


def width(text: str, size: float) -> float:
    """The width of a visible text, at a size of the font."""
    units = 0
    for character in text:
        code = ord(character)
        if 32 <= code < 127:
            units += ASCII[code - 32]
        elif unicodedata.category(character) in ("Mn", "Me", "Cf"):
            continue
        else:
            units += 2048 if unicodedata.east_asian_width(character) in "WF" else OTHER
    return round(units * size / 2048, 1) if units else 0


def shortened(text: str, size: float, most: float) -> str:
    """A text that is no wider, its end left out where it would be.

    >>> shortened("one two three", 10, 40)
    'one tw…'
    """
    if width(text, size) <= most:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(text[:middle] + "…", size) <= most:
            low = middle
        else:
            high = middle - 1
    return text[:low] + "…"
