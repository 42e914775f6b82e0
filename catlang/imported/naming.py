"""Names of a spec, out of names that somebody gave in a program.

These are data: letters, digits and `_` are kept, in their NFKC form, the rest becomes `_`; no word of the language, of
Python, or attribute of every module comes out, and no name twice.

>>> plain("layer.0"), plain("self"), plain("to"), plain("2x"), plain("a b\\n# c"), plain("日本"), plain("__x")
('layer_0', 'self', 'to_', 'x2x', 'a_b_c', 'x', 'x')
>>> snake("GPT2LMHeadModel"), snake("BertSelfAttention"), snake("ViTModel"), snake("T5LayerFF")
('gpt2_lm_head_model', 'bert_self_attention', 'vit_model', 't5_layer_ff')
>>> names = Names({"x"})
>>> names.new("x"), names.new("y"), names.new("x")
('x_2', 'y', 'x_3')
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable

from catlang.checker.reserved import MODULE_ATTRIBUTES
from catlang.syntax.tables import tables

#: The longest name that is taken from a program.
LONGEST = 60


def plain(text: str) -> str:
    """A name like the text."""
    kept = "".join(one if one == "_" or one.isascii() and one.isalnum() or _letter(one) else "_"
                   for one in unicodedata.normalize("NFKC", text))
    name = re.sub("__+", "_", kept).strip("_")[:LONGEST].rstrip("_")
    if not name:
        return "x"
    if not (name[0].isalpha()):
        name = f"x{name}"
    if name in tables().words or name in MODULE_ATTRIBUTES or keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return f"{name}_"
    return name


def _letter(one: str) -> bool:
    """A letter of the alphabets that names of the language are made of."""
    if not one.isalpha():
        return False
    return unicodedata.name(one, "").split(" ")[0] in ("LATIN", "GREEK", "CYRILLIC")


def snake(text: str) -> str:
    """The name of a class, as one of a morphism."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", text)
    apart = re.sub(r"(?<=[0-9])(?=[A-Z]{2,})", "_", apart)
    # A letter by itself belongs to what is in front of it.
    return plain(re.sub(r"_([A-Za-z])(?=_|$)", r"\1", apart).lower())


class Names:
    """Names that are taken, and new ones beside them."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.numbers: dict[str, int] = {}

    def new(self, wanted: str) -> str:
        """The name wanted, or the first free one with a number behind."""
        name, number = wanted, self.numbers.get(wanted, 2)
        while name in self.taken:
            name, number = f"{wanted}_{number}", number + 1
        self.numbers[wanted] = number
        self.taken.add(name)
        return name
