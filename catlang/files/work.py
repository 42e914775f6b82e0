"""Graphs of files checked: what is remembered is looked up, the rest is checked, here or side by side, and kept.

The outcome is the same whichever way it came about: each unit is given what was said of its own files, and what was
said is gathered in the order of the files' names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catlang.failure import Stopped
from catlang.files.graph import Graph, Unit
from catlang.files.record import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from catlang.checker.loader import Loader
    from catlang.diagnostic import Diagnostic
    from catlang.files.store import Store

    Said = Mapping[str, Sequence[Diagnostic]]
    Progress = Callable[[int, int], None]

# What an answer from another process begins with.
KEPT, SENT, FAILED = b"k", b"s", b"f"


class Task:
    """A unit of a graph that is not known yet."""

    __slots__ = ("graph", "key", "number", "said", "unit")

    def __init__(self, number: int, graph: Graph, unit: Unit, key: bytes | None) -> None:
        self.number = number
        self.graph = graph
        self.unit = unit
        self.key = key
        self.said: Said | None = None


class Work:
    """The check of some graphs, with what is needed for it."""

    def __init__(self, graphs: Sequence[Graph], store: Store | None = None, jobs: int | None = 1,
                 progress: Progress | None = None) -> None:
        self.graphs = graphs
        self.store = store
        self.jobs = jobs
        self.progress = progress
        self.loaders: dict[Graph, Loader] = {}
        self.said: dict[Graph, list[Said]] = {graph: [] for graph in graphs}
        self.tasks: list[Task] = []
        self.own: dict[Graph, dict[str, Task]] = {graph: {} for graph in graphs}

    def done(self) -> list[Diagnostic]:
        """What is said of the files of all graphs.

        Raises ``Stopped`` at a mistake of catlang's own, at the first file that leads to one.
        """
        self._look_up()
        if self.tasks:
            for task in self.tasks:
                for node in task.unit.nodes:
                    self.own[task.graph][node.source.name] = task
            # What a check imports is imported before the processes part.
            from catlang.checking import check_file as check_file

            if (count := self._processes()) > 1:
                self._side_by_side(count)
            else:
                self._here()
        found: list[Diagnostic] = []
        for graph in self.graphs:
            together: dict[str, list[Diagnostic]] = {}
            for said in self.said[graph]:
                for name, diagnostics in said.items():
                    together.setdefault(name, []).extend(diagnostics)
            found += graph.unreadable
            found += (one for _, several in sorted(together.items()) for one in several)
        return found

    def _processes(self) -> int:
        if len(self.tasks) < 2 or self.jobs == 1:
            return 1
        from catlang.files.workers import processes

        return processes(self.jobs, len(self.tasks), sum(task.unit.size for task in self.tasks))

    def _look_up(self) -> None:
        mark = b""
        if self.store is not None:
            from catlang.files.fingerprint import fingerprint

            try:
                mark = fingerprint()
            except OSError:
                self.store = None  # an installation that cannot be read is not told from another
        for graph in self.graphs:
            for unit in graph.units:
                key = mark + unit.key if self.store is not None and unit.key is not None else None
                if key is not None and self.store is not None:
                    record = self.store.get(key)
                    said = unpacked(record, graph.source) if record is not None else None
                    if said is not None and said.keys() <= {node.source.name for node in unit.nodes}:
                        self.said[graph].append(said)
                        continue
                self.tasks.append(Task(len(self.tasks), graph, unit, key))

    # ---------------------------------------------------------------- checking

    def _check(self, task: Task) -> list[Task]:
        """Checks a unit, and so all that it imports and that was not checked here before; gives the tasks that are done
        with it."""
        from catlang.checker.loader import Loader
        from catlang.checking import check_file

        graph = task.graph
        loader = self.loaders.get(graph)
        if loader is None:
            loader = self.loaders[graph] = Loader(graph.root, graph.files)
        before = len(loader.order)
        for main in task.unit.mains:
            assert main.path is not None
            try:
                check_file(main.path, name=main.name, loader=loader)
            except Exception as failure:
                raise Stopped(main.name) from failure
        task.said = {}
        done = {task.number: task}
        for module in loader.order[before:]:
            name = module.source.name
            its = self.own[graph].get(name)
            if its is None:
                if name in graph.names:
                    continue  # what is said of it was remembered
                its = task  # the scan did not foresee it
            done[its.number] = its
            its.said = {**(its.said or {}), name: [*(its.said or {}).get(name, ()), *module.own]}
        return list(done.values())

    def _here(self) -> None:
        for number, task in enumerate(self.tasks):
            if task.said is None:
                self._check(task)
            assert task.said is not None
            self.said[task.graph].append(task.said)
            if task.key is not None and self.store is not None and not task.graph.files.strayed:
                record, lasting = packed(task.said, task.graph.source)
                if lasting:
                    self.store.put(task.key, record)
            if self.progress is not None:
                self.progress(number + 1, len(self.tasks))

    def _side_by_side(self, count: int) -> None:
        from catlang.files.workers import Ended, side_by_side

        failures: dict[int, Stopped] = {}
        known = 0
        for number, answer in side_by_side(count, self._answer, self._open(failures)):
            if isinstance(answer, Ended):
                failures[number] = Stopped(self._file(number), f"Ended: {answer}")
            elif answer[:1] == FAILED:
                failures[number] = _failure(answer[1:])
            else:
                for place, lasting, record in _parts(answer):
                    task = self.tasks[place]
                    if task.said is not None:
                        continue
                    task.said = unpacked(record, task.graph.source)
                    assert task.said is not None
                    self.said[task.graph].append(task.said)
                    known += 1
                    if lasting and task.key is not None and self.store is not None:
                        self.store.put(task.key, record)
            if self.progress is not None:
                self.progress(known, len(self.tasks))
        if failures:
            # All that come before the first were given out before it, and have ended.
            raise failures[min(failures)]

    def _open(self, failures: Mapping[int, Stopped]) -> Iterator[int]:
        """The tasks in their order, up to the first failure, without those that are known meanwhile."""
        for number, task in enumerate(self.tasks):
            if failures:
                return
            if task.said is None:
                yield number

    def _file(self, number: int) -> str:
        return self.tasks[number].unit.mains[0].name

    def _answer(self, number: int) -> bytes:
        """What another process sends back: what is said of the unit, and of those that it had to check for it."""
        try:
            known = self._check(self.tasks[number])
        except Stopped as stopped:
            return FAILED + _told(stopped)
        parts = []
        for task in known:
            assert task.said is not None
            record, lasting = packed(task.said, task.graph.source)
            kept = KEPT if lasting and not task.graph.files.strayed else SENT
            parts += [kept, task.number.to_bytes(8, "big"), len(record).to_bytes(8, "big"), record]
        return b"".join(parts)


def _parts(answer: bytes) -> Iterator[tuple[int, bool, bytes]]:
    at = 0
    while at < len(answer):
        place, size = (int.from_bytes(answer[at + start : at + start + 8], "big") for start in (1, 9))
        yield place, answer[at : at + 1] == KEPT, answer[at + 17 : at + 17 + size]
        at += 17 + size


def _told(stopped: Stopped) -> bytes:
    import json

    what, calls = stopped.told()
    return json.dumps([stopped.file, what, calls]).encode("ascii")


def _failure(data: bytes) -> Stopped:
    import json

    file, what, calls = json.loads(data)
    return Stopped(file, what, calls)
