"""A module beside a checkpoint: what matches, what does not, and the rename table that would mend it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catlang.compiler.checkpoint import Tensors, read
from catlang.compiler.generalising import generalised
from catlang.compiler.renaming import Rename
from catlang.compiler.weights import Table, kind_of, plan, shape_of, weights_of
from catlang.network.addresses import families, folded, skeleton
from catlang.network.pairing import paired

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn


@dataclass(frozen=True)
class Row:
    """One address of the module, or one name of the checkpoint that no address uses.

    The status is `matched`, `proposed` (here), `misfit` (in shape or kind of number), `missing`,
    `tied` (loaded under another name of it), `kept`; for a name of the checkpoint alone `extra` or `ignored`.
    """

    status: str
    address: str
    shape: str
    source: str
    source_shape: str


@dataclass(frozen=True)
class Comparison:
    """All rows, the rename table that was given and the entries proposed in addition."""

    rows: tuple[Row, ...]
    rename: Rename
    proposed: dict[str, str]

    def with_status(self, *statuses: str) -> list[Row]:
        return [row for row in self.rows if row.status in statuses]

    def table(self) -> str:
        """Aligned columns, the layers of a family on one line."""
        alike: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for row in self.rows:
            alike[
                row.status, skeleton(row.address), row.shape, skeleton(row.source), row.source_shape
            ].append(row)
        lines = [("", "module", "shape", "checkpoint", "shape", "")]
        for rows in alike.values():
            one, times = rows[0], f"x {len(rows)}" if len(rows) > 1 else ""
            address, source = folded([row.address for row in rows]), folded([row.source for row in rows])
            lines.append((one.status, address, one.shape, source, one.source_shape, times))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        counts = Counter(row.status for row in self.rows)
        return "\n".join(
            [
                *("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines),
                ", ".join(f"{count} {status}" for status, count in counts.items()),
            ]
        )

    def toml(self) -> str:
        """The rename table given, with the proposals added; what is still open stands in comments."""
        lines = [
            f"{word} = {_toml(patterns)}"
            for word, patterns in (("ignore", self.rename.ignore), ("keep", self.rename.keep))
            if patterns
        ]
        unused = [row.source for row in self.with_status("extra")]
        lines += _comments("the module has no place for these; `ignore = [...]` passes over them", unused)
        lines += ["", "[rename]"] if lines else ["[rename]"]
        lines += [f"{_toml(entry.target)} = {_toml(entry.written)}" for entry in self.rename.entries]
        lines += [f"{_toml(target)} = {_toml(source)}" for target, source in self.proposed.items()]
        open_ = [row.address for row in self.with_status("missing", "misfit")]
        lines += _comments("these have no unambiguous source", open_)
        return "\n".join(lines) + "\n"


def compare(module: nn.Module, weights: Tensors | str | Path, rename: Table = None) -> Comparison:
    """Sets a module beside named tensors, or those of a file, and proposes entries for a rename table."""
    tensors = weights if isinstance(weights, Mapping) else read(weights)
    table = Rename.of(rename)
    made = plan(module, tensors, table, strict=False)
    targets = weights_of(module)
    # An address that shares its name with a tensor of another shape may well have another source.
    chance = [
        name for name, recipe in made.recipes.items() if name not in made.values and recipe.names == (name,)
    ]
    wanted = {name: targets[name] for name in [*made.missing, *chance]}
    offered = {name: tensors[name] for name in [*made.extra, *chance]}
    pairs = paired(_kinds(wanted), _kinds(offered))
    rows = []
    for address, target in targets.items():
        recipe = made.recipes.get(address)
        source = pairs.get(address) or (str(recipe) if recipe is not None else "")
        if address in pairs:
            status = "proposed"
        elif address in made.values:
            status = "matched"
        elif address in made.kept:
            status = "kept"
        elif recipe is not None and all(name in tensors for name in recipe.names):
            status = "misfit"
        else:
            status = "missing" if recipe is not None or address in made.missing else "tied"
        rows.append(Row(status, address, shape_of(target), source, _shape_in(tensors, source)))
    used = {name for address, recipe in made.recipes.items() if address not in pairs for name in recipe.names}
    used |= set(pairs.values())
    extra = {*made.extra, *chance}
    for name in tensors:
        if name not in used:
            rows.append(Row("extra" if name in extra else "ignored", "", "", name, _shape_in(tensors, name)))
    return Comparison(tuple(rows), table, generalised(pairs, targets))


def _kinds(tensors: Tensors) -> dict[str, tuple[str, str]]:
    """What must be equal of two that are paired, of those that a rename table can name: a brace would be read as a
    placeholder."""
    return {name: (shape_of(value), kind_of(value.dtype)) for name, value in tensors.items()
            if not {"{", "}"} & set(name)}


def _shape_in(tensors: Tensors, name: str) -> str:
    return shape_of(tensors[name]) if name in tensors else ""


def _comments(heading: str, names: list[str]) -> list[str]:
    return [f"# {heading}:", *(f"#   {_toml(folded(family))}" for family in families(names))] if names else []


def _toml(value: Any) -> str:
    """A value of a rename table, inline."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        import json

        # The strings of JSON are those of TOML, but for one control character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{word} = {_toml(inner)}" for word, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(inner) for inner in value)}]"
    return str(value)
