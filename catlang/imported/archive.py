"""What a `.pt2` file holds, read as data.

The file is a zip archive: a graph in JSON, and the entries of tensors as they lie in memory. PyTorch's own reader gives
parts of it to `pickle` and to SymPy's parser, both of which run what somebody wrote; here nothing is run, and of the
tensors only those that are asked for are read. PyTorch itself is not needed.
"""

from __future__ import annotations

import json
import os
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from catlang.diagnostic import Diagnostic, Label
from catlang.span import Source, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The schema whose graphs are understood: PyTorch counts the major number up where old readers would go wrong.
SCHEMA = 8
#: A graph of JSON is read up to this size; the largest published models have a few tens of megabytes.
MOST_JSON = 1 << 27
#: What is compressed may become so many times larger.
MOST_RATIO = 200
#: Constants with more entries than this are not looked at.
MOST_ENTRIES = 1 << 20

#: The codes of types in a graph, as PyTorch's schema numbers them: what they are called, and how one entry is unpacked.
TYPES = {1: ("uint8", "B"), 2: ("int8", "b"), 3: ("int16", "h"), 4: ("int32", "i"), 5: ("int64", "q"),
         6: ("float16", "e"), 7: ("float32", "f"), 8: ("float64", "d"), 12: ("bool", "?"), 13: ("bfloat16", "")}
WHOLE = frozenset([1, 2, 3, 4, 5])
FRACTIONS = frozenset([6, 7, 8, 13])
TRUTH = 12


