"""A rename table: where each address of a module finds its tensor in a checkpoint.

It is a small TOML file, or the same thing as a Python dictionary, from target addresses to sources.

    ignore = ["pooler.*"]                      # tensors of the checkpoint that nothing needs
    keep = ["head.*"]                          # addresses of the module that stay as they are

    [rename]
    "token.weight" = "embeddings.word_embeddings.weight"
    "layer.{i}.query.weight" = "encoder.layer.{i}.attention.self.query.weight"
    "proj.weight" = { from = "c_proj.weight", transpose = true }
    "q.weight" = { from = "c_attn.weight", split = [0, 3], axis = 0 }
    "k.weight" = { from = "qkv.weight", slice = [4096, 5120], axis = 0 }
    "qkv.weight" = { concat = ["q.weight", "k.weight", "v.weight"], axis = 0 }
    "experts.weight" = { stack = ["expert.0.weight", "expert.1.weight"] }

A placeholder `{i}` stands for one number. An address without an entry keeps its own name; an entry without a
placeholder goes before one with. In one entry the source is taken or joined, then split or sliced along
`axis`, then transposed (`true` exchanges the last two axes, a list such as `[2, 0, 1]` is a permutation);
for any other order, `from` and the parts of a join may be such tables themselves.

>>> table = Rename.of({"layer.{i}.weight": "encoder.{i}.w", "layer.0.weight": "first.w"})
>>> found = table.resolve(["layer.0.weight", "layer.1.weight", "norm.weight"])
>>> [(address, recipe.names) for address, recipe in sorted(found.recipes.items())]
[('layer.0.weight', ('first.w',)), ('layer.1.weight', ('encoder.1.w',))]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catlang.compiler.recipe import PLACEHOLDER, Join, Read, Recipe, Slice, Split, Transpose
from catlang.suggest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable


class WeightsError(ValueError):
    """Weights that cannot be read or do not fit; `problems` has one entry a mistake."""

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Problem:
    """One mistake: its kind, the address it is about, what is wrong in plain words, and what may help."""

    kind: str
    address: str
    text: str
    help: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}" + (f"; {self.help}" if self.help else "")


def perhaps(name: str, names: Iterable[str]) -> str:
    """The help that names what was probably meant, if anything was."""
    meant = nearest(name, names)
    return f"did you mean `{meant}`?" if meant else ""


# Reading a table. Every mistake in it is said at once.

_WORDS = ("from", "concat", "stack", "split", "slice", "axis", "transpose")
_DEPTH = 8


def _is_ints(value: object, count: int | None = None) -> bool:
    return (
        isinstance(value, list | tuple)
        and all(type(item) is int for item in value)
        and (count is None or len(value) == count)
    )


def recipe(value: object, depth: int = 0) -> Recipe:
    """The recipe that a value of the table denotes; a ValueError says what is wrong with it."""
    if isinstance(value, str) and value:
        return Read(value)
    if not isinstance(value, Mapping) or not value:
        raise ValueError("a source is the name of a tensor, or a table with `from`, `concat` or `stack`")
    if depth == _DEPTH:
        raise ValueError(f"tables are nested more than {_DEPTH} deep")
    starts = [word for word in ("from", "concat", "stack") if word in value]
    if not starts and all(isinstance(inner, str | Mapping) for inner in value.values()):
        raise ValueError("no `from`, `concat` or `stack`; an address with dots is written in quotes")
    for word in value:
        if word not in _WORDS:
            meant = perhaps(str(word), _WORDS)
            raise ValueError(f"`{word}` means nothing here" + (f"; {meant}" if meant else ""))
    if len(starts) != 1:
        raise ValueError("exactly one of `from`, `concat` and `stack` is needed")
    if "split" in value and "slice" in value:
        raise ValueError("`split` and `slice` do not go together; put one of them in a table inside `from`")
    axis = value.get("axis", 0)
    if type(axis) is not int:
        raise ValueError("`axis` is a whole number")
    made = _start(starts[0], value[starts[0]], axis, depth)
    if starts[0] == "from" and "axis" in value and not {"split", "slice"} & set(value):
        raise ValueError("`axis` goes with `split`, `slice`, `concat` or `stack`")
    if "split" in value:
        split = value["split"]
        if not _is_ints(split, 2) or not 0 <= split[0] < split[1]:
            raise ValueError(
                "`split = [part, parts]` counts parts from 0, as in `[0, 3]` for the first of three"
            )
        made = Split(made, split[0], split[1], axis)
    if "slice" in value:
        cut = value["slice"]
        if not _is_ints(cut, 2) or not 0 <= cut[0] < cut[1]:
            raise ValueError("`slice = [start, stop]` needs 0 <= start < stop")
        made = Slice(made, cut[0], cut[1], axis)
    order = value.get("transpose", False)
    if order is True:
        made = Transpose(made, None)
    elif order is not False:
        if not _is_ints(order) or sorted(order) != list(range(len(order))):
            raise ValueError("`transpose` is true, or the axes in their new order, as in `[2, 0, 1]`")
        made = Transpose(made, tuple(order))
    return made


def _start(word: str, value: object, axis: int, depth: int) -> Recipe:
    if word == "from":
        return recipe(value, depth + 1)
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"`{word}` takes a list of sources")
    return Join(tuple(recipe(part, depth + 1) for part in value), axis, word == "stack")


@dataclass(frozen=True)
class Entry:
    """One line of the table; `written` is its right side as it stood."""

    target: str
    recipe: Recipe
    written: Any

    @property
    def generic(self) -> bool:
        return bool(PLACEHOLDER.search(self.target))

    def match(self, address: str) -> dict[str, str] | None:
        hit = _matcher(self.target).fullmatch(address)
        return None if hit is None else hit.groupdict()

    def reads(self, name: str) -> bool:
        """Whether a tensor of that name is used, with whatever numbers."""
        return any(_matcher(pattern).fullmatch(name) for pattern in self.recipe.names)


@lru_cache
def _matcher(pattern: str) -> re.Pattern[str]:
    seen: set[str] = set()
    out, last = "", 0
    for hit in PLACEHOLDER.finditer(pattern):
        out += re.escape(pattern[last : hit.start()])
        out += f"(?P={hit[1]})" if hit[1] in seen else f"(?P<{hit[1]}>[0-9]+)"
        seen.add(hit[1])
        last = hit.end()
    return re.compile(out + re.escape(pattern[last:]))


def _entry(target: object, written: object) -> Entry:
    if not isinstance(target, str) or not target:
        raise ValueError("a target is an address")
    made = recipe(written)
    own = set(PLACEHOLDER.findall(target))
    for text in (target, *made.names):
        if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
            raise ValueError(
                f"`{text}` has a brace that is no placeholder; a placeholder is a name, as in `{{i}}`"
            )
        # With nothing but digits between them two placeholders could share a number in many ways.
        if re.search(r"\}[0-9]*\{", text):
            raise ValueError(f"the placeholders of `{text}` need something between them")
        for name in PLACEHOLDER.findall(text):
            if name not in own:
                raise ValueError(f"`{{{name}}}` in `{text}` is not a placeholder of the target")
    return Entry(target, made, written)


@dataclass
class Resolved:
    """What a table says about a given module: recipes by address, what is kept, which entries go astray, and
    what is wrong."""

    recipes: dict[str, Recipe] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    stray: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Rename:
    """A table that has been read and found well formed."""

    entries: tuple[Entry, ...] = ()
    ignore: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    @staticmethod
    def of(table: Rename | Mapping[str, Any] | str | Path | None) -> Rename:
        """From a table already read, a dictionary like `[rename]`, the path of a `.toml` file, or nothing."""
        if table is None:
            return Rename()
        if isinstance(table, Rename):
            return table
        if isinstance(table, Mapping):
            return Rename._read({"rename": dict(table)}, "the rename table")
        try:
            text = Path(table).read_bytes().decode("utf-8-sig")
        except (OSError, UnicodeDecodeError) as why:
            raise WeightsError(f"cannot read the rename table `{table}`: {why}") from None
        return Rename.parse(text, f"the rename table `{table}`")

    @staticmethod
    def parse(text: str, called: str = "the rename table") -> Rename:
        """From the text of a `.toml` file."""
        import tomllib

        try:
            return Rename._read(tomllib.loads(text), called)
        except (tomllib.TOMLDecodeError, RecursionError) as why:
            raise WeightsError(f"{called} is not TOML: {why}") from None

    @staticmethod
    def _read(table: dict[str, Any], called: str) -> Rename:
        wrong: list[str] = []
        entries: list[Entry] = []
        lists: dict[str, list[str]] = {"ignore": [], "keep": []}
        body = table.pop("rename", {})
        if not isinstance(body, dict):
            raise WeightsError(f"{called}: `rename` is a table of addresses, opened by the line `[rename]`")
        for word, value in [*table.items(), *body.items()]:
            top = word in table
            if word in lists and (top or isinstance(value, list | tuple)):
                if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
                    wrong.append(f"`{word}` is a list of names, in which `*` stands for anything")
                else:
                    lists[word] += value
            elif top:
                wrong.append(f"`{word}` stands outside `[rename]`, where only `ignore` and `keep` do")
            else:
                try:
                    entries.append(_entry(word, value))
                except ValueError as why:
                    wrong.append(f"`{word}`: {why}")
        if wrong:
            problems = [Problem("table", "", text) for text in wrong]
            raise WeightsError("\n  ".join([f"{called} is wrong", *wrong]), problems)
        return Rename(tuple(entries), tuple(lists["ignore"]), tuple(lists["keep"]))

    def ignores(self, name: str) -> bool:
        return any(_glob(pattern, name) for pattern in self.ignore)

    def resolve(self, addresses: Iterable[str]) -> Resolved:
        """Which address of a module gets which recipe; addresses that no entry mentions are left out."""
        addresses = list(addresses)
        found = Resolved()
        for pattern in self.keep:
            kept = {address for address in addresses if _glob(pattern, address)}
            found.kept |= kept
            if not kept:
                text = f"the module has no `{pattern}`, which is to be kept"
                found.problems.append(Problem("no such target", pattern, text, perhaps(pattern, addresses)))
        filled_by: dict[str, Entry] = {}
        for entry in sorted(self.entries, key=lambda entry: entry.generic):
            meant = [
                (address, numbers) for address in addresses if (numbers := entry.match(address)) is not None
            ]
            if not meant:
                text = f"the module has no `{entry.target}`, which the rename table fills"
                help = perhaps(entry.target, addresses) or perhaps(
                    PLACEHOLDER.sub("0", entry.target), addresses
                )
                found.problems.append(Problem("no such target", entry.target, text, help))
                found.stray.append(entry)
                continue
            # An entry without a placeholder is the exception to one with, so only two of a kind are at odds.
            clashes = [
                Problem("ambiguous", address, f"`{address}` is meant by `{entry.target}` and by {rival}")
                for address, _ in meant
                if (rival := self._rival(address, found, filled_by))
            ]
            found.problems += clashes
            taken = filled_by.keys() | found.kept
            free = [(address, numbers) for address, numbers in meant if address not in taken]
            for address, numbers in free:
                filled_by[address] = entry
                found.recipes[address] = entry.recipe.at(numbers)
            if not free and not clashes:
                text = f"`{entry.target}` is never used: other entries fill every address that it means"
                found.problems.append(Problem("unused", entry.target, text))
        return found

    @staticmethod
    def _rival(address: str, found: Resolved, filled_by: dict[str, Entry]) -> str:
        if address in found.kept:
            return "`keep`"
        other = filled_by.get(address)
        return f"`{other.target}`" if other is not None and other.generic else ""


def _glob(pattern: str, name: str) -> bool:
    return fnmatchcase(name, re.sub(r"[\[?]", lambda hit: f"[{hit[0]}]", pattern))
