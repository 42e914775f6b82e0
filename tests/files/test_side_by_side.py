"""Files checked side by side: the same is said, byte for byte, however many processes there are and in whatever order
they are done; and no process and no traceback is left over, however a check ends."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catlang.checked import below, check_paths
from catlang.checker.loader import Loader
from catlang.checking import check_file
from catlang.diagnostic import Bag
from catlang.files.workers import WORTHWHILE, Ended, allowed, processes, side_by_side
from catlang.source import Unreadable

REPOSITORY = Path(__file__).parents[2]
MISTAKES = REPOSITORY / "tests" / "golden" / "mistakes"
BLOCK = "morphism f{0} : R[8] -> R[8] = affine[_, 5] >> relu >> affine[_, 7] >> gelu >> affine\n"


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every mistake there is, and files that import many others."""
    place = tmp_path / "many"
    shutil.copytree(MISTAKES, place, ignore=shutil.ignore_patterns("*.txt", "pyproject.toml"))
    names = sorted(path.name for path in place.glob("*.cat"))
    for number in range(8):
        chosen = random.Random(number).sample(names, 6)
        (place / f"several{number}.cat").write_text(
            "".join(f'import "{name}" as m{i}\n' for i, name in enumerate(chosen)) + "object A = R[q]\n")
    monkeypatch.chdir(place)
    return place


def test_the_same_by_any_number_of_processes(many: Path, check) -> None:
    serial = check(".", "--no-cache", "--jobs", "1")
    assert serial.returncode == 1 and serial.stdout.endswith(" files\n") and not serial.stderr
    for jobs, seed in (("2", "1"), ("3", "2"), ("7", "3")):
        done = check(".", "--no-cache", "--jobs", jobs, PYTHONHASHSEED=seed)
        assert (done.returncode, done.stdout, done.stderr) == (1, serial.stdout, "")


def test_the_order_of_files_changes_nothing(many: Path) -> None:
    """What was checked before a file says nothing about it, be it through one loader or through none."""
    shutil.rmtree(many / "imports_in_a_circle")
    files = list(below("."))
    together = check_paths(["."]).diagnostics
    for seed in range(2):
        random.Random(seed).shuffle(files)
        bag, loader = Bag(), Loader(".")
        for file in files:
            bag.extend(check_file(file, loader=loader).bag)
        assert list(bag) == together
    alone = Bag()
    for file in files:
        try:
            alone.extend(check_file(file, loader=Loader(".")).bag)
        except Unreadable as unreadable:
            alone.add(unreadable.diagnostic)
    assert list(alone) == together


def test_what_a_file_assumes_holds_in_it_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.cat").write_text("dim n\ndim z where z >= 5, z <= 4\n")
    Path("b.cat").write_text("dim d, h\nmorphism f : R[d] -> R[h, d // h] = rearrange((h k) -> h k)\n")
    alone = check_paths(["b.cat"]).report()
    assert "E0303" in alone and alone in check_paths(["."]).report()


def test_a_rule_chooses_how_many() -> None:
    assert processes(None, 1, 10**9) == 1
    assert processes(None, 10, WORTHWHILE - 1) == 1
    assert processes(None, 1000, 10**9) == allowed() <= (os.cpu_count() or 1)
    assert processes(3, 1000, 1) == 3 and processes(8, 2, 1) == 2 and processes(1, 1000, 10**9) == 1


@pytest.mark.parametrize("jobs", ["0", "-1", "1.5", "two", "", "99999", "²"])
def test_no_number_of_processes(jobs: str, many: Path, check) -> None:
    done = check(".", f"--jobs={jobs}")
    assert done.returncode == 2 and "`--jobs` is a number of processes" in done.stderr


def crash(files: list[str], jobs: int) -> str:
    """What a check says that stops at some of the files."""
    code = """
import os, signal, sys, time
import catlang.checking as check
from catlang.command import main
wrong, real = sys.argv[2].split(","), check.check_module
def broken(module):
    if module.source.name in wrong:
        if "later" in module.source.name:
            time.sleep(0.5)
        if "killed" in module.source.name:
            os.kill(os.getpid(), signal.SIGKILL)
        raise RecursionError("too deep \\x1b[2J")
    real(module)
check.check_module = broken
sys.exit(main(["check", ".", "--no-cache", "--jobs", sys.argv[1]]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(jobs), ",".join(files)], capture_output=True, text=True,
                          timeout=60, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
    assert done.returncode == 3 and done.stdout == "" and "Traceback" not in done.stderr
    return done.stderr


def test_a_crash_tells_the_file_as_the_serial_check_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(9):
        Path(f"m{number}.cat").write_text(BLOCK.format(number))
    Path("later.cat").write_text('import "m7.cat" as m7\n')
    for wrong, file in ((["m4.cat"], "m4.cat"), (["later.cat", "m1.cat"], "later.cat"), (["m7.cat"], "later.cat")):
        serial = crash(wrong, 1)
        assert f"  file:    {file}\n" in serial and "RecursionError: too deep ␛[2J" in serial
        assert "in broken" in serial
        for _ in range(3):
            told = crash(wrong, 3)
            assert [line for line in told.splitlines() if line.startswith(("  file", "  what", "  where"))] == [
                line for line in serial.splitlines() if line.startswith(("  file", "  what", "  where"))]


def test_a_process_that_is_killed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "killed", "z"):
        Path(f"{name}.cat").write_text(BLOCK.format(0))
    told = crash(["killed.cat"], 2)
    assert "  file:    killed.cat\n" in told and "was ended by the signal 9" in told


# ------------------------------------------------------------------ how it ends


def started(folder: Path, jobs: int, **more: object) -> subprocess.Popen[bytes]:
    """A check that lasts, in a group of its own, as one from a terminal is."""
    for number in range(60):
        (folder / f"m{number}.cat").write_text("".join(BLOCK.format(i) for i in range(400)))
    # Tests that run in the background may ignore interrupts, which is inherited.
    return subprocess.Popen([sys.executable, "-m", "catlang", "check", ".", "--no-cache", "--jobs", str(jobs)],
                            cwd=folder, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                            env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, **more)  # type: ignore[call-overload]


def group(leader: int) -> list[int]:
    """The processes of a group that have not ended."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[2] == str(leader) and fields[0] not in "ZX":
                found.append(int(entry))
    return found


