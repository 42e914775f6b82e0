"""``catlang cost``: what a morphism costs, by its instances."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from catlang.arguments import Misuse, Options
from catlang.commands.target import GIVEN, Refused, only, refusals, values
from catlang.report import coloured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catlang.meaning.cost.table import Row, Table

USAGE = """\
usage: catlang cost FILE.cat::MORPHISM [-d NAME=VALUE]... [--depth K] [--training] [--format table|json]

Says what a morphism costs for one element of a batch: a row for each instance, at its address in the `state_dict`, with
what lies below it and all its copies together; the total last. Sizes not given stay symbolic. PyTorch is not needed.

  copies       how many instances there are that differ by a number alone; `{i}` stands for the number
  parameters   entries of weights that are trained; an instance that several boxes share, marked `*`, is counted once
  frozen, buffers
               entries of `frozen` weights, and of state, which are not trained (where there are any)
  FLOPs        two for each multiplication with its addition in products of matrices, contractions, convolutions and
               attention, forward, as `torch.utils.flop_counter.FlopCounterMode` counts: biases and all else are free.
               What it sees nothing of counts too: bilinear maps, and kernels that a CPU fuses
  operations   all arithmetic: the FLOPs, and one for each further addition, multiplication, division, comparison and
               elementary function (`exp`, `sqrt`, an activation) of one number; moving entries is free
  memory       bytes of parameters, frozen weights and buffers, four a number
  activations  bytes that all boxes write, views excepted: four a real number, eight an index, one a truth value; what
               the backward pass may have to keep besides weights and inputs
  depth        boxes that write anything on the longest path through it: the span of work and span. A loop, a fold or a
               scan is as deep as its longest step times how often it is taken, whatever form it is compiled to

The size `length` is that of a list; `nodes0`, `nodes1`, ... are a tree's nodes of each constructor, `height` its
levels.
A primitive of your own has no cost: it counts as `?`, and the total says so; so do an extern and its parameters.

  -d, --dim NAME=VALUE    the value of a dim, of the file or of the morphism, or of `length`, `height` and their like
  -p, --param NAME=VALUE  the value of a param
  --depth K               so many levels of the tree, 0 for the total alone
  --training              what training costs forward, where it differs: `dropout` drops, `batch_norm` takes statistics
  --format table|json     a table, or JSON in which a number is a number and a polynomial is a string

