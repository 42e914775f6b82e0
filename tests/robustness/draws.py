"""Choices drawn from a seed, as Hypothesis draws them, and a failing case made as small as it goes."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.database import choices_from_bytes, choices_to_bytes
from hypothesis.internal.conjecture.data import ConjectureData, StopTest
from hypothesis.internal.conjecture.engine import ConjectureRunner, RunIsComplete
from hypothesis.internal.escalation import InterestingOrigin
from hypothesis.strategies import SearchStrategy


def drawn(strategy: SearchStrategy[Any], seed: int | str) -> tuple[Any, bytes]:
    """A value of the strategy, and the choices that it is made of; always the same of one seed."""
    chance = random.Random(seed)
    while True:
        data = ConjectureData(random=chance)
        try:
            found = data.draw(strategy)
        except StopTest:
            continue
        return found, choices_to_bytes(data.choices)


def smallest(strategy: SearchStrategy[Any], choices: bytes, fails: Callable[[Any], bool], tries: int = 300) -> Any:
    """The smallest value found that fails as one does that was made of these choices."""
    calls = 0

    def test(data: ConjectureData) -> None:
        nonlocal calls
        calls += 1
        value = data.draw(strategy)
        if calls <= tries and fails(value):
            data.mark_interesting(InterestingOrigin.from_exception(AssertionError()))

    runner = ConjectureRunner(test, random=random.Random(0), settings=settings(
        max_examples=tries, database=None, deadline=None, suppress_health_check=list(HealthCheck)))
    made = choices_from_bytes(choices)
    assert made is not None
    runner.cached_test_function(made)
    with suppress(RunIsComplete):
        runner.shrink_interesting_test_cases()
    found = next(iter(runner.interesting_test_cases.values())).choices if runner.interesting_test_cases else made
    return ConjectureData.for_choices(found).draw(strategy)