def until(condition: object, seconds: float = 30) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")
@pytest.mark.parametrize(("way", "moment"), [(way, moment) for way in ("keys", "main", "killed", "terminated")
                                             for moment in (0.0, 0.3)])
def test_an_interrupt_leaves_nothing(way: str, moment: float, tmp_path: Path) -> None:
    process = started(tmp_path, 3)
    try:
        assert until(lambda: len(group(process.pid)) == 4)
        time.sleep(moment)
        if way == "keys":  # what a terminal does: every process of the group is interrupted
            os.killpg(process.pid, signal.SIGINT)
        else:
            number = {"main": signal.SIGINT, "killed": signal.SIGKILL, "terminated": signal.SIGTERM}[way]
            os.kill(process.pid, number)
        out, error = process.communicate(timeout=30)
        if way in ("keys", "main"):
            assert process.returncode == 130
        assert (out, error) == (b"", b"")
        assert until(lambda: not group(process.pid))
    finally:
        for left in group(process.pid):
            os.kill(left, signal.SIGKILL)
        process.wait()


def test_workers_end_with_the_iteration() -> None:
    made = side_by_side(2, lambda number: str(number * number).encode(), iter(range(50)))
    assert next(made)[1] in (b"0", b"1")
    made.close()  # type: ignore[attr-defined]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
    assert sorted(side_by_side(3, lambda number: bytes(number * 70_000), iter(range(5)))) == [
        (number, bytes(number * 70_000)) for number in range(5)]
    assert list(side_by_side(2, bytes, iter(()))) == []
    [(number, ended)] = side_by_side(1, lambda number: os._exit(7), iter([4]))
    assert number == 4 and isinstance(ended, Ended) and str(ended).endswith("ended with the code 7")


def test_the_library_starts_no_processes(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import catlang

    monkeypatch.setattr(os, "fork", None)
    assert catlang.check(".").files > 200


# ------------------------------------------------------------------ how far it is


def seen(folder: Path, columns: int = 80, **environment: str) -> bytes:
    """What a terminal is sent on the standard error of a check that lasts a while."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    settings = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "CI")}
    code = ("import sys; import catlang.progress as p; p.PATIENCE = p.PACE = 0.0; "
            "from catlang.command import main; sys.exit(main())")
    done = subprocess.run([sys.executable, "-c", code, "check", ".", "--no-cache"], cwd=folder, stderr=theirs,
                          stdout=subprocess.PIPE, timeout=60,
                          env={"TERM": "xterm", **settings, "PYTHONPATH": str(REPOSITORY), **environment})
    assert done.returncode == 0 and done.stdout == b"no errors in 12 files\n"
    os.set_blocking(ours, False)
    try:
        return os.read(ours, 100_000)
    except BlockingIOError:
        return b""
    finally:
        os.close(theirs)
        os.close(ours)


@pytest.fixture
def twelve(tmp_path: Path) -> Path:
    for number in range(12):
        (tmp_path / f"m{number}.cat").write_text(BLOCK.format(number))
    return tmp_path


def test_a_terminal_sees_how_far_it_is_and_then_nothing(twelve: Path) -> None:
    said = seen(twelve)
    assert b"\r\x1b[Kchecking [" in said and b"] 6 of 12" in said and said.endswith(b"\r\x1b[K")
    assert b"\n" not in said and b"\x1b[1" not in said and b"\x1b[3" not in said
    assert seen(twelve, NO_COLOR="1") == said


def test_a_narrow_terminal_is_never_wrapped(twelve: Path) -> None:
    for columns in (30, 20, 10, 5, 1):
        lines = [line for line in seen(twelve, columns).decode().split("\r\x1b[K") if line]
        assert all(len(line) < columns for line in lines)
        assert bool(lines) is (columns > 5)


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": ""}, {"CI": "true"}])
def test_where_nobody_can_see_it_nothing_is_written(environment: dict[str, str], twelve: Path) -> None:
    assert seen(twelve, **environment) == b""


def test_a_log_holds_nothing_of_it(twelve: Path, check) -> None:
    assert check(str(twelve), "--no-cache", CI="").stderr == ""
