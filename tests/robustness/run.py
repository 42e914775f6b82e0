"""The long run: so many cases on so many processes, and a report of how they ended.

    python tests/robustness/run.py --cases 100000 --jobs 2 --seed 1 --failures failures.txt

Every prefix of every text, a thousand edits of every file and four hundred of every block; the rest of the cases are
half well-typed specifications and half ill-typed ones. Each is made of the seed and its number alone, so what fails is
told by them: ``--replay well-typed:17 --seed 1`` runs that one again, ``--shrink`` makes it as small as it goes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["XDG_CACHE_HOME"] = os.devnull
sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.robustness import answers, corpus, draws, promises, refusals
from tests.robustness.mistakes import mistakes
from tests.robustness.writer import specs

KINDS = ("prefix", "edit", "well-typed", "ill-typed")
#: How many cases a process does before it is asked for the next: it is a fresh one then, with nothing left behind.
PORTION = 500


def texts_of(kind: str, seed: int) -> Iterator[tuple[corpus.Text, str, bytes]]:
    for text in corpus.texts():
        made = corpus.prefixes(text) if kind == "prefix" else corpus.edits(text, text.edits, seed)
        for case, data in made:
            yield text, case, data


def answered(kind: str, first: int, count: int, seed: int) -> Iterator[tuple[str, str, Callable[[], str]]]:
    """Of so many cases from a number on: its name, what there is to be told of it, and what it ends in."""
    if kind in ("prefix", "edit"):
        for place, (text, name, data) in enumerate(texts_of(kind, seed)):
            if first <= place < first + count:
                yield f"{kind}:{place} {name}", repr(data), lambda data=data, text=text, place=place: (  # type: ignore[misc]
                    answers.answered(data, "text.cat", text.root, compiles=place % 4 == 0))
        return
    with tempfile.TemporaryDirectory(prefix="robust-") as folder:
        for number in range(first, first + count):
            name, made = f"{kind}:{number}", draws.drawn(specs() if kind == "well-typed" else mistakes(),
                                                         f"{seed} {kind} {number}")[0]
            shown = repr(made) if kind == "well-typed" else f"{made[0]}\n{made[1]}"
            yield name, shown, lambda made=made, number=number: case(kind, made, Path(folder), number)  # type: ignore[misc]


def case(kind: str, made: Any, folder: Path, number: int) -> str:
    if kind == "well-typed":
        held = promises.hold(made, folder, number)
        return "held" + (", exactly" if held["exact"] else "") + ("" if held["backward"] else ", forward only")
    return f"{made[0]}: {refusals.refused(made[1], made[2], folder)}"


def portion(kind: str, first: int, count: int, seed: int) -> tuple[Counter[str], list[str], float]:
    started, ended, failures = time.process_time(), Counter[str](), []
    for name, shown, run in answered(kind, first, count, seed):
        try:
            ended[f"{kind}: {run()}"] += 1
        except BaseException as failure:
            ended[f"{kind}: FAILED"] += 1
            told = f"{type(failure).__name__} {failure}\n" + (
                "" if isinstance(failure, answers.Failed) else traceback.format_exc()[-1500:])
            failures.append(f"=== seed {seed}, {name}\n{told}\n{shown}\n")
            if isinstance(failure, KeyboardInterrupt):
                raise
    return ended, failures, time.process_time() - started


def share_of(share: tuple[str, int, int, int]) -> tuple[str, Counter[str], list[str], float]:
    return share[0], *portion(*share)


def replay(name: str, seed: int, shrink: bool) -> None:
    """Runs one case again, perhaps made small."""
    kind, _, number = name.partition(":")
    if not shrink or kind not in ("well-typed", "ill-typed"):
        for _, shown, run in answered(kind, int(number), 1, seed):
            print(shown)
            print(run())
        return
    strategy = specs() if kind == "well-typed" else mistakes()
    found, choices = draws.drawn(strategy, f"{seed} {kind} {number}")

    with tempfile.TemporaryDirectory(prefix="robust-") as folder:
        def ends(made: Any) -> str:
            try:
                case(kind, made, Path(folder), int(number))
            except Exception as failure:
                return f"{type(failure).__name__} {failure}"[:40]
            return ""

        wanted = ends(found)
        small = draws.smallest(strategy, choices, lambda made: ends(made) == wanted)
        print(small if kind == "well-typed" else small[1], wanted, sep="\n")


def portions(given: argparse.Namespace) -> list[tuple[str, int, int]]:
    """The shares of all kinds, one after the other, of each kind some."""
    texts = corpus.texts()
    counts = {"prefix": sum(len(text.data) + 1 for text in texts), "edit": sum(text.edits for text in texts)}
    left = given.cases - sum(counts[kind] for kind in ("prefix", "edit") if kind in given.kinds)
    made = [kind for kind in ("well-typed", "ill-typed") if kind in given.kinds]
    counts |= {kind: (max(0, left) + place) // len(made) for place, kind in enumerate(made)}
    shares = [(kind, first, min(PORTION, counts[kind] - first)) for kind in given.kinds
              for first in range(0, counts[kind], PORTION)]
    return sorted(shares, key=lambda share: (share[1] / max(1, counts[share[0]]), share[0]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000, help="how many in all")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--failures", type=Path, default=Path("failures.txt"), help="where what failed is written to")
    parser.add_argument("--replay", metavar="KIND:NUMBER")
    parser.add_argument("--shrink", action="store_true")
    given = parser.parse_args()
    if given.replay:
        replay(given.replay, given.seed, given.shrink)
        return 0
    ended, seconds, started = Counter[str](), Counter[str](), time.monotonic()
    shares = portions(given)
    fresh = multiprocessing.get_context("spawn")
    with fresh.Pool(given.jobs, maxtasksperchild=8) as pool, open(given.failures, "a", encoding="utf-8") as file:
        for number, (kind, counts, failures, took) in enumerate(
                pool.imap_unordered(share_of, [(*share, given.seed) for share in shares]), 1):
            ended += counts
            seconds[kind] += took
            file.write("".join(f"{one}\n" for one in failures))
            file.flush()
            failed = sum(count for name, count in ended.items() if name.endswith("FAILED"))
            by_kind = ", ".join(f"{sum(count for name, count in ended.items() if name.startswith(f'{one}:'))} {one}"
                                for one in given.kinds)
            print(f"{number}/{len(shares)}: {by_kind}; {failed} failed, {time.monotonic() - started:.0f} s", flush=True)
    for kind in given.kinds:
        mine = {name: count for name, count in sorted(ended.items()) if name.startswith(f"{kind}:")}
        print(f"\n{kind}: {sum(mine.values())} cases in {seconds[kind]:.0f} s of a processor")
        print("".join(f"  {count:7} {name.partition(': ')[2]}\n" for name, count in mine.items()), end="")
    failed = sum(count for name, count in ended.items() if name.endswith("FAILED"))
    took = time.monotonic() - started
    print(f"\n{sum(ended.values())} cases, {failed} failed, {took:.0f} s on {given.jobs} processes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
