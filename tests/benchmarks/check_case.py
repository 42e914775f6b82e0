"""`catlang check`: a cold process against `import lark`, long files against Lark's own parser of the same grammar."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from harness import Effort, Row, compare, skipped

ROOT = Path(__file__).resolve().parents[2]
#: Each block has ten lines, and so has what stands before the first.
CONCRETE = """\
# A transformer, block by block.
{note}
dim n = 128
dim h = 12
dim k = 32
dim d = h*k
object Hidden = R[d]

## A branch beside the identity.
morphism residual(f : Hidden^n -> Hidden^n) : Hidden^n -> Hidden^n = (id, each(layer_norm) >> f) >> add
"""
SYMBOLIC = CONCRETE.replace("dim n = 128", "dim n").replace("dim h = 12", "dim h").replace("dim k = 32", "dim k")
BLOCK = """\

## Block {i}: each token looks at all that stand before it, and thinks.
morphism heads_{i} : Hidden^n -> R[h, n, k] = each(affine as project) >> rearrange(n (h k) -> h n k)
morphism listen_{i} : Hidden^n -> Hidden^n
    = (heads_{i} as query, heads_{i} as key, heads_{i} as value)
      >> each((x, y, z) |-> attend[causal = true](x, y, z)) >> rearrange(h n k -> n (h k)) >> each(affine as output)
morphism think_{i} : Hidden -> Hidden = affine[_, 4*d] as up >> gelu >> dropout[0.1] >> affine as down
morphism block_{i} : Hidden^n -> Hidden^n = residual(listen_{i}) as first >> residual(each(think_{i})) as second
morphism pool_{i} : Hidden^n -> Hidden
    = x |-> let y = block_{i}(x), total = reduce(sum, n d -> d)(y) in add(tanh(total), reduce(max, n d -> d)(y))
"""


def spec(lines: int, symbolic: bool = False) -> str:
    """A file of so many lines."""
    head = (SYMBOLIC if symbolic else CONCRETE).format(note="# Its sizes are " + ("open." if symbolic else "given."))
    text = head + "".join(BLOCK.format(i=i) for i in range(lines // 10 - 1))
    assert text.count("\n") == lines
    return text


# ------------------------------------------------------------------ a cold process


def installed(folder: Path, tiny: bool) -> tuple[list[str], dict[str, str]] | str:
    """How the command is called, with the wheel installed in a folder; for `tiny` the source in its place. A text says
    why neither can be."""
    hidden = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    if tiny:
        return [sys.executable, "-m", "catlang"], {**environment, "PYTHONPATH": str(ROOT)}
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for step in (["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)],
                 ["install", "--no-deps", "--target", str(folder / "site"), "--no-index", "--find-links", str(folder),
                  "catlang"]):
        done = subprocess.run([*pip, *step], capture_output=True, text=True, env=environment)
        if done.returncode:
            return f"the wheel cannot be built or installed: {done.stderr.strip().splitlines()[-1]}"
    environment["PYTHONPATH"] = str(folder / "site")
    return [sys.executable, str(folder / "site" / "bin" / "catlang")], environment


def process(command: list[str], folder: Path, environment: dict[str, str],
            fine: tuple[int, ...] = (0,)) -> Callable[[], object]:
    """The command as a call that gives what it prints, and raises where its exit code is not a fine one."""
    def call() -> str:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode not in fine:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        return done.stdout

    return call


def cold(effort: Effort) -> list[Row]:
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = installed(folder, effort.tiny)
        for kind, target in (("concrete", 2.0), ("symbolic", 2.5)):
            title = f"100 {kind} lines, cold, to `import lark`"
            if isinstance(command, str):
                found.append(skipped(title, target, command))
                continue
            call, environment = command
            (folder / f"{kind}.cat").write_text(spec(100, kind == "symbolic"), encoding="utf-8")
            ours = process([*call, "check", f"{kind}.cat", "--no-cache"], folder, environment)
            peer = process([sys.executable, "-c", "import lark"], folder, environment)
            found.append(compare(title, target, ours, peer, effort))
    return found


# ------------------------------------------------------------------ long files


def check(text: str) -> Callable[[], object]:
    """Parses and checks, in this process."""
    from catlang.checking import check_source
    from catlang.source import decoded

    data = text.encode()

    def call() -> None:
        module = check_source(decoded(data, "long.cat", None))
        errors = [one for one in module.bag if one.severity == "error"]
        assert not errors, errors[0].headline

    return call


def long(effort: Effort) -> list[Row]:
    from catlang.grammar.tables import lark

    size = 100 if effort.tiny else 10_000
    rounds = Effort(max(1, effort.rounds // 3), effort.tiny)
    texts = {lines: spec(lines) for lines in (size // 4 // 10 * 10, size // 2 // 10 * 10, size)}
    quarter, half, whole = texts
    parser = lark(strict=False)
    parser.parse(texts[quarter])
    gc.collect()
    found = [compare(f"{whole} lines, parsed and checked, to Lark's parsing", 2.0, check(texts[whole]),
                     lambda: parser.parse(texts[whole]), rounds, clock=time.process_time)]
    for less, more in ((quarter, half), (half, whole)):
        found.append(compare(f"{more} lines to {less}, a line", 1.1, check(texts[more]), check(texts[less]), rounds,
                             scale=more / less, clock=time.process_time))
    return found


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    return [*cold(effort), *long(effort)], "long files by processor time, no garbage collected inside a sample"
