"""An unchanged folder checked again: through the cache against a cold check, each the whole process, as a user runs it.

The folders are projects of 10,000 lines: files of usual lengths, most of which import one or two others. The peer is
the same command with nothing remembered, and with as many processes as it chooses.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from check_case import installed, process, spec
from harness import Effort, Row, compare, skipped

TARGET = 0.15
MISTAKE = "morphism wrong_{0} : Hidden -> Hidden = affine[_, {0}] as up >> gelu >> layer_norm[7]\n"


def project(folder: Path, lines: int, files: int, wrong: int = 0) -> None:
    """So many lines in so many files: blocks that others import, and networks that import them."""
    chance = random.Random(files)
    each = lines // files // 10 * 10
    for number in range(files):
        imported = chance.sample(range(number), min(number, 2)) if number % 4 else []
        head = "".join(f'import "../{other % 7}/m{other}.cat" as m{other}\n' for other in imported)
        text = head + spec(each)
        if number < wrong:
            text += MISTAKE.format(number + 8)
        place = folder / str(number % 7) / f"m{number}.cat"
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    lines = 200 if effort.tiny else 10_000
    rounds = Effort(max(1, effort.rounds // 3), effort.tiny)
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = installed(folder, effort.tiny)
        for number, (files, wrong) in enumerate(((10, 0), (50, 0), (200, 0), (50, 50))):
            files = max(2, files * lines // 10_000)
            wrong = min(wrong, files)
            title = f"{lines} lines in {files} files" + (f", {wrong} mistakes" if wrong else "")
            if isinstance(command, str):
                found.append(skipped(title, TARGET, command))
                continue
            call, environment = command
            place = folder / f"project_{number}"
            place.mkdir()
            project(place, lines, files, wrong)
            check = [*call, "check", place.name, "--cache", "kept"]
            again = process(check, folder, environment, (0, 1))
            again()  # which fills the cache
            cold = process([*call, "check", place.name, "--no-cache"], folder, environment, (0, 1))
            assert again() == cold(), "what the cache tells is not what a check tells"
            found.append(compare(title, TARGET, again, cold, rounds))
    return found, f"whole processes, {sys.platform}"
