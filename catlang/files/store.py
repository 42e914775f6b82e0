"""A folder of records under keys: safe to delete, to share, to damage, and to use from many processes at once.

Every record is a file of its own, written beside its place and then moved there, so that nobody ever sees a part of
one. It begins with a checksum over its key and its contents: whatever else is found there counts as nothing. Where the
folder cannot be made, read or written, nothing is remembered and nothing is said about it.

>>> import tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> store = Store(folder.name)
>>> store.put(b"key", b"what was said"); store.get(b"key"), store.get(b"yek")
(b'what was said', None)
>>> folder.cleanup(); store.get(b"key")
"""

from __future__ import annotations

import os
import stat
import sys
import time

from catlang.files.digest import SIZE, digest

#: All records together take at most about so many bytes of a disk: 256 folders, each with its share.
LARGEST = 128 * 1024 * 1024
SHARE = LARGEST // 256
#: What a file takes at least.
BLOCK = 4096
#: No record that is larger is kept.
LARGEST_RECORD = SHARE // 2
#: A record that was of use is new again; told once a day, since telling it takes longer than reading.
DAY = 24 * 60 * 60
HOUR = 60 * 60
#: A folder that took none of so many records will take no other.
MOST_FAILURES = 8
MAGIC = b"catlang 1 "


class Store:
    """The records in a folder. No method raises an ``OSError``."""

    __slots__ = ("_failures", "_number", "_trimmed", "folder", "now")

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.now = time.time()
        self._number = 0
        self._trimmed: set[str] = set()
        self._failures = 0

    def get(self, key: bytes) -> bytes | None:
        """The record under a key, if there is a whole one."""
        try:
            # Not waiting: what lies there may be a pipe.
            handle = os.open(self._place(key), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError):
            return None
        try:
            state = os.fstat(handle)
            if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST_RECORD + 256:
                return None
            data = os.read(handle, state.st_size + 1)
            if len(data) != state.st_size:
                return None
        except OSError:
            return None
        finally:
            os.close(handle)
        begin = len(MAGIC) + 2 * SIZE + 1
        record = data[begin:]
        if data[:begin] != _head(key, record):
            return None
        if self.now - state.st_mtime > DAY:
            _used(self._place(key))
        return record

    def put(self, key: bytes, record: bytes) -> None:
        """Keeps a record, if that can be done."""
        if self._failures >= MOST_FAILURES or len(record) > LARGEST_RECORD:
            return
        place = self._place(key)
        self._number += 1
        beside = f"{place}.{os.getpid()}-{self._number}.tmp"
        try:
            try:
                handle = self._new(beside)
            except FileNotFoundError:
                self._make(os.path.dirname(place))
                handle = self._new(beside)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_head(key, record))
                    file.write(record)
                os.replace(beside, place)
            except BaseException:
                _gone(beside)
                raise
            self._trim(os.path.dirname(place))
        except (OSError, ValueError):
            self._failures += 1

    def _place(self, key: bytes) -> str:
        name = key.hex()
        return os.path.join(self.folder, name[:2], name[2:])

    def _new(self, path: str) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)

    def _make(self, folder: str) -> None:
        """Makes the folder, and marks it as one that nobody backs up or commits."""
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder, exist_ok=True)
            tag = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by catlang; safe to delete.\n"
            for name, text in (("CACHEDIR.TAG", tag), (".gitignore", "*\n")):
                with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
                    file.write(text)
        os.makedirs(folder, exist_ok=True)

    def _trim(self, folder: str) -> None:
        """Lets the oldest records of one of the folders go where they are too many, and what a crash left lying."""
        if folder in self._trimmed:
            return
        self._trimmed.add(folder)
        found: list[tuple[float, str, int]] = []
        total = 0
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    state = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(".tmp"):
                        if self.now - state.st_mtime > HOUR:
                            _gone(entry.path)
                    elif stat.S_ISREG(state.st_mode):
                        size = -(-state.st_size // BLOCK) * BLOCK
                        total += size
                        found.append((state.st_mtime, entry.path, size))
                except OSError:
                    pass  # another process was faster
        if total <= SHARE:
            return
        for _, path, size in sorted(found):
            if total <= SHARE * 3 // 4:
                break
            _gone(path)
            total -= size


def _used(path: str) -> bool:
    try:
        os.utime(path)
        return True
    except OSError:
        return False


def _gone(path: str) -> bool:
    try:
        os.unlink(path)
        return True
    except OSError:
        return False


def place() -> str | None:
    """Where records are kept unless told otherwise: the folder that the platform has for it."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return os.path.join(base, "catlang", "cache") if base else None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.path.expanduser("~")
        if not os.path.isabs(home):
            return None
        base = os.path.join(home, *(("Library", "Caches") if sys.platform == "darwin" else (".cache",)))
    return os.path.join(base, "catlang")


def _head(key: bytes, record: bytes) -> bytes:
    return MAGIC + digest(key, record).hex().encode("ascii") + b"\n"