class Unreadable(Exception):
    """A file that is not what it should be; ``diagnostic`` says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.headline)
        self.diagnostic = diagnostic


def refused(path: str, code: str, headline: str, why: str = "", help: str = "") -> Unreadable:
    """A mistake about the whole file."""
    return Unreadable(Diagnostic(code, headline, [Label(Span(Source(path, None, ""), 0, 0))],
                                 why=(why,) if why else (), help=(help,) if help else ()))


class Stored(NamedTuple):
    """Where the entries of a tensor lie in the archive, and how."""

    member: str
    type: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int


#: What reading a member of a damaged archive raises: it is missing, cut short, or packed or encrypted in a way that
#: Python's reader has no means for.
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError, NotImplementedError, RuntimeError)


class Archive:
    """A `.pt2` file: its graph, and its tensors by the names that they have in the program."""

    def __init__(self, path: str, file: Any = None) -> None:
        self.path = path
        self.zip = _opened(path, file)
        try:
            self._read()
        except DAMAGED as broken:
            raise refused(path, "E0820", f"`{os.path.basename(path)}` is damaged",
                          f"the archive cannot be read: {' '.join(str(broken).split())}",
                          "write it anew with `torch.export.save`") from None

    def _read(self) -> None:
        names = self.zip.namelist()
        models = [name for name in names if name.endswith(".json") and name.split("/")[-2:-1] == ["models"]]
        called = os.path.basename(self.path)
        if not models:
            old = any(name.split("/")[-1] == "serialized_exported_program.json" for name in names)
            if old:
                raise refused(self.path, "E0821", f"`{called}` is an exported program of an older format",
                              help="save it anew with PyTorch 2.8 or later, by `torch.export.save`")
            raise refused(self.path, "E0820", f"`{called}` is no exported program",
                          "it is an archive, but there is no graph in it",
                          "a `.pt2` file is written by `torch.export.save(program, \"model.pt2\")`")
        if len(models) > 1:
            raise refused(self.path, "E0821", f"`{called}` holds {len(models)} programs",
                          help="save each in a file of its own")
        [self.model] = models
        self.root = self.model[: -len("models/") - len(self.model.split("/")[-1])]
        name = self.model.split("/")[-1].removesuffix(".json")
        self.program = self._json(self.model)
        version = self.program.get("schema_version")
        major = version.get("major") if isinstance(version, dict) else None
        if major != SCHEMA:
            shown = major if isinstance(major, int) else "unknown"
            raise refused(self.path, "E0821", f"`{called}` has the schema {shown} of exported programs, not {SCHEMA}",
                          help="save it anew with PyTorch 2.8 or later, or use a later catlang")
        self.stored: dict[str, Stored] = {}
        #: The names that a `state_dict` of the model has too.
        self.persistent: set[str] = set()
        byteorder = f"{self.root}byteorder"
        self.order = "<" if byteorder not in names or self.zip.read(byteorder).strip() != b"big" else ">"
        for folder in ("weights", "constants"):
            config = f"{self.root}data/{folder}/{name}_{folder}_config.json"
            if config in names:
                self._stored(self._json(config), f"{self.root}data/{folder}/")

    def _json(self, member: str) -> dict[str, Any]:
        if self.zip.getinfo(member).file_size > MOST_JSON:
            raise refused(self.path, "E0820", f"`{os.path.basename(self.path)}` has a graph that is too large")
        try:
            found = json.loads(self._member(member))
        except (ValueError, RecursionError) as broken:
            raise refused(self.path, "E0820", f"`{os.path.basename(self.path)}` is damaged",
                          f"its graph is not JSON: {' '.join(str(broken).split())}") from None
        if not isinstance(found, dict):
            raise refused(self.path, "E0820", f"`{os.path.basename(self.path)}` is damaged", "its graph is not a table")
        return found

    def _member(self, name: str) -> bytes:
        """The content of a member of the archive."""
        info = self.zip.getinfo(name)
        if info.file_size > MOST_RATIO * max(info.compress_size, 1000):
            raise zipfile.BadZipFile("a member is far larger than what is stored of it")
        return self.zip.read(name)

    def _stored(self, config: Mapping[str, Any], folder: str) -> None:
        table = config.get("config")
        for name, entry in table.items() if isinstance(table, dict) else ():
            try:
                meta = entry["tensor_meta"]
                if entry.get("use_pickle"):
                    continue
                sizes, strides = (tuple(int(one["as_int"]) for one in meta[key]) for key in ("sizes", "strides"))
                found = Stored(str(folder + entry["path_name"]), int(meta["dtype"]), sizes, strides,
                               int(meta["storage_offset"]["as_int"]))
                if len(sizes) != len(strides) or min((0, found.offset, *sizes, *strides)) < 0:
                    continue
                self.stored[name] = found
                if folder.endswith("/weights/"):
                    self.persistent.add(name)
            except (KeyError, TypeError, ValueError, AttributeError):
                continue

    def entries(self, name: str) -> list[float] | None:
        """All entries of a tensor in their order, the last axis fastest; None where they are not at hand."""
        stored = self.stored.get(name)
        if stored is None or not TYPES.get(stored.type, ("", ""))[1]:
            return None
        count = 1
        for size in stored.sizes:
            count *= size
        if not 0 < count <= MOST_ENTRIES:
            return None
        code = TYPES[stored.type][1]
        try:
            if self.zip.getinfo(stored.member).file_size > MOST_ENTRIES * 16:
                return None
            raw = self._member(stored.member)
        except DAMAGED:
            return None
        places = [stored.offset]
        for size, stride in zip(stored.sizes, stored.strides, strict=True):
            places = [place + stride * step for place in places for step in range(size)]
        width = struct.calcsize(self.order + code)
        if min(places) < 0 or (max(places) + 1) * width > len(raw):
            return None
        values = struct.unpack(f"{self.order}{len(raw) // width}{code}", raw[: len(raw) // width * width])
        return [values[place] for place in places]

    def width(self, type: int) -> int:
        """How many bytes an entry of a type takes."""
        code = TYPES[type][1]
        return struct.calcsize(self.order + code) if code else 2

    def raw(self, name: str, transposed: bool = False) -> bytes:
        """The entries of a tensor as bytes, the last axis fastest, the lowest byte first; of a matrix also transposed.
        Raises ``Unreadable``."""
        stored = self.stored[name]
        sizes, strides, width = stored.sizes, stored.strides, self.width(stored.type)
        if transposed:
            sizes, strides = sizes[::-1], strides[::-1]
        count = 1
        for size in sizes:
            count *= size
        try:
            data = self._member(stored.member)
        except DAMAGED:
            data = b""
        last = stored.offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        if not count:
            return b""
        if (last + 1) * width > len(data) or count * width > len(data):
            raise refused(self.path, "E0820", f"`{os.path.basename(self.path)}` is damaged",
                          f"the entries of `{name}` are missing")
        # What lies evenly is copied at once: the innermost axes that lie as they should, or else the innermost one.
        pieces, inner, step = [stored.offset], 1, 1
        while sizes and strides[-1] == inner:
            inner *= sizes[-1]
            sizes, strides = sizes[:-1], strides[:-1]
        if inner == 1 and sizes and strides[-1] > 0:
            inner, step = sizes[-1], strides[-1]
            sizes, strides = sizes[:-1], strides[:-1]
        for size, stride in zip(sizes, strides, strict=True):
            pieces = [piece + stride * place for piece in pieces for place in range(size)]
        whole = memoryview(data)[: len(data) // width * width]
        entries = whole if width == 1 else whole.cast("H") if width == 2 else whole.cast("I" if width == 4 else "Q")
        made = b"".join(entries[piece: piece + step * (inner - 1) + 1: step].tobytes() for piece in pieces)
        if self.order == ">" and width > 1:
            made = b"".join(made[at: at + width][::-1] for at in range(0, len(made), width))
        return made


def _opened(path: str, file: Any) -> zipfile.ZipFile:
    called = os.path.basename(path)
    try:
        if file is None and stat.S_ISDIR(os.stat(path).st_mode):
            raise refused(path, "E0002", f"`{called}` is a folder")
        return zipfile.ZipFile(path if file is None else file)
    except FileNotFoundError:
        raise refused(path, "E0001", f"there is no file `{path}`") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError):  # the last of these: a way of packing that it lacks
        raise refused(path, "E0820", f"`{called}` is no exported program",
                      "it is not a zip archive, or it ends too early",
                      "a `.pt2` file is written by `torch.export.save(program, \"model.pt2\")`") from None
    except (OSError, ValueError) as why:
        reason = (getattr(why, "strerror", None) or str(why)).lower()
        raise refused(path, "E0003", f"`{called}` cannot be read: {reason}") from None
