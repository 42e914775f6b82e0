"""Lines as they are typed: whether more is to come, and whether they declare something.

>>> unfinished("morphism f : R[3] -> R[3] ="), unfinished("(relu,"), unfinished("relu >> tanh"), unfinished("...")
(True, True, False, False)
>>> unfinished("morphism f : R[3] -> R[3]"), unfinished("morphism f : R[3] -> R[3] = relu")
(True, False)
>>> declares("dim n"), declares("cell >> relu"), declares("morphsim f : R[3]"), declares("affine as a >> relu")
(True, False, True, False)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.syntax.tables import DECLARATION, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Signs behind which an expression may be at its end.
CLOSING = frozenset([")", "]", "}", "...", "…"])
#: Words behind which more has to come.
OPEN_WORDS = frozenset(["in", "let", "along", "where", "over", "as", "divides", "init", "eval", "mu", "nu", "μ", "ν"])
#: Words that stand between two names of an expression.
BETWEEN = frozenset(["as", "along", "over", "init", "where", "divides", "in", "if"])
#: What has a body, perhaps in the line below.
WITH_BODY = frozenset(["morphism", "algebra", "coalgebra"])


def words(text: str) -> Iterator[tuple[str, str]]:
    """What a text is made of: ``name``, ``sign``, ``number``, ``text`` or ``other``, and how it is written."""
    match = tables().pattern.match
    position = 0
    while (found := match(text, position)) is not None and found.lastindex != 5:
        group = found.lastindex or 6
        yield ("name", "sign", "number", "text", "", "other")[group - 1], found[group]
        position = found.end()


def unfinished(text: str) -> bool:
    """Whether a bracket is open, or the end is one behind which something has to follow."""
    depth = 0
    first = last = ("", "")
    defined = False
    for last in words(text):
        first = first if first[0] else last
        kind, word = last
        if kind == "sign":
            depth += (word in "([{") - (word in ")]}")
            defined = defined or word == "=" and depth == 0
    kind, word = last
    if depth > 0 or first[1] in WITH_BODY and not defined:
        return True
    if not kind:
        # Documentation belongs to what follows it.
        return text.lstrip().startswith("##")
    return word in OPEN_WORDS if kind == "name" else kind == "sign" and word not in CLOSING


def declares(text: str) -> bool:
    """Whether a text is meant as a declaration: by its first word, or because two names stand at its beginning."""
    found = words(text)
    first, second = next(found, ("", "")), next(found, ("", ""))
    table = tables()
    if first[0] != "name":
        return False
    if first[1] in DECLARATION and (first[1] in table.words or second[0] == "name" and second[1] not in BETWEEN):
        return True
    return (first[1] not in table.words and second[0] == "name" and second[1] not in BETWEEN
            and second[1] not in table.words)
