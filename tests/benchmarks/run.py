"""Runs one benchmark: ``python tests/benchmarks/run.py NAME [--tiny]``, the names being those of the files `*_case.py`.

Each measures a peer in the same run and prints a row a case: ours, the peer, their ratio, the target. The last line is
`worst: X`, the largest ratio divided by its target; at most 1 means that all targets are met.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = ("associative", "cache", "check", "compile_time", "generation", "linear_rnn", "lstm", "mlp", "sentences",
         "show", "trees")


def main() -> None:
    sys.path.insert(0, str(HERE))
    import harness

    name, effort, threads = harness.arguments(NAMES)
    rows, setting = importlib.import_module(f"{name}_case").rows(effort, threads)
    print(harness.report(rows, setting))


if __name__ == "__main__":
    main()
