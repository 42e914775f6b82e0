"""Where the weights of a spec are in a checkpoint of the program: a table of renames; and the program's own weights,
under the addresses of the spec.

>>> from catlang.imported.spec import Entry
>>> entries = [Entry(f"layer.{i}.block_0.up.weight", f"h.{i}.c_fc.weight", True) for i in range(2)]
>>> print(toml([*entries, Entry("head.weight", "head.weight", False)], ["mask"]), end="")
ignore = ["mask"]
<BLANKLINE>
[rename]
"layer.{i}.block_0.up.weight" = { from = "h.{i}.c_fc.weight", transpose = true }
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from catlang.imported.archive import TYPES, Archive

if TYPE_CHECKING:
    from catlang.imported.spec import Entry

#: The names of types in a `.safetensors` file.
STORED = {"uint8": "U8", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "float16": "F16",
          "float32": "F32", "float64": "F64", "bool": "BOOL", "bfloat16": "BF16"}


class Missing(Exception):
    """A weight that is not in the archive."""


def renames(entries: Sequence[Entry]) -> list[tuple[str, str, bool]]:
    """What is called otherwise in the program: address, name, and whether it lies there transposed. Those of copies in
    a row are one, with a placeholder."""
    plain: list[Entry] = [one for one in entries if one.address != one.name or one.transposed]
    groups: dict[tuple[str, str, bool], list[tuple[str, str]]] = defaultdict(list)
    for entry in plain:
        for address, name, number in _holes(entry):
            groups[address, name, entry.transposed].append((entry.address, number))
    counted: dict[tuple[str, str, bool], int] = {key: len(found) for key, found in groups.items()}
    every: dict[str, set[str]] = defaultdict(set)
    for one in entries:
        every[re.sub(r"\.\d+(?=\.)", ".{i}", one.address)].add(one.address)
    made: dict[tuple[str, str, bool], None] = {}
    for entry in plain:
        best = max(((address, name, entry.transposed) for address, name, _ in _holes(entry)),
                   key=lambda key: counted[key], default=None)
        # A placeholder stands for every number that the module has there, so it must be right for all of them.
        if best is not None and counted[best] > 1 and counted[best] == len(
                [one for one in entries if _matches(best[0], one.address)]):
            made[best] = None
        else:
            made[entry.address, entry.name, entry.transposed] = None
    return list(made)


def _holes(entry: Entry) -> Iterator[tuple[str, str, str]]:
    """The address and the name with a placeholder for a number that both have."""
    for hit in re.finditer(r"(?<=\.)\d+(?=\.)|^\d+(?=\.)", entry.address):
        for other in re.finditer(r"(?<=\.)\d+(?=\.)|^\d+(?=\.)", entry.name):
            if hit[0] == other[0]:
                yield (entry.address[: hit.start()] + "{i}" + entry.address[hit.end():],
                       entry.name[: other.start()] + "{i}" + entry.name[other.end():], hit[0])


def _matches(pattern: str, address: str) -> bool:
    front, _, back = pattern.partition("{i}")
    return address.startswith(front) and address.endswith(back) and (
        address[len(front): len(address) - len(back)].isdigit())


def table(entries: Sequence[Entry], ignored: Sequence[str]) -> dict[str, object]:
    """The table that `catlang.load(..., rename=...)` takes."""
    made: dict[str, object] = {address: {"from": name, "transpose": True} if transposed else name
                               for address, name, transposed in renames(entries)}
    if ignored:
        made["ignore"] = list(ignored)
    return made


def toml(entries: Sequence[Entry], ignored: Sequence[str]) -> str:
    """The same as a file."""
    rows = []
    for address, name, transposed in renames(entries):
        source = f"{{ from = {_quoted(name)}, transpose = true }}" if transposed else _quoted(name)
        rows.append(f"{_quoted(address)} = {source}\n")
    head = f"ignore = [{', '.join(map(_quoted, ignored))}]\n" if ignored else ""
    body = f"[rename]\n{''.join(rows)}" if rows else ""
    return head + ("\n" if head and body else "") + body


def _quoted(text: str) -> str:
    # JSON's strings are those of TOML, but for the surrogates, which no name that was read has.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def safetensors(archive: Archive, entries: Sequence[Entry]) -> Iterator[bytes]:
    """The pieces of a `.safetensors` file with the program's weights under the addresses of the spec; raises
    ``Missing``."""
    header: dict[str, object] = {}
    at = 0
    for entry in entries:
        stored = archive.stored.get(entry.name)
        if stored is None or stored.type not in TYPES:
            raise Missing(entry.name)
        sizes = stored.sizes[::-1] if entry.transposed else stored.sizes
        count = archive.width(stored.type)
        for size in sizes:
            count *= size
        header[entry.address] = {"dtype": STORED[TYPES[stored.type][0]], "shape": list(sizes),
                                 "data_offsets": [at, at + count]}
        at += count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for entry in entries:
        yield archive.raw(entry.name, entry.transposed)
