"""Files checked side by side, by processes that are copies of this one.

A copy has all that was read, so that it is sent but a number and sends back a record; it takes the next as soon as it
is done. Nothing that comes back depends on which one checked what. A copy pays no attention to an interrupt from the
keyboard, which ends it by way of this process, and ends by itself where this process is gone.
"""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Where the files to check have fewer characters, one process checks them. Measured on two processors, one process to
#: two: 88 to 83 ms at 6,500 characters, 121 to 100 at 13,000, 190 to 135 at 26,000, 523 to 282 at 104,000.
WORTHWHILE = 12_000
#: For each process there is to be as much work as this.
SHARE = 6_000


def allowed() -> int:
    """The processors that this process may use."""
    try:
        count = len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        count = os.cpu_count() or 1
    try:
        with open("/sys/fs/cgroup/cpu.max", encoding="ascii") as file:
            quota, period = file.read().split()
        if quota != "max":
            count = min(count, -(-int(quota) // int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        pass
    return max(1, count)


def processes(jobs: int | None, tasks: int, characters: int) -> int:
    """How many processes check so many files: as many as were asked for; unasked, as many as there are processors and
    there is enough work for.

    >>> processes(4, 3, 10), processes(1, 100, 10**6), processes(None, 100, 10_000)
    (3, 1, 1)
    """
    if not hasattr(os, "fork"):
        return 1
    if jobs is not None:
        return max(1, min(jobs, tasks))
    if tasks < 2 or characters < WORTHWHILE:
        return 1
    return min(allowed(), tasks, max(1, characters // SHARE))


class Ended(Exception):
    """A process ended before it was done with its task; its ``number`` says with which."""

    def __init__(self, number: int, how: str) -> None:
        super().__init__(how)
        self.number = number


class _Worker:
    __slots__ = ("back", "pid", "task", "there")

    def __init__(self, pid: int, there: int, back: int) -> None:
        self.pid = pid
        self.there = there
        self.back = back
        self.task: int | None = None


def side_by_side(count: int, work: Callable[[int], bytes], tasks: Iterator[int]) -> Iterator[tuple[int, bytes | Ended]]:
    """What ``work`` makes of each of the tasks, in the order in which it is done, by so many processes at once.

    The next of the tasks is asked for whenever a process is free. All processes have ended when the iteration has.
    """
    workers: list[_Worker] = []
    try:
        _start(count, work, workers)
        poll = select.poll()
        by_handle = {worker.back: worker for worker in workers}
        busy = 0
        for worker in workers:
            busy += _give(worker, tasks)
            poll.register(worker.back, select.POLLIN)
        while busy:
            for handle, _ in poll.poll():
                worker = by_handle[handle]
                number = worker.task
                assert number is not None
                answer = _received(handle)
                if answer is None:
                    poll.unregister(handle)
                    busy -= 1
                    yield number, Ended(number, f"the process that checked it {_end(worker)}")
                else:
                    # What comes back may make the next task needless, so it is asked for only then.
                    yield number, answer
                    busy += _give(worker, tasks) - 1
    finally:
        _stop(workers)


def _start(count: int, work: Callable[[int], bytes], workers: list[_Worker]) -> None:
    # An interrupt waits until there is somebody who ends what was started.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        for _ in range(count):
            task_end, there = os.pipe()
            back, answer_end = os.pipe()
            try:
                pid = os.fork()
            except OSError:
                for handle in (task_end, there, back, answer_end):
                    os.close(handle)
                if not workers:
                    raise
                return
            if pid == 0:
                code = 1
                try:
                    signal.signal(signal.SIGINT, signal.SIG_IGN)
                    signal.pthread_sigmask(signal.SIG_SETMASK, before)
                    for handle in (there, back, *(one for worker in workers for one in (worker.there, worker.back))):
                        os.close(handle)
                    _serve(work, task_end, answer_end)
                    code = 0
                finally:
                    # Neither what this process has yet to write nor what it does at its end is the copy's.
                    os._exit(code)
            os.close(task_end)
            os.close(answer_end)
            workers.append(_Worker(pid, there, back))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(work: Callable[[int], bytes], tasks: int, answers: int) -> None:
    """What a copy does until nobody asks any more."""
    try:
        while (asked := _received(tasks)) is not None:
            _send(answers, work(int(asked)))
    except BrokenPipeError:
        pass


def _give(worker: _Worker, tasks: Iterator[int]) -> bool:
    """Gives a free worker the next task; whether there was one."""
    worker.task = next(tasks, None)
    if worker.task is None:
        return False
    try:
        _send(worker.there, str(worker.task).encode())
    except BrokenPipeError:
        return True  # it has ended, which is seen where its answer is awaited
    return True


def _send(handle: int, data: bytes) -> None:
    waiting = memoryview(len(data).to_bytes(8, "big") + data)
    while waiting:
        waiting = waiting[os.write(handle, waiting) :]


def _received(handle: int) -> bytes | None:
    """A whole message; None at the end of what comes."""
    head = _read(handle, 8)
    return None if head is None else _read(handle, int.from_bytes(head, "big"))


def _read(handle: int, size: int) -> bytes | None:
    parts: list[bytes] = []
    while size:
        part = os.read(handle, min(size, 1 << 20))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _end(worker: _Worker) -> str:
    _, status = os.waitpid(worker.pid, 0)
    worker.pid = 0
    if os.WIFSIGNALED(status):
        return f"was ended by the signal {os.WTERMSIG(status)}"
    return f"ended with the code {os.waitstatus_to_exitcode(status)}"


def _stop(workers: list[_Worker]) -> None:
    """Ends all of them: none has anything that would be lost."""
    for worker in workers:
        os.close(worker.there)
        os.close(worker.back)
        if worker.pid:
            os.kill(worker.pid, signal.SIGKILL)
    for worker in workers:
        if worker.pid:
            os.waitpid(worker.pid, 0)
            worker.pid = 0