Exit code: 0 told, 1 the file has errors or is no network at these values, 2 not called like this, 3 a mistake of
catlang's own.
"""

FORMATS = ("table", "json")

#: The columns: their headings, and what of a row stands in them.
COLUMNS = {"copies": "copies", "parameters": "parameters", "frozen": "frozen", "buffers": "buffers", "FLOPs": "flops",
           "operations": "operations", "memory": "memory", "activations": "activations", "depth": "depth"}

#: What a primitive without a cost adds to.
UNKNOWN = ("flops", "operations", "activations", "depth")
#: And an extern, whose weights are not known before its class is made.
OPAQUE = ("parameters", "memory")

OPTIONS = Options(valued={"--format": FORMATS, "--depth": ()}, flags={"--training": ""}, repeated=GIVEN, takes="target",
                  sizes=[*GIVEN])


def run(arguments: Sequence[str]) -> int:
    targets, options = OPTIONS.read(arguments)
    path, name = only(targets)
    given = values([*options.get("--dim", ()), *options.get("--param", ())])
    deep = options.get("--depth")
    if deep is not None and not (deep.isascii() and deep.isdigit() and len(deep) < 10):
        raise Misuse(f"`--depth` is a number of levels, not `{deep}`")
    try:
        found = refusals(path, lambda: _table(path, name, given, "--training" in options), "full", coloured(sys.stderr))
    except Refused as refused:
        sys.stderr.write(str(refused))
        return 1
    rows = [row for row in found.rows if deep is None or row.level < int(deep)]
    if options.get("--format", "table") == "json":
        sys.stdout.write(_json(path, found, rows))
    else:
        sys.stdout.write(_text(path, found, rows))
    return 0


def _table(path: str, name: str, given: dict[str, Any], training: bool) -> Table:
    from catlang.checker.entry import Definition, ObjectVariableEntry, RunEntry
    from catlang.checking import check_file, deep_calls
    from catlang.collector import paused
    from catlang.diagnostic import Diagnostic, Label
    from catlang.meaning.cost.table import table
    from catlang.network.request import CompileError, Request, entry_point

    module = check_file(path)
    errors = [found for found in module.bag if found.severity == "error"]
    if errors:
        raise CompileError(errors)
    definition = entry_point(module, name)
    # What is no name in the file may be the length of a list.
    mine = {generic.entry.name for generic in definition.generics
            if not isinstance(generic.entry, RunEntry | ObjectVariableEntry)}
    free = {one: value for one, value in given.items()
            if one not in mine and "." not in one and type(value) is int
            and isinstance(module.scope.find(one), Definition | None)}
    request = Request(module, definition, {one: value for one, value in given.items() if one not in free})
    request.need(lambda constant: constant.kind == "bool")
    request.conditions()
    try:
        with paused(), deep_calls():
            found = table(request, training)
    except OverflowError as much:
        raise CompileError([Diagnostic(
            "E0016", f"what `{name}` costs is too much to be counted", [Label(definition.span, "declared here")],
            why=(str(much),), help=("give sizes with `-d`, or ask for a part of it",))]) from None
    wrong = {one: value for one, value in free.items() if one not in found.variables or value < 0}
    if wrong:
        Request(module, definition, wrong)
    found.put(free)
    return found


def _text(path: str, found: Table, rows: list[Row]) -> str:
    from catlang.visible import visible

    total = found.total
    columns = {heading: key for heading, key in COLUMNS.items()
               if key not in ("frozen", "buffers") or getattr(total, key) != 0}
    lines = [["address", "morphism", *columns]]
    for row in rows:
        mark = "*" if row.uses != 1 and row.uses != 0 else ""
        lines.append([f"{row.address}{mark}", row.morphism, *(_cell(row, key) for key in columns.values())])
    last = ["total", total.morphism, *(_cell(total, key) for key in columns.values())]
    last[2] = ""
    widths = [max(map(len, column)) for column in zip(*lines, last, strict=True)]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))

    def shown(line: list[str]) -> str:
        cells = [cell.ljust(width) if place < 2 else cell.rjust(width)
                 for place, (cell, width) in enumerate(zip(line, widths, strict=True))]
        return "  ".join(cells).rstrip()

    text = [*map(shown, lines), rule, shown(last)]
    notes = _notes(found, rows)
    return "".join(f"{visible(line)}\n" for line in [*text, *([""] if notes else []), *notes])


def _notes(found: Table, rows: list[Row]) -> list[str]:
    notes = []
    shared = [f"`{row.address}` by {_number(row.uses)}" for row in rows if row.uses != 1 and row.uses != 0]
    if shared:
        notes.append(f"* one instance, used by several boxes and counted once: {', '.join(shared)}")
    if found.variables:
        notes.append(f"open: {', '.join(found.variables)}")
    notes += [f"? without `{name}`, {'an extern' if name in found.total.opaque else 'a primitive that has no cost'}"
              + (f" ({span.place})" if span is not None else "") for name, span in sorted(found.total.missing.items())]
    return notes


def _cell(row: Row, key: str) -> str:
    value = getattr(row, key)
    if value is None:
        return "-"
    text = _number(value)
    if not (row.missing and key in UNKNOWN) and not (row.opaque and key in OPAQUE):
        return text
    return "?" if value == 0 else f"{text} + ?"


def _number(value: Any) -> str:
    """A number with its thousands apart, or a polynomial as catlang writes it.

    >>> _number(1234567)
    '1,234,567'
    """
    from catlang.meaning.cost.depth import Depth

    if isinstance(value, Depth) and len(value.candidates) == 1:
        [value] = value.candidates
    return f"{value:,}" if isinstance(value, int) else repr(value)


def _json(path: str, found: Table, rows: list[Row]) -> str:
    import json

    def entry(row: Row) -> dict[str, Any]:
        made: dict[str, Any] = {"address": row.address, "morphism": row.morphism, "level": row.level,
                                "uses": _value(row.uses)}
        made |= {key: _value(getattr(row, key)) for key in COLUMNS.values()}
        return made | {"missing": sorted(row.missing)}

    of_one = ("address", "level", "uses", "copies")
    total = {key: value for key, value in entry(found.total).items() if key not in of_one}
    made = {"file": path, "open": list(found.variables), "rows": [entry(row) for row in rows], "total": total}
    return json.dumps(made, indent=2) + "\n"


def _value(value: Any) -> Any:
    from catlang.meaning.cost.depth import Depth

    if isinstance(value, Depth) and len(value.candidates) == 1:
        [value] = value.candidates
    return value if value is None or isinstance(value, int) else repr(value)
