"""What a text looks like in a terminal: which characters are shown, as what, and how wide.

Control characters, and those that only steer how others are laid out, are shown by a picture or their code
point, so that what is printed is what is there.

>>> visible("a\\x1b[2Jb"), visible("\\u202eevil"), visible("a\\tb")
('a␛[2Jb', '<U+202E>evil', 'a    b')
>>> visible("été ∘ 自然") == "été ∘ 自然"
True

Characters of East Asia take two columns, combining marks none.

>>> width("id"), width("自然"), width("e\\u0301")
(2, 4, 1)
"""

from __future__ import annotations

TAB = "    "
# Joiners shape letters in Persian and Indic scripts, and steer nothing else.
HARMLESS = "\u200c\u200d"


def visible(text: str) -> str:
    """A text with every character in it visible, in one line."""
    if text.isprintable():
        return text
    return "".join(map(shown, text))


def shown(character: str) -> str:
    """What stands for one character.

    >>> shown("a"), shown("\\n"), shown("\\x7f"), shown("\\x85")
    ('a', '␊', '␡', '<U+0085>')
    """
    if character.isprintable() or character in HARMLESS:
        return character
    if character == "\t":
        return TAB
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    import unicodedata

    # Spaces other than ' ' and characters not yet assigned are not "printable" either, and do no harm.
    if unicodedata.category(character) in ("Zs", "Cn", "Co"):
        return character
    return f"<U+{code:04X}>"


def width(text: str) -> int:
    """How many columns a visible text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    columns = 0
    for character in text:
        if unicodedata.category(character) in ("Mn", "Me", "Cf"):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns
