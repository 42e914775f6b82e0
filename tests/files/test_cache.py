"""The cache never changes an answer: whatever was kept, damaged, deleted or shared, what is said is what an uncached
check says, byte for byte, and what was kept is used where nothing that matters has changed."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from catlang.checked import check_paths
from catlang.files.fingerprint import APART, PACKAGE, fingerprint
from catlang.files.graph import Graph
from catlang.files.record import packed, unpacked
from catlang.files.store import BLOCK, LARGEST_RECORD, SHARE, Store, place

REPOSITORY = Path(__file__).parents[2]


def entries(cache: Path) -> list[Path]:
    return sorted(path for path in cache.glob("??/*") if path.is_file())


class Counted(Store):
    """A store that counts what is found in it."""

    __slots__ = ("found", "missed")

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.found = self.missed = 0

    def get(self, key: bytes) -> bytes | None:
        record = super().get(key)
        if record is None:
            self.missed += 1
        else:
            self.found += 1
        return record


def through(cache: Path, *paths: str) -> tuple[str, int, int]:
    """What is said by way of the cache; how many of the files were known and how many not."""
    store = Counted(str(cache))
    said = check_paths(paths or ["."], store=store).report()
    assert said == check_paths(paths or ["."]).report()
    return said, store.found, store.missed


def test_the_second_time_all_is_known(folder: Path, tmp_path: Path) -> None:
    first, found, missed = through(tmp_path / "c")
    assert (found, missed) == (0, 6) and "error[E0302]" in first
    assert through(tmp_path / "c") == (first, 6, 0)


@pytest.mark.parametrize("format", ["full", "concise"])
def test_the_command_says_the_same_in_every_format(format: str, folder: Path, check, tmp_path: Path) -> None:
    arguments = (".", "--format", format)
    plain = check(*arguments, "--no-cache")
    assert plain.returncode == 1 and not plain.stderr
    for number in range(3):
        cached = check(*arguments, "--cache", str(tmp_path / "c"), PYTHONHASHSEED=str(number))
        assert (cached.returncode, cached.stdout, cached.stderr) == (1, plain.stdout, "")
    assert len(entries(tmp_path / "c")) == 6


def test_nothing_is_checked_where_all_is_known(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, *_ = through(tmp_path / "c")
    monkeypatch.setattr("catlang.checking.check_source", None)
    monkeypatch.setattr("catlang.checker.loader.parse", None)
    assert check_paths(["."], store=Store(str(tmp_path / "c"))).report() == said


def test_what_is_known_is_told_without_the_checker(folder: Path, check, tmp_path: Path) -> None:
    code = ("import sys; from catlang.command import main; main(['check', '.', '-q', '--cache', sys.argv[1]]); "
            "print([name for name in sys.modules if name.startswith('catlang.checker')])")
    for expected in (False, True):
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "c")], capture_output=True, text=True,
                              env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, timeout=60, check=True)
        assert (done.stdout.splitlines()[-1] == "[]") is expected


# ------------------------------------------------------------------ what an outcome depends on


def test_a_change_counts_for_all_that_import_the_file(folder: Path, tmp_path: Path) -> None:
    through(tmp_path / "c")
    (folder / "left.cat").write_text((folder / "left.cat").read_text() + "\n")
    assert through(tmp_path / "c")[1:] == (4, 2)
    (folder / "base.cat").write_text((folder / "base.cat").read_text().replace("block", "black"))
    said, found, missed = through(tmp_path / "c")
    assert (found, missed) == (2, 4) and "did you mean" in said
    (folder / "alone.cat").write_text("morphism k : R[3] -> R[3] = relu\n")
    assert through(tmp_path / "c")[1:] == (5, 1)


def test_a_change_and_back_is_known(folder: Path, tmp_path: Path) -> None:
    said, *_ = through(tmp_path / "c")
    before = (folder / "base.cat").read_text()
    (folder / "base.cat").write_text("")
    through(tmp_path / "c")
    (folder / "base.cat").write_text(before)
    assert through(tmp_path / "c") == (said, 6, 0)


def test_a_file_that_appears(folder: Path, tmp_path: Path) -> None:
    said, *_ = through(tmp_path / "c")
    assert "there is no file `lost.cat`" in said
    (folder / "lots.cat").write_text("")  # what was probably meant
    said, _, missed = through(tmp_path / "c")
    assert missed == 2 and "did you mean `lots.cat`?" in said
    (folder / "lost.cat").write_text("")
    assert "lost" not in through(tmp_path / "c")[0]
    (folder / "lost.cat").unlink()
    (folder / "lost.cat").mkdir()
    assert "`lost.cat` is a folder" in through(tmp_path / "c")[0]
    (folder / "lost.cat").rmdir()
    (folder / "lost.cat").write_bytes(b"\xff")
    assert "not UTF-8" in through(tmp_path / "c")[0]


def test_the_root_decides_what_may_be_imported(folder: Path, tmp_path: Path) -> None:
    assert "E0703" not in through(tmp_path / "c", ".")[0]
    assert "E0703" in through(tmp_path / "c", "deep/top.cat")[0]
    assert "E0703" in through(tmp_path / "c", "deep")[0]
    assert "E0703" not in through(tmp_path / "c", ".", "left.cat")[0]


def test_two_roots_share_what_is_the_same(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, *_ = through(tmp_path / "c")
    twin = tmp_path / "elsewhere"
    shutil.copytree(folder, twin)
    monkeypatch.chdir(twin)
    assert through(tmp_path / "c") == (said, 6, 0)
    # Under other names it is another outcome.
    monkeypatch.chdir(tmp_path)
    other, found, missed = through(tmp_path / "c", "project", "elsewhere")
    assert (found, missed) == (0, 12) and "project/right.cat" in other and "elsewhere/right.cat" in other


def test_another_library_another_catlang_another_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = fingerprint()
    assert fingerprint() == before
    monkeypatch.setattr("catlang.files.fingerprint.VERSION", "0.0.0")
    assert fingerprint() != before
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "z3", None)
    without = fingerprint()
    monkeypatch.undo()
    if shutil.which("true") and without == before:
        assert not list(Path(sys.prefix).rglob("z3/__init__.py"))
    copy = tmp_path / "catlang"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns(*APART), symlinks=False)
    monkeypatch.setattr("catlang.files.fingerprint.PACKAGE", str(copy))
    assert fingerprint() == before
    for path in (copy / "library" / "prelude.cat", copy / "checker" / "check.py", copy / "grammar" / "tables.json"):
        text = path.read_bytes()
        path.write_bytes(text + b"\n")
        assert fingerprint() != before, path
        path.write_bytes(text)
    (copy / "library" / "std" / "new.cat").write_text("")
    assert fingerprint() != before


def test_the_fingerprint_covers_all_that_a_check_imports(folder: Path) -> None:
    code = ("import sys; from catlang.checked import check_paths; "
            "check_paths(sys.argv[1:], jobs=1).report(); "
            "print('\\n'.join(one.__file__ for name, one in sys.modules.items() if name.startswith('catlang')))")
    mistakes = REPOSITORY / "tests" / "golden" / "mistakes"
    done = subprocess.run([sys.executable, "-c", code, str(mistakes), str(REPOSITORY / "examples")],
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=True)
    used = [Path(line).relative_to(PACKAGE) for line in done.stdout.splitlines()]
    assert len(used) > 50
    assert [path for path in used if set(path.parts) & APART] == []


# ------------------------------------------------------------------ circles, links, races


def test_a_circle_of_imports(folder: Path, tmp_path: Path) -> None:
    (folder / "base.cat").write_text('import "right.cat" as right\n' + (folder / "base.cat").read_text())
    said, found, missed = through(tmp_path / "c")
    assert "error[E0702]" in said and (found, missed) == (0, 3)
    assert through(tmp_path / "c") == (said, 3, 0)
    # Where a circle is told depends on where it is begun.
    assert through(tmp_path / "c", "right.cat")[1] == 0
    (folder / "right.cat").write_text('import "right.cat" as right\n')
    assert "right.cat -> right.cat" in through(tmp_path / "c")[0]


def test_a_circle_in_a_comment_is_none(folder: Path, tmp_path: Path) -> None:
    (folder / "base.cat").write_text('# import "left.cat" as left\n')
    through(tmp_path / "c")
    assert through(tmp_path / "c")[1:] == (6, 0)


def test_links(folder: Path, tmp_path: Path) -> None:
    (folder / "aaa.cat").symlink_to("right.cat")
    (folder / "zoo").symlink_to("deep")
    (folder / "last.cat").write_text('import "zoo/top.cat" as top\nimport "deep/top.cat" as top2\n')
    said, *_ = through(tmp_path / "c")
    assert through(tmp_path / "c")[0] == said
    (folder / "aaa.cat").unlink()
    (folder / "aaa.cat").symlink_to("alone.cat")
    assert "aaa.cat:1" in through(tmp_path / "c")[0]
    (folder / "aaa.cat").unlink()
    (folder / "aaa.cat").symlink_to("aaa.cat")
    through(tmp_path / "c")
    (folder / "up").symlink_to(".")
    (folder / "none.cat").write_text('import "up/none.cat" as none\n')
    said, *_ = through(tmp_path / "c")
    assert through(tmp_path / "c")[0] == said


def test_a_file_that_vanishes_between_listing_and_reading(folder: Path, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    import catlang.checked

    below = catlang.checked.below

    def vanishing(*arguments: object):
        for path in list(below(*arguments)):  # type: ignore[arg-type]
            if path == "alone.cat":
                (folder / path).unlink()
            yield path

    monkeypatch.setattr(catlang.checked, "below", vanishing)
    for _ in range(2):
        (folder / "alone.cat").write_text("")
        checked = check_paths(["."], store=Store(str(tmp_path / "c")))
        assert "there is no file `alone.cat`" in checked.report() and checked.files == 6


def test_what_was_hashed_is_what_is_checked(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that changes between the hash and the check is remembered as what it was."""
    import catlang.files.work

    before = check_paths(["."]).report()

    class Changing(catlang.files.work.Work):
        def done(self):
            for name in ("base.cat", "right.cat", "alone.cat"):
                (folder / name).write_text("object Broken = \n")
            return super().done()

    monkeypatch.setattr(catlang.files.work, "Work", Changing)
    assert check_paths(["."], store=Store(str(tmp_path / "c"))).report() == before
    monkeypatch.undo()
    os.chdir(folder)
    assert "E0100" in through(tmp_path / "c")[0]


# ------------------------------------------------------------------ the folder


def test_damage_at_every_byte_is_a_miss(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.put(b"key", b'[["a.cat",[]]]')
    [path] = entries(tmp_path)
    whole = path.read_bytes()
    assert store.get(b"key") == b'[["a.cat",[]]]'
    for at in range(len(whole)):
        for damaged in (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:at],
                        whole[:at] + whole[at + 1 :], whole[:at] + b"\0" + whole[at:]):
            path.write_bytes(damaged)
            assert store.get(b"key") is None
    path.write_bytes(whole + b"\n")
    assert store.get(b"key") is None
    path.write_bytes(whole)
    assert store.get(b"key") is not None and store.get(b"kez") is None


def test_a_record_in_the_place_of_another_is_a_miss(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.put(b"one", b"1")
    [one] = entries(tmp_path)
    store.put(b"two", b"2")
    [two] = [path for path in entries(tmp_path) if path != one]
    shutil.copy(one, two)
    assert store.get(b"two") is None and store.get(b"one") == b"1"


def test_damaged_entries_change_no_answer(folder: Path, tmp_path: Path) -> None:
    said, *_ = through(tmp_path / "c")
    chance = random.Random(7)
    for _ in range(60):
        for path in entries(tmp_path / "c"):
            kind = chance.randrange(6)
            data = bytearray(path.read_bytes())
            if kind == 0:
                data[chance.randrange(len(data))] = chance.randrange(256)
            elif kind == 1:
                del data[chance.randrange(len(data)) :]
            elif kind == 2:
                data = bytearray(chance.randbytes(chance.randrange(300)))
            elif kind == 3:
                path.unlink()
                continue
            elif kind == 4:
                data = bytearray(chance.choice(entries(tmp_path / "c")).read_bytes())
            path.write_bytes(data)
        assert check_paths(["."], store=Store(str(tmp_path / "c"))).report() == said


def test_other_things_in_the_places_of_entries(folder: Path, tmp_path: Path) -> None:
    said, *_ = through(tmp_path / "c")
    for number, path in enumerate(entries(tmp_path / "c")):
        path.unlink()
        if number % 3 == 0:
            path.mkdir()
        elif number % 3 == 1:
            os.mkfifo(path)
        else:
            path.symlink_to("/dev/zero")
    assert through(tmp_path / "c")[0] == said


def test_records_that_make_no_sense_are_none() -> None:
    for data in (b"[", b"1", b"[1]", b'[["a",1]]', b'[["a",[1]]]', b'[["a",[[1,2,3,4,5,6]]]]', b"\xff", b'{"a":1}',
                 b'[["a",[["E0001","fatal","h",[],[],[]]]]]', b'[["a",[["E0001","error","h",[1],[],[]]]]]',
                 b'[["a",[["E0001","error","h",[],[],[["b",0,1,"",true]]]]]]', b"[" * 100_000,
                 b'[["a",[["E0001","error","h",[],[],[["a",-1,1,"",true]]]]]]', b'[[1,[]]]',
                 b'[["a",[["E0001","error","h",[],[],[[["a",1,"t"],0,1,"",true]]]]]]'):
        assert unpacked(data, {}.get) is None, data[:60]


def test_every_mistake_survives_being_kept() -> None:
    """All the mistakes there are, with all labels, whys and helps: a field that is not kept shows here."""
    mistakes = str(REPOSITORY / "tests" / "golden" / "mistakes")
    graph = Graph(mistakes, [str(path) for path in sorted(Path(mistakes).rglob("*.cat"))])
    said = {"all": check_paths([mistakes]).diagnostics}
    data, lasting = packed(said, graph.source)
    assert lasting and unpacked(data, graph.source) == said and len(said["all"]) > 250
    from catlang.diagnostic import Diagnostic, Label

    assert set(Diagnostic.__slots__) == {"code", "severity", "headline", "why", "help", "labels"}
    assert set(Label.__slots__) == {"span", "text", "primary"}


@pytest.mark.parametrize("filled", [False, True])
def test_a_read_only_folder(filled: bool, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused by the system, since for root no folder is read-only by its mode."""
    import errno

    cache = tmp_path / "c"
    if filled:
        through(cache)
        (folder / "none.cat").write_text("# other\n")
    kept, opened = entries(cache), os.open

    def reading(path: str, flags: int, *more: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, flags, *more)

    monkeypatch.setattr("catlang.files.store.os.open", reading)
    assert through(cache)[1:] == ((5, 1) if filled else (0, 6))
    assert entries(cache) == kept


@pytest.mark.parametrize("folder_of_cache", ["/dev/null/cache", "/proc/cache", "none.cat", "x" * 5000, "a\udcff"])
def test_a_folder_that_cannot_be(folder_of_cache: str, folder: Path, check) -> None:
    plain = check(".", "--no-cache")
    done = check(".", "--cache", os.fsdecode(os.fsencode(folder_of_cache)))
    assert (done.returncode, done.stdout, done.stderr) == (1, plain.stdout, "")


def test_a_full_disk(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("catlang.files.store.os.replace", full)
    through(tmp_path / "c")
    assert not list((tmp_path / "c").glob("??/*"))


def test_old_records_go(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    most = SHARE // BLOCK
    first = b"0123"
    store.put(first, b"")
    shard = entries(tmp_path)[0].parent
    for number in range(2 * most):
        path = shard / f"{number:040x}"
        path.write_bytes(b"x")
        os.utime(path, (10**9 + number, 10**9 + number))
    (shard / "left.tmp").write_text("")
    os.utime(shard / "left.tmp", (10**9, 10**9))
    Store(str(tmp_path)).put(first, b"")
    left = sorted(path.name for path in shard.iterdir())
    assert 0.7 * most < len(left) <= most and "left.tmp" not in left
    assert f"{0:040x}" not in left and f"{2 * most - 1:040x}" in left
    assert store.get(first) == b""
    store.put(b"large", bytes(LARGEST_RECORD + 1))
    assert store.get(b"large") is None


def test_what_is_of_use_is_young_again(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.put(b"key", b"")
    [path] = entries(tmp_path)
    os.utime(path, (10**9, 10**9))
    assert store.get(b"key") == b"" and path.stat().st_mtime > 10**9 + 1000


def test_where_it_lives(folder: Path, check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert place() == str(tmp_path / "xdg" / "catlang")
    check("alone.cat", "--no-cache")
    assert not (tmp_path / "xdg").exists()
    check("alone.cat")
    assert len(entries(tmp_path / "xdg" / "catlang")) == 1
    assert (tmp_path / "xdg" / "catlang" / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (place() or "").startswith(str(tmp_path)) and "relative" not in (place() or "")
    refused = check("alone.cat", "--cache", "x", "--no-cache")
    assert refused.returncode == 2 and "exclude each other" in refused.stderr


def test_two_processes_on_one_folder_at_once(folder: Path, check, tmp_path: Path) -> None:
    """Both fill, read and damage the same entries, for many rounds."""
    code = """
import os, random, sys
from pathlib import Path
from catlang.checked import check_paths
from catlang.files.store import Store
cache, expected, seed = sys.argv[1], Path(sys.argv[2]).read_text(), int(sys.argv[3])
chance = random.Random(seed)
for number in range(80):
    assert check_paths(["."], store=Store(cache)).report() == expected, number
    for path in Path(cache).glob("??/*"):
        try:
            if chance.random() < 0.3:
                path.unlink()
            elif chance.random() < 0.1:
                path.write_bytes(path.read_bytes()[:chance.randrange(80)])
        except OSError:
            pass
"""
    (tmp_path / "expected").write_text(check_paths(["."]).report())
    running = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "c"), str(tmp_path / "expected"), seed],
                                stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
               for seed in "12"]
    for process in running:
        assert process.communicate(timeout=300)[1] == "" and process.returncode == 0
    assert not list((tmp_path / "c").glob("??/*.tmp"))
