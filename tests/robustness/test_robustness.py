"""A slice of the long run: whatever checks is held to all that is promised of it, whatever is wrong is refused, and no
prefix and no edit of any text ends in anything but diagnostics.

``python tests/robustness/run.py`` runs very many more of each.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from . import answers, corpus, promises, refusals
from .mistakes import mistakes
from .writer import Spec, specs

slice_of = settings(deadline=None, derandomize=True, database=None, print_blob=True,
                    suppress_health_check=list(HealthCheck))
TEXTS = corpus.texts()
#: How many texts of each kind are checked here.
PREFIXES, EDITS = 300, 400


@settings(slice_of, max_examples=70)
@given(specs())
def test_what_checks_keeps_all_promises(tmp_path_factory: pytest.TempPathFactory, spec: Spec) -> None:
    promises.hold(spec, tmp_path_factory.mktemp("held"))


@settings(slice_of, max_examples=150)
@given(mistakes())
def test_what_is_an_edit_away_is_refused(tmp_path_factory: pytest.TempPathFactory,
                                         mistake: tuple[str, str, dict[str, str]]) -> None:
    _, text, files = mistake
    refusals.refused(text, files, tmp_path_factory.mktemp("refused"))


def test_prefixes_end_in_diagnostics() -> None:
    """Of all texts together, evenly."""
    step = sum(len(text.data) for text in TEXTS) // PREFIXES
    ended = Counter(answers.answered(data, "text.cat", text.root)
                    for text in TEXTS for _, data in corpus.prefixes(text, step))
    assert ended["refused"] > ended["accepted"] > 0


def test_edits_of_one_byte_end_in_diagnostics() -> None:
    """What checks after one compiles, or is refused by the compiler."""
    ended = Counter(answers.answered(data, "text.cat", text.root, compiles=place == 0) for text in TEXTS
                    for place, (_, data) in enumerate(corpus.edits(text, max(1, EDITS // len(TEXTS)), 1)))
    assert ended["refused"] and ended["unreadable"] and ended["accepted"]
