"""`catlang show` of 300 boxes, in a process of its own: a cold start, checking, layout and all. What it is held
against is a second by the clock."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from check_case import installed, process
from harness import Effort, Row, compare, skipped

#: So long it may take.
SECOND = 1.0

#: A block has ten boxes beside each other once it is open: norms, three maps of each place, attention, two sums, and a
#: feed-forward layer with its activation.
BLOCK = """\
morphism block_{i} : Hidden^n -> Hidden^n
    = x |->
        let y = each(layer_norm)(x),
            a = attend(each(linear[_, d])(y), each(linear[_, d])(y), each(linear[_, d])(y)),
            z = add(x, each(affine)(a))
        in add(z, each(affine)(each(gelu)(each(layer_norm)(z))))
"""
HEAD = "dim n, d\nobject Hidden = R[d]\n"


def transformer(boxes: int) -> str:
    """So many boxes in blocks of ten, all open one level deep."""
    count = boxes // 10
    chain = " >> ".join(f"block_{i}" for i in range(count))
    return HEAD + "".join(BLOCK.format(i=i) for i in range(count)) + f"morphism net : Hidden^n -> Hidden^n = {chain}\n"


def chain(boxes: int) -> str:
    """So many boxes in one row."""
    return HEAD + "morphism net : Hidden -> Hidden = " + " >> ".join(["affine[d, d]", "relu"] * (boxes // 2)) + "\n"


def skips(boxes: int) -> str:
    """So many boxes in one diagram, with a wire past three of them at each second one."""
    lets = ", ".join(f"x{i + 1} = add(relu(x{i}), x{max(0, i - 1)})" for i in range(boxes // 2))
    return HEAD + f"morphism net : Hidden -> Hidden = x0 |-> let {lets} in x{boxes // 2}\n"


def rows(effort: Effort, threads: int) -> tuple[list[Row], str]:
    found = []
    count = 30 if effort.tiny else 300
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = installed(folder, effort.tiny)
        cases = [("in blocks of ten, open", transformer, "svg", ["--depth", "1"]), ("in a row", chain, "svg", []),
                 ("with wires past them", skips, "svg", []), ("in blocks, as a page", transformer, "html", [])]
        for title, make, form, more in cases:
            title = f"{count} boxes {title}, to a second"
            if isinstance(command, str):
                found.append(skipped(title, 1.0, command))
                continue
            call, environment = command
            (folder / "net.cat").write_text(make(count), encoding="utf-8")
            environment = {**environment, "OMP_NUM_THREADS": str(threads)}
            ours = process([*call, "show", "net.cat::net", "-o", f"net.{form}", *more], folder, environment)
            ours()
            drawn = (folder / f"net.{form}").read_text(encoding="utf-8").count('class="cat-node"')
            assert drawn >= count, f"only {drawn} boxes are drawn"
            found.append(compare(title, 1.0, ours, lambda: time.sleep(SECOND), effort))
    return found, f"{os.path.basename(sys.executable)}, a process each"
