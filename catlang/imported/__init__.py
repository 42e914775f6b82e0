"""Exported programs of PyTorch as specs.

A program that `torch.export` wrote is read as data, never run, and PyTorch is not needed for it. What each of its
operations is in catlang one table says; each module becomes a morphism with its layers labelled as they are called in
the program, copies in a row become a power, and views become patterns of axes.

``archive`` reads the file, ``program`` its graph, ``reading`` walks through it by the rows of ``operations``, which
make ``boxes``, with ``layout`` for how axes lie and ``known`` for what is computed of nothing; ``structure`` finds the
morphisms, ``body`` writes each, ``spec`` the file; ``weights`` says where weights are.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from catlang.diagnostic import Diagnostic, Label
from catlang.imported.archive import Archive, Unreadable, refused
from catlang.imported.program import ATEN, read
from catlang.imported.reading import Reading, Unknown
from catlang.imported.spec import Entry
from catlang.network.request import CompileError
from catlang.span import Source, Span

#: So many places of one operation are told, then how many more there are.
TOLD = 3


class ImportRefused(CompileError):
    """A program that cannot be said in catlang, or a file that is none; ``diagnostics`` say why."""


class Imported:
    """A program as a spec: its ``text``, the ``name`` of its morphism, and where its weights are.

    ``rename`` is the table for ``catlang.load(net, checkpoint, rename=...)``, for a checkpoint of the model that was
    exported; it is empty where every weight has the address in the spec that it has there.
    """

    def __init__(self, text: str, name: str, entries: list[Entry], ignored: list[str], archive: Archive) -> None:
        self.text = text
        self.name = name
        self.entries = entries
        self.ignored = ignored
        self.archive = archive

    @property
    def rename(self) -> dict[str, Any]:
        """The table of renames, as `catlang.load` takes it."""
        from catlang.imported.weights import table

        return table(self.entries, self.ignored)

    def toml(self) -> str:
        """The table of renames, as a file."""
        from catlang.imported.weights import toml

        return toml(self.entries, self.ignored)

    def safetensors(self) -> Iterator[bytes]:
        """The weights of the program itself under the addresses of the spec, as the pieces of a `.safetensors` file.
        Raises ``ImportRefused`` where one is not in the file."""
        from catlang.imported.weights import Missing, safetensors

        try:
            yield from safetensors(self.archive, self.entries)
        except Missing as missing:
            found = refused(self.archive.path, "E0820", f"the weight `{missing}` is not in the file",
                            help="save the program anew with its weights")
            raise ImportRefused([found.diagnostic]) from None
        except Unreadable as unreadable:
            raise ImportRefused([unreadable.diagnostic]) from None


def import_program(program: Any) -> Imported:
    """An exported program of PyTorch as a spec: of a `.pt2` file, or an ``ExportedProgram``. Raises ``ImportRefused``,
    whose ``diagnostics`` say why, where it has operations that catlang has not, or the file is none of a program."""
    path, file = "program", None
    if isinstance(program, str | os.PathLike):
        path = os.fspath(program)
    elif hasattr(program, "graph_signature"):
        file = _saved(program)
    else:
        raise TypeError(f"a path or an ExportedProgram, not {type(program).__name__}")
    from catlang.imported.layout import Unsaid
    from catlang.imported.operations import ROWS

    try:
        archive = Archive(path, file)
        graph = read(archive)
        try:
            reading = Reading(graph, ROWS)
            reading.run()
            if reading.unknown:
                raise ImportRefused(_told(reading.unknown, path))
            if not reading.outputs:
                raise Unsaid("nothing comes out of it")
            return _written(reading, archive)
        except Unsaid as unsaid:
            raise refused(path, "E0824", "the program is no network of batched tensors", str(unsaid)) from None
    except RecursionError:
        found = refused(path, "E0824", "the program is no network of batched tensors", "it is nested too deep")
        raise ImportRefused([found.diagnostic]) from None
    except Unreadable as unreadable:
        raise ImportRefused([unreadable.diagnostic]) from None


def _saved(program: Any) -> Any:
    import io

    import torch

    file = io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    return file


def _written(reading: Reading, archive: Archive) -> Imported:
    import catlang
    from catlang.imported.spec import Spec

    called = os.path.basename(archive.path)
    title = f"{called}, imported: its modules are morphisms, its layers have the names that they have there."
    spec = Spec(reading, title)
    text = catlang.format(spec.text())
    used = {one.name for one in spec.entries}
    ignored = [name for name in archive.stored if name not in used and name in archive.persistent]
    return Imported(text, spec.called[spec.keys[spec.structure.root]], spec.entries, ignored, archive)


# ------------------------------------------------------------------ what is unknown


def _told(unknown: list[Unknown], path: str) -> list[Diagnostic]:
    """One diagnostic for each operation that is not known, and for each reason why one cannot be said."""
    kinds: dict[tuple[str, str], list[Unknown]] = defaultdict(list)
    for one in unknown:
        kinds[one.op, one.reason].append(one)
    label = Label(Span(Source(path, None, ""), 0, 0))
    return [_one(op, reason, found, label) for (op, reason), found in sorted(kinds.items())]


def _one(op: str, reason: str, found: list[Unknown], label: Label) -> Diagnostic:
    name = op.removeprefix(ATEN).removeprefix("torch.ops.")
    times = "once" if len(found) == 1 else f"{len(found)} times"
    places = Counter(map(_place, found))
    why = [f"at {place}" + (f" ({count} times)" if count > 1 else "") for place, count in [*places.items()][:TOLD]]
    if len(places) > TOLD:
        why.append(f"and at {len(places) - TOLD} more place{'s' if len(places) > TOLD + 1 else ''}")
    if reason:
        return Diagnostic("E0823", f"`{name}` cannot be said like this, {times}: {reason}", [label], why=why)
    return Diagnostic("E0822", f"there is nothing in catlang for `{name}`, which is there {times}", [label], why=why)


def _place(one: Unknown) -> str:
    """The module that an operation is in, and the line that made it, as the program has them."""
    kind = one.node.calls[-1].kind.rpartition(".")[2] if one.node.calls else ""
    where = f"`{one.node.address}` ({kind})" if one.node.address else f"the root ({kind})" if kind else "the root"
    rows = [row.strip() for row in one.node.trace.splitlines()]
    for number, row in reversed(list(enumerate(rows))):
        if row.startswith("File ") and number + 1 < len(rows) and "/torch/nn/" not in row:
            file = row.split('"')[1] if row.count('"') > 1 else ""
            line = row.partition(", line ")[2].partition(",")[0]
            code = rows[number + 1]
            return f"{where}, {os.path.basename(file)}:{line}: {code[:100]}"
    return where


__all__ = ["ImportRefused", "Imported", "import_program"]
