"""A file's declarations one below the other: blank lines, comments between them, and what is aligned in columns.

Between two declarations stand the comments that stood there, and a blank line where there was at least one. Comments
behind code on lines that follow each other begin in one column, and so do the ``=`` and ``:`` of short declarations of
one kind.
"""

from __future__ import annotations

from typing import NamedTuple

from catlang.formatter.comments import placed
from catlang.formatter.concrete import Concrete
from catlang.formatter.declarations import RULES
from catlang.formatter.document import Document, Group, stream
from catlang.formatter.expressions import find_sizes
from catlang.formatter.printer import WIDTH, Row, printed
from catlang.syntax.tables import Token

#: The declarations whose `=` or `:` stand below each other.
COLUMNS = frozenset({"object_alias", "object_nominal", "endofunctor", "frozen", "morphism", "algebra", "later_action",
                     "later_hom"})
#: By how much at most one is moved for that.
FURTHEST = 10
#: By how much the lengths of lines may differ whose comments stand below each other.
APART = 40


def arranged(whole: Concrete, text: str) -> str:
    """The formatted text of a concrete tree, of which ``text`` is the source."""
    find_sizes(whole.nodes)
    for node in whole.nodes:
        if node.kids or node.rule == "axes":
            node.document = RULES[node.rule](node)
    file = _File()
    last = 0
    starts = [node.kids[0].start_pos for node in whole.declarations]
    for node, start, following in zip(whole.declarations, starts, [*starts, len(text)][1:], strict=True):
        file.gap(text[last:start])
        entries, _ = stream(node.document)
        last = next(entry for entry in reversed(entries) if type(entry) is Token).end_pos
        free = "#" not in text[last:following].partition("\n")[0]
        entries, behind = placed(entries, text, free)
        file.declaration(node.rule, node.document, printed(entries), behind)
    file.gap(text[last:])
    return file.text()


class _Head(NamedTuple):
    """A declaration of one line whose sign may be moved: its kind, its row and where the sign stands."""

    rule: str
    row: int
    at: int


class _File:
    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.heads: list[_Head] = []

    def gap(self, text: str) -> None:
        """What stands before the first declaration, between two of them, or behind the last."""
        first, *lines = text.split("\n")
        comment = first.strip()
        if comment.startswith("#"):
            if self.rows:
                self.rows[-1].comment = comment
            else:
                self.rows.append(Row("", comment))
        blank = False
        for place, line in enumerate(lines):
            comment = line.strip()
            if comment.startswith("#"):
                self._blank(blank)
                blank = False
                self.rows.append(Row("", comment))
            else:
                # The last line is that of the declaration.
                blank = blank or place < len(lines) - 1
        self._blank(blank)

    def _blank(self, wanted: bool) -> None:
        if wanted and self.rows:
            self.rows.append(Row(""))

    def declaration(self, rule: str, document: Document, rows: list[Row], behind: str) -> None:
        if behind:
            rows[-1].comment = behind
        if rule in COLUMNS and len(rows) == 1:
            header = document.document[0]
            head = header.document[0] if isinstance(header.document[0], Group) else header
            self.heads.append(_Head(rule.split("_")[0], len(self.rows), head.width))
        self.rows += rows

    def text(self) -> str:
        while self.rows and not self.rows[-1].code and not self.rows[-1].comment:
            self.rows.pop()
        self._align_signs()
        self._align_comments()
        return "".join(f"{row.code}{row.comment}\n" for row in self.rows)

    def _align_signs(self) -> None:
        run: list[_Head] = []
        for head in [*self.heads, _Head("", -1, 0)]:
            if run and (head.rule != run[-1].rule or head.row != run[-1].row + 1):
                self._align_run(run)
                run = []
            run.append(head)

    def _align_run(self, run: list[_Head]) -> None:
        at = max(head.at for head in run)
        moved = [(self.rows[head.row], head.at, at - head.at) for head in run]
        if any(by > FURTHEST or len(row.code) + by > WIDTH for row, _, by in moved):
            return
        for row, place, by in moved:
            row.code = row.code[:place] + " " * by + row.code[place:]

    def _align_comments(self) -> None:
        """A row's code is made as long as it takes for its comment to begin where those around it do."""
        run: list[Row] = []
        shortest = longest = widest = 0
        for row in [*self.rows, Row("")]:
            length, comment = len(row.code), len(row.comment)
            if run and row.code and comment:
                low, high, wide = min(shortest, length), max(longest, length), max(widest, comment)
                if high - low <= APART and high + 2 + wide <= WIDTH:
                    run.append(row)
                    shortest, longest, widest = low, high, wide
                    continue
            for one in run:
                one.code = one.code.ljust(longest) + "  "
            run = [row] if row.code and comment else []
            shortest, longest, widest = length, length, comment
