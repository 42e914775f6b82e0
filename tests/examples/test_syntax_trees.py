"""The syntax trees example learns from trees what a bag of the same tokens cannot.

It protects the specification of the child-sum Tree-LSTM, the corpus and its honesty, and the page that shows them.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parents[2] / "examples" / "syntax_trees"
SPEC = FOLDER / "flow.cat"


def test_trees_tell_more_than_tokens(example: ModuleType) -> None:
    found = example.results()
    tree, _, seconds = found["passes"]
    bag, _, _ = found["bag"]
    assert tree >= 0.95
    assert bag <= 0.80
    assert seconds < 120
    assert found["passes"][1] < found["bag"][1], "the bag has more weights, not fewer"


def test_the_answers_cannot_be_read_off_the_tokens_that_direct_control(example: ModuleType) -> None:
    """In each half, of each bag of such tokens as many blocks have the one answer as the other."""
    data = example.corpus.corpus()
    control = {place for place, name in enumerate(data.vocabulary) if name in example.corpus.CONTROL}
    for half in (data.training, data.test):
        bags: Counter[tuple[int, ...]] = Counter()
        for tree, answer in half:
            bag = tuple(sorted(label for label in example.tokens(tree) if label in control))
            bags[bag] += 1 if answer else -1
        assert not any(bags.values())
    assert not {repr(tree) for tree, _ in data.training} & {repr(tree) for tree, _ in data.test}


def test_the_page_shows_what_is_there() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    text = SPEC.read_text(encoding="utf-8")
    assert text[text.index("## A node"):text.index("# For comparison")].strip() in page
