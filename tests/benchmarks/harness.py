"""Measuring ours against a peer, in one run: in turn, so that whatever else the machine does meets both.

A case has two callables. They are called alternately, the one that begins changing each time, after a warm-up of each;
what is short is called several times a sample. The ratio of a case is the median of the ratios of neighbouring samples.
"""

from __future__ import annotations

import argparse
import gc
import math
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: A sample takes at least so many seconds, so that neither the clock nor what came before matters.
SAMPLE = 0.02


@dataclass(frozen=True)
class Effort:
    """How much is measured: ``rounds`` pairs of samples a case; ``tiny`` asks for the smallest cases, once each."""

    rounds: int = 31
    tiny: bool = False

    @property
    def least(self) -> float:
        return 0.0 if self.tiny else SAMPLE


@dataclass(frozen=True)
class Row:
    """A case: medians in seconds, the ratio and what it may be; a reason in their place where there is no peer."""

    name: str
    target: float
    ours: float = math.nan
    peer: float = math.nan
    ratio: float = math.nan
    skipped: str = ""

    @property
    def share(self) -> float:
        """Of the target; a case that is skipped has not met it."""
        return math.inf if self.skipped else self.ratio / self.target


def compare(name: str, target: float, ours: Callable[[], object], peer: Callable[[], object], effort: Effort,
            scale: float = 1.0, clock: Callable[[], float] = time.perf_counter) -> Row:
    """Times two callables in turn; ``scale`` times the peer's time is what ours is held against."""
    calls = [ours, peer]
    # Equally often: what a first call pays, such as cold caches, is then shared out alike.
    count = max(_calibrated(call, effort.least, clock) for call in calls)
    samples: list[list[float]] = [[], []]
    rounds = 1 if effort.tiny else effort.rounds
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        for side in order:
            samples[side].append(_sample(calls[side], count, clock))
    held = [scale * seconds for seconds in samples[1]]
    ratio = statistics.median(one / other for one, other in zip(samples[0], held, strict=True))
    return Row(name, target, statistics.median(samples[0]), statistics.median(held), ratio)


def skipped(name: str, target: float, reason: str) -> Row:
    return Row(name, target, skipped=reason)


def _sample(call: Callable[[], object], count: int, clock: Callable[[], float]) -> float:
    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        if count > 1:
            call()
        begin = clock()
        for _ in range(count):
            call()
        return (clock() - begin) / count
    finally:
        if collecting:
            gc.enable()


def _calibrated(call: Callable[[], object], least: float, clock: Callable[[], float]) -> int:
    """Warms up, and says how many calls make a sample."""
    count = 1
    call()
    while _sample(call, count, clock) * count < least:
        count *= 2
    return count


def report(rows: Sequence[Row], setting: str = "") -> str:
    """The rows as a table, and as its last line the largest share of a target."""
    about = f"Python {platform.python_version()}, {platform.machine()}" + (f", {setting}" if setting else "")
    table = [("", "ours", "peer", "ratio", "target", "")]
    for row in rows:
        if row.skipped:
            table.append((row.name, "", "", "skipped", f"{row.target:.2f}", row.skipped))
        else:
            met = "met" if row.share <= 1 else "missed"
            table.append((row.name, _shown(row.ours), _shown(row.peer), f"{row.ratio:.3f}", f"{row.target:.2f}", met))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [about]
    for first, *rest in table:
        cells = [cell.rjust(width) for cell, width in zip(rest[:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells, rest[-1]]).rstrip())
    worst = max((row.share for row in rows), default=math.inf)
    return "\n".join([*lines, f"worst: {worst:.3f}"])


def _shown(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.0f} ns"


def arguments(names: Sequence[str]) -> tuple[str, Effort, int]:
    """The benchmark asked for, its effort, and the threads PyTorch may use."""
    parser = argparse.ArgumentParser(description="Measures one benchmark against its peer.")
    parser.add_argument("name", choices=names)
    parser.add_argument("--tiny", action="store_true", help="the smallest cases, once each: for correctness only")
    parser.add_argument("--rounds", type=int, default=31, help="pairs of samples a case (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch (default: %(default)s)")
    given = parser.parse_args()
    return given.name, Effort(max(1, given.rounds), given.tiny), given.threads
