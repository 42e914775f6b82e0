"""What a file allows: ``allow E0205 "reason"``, above a declaration or for the whole file.

Checked means compiles and runs, so only what leaves the diagram whole may be allowed: the checker goes on as if nothing
had been wrong, and what it then makes is compiled like any other. That is so where the mistake is one of style: a
name that is never used changes nothing, and one that hides another means the inner one, as everywhere. A law of which
it is not known whether it holds licenses nothing, and the model is run as it is written. After all other
mistakes there is no diagram, or one that nobody proved right; no word in a file can change that.

What is allowed and does not happen is a mistake, as an unused generic is: it would cover, without anybody's decision,
the next one to come.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from catlang.codes import CODES
from catlang.diagnostic import Diagnostic, Label
from catlang.span import Source, Span
from catlang.suggest import nearest
from catlang.syntax import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The codes that may be allowed.
ALLOWED = ("E0203", "E0205", "E1006")
#: Among so many is looked for another that covers the same.
MOST_OTHERS = 50


class Allowance:
    """One ``allow``; the declaration that it covers, if it is not for the whole file and if there is one that could be
    read; and whether it was needed. ``last`` is one that nothing follows."""

    __slots__ = ("last", "needed", "node", "target")

    def __init__(self, node: tree.Allow, target: tree.Declaration | None, last: bool) -> None:
        self.node = node
        self.target = target
        self.last = last
        self.needed = False


class Allowances:
    """All that a file allows, and what is wrong with that."""

    __slots__ = ("_above", "_everywhere", "found", "mistakes", "source")

    def __init__(self, declarations: Sequence[tree.Declaration], source: Source) -> None:
        self.source = source
        self.found: list[Allowance] = []
        self.mistakes: list[Diagnostic] = []
        # By code: those for the whole file; and those above a declaration, in the order of the declarations' places.
        self._everywhere: dict[str, Allowance] = {}
        self._above: dict[str, tuple[list[int], list[Allowance]]] = {}
        for node, target, last in _covering(declarations, source.text):
            mistake = self._mistake(node)
            if mistake is not None:
                self.mistakes.append(mistake)
            if node.code in ALLOWED:
                self._add(Allowance(node, target, last))

    def cover(self, code: str, span: Span) -> bool:
        """Whether a mistake is allowed; what allows it was needed then, of several the nearest one."""
        if span.source is not self.source:
            return False
        found = self._everywhere.get(code)
        starts, above = self._above.get(code, ([], []))
        place = bisect_right(starts, span.start) - 1
        if place >= 0:
            target = above[place].target
            if target is not None and span.start < target.end:
                found = above[place]
        if found is not None:
            found.needed = True
        return found is not None

    def code_span(self, node: tree.Allow) -> Span:
        return Span(self.source, node.code_start, node.code_start + len(node.code))

    def _add(self, one: Allowance) -> None:
        """Keeps an allowance; a second one for the same is never needed."""
        self.found.append(one)
        if one.node.file:
            self._everywhere.setdefault(one.node.code, one)
        elif one.target is not None:
            starts, above = self._above.setdefault(one.node.code, ([], []))
            if not starts or starts[-1] < one.target.start:
                starts.append(one.target.start)
                above.append(one)

    def _mistake(self, node: tree.Allow) -> Diagnostic | None:
        label = Label(self.code_span(node), "")
        *others, last = [f"`{code}` ({CODES[code]})" for code in ALLOWED]
        may = f"only {', '.join(others)} and {last} may be allowed"
        if node.code not in CODES:
            near = nearest(node.code, ALLOWED) or nearest(node.code, CODES)
            return Diagnostic("E0209", f"there is no code `{node.code}`", [label],
                              help=(f"did you mean `{near}`?" if near else may,))
        if node.code not in ALLOWED:
            return Diagnostic("E0209", f"`{node.code}` cannot be allowed", [Label(label.span, CODES[node.code])],
                              ("what checks compiles and runs, which nobody could say after this mistake",), (may,))
        if not (node.reason or "").strip():
            head = f"allow {node.code}{' in file' if node.file else ''}"
            label = Label(label.span, "allowed here")
            return Diagnostic("E0112", f"`{node.code}` is allowed without a reason", [label],
                              help=(f'write why: `{head} "..."`',))
        return None


def _covering(declarations: Sequence[tree.Declaration],
              text: str) -> list[tuple[tree.Allow, tree.Declaration | None, bool]]:
    """Each ``allow`` with what it covers, and whether it is the last in its file; a declaration that could not be read
    stands in no list, but between two places."""
    found: list[tuple[tree.Allow, tree.Declaration | None, bool]] = []
    target: tree.Declaration | None = None
    last, start = True, len(text)
    for node in reversed(declarations):
        if isinstance(node, tree.Allow):
            if re.sub(r"#[^\n]*", "", text[node.end:start]).strip():
                target, last = None, False
            found.append((node, target if not node.file else None, last))
        else:
            target, last = node, False
        start = node.start
    found.reverse()
    return found


def allowances(declarations: Sequence[tree.Declaration], source: Source) -> Allowances | None:
    """What a file allows; None where that is nothing."""
    return Allowances(declarations, source) if any(isinstance(node, tree.Allow) for node in declarations) else None


def unneeded(allowed: Allowances, module: Any) -> None:
    """Tells what was allowed and did not happen, unless other mistakes may have kept it from happening."""
    errors = module.bag.errors
    spans = [found.span for found in module.bag]
    places = sorted(span.start for span in spans if span is not None and span.source is module.source)
    for one in allowed.found:
        # Without a reason it is told already.
        if one.needed or not (one.node.reason or "").strip():
            continue
        about = CODES[one.node.code]
        if one.node.file:
            settled = not errors
            where = f"{about}: there is none in this file"
        elif one.target is None:
            settled = one.last
            where = "no declaration follows"
        else:
            settled = _settled(one.target, module, places)
            where = f"{about}: there is none in the declaration below"
        if any(other.needed and other.node.code == one.node.code and (one.node.file or other.target is one.target)
               for other in allowed.found[:MOST_OTHERS]):
            where = "another `allow` covers what there is"
        if settled:
            module.bag.add(Diagnostic("E0210", f"nothing needs `{one.node.code}` to be allowed here",
                                      [Label(allowed.code_span(one.node), where)], help=("remove it",)))


def _settled(node: tree.Declaration, module: Any, places: list[int]) -> bool:
    """Whether a declaration has no mistake, of those at ``places`` and of others, so that all in it was seen."""
    for name in tree.declared(node):
        entry = module.scope.names.get(name)
        if getattr(entry, "node", node) is not node or getattr(entry, "state", "done") == "broken":
            return False
    return bisect_left(places, node.start) == bisect_left(places, node.end)
