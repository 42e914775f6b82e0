"""The parser's tables: what Lark makes of ``catlang.lark``, as plain data.

Lark analyses the grammar once, here; ``tables.json`` beside this file is what the parser walks at run time, so
that a cold start neither builds the tables (half a second) nor loads a pickle. A test holds the file to the
grammar, and the parser's walk to Lark's own. After a change of the grammar: ``python -m catlang.grammar.tables``.

The data: ``patterns``, those of names, numbers and strings; ``words``, reserved everywhere, and ``soft``, only
where the grammar asks for them, spelling to terminal; ``signs`` likewise; ``states``, for each state terminal or
rule to action (``n >= 0``: go to state n; ``n < 0``: reduce by rule ``-1 - n``), and which of them are the first
and the last; ``rules``, for each rule its origin, its size, the name of the builder's method (null where its
children are spliced into its parent's), whether an only child is passed on without it, and which children it keeps,
in what way.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

FOLDER = os.path.dirname(os.path.abspath(__file__))
GRAMMAR = os.path.join(FOLDER, "catlang.lark")
TABLES = os.path.join(FOLDER, "tables.json")
#: The words that are reserved only where the grammar asks for them.
SOFT = ("allow", "file", "extern", "python", "cell", "as", "divides", "if", "eval", "train", "weights", "state",
        "noise", "reduces", "copies", "group", "monoid", "action", "model", "sort", "op", "arrow", "lax", "up", "to",
        "on", "of")


def lark(strict: bool = True, **options: Any) -> Any:
    """The grammar in Lark itself, LALR; if ``strict`` it raises at any conflict or collision, and takes seconds."""
    from lark import Lark, lexer

    compares = lexer.has_interegular
    lexer.has_interegular = compares and strict
    try:
        with open(GRAMMAR, encoding="utf-8") as file:
            return Lark(file.read(), parser="lalr", strict=strict, maybe_placeholders=True, **options)
    finally:
        lexer.has_interegular = compares


def _recipe(rule: Any) -> list[list[int]] | None:
    """The children that a rule keeps: ``[position, splice, absent parts before it]``, then ``[-1, 0, absent]``."""
    absent = [0] * (len(rule.expansion) + 1)
    if rule.options.empty_indices:
        marks = "".join(str(int(mark)) for mark in rule.options.empty_indices)
        absent = [len(ones) for ones in marks.split("0")]
    kept, nones = [], 0
    for position, symbol in enumerate(rule.expansion):
        nones += absent[position]
        if rule.options.keep_all_tokens or not (symbol.is_term and symbol.filter_out):
            splice = not symbol.is_term and symbol.name.startswith("_")
            kept.append([position, int(splice), nones])
            nones = 0
    nones += absent[-1]
    if len(kept) == len(rule.expansion) and not nones and all(
            entry == [place, 0, 0] for place, entry in enumerate(kept)):
        return None
    return [*kept, [-1, 0, nones]]


def _numbered(table: Any) -> dict[Any, int]:
    """The states as they are reached; Lark's own numbers are those of a set, others at each run."""
    numbers = {table.start_states["start"]: 0}
    waiting = list(numbers)
    for state in waiting:
        for _, (action, following) in sorted(table.states[state].items()):
            if action.name == "Shift" and following not in numbers:
                numbers[following] = len(numbers)
                waiting.append(following)
    return numbers


def build(strict: bool = True) -> dict[str, Any]:
    """The tables, made afresh from the grammar."""
    parser = lark(strict)
    table = parser.parser.parser._parse_table
    numbers = _numbered(table)
    rules = sorted(parser.rules, key=lambda rule: (rule.origin.name, rule.order, len(rule.expansion),
                                                   str(rule.expansion)))
    rule_numbers = {id(rule): number for number, rule in enumerate(rules)}
    equal = {rule: number for number, rule in enumerate(rules)}
    states = []
    for state in numbers:
        actions = {}
        for symbol, (action, argument) in sorted(table.states[state].items()):
            if action.name == "Shift":
                actions[symbol] = numbers[argument]
            else:
                actions[symbol] = -1 - rule_numbers.get(id(argument), equal.get(argument, 0))
        states.append(actions)
    rows = []
    for rule in rules:
        origin = rule.origin.name
        splices = origin.startswith("_")
        method = None if splices else rule.alias or origin
        alone = rule.options.expand1 and not rule.alias
        rows.append([origin, len(rule.expansion), method, int(bool(alone)), _recipe(rule)])
    signs, words, soft = {}, {}, {}
    patterns = {}
    for terminal in parser.terminals:
        if terminal.name in ("NAME", "NUMBER", "STRING", "COMMENT", "WHITESPACE"):
            patterns[terminal.name] = terminal.pattern.to_regexp()
            continue
        source = terminal.pattern.to_regexp()
        spellings = [terminal.pattern.value] if terminal.pattern.type == "str" else _spellings(source)
        for spelling in spellings:
            if spelling in SOFT:
                soft[spelling] = terminal.name
            elif spelling[0].isalpha() or spelling == "_":
                words[spelling] = terminal.name
            else:
                signs[spelling] = terminal.name
    return {"patterns": patterns, "words": words, "soft": soft, "signs": signs,
            "start": numbers[table.start_states["start"]], "end": numbers[table.end_states["start"]],
            "rules": rows, "states": states}


def _spellings(pattern: str) -> list[str]:
    """The alternatives of a terminal such as ``(?:\\->|→)``."""
    while pattern.startswith("(?:") and pattern.endswith(")"):
        pattern = pattern[3:-1]
    return [re.sub(r"\\(.)", r"\1", part) for part in re.split(r"(?<!\\)\|", pattern)]


def text(strict: bool = True) -> str:
    """The tables as they stand in ``tables.json``."""
    return json.dumps(build(strict), ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"


if __name__ == "__main__":
    made = text()
    with open(TABLES, "w", encoding="utf-8") as file:
        file.write(made)
